//! What a plain scalar is: YAML 1.1, as the library that kubectl uses resolves it.
//!
//! Follows `resolve.go` of go.yaml.in/yaml v2 (Apache-2.0), through which sigs.k8s.io/yaml reads.

use serde_json::{Number, Value};

use crate::api::base64;

/// The tag of `<<`.
pub const MERGE_TAG: &str = "tag:yaml.org,2002:merge";

const PREFIX: &str = "tag:yaml.org,2002:";

/// What a scalar resolves to.
enum Resolved {
    Null,
    Bool(bool),
    Int(Number),
    Float(f64),
    /// Looks like a time; stays the text that it is.
    Timestamp,
    /// `<<` where it is no key.
    Merge,
    Text,
}

impl Resolved {
    fn tag(&self) -> &'static str {
        match self {
            Resolved::Null => "null",
            Resolved::Bool(_) => "bool",
            Resolved::Int(_) => "int",
            Resolved::Float(_) => "float",
            Resolved::Timestamp => "timestamp",
            Resolved::Merge => "merge",
            Resolved::Text => "str",
        }
    }
}

/// The value of a plain or tagged scalar.
///
/// # Errors
/// The library's sentence where the text is not what its tag says.
pub fn resolve(tag: Option<&str>, text: &str) -> Result<Value, String> {
    let short = match tag {
        None => "",
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some("binary") => return binary(text),
            Some(short @ ("str" | "bool" | "int" | "float" | "null" | "timestamp")) => short,
            // Any other tag leaves the text as it is.
            _ => return Ok(Value::String(text.to_owned())),
        },
    };
    if short == "str" {
        return Ok(Value::String(text.to_owned()));
    }
    let resolved = match (short, plain(text, short)) {
        ("float", Resolved::Int(number)) => Resolved::Float(number.as_f64().unwrap_or_default()),
        (_, resolved) => resolved,
    };
    if !short.is_empty() && short != resolved.tag() {
        return Err(format!("cannot decode !!{} `{text}` as a !!{short}", resolved.tag()));
    }
    Ok(match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(flag) => Value::Bool(flag),
        Resolved::Int(number) => Value::Number(number),
        Resolved::Float(float) => match Number::from_f64(float) {
            Some(number) => Value::Number(whole(float).unwrap_or(number)),
            None => return Err(format!("json: unsupported value: {}", go_special(float))),
        },
        Resolved::Timestamp | Resolved::Merge | Resolved::Text => Value::String(text.to_owned()),
    })
}

/// A float without a fraction is written without one, and read back as a whole number.
fn whole(float: f64) -> Option<Number> {
    let is_whole = float.fract() == 0.0 && float.abs() < 1e15;
    is_whole.then(|| Number::from(float as i64))
}

/// Writes the floats without a fraction as whole numbers, as they come back from Go.
pub fn shorten_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(short) = number.as_f64().and_then(whole) {
                *number = short;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten_numbers),
        Value::Object(fields) => fields.values_mut().for_each(shorten_numbers),
        _ => {}
    }
}

fn go_special(float: f64) -> &'static str {
    match float {
        f if f.is_nan() => "NaN",
        f if f > 0.0 => "+Inf",
        _ => "-Inf",
    }
}

