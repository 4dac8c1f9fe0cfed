//! YAML as `kubectl get -o yaml` writes it.
//!
//! Follows `emitterc.go`, `encode.go` and `sorter.go` of go.yaml.in/yaml v2 (Apache-2.0), through which sigs.k8s.io/yaml
//! writes: lists are not indented, long lines are folded after 80 columns, keys are sorted with numbers by value.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::go;
use crate::api::order;
use crate::manifest;

/// After how many columns a line is folded.
const BEST_WIDTH: usize = 80;
/// How far what is inside something is indented.
const INDENT: usize = 2;
/// How long a key may be that stands before its value on one line.
const SIMPLE_KEY: usize = 128;

/// The value as a document, ending with a line end.
pub fn to_string(value: &Value) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0 };
    emitter.node(value, 0, Place::Root);
    if emitter.column > 0 {
        emitter.line_end();
    }
    emitter.out
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// After a key.
    Value,
    /// After the dash of a list.
    Item,
}

struct Emitter {
    out: String,
    column: usize,
}

impl Emitter {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn line_end(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Goes to a column, on this line where nothing but a dash stands in the way.
    fn indent(&mut self, indent: usize, on_this_line: bool) {
        if !on_this_line && self.column > 0 {
            self.line_end();
        }
        while self.column < indent {
            self.put(" ");
        }
    }

    /// Writes a node. `indent` is that of what holds it.
    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        let inner = if place == Place::Root { 0 } else { indent + INDENT };
        match value {
            Value::Object(fields) if !fields.is_empty() => self.mapping(fields, inner, place == Place::Item),
            Value::Array(items) if !items.is_empty() => {
                // A list in a mapping stands where its key stands.
                let inner = if place == Place::Value { indent } else { inner };
                for (i, item) in items.iter().enumerate() {
                    self.indent(inner, i == 0 && place == Place::Item);
                    self.put("-");
                    self.node(item, inner, Place::Item);
                }
            }
            scalar => {
                if place != Place::Root {
                    self.put(" ");
                }
                match scalar {
                    Value::String(text) => self.string(text, indent + INDENT, false),
                    Value::Object(_) => self.put("{}"),
                    Value::Array(_) => self.put("[]"),
                    other => self.put(&go::sprint(other).replace("<nil>", "null")),
                }
            }
        }
    }

    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize, after_dash: bool) {
        let mut keys: Vec<&String> = fields.keys().collect();
        order::sort_by(&mut keys, |a, b| compare_keys(a, b));
        for (i, key) in keys.into_iter().enumerate() {
            self.indent(indent, i == 0 && after_dash);
            let place = if key.len() <= SIMPLE_KEY && !key.contains(is_break) {
                self.string(key, indent + INDENT, true);
                Place::Value
            } else {
                self.put("? ");
                self.string(key, indent + INDENT, false);
                self.indent(indent, false);
                Place::Item
            };
            self.put(":");
            self.node(&fields[key], indent, place);
        }
    }

    /// Writes text in the style that it needs.
    fn string(&mut self, text: &str, indent: usize, is_key: bool) {
        let facts = analyze(text);
        let plain = manifest::is_text(text) && !is_base_60(text);
        let fold = !is_key;
        if text.contains('\n') {
            if facts.block_allowed && !is_key {
                self.literal(text, indent)
            } else {
                self.double_quoted(text, indent, fold)
            }
        } else if !plain {
            self.double_quoted(text, indent, fold);
        } else if facts.plain_allowed && !(text.is_empty() && is_key) {
            self.folded(text, indent, fold);
        } else if facts.single_allowed {
            self.put("'");
            self.folded(&text.replace('\'', "''"), indent, fold);
            self.put("'");
        } else {
            self.double_quoted(text, indent, fold);
        }
    }

    /// Writes text that may be folded at single blanks.
    fn folded(&mut self, text: &str, indent: usize, fold: bool) {
        let characters: Vec<char> = text.chars().collect();
        let mut spaces = false;
        for (i, c) in characters.iter().enumerate() {
            let inside = i > 0 && i + 1 < characters.len() && characters[i + 1] != ' ';
            if *c == ' ' && fold && !spaces && self.column > BEST_WIDTH && inside {
                self.indent(indent, false);
            } else {
                self.put(c.encode_utf8(&mut [0; 4]));
            }
            spaces = *c == ' ';
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put("2");
        }
        let without = text.strip_suffix(is_break);
        match without {
            None => self.put("-"),
            Some(rest) if rest.is_empty() || rest.ends_with(is_break) => self.put("+"),
            Some(_) => {}
        }
        self.line_end();
        for line in without.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(indent, false);
                self.put(line);
            }
            self.line_end();
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, fold: bool) {
        self.put("\"");
        let characters: Vec<char> = text.chars().collect();
        let mut spaces = false;
        for (i, c) in characters.iter().enumerate() {
            let escape = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\0' => "\\0",
                '\u{7}' => "\\a",
                '\u{8}' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\u{b}' => "\\v",
                '\u{c}' => "\\f",
                '\r' => "\\r",
                '\u{1b}' => "\\e",
                '\u{85}' => "\\N",
                '\u{2028}' => "\\L",
                '\u{2029}' => "\\P",
                _ => "",
            };
            let code = *c as u32;
            if !escape.is_empty() {
                self.put(escape);
            } else if !is_printable(*c) {
                self.put(&match code {
                    0..0x100 => format!("\\x{code:02X}"),
                    0x100..0x1_0000 => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            } else if *c == ' ' && fold && !spaces && self.column > BEST_WIDTH && i > 0 && i + 1 < characters.len() {
                self.indent(indent, false);
                if characters[i + 1] == ' ' {
                    self.put("\\");
                }
            } else {
                self.put(c.encode_utf8(&mut [0; 4]));
            }
            spaces = *c == ' ';
        }
        self.put("\"");
    }
}

