//! The machine that goes through a line's instructions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expand::{Building, arithmetic, matches};
use super::parse::{self, Op, ParseError, Redirect, Streams};
use super::process::{Input, Process};
use super::{Env, Host, builtin};
use crate::api::time::{Instant, Millis};
use crate::cluster::Cluster;
use crate::disks::Container;
use crate::kubectl::context::Output;
use crate::programs;

/// How long a turn of a loop takes that waits for nothing.
const IDLE_TURN: Millis = Millis(50);

/// What looking at something that runs found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// It ended with this code.
    Done(i32),
    /// It waits.
    Waits,
}

/// What the machine waits for.
#[derive(Clone, Debug)]
enum Job {
    /// A program.
    Process(Box<Process>, Vec<(Redirect, String)>),
    /// The stages of a pipeline.
    Pipeline(Vec<Machine>),
    /// What becomes part of a word.
    Capture(Box<Machine>, bool),
    /// A group or subshell.
    Child(Box<Machine>, bool, Vec<(Redirect, String)>),
}

#[derive(Clone, Debug)]
struct Loop {
    leave: usize,
    again: usize,
    words: std::collections::VecDeque<String>,
    turned: Option<Instant>,
}

/// A shell in the middle of its instructions.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Where it runs.
    pub host: Host,
    code: Arc<[Op]>,
    at: usize,
    /// The variables.
    pub vars: BTreeMap<String, String>,
    /// The aliases.
    pub aliases: BTreeMap<String, String>,
    /// The arguments `$0`, `$1`, ….
    pub args: Vec<String>,
    /// What stands on standard input.
    pub input: Input,
    /// What was written since somebody took it.
    pub out: Output,
    /// The result of the last command.
    pub status: i32,
    /// Whether the shell is to end, and not only its line.
    pub exits: bool,
    building: Building,
    loops: Vec<Loop>,
    job: Option<Job>,
    /// Whether the line is over.
    done: bool,
}

impl Machine {
    /// A shell that has nothing to do.
    pub fn new(host: Host) -> Machine {
        Machine {
            host,
            code: Arc::new([Op::End]),
            at: 0,
            vars: BTreeMap::new(),
            aliases: BTreeMap::new(),
            args: Vec::new(),
            input: Input::default(),
            out: Output::default(),
            status: 0,
            exits: false,
            building: Building::default(),
            loops: Vec::new(),
            job: None,
            done: true,
        }
    }

    /// A shell in a container, which has begun to run a program by its words.
    pub fn in_container(cluster: &Cluster, container: &Container, words: &[String]) -> Machine {
        let mut machine = Machine::new(Host::Container(container.clone()));
        machine.vars = programs::environment(cluster, container);
        let line: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        machine.start_or_say(&line.join(" "));
        machine
    }

    /// Begins a line.
    ///
    /// # Errors
    /// Where the line is not complete or cannot be understood.
    pub fn start(&mut self, line: &str) -> Result<(), ParseError> {
        self.code = parse::parse(line)?.into();
        self.at = 0;
        self.building = Building::default();
        self.loops.clear();
        self.done = false;
        Ok(())
    }

    /// Begins a line, and says what is wrong with it where it is none.
    pub fn start_or_say(&mut self, line: &str) {
        let why = match self.start(line) {
            Ok(()) => return,
            Err(ParseError::Incomplete) => "syntax error: unexpected end of file".to_owned(),
            Err(ParseError::Syntax(why)) => why,
        };
        self.out.complain(&format!("{}: {why}", self.name()));
        self.status = 2;
        self.done = true;
    }

