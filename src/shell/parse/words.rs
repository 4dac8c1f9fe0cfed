//! Words and redirections: quotes, variables, `$(…)`, `$((…))`, here documents.

use super::{Op, ParseError, Parsed, Parser, Redirect, Streams};

impl Parser<'_> {
    /// The name before `=`, where an assignment stands here.
    pub(super) fn assignment(&mut self) -> Option<String> {
        let rest = &self.chars[self.at..];
        let end = rest.iter().position(|c| !(c.is_alphanumeric() || *c == '_'))?;
        if end == 0 || rest[end] != '=' || rest[0].is_ascii_digit() {
            return None;
        }
        self.at += end + 1;
        Some(rest[..end].iter().collect())
    }

    pub(super) fn is_redirect(&self) -> bool {
        let digit = self.peek().is_some_and(|c| c.is_ascii_digit())
            && self.chars.get(self.at + 1).is_some_and(|c| "<>".contains(*c));
        digit || self.starts("&>") || matches!(self.peek(), Some('<' | '>'))
    }

    pub(super) fn redirect(&mut self) -> Parsed<bool> {
        if !self.is_redirect() {
            return Ok(false);
        }
        let mut streams = Streams::Output;
        match self.peek() {
            Some('2') => {
                streams = Streams::Error;
                self.at += 1;
            }
            Some('&') => {
                streams = Streams::Both;
                self.at += 1;
            }
            Some(c) if c.is_ascii_digit() => self.at += 1,
            _ => {}
        }
        if self.eat(">&1") {
            if streams == Streams::Error {
                self.ops.push(Op::Redirect(Redirect::ErrorToOutput));
            }
            return Ok(true);
        }
        if self.eat(">&2") {
            self.ops.push(Op::Redirect(Redirect::OutputToError));
            return Ok(true);
        }
        if self.eat("<<<") {
            self.target()?;
            self.ops.push(Op::Text("\n".into(), true));
            return self.redirected(Redirect::Here);
        }
        if self.eat("<<") {
            self.here_document()?;
            return self.redirected(Redirect::Here);
        }
        let kind = if self.eat(">>") {
            Redirect::Append(streams)
        } else if self.eat(">|") || self.eat(">") {
            Redirect::Write(streams)
        } else {
            self.at += 1;
            Redirect::Read
        };
        self.target()?;
        self.redirected(kind)
    }

    pub(super) fn redirected(&mut self, kind: Redirect) -> Parsed<bool> {
        self.ops.push(Op::EndWord);
        self.ops.push(Op::Redirect(kind));
        Ok(true)
    }

    fn target(&mut self) -> Parsed<()> {
        self.blanks();
        if self.word()? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn here_document(&mut self) -> Parsed<()> {
        let tabs = self.eat("-");
        self.blanks();
        let mut quoted = false;
        let mut end = String::new();
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !";&|<>()".contains(*c)) {
            self.at += 1;
            if c == '\'' || c == '"' || c == '\\' {
                quoted = true;
            } else {
                end.push(c);
            }
        }
        let line_end = self.chars[self.at..].iter().position(|c| *c == '\n').map(|n| self.at + n + 1);
        let Some(mut at) = self.here_from.or(line_end) else {
            return Err(ParseError::Incomplete);
        };
        let mut body = String::new();
        loop {
            if at >= self.chars.len() {
                return Err(ParseError::Incomplete);
            }
            let length = self.chars[at..].iter().position(|c| *c == '\n').unwrap_or(self.chars.len() - at);
            let line: String = self.chars[at..at + length].iter().collect();
            let line = line.strip_suffix('\r').unwrap_or(&line);
            let line = if tabs { line.trim_start_matches('\t') } else { line };
            at = (at + length + 1).min(self.chars.len() + 1);
            if line == end {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        self.here_from = Some(at.min(self.chars.len()));
        if quoted {
            self.ops.push(Op::Text(body.into(), true));
            return Ok(());
        }
        self.ops.push(Op::Text("".into(), true));
        let chars: Vec<char> = body.chars().collect();
        let ops = std::mem::take(&mut self.ops);
        let mut inner = Parser { chars: &chars, at: 0, ops, here_from: None, depth: self.depth };
        inner.double_quoted(None)?;
        self.ops = inner.ops;
        Ok(())
    }

    /// A word's parts. Says whether there is a word.
    pub(super) fn word(&mut self) -> Parsed<bool> {
        let begin = self.at;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    self.flush(&mut text);
                    self.at += 1;
                    let length = self.chars[self.at..].iter().position(|c| *c == '\'').ok_or(ParseError::Incomplete)?;
                    let quoted: String = self.chars[self.at..self.at + length].iter().collect();
                    self.ops.push(Op::Text(quoted.into(), true));
                    self.at += length + 1;
                }
                '"' => {
                    self.flush(&mut text);
                    self.at += 1;
                    self.ops.push(Op::Text("".into(), true));
                    self.double_quoted(Some('"'))?;
                }
                '\\' => {
                    self.flush(&mut text);
                    match self.chars.get(self.at + 1) {
                        None => return Err(ParseError::Incomplete),
                        Some('\n') => {}
                        Some(c) => self.ops.push(Op::Text(c.to_string().into(), true)),
                    }
                    self.at += 2;
                }
                '$' | '`' => {
                    self.flush(&mut text);
                    self.dollar(false)?;
                }
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        self.flush(&mut text);
        Ok(self.at > begin)
    }

    fn flush(&mut self, text: &mut String) {
        if !text.is_empty() {
            self.ops.push(Op::Text(std::mem::take(text).into(), false));
        }
    }

    /// Text up to a double quote, or to the end of a here document.
    fn double_quoted(&mut self, end: Option<char>) -> Parsed<()> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None if end.is_none() => break,
                None => return Err(ParseError::Incomplete),
                Some(c) if Some(c) == end => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    match self.chars.get(self.at + 1) {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '\\')) => text.push(*c),
                        Some('"') if end.is_some() => text.push('"'),
                        Some(c) => text.extend(['\\', *c]),
                        None => text.push('\\'),
                    }
                    self.at += 2;
                }
                Some('$' | '`') => {
                    if !text.is_empty() {
                        self.ops.push(Op::Text(std::mem::take(&mut text).into(), true));
                    }
                    self.dollar(true)?;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        self.at = self.at.min(self.chars.len());
        if !text.is_empty() {
            self.ops.push(Op::Text(text.into(), true));
        }
        Ok(())
    }

    /// A variable or substitution.
    fn dollar(&mut self, quoted: bool) -> Parsed<()> {
        if self.eat("`") {
            let length = self.chars[self.at..].iter().position(|c| *c == '`').ok_or(ParseError::Incomplete)?;
            let inside: Vec<char> = self.chars[self.at..self.at + length].to_vec();
            self.at += length + 1;
            let capture = self.hole();
            let ops = std::mem::take(&mut self.ops);
            let mut inner = Parser { chars: &inside, at: 0, ops, here_from: None, depth: self.depth };
            inner.list(&[])?;
            self.ops = inner.ops;
            self.ops.push(Op::End);
            self.ops[capture] = Op::Capture(self.ops.len(), quoted);
            return Ok(());
        }
        if self.starts("$((") {
            let rest: String = self.chars[self.at + 3..].iter().collect();
            let length = rest.find("))").ok_or(ParseError::Incomplete)?;
            self.at += 3 + rest[..length].chars().count() + 2;
            self.ops.push(Op::Arithmetic(rest[..length].into()));
            return Ok(());
        }
        if self.eat("$(") {
            let capture = self.hole();
            self.list(&[])?;
            if !self.eat(")") {
                return Err(ParseError::Incomplete);
            }
            self.ops.push(Op::End);
            self.ops[capture] = Op::Capture(self.ops.len(), quoted);
            return Ok(());
        }
        self.at += 1;
        if self.eat("{") {
            let length = self.chars[self.at..].iter().position(|c| *c == '}').ok_or(ParseError::Incomplete)?;
            let inside: String = self.chars[self.at..self.at + length].iter().collect();
            self.at += length + 1;
            let name_end = inside.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inside.len());
            let special = name_end == 0 && inside.chars().count() == 1;
            let (name, rest) = if special { (inside.as_str(), "") } else { inside.split_at(name_end) };
            let default = match rest {
                "" => None,
                rest => Some(
                    rest.strip_prefix(":-")
                        .or(rest.strip_prefix('-'))
                        .or(rest.strip_prefix(":="))
                        .ok_or_else(|| ParseError::Syntax(format!("${{{inside}}}: bad substitution")))?,
                ),
            };
            if name.is_empty() {
                return Err(ParseError::Syntax(format!("${{{inside}}}: bad substitution")));
            }
            self.ops.push(Op::Var(name.into(), quoted, default.map(Into::into)));
            return Ok(());
        }
        let mut name = String::new();
        while let Some(c) = self.peek() {
            let special = name.is_empty() && (c.is_ascii_digit() || "?#@*$!".contains(c));
            let is_name = c.is_alphanumeric() || c == '_';
            if !special && !is_name {
                break;
            }
            name.push(c);
            self.at += 1;
            if special {
                break;
            }
        }
        self.ops.push(if name.is_empty() { Op::Text("$".into(), true) } else { Op::Var(name.into(), quoted, None) });
        Ok(())
    }
}
