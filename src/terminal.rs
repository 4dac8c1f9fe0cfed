//! A terminal: what was typed, what came back, and what runs.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::api::time::Instant;
use crate::disks::Container;
use crate::kubectl::context::Output;
use crate::kubectl::wait::Wait;
use crate::shell::parse::{ParseError, parse};
use crate::shell::{CLEAR, Env, Host, Input, Machine, Poll};

/// How many pieces a terminal keeps.
const KEPT: usize = 2000;

/// What a piece of the terminal's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The prompt.
    Prompt,
    /// What was typed.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// A piece of the terminal's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub style: Style,
    /// The text, with its line ends.
    pub text: Arc<str>,
}

/// A terminal. A copy goes on by itself.
#[derive(Clone, Debug)]
pub struct Terminal {
    shell: Machine,
    /// The beginning of a line that is not complete.
    begun: String,
    /// Lines that were typed while another one ran.
    ahead: VecDeque<String>,
    history: Vec<Arc<str>>,
    pieces: VecDeque<Piece>,
    /// How many pieces were dropped since the terminal was opened, or cleared.
    dropped: u64,
    wake: Option<Instant>,
}

impl Default for Terminal {
    fn default() -> Terminal {
        let mut shell = Machine::new(Host::Local);
        shell.aliases.insert("k".to_owned(), "kubectl".to_owned());
        shell.input = Input { text: String::new(), open: true };
        Terminal {
            shell,
            begun: String::new(),
            ahead: VecDeque::new(),
            history: Vec::new(),
            pieces: VecDeque::new(),
            dropped: 0,
            wake: None,
        }
    }
}

impl Terminal {
    /// What stands in the terminal, the oldest first.
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = &Piece> + ExactSizeIterator {
        self.pieces.iter()
    }

    /// How many pieces stood before the first one that is kept: with a piece's number it names the piece for ever.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The lines that were typed, the oldest first.
    pub fn history(&self) -> &[Arc<str>] {
        &self.history
    }

    /// What stands before the next line that is typed; empty while something runs, whose own prompt is in the text.
    pub fn prompt(&self) -> &'static str {
        match (self.is_busy(), self.begun.is_empty()) {
            (true, _) => "",
            (false, true) => "$ ",
            (false, false) => "> ",
        }
    }

    /// Whether a line runs.
    pub fn is_busy(&self) -> bool {
        !self.shell.is_idle()
    }

    /// The code of the last line.
    pub fn status(&self) -> i32 {
        self.shell.status
    }

    /// When the running line wants to be looked at again, whatever happens in the cluster.
    pub fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// Takes a line: to run it, or for what runs and reads it. Gives what was written by now.
    pub fn enter(&mut self, line: &str, env: &mut Env<'_>) -> Output {
        if self.is_busy() {
            self.add(Style::Input, &format!("{line}\n"));
            if self.reads() {
                self.shell.input.text.push_str(line);
                self.shell.input.text.push('\n');
            } else {
                self.ahead.push_back(line.to_owned());
            }
        } else {
            self.begin(line);
        }
        self.poll(env)
    }

    /// Whether what runs may read lines: kubectl and watches do not, shells in containers do.
    fn reads(&mut self) -> bool {
        self.shell.foreground().is_some_and(|process| process.kubectl_wait().is_none())
    }

    fn begin(&mut self, line: &str) {
        let prompt = self.prompt();
        self.add(Style::Prompt, prompt);
        self.add(Style::Input, &format!("{line}\n"));
        if !line.trim().is_empty() && self.history.last().is_none_or(|last| **last != *line) {
            self.history.push(line.into());
        }
        let whole = if self.begun.is_empty() { line.to_owned() } else { format!("{}\n{line}", self.begun) };
        if parse(&whole) == Err(ParseError::Incomplete) {
            self.begun = whole;
            return;
        }
        self.begun.clear();
        self.shell.start_or_say(&whole);
    }

    /// Lets the running line go on, and the next ones that wait for it. Gives what was written.
    pub fn poll(&mut self, env: &mut Env<'_>) -> Output {
        let mut written = Output::default();
        loop {
            env.wake = None;
            let poll = self.shell.poll(env);
            let out = std::mem::take(&mut self.shell.out);
            for (is_error, text) in out.pieces {
                self.add(if is_error { Style::Error } else { Style::Output }, &text);
                written.push(is_error, &text);
            }
            self.wake = env.wake;
            if poll == Poll::Waits {
                return written;
            }
            self.shell.input.open = true;
            self.shell.exits = false;
            let typed = std::mem::take(&mut self.shell.input.text);
            self.ahead.extend(typed.lines().map(str::to_owned));
            match self.ahead.pop_front() {
                Some(line) => self.begin(&line),
                None => return written,
            }
        }
    }

    /// Ctrl+C: ends what runs in front, or drops the line that was begun.
    pub fn interrupt(&mut self, env: &mut Env<'_>) -> Output {
        self.add(Style::Input, "^C\n");
        self.begun.clear();
        self.ahead.clear();
        if self.is_busy() && !self.shell.foreground().is_some_and(crate::shell::Process::interrupt) {
            self.shell.interrupt();
        }
        self.poll(env)
    }

    /// Ctrl+D: nothing more comes on standard input.
    pub fn end_input(&mut self, env: &mut Env<'_>) -> Output {
        if self.is_busy() {
            self.shell.input.open = false;
        }
        self.poll(env)
    }

    /// Empties the screen, as Ctrl+L does.
    pub fn clear(&mut self) {
        self.dropped += self.pieces.len() as u64;
        self.pieces.clear();
    }

    /// The text that kubectl has opened an editor with.
    pub fn editor(&mut self) -> Option<&str> {
        match self.shell.foreground()?.kubectl_wait()? {
            Wait::Edit(edit) => Some(&edit.text),
            _ => None,
        }
    }

    /// Closes the editor: with the text as it was saved.
    pub fn edited(&mut self, text: &str, env: &mut Env<'_>) -> Output {
        if let Some(Wait::Edit(edit)) = self.shell.foreground().and_then(|process| process.kubectl_wait()) {
            edit.saved = Some(text.to_owned());
        }
        self.poll(env)
    }

    /// The container that a shell in front runs in.
    pub fn container(&self) -> Option<&Container> {
        match &self.shell.host {
            Host::Container(container) => Some(container),
            Host::Local => None,
        }
    }

    fn add(&mut self, style: Style, text: &str) {
        let text = match text.rfind(CLEAR) {
            Some(at) => {
                self.clear();
                &text[at + CLEAR.len()..]
            }
            None => text,
        };
        if text.is_empty() {
            return;
        }
        self.pieces.push_back(Piece { style, text: text.into() });
        if self.pieces.len() > KEPT {
            self.pieces.pop_front();
            self.dropped += 1;
        }
    }
}