    /// The shell's name in messages.
    pub fn name(&self) -> &'static str {
        if self.host == Host::Local { "bash" } else { "sh" }
    }

    /// Whether nothing runs.
    pub fn is_idle(&self) -> bool {
        self.done
    }

    /// Ends what runs, as Ctrl+C does.
    pub fn interrupt(&mut self) {
        self.job = None;
        self.done = true;
        self.status = 130;
    }

    /// The program that runs in front, down through groups and pipelines; `None` where nothing does.
    pub fn foreground(&mut self) -> Option<&mut Process> {
        match self.job.as_mut()? {
            Job::Process(process, _) => Some(process),
            Job::Pipeline(stages) => stages.iter_mut().find_map(Machine::foreground),
            Job::Capture(machine, _) | Job::Child(machine, _, _) => machine.foreground(),
        }
    }

    /// A shell that goes on from a place of this one's code.
    fn child(&self, at: usize) -> Machine {
        let mut child = Machine::new(self.host.clone());
        child.code = Arc::clone(&self.code);
        child.at = at;
        child.vars.clone_from(&self.vars);
        child.aliases.clone_from(&self.aliases);
        child.args.clone_from(&self.args);
        child.status = self.status;
        child.done = false;
        child
    }

    /// Goes on as far as it can.
    pub fn poll(&mut self, env: &mut Env<'_>) -> Poll {
        loop {
            if let Some(job) = self.job.take() {
                match self.poll_job(job, env) {
                    (Some(job), _) => {
                        self.job = Some(job);
                        return Poll::Waits;
                    }
                    (None, status) => self.status = status,
                }
            }
            if self.done || self.exits {
                self.done = true;
                return Poll::Done(self.status);
            }
            if env.budget == 0 {
                env.wake_after(IDLE_TURN);
                return Poll::Waits;
            }
            env.budget -= 1;
            if !self.step(env) {
                return Poll::Waits;
            }
        }
    }

    fn poll_job(&mut self, job: Job, env: &mut Env<'_>) -> (Option<Job>, i32) {
        match job {
            Job::Process(mut process, redirects) => {
                let mut out = Output::default();
                let poll = process.poll(self, &mut out, env);
                self.route(&out, &redirects, env);
                match poll {
                    Poll::Done(status) => (None, status),
                    Poll::Waits => (Some(Job::Process(process, redirects)), 0),
                }
            }
            Job::Pipeline(mut stages) => {
                let status = self.poll_pipeline(&mut stages, env);
                (status.is_none().then_some(Job::Pipeline(stages)), status.unwrap_or_default())
            }
            Job::Capture(mut machine, quoted) => {
                std::mem::swap(&mut machine.input, &mut self.input);
                let poll = machine.poll(env);
                std::mem::swap(&mut machine.input, &mut self.input);
                // What it complains about is seen at once.
                let out = &mut machine.out.pieces;
                for piece in out.iter().filter(|piece| piece.0) {
                    self.out.push(true, &piece.1);
                }
                out.retain(|piece| !piece.0);
                match poll {
                    Poll::Waits => (Some(Job::Capture(machine, quoted)), 0),
                    Poll::Done(status) => {
                        let text = machine.out.stream(false);
                        self.building.value(text.trim_end_matches('\n'), quoted);
                        self.building.captured = true;
                        (None, status)
                    }
                }
            }
            Job::Child(mut machine, subshell, redirects) => {
                let own_input = redirects.iter().any(|r| matches!(r.0, Redirect::Read | Redirect::Here));
                if !own_input {
                    std::mem::swap(&mut machine.input, &mut self.input);
                }
                let poll = machine.poll(env);
                if !own_input {
                    std::mem::swap(&mut machine.input, &mut self.input);
                }
                let out = std::mem::take(&mut machine.out);
                self.route(&out, &redirects, env);
                match poll {
                    Poll::Waits => (Some(Job::Child(machine, subshell, redirects)), 0),
                    Poll::Done(status) => {
                        if !subshell {
                            self.vars = machine.vars;
                            self.exits = machine.exits;
                        }
                        (None, status)
                    }
                }
            }
        }
    }

    /// Lets each stage go on with what the one before has written. Gives the last one's code when it has ended; those
    /// before it end with it.
    fn poll_pipeline(&mut self, stages: &mut [Machine], env: &mut Env<'_>) -> Option<i32> {
        let last = stages.len() - 1;
        for i in 0..=last {
            if i == 0 {
                std::mem::swap(&mut stages[0].input, &mut self.input);
            }
            let poll = if stages[i].done { Poll::Done(stages[i].status) } else { stages[i].poll(env) };
            if i == 0 {
                std::mem::swap(&mut stages[0].input, &mut self.input);
            }
            let out = std::mem::take(&mut stages[i].out);
            for (is_error, text) in out.pieces {
                if is_error || i == last {
                    self.out.push(is_error, &text);
                } else {
                    stages[i + 1].input.text.push_str(&text);
                }
            }
            match poll {
                Poll::Done(status) if i == last => return Some(status),
                Poll::Done(_) => stages[i + 1].input.open = false,
                Poll::Waits => {}
            }
        }
        None
    }

    /// Sends what was written where the redirections say.
    fn route(&mut self, out: &Output, redirects: &[(Redirect, String)], env: &mut Env<'_>) {
        for (was_error, text) in &out.pieces {
            let mut is_error = *was_error;
            let mut file = None;
            // From left to right, as a shell sets them up: what 2>&1 points to is where output goes at that moment.
            let (mut output_file, mut error_file, mut error_is_output, mut output_is_error) =
                (None, None, false, false);
            for (redirect, name) in redirects {
                match redirect {
                    Redirect::Write(streams) | Redirect::Append(streams) => {
                        if *streams != Streams::Error {
                            output_file = Some(name);
                            output_is_error = false;
                        }
                        if *streams != Streams::Output {
                            error_file = Some(name);
                            error_is_output = false;
                        }
                    }
                    Redirect::ErrorToOutput => {
                        error_file = output_file;
                        error_is_output = output_file.is_none();
                    }
                    Redirect::OutputToError => {
                        output_file = error_file;
                        output_is_error = error_file.is_none();
                    }
                    Redirect::Read | Redirect::Here => {}
                }
            }
            if is_error {
                file = error_file.or(file);
                is_error = !error_is_output;
            } else {
                file = output_file.or(file);
                is_error = output_is_error;
            }
            match file {
                Some(name) => builtin::append(&self.host, env, name, text),
                None => self.out.push(is_error, text),
            }
        }
    }

    /// Does one instruction. Says whether to go on.
    fn step(&mut self, env: &mut Env<'_>) -> bool {
        let code = Arc::clone(&self.code);
        let Some(op) = code.get(self.at) else {
            self.done = true;
            return true;
        };
        self.at += 1;
        match op {
            Op::End => self.done = true,
            Op::Nop => {}
            Op::Begin => self.building = Building::default(),
            Op::Text(text, quoted) => self.building.text(text, *quoted),
            Op::Var(name, quoted, default) => self.variable(name, *quoted, default.as_deref()),
            Op::Arithmetic(text) => match arithmetic(text, &self.vars) {
                Ok(number) => self.building.value(&number.to_string(), true),
                Err(why) => {
                    self.out.complain(&format!("{}: {text}: {why}", self.name()));
                    self.status = 1;
                    self.done = true;
                }
            },
            Op::Capture(after, quoted) => {
                let machine = self.child(self.at);
                self.at = *after;
                self.job = Some(Job::Capture(Box::new(machine), *quoted));
            }
            Op::EndWord => {
                let next = code.get(self.at);
                if matches!(next, Some(Op::Redirect(_) | Op::Assign(_))) {
                    let word = self.building.end_single();
                    self.building.words.push(word);
                } else {
                    let host = self.host.clone();
                    let desk = &*env.desk;
                    self.building.end_word(&|pattern| names(&host, desk, pattern));
                }
            }
            Op::Redirect(redirect) => {
                let to_stream = matches!(redirect, Redirect::ErrorToOutput | Redirect::OutputToError);
                let name = if to_stream { String::new() } else { self.building.take_word() };
                self.building.redirects.push((*redirect, name));
            }
            Op::Assign(name) => {
                let value = self.building.take_word();
                self.building.assignments.push((name.to_string(), value));
            }
            Op::Run => self.run(env),
            Op::Pipeline(starts, after) => {
                let stages = starts.iter().enumerate().map(|(i, start)| {
                    let mut stage = self.child(*start);
                    stage.input.open = i > 0;
                    stage
                });
                let stages = stages.collect();
                self.at = *after;
                self.job = Some(Job::Pipeline(stages));
            }
            Op::Child(start, subshell) => {
                let mut machine = self.child(*start);
                let redirects = std::mem::take(&mut self.building.redirects);
                match self.open(&redirects, env) {
                    Ok(input) => {
                        machine.input = input.unwrap_or_default();
                        self.job = Some(Job::Child(Box::new(machine), *subshell, redirects));
                    }
                    Err(()) => self.status = 1,
                }
            }
            Op::Jump(to) => return self.jump(*to, env),
            Op::JumpIfFailed(to) if self.status != 0 => self.at = *to,
            Op::JumpIfOk(to) if self.status == 0 => self.at = *to,
            Op::JumpIfFailed(_) | Op::JumpIfOk(_) => {}
            Op::Not => self.status = i32::from(self.status == 0),
            Op::Loop(leave, again) => {
                let words = std::collections::VecDeque::new();
                self.loops.push(Loop { leave: *leave, again: *again, words, turned: None });
            }
            Op::ForWords => {}
            Op::ForNext(name, leave) => {
                if let Some(current) = self.loops.last_mut() {
                    if current.turned.is_none() {
                        current.turned = Some(env.cluster.now());
                        current.words = std::mem::take(&mut self.building.words).into();
                    }
                    match current.words.pop_front() {
                        Some(word) => drop(self.vars.insert(name.to_string(), word)),
                        None => self.at = *leave,
                    }
                }
            }
            Op::EndLoop => drop(self.loops.pop()),
            Op::Succeed => self.status = 0,
        }
        true
    }

    /// Jumps. A turn of a `while` loop that took no time takes a moment, so that time goes on.
    fn jump(&mut self, to: usize, env: &mut Env<'_>) -> bool {
        let code = Arc::clone(&self.code);
        let is_turn = to < self.at && !matches!(code.get(to), Some(Op::ForNext(..)));
        self.at = to;
        let now = env.cluster.now();
        match self.loops.last_mut() {
            Some(current) if is_turn => {
                let idle = current.turned == Some(now);
                current.turned = Some(now + Millis(0));
                if idle {
                    // Not before the next moment: the loop's own instruction is done again then.
                    self.job = Some(Job::Process(Box::new(Process::sleep(now + IDLE_TURN, self.status)), Vec::new()));
                }
                true
            }
            _ => true,
        }
    }

    /// Leaves or repeats the innermost loops.
    pub(super) fn leave_loop(&mut self, count: usize, again: bool) {
        for _ in 1..count.min(self.loops.len()) {
            self.loops.pop();
        }
        if let Some(current) = self.loops.last() {
            self.at = if again { current.again } else { current.leave };
        }
    }

    fn variable(&mut self, name: &str, quoted: bool, default: Option<&str>) {
        let all = |from: usize| self.args.iter().skip(from).cloned().collect::<Vec<_>>();
        let value = match name {
            "?" => self.status.to_string(),
            "#" => self.args.len().saturating_sub(1).to_string(),
            "$" => "1".to_owned(),
            "@" if quoted => {
                for (i, arg) in all(1).iter().enumerate() {
                    if i > 0 {
                        self.building.value(" ", false);
                    }
                    self.building.value(arg, true);
                }
                return;
            }
            "@" | "*" => all(1).join(" "),
            name => match name.parse::<usize>() {
                Ok(index) => self.args.get(index).cloned().unwrap_or_default(),
                Err(_) => self.vars.get(name).cloned().unwrap_or_default(),
            },
        };
        let value = if value.is_empty() { default.map_or(value, str::to_owned) } else { value };
        self.building.value(&value, quoted);
    }

    /// Prepares redirections: empties files that are written, and gives what is to be read.
    fn open(&mut self, redirects: &[(Redirect, String)], env: &mut Env<'_>) -> Result<Option<Input>, ()> {
        let mut input = None;
        for (redirect, name) in redirects {
            match redirect {
                Redirect::Read => match builtin::read(&self.host, env, name) {
                    Ok(text) => input = Some(Input { text, open: false }),
                    Err(why) => {
                        self.out.complain(&format!("{}: {name}: {why}", self.name()));
                        return Err(());
                    }
                },
                Redirect::Here => input = Some(Input { text: name.clone(), open: false }),
                Redirect::Write(_) => {
                    if let Err(why) = builtin::write(&self.host, env, name, "") {
                        self.out.complain(&format!("{}: {name}: {why}", self.name()));
                        return Err(());
                    }
                }
                Redirect::Append(_) | Redirect::ErrorToOutput | Redirect::OutputToError => {}
            }
        }
        Ok(input)
    }

    /// Runs the command that was put together.
    fn run(&mut self, env: &mut Env<'_>) {
        let Building { mut words, assignments, redirects, captured, .. } = std::mem::take(&mut self.building);
        let Ok(input) = self.open(&redirects, env) else {
            self.status = 1;
            return;
        };
        if words.is_empty() {
            if !captured {
                self.status = 0;
            }
            self.vars.extend(assignments);
            return;
        }
        if let Some(alias) = self.aliases.get(&words[0]) {
            let mut expanded: Vec<String> = alias.split_whitespace().map(str::to_owned).collect();
            expanded.extend(words.drain(1..));
            words = expanded;
            if words.is_empty() {
                return;
            }
        }
        let mut out = Output::default();
        if let Some(status) = builtin::run(self, &words, &mut out) {
            self.status = status;
            self.route(&out, &redirects, env);
            return;
        }
        let mut vars = self.vars.clone();
        vars.extend(assignments);
        let process = Process::new(words, input, vars);
        self.job = Some(Job::Process(Box::new(process), redirects));
    }
}

/// The names of files that a pattern matches.
fn names(host: &Host, desk: &super::Desk, pattern: &str) -> Vec<String> {
    match host {
        Host::Local => desk.files.keys().filter(|name| matches(pattern, name)).cloned().collect(),
        Host::Container(container) => desk.disks.matching(container, pattern),
    }
}
