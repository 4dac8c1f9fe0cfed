//! JSON as Go's `encoding/json` writes it.
//!
//! The name of a revision is a hash over such text, so every byte counts: keys sorted, no blanks, `<`, `>`, `&` and the
//! two line separators escaped, floats in Go's notation.

use serde_json::{Map, Value};

/// The compact text of a value.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Appends the compact text of a value.
pub fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => write_float(float, out),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => write_map(fields, out),
    }
}

fn write_map(fields: &Map<String, Value>, out: &mut String) {
    out.push('{');
    for (i, (key, value)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

/// Appends text in quotes.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain_from = 0;
    for (at, c) in text.char_indices() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            c if (c as u32) < 0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain_from..at]);
        plain_from = at + c.len_utf8();
        if escape.is_empty() {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

/// Writes a float as Go does: the shortest digits that read back the same, in exponent form below 1e-6 and from 1e21.
pub fn write_float(float: f64, out: &mut String) {
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        out.push_str(digits);
        out.push('e');
        match exponent.strip_prefix('-') {
            Some(negative) => out.push_str(&format!("-{negative:0>2}")),
            None => out.push_str(&format!("+{exponent}")),
        }
        // Go cleans up e-09 to e-9.
        let end = out.len();
        if out.as_bytes()[end - 4..end - 1] == *b"e-0" {
            let last = out.pop();
            out.pop();
            out.extend(last);
        }
    } else if size >= 1e15 {
        // The shortest digits that tell the number from others, and zeros.
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        match exponent.parse::<usize>().unwrap_or_default().checked_sub(fraction) {
            Some(zeros) => out.push_str(&format!("{}{}", digits.replace('.', ""), "0".repeat(zeros))),
            None => out.push_str(&format!("{float}")),
        }
    } else {
        out.push_str(&format!("{float}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_escaped_as_go_escapes_it() {
        assert_eq!(
            to_string(&json!({"b": "<&>", "a": "x\u{2028}\u{1}\"\n"})),
            r#"{"a":"x\u2028\u0001\"\n","b":"\u003c\u0026\u003e"}"#
        );
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let float = |f: f64| {
            let mut out = String::new();
            write_float(f, &mut out);
            out
        };
        assert_eq!(float(1.0), "1");
        assert_eq!(float(0.5), "0.5");
        assert_eq!(float(1e21), "1e+21");
        assert_eq!(float(1e-7), "1e-7");
        assert_eq!(float(1.5e-10), "1.5e-10");
        assert_eq!(float(123456789.0), "123456789");
        assert_eq!(float(-2.5e300), "-2.5e+300");
    }
}
