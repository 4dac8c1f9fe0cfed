//! The functions that templates can call.
//!
//! Follows `text/template/funcs.go` of Go, and `staging/src/k8s.io/cli-runtime/pkg/printers/template.go` of Kubernetes
//! v1.37.2.

use std::cmp::Ordering;

use serde_json::Value;

use super::exec::Val;
use crate::api::base64;
use crate::api::status::quote;
use crate::kubectl::output::go;

/// Their names.
pub(super) const FUNCTIONS: [&str; 19] = [
    "and",
    "base64decode",
    "eq",
    "exists",
    "ge",
    "gt",
    "html",
    "index",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "slice",
    "urlquery",
];

/// Why a call failed.
pub(super) enum Failure {
    /// An argument is of the wrong type; the call was not made.
    Argument(String),
    /// The function says so.
    Call(String),
}

impl From<&str> for Failure {
    fn from(why: &str) -> Failure {
        Failure::Call(why.to_owned())
    }
}

/// Whether a function takes so many arguments.
///
/// # Errors
/// Go's sentence where it does not.
// Models text/template/exec.go evalCall
pub(super) fn check_count(name: &str, count: usize) -> Result<(), String> {
    let (least, most) = match name {
        "not" | "len" | "base64decode" => (1, Some(1)),
        "ne" | "lt" | "le" | "gt" | "ge" => (2, Some(2)),
        "and" | "or" | "eq" | "index" | "slice" | "printf" | "exists" => (1, None),
        _ => (0, None),
    };
    match most {
        None if count < least => Err(format!("wrong number of args for {name}: want at least {least} got {count}")),
        Some(most) if count != most => Err(format!("wrong number of args for {name}: want {most} got {count}")),
        _ => Ok(()),
    }
}

/// Whether a condition holds.
// Models text/template/exec.go isTrue
pub(super) fn truth(value: &Val<'_>) -> bool {
    match value.as_deref() {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
    }
}

/// Calls a function.
///
/// # Errors
/// Go's sentence about what is wrong.
pub(super) fn call(name: &str, arguments: Vec<Val<'_>>, literals: &[bool]) -> Result<Option<Value>, Failure> {
    let type_of = |at: usize| match arguments.get(at).and_then(Option::as_deref) {
        Some(Value::Number(number)) if number.is_i64() && literals.get(at) == Some(&true) => "int",
        Some(value) => go::type_name(value),
        None => "<nil>",
    };
    let values: Vec<Option<&Value>> = arguments.iter().map(|argument| argument.as_deref()).collect();
    let first = values.first().copied().flatten();
    let text = |values: &[Option<&Value>]| sprint(values, false);
    Ok(Some(match name {
        "not" => Value::Bool(!truth(&arguments[0])),
        "len" => Value::from(length(first, type_of(0))?),
        "index" => return index(first, &values[1..]).map(|found| found.cloned()),
        "slice" => slice(first, &values[1..])?,
        "exists" => Value::Bool(index(first, &values[1..]).is_ok_and(|found| found.is_some_and(|v| !v.is_null()))),
        "eq" => Value::Bool(equal(first, &values[1..], &type_of)?),
        "ne" => Value::Bool(!equal(first, &values[1..], &type_of)?),
        "lt" | "le" | "gt" | "ge" => Value::Bool(compare(first, values[1], name, &type_of)?),
        "print" => Value::from(text(&values)),
        "println" => Value::from(sprint(&values, true) + "\n"),
        "printf" => match first {
            Some(Value::String(format)) => Value::from(sprintf(format, &values[1..])),
            _ => return Err(wrong_type(first, "string")),
        },
        "html" => Value::from(
            text(&values)
                .replace('&', "&amp;")
                .replace('"', "&#34;")
                .replace('\'', "&#39;")
                .replace('<', "&lt;")
                .replace('>', "&gt;"),
        ),
        "urlquery" => Value::from(query_escape(&text(&values))),
        _ => match first {
            Some(Value::String(text)) => {
                let bytes = base64::decode(text).map_err(|at| {
                    Failure::Call(format!("base64 decode failed: illegal base64 data at input byte {at}"))
                })?;
                Value::from(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => return Err(wrong_type(first, "string")),
        },
    }))
}

fn wrong_type(value: Option<&Value>, wanted: &str) -> Failure {
    Failure::Argument(match value {
        None => format!("invalid value; expected {wanted}"),
        Some(value) => format!("wrong type for value; expected {wanted}; got {}", go::type_name(value)),
    })
}

fn length(value: Option<&Value>, ty: &str) -> Result<usize, Failure> {
    match value {
        Some(Value::String(text)) => Ok(text.len()),
        Some(Value::Array(items)) => Ok(items.len()),
        Some(Value::Object(fields)) => Ok(fields.len()),
        None | Some(Value::Null) => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Some(_) => Err(Failure::Call(format!("len of type {ty}"))),
    }
}

/// Every byte as a value.
static BYTES: std::sync::LazyLock<Vec<Value>> = std::sync::LazyLock::new(|| (0..=255u8).map(Value::from).collect());

// Models text/template/funcs.go index
fn index<'v>(item: Option<&'v Value>, keys: &[Option<&Value>]) -> Result<Option<&'v Value>, Failure> {
    let mut item = item;
    // A text is indexed by its bytes, which have nothing inside.
    if let (Some(Value::String(text)), [key, rest @ ..]) = (item, keys) {
        let at = index_number(*key, text.len())?;
        let byte = text.as_bytes().get(at).ok_or("reflect: string index out of range")?;
        return match rest {
            [] => Ok(Some(BYTES.get(usize::from(*byte)).unwrap_or(&Value::Null))),
            _ => Err("can't index item of type uint8".into()),
        };
    }
    if item.is_none() {
        return Err("index of untyped nil".into());
    }
    for key in keys {
        item = match item {
            None | Some(Value::Null) => return Err("index of nil pointer".into()),
            Some(Value::Array(items)) => {
                let at = index_number(*key, items.len())?;
                Some(items.get(at).ok_or("reflect: slice index out of range")?)
            }
            Some(Value::Object(fields)) => match key {
                Some(Value::String(name)) => fields.get(name),
                None => return Err("value is nil; should be of type string".into()),
                Some(key) => {
                    let why = format!("value has type {}; should be string", go::type_name(key).replace("64", ""));
                    return Err(Failure::Call(why));
                }
            },
            Some(other) => return Err(Failure::Call(format!("can't index item of type {}", go::type_name(other)))),
        };
    }
    Ok(item)
}

