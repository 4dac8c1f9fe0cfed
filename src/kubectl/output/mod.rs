//! How objects are written out: YAML, JSON, JSONPath, Go templates.

pub mod columns;
pub mod go;
pub mod json;
pub mod jsonpath;
pub mod kyaml;
pub mod printer;
pub mod template;
pub mod yaml;

/// What a quoted Go string stands for, from what is between its quotes; `None` where it is none. `quote` may not stand in
/// it without a backslash.
// Models strconv.UnquoteChar
pub fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == quote {
            return None;
        }
        let c = if c == '\\' {
            let escape = rest.chars().next()?;
            rest = &rest[escape.len_utf8()..];
            let (digits, radix) = match escape {
                'x' => (2, 16),
                'u' => (4, 16),
                'U' => (8, 16),
                '0'..='7' => {
                    rest = &text[text.len() - rest.len() - 1..];
                    (3, 8)
                }
                _ => (0, 10),
            };
            if digits > 0 {
                let number = rest.get(..digits)?;
                rest = &rest[digits..];
                if !number.chars().all(|c| c.is_digit(radix)) {
                    return None;
                }
                let code = u32::from_str_radix(number, radix).ok()?;
                if digits < 4 {
                    out.push(u8::try_from(code).ok()?);
                    continue;
                }
                char::from_u32(code)?
            } else {
                match escape {
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\u{b}',
                    '\\' => '\\',
                    escape if escape == quote => quote,
                    _ => return None,
                }
            }
        } else {
            c
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
