//! Where a JSON value ends, and Go's words where it is none.
//!
//! Follows `encoding/json/scanner.go` of Go 1.26 (BSD-3-Clause), through which kubectl reads what begins with a brace.

/// What a JSON value takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes.
    pub length: usize,
    /// Values, keys included.
    pub values: usize,
    /// The deepest nesting.
    pub depth: usize,
}

/// Why a text does not begin with a JSON value.
#[derive(Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Go's sentence.
    pub message: String,
    /// The byte that is wrong; the length of the text where it ends too early.
    pub offset: usize,
    /// Whether the text ends too early, which Go does not count as a mistake of syntax.
    pub is_end: bool,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value or the end of the array.
    ValueOrEnd,
    Key,
    /// A key or the end of the object.
    KeyOrEnd,
    Colon,
    /// A comma or the end of what is open.
    CommaOrEnd,
}

/// Finds the end of the JSON value that the text begins with.
pub fn scan(text: &str) -> Result<Extent, JsonError> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, values: 0 };
    let mut open: Vec<u8> = Vec::new();
    let mut depth = 0;
    let mut expect = Expect::Value;
    loop {
        scanner.skip_blank();
        let byte = scanner.peek()?;
        let closes = matches!((open.last(), byte), (Some(b'{'), b'}') | (Some(b'['), b']'));
        expect = match expect {
            Expect::ValueOrEnd | Expect::KeyOrEnd | Expect::CommaOrEnd if closes => {
                scanner.at += 1;
                open.pop();
                Expect::CommaOrEnd
            }
            Expect::Value | Expect::ValueOrEnd => match byte {
                b'{' | b'[' => {
                    scanner.at += 1;
                    scanner.values += 1;
                    open.push(byte);
                    depth = depth.max(open.len());
                    if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd }
                }
                _ => {
                    scanner.scalar(byte)?;
                    Expect::CommaOrEnd
                }
            },
            Expect::Key | Expect::KeyOrEnd if byte == b'"' => {
                scanner.scalar(byte)?;
                Expect::Colon
            }
            Expect::Key | Expect::KeyOrEnd => return Err(scanner.invalid("looking for beginning of object key string")),
            Expect::Colon if byte == b':' => {
                scanner.at += 1;
                Expect::Value
            }
            Expect::Colon => return Err(scanner.invalid("after object key")),
            Expect::CommaOrEnd => match (open.last(), byte) {
                (Some(b'{'), b',') => {
                    scanner.at += 1;
                    Expect::Key
                }
                (Some(_), b',') => {
                    scanner.at += 1;
                    Expect::Value
                }
                (Some(b'{'), _) => return Err(scanner.invalid("after object key:value pair")),
                _ => return Err(scanner.invalid("after array element")),
            },
        };
        if open.is_empty() {
            return Ok(Extent { length: scanner.at, values: scanner.values, depth });
        }
    }
}

/// `invalid character 'x'`
fn invalid_character(byte: u8) -> String {
    let shown = match byte {
        b'\'' => "\\'".to_owned(),
        b'"' => "\"".to_owned(),
        byte => {
            let quoted = super::status::quote(&char::from(byte).to_string());
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    format!("invalid character '{shown}'")
}

/// Go's sentence about a text that is not one JSON value and nothing else; `None` where it is.
// Models encoding/json/scanner.go checkValid
pub fn refusal(text: &str) -> Option<String> {
    match scan(text) {
        Ok(extent) => {
            let rest = text[extent.length..].trim_start_matches([' ', '\t', '\r', '\n']);
            rest.bytes().next().map(|byte| format!("{} after top-level value", invalid_character(byte)))
        }
        Err(error) if error.is_end => Some("unexpected end of JSON input".to_owned()),
        Err(error) => Some(error.message),
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl Scanner<'_> {
    fn skip_blank(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The byte here.
    fn peek(&self) -> Result<u8, JsonError> {
        self.bytes.get(self.at).copied().ok_or_else(|| JsonError {
            message: "unexpected EOF".to_owned(),
            offset: self.at,
            is_end: true,
        })
    }

    fn invalid(&self, context: &str) -> JsonError {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        JsonError { message: format!("{} {context}", invalid_character(byte)), offset: self.at, is_end: false }
    }

    /// A text, a number or a word.
    fn scalar(&mut self, first: u8) -> Result<(), JsonError> {
        self.values += 1;
        match first {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.invalid("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        for expected in word.bytes() {
            if self.peek()? != expected {
                let expected = char::from(expected);
                return Err(self.invalid(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                        b'u' => {
                            for _ in 0..4 {
                                self.at += 1;
                                if !self.peek()?.is_ascii_hexdigit() {
                                    return Err(self.invalid("in \\u hexadecimal character escape"));
                                }
                            }
                        }
                        _ => return Err(self.invalid("in string escape code")),
                    }
                }
                0..=0x1f => return Err(self.invalid("in string literal")),
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.invalid("in numeric literal")),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if self.bytes.get(self.at).is_some_and(|b| matches!(b, b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn some_digits(&mut self, context: &str) -> Result<(), JsonError> {
        if !self.peek()?.is_ascii_digit() {
            return Err(self.invalid(context));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(text: &str, message: &str, offset: usize) {
        let error = scan(text).unwrap_err();
        assert_eq!((error.message.as_str(), error.offset), (message, offset));
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        assert_eq!(scan("{\"a\": [1, {}, \"}\\\"\"]} {}"), Ok(Extent { length: 21, values: 6, depth: 3 }));
        assert_eq!(scan("[] 1").map(|extent| extent.length), Ok(2));
        assert_eq!(scan("-1.5e+3,").map(|extent| extent.length), Ok(7));
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_go() {
        check_error("{$a: 1}", "invalid character '$' looking for beginning of object key string", 1);
        check_error("{\"a\" 1}", "invalid character '1' after object key", 5);
        check_error("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair", 8);
        check_error("[1 2]", "invalid character '2' after array element", 3);
        check_error("{\"a\": nul}", "invalid character '}' in literal null (expecting 'l')", 9);
        check_error("{\"a\": '1'}", "invalid character '\\'' looking for beginning of value", 6);
        check_error("{\"a\": \"\n\"}", "invalid character '\\n' in string literal", 7);
        check_error("{\"a\": 1,}", "invalid character '}' looking for beginning of object key string", 8);
        check_error("{\"a\": 01}", "invalid character '1' after object key:value pair", 7);
        check_error("{\"a\": ", "unexpected EOF", 6);
    }
}