// Models text/template/funcs.go indexArg
fn index_number(key: Option<&Value>, most: usize) -> Result<usize, Failure> {
    let Some(key) = key else {
        return Err("cannot index slice/array with nil".into());
    };
    let Some(number) = key.as_i64() else {
        return Err(Failure::Call(format!("cannot index slice/array with type {}", go::type_name(key))));
    };
    match usize::try_from(number) {
        Ok(number) if number <= most => Ok(number),
        _ => Err(Failure::Call(format!("index out of range: {number}"))),
    }
}

// Models text/template/funcs.go slice
fn slice(item: Option<&Value>, keys: &[Option<&Value>]) -> Result<Value, Failure> {
    let length = match item {
        None | Some(Value::Null) => return Err("slice of untyped nil".into()),
        Some(Value::String(text)) => text.len(),
        Some(Value::Array(items)) => items.len(),
        Some(other) => return Err(Failure::Call(format!("can't slice item of type {}", go::type_name(other)))),
    };
    if keys.len() > 3 {
        return Err(Failure::Call(format!("too many slice indexes: {}", keys.len())));
    }
    if keys.len() == 3 && matches!(item, Some(Value::String(_))) {
        return Err("cannot 3-index slice a string".into());
    }
    let mut bounds = [0, length, length];
    for (bound, key) in bounds.iter_mut().zip(keys) {
        *bound = index_number(*key, length)?;
    }
    let [start, end, _] = bounds;
    if start > end {
        return Err(Failure::Call(format!("invalid slice index: {start} > {end}")));
    }
    Ok(match item {
        Some(Value::Array(items)) => Value::from(items[start..end].to_vec()),
        Some(Value::String(text)) => Value::from(String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned()),
        _ => Value::Null,
    })
}

/// Kinds that can be compared with one another.
fn basic_kind(value: Option<&Value>) -> Option<&'static str> {
    match value? {
        Value::Bool(_) => Some("bool"),
        Value::Number(number) if number.is_f64() => Some("float"),
        Value::Number(_) => Some("int"),
        Value::String(_) => Some("string"),
        _ => None,
    }
}

fn incompatible(left: &str, right: &str) -> Failure {
    Failure::Call(format!("incompatible types for comparison: {left} and {right}"))
}

// Models text/template/funcs.go eq
fn equal(
    first: Option<&Value>,
    others: &[Option<&Value>],
    type_of: &dyn Fn(usize) -> &'static str,
) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for (i, other) in others.iter().enumerate() {
        let (left, right) = (basic_kind(first), basic_kind(*other));
        if left != right && first.is_some() && other.is_some() {
            return Err(incompatible(type_of(0), type_of(i + 1)));
        }
        if let (None, Some(value), Some(right)) = (left, first, other) {
            let ty = go::type_name(value);
            let why = format!(
                "non-comparable types {}: {ty}, {}: {}",
                go::sprint(value),
                go::type_name(right),
                go::sprint(right)
            );
            return Err(Failure::Call(why));
        }
        if first == *other {
            return Ok(true);
        }
    }
    Ok(false)
}

