//! A program that runs.

use std::collections::BTreeMap;

use super::machine::{Machine, Poll};
use super::{Env, Host};
use crate::api::time::{Instant, Millis};
use crate::disks::Container;
use crate::kubectl;
use crate::kubectl::context::{Context, Output};
use crate::kubectl::wait::{Progress, Wait};
use crate::programs::{self, Call};

/// What stands on standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// What has come and was not read.
    pub text: String,
    /// Whether more can come.
    pub open: bool,
}

impl Input {
    /// Takes the next line, with its line end; the rest where no more can come.
    pub fn take_line(&mut self) -> Option<String> {
        match self.text.find('\n') {
            Some(at) => Some(self.text.drain(..=at).collect()),
            None if !self.open && !self.text.is_empty() => Some(std::mem::take(&mut self.text)),
            None => None,
        }
    }
}

/// How far a program is.
#[derive(Clone, Debug)]
enum State {
    /// It has not begun.
    Start,
    /// It sleeps until then, and ends with this code.
    Sleep(Instant, i32),
    /// kubectl waits.
    Kubectl(Box<Wait>),
    /// A shell that reads lines, with its prompt; whether the prompt stands there.
    Shell(Box<Machine>, &'static str, bool),
    /// A shell with one line to do.
    Once(Box<Machine>),
    /// kubectl runs something in a container, and does something about its pod afterwards.
    Exec(Box<Exec>),
    /// `watch`: a line that is run again and again, every so often.
    Repeat(Box<Machine>, Millis, Instant),
}

#[derive(Clone, Debug)]
struct Exec {
    machine: Machine,
    container: Container,
    /// Whether standard input is passed on.
    stdin: bool,
    /// What kubectl does when it has ended.
    after: Wait,
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Process {
    words: Vec<String>,
    /// Its own input; the shell's where it has none.
    input: Option<Input>,
    vars: BTreeMap<String, String>,
    state: State,
    /// The result so far, of a program that goes through its input line by line.
    status: Option<i32>,
}

impl Process {
    pub(super) fn new(words: Vec<String>, input: Option<Input>, vars: BTreeMap<String, String>) -> Process {
        Process { words, input, vars, state: State::Start, status: None }
    }

    pub(super) fn sleep(until: Instant, status: i32) -> Process {
        let state = State::Sleep(until, status);
        Process { words: Vec::new(), input: None, vars: BTreeMap::new(), state, status: None }
    }

    /// What kubectl waits for, where this is kubectl.
    pub fn kubectl_wait(&mut self) -> Option<&mut Wait> {
        match &mut self.state {
            State::Kubectl(wait) => Some(wait),
            State::Exec(exec) => exec.machine.foreground()?.kubectl_wait(),
            State::Shell(machine, ..) | State::Once(machine) => machine.foreground()?.kubectl_wait(),
            _ => None,
        }
    }

    /// Ctrl+C in a shell inside a container ends what runs there, not the shell. Says whether it did.
    pub fn interrupt(&mut self) -> bool {
        match &mut self.state {
            State::Shell(machine, _, shown) => {
                if !machine.foreground().is_some_and(Process::interrupt) {
                    machine.interrupt();
                }
                *shown = false;
                true
            }
            State::Exec(exec) if exec.stdin => exec.machine.foreground().is_some_and(Process::interrupt),
            State::Once(machine) => machine.foreground().is_some_and(Process::interrupt),
            _ => false,
        }
    }