/// A float as a key: Go's `%g` with the precision of 32 bits.
pub fn go_float_key(float: f64) -> String {
    let narrow = float as f32;
    let size = narrow.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{narrow:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return match exponent.strip_prefix('-') {
            Some(negative) => format!("{digits}e-{negative:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        };
    }
    format!("{narrow}")
}

/// Whether a plain scalar of this text is that text, and no number, flag, time or null.
pub fn is_text(text: &str) -> bool {
    matches!(plain(text, ""), Resolved::Text | Resolved::Merge)
}

fn plain(text: &str, tag: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        "<<" => return Resolved::Merge,
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => go_parse_float(text).map_or(Resolved::Text, Resolved::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if (tag.is_empty() || tag == "timestamp") && is_timestamp(text) {
                return Resolved::Timestamp;
            }
            let plain = text.replace('_', "");
            if let Some(number) = go_parse_int(&plain) {
                return Resolved::Int(number);
            }
            if is_yaml_float(&plain)
                && let Some(float) = go_parse_float(&plain)
            {
                return Resolved::Float(float);
            }
            Resolved::Text
        }
        _ => Resolved::Text,
    }
}

/// Go's `strconv.ParseInt` and `ParseUint` with base 0: prefixes `0x`, `0o`, `0b`, and a leading `0` for octal.
fn go_parse_int(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return i64::try_from(-i128::from(magnitude)).ok().map(Number::from);
    }
    // Without a sign, what is too large for int64 may still be a uint64.
    if text.starts_with('+') && i64::try_from(magnitude).is_err() {
        return None;
    }
    Some(i64::try_from(magnitude).map_or_else(|_| Number::from(magnitude), Number::from))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_yaml_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Go's `strconv.ParseFloat`, which unlike Rust's refuses what is out of range. Hexadecimal floats, underscores and
/// names are not of YAML's form and do not come here.
fn go_parse_float(text: &str) -> Option<f64> {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite())
}

/// Whether the text has one of the forms of a time: they stay text, but they are not numbers.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let mut parts = date[5..].split('-');
    let number = |part: Option<&str>, range: std::ops::RangeInclusive<u32>| {
        part.filter(|p| (1..=2).contains(&p.len()))
            .and_then(|p| p.parse::<u32>().ok())
            .is_some_and(|n| range.contains(&n))
    };
    let is_date = number(parts.next(), 1..=12) && number(parts.next(), 1..=31) && parts.next().is_none();
    match time {
        None => is_date,
        Some(time) => {
            let with_zone = !time.starts_with(' ');
            let clock_end = time[1..].find(['Z', '+', '-']).map_or(time.len(), |at| at + 1);
            let (clock, zone) = (&time[1..clock_end], &time[clock_end..]);
            let mut parts = clock.split(':');
            let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
            let second = second.map(|s| s.split('.').next().unwrap_or(s));
            is_date
                && number(hour, 0..=23)
                && number(minute, 0..=59)
                && number(second, 0..=59)
                && parts.next().is_none()
                && with_zone != zone.is_empty()
        }
    }
}

/// `!!binary`: the bytes behind the base64, as text.
fn binary(text: &str) -> Result<Value, String> {
    let bytes = base64::decode(text).map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_as_keys_have_an_exponent_from_a_million_on() {
        // As strconv.FormatFloat(f, 'g', -1, 32) prints them.
        for (float, key) in [
            (123456.0, "123456"),
            (1.5e6, "1.5e+06"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (16777217.5, "1.6777218e+07"),
        ] {
            assert_eq!(go_float_key(float), key);
        }
    }

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        for (text, value) in [
            ("yes", json!(true)),
            ("off", json!(false)),
            ("Y", json!(true)),
            ("~", json!(null)),
            ("", json!(null)),
            ("0755", json!(493)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("1_000", json!(1000)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000)),
            (".5", json!(0.5)),
            ("12e03", json!(12000)),
            ("-3", json!(-3)),
            ("2026-01-01", json!("2026-01-01")),
            ("1:30", json!("1:30")),
            ("1.2.3", json!("1.2.3")),
            ("08", json!(8)),
            ("truE", json!("truE")),
            ("1Gi", json!("1Gi")),
            ("-", json!("-")),
            ("+", json!("+")),
            (".", json!(".")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615u64)),
            ("<<", json!("<<")),
        ] {
            assert_eq!(resolve(None, text), Ok(value), "{text}");
        }
    }

    #[test]
    fn tags_are_obeyed_or_refused() {
        assert_eq!(resolve(Some("tag:yaml.org,2002:str"), "1"), Ok(json!("1")));
        assert_eq!(resolve(Some("tag:yaml.org,2002:float"), "1"), Ok(json!(1)));
        assert_eq!(resolve(Some("tag:yaml.org,2002:binary"), "aGVsbG8="), Ok(json!("hello")));
        assert_eq!(resolve(Some("!custom"), "1"), Ok(json!("1")));
        assert_eq!(resolve(Some("tag:yaml.org,2002:int"), "x"), Err("cannot decode !!str `x` as a !!int".to_owned()));
    }
}
