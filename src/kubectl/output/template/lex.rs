//! The tokens of a template.
//!
//! Follows `text/template/parse/lex.go` of Go.

use serde_json::{Number, Value};

use super::NAME;
use crate::api::status::quote;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Text(String),
    Open,
    Close,
    /// `.name`
    Field(String),
    /// `$name`
    Variable(String),
    Word(String),
    Number(String),
    Char(String),
    String(String),
    Raw(String),
    Dot,
    Pipe,
    Declare,
    Assign,
    Comma,
    LeftParenthesis,
    RightParenthesis,
    Space,
    /// Any other character, which no action may have.
    Other(String),
    /// What cannot be read; the last token.
    Error(String),
}

impl Token {
    /// As messages show it.
    pub(super) fn text(&self) -> &str {
        match self {
            Token::Text(text) | Token::Other(text) | Token::Word(text) | Token::Number(text) | Token::Char(text) => {
                text
            }
            Token::String(text) | Token::Raw(text) | Token::Variable(text) | Token::Field(text) => text,
            Token::Open => "{{",
            Token::Close => "}}",
            Token::Dot => ".",
            Token::Pipe => "|",
            Token::Declare => ":=",
            Token::Assign => "=",
            Token::Comma => ",",
            Token::LeftParenthesis => "(",
            Token::RightParenthesis => ")",
            Token::Space => " ",
            Token::Error(why) => why,
        }
    }
}

/// The tokens, each with where it stands. Where something cannot be read, the last says why.
pub(super) fn lex(text: &str) -> Vec<(usize, Token)> {
    let mut lexer = Lexer { text, tokens: Vec::new() };
    if let Err((at, why)) = lexer.lex() {
        lexer.tokens.push((at, Token::Error(why)));
    }
    lexer.tokens
}

/// Where something cannot be read, and why.
type Unreadable = (usize, String);

/// A sentence with the line that it is about.
pub(super) fn error_at(text: &str, at: usize, why: &str) -> String {
    let line = 1 + text[..at.min(text.len())].matches('\n').count();
    format!("template: {NAME}:{line}: {why}")
}

fn unreadable(at: usize, why: String) -> Unreadable {
    (at, why)
}

struct Lexer<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
}

impl Lexer<'_> {
    // Models text/template/parse/lex.go lexText, lexInsideAction
    fn lex(&mut self) -> Result<(), Unreadable> {
        let text = self.text;
        let mut at = 0;
        let mut trim = false;
        loop {
            let end = text[at..].find("{{").map(|found| at + found);
            let mut piece = &text[at..end.unwrap_or(text.len())];
            if trim {
                piece = piece.trim_start_matches(is_space);
            }
            let Some(open) = end else {
                self.push_text(at, piece);
                return Ok(());
            };
            let trims = text[open + 2..].starts_with('-') && text[open + 3..].starts_with(is_space);
            if trims {
                piece = piece.trim_end_matches(is_space);
            }
            self.push_text(at, piece);
            at = open + if trims { 4 } else { 2 };
            if text[at..].starts_with("/*") {
                let Some(close) = text[at..].find("*/") else {
                    return Err(unreadable(open, "unclosed comment".to_owned()));
                };
                let rest = &text[at + close + 2..];
                let ends = rest.strip_prefix("}}").map(|_| (2, false));
                let ends = ends.or_else(|| {
                    let inner = rest.strip_prefix(is_space)?.strip_prefix("-}}");
                    inner.map(|_| (4, true))
                });
                let Some((length, after)) = ends else {
                    return Err(unreadable(open, "comment ends before closing delimiter".to_owned()));
                };
                at += close + 2 + length;
                trim = after;
                continue;
            }
            self.tokens.push((open, Token::Open));
            (at, trim) = self.lex_action(at)?;
        }
    }

    fn push_text(&mut self, at: usize, text: &str) {
        if !text.is_empty() {
            self.tokens.push((at, Token::Text(text.to_owned())));
        }
    }

    /// Reads the tokens of an action. Gives the place after it, and whether the text there is trimmed.
    fn lex_action(&mut self, from: usize) -> Result<(usize, bool), Unreadable> {
        let text = self.text;
        let mut at = from;
        let mut parentheses = 0usize;
        loop {
            let rest = &text[at..];
            let Some(c) = rest.chars().next() else {
                return Err(unreadable(at, "unclosed action".to_owned()));
            };
            let trims = c.is_ascii_whitespace() && rest[1..].starts_with("-}}");
            if trims || rest.starts_with("}}") {
                if parentheses > 0 {
                    return Err(unreadable(at, "unclosed left paren".to_owned()));
                }
                let close = if trims { at + 2 } else { at };
                self.tokens.push((close, Token::Close));
                return Ok((close + 2, trims));
            }
            let word_length = |from: usize| {
                rest[from..].find(|c: char| !is_alphanumeric(c)).map_or(rest.len(), |length| from + length)
            };
            let (length, token) = match c {
                c if is_space(c) => {
                    let mut length = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
                    // A blank that belongs to a trim marker is left to it.
                    if rest[length..].starts_with("-}}") {
                        length -= 1;
                    }
                    (length.max(1), Token::Space)
                }
                '|' => (1, Token::Pipe),
                ',' => (1, Token::Comma),
                '=' => (1, Token::Assign),
                ':' if rest.starts_with(":=") => (2, Token::Declare),
                ':' => return Err(unreadable(at, "expected :=".to_owned())),
                '(' => {
                    parentheses += 1;
                    (1, Token::LeftParenthesis)
                }
                ')' => {
                    if parentheses == 0 {
                        return Err(unreadable(at, "unexpected right paren".to_owned()));
                    }
                    parentheses -= 1;
                    (1, Token::RightParenthesis)
                }
                '"' | '\'' => {
                    let length = self.quoted_length(at, c)?;
                    let text = rest[..length].to_owned();
                    (length, if c == '"' { Token::String(text) } else { Token::Char(text) })
                }
                '`' => match rest[1..].find('`') {
                    Some(length) => (length + 2, Token::Raw(rest[..length + 2].to_owned())),
                    None => return Err(unreadable(at, "unterminated raw quoted string".to_owned())),
                },
                '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    let length = word_length(1);
                    let token = if length == 1 { Token::Dot } else { Token::Field(rest[..length].to_owned()) };
                    self.check_terminator(at + length)?;
                    (length, token)
                }
                '$' => {
                    let length = word_length(1);
                    self.check_terminator(at + length)?;
                    (length, Token::Variable(rest[..length].to_owned()))
                }
                '+' | '-' | '.' | '0'..='9' => {
                    let length = number_length(rest);
                    let number = &rest[..length];
                    if parse_number(number).is_none() {
                        return Err(unreadable(at, format!("bad number syntax: {}", quote(number))));
                    }
                    (length, Token::Number(number.to_owned()))
                }
                c if is_alphanumeric(c) => {
                    let length = word_length(0);
                    self.check_terminator(at + length)?;
                    (length, Token::Word(rest[..length].to_owned()))
                }
                c if c.is_ascii_graphic() => (1, Token::Other(c.to_string())),
                c => {
                    let why = format!("unrecognized character in action: U+{:04X} '{c}'", c as u32);
                    return Err(unreadable(at, why));
                }
            };
            self.tokens.push((at, token));
            at += length;
        }
    }

    fn quoted_length(&self, at: usize, quote: char) -> Result<usize, Unreadable> {
        let kind = if quote == '"' { "quoted string" } else { "character constant" };
        let mut escaped = false;
        for (i, c) in self.text[at..].char_indices().skip(1) {
            match c {
                '\n' => break,
                c if c == quote && !escaped => return Ok(i + 1),
                c => escaped = c == '\\' && !escaped,
            }
        }
        Err(unreadable(at, format!("unterminated {kind}")))
    }

    /// A name must end where a name can end.
    // Models text/template/parse/lex.go atTerminator
    fn check_terminator(&self, at: usize) -> Result<(), Unreadable> {
        match self.text[at..].chars().next() {
            None => Ok(()),
            Some(c) if is_space(c) || matches!(c, '.' | ',' | '|' | ':' | '=' | ')' | '(') => Ok(()),
            Some(_) if self.text[at..].starts_with("}}") => Ok(()),
            Some(c) => Err(unreadable(at, format!("bad character U+{:04X} '{c}'", c as u32))),
        }
    }
}