    /// Goes on as far as it can.
    pub(super) fn poll(&mut self, shell: &mut Machine, out: &mut Output, env: &mut Env<'_>) -> Poll {
        loop {
            let state = std::mem::replace(&mut self.state, State::Start);
            let (state, poll) = match state {
                State::Start => match self.begin(shell, out, env) {
                    (State::Start, poll) => return poll.unwrap_or(Poll::Waits),
                    (state, None) => (state, None),
                    (state, poll) => (state, poll),
                },
                State::Sleep(until, status) => {
                    if env.cluster.now() >= until {
                        return Poll::Done(status);
                    }
                    env.wake_at(until);
                    (State::Sleep(until, status), Some(Poll::Waits))
                }
                State::Kubectl(wait) => self.poll_kubectl(wait, shell, out, env),
                State::Once(mut machine) => {
                    let poll = self.with_input(shell, &mut machine, true, env);
                    append(out, &mut machine);
                    (State::Once(machine), Some(poll))
                }
                State::Shell(machine, prompt, shown) => self.poll_shell(machine, prompt, shown, shell, out, env),
                State::Exec(exec) => self.poll_exec(exec, shell, out, env),
                State::Repeat(mut machine, every, next) => {
                    if machine.is_idle() && env.cluster.now() >= next {
                        let line = self.words[1..].join(" ");
                        out.write(CLEAR);
                        out.print(&format!("Every {:.1}s: {line}\n", every.0 as f64 / 1000.0));
                        machine.start_or_say(&line);
                        machine.poll(env);
                        append(out, &mut machine);
                        env.wake_after(every);
                        let next = env.cluster.now() + every;
                        (State::Repeat(machine, every, next), Some(Poll::Waits))
                    } else {
                        if !machine.is_idle() {
                            machine.poll(env);
                            append(out, &mut machine);
                        }
                        env.wake_at(next);
                        (State::Repeat(machine, every, next), Some(Poll::Waits))
                    }
                }
            };
            self.state = state;
            if let Some(poll) = poll {
                return poll;
            }
        }
    }

    /// Lets a shell go on with this program's input, or with none.
    fn with_input(&mut self, shell: &mut Machine, machine: &mut Machine, passed: bool, env: &mut Env<'_>) -> Poll {
        if !passed {
            return machine.poll(env);
        }
        std::mem::swap(&mut machine.input, self.input.as_mut().unwrap_or(&mut shell.input));
        let poll = machine.poll(env);
        std::mem::swap(&mut machine.input, self.input.as_mut().unwrap_or(&mut shell.input));
        poll
    }

    fn poll_shell(
        &mut self,
        mut machine: Box<Machine>,
        prompt: &'static str,
        mut shown: bool,
        shell: &mut Machine,
        out: &mut Output,
        env: &mut Env<'_>,
    ) -> (State, Option<Poll>) {
        loop {
            if machine.is_idle() {
                if machine.exits {
                    return (State::Start, Some(Poll::Done(machine.status)));
                }
                if !shown {
                    out.write(prompt);
                    shown = true;
                }
                let input = self.input.as_mut().unwrap_or(&mut shell.input);
                match input.take_line() {
                    Some(line) => {
                        machine.start_or_say(&line);
                        shown = false;
                    }
                    None if input.open => return (State::Shell(machine, prompt, shown), Some(Poll::Waits)),
                    None => return (State::Start, Some(Poll::Done(machine.status))),
                }
            }
            let poll = self.with_input(shell, &mut machine, true, env);
            append(out, &mut machine);
            if poll == Poll::Waits {
                return (State::Shell(machine, prompt, shown), Some(Poll::Waits));
            }
        }
    }

    fn poll_exec(
        &mut self,
        mut exec: Box<Exec>,
        shell: &mut Machine,
        out: &mut Output,
        env: &mut Env<'_>,
    ) -> (State, Option<Poll>) {
        let stdin = exec.stdin;
        let alive = env.cluster.store().find(&exec.container.pod).is_some_and(|pod| pod.meta.uid == exec.container.uid);
        let poll = if alive { self.with_input(shell, &mut exec.machine, stdin, env) } else { Poll::Done(137) };
        append(out, &mut exec.machine);
        match poll {
            Poll::Waits => (State::Exec(exec), Some(Poll::Waits)),
            Poll::Done(status) => (State::Kubectl(Box::new(exec.after.ended(status))), None),
        }
    }

    fn poll_kubectl(
        &mut self,
        mut wait: Box<Wait>,
        shell: &mut Machine,
        out: &mut Output,
        env: &mut Env<'_>,
    ) -> (State, Option<Poll>) {
        let progress = self.in_kubectl(shell, out, env, |context| {
            let progress = kubectl::wait::poll(context, &mut wait);
            (progress, context.wait.take())
        });
        match progress {
            (Progress::Done(status), None) => (State::Start, Some(Poll::Done(status))),
            (Progress::Done(_), Some(next)) => self.begin_wait(next, env),
            (Progress::Until(due), _) => {
                if let Some(due) = due {
                    env.wake_at(due);
                }
                (State::Kubectl(wait), Some(Poll::Waits))
            }
        }
    }

