//! Values as Go prints them.

use serde_json::Value;

use crate::api::status::quote;

/// What `fmt.Sprint` makes of a value that came from JSON: `map[a:1 b:[x y]]`.
pub fn sprint(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float_text(float),
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(sprint).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}:{}", sprint(value)));
            format!("map[{}]", joined(fields.collect()))
        }
    }
}

/// A float with the digits that it needs, in exponent form below 1e-4 and from a million on.
// Models strconv.FormatFloat with 'g' and -1
pub fn float_text(float: f64) -> String {
    let text = format!("{float:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{float}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// What `%#v` makes of it: the value as Go source.
pub fn syntax(value: &Value) -> String {
    let ty = type_name(value);
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(items) => format!("{ty}{{{}}}", items.iter().map(syntax).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}:{}", quote(name), syntax(value))).collect();
            format!("{ty}{{{}}}", fields.join(", "))
        }
        other => sprint(other),
    }
}

/// The name of a value's Go type, as messages have it.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        assert_eq!(sprint(&json!({"b": [1, "x", null, true], "a": {}})), "map[a:map[] b:[1 x <nil> true]]");
        assert_eq!(sprint(&json!(0.5)), "0.5");
        let source = r#"map[string]interface {}{"a":[]interface {}{1, "x", interface {}(nil)}}"#;
        assert_eq!(syntax(&json!({"a": [1, "x", null]})), source);
        assert_eq!(sprint(&json!([1e-7, 123456789.0, 123456.5, 1e21])), "[1e-07 1.23456789e+08 123456.5 1e+21]");
    }
}
