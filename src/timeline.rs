//! The log of commands, and the cluster that follows from it.

use serde::{Deserialize, Serialize};

use crate::api::time::{Instant, Millis};
use crate::cluster::Cluster;
use crate::cluster::config::Config;
use crate::cluster::step::Step;
use crate::command::{Answer, Command};
use crate::terminal::Terminal;
use crate::workbench::Workbench;

/// A command, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The virtual time.
    pub at: Instant,
    /// What was done.
    pub command: Command,
}

/// What a run depends on: the settings, and the commands with their times. It rebuilds the whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The cluster's settings.
    pub config: Config,
    /// The commands, in order.
    pub commands: Vec<Entry>,
}

impl Log {
    /// The cluster at a moment, computed anew.
    pub fn replay(&self, until: Instant) -> Cluster {
        self.rebuild(until).into_cluster()
    }

    /// The cluster and the terminals at a moment, computed anew.
    pub fn rebuild(&self, until: Instant) -> Workbench {
        let mut bench = Workbench::new(self.config.clone());
        for entry in self.commands.iter().take_while(|entry| entry.at <= until) {
            bench.run_until(entry.at);
            bench.execute(&entry.command);
        }
        bench.run_until(until);
        bench
    }
}

/// A run: its log, the cluster as it is now, and everything that happened on the way.
#[derive(Clone, Debug)]
pub struct Timeline {
    log: Log,
    bench: Workbench,
    steps: Vec<Step>,
}

impl Timeline {
    /// A run that has just begun.
    pub fn new(config: Config) -> Timeline {
        let bench = Workbench::new(config.clone());
        Timeline { log: Log { config, commands: Vec::new() }, bench, steps: Vec::new() }
    }

    /// The cluster as it is now.
    pub fn cluster(&self) -> &Cluster {
        self.bench.cluster()
    }

    /// The cluster with its terminals, as it is now.
    pub fn bench(&self) -> &Workbench {
        &self.bench
    }

    /// The terminals.
    pub fn terminals_mut(&mut self) -> &mut [Terminal] {
        self.bench.terminals_mut()
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What happened, the oldest first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Does a command now, after everything that was to be done by now, and notes it.
    pub fn dispatch(&mut self, command: Command) -> Answer {
        let now = self.cluster().now();
        self.bench.run_until(now);
        let answer = self.bench.execute(&command);
        self.log.commands.push(Entry { at: now, command });
        self.collect();
        answer
    }

    /// Lets time pass. Says whether anything happened.
    pub fn advance(&mut self, span: Millis) -> bool {
        let until = self.cluster().now() + span;
        self.bench.run_until(until);
        self.collect()
    }

    /// Has one component after the other do what it is about to do, until one of them changes something or reports an
    /// event; other work of the same moment stays to be done. Says whether there was any.
    pub fn step(&mut self) -> bool {
        while self.bench.run_next() {
            if self.collect() {
                return true;
            }
        }
        false
    }

    /// Begins again, with these settings and nothing done.
    pub fn reset(&mut self, config: Config) {
        *self = Timeline::new(config);
    }

    fn collect(&mut self) -> bool {
        let steps = self.bench.cluster_mut().take_steps();
        let any = !steps.is_empty();
        self.steps.extend(steps);
        any
    }
}