/// How much of the text is a number, with the letter after it that makes it none.
// Models text/template/parse/lex.go scanNumber
fn number_length(text: &str) -> usize {
    let run = |from: usize, accept: fn(char) -> bool| {
        text[from..].find(|c| !accept(c)).map_or(text.len(), |length| from + length)
    };
    let decimal: fn(char) -> bool = |c| c.is_ascii_digit() || c == '_';
    let mut at = usize::from(text.starts_with(['+', '-']));
    let mut digits = decimal;
    match text[at..].get(..2) {
        Some("0x" | "0X") => (at, digits) = (at + 2, |c: char| c.is_ascii_hexdigit() || c == '_'),
        Some("0o" | "0O") => (at, digits) = (at + 2, |c: char| matches!(c, '0'..='7' | '_')),
        Some("0b" | "0B") => (at, digits) = (at + 2, |c: char| matches!(c, '0' | '1' | '_')),
        _ => {}
    }
    let is_decimal = digits('9') && !digits('a');
    at = run(at, digits);
    if text[at..].starts_with('.') {
        at = run(at + 1, digits);
    }
    if is_decimal && text[at..].starts_with(['e', 'E']) {
        at += 1;
        at += usize::from(text[at..].starts_with(['+', '-']));
        at = run(at, decimal);
    }
    match text[at..].chars().next() {
        Some(c) if is_alphanumeric(c) => at + c.len_utf8(),
        // A complex number would follow, which JSON has not.
        Some('+' | '-') => at + number_length(&text[at..]),
        _ => at,
    }
}

/// The words that are no functions.
pub(super) const KEYWORDS: [&str; 10] =
    ["if", "range", "with", "else", "end", "break", "continue", "define", "block", "template"];

/// A number as Go writes it: with a base, with underscores, or with a fraction.
pub(super) fn parse_number(text: &str) -> Option<Value> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let lower = digits.to_ascii_lowercase().replace('_', "");
    let (radix, number) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.bytes().all(|b| b.is_ascii_digit()) && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if number.starts_with(['+', '-']) {
        return None;
    }
    if let Ok(number) = i64::from_str_radix(&format!("{sign}{number}"), radix) {
        return Some(Value::from(number));
    }
    let float = if radix == 10 && number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        format!("{sign}{number}").parse::<f64>().ok()?
    } else {
        return None;
    };
    // A float without a fraction is an integer too.
    if float.fract() == 0.0 && float.abs() < 9.0e15 {
        return Some(Value::from(float as i64));
    }
    Number::from_f64(float).map(Value::Number)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
