//! A cluster with the terminals in front of it: everything that a run changes.
//!
//! Lines that run in terminals wait for what happens in the cluster, and change it; so time goes on here, event by event,
//! and after each the terminals are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::cluster::config::Config;
use crate::command::{Answer, Command};
use crate::kubectl::context::Output;
use crate::shell::{Desk, Env};
use crate::terminal::Terminal;

/// How many terminals there may be.
pub const TERMINALS: usize = 8;

/// How many instructions a line may do before others have their turn.
const BUDGET: u32 = 20_000;

/// The cluster, the desk and the terminals. A copy goes on by itself.
#[derive(Clone, Debug)]
pub struct Workbench {
    cluster: Cluster,
    desk: Desk,
    terminals: Vec<Terminal>,
}

impl Workbench {
    /// A new cluster, and one terminal.
    pub fn new(config: Config) -> Workbench {
        let mut cluster = Cluster::new(config);
        cluster.keep_writes();
        Workbench { cluster, desk: Desk::default(), terminals: vec![Terminal::default()] }
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The cluster alone.
    pub fn into_cluster(self) -> Cluster {
        self.cluster
    }

    /// The cluster, to change.
    pub fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// The terminals.
    pub fn terminals(&self) -> &[Terminal] {
        &self.terminals
    }

    /// The terminals, to ask for what only a running line knows.
    pub fn terminals_mut(&mut self) -> &mut [Terminal] {
        &mut self.terminals
    }

    /// The files that `-f` can name.
    pub fn files(&self) -> &BTreeMap<String, Arc<str>> {
        &self.desk.files
    }

    /// The desk.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Does what a command says, at the present moment.
    pub fn execute(&mut self, command: &Command) -> Answer {
        let answer = match command {
            Command::Run { terminal, line } => self.in_terminal(*terminal, |terminal, env| terminal.enter(line, env)),
            Command::Interrupt { terminal } => self.in_terminal(*terminal, Terminal::interrupt),
            Command::EndInput { terminal } => self.in_terminal(*terminal, Terminal::end_input),
            Command::Edited { terminal, text } => {
                self.in_terminal(*terminal, |terminal, env| terminal.edited(text, env))
            }
            Command::Clear { terminal } => self.in_terminal(*terminal, |terminal, _| {
                terminal.clear();
                Output::default()
            }),
            Command::SaveFile { name, text } => {
                self.desk.files.insert(name.clone(), text.as_str().into());
                Answer::default()
            }
            Command::RemoveFile { name } => {
                self.desk.files.remove(name);
                Answer::default()
            }
            command => self.cluster.execute(command),
        };
        self.look();
        answer
    }

    fn in_terminal(&mut self, number: usize, work: impl FnOnce(&mut Terminal, &mut Env<'_>) -> Output) -> Answer {
        let number = number.min(TERMINALS - 1);
        while self.terminals.len() <= number {
            self.terminals.push(Terminal::default());
        }
        let (cluster, desk) = (&mut self.cluster, &mut self.desk);
        let mut env = Env { cluster, desk, writes: &[], wake: None, budget: BUDGET };
        let output = work(&mut self.terminals[number], &mut env);
        let mut answer = Answer::default();
        for (is_error, text) in output.pieces {
            let line = text.strip_suffix('\n').unwrap_or(&text).to_owned();
            if is_error { answer.complain(line) } else { answer.print(line) }
        }
        answer
    }

    /// Lets the terminals see what has happened, as long as one of them changes something.
    fn look(&mut self) {
        /// How often terminals may answer one another at one moment.
        const ROUNDS: usize = 10;
        let now = self.cluster.now();
        for _ in 0..ROUNDS {
            let writes = self.cluster.take_writes();
            for terminal in &mut self.terminals {
                let due = terminal.wake().is_some_and(|wake| wake <= now);
                if terminal.is_busy() && (due || !writes.is_empty()) {
                    let (cluster, desk) = (&mut self.cluster, &mut self.desk);
                    terminal.poll(&mut Env { cluster, desk, writes: &writes, wake: None, budget: BUDGET });
                }
            }
            if writes.is_empty() {
                break;
            }
        }
    }

    fn wake(&self) -> Option<Instant> {
        self.terminals.iter().filter(|terminal| terminal.is_busy()).filter_map(Terminal::wake).min()
    }

    /// When something is next to be done; `None` when nothing is.
    pub fn next_due(&self) -> Option<Instant> {
        match (self.cluster.next_due(), self.wake()) {
            (Some(cluster), Some(wake)) => Some(cluster.min(wake)),
            (cluster, wake) => cluster.or(wake),
        }
    }

    /// Does the next thing that is to be done, going to its time. Says whether there was one.
    pub fn run_next(&mut self) -> bool {
        let Some(due) = self.next_due() else {
            return false;
        };
        if self.cluster.next_due().is_some_and(|cluster| cluster <= due) {
            self.cluster.run_next();
        } else {
            self.cluster.run_until(due);
        }
        self.look();
        true
    }

    /// Does everything that is due until a moment, and goes there.
    pub fn run_until(&mut self, moment: Instant) {
        while self.next_due().is_some_and(|due| due <= moment) {
            self.run_next();
        }
        self.cluster.run_until(moment);
    }
}