    /// What kubectl waits for now: something in the cluster, or something that runs in a container.
    fn begin_wait(&mut self, wait: Wait, env: &Env<'_>) -> (State, Option<Poll>) {
        let Some((container, words, stdin)) = wait.in_container() else {
            return (State::Kubectl(Box::new(wait)), None);
        };
        let machine = Machine::in_container(env.cluster, &container, &words);
        (State::Exec(Box::new(Exec { machine, container, stdin, after: wait })), None)
    }

    fn in_kubectl<T>(
        &mut self,
        shell: &mut Machine,
        out: &mut Output,
        env: &mut Env<'_>,
        work: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let desk = &mut *env.desk;
        let stdin = self.input.as_ref().unwrap_or(&shell.input).text.clone();
        let mut context = Context {
            cluster: env.cluster,
            config: &mut desk.config,
            files: &desk.files,
            disks: &mut desk.disks,
            writes: env.writes,
            replay: super::replay::replay,
            stdin: Some(&stdin),
            out,
            saves: Vec::new(),
            wait: None,
        };
        let result = work(&mut context);
        for (name, text) in context.saves {
            desk.files.insert(name, text.into());
        }
        result
    }

    /// Begins. Where the program has not all of its input yet, it stays at the start.
    fn begin(&mut self, shell: &mut Machine, out: &mut Output, env: &mut Env<'_>) -> (State, Option<Poll>) {
        let name = self.words[0].rsplit('/').next().unwrap_or_default().to_owned();
        let done = |status: i32| (State::Start, Some(Poll::Done(status)));
        match name.as_str() {
            "kubectl" if shell.host == Host::Local => {
                if kubectl::reads_stdin(&self.words[1..]) && self.input.as_ref().unwrap_or(&shell.input).open {
                    return (State::Start, Some(Poll::Waits));
                }
                let words = self.words[1..].to_vec();
                let (status, wait) = self.in_kubectl(shell, out, env, |context| {
                    let status = kubectl::run(context, &words);
                    (status, context.wait.take())
                });
                match wait {
                    None => done(status),
                    Some(wait) => self.begin_wait(wait, env),
                }
            }
            "sleep" => match self.words.get(1).and_then(|text| programs::seconds(text)) {
                Some(span) => (State::Sleep(env.cluster.now() + span, 0), None),
                None => {
                    let operand = self
                        .words
                        .get(1)
                        .map_or("missing operand".to_owned(), |word| format!("invalid time interval '{word}'"));
                    out.complain(&format!("sleep: {operand}"));
                    done(1)
                }
            },
            "read" => {
                let input = self.input.as_mut().unwrap_or(&mut shell.input);
                match input.take_line() {
                    Some(line) => {
                        let names: Vec<&String> =
                            self.words[1..].iter().filter(|word| !word.starts_with('-')).collect();
                        let mut rest = line.trim_end_matches('\n').trim();
                        for (i, name) in names.iter().enumerate() {
                            let split = if i + 1 < names.len() { rest.split_once(char::is_whitespace) } else { None };
                            let (value, after) = split.unwrap_or((rest, ""));
                            shell.vars.insert((*name).clone(), value.to_owned());
                            rest = after.trim_start();
                        }
                        done(0)
                    }
                    None if input.open => (State::Start, Some(Poll::Waits)),
                    None => done(1),
                }
            }
            "sh" | "bash" | "ash" => self.begin_shell(shell, out, env),
            "watch" if self.words.len() > 1 => self.begin_watch(shell, env),
            name if programs::exists(name, &shell.host) => self.run_program(name, shell, out, env),
            _ => {
                let command = &self.words[0];
                let why = if shell.host == Host::Local { "command not found" } else { "not found" };
                out.complain(&format!("{}: {command}: {why}", shell.name()));
                done(127)
            }
        }
    }

