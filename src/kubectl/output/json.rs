//! JSON as `kubectl get -o json` writes it.

use serde_json::Value;

use crate::api::json;

/// The value with a line for each field, indented by four blanks, without a line end after it.
// Models encoding/json MarshalIndent
pub fn indented(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(fields) if !fields.is_empty() => {
            out.push('{');
            for (i, (name, value)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                json::write_string(name, out);
                out.push_str(": ");
                write(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        other => json::write(other, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_has_a_line() {
        let value = json!({"a": [1, {"b": "<"}], "c": {}, "d": []});
        let text = "{\n    \"a\": [\n        1,\n        {\n            \"b\": \"\\u003c\"\n        }\n    ],\n    \"c\": {},\n    \"d\": []\n}";
        assert_eq!(indented(&value), text);
    }
}
