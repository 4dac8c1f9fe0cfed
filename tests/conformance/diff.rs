//! Two JSON values, and where they differ.

use serde_json::Value;

/// The places where two values differ, one a line: the path, what was expected, what came.
pub fn diff(expected: &Value, actual: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(expected, actual, String::new(), &mut out);
    out
}

fn walk(expected: &Value, actual: &Value, path: String, out: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for key in expected.keys().chain(actual.keys().filter(|key| !expected.contains_key(*key))) {
                let path = format!("{path}.{key}");
                match (expected.get(key), actual.get(key)) {
                    (Some(expected), Some(actual)) => walk(expected, actual, path, out),
                    (expected, actual) => out.push(line(&path, expected, actual)),
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            for i in 0..expected.len().max(actual.len()) {
                let path = format!("{path}[{i}]");
                match (expected.get(i), actual.get(i)) {
                    (Some(expected), Some(actual)) => walk(expected, actual, path, out),
                    (expected, actual) => out.push(line(&path, expected, actual)),
                }
            }
        }
        _ if expected == actual => {}
        _ => out.push(line(&path, Some(expected), Some(actual))),
    }
}

fn line(path: &str, expected: Option<&Value>, actual: Option<&Value>) -> String {
    let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    format!("    {path}\n      expected {}\n      actual   {}", show(expected), show(actual))
}