/// In which styles a text may be written.
struct Facts {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

// Models emitterc.go yaml_emitter_analyze_scalar
fn analyze(text: &str) -> Facts {
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut special, mut breaks, mut break_space, mut space_break) = (false, false, false, false);
    let mut before = '\n';
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(c) = characters.next() {
        let blank_follows = characters.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        indicators |= match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => {
                true
            }
            '?' | '-' if first => blank_follows,
            ':' => blank_follows,
            '#' => matches!(before, ' ' | '\t') || is_break(before),
            _ => false,
        };
        special |= !is_printable(c);
        breaks |= is_break(c);
        break_space |= c == ' ' && is_break(before) && !first;
        space_break |= is_break(c) && before == ' ';
        before = c;
        first = false;
    }
    let at_edge = |c: char| c == ' ' || is_break(c);
    let edges = text.starts_with(at_edge) || text.ends_with(at_edge);
    Facts {
        plain_allowed: !(edges || break_space || space_break || special || breaks || indicators),
        single_allowed: !(break_space || space_break || special),
        block_allowed: !(text.ends_with(' ') || space_break || special),
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

// Models yamlprivateh.go is_printable
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: what older libraries read as a number.
// Models encode.go isBase60Float
fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut parts = rest.split(':');
    let whole = parts.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let sixtieth = |part: &str| matches!(part.len(), 1 | 2) && digits(part) && (part.len() == 1 || part < "60");
    rest.contains(':')
        && whole.starts_with(|c: char| c.is_ascii_digit())
        && digits(&whole.replace('_', ""))
        && parts.all(sixtieth)
        && digits(&fraction.replace('_', ""))
}

/// The order of keys: letters after everything else, and numbers by their value.
// Models sorter.go keyList.Less
fn compare_keys(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (left, right) = (a[at], b[at]);
    match (left.is_alphabetic(), right.is_alphabetic()) {
        (true, true) => return left.cmp(&right),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut start: i64 = 0;
    if left == '0' || right == '0' {
        let digits = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
        start = i64::from(digits.into_iter().any(|c| *c != '0'));
    }
    let number = |text: &[char]| {
        let digits = text[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((start, 0), |(value, length), digit| {
            (value.wrapping_mul(10).wrapping_add(i64::from(digit)), length + 1)
        })
    };
    number(&a).cmp(&number(&b)).then(left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_quoted_where_it_would_be_read_as_something_else() {
        let value = json!({
            "a": "yes", "b": "1", "c": "", "d": "a: b", "e": "- x", "f": "it's", "g": "'x", "h": "12:30", "i": "~",
            "j": "2026-01-01T00:00:00Z", "k": "a #b", "l": "tab\there", "m": " lead", "n": "a:b", "o": "@x", "p": "0o7",
            "q": null, "r": true, "s": 1, "t": 1.5, "u": [], "v": {}, "w": "世界", "x": "-x", "yes": "é\u{1f600}",
        });
        assert_eq!(
            to_string(&value),
            "a: \"yes\"\nb: \"1\"\nc: \"\"\nd: 'a: b'\ne: '- x'\nf: it's\ng: '''x'\nh: \"12:30\"\ni: \"~\"\n\
             j: \"2026-01-01T00:00:00Z\"\nk: 'a #b'\nl: \"tab\\there\"\nm: ' lead'\n\"n\": a:b\no: '@x'\np: \"0o7\"\n\
             q: null\nr: true\ns: 1\nt: 1.5\nu: []\nv: {}\nw: 世界\nx: -x\n\"yes\": \"é\\U0001F600\"\n"
        );
    }

    #[test]
    fn lists_stand_where_their_key_stands() {
        let value = json!({"a": [{"b": [1, [2, 3]], "c": {"d": "e"}}, "f"], "g": [[{"h": 1}]]});
        let text = "a:\n- b:\n  - 1\n  - - 2\n    - 3\n  c:\n    d: e\n- f\ng:\n- - h: 1\n";
        assert_eq!(to_string(&value), text);
    }

    #[test]
    fn lines_are_kept_and_long_ones_folded() {
        let long = "word ".repeat(20) + "end";
        let value =
            json!({"a": "x\ny\n", "b": "x\ny", "c": " x\n", "d": "x\n\n", "e": "x \ny", "f": ["x\n  y\n"], "g": long});
        let text = "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |2\n   x\nd: |+\n  x\n\ne: \"x \\ny\"\nf:\n- |\n  x\n    y\n";
        let folded = "g: ".to_owned() + &"word ".repeat(16) + "\n  word word word word end\n";
        assert_eq!(to_string(&value), text.to_owned() + &folded.replace(" \n", "\n"));
    }

    #[test]
    fn keys_are_sorted_with_numbers_by_value() {
        let value = json!({"a10": 1, "a9": 1, "a.b": 1, "ab": 1, "A": 1, "a/b": 1, "a": 1, "10": 1, "9": 1});
        let keys: Vec<String> = to_string(&value).lines().map(|line| line.replace(": 1", "")).collect();
        assert_eq!(keys, ["\"9\"", "\"10\"", "A", "a", "a.b", "a/b", "a9", "a10", "ab"]);
    }
}
