//! KYAML: YAML with braces, brackets and quotes, as `kubectl get -o kyaml` writes it.
//!
//! Follows `kyaml/kyaml.go` of sigs.k8s.io/yaml v1.6.0, Apache-2.0.

use serde_json::Value;

use super::go;
use crate::manifest;

/// The value as a document.
pub fn to_string(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    node(value, 0, &mut out);
    out.push('\n');
    out
}

fn indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn node(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::String(text) => string(text, level + 1, true, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) if items.iter().all(|item| item.is_object() || item.is_array()) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                node(item, level, out);
            }
            out.push(']');
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                indent(level + 1, out);
                node(item, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push(']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            out.push_str("{\n");
            for (name, value) in fields {
                indent(level + 1, out);
                if needs_quotes(name) {
                    string(name, level + 1, false, out)
                } else {
                    out.push_str(name)
                }
                out.push_str(": ");
                node(value, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push('}');
        }
        Value::Null => out.push_str("null"),
        scalar => out.push_str(&go::sprint(scalar)),
    }
}

/// Text in double quotes. Lines of a value stand below one another.
// Models kyaml.go renderString
fn string(text: &str, level: usize, is_value: bool, out: &mut String) {
    let folds = is_value && text.contains('\n');
    let mut after_fold = folds;
    out.push('"');
    if folds {
        out.push_str("\\\n");
    }
    for c in text.chars() {
        if after_fold {
            indent(level, out);
            out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        after_fold = folds && c == '\n';
        match c {
            '\n' if folds => out.push_str("\\n\\\n"),
            '\t' if is_value => out.push('\t'),
            '"' | '\\' => out.extend(['\\', c]),
            c if !c.is_control() => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push_str(&format!("\\u{:04x}", c as u32)),
        }
    }
    if folds {
        if !after_fold {
            out.push_str("\\\n");
        }
        indent(level, out);
    }
    out.push('"');
}

// Models kyaml.go needsQuotes
fn needs_quotes(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let ambiguous = !manifest::is_text(name)
        || ["t", "f", "y", "n", "true", "false", "yes", "no", "on", "off", "null"]
            .contains(&name.to_lowercase().as_str());
    ambiguous
        || !name.starts_with(plain)
        || !name.ends_with(plain)
        || !name.chars().all(|c| plain(c) || matches!(c, '-' | '.' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_in_lists_share_their_brackets() {
        let value = json!({"a": [{"b": 1}, {"c": "x"}], "l": ["y", 2], "m": "one\n two\n", "yes": {}, "n/m": []});
        let text = "---\n{\n  a: [{\n    b: 1,\n  }, {\n    c: \"x\",\n  }],\n  l: [\n    \"y\",\n    2,\n  ],\n  m: \"\\\n     one\\n\\\n    \\ two\\n\\\n    \",\n  n/m: [],\n  \"yes\": {},\n}\n";
        assert_eq!(to_string(&value), text);
    }
}
