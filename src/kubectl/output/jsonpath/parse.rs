//! Reading a template.
//!
//! Follows `staging/src/k8s.io/client-go/util/jsonpath/parser.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Number, Value};

use super::{Node, Param};
use crate::kubectl::output::unquote;

/// How deep actions may nest in unions and filters.
const DEPTH: usize = 64;

/// Reads a template, or an action within one.
pub(super) fn parse(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    if depth > DEPTH {
        return Err("the template is nested too deeply".to_owned());
    }
    let mut parser = Parser { input: text, at: 0, depth };
    let mut root = Vec::new();
    loop {
        let rest = &text[parser.at..];
        let Some(open) = rest.find('{') else {
            if !rest.is_empty() {
                root.push(Node::Text(rest.to_owned()));
            }
            return Ok(root);
        };
        if open > 0 {
            root.push(Node::Text(rest[..open].to_owned()));
        }
        parser.at += open + 1;
        root.push(Node::List(parser.action()?));
    }
}

/// Reads what stands in one pair of braces.
fn parse_action(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"), depth + 1)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser<'a> {
    input: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<char> {
        let c = self.input[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.input[self.at..].chars().next()
    }

    /// The text while characters are accepted.
    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.input[self.at..];
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The nodes up to the closing brace.
    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseInsideAction
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            let rest = &self.input[self.at..];
            if rest.starts_with('}') {
                self.at += 1;
                return Ok(nodes);
            }
            if rest.starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if rest.starts_with("..") {
                if matches!(nodes.last(), Some(Node::Recursive)) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.at += 2;
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(is_alphanumeric) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => {
                    self.at -= c.len_utf8();
                    nodes.push(self.number()?);
                }
                Some(c) if is_alphanumeric(c) => {
                    self.at -= c.len_utf8();
                    let name = self.take_while(|c| !is_terminator(c));
                    nodes.push(match name {
                        "true" => Node::Literal(Value::Bool(true)),
                        "false" => Node::Literal(Value::Bool(false)),
                        name => Node::Identifier(name.to_owned()),
                    });
                }
                Some(c) => return Err(unrecognized(c)),
            }
        }
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseField
    fn field(&mut self) -> Node {
        let mut name = String::new();
        let mut escaped = false;
        while let Some(c) = self.peek() {
            if !escaped && is_terminator(c) {
                break;
            }
            self.at += c.len_utf8();
            escaped = c == '\\' && !escaped;
            if c != '\\' {
                name.push(c);
            }
        }
        if name == "*" { Node::Wildcard } else { Node::Field(name) }
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseNumber
    fn number(&mut self) -> Result<Node, String> {
        let from = self.at;
        if matches!(self.peek(), Some('+' | '-')) {
            self.at += 1;
        }
        self.take_while(|c| c == '.' || c.is_numeric());
        let text = &self.input[from..self.at];
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Node::Literal(Value::from(number)));
        }
        match text.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Node::Literal(Value::Number(number))),
            None => Err(format!("cannot parse number {text}")),
        }
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseQuote
    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        let from = self.at - 1;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && self.input.as_bytes()[self.at - 2] != b'\\' => break,
                Some(_) => {}
            }
        }
        let value = &self.input[from..self.at];
        match unquote(&value[1..value.len() - 1], quote) {
            Some(text) => Ok(Node::Text(text)),
            None => Err(format!("unquote string {value} error invalid syntax")),
        }
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseArray
    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let from = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = &self.input[from..self.at - 1];
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text.split(',').map(|part| parse_action(&format!("[{}]", part.trim_matches(' ')), self.depth));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        if let Some(key) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''))
            && !key.contains('\'')
        {
            nodes.extend(parse_action(&format!(".{key}"), self.depth)?);
            return Ok(());
        }
        nodes.push(Node::Array(slice_params(text)?));
        Ok(())
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go parseFilter
    fn filter(&mut self) -> Result<Node, String> {
        self.at += "[?(".len();
        let from = self.at;
        let (mut begin, mut end, mut pair) = (false, false, '"');
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => {
                    if !begin {
                        (begin, pair) = (true, c);
                    } else if self.input.as_bytes()[self.at - 2] != b'\\' && c == pair {
                        end = true;
                    }
                }
                Some(')') if begin == end => break,
                Some(_) => {}
            }
        }
        let text = &self.input[from..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        if let Some(start) = text.find(is_operator).filter(|start| *start > 0) {
            let length = text[start..].find(|c| !is_operator(c)).unwrap_or(text.len() - start);
            // The right side must have a character, which the operator gives where there is none.
            let end = if start + length == text.len() { text.len() - 1 } else { start + length };
            if end > start {
                let left = parse_action(&text[..start], self.depth)?;
                let right = parse_action(&text[end..], self.depth)?;
                return Ok(Node::Filter(left, right, text[start..end].to_owned()));
            }
        }
        Ok(Node::Filter(parse_action(text, self.depth)?, Vec::new(), "exists".to_owned()))
    }
}

/// `start:end:step`, each of which may be missing.
fn slice_params(text: &str) -> Result<[Param; 3], String> {
    let invalid = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let number_like = |part: &str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(|part| number_like(part)) {
        return Err(invalid());
    }
    let mut params = [Param::default(); 3];
    for (i, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let value = part.parse().map_err(|_| format!("array index {part} is not a number"))?;
        params[i] = Param { value, known: true, derived: false };
    }
    if parts.len() == 1 {
        params[1] = Param { value: params[0].value.saturating_add(1), known: true, derived: true };
    }
    Ok(params)
}

// Models staging/src/k8s.io/client-go/util/jsonpath/parser.go isTerminator
fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Go's `%#U`: the code of a character, and the character.
fn unrecognized(c: char) -> String {
    format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)
}