    fn begin_shell(&mut self, shell: &mut Machine, out: &mut Output, env: &mut Env<'_>) -> (State, Option<Poll>) {
        /// How deep shells may start shells.
        const DEPTH: usize = 20;
        let mut machine = Box::new(Machine::new(shell.host.clone()));
        machine.vars.clone_from(&self.vars);
        let depth = machine.vars.get("SHLVL").and_then(|depth| depth.parse::<usize>().ok()).unwrap_or_default();
        if depth > DEPTH {
            out.complain("sh: too many shells inside one another");
            return (State::Start, Some(Poll::Done(1)));
        }
        machine.vars.insert("SHLVL".to_owned(), (depth + 1).to_string());
        let at =
            self.words.iter().position(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('c'));
        if let Some(code) = at.and_then(|at| self.words.get(at + 1)) {
            let rest = at.map_or(&[][..], |at| &self.words[at + 2..]);
            machine.args = if rest.is_empty() { vec![self.words[0].clone()] } else { rest.to_vec() };
            machine.start_or_say(code);
            return (State::Once(machine), None);
        }
        if let Some(file) = self.words.get(1).filter(|word| !word.starts_with('-')) {
            machine.args = self.words[1..].to_vec();
            match super::builtin::read(&shell.host, env, file) {
                Ok(text) => machine.start_or_say(&text),
                Err(why) => {
                    out.complain(&format!("{}: {file}: {why}", self.words[0]));
                    return (State::Start, Some(Poll::Done(127)));
                }
            }
            return (State::Once(machine), None);
        }
        let is_terminal = self.input.is_none() && shell.input.open;
        let prompt = match (&shell.host, is_terminal) {
            (_, false) => "",
            (Host::Local, _) => "$ ",
            (Host::Container(container), _) => programs::prompt(env.cluster, container),
        };
        (State::Shell(machine, prompt, false), None)
    }

    fn begin_watch(&mut self, shell: &mut Machine, env: &mut Env<'_>) -> (State, Option<Poll>) {
        let mut every = Millis::from_secs(2);
        while let Some(option) = self.words.get(1).filter(|word| word.starts_with('-')).cloned() {
            self.words.remove(1);
            let joined =
                option.strip_prefix("-n").or(option.strip_prefix("--interval=")).filter(|rest| !rest.is_empty());
            let seconds = match joined {
                Some(rest) => programs::seconds(rest),
                None if option == "-n" && self.words.len() > 1 => programs::seconds(&self.words.remove(1)),
                None => None,
            };
            every = seconds.unwrap_or(every).max(Millis(100));
        }
        let mut machine = Machine::new(shell.host.clone());
        machine.aliases.clone_from(&shell.aliases);
        machine.vars.clone_from(&self.vars);
        (State::Repeat(Box::new(machine), every, env.cluster.now()), None)
    }

    /// Runs a program that needs nothing but its input.
    fn run_program(
        &mut self,
        name: &str,
        shell: &mut Machine,
        out: &mut Output,
        env: &mut Env<'_>,
    ) -> (State, Option<Poll>) {
        let mut input = String::new();
        let mut over = true;
        if programs::reads_input(name, &self.words) {
            let source = self.input.as_mut().unwrap_or(&mut shell.input);
            over = !source.open;
            if over {
                input = std::mem::take(&mut source.text);
            } else if programs::is_by_line(name, &self.words) {
                let end = source.text.rfind('\n').map_or(0, |at| at + 1);
                input = source.text.drain(..end).collect();
                if input.is_empty() {
                    return (State::Start, Some(Poll::Waits));
                }
            } else if programs::has_enough(name, &self.words, &source.text) {
                input = std::mem::take(&mut source.text);
                over = true;
            } else {
                return (State::Start, Some(Poll::Waits));
            }
        }
        let host = shell.host.clone();
        let mut call =
            Call { words: &self.words, input: &input, host: &host, vars: &self.vars, env, out, takes: Millis(0) };
        let status = programs::run(name, &mut call);
        let takes = call.takes;
        let status = self.status.map_or(status, |before| before.min(status));
        if !over {
            self.status = Some(status);
            return (State::Start, Some(Poll::Waits));
        }
        if takes > Millis(0) {
            return (State::Sleep(env.cluster.now() + takes, status), None);
        }
        (State::Start, Some(Poll::Done(status)))
    }
}

/// What clears the screen of a terminal.
pub const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

fn append(out: &mut Output, machine: &mut Machine) {
    for (is_error, text) in std::mem::take(&mut machine.out).pieces {
        out.push(is_error, &text);
    }
}
