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
}

impl Token {
    /// As messages show it.
    pub(super) fn text(&self) -> &str {
        match self {
            Token::Text(text) | Token::Word(text) | Token::Number(text) | Token::Char(text) => text,
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
        }
    }
}

/// The tokens, each with where it stands.
///
/// # Errors
/// Go's sentence about what is wrong.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut lexer = Lexer { text, tokens: Vec::new() };
    lexer.lex()?;
    Ok(lexer.tokens)
}

/// A sentence with the line that it is about.
pub(super) fn error_at(text: &str, at: usize, why: &str) -> String {
    let line = 1 + text[..at.min(text.len())].matches('\n').count();
    format!("template: {NAME}:{line}: {why}")
}

struct Lexer<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
}

impl Lexer<'_> {
    fn error_at(&self, at: usize, why: String) -> String {
        error_at(self.text, at, &why)
    }

    // Models text/template/parse/lex.go lexText, lexInsideAction
    fn lex(&mut self) -> Result<(), String> {
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
                    return Err(self.error_at(open, "unclosed comment".to_owned()));
                };
                let rest = &text[at + close + 2..];
                let ends = rest.strip_prefix("}}").map(|_| (2, false));
                let ends = ends.or_else(|| {
                    let inner = rest.strip_prefix(is_space)?.strip_prefix("-}}");
                    inner.map(|_| (4, true))
                });
                let Some((length, after)) = ends else {
                    return Err(self.error_at(open, "comment ends before closing delimiter".to_owned()));
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
    fn lex_action(&mut self, from: usize) -> Result<(usize, bool), String> {
        let text = self.text;
        let mut at = from;
        let mut parentheses = 0usize;
        loop {
            let rest = &text[at..];
            let Some(c) = rest.chars().next() else {
                return Err(self.error_at(at, "unclosed action".to_owned()));
            };
            let trims = c.is_ascii_whitespace() && rest[1..].starts_with("-}}");
            if trims || rest.starts_with("}}") {
                if parentheses > 0 {
                    return Err(self.error_at(at, "unclosed left paren".to_owned()));
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
                ':' => return Err(self.error_at(at, "expected :=".to_owned())),
                '(' => {
                    parentheses += 1;
                    (1, Token::LeftParenthesis)
                }
                ')' => {
                    if parentheses == 0 {
                        return Err(self.error_at(at, "unexpected right paren".to_owned()));
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
                    None => return Err(self.error_at(at, "unterminated raw quoted string".to_owned())),
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
                    let sign = usize::from(matches!(c, '+' | '-'));
                    let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
                    let mut length = rest[sign..].find(|c| !is_number(c)).map_or(rest.len(), |length| sign + length);
                    let is_hex = rest[sign..].starts_with("0x") || rest[sign..].starts_with("0X");
                    if !is_hex && rest[..length].ends_with(['e', 'E']) && rest[length..].starts_with(['+', '-']) {
                        length += 1;
                        length += rest[length..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - length);
                    }
                    let number = &rest[..length];
                    if parse_number(number).is_none() {
                        return Err(self.error_at(at, format!("bad number syntax: {}", quote(number))));
                    }
                    (length, Token::Number(number.to_owned()))
                }
                c if is_alphanumeric(c) => {
                    let length = word_length(0);
                    self.check_terminator(at + length)?;
                    (length, Token::Word(rest[..length].to_owned()))
                }
                c => {
                    let why = format!("unrecognized character in action: U+{:04X} '{c}'", c as u32);
                    return Err(self.error_at(at, why));
                }
            };
            self.tokens.push((at, token));
            at += length;
        }
    }

    fn quoted_length(&self, at: usize, quote: char) -> Result<usize, String> {
        let kind = if quote == '"' { "quoted string" } else { "character constant" };
        let mut escaped = false;
        for (i, c) in self.text[at..].char_indices().skip(1) {
            match c {
                '\n' => break,
                c if c == quote && !escaped => return Ok(i + 1),
                c => escaped = c == '\\' && !escaped,
            }
        }
        Err(self.error_at(at, format!("unterminated {kind}")))
    }

    /// A name must end where a name can end.
    // Models text/template/parse/lex.go atTerminator
    fn check_terminator(&self, at: usize) -> Result<(), String> {
        match self.text[at..].chars().next() {
            None => Ok(()),
            Some(c) if is_space(c) || matches!(c, '.' | ',' | '|' | ':' | '=' | ')' | '(') => Ok(()),
            Some(_) if self.text[at..].starts_with("}}") => Ok(()),
            Some(c) => Err(self.error_at(at, format!("bad character U+{:04X} '{c}'", c as u32))),
        }
    }
}

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
