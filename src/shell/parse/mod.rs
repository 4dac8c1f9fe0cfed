//! From the text of a shell line to instructions.
//!
//! Covers what people type into a terminal and into `sh -c`: quotes, variables, `$(…)`, `$((…))`, pipes, lists, `&&`,
//! `||`, `for`, `while`, `until`, `if`, groups, subshells, redirections, and here documents. The instructions are a flat
//! list, so that a line that waits is a position in it.

mod words;

use std::sync::Arc;

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The end of a line, of a pipeline's stage, of a substitution.
    End,
    /// Nothing.
    Nop,
    /// A command begins.
    Begin,
    /// Text of a word; quoted text is taken as it is.
    Text(Arc<str>, bool),
    /// A variable's value in a word: name, quoted, and what stands after `:-` or `-`.
    Var(Arc<str>, bool, Option<Arc<str>>),
    /// An arithmetic expression's value.
    Arithmetic(Arc<str>),
    /// The output of the instructions that follow, up to this place, in a word.
    Capture(usize, bool),
    /// The word is complete.
    EndWord,
    /// The last word is where output goes or input comes from.
    Redirect(Redirect),
    /// The last word is a variable's value.
    Assign(Arc<str>),
    /// The command is complete.
    Run,
    /// The stages of a pipeline begin at these places; the line goes on at the last.
    Pipeline(Arc<[usize]>, usize),
    /// A group or subshell that ends before this place; whether it is a shell of its own.
    Child(usize, bool),
    /// Go there.
    Jump(usize),
    /// Go there if the last command failed.
    JumpIfFailed(usize),
    /// Go there if the last command did not fail.
    JumpIfOk(usize),
    /// Turns the last command's result around.
    Not,
    /// A loop begins: where `break` goes, where `continue` goes.
    Loop(usize, usize),
    /// The words so far are what a `for` loop goes through.
    ForWords,
    /// The variable gets the next word, or the loop ends there.
    ForNext(Arc<str>, usize),
    /// The loop is over.
    EndLoop,
    /// The result of a statement that ran nothing.
    Succeed,
}

/// What a redirection does with the word after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// `<`
    Read,
    /// `<<` and `<<<`: the text itself.
    Here,
    /// `>`, `2>`, `&>`: which streams.
    Write(Streams),
    /// `>>`
    Append(Streams),
    /// `2>&1`
    ErrorToOutput,
    /// `>&2`
    OutputToError,
}

/// Which streams a redirection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// Both.
    Both,
}

/// Why a line is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It goes on in the next line.
    Incomplete,
    /// It cannot be understood; the sentence is without the shell's name.
    Syntax(String),
}

const KEYWORDS: [&str; 13] =
    ["then", "else", "elif", "fi", "do", "done", "for", "while", "until", "if", "in", "{", "}"];
/// How deep substitutions and compound commands may be nested.
const DEPTH: usize = 40;

