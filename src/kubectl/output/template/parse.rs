//! Reading a template.
//!
//! Follows `text/template/parse/parse.go` of Go.

use serde_json::Value;

use super::funcs::FUNCTIONS;
use super::lex::{KEYWORDS, Token, error_at, lex, parse_number};
use super::{Kind, NAME, Node, Operand, OperandKind, Pipe, Template};
use crate::api::status::quote;
use crate::kubectl::output::unquote;

/// How deep actions and parentheses may nest.
const DEPTH: usize = 200;

pub(super) fn parse(text: &str) -> Result<Template, String> {
    let mut parser = Parser {
        text,
        tokens: lex(text),
        at: 0,
        variables: vec!["$".to_owned()],
        trees: Vec::new(),
        ranges: 0,
        depth: 0,
    };
    let (root, end) = parser.list()?;
    if let Some(word) = end {
        return Err(parser.error(format!("unexpected {{{{{word}}}}}")));
    }
    let mut trees = vec![(NAME.to_owned(), root)];
    trees.append(&mut parser.trees);
    Ok(Template { text: text.to_owned(), trees })
}

struct Parser<'a> {
    text: &'a str,
    /// Each with where it stands.
    tokens: Vec<(usize, Token)>,
    at: usize,
    variables: Vec<String>,
    trees: Vec<(String, Vec<Node>)>,
    ranges: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error_at(&self, at: usize, why: String) -> String {
        error_at(self.text, at, &why)
    }

    fn error(&self, why: String) -> String {
        let at = self.tokens.get(self.at.saturating_sub(1)).map_or(self.text.len(), |token| token.0);
        self.error_at(at, why)
    }

    // Models text/template/parse/parse.go unexpected
    fn unexpected(&self, token: Option<&Token>, context: &str) -> String {
        match token {
            None => self.error("unexpected EOF".to_owned()),
            Some(Token::Error(why)) => {
                let at = self.tokens.last().map_or(0, |token| token.0);
                let line = |at: usize| 1 + self.text[..at].matches('\n').count();
                let open = self.tokens.iter().rev().find(|token| token.1 == Token::Open).map_or(at, |token| token.0);
                let place = match (line(open) == line(at), why.ends_with(" action")) {
                    (true, _) => String::new(),
                    (false, true) => format!(" started at {NAME}:{}", line(open)),
                    (false, false) => format!(" in action started at {NAME}:{}", line(open)),
                };
                error_at(self.text, at, &format!("{why}{place}"))
            }
            Some(token) => self.error(format!("unexpected {} in {context}", shown(token))),
        }
    }

    fn next(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|token| &token.1)
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Token::Space) {
            self.at += 1;
        }
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH { Err(self.error("the template is nested too deeply".to_owned())) } else { Ok(()) }
    }

    /// The nodes up to `{{end}}` or `{{else}}`, and which of them it was.
    // Models text/template/parse/parse.go itemList
    fn list(&mut self) -> Result<(Vec<Node>, Option<&'static str>), String> {
        let mut nodes = Vec::new();
        while let Some((_, token)) = self.next() {
            match token {
                Token::Text(text) => nodes.push(Node::Text(text)),
                Token::Error(_) => return Err(self.unexpected(Some(&token), "input")),
                _ => match self.action()? {
                    Parsed::Node(node) => nodes.push(node),
                    Parsed::Nothing => {}
                    Parsed::End(word) => return Ok((nodes, Some(word))),
                },
            }
        }
        Ok((nodes, None))
    }

    // Models text/template/parse/parse.go action
    fn action(&mut self) -> Result<Parsed, String> {
        self.skip_space();
        let word = match self.peek() {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        };
        let at = self.tokens.get(self.at).map_or(self.text.len(), |token| token.0);
        // Templates are defined at the top, and nowhere else.
        let word = if word == "define" && self.depth > 0 { String::new() } else { word };
        if KEYWORDS.contains(&word.as_str()) {
            self.at += 1;
        }
        Ok(match word.as_str() {
            "if" => Parsed::Node(self.control(Kind::If)?),
            "range" => Parsed::Node(self.control(Kind::Range)?),
            "with" => Parsed::Node(self.control(Kind::With)?),
            "else" => {
                self.skip_space();
                if !matches!(self.peek(), Some(Token::Word(word)) if word == "if" || word == "with") {
                    self.expect_close("else")?;
                }
                Parsed::End("else")
            }
            "end" => {
                self.expect_close("end")?;
                Parsed::End("end")
            }
            "break" | "continue" => {
                self.skip_space();
                let token = self.next().map(|token| token.1);
                if token != Some(Token::Close) {
                    return Err(self.unexpected(token.as_ref(), &format!("{{{{{word}}}}}")));
                }
                if self.ranges == 0 {
                    return Err(self.error(format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                Parsed::Node(if word == "break" { Node::Break } else { Node::Continue })
            }
            "define" => {
                let name = self.name("define clause")?;
                self.expect_close("define clause")?;
                self.body(name)?;
                Parsed::Nothing
            }
            "block" => {
                let name = self.name("block clause")?;
                let pipe = self.pipeline("block clause", false)?;
                self.body(name.clone())?;
                Parsed::Node(Node::Template(at, name, Some(pipe)))
            }
            "template" => {
                let name = self.name("template clause")?;
                self.skip_space();
                let pipe = if self.peek() == Some(&Token::Close) {
                    self.at += 1;
                    None
                } else {
                    Some(self.pipeline("template clause", false)?)
                };
                Parsed::Node(Node::Template(at, name, pipe))
            }
            _ => Parsed::Node(Node::Action(self.pipeline("command", false)?)),
        })
    }

    fn name(&mut self, context: &str) -> Result<String, String> {
        self.skip_space();
        let token = self.next().map(|token| token.1);
        match &token {
            Some(Token::String(text) | Token::Raw(text)) => Ok(literal_text(text).unwrap_or_default()),
            token => Err(self.unexpected(token.as_ref(), context)),
        }
    }

    fn expect_close(&mut self, context: &str) -> Result<(), String> {
        self.skip_space();
        match self.next().map(|token| token.1) {
            Some(Token::Close) => Ok(()),
            token => Err(self.unexpected(token.as_ref(), context)),
        }
    }

    /// The body of a template with a name.
    fn body(&mut self, name: String) -> Result<(), String> {
        self.enter()?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let (nodes, end) = self.list()?;
        if end != Some("end") {
            return Err(self.unexpected_end(end, "define clause"));
        }
        self.variables = outer;
        self.trees.push((name, nodes));
        self.depth -= 1;
        Ok(())
    }

    fn unexpected_end(&self, end: Option<&str>, context: &str) -> String {
        match end {
            None => self.error("unexpected EOF".to_owned()),
            Some(word) => self.error(format!("unexpected {{{{{word}}}}} in {context}")),
        }
    }

    // Models text/template/parse/parse.go parseControl
    fn control(&mut self, kind: Kind) -> Result<Node, String> {
        self.enter()?;
        let context = match kind {
            Kind::If => "if",
            Kind::Range => "range",
            Kind::With => "with",
        };
        let known = self.variables.len();
        let pipe = self.pipeline(context, kind == Kind::Range)?;
        self.ranges += usize::from(kind == Kind::Range);
        let (body, end) = self.list()?;
        self.ranges -= usize::from(kind == Kind::Range);
        let mut otherwise = Vec::new();
        match end {
            None => return Err(self.unexpected_end(None, context)),
            Some("else") => {
                let chained = match (self.peek(), kind) {
                    (Some(Token::Word(word)), Kind::If) if word == "if" => Some(Kind::If),
                    (Some(Token::Word(word)), Kind::With) if word == "with" => Some(Kind::With),
                    (Some(Token::Word(word)), _) => {
                        return Err(self.error(format!("unexpected <{word}> in else")));
                    }
                    _ => None,
                };
                if let Some(chained) = chained {
                    self.at += 1;
                    otherwise.push(self.control(chained)?);
                } else {
                    let (nodes, end) = self.list()?;
                    if end != Some("end") {
                        let why = format!("expected end; found {{{{{}}}}}", end.unwrap_or_default());
                        return Err(if end.is_none() { self.unexpected_end(None, context) } else { self.error(why) });
                    }
                    otherwise = nodes;
                }
            }
            Some(_) => {}
        }
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(Node::Branch(kind, pipe, body, otherwise))
    }

    /// A pipeline and what closes it.
    fn pipeline(&mut self, context: &str, is_range: bool) -> Result<Pipe, String> {
        let pipe = self.pipe(context, is_range)?;
        self.at += 1;
        Ok(pipe)
    }

    // Models text/template/parse/parse.go pipeline
    fn pipe(&mut self, context: &str, is_range: bool) -> Result<Pipe, String> {
        self.skip_space();
        let mut pipe = Pipe::default();
        self.declarations(&mut pipe, context, is_range)?;
        loop {
            self.skip_space();
            match self.peek() {
                Some(Token::Close | Token::RightParenthesis) => {
                    let literal = pipe.commands.iter().skip(1).find(|command| {
                        !matches!(
                            command[0].kind,
                            OperandKind::Field(_)
                                | OperandKind::Function(_)
                                | OperandKind::Variable(..)
                                | OperandKind::Pipe(..)
                        )
                    });
                    if pipe.commands.is_empty() {
                        self.at += 1;
                        return Err(self.error(format!("missing value for {context}")));
                    }
                    if let Some(command) = literal {
                        let stage =
                            2 + pipe.commands.iter().skip(1).position(|c| c[0].at == command[0].at).unwrap_or(0);
                        return Err(self.error(format!("non executable command in pipeline stage {stage}")));
                    }
                    return Ok(pipe);
                }
                Some(Token::Word(word)) if KEYWORDS.contains(&word.as_str()) => {
                    let token = self.next().map(|token| token.1);
                    return Err(self.unexpected(token.as_ref(), context));
                }
                Some(
                    Token::Word(_)
                    | Token::Number(_)
                    | Token::Char(_)
                    | Token::Dot
                    | Token::Field(_)
                    | Token::String(_)
                    | Token::Raw(_)
                    | Token::Variable(_)
                    | Token::LeftParenthesis,
                ) => {
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                token => {
                    let token = token.cloned();
                    self.at += 1;
                    return Err(self.unexpected(token.as_ref(), context));
                }
            }
        }
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str, is_range: bool) -> Result<(), String> {
        loop {
            let Some(Token::Variable(name)) = self.peek().cloned() else { return Ok(()) };
            let start = self.at;
            self.at += 1;
            self.skip_space();
            match self.peek() {
                Some(token @ (Token::Declare | Token::Assign)) => {
                    pipe.assigns = *token == Token::Assign;
                    self.at += 1;
                    pipe.variables.push(name.clone());
                    for name in pipe.variables.clone() {
                        if !pipe.assigns {
                            self.variables.push(name);
                        } else if !self.variables.contains(&name) {
                            return Err(self.error(format!("undefined variable {}", quote(&name))));
                        }
                    }
                    return Ok(());
                }
                Some(Token::Comma) => {
                    self.at += 1;
                    pipe.variables.push(name);
                    self.skip_space();
                    if is_range && pipe.variables.len() < 2 && matches!(self.peek(), Some(Token::Variable(_))) {
                        continue;
                    }
                    if is_range && pipe.variables.len() < 2 {
                        return Err(self.error("range can only initialize variables".to_owned()));
                    }
                    return Err(self.error(format!("too many declarations in {context}")));
                }
                _ => {
                    self.at = start;
                    return Ok(());
                }
            }
        }
    }

    // Models text/template/parse/parse.go command
    fn command(&mut self) -> Result<Vec<Operand>, String> {
        let mut command = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                command.push(operand);
            }
            match self.peek().cloned() {
                Some(Token::Space) => continue,
                Some(Token::Close | Token::RightParenthesis) => break,
                Some(Token::Pipe) => {
                    self.at += 1;
                    break;
                }
                token => {
                    self.at += 1;
                    return Err(self.unexpected(token.as_ref(), "operand"));
                }
            }
        }
        if command.is_empty() { Err(self.error("empty command".to_owned())) } else { Ok(command) }
    }

    /// A term, and the fields after it.
    // Models text/template/parse/parse.go operand
    fn operand(&mut self) -> Result<Option<Operand>, String> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        let Some((at, Token::Field(_))) = self.tokens.get(self.at).cloned() else { return Ok(Some(operand)) };
        let mut fields = Vec::new();
        let term = operand.text.clone();
        while let Some(Token::Field(name)) = self.peek().cloned() {
            self.at += 1;
            operand.text.push_str(&name);
            fields.push(name[1..].to_owned());
        }
        match &mut operand.kind {
            OperandKind::Field(names) | OperandKind::Variable(_, names) => {
                names.append(&mut fields);
                operand.at = at;
            }
            OperandKind::Pipe(_, names) => names.append(&mut fields),
            OperandKind::Function(_) => {
                let pipe = Pipe { commands: vec![vec![operand.clone()]], ..Pipe::default() };
                operand.kind = OperandKind::Pipe(Box::new(pipe), fields);
            }
            OperandKind::Dot | OperandKind::Nil | OperandKind::Literal(_) => {
                return Err(self.error(format!("unexpected . after term {}", quote(&term))));
            }
        }
        Ok(Some(operand))
    }

    // Models text/template/parse/parse.go term
    fn term(&mut self) -> Result<Option<Operand>, String> {
        let Some((at, token)) = self.tokens.get(self.at).cloned() else { return Ok(None) };
        let kind = match &token {
            Token::Dot => OperandKind::Dot,
            Token::Field(name) => OperandKind::Field(vec![name[1..].to_owned()]),
            Token::Variable(name) if self.variables.contains(name) => OperandKind::Variable(name.clone(), Vec::new()),
            Token::Variable(name) => {
                self.at += 1;
                return Err(self.error(format!("undefined variable {}", quote(name))));
            }
            Token::Word(word) => match word.as_str() {
                "true" | "false" => OperandKind::Literal(Value::Bool(word == "true")),
                "nil" => OperandKind::Nil,
                name if FUNCTIONS.contains(&name) => OperandKind::Function(name.to_owned()),
                word if KEYWORDS.contains(&word) => return Ok(None),
                name => {
                    self.at += 1;
                    return Err(self.error(format!("function {} not defined", quote(name))));
                }
            },
            Token::Number(text) => OperandKind::Literal(parse_number(text).unwrap_or_default()),
            Token::Char(text) => match unquote(&text[1..text.len() - 1], '\'') {
                Some(inner) if inner.chars().count() == 1 => {
                    OperandKind::Literal(Value::from(inner.chars().next().map_or(0, |c| c as u32)))
                }
                _ => return Err(self.error_at(at, format!("malformed character constant: {text}"))),
            },
            Token::String(text) | Token::Raw(text) => match literal_text(text) {
                Some(inner) => OperandKind::Literal(Value::String(inner)),
                None => return Err(self.error_at(at, "invalid syntax".to_owned())),
            },
            Token::LeftParenthesis => {
                self.at += 1;
                self.enter()?;
                let pipe = self.pipe("parenthesized pipeline", false)?;
                let closing = self.next().map(|token| token.1);
                if closing != Some(Token::RightParenthesis) {
                    return Err(self.unexpected(closing.as_ref(), "parenthesized pipeline"));
                }
                self.depth -= 1;
                let text = format!("({})", pipe.text());
                return Ok(Some(Operand { at, text, kind: OperandKind::Pipe(Box::new(pipe), Vec::new()) }));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(Operand { at, text: token.text().to_owned(), kind }))
    }
}

enum Parsed {
    Node(Node),
    Nothing,
    End(&'static str),
}

/// A token in a message.
// Models text/template/parse/lex.go item.String
fn shown(token: &Token) -> String {
    let text = token.text();
    match token {
        Token::Word(word) if word == "nil" || KEYWORDS.contains(&word.as_str()) => format!("<{word}>"),
        Token::Dot => "<.>".to_owned(),
        _ if text.chars().count() > 10 => format!("{}...", quote(&text.chars().take(10).collect::<String>())),
        _ => quote(text),
    }
}

fn literal_text(text: &str) -> Option<String> {
    let inner = &text[1..text.len() - 1];
    if text.starts_with('`') { Some(inner.replace('\r', "")) } else { unquote(inner, '"') }
}