// Models text/template/funcs.go lt, le, gt, ge
fn compare(
    left: Option<&Value>,
    right: Option<&Value>,
    name: &str,
    type_of: &dyn Fn(usize) -> &'static str,
) -> Result<bool, Failure> {
    let kinds = basic_kind(left).zip(basic_kind(right));
    let Some((left_kind, right_kind)) = kinds else {
        return Err("invalid type for comparison".into());
    };
    if left_kind != right_kind {
        return Err(incompatible(type_of(0), type_of(1)));
    }
    let order = match (left, right) {
        (Some(Value::String(left)), Some(Value::String(right))) => Some(left.cmp(right)),
        (Some(Value::Number(left)), Some(Value::Number(right))) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
        _ => return Err("invalid type for comparison".into()),
    };
    Ok(match name {
        "lt" => order == Some(Ordering::Less),
        "le" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        "gt" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "<nil>".to_owned(), go::sprint)
}

/// The values after one another; with blanks between all of them, or between those that are no text.
// Models fmt.Sprint, fmt.Sprintln
fn sprint(values: &[Option<&Value>], always: bool) -> String {
    let is_text = |value: &Option<&Value>| matches!(value, Some(Value::String(_)));
    let mut out = String::new();
    for (i, value) in values.iter().enumerate() {
        if i > 0 && (always || !(is_text(value) || is_text(&values[i - 1]))) {
            out.push(' ');
        }
        out.push_str(&shown(*value));
    }
    out
}

/// A verb of a format: flags, width, precision.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// The largest width that a format may ask for.
const WIDTH: usize = 1_000;

// Models fmt.Sprintf
fn sprintf(format: &str, values: &[Option<&Value>]) -> String {
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    let mut values_left = values.iter();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = rest.next_if(|c| matches!(c, '-' | '+' | '#' | '0' | ' ')) {
            match flag {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                '#' => verb.sharp = true,
                '0' => verb.zero = true,
                _ => {}
            }
        }
        let number = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut number = 0usize;
            while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                rest.next();
                number = (number * 10 + digit as usize).min(WIDTH);
            }
            number
        };
        verb.width = number(&mut rest);
        if rest.next_if_eq(&'.').is_some() {
            verb.precision = Some(number(&mut rest));
        }
        match rest.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(letter) => match values_left.next() {
                None => out.push_str(&format!("%!{letter}(MISSING)")),
                Some(value) => verb.write(letter, *value, &mut out),
            },
        }
    }
    let extra: Vec<String> = values_left
        .map(|value| match value {
            None => "<nil>".to_owned(),
            Some(value) => format!("{}={}", go::type_name(value), go::sprint(value)),
        })
        .collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

impl Verb {
    fn write(&self, letter: char, value: Option<&Value>, out: &mut String) {
        let text = match (letter, value) {
            ('v', value) => shown(value),
            ('T', value) => value.map_or("<nil>", go::type_name).to_owned(),
            ('s', Some(Value::String(text))) => match self.precision {
                Some(length) => text.chars().take(length).collect(),
                None => text.clone(),
            },
            ('s', Some(value @ (Value::Array(_) | Value::Object(_)))) => go::sprint(value),
            ('q', Some(Value::String(text))) => quote(text),
            ('x', Some(Value::String(text))) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ('t', Some(Value::Bool(flag))) => flag.to_string(),
            ('d', Some(Value::Number(number))) if number.is_i64() => self.signed(number.to_string()),
            ('x', Some(Value::Number(number))) if number.is_i64() => {
                format!("{:x}", number.as_i64().unwrap_or_default())
            }
            ('o', Some(Value::Number(number))) if number.is_i64() => {
                format!("{:o}", number.as_i64().unwrap_or_default())
            }
            ('b', Some(Value::Number(number))) if number.is_i64() => {
                format!("{:b}", number.as_i64().unwrap_or_default())
            }
            ('c', Some(Value::Number(number))) if number.is_i64() => {
                let code = number.as_i64().and_then(|code| u32::try_from(code).ok());
                code.and_then(char::from_u32).unwrap_or('\u{fffd}').to_string()
            }
            ('f' | 'F', Some(Value::Number(number))) if number.is_f64() => {
                let precision = self.precision.unwrap_or(6);
                self.signed(format!("{:.precision$}", number.as_f64().unwrap_or_default()))
            }
            ('g', Some(Value::Number(number))) if number.is_f64() => self.signed(shown(value)),
            (letter, None) => format!("%!{letter}(<nil>)"),
            (letter, Some(value)) => format!("%!{letter}({}={})", go::type_name(value), go::sprint(value)),
        };
        let missing = self.width.saturating_sub(text.chars().count());
        if self.minus {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if self.zero && matches!(value, Some(Value::Number(_))) {
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => (&text[..1], digits),
                None => ("", text.as_str()),
            };
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(&text);
        }
    }

    fn signed(&self, text: String) -> String {
        if self.plus && !text.starts_with('-') { format!("+{text}") } else { text }
    }
}

// Models net/url QueryEscape
fn query_escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
