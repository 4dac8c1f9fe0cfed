//! Selectors as text: `app=nginx,tier in (a,b),!old`, and field selectors: `status.phase!=Running`.
//!
//! Follows `k8s.io/apimachinery/pkg/labels/selector.go` and `pkg/fields/selector.go` of Kubernetes v1.37.2, Apache-2.0.

use super::order::sort_by_key;
use super::selector::{Operator, Requirement, Selector};
use super::status::quote;
use super::validate::format;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Word,
    End,
    Error,
    Comma,
    Open,
    Close,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less,
    In,
    NotIn,
}

const SYMBOLS: [(&str, Token); 9] = [
    ("==", Token::DoubleEquals),
    ("!=", Token::NotEquals),
    ("=", Token::Equals),
    ("!", Token::Not),
    (">", Token::Greater),
    ("<", Token::Less),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
];

/// The tokens of a selector; the last one is [`Token::End`].
// Models k8s.io/apimachinery/pkg/labels/selector.go Lexer
fn scan(text: &str) -> Vec<(Token, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let length = match SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            Some((symbol, token)) => {
                out.push((*token, (*symbol).to_owned()));
                symbol.len()
            }
            None => {
                let end = rest.find(['=', '!', '(', ')', ',', '>', '<', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let token = match &rest[..end] {
                    "in" => Token::In,
                    "notin" => Token::NotIn,
                    _ => Token::Word,
                };
                out.push((token, rest[..end].to_owned()));
                end
            }
        };
        rest = rest[length..].trim_start_matches([' ', '\t', '\r', '\n']);
    }
    out.push((Token::End, String::new()));
    out
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    /// The next token, where `in` and `notin` are words unless an operator is expected.
    fn peek(&self) -> (Token, String) {
        match self.tokens.get(self.at) {
            Some((Token::In | Token::NotIn, word)) => (Token::Word, word.clone()),
            Some(token) => token.clone(),
            None => (Token::Error, String::new()),
        }
    }

    fn next(&mut self) -> (Token, String) {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.next();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.next();
        }
        if token != Token::Word {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let errors = format::label_key(&key);
        if !errors.is_empty() {
            return Err(format!("<nil>: Invalid value: {}: {}", quote(&key), errors.join("; ")));
        }
        if negated || matches!(self.peek().0, Token::End | Token::Comma) {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Ok(Requirement { key, operator, values: Vec::new() });
        }
        let (token, word) = self.tokens.get(self.at).cloned().unwrap_or((Token::End, String::new()));
        self.at += 1;
        let operator = match token {
            Token::In | Token::Equals | Token::DoubleEquals => Operator::In,
            Token::NotIn | Token::NotEquals => Operator::NotIn,
            Token::Greater => Operator::Gt,
            Token::Less => Operator::Lt,
            _ => return Err(format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let values = if matches!(token, Token::In | Token::NotIn) { self.values()? } else { vec![self.value()?] };
        for (i, value) in values.iter().enumerate() {
            if matches!(operator, Operator::Gt | Operator::Lt) && value.parse::<i64>().is_err() {
                let why = "for 'Gt', 'Lt' operators, the value must be an integer";
                return Err(format!("values[{i}]: Invalid value: {}: {why}", quote(value)));
            }
            let errors = format::label_value(value);
            if !errors.is_empty() {
                return Err(format!("values[{i}][{key}]: Invalid value: {}: {}", quote(value), errors.join("; ")));
            }
        }
        Ok(Requirement { key, operator, values })
    }

    fn value(&mut self) -> Result<String, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.next() {
            (Token::Word, word) => Ok(word),
            (_, word) => Err(format!("found '{word}', expected: identifier")),
        }
    }

    // Models k8s.io/apimachinery/pkg/labels/selector.go parseValues, parseIdentifiersList
    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, word) = self.next();
        if token != Token::Open {
            return Err(format!("found '{word}' expected: '('"));
        }
        let mut values: Vec<String> = Vec::new();
        match self.peek() {
            (Token::Close, _) => {
                self.at += 1;
                return Ok(vec![String::new()]);
            }
            (Token::Word | Token::Comma, _) => {}
            (_, word) => return Err(format!("found '{word}', expected: ',', ')' or identifier")),
        }
        loop {
            match self.next() {
                (Token::Word, word) => {
                    values.push(word);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => break,
                        (_, word) => return Err(format!("found '{word}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    let next = self.peek().0;
                    if values.is_empty() || next == Token::Comma || next == Token::Close {
                        values.push(String::new());
                    }
                    if next == Token::Close {
                        break;
                    }
                }
                (_, word) => return Err(format!("found '{word}', expected: ',', or identifier")),
            }
        }
        self.at += 1;
        sort_by_key(&mut values, String::clone);
        values.dedup();
        Ok(values)
    }
}

impl Selector {
    /// Reads a label selector.
    ///
    /// # Errors
    /// The sentence of the API server.
    // Models k8s.io/apimachinery/pkg/labels/selector.go Parse
    pub fn parse(text: &str) -> Result<Selector, String> {
        let mut parser = Parser { tokens: scan(text), at: 0 };
        let mut selector = Selector::default();
        loop {
            match parser.peek() {
                (Token::Word | Token::Not, _) => {
                    let requirement =
                        parser.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?;
                    selector.requirements.push(requirement);
                    match parser.next() {
                        (Token::End, _) => return Ok(selector),
                        (Token::Comma, _) => {
                            let (token, word) = parser.peek();
                            if !matches!(token, Token::Word | Token::Not) {
                                return Err(format!("found '{word}', expected: identifier after ','"));
                            }
                        }
                        (_, word) => return Err(format!("found '{word}', expected: ',' or 'end of string'")),
                    }
                }
                (Token::End, _) => return Ok(selector),
                (_, word) => return Err(format!("found '{word}', expected: !, identifier, or 'end of string'")),
            }
        }
    }
}

/// A term of a field selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTerm {
    /// The field's path: `status.phase`.
    pub field: String,
    /// With what it is compared.
    pub value: String,
    /// Whether it must be equal, or must not.
    pub equal: bool,
}

