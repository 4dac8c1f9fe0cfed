//! What changed in a value that must not change, as the server shows it.
//!
//! Follows `k8s.io/apimachinery/pkg/util/diff/diff.go` of v0.37.2, Apache-2.0, which has the two values written as JSON, a
//! blank for each level, and compared line by line with three lines around each change.

use serde_json::{Map, Value};

use super::internal;
use crate::api::fields::Fields;

/// How many equal lines are shown around a change.
const CONTEXT: usize = 3;

/// How an internal type's value changed.
pub(super) fn of(ty: &str, old: &Value, new: &Value) -> String {
    unified(&indented(&internal::shown(ty, old)), &indented(&internal::shown(ty, new)))
}

/// The same of some fields alone.
pub(super) fn of_fields(ty: &str, old: &Value, new: &Value, names: &str) -> String {
    let only = |value: &Value| {
        let mut fields = Map::new();
        for name in names.split_whitespace().filter(|name| value.has(name)) {
            fields.insert(name.to_owned(), value.field(name).clone());
        }
        Value::Object(fields)
    };
    of(ty, &only(old), &only(new))
}

/// The lines of a JSON text, broken and indented as Go's `json.MarshalIndent` does it.
fn indented(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = text.chars().peekable();
    let push = |lines: &mut Vec<String>, c: char| {
        if let Some(last) = lines.last_mut() {
            last.push(c);
        }
    };
    while let Some(c) = chars.next() {
        if in_string {
            push(&mut lines, c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '{' | '[' => {
                push(&mut lines, c);
                if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    push(&mut lines, close);
                } else {
                    depth += 1;
                    lines.push(" ".repeat(depth));
                }
            }
            '}' | ']' => {
                depth -= 1;
                lines.push(" ".repeat(depth));
                push(&mut lines, c);
            }
            ',' => {
                push(&mut lines, c);
                lines.push(" ".repeat(depth));
            }
            ':' => {
                push(&mut lines, c);
                push(&mut lines, ' ');
            }
            c => {
                in_string = c == '"';
                push(&mut lines, c);
            }
        }
    }
    lines
}

/// One line of a comparison.
struct Line<'a> {
    sign: char,
    text: &'a str,
}

/// The comparison in unified form.
fn unified(old: &[String], new: &[String]) -> String {
    let lines = compare(old, new);
    let changed = |line: &Line<'_>| line.sign != ' ';
    let mut out = String::new();
    let mut at = 0;
    while let Some(offset) = lines[at..].iter().position(changed) {
        let first = at + offset;
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut last = first;
        while let Some(next) = lines[last + 1..].iter().position(changed) {
            if next > 2 * CONTEXT {
                break;
            }
            last += next + 1;
        }
        let end = (last + 1 + CONTEXT).min(lines.len());
        let count = |lines: &[Line<'_>], without: char| lines.iter().filter(|line| line.sign != without).count();
        let range = |before: usize, length: usize| {
            let first = if length == 0 { before } else { before + 1 };
            if length == 1 { first.to_string() } else { format!("{first},{length}") }
        };
        let hunk = &lines[start..end];
        let old_range = range(count(&lines[..start], '+'), count(hunk, '+'));
        let new_range = range(count(&lines[..start], '-'), count(hunk, '-'));
        out.push_str(&format!("@@ -{old_range} +{new_range} @@\n"));
        for line in hunk {
            out.push(line.sign);
            out.push_str(line.text);
            out.push('\n');
        }
        at = end;
    }
    out
}

/// All lines of both texts: a longest common subsequence of lines stays, the rest goes or comes.
fn compare<'a>(old: &'a [String], new: &'a [String]) -> Vec<Line<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let width = b.len() + 1;
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if a[i] == b[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let line = |sign: char, text: &'a String| Line { sign, text };
    let mut out: Vec<Line<'a>> = old[..head].iter().map(|text| line(' ', text)).collect();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push(line(' ', &a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            out.push(line('-', &a[i]));
            i += 1;
        } else {
            out.push(line('+', &b[j]));
            j += 1;
        }
    }
    out.extend(old[old.len() - tail..].iter().map(|text| line(' ', text)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_shown_with_three_lines_around_it() {
        let old = json!({"accessModes": ["ReadWriteOnce"], "volumeName": "a"});
        let new = json!({"accessModes": ["ReadWriteOnce"], "volumeName": "b"});
        let expected = "@@ -7,7 +7,7 @@\n   \"Limits\": null,\n   \"Requests\": null\n  },\n- \"VolumeName\": \"a\",\n\
                        + \"VolumeName\": \"b\",\n  \"StorageClassName\": null,\n  \"VolumeMode\": null,\n  \
                        \"DataSource\": null,\n";
        assert_eq!(of("PersistentVolumeClaimSpec", &old, &new), expected);
    }
}
