//! JSON as `kubectl get -o json` writes it.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::{json, order};

/// The value with a line for each field, indented by four blanks, without a line end after it.
// Models encoding/json MarshalIndent
pub fn indented(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, ["", ""], &mut out);
    out
}

/// The same, indented by two blanks, with a line end after it.
pub fn indented_by_two(value: &Value) -> String {
    let halved = |line: &str| {
        let text = line.trim_start_matches(' ');
        format!("{}{text}\n", &line[..(line.len() - text.len()) / 2])
    };
    indented(value).lines().map(halved).collect()
}

/// In which order Go writes the fields of what kubectl makes itself; the other fields come after these, by their names.
// Read off the structs of k8s.io/api v0.37.2
const FIELDS: &str = "kind apiVersion metadata name generateName namespace image command args hostPort containerPort protocol \
    port targetPort nodePort value ports env resources imagePullPolicy securityContext stdin stdinOnce tty spec initContainers \
    containers restartPolicy dnsPolicy minAvailable selector clusterIP clusterIPs type externalName sessionAffinity \
    maxUnavailable immutable data secrets labels annotations status";

/// The same of an object that kubectl has made itself, whose fields stand in the order of its struct. The items of a
/// list are not kubectl's own.
pub fn indented_as_typed(value: &Value) -> String {
    let mut out = String::new();
    let below = if value.text("kind") == "List" { "" } else { FIELDS };
    write(value, 0, [FIELDS, below], &mut out);
    out
}

/// Writes a value; the names say in which order its fields come, and those of what is below it.
fn write(value: &Value, depth: usize, [names, below]: [&str; 2], out: &mut String) {
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
                write(item, depth + 1, [below, below], out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(fields) if !fields.is_empty() => {
            out.push('{');
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            if !names.is_empty() {
                let rank = |name: &str| names.split(' ').position(|known| known == name).unwrap_or(names.len());
                order::sort_by_key(&mut fields, |field| rank(field.0));
            }
            for (i, (name, value)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                json::write_string(name, out);
                out.push_str(": ");
                write(value, depth + 1, [below, below], out);
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
