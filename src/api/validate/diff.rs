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

/// A run of lines that both texts have: where it begins in each, and its length.
type Block = (usize, usize, usize);

/// The two texts as go-difflib compares them: the longest block that both have, then what is before it and behind it.
struct Matcher<'a> {
    old: &'a [String],
    new: &'a [String],
    /// Which lines of the new text are so frequent that no block begins with them.
    popular: Vec<bool>,
}

impl<'a> Matcher<'a> {
    // Models github.com/pmezard/go-difflib/difflib/difflib.go chainB
    fn new(old: &'a [String], new: &'a [String]) -> Matcher<'a> {
        let limit = if new.len() < 200 { usize::MAX } else { new.len() / 100 + 1 };
        let popular = new.iter().map(|line| new.iter().filter(|other| *other == line).count() > limit).collect();
        Matcher { old, new, popular }
    }

    // Models github.com/pmezard/go-difflib/difflib/difflib.go findLongestMatch
    fn longest(&self, (from, to): (usize, usize), (new_from, new_to): (usize, usize)) -> Block {
        let (mut i, mut j, mut size) = (from, new_from, 0);
        // The length of the block that ends before each line of the new text.
        let mut lengths = vec![0; self.new.len() + 1];
        for at in from..to {
            let mut next = vec![0; self.new.len() + 1];
            for other in new_from..new_to {
                if self.popular[other] || self.new[other] != self.old[at] {
                    continue;
                }
                let length = lengths[other] + 1;
                next[other + 1] = length;
                if length > size {
                    (i, j, size) = (at + 1 - length, other + 1 - length, length);
                }
            }
            lengths = next;
        }
        while i > from && j > new_from && self.old[i - 1] == self.new[j - 1] {
            (i, j, size) = (i - 1, j - 1, size + 1);
        }
        while i + size < to && j + size < new_to && self.old[i + size] == self.new[j + size] {
            size += 1;
        }
        (i, j, size)
    }

    // Models github.com/pmezard/go-difflib/difflib/difflib.go GetMatchingBlocks
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        // What is still to be compared, the first last; a block stands for itself.
        let mut left = vec![Err(((0, self.old.len()), (0, self.new.len())))];
        while let Some(next) = left.pop() {
            let (old, new) = match next {
                Ok(block) => {
                    blocks.push(block);
                    continue;
                }
                Err(ranges) => ranges,
            };
            let (i, j, size) = self.longest(old, new);
            if size == 0 {
                continue;
            }
            if i + size < old.1 && j + size < new.1 {
                left.push(Err(((i + size, old.1), (j + size, new.1))));
            }
            left.push(Ok((i, j, size)));
            if old.0 < i && new.0 < j {
                left.push(Err(((old.0, i), (new.0, j))));
            }
        }
        blocks
    }
}

/// All lines of both texts, with what goes and what comes.
fn compare<'a>(old: &'a [String], new: &'a [String]) -> Vec<Line<'a>> {
    let mut blocks = Matcher::new(old, new).blocks();
    blocks.push((old.len(), new.len(), 0));
    let mut out = Vec::new();
    let mut add = |sign: char, texts: &'a [String]| out.extend(texts.iter().map(|text| Line { sign, text }));
    let (mut i, mut j) = (0, 0);
    for (next, new_next, size) in blocks {
        add('-', &old[i..next]);
        add('+', &new[j..new_next]);
        add(' ', &old[next..next + size]);
        (i, j) = (next + size, new_next + size);
    }
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