/// Reads a line, which may have several lines.
///
/// # Errors
/// Where it is not complete, or not understood.
pub fn parse(text: &str) -> Result<Vec<Op>, ParseError> {
    let chars: Vec<char> = text.chars().collect();
    let mut parser = Parser { chars: &chars, at: 0, ops: Vec::new(), here_from: None, depth: 0 };
    parser.list(&[])?;
    match parser.peek() {
        None => {
            parser.ops.push(Op::End);
            Ok(parser.ops)
        }
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    ops: Vec<Op>,
    /// Where the text goes on after the here documents of the current line.
    here_from: Option<usize>,
    depth: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn eat(&mut self, text: &str) -> bool {
        let starts = self.starts(text);
        if starts {
            self.at += text.chars().count();
        }
        starts
    }

    fn unexpected(&self) -> ParseError {
        let rest: String = self.chars[self.at..].iter().take_while(|c| **c != '\n' && **c != ' ').take(20).collect();
        let token = if rest.is_empty() { "newline".to_owned() } else { rest };
        ParseError::Syntax(format!("syntax error near unexpected token `{token}'"))
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.chars.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#')
                    if self.at == 0 || self.chars[self.at - 1].is_whitespace() || self.chars[self.at - 1] == ';' =>
                {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn newline(&mut self) {
        self.at = self.here_from.take().unwrap_or(self.at + 1);
    }

    /// Blanks, line ends and, where a list may have them, semicolons.
    fn separators(&mut self, semicolons: bool) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n') => self.newline(),
                Some(';') if semicolons && !self.starts(";;") => self.at += 1,
                _ => return,
            }
        }
    }

    /// The keyword that stands here.
    fn keyword(&self) -> Option<&'static str> {
        KEYWORDS.into_iter().find(|word| {
            let end = self.chars.get(self.at + word.len());
            self.starts(word) && end.is_none_or(|c| c.is_whitespace() || ";&|()<>".contains(*c))
        })
    }

    fn expect(&mut self, word: &'static str) -> Parsed<()> {
        self.separators(false);
        if self.keyword() == Some(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(if self.peek().is_none() { ParseError::Incomplete } else { self.unexpected() })
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ParseError::Syntax("the line is nested too deeply".to_owned()));
        }
        Ok(())
    }

    /// Commands up to the end, a closing parenthesis, or one of the keywords.
    fn list(&mut self, ends: &[&str]) -> Parsed<()> {
        self.deeper()?;
        let mut any = false;
        loop {
            self.separators(any);
            let keyword = self.keyword();
            if keyword.is_some_and(|word| ends.contains(&word)) {
                break;
            }
            match self.peek() {
                None if ends.is_empty() => break,
                None => return Err(ParseError::Incomplete),
                Some(')') => break,
                _ => {}
            }
            self.and_or()?;
            any = true;
            self.blanks();
            match self.peek() {
                Some('&') if !self.starts("&&") => {
                    return Err(ParseError::Syntax(
                        "jobs in the background (&) are not simulated; open another terminal".to_owned(),
                    ));
                }
                None | Some(';' | '\n' | ')') => {}
                _ if self.keyword().is_some_and(|word| ends.contains(&word)) => {}
                _ => return Err(self.unexpected()),
            }
        }
        self.depth -= 1;
        if !any && !ends.is_empty() {
            return Err(self.unexpected());
        }
        Ok(())
    }

    fn and_or(&mut self) -> Parsed<()> {
        self.pipeline()?;
        loop {
            self.blanks();
            let and = self.starts("&&");
            if !and && !self.starts("||") {
                return Ok(());
            }
            self.at += 2;
            self.separators(false);
            if self.peek().is_none() {
                return Err(ParseError::Incomplete);
            }
            let jump = self.hole();
            self.pipeline()?;
            let end = self.ops.len();
            self.ops[jump] = if and { Op::JumpIfFailed(end) } else { Op::JumpIfOk(end) };
        }
    }

    /// An instruction that is filled in later.
    fn hole(&mut self) -> usize {
        self.ops.push(Op::Nop);
        self.ops.len() - 1
    }

    fn pipeline(&mut self) -> Parsed<()> {
        self.blanks();
        let negated = self.starts("! ");
        if negated {
            self.at += 2;
        }
        let pipe = self.hole();
        let mut stages = vec![self.ops.len()];
        loop {
            self.command()?;
            self.blanks();
            if !self.starts("|") || self.starts("||") {
                break;
            }
            self.at += 1;
            if self.eat("&") {
                return Err(ParseError::Syntax("syntax error near unexpected token `&'".to_owned()));
            }
            self.separators(false);
            if self.peek().is_none() {
                return Err(ParseError::Incomplete);
            }
            self.ops.push(Op::End);
            stages.push(self.ops.len());
        }
        if stages.len() > 1 {
            self.ops.push(Op::End);
            self.ops[pipe] = Op::Pipeline(stages.into(), self.ops.len());
        }
        if negated {
            self.ops.push(Op::Not);
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<()> {
        self.blanks();
        if self.peek() == Some('(') {
            self.at += 1;
            return self.child(true, &[], ")");
        }
        match self.keyword() {
            Some("{") => {
                self.at += 1;
                self.child(false, &["}"], "}")
            }
            Some(word @ ("for" | "while" | "until" | "if")) => {
                self.at += word.len();
                // A loop with a redirection is a group of its own, so a place is kept for it.
                let begin = self.hole();
                self.ops.push(Op::Nop);
                match word {
                    "for" => self.for_loop()?,
                    "if" => self.condition()?,
                    word => self.while_loop(word == "until")?,
                }
                self.blanks();
                if self.is_redirect() {
                    self.ops.push(Op::End);
                    self.ops[begin] = Op::Jump(self.ops.len());
                    let start = begin + 1;
                    self.finish_child(start, false)?;
                }
                Ok(())
            }
            Some(_) => Err(self.unexpected()),
            None => self.simple(),
        }
    }

    /// A group or a subshell: the instructions inside, a jump over them, and the redirections, which come after them.
    fn child(&mut self, subshell: bool, ends: &[&str], close: &str) -> Parsed<()> {
        let jump = self.hole();
        let start = self.ops.len();
        self.list(ends)?;
        if !self.eat(close) {
            return Err(if self.peek().is_none() { ParseError::Incomplete } else { self.unexpected() });
        }
        self.ops.push(Op::End);
        self.ops[jump] = Op::Jump(self.ops.len());
        self.finish_child(start, subshell)
    }

    fn finish_child(&mut self, start: usize, subshell: bool) -> Parsed<()> {
        self.ops.push(Op::Begin);
        loop {
            self.blanks();
            if !self.redirect()? {
                break;
            }
        }
        self.ops.push(Op::Child(start, subshell));
        Ok(())
    }

    fn for_loop(&mut self) -> Parsed<()> {
        self.blanks();
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
            self.at += 1;
        }
        if name.is_empty() {
            return Err(if self.peek().is_none() { ParseError::Incomplete } else { self.unexpected() });
        }
        self.ops.push(Op::Begin);
        self.separators(false);
        if self.keyword() == Some("in") {
            self.at += 2;
            self.blanks();
            while self.peek().is_some_and(|c| c != ';' && c != '\n') {
                if !self.word()? {
                    return Err(self.unexpected());
                }
                self.ops.push(Op::EndWord);
                self.blanks();
            }
        }
        self.separators(true);
        self.ops.push(Op::ForWords);
        let begin = self.hole();
        let next = self.hole();
        self.expect("do")?;
        self.list(&["done"])?;
        self.expect("done")?;
        self.ops.push(Op::Jump(next));
        let end = self.ops.len();
        self.ops[begin] = Op::Loop(end, next);
        self.ops[next] = Op::ForNext(name.into(), end);
        self.ops.push(Op::EndLoop);
        Ok(())
    }

    fn while_loop(&mut self, until: bool) -> Parsed<()> {
        let begin = self.hole();
        let next = self.ops.len();
        self.list(&["do"])?;
        let leave = self.hole();
        self.expect("do")?;
        self.list(&["done"])?;
        self.expect("done")?;
        self.ops.push(Op::Jump(next));
        let succeed = self.ops.len();
        self.ops.push(Op::Succeed);
        let end = self.ops.len();
        self.ops[leave] = if until { Op::JumpIfOk(succeed) } else { Op::JumpIfFailed(succeed) };
        self.ops[begin] = Op::Loop(end, next);
        self.ops.push(Op::EndLoop);
        Ok(())
    }

    fn condition(&mut self) -> Parsed<()> {
        let mut exits = Vec::new();
        loop {
            self.list(&["then"])?;
            let jump = self.hole();
            self.expect("then")?;
            self.list(&["elif", "else", "fi"])?;
            exits.push(self.hole());
            self.ops[jump] = Op::JumpIfFailed(self.ops.len());
            self.separators(false);
            match self.keyword() {
                Some("elif") => self.at += 4,
                Some("else") => {
                    self.at += 4;
                    self.list(&["fi"])?;
                    break;
                }
                _ => {
                    self.ops.push(Op::Succeed);
                    break;
                }
            }
        }
        self.expect("fi")?;
        let end = self.ops.len();
        for exit in exits {
            self.ops[exit] = Op::Jump(end);
        }
        Ok(())
    }

    fn simple(&mut self) -> Parsed<()> {
        self.ops.push(Op::Begin);
        let mut words = 0;
        let mut any = false;
        loop {
            self.blanks();
            if self.redirect()? {
                any = true;
                continue;
            }
            let name = if words == 0 { self.assignment() } else { None };
            if let Some(name) = name {
                self.word()?;
                self.ops.push(Op::EndWord);
                self.ops.push(Op::Assign(name.into()));
            } else if self.word()? {
                self.ops.push(Op::EndWord);
                words += 1;
            } else {
                break;
            }
            any = true;
        }
        if !any {
            return Err(if self.peek().is_none() { ParseError::Incomplete } else { self.unexpected() });
        }
        self.ops.push(Op::Run);
        Ok(())
    }
}