/// Reads a field selector.
///
/// # Errors
/// The sentence of the API server.
// Models k8s.io/apimachinery/pkg/fields/selector.go parseSelector
pub fn parse_fields(text: &str) -> Result<Vec<FieldTerm>, String> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = !escaped && c == '\\';
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    sort_by_key(&mut parts, String::clone);
    let mut terms = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let split = part.char_indices().find_map(|(at, _)| {
            let operator = ["!=", "==", "="].iter().find(|operator| part[at..].starts_with(**operator))?;
            Some((&part[..at], *operator, &part[at + operator.len()..]))
        });
        let Some((field, operator, value)) = split else {
            return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
        };
        terms.push(FieldTerm { field: field.to_owned(), value: unescape(value)?, equal: operator != "!=" });
    }
    Ok(terms)
}

// Models k8s.io/apimachinery/pkg/fields/selector.go UnescapeValue
fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = ['\\'].into_iter().chain(other).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {}", c as u32)),
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_the_api_server_reads_them() {
        let keys = |text: &str| Selector::parse(text).unwrap().requirements.len();
        assert_eq!(keys(""), 0);
        assert_eq!(keys("app=nginx, tier in (a,b) ,!old,x notin (),y,z!="), 6);
        let refusal = |text: &str| Selector::parse(text).unwrap_err();
        assert_eq!(refusal("app in (nginx"), "unable to parse requirement: found '', expected: ',' or ')'");
        assert_eq!(refusal("a b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
        assert_eq!(refusal("app=a,"), "found '', expected: identifier after ','");
    }

    #[test]
    fn field_selectors_are_terms() {
        let terms = parse_fields("status.phase!=Running,metadata.name==a\\,b").unwrap();
        assert_eq!(terms[0], FieldTerm { field: "metadata.name".into(), value: "a,b".into(), equal: true });
        assert!(!terms[1].equal);
        assert_eq!(parse_fields("x").unwrap_err(), "invalid selector: 'x'; can't understand 'x'");
    }
}
