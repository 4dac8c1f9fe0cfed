//! What a run depends on, as data: settings, commands with their times, and the branches that they were given on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::cluster::config::Config;
use crate::command::Command;
use crate::kubectl::line;
use crate::workbench::Workbench;

/// A place in a run: a virtual time, and how many turns of that very moment are done. A turn is a command, or one thing
/// that a component does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The virtual time.
    pub at: Instant,
    /// How many turns; where nothing is said, all that there are.
    #[serde(default = "all_turns", skip_serializing_if = "is_all_turns")]
    pub turn: u32,
}

fn all_turns() -> u32 {
    u32::MAX
}

fn is_all_turns(turn: &u32) -> bool {
    *turn == u32::MAX
}

impl Place {
    /// After all turns of a moment.
    pub fn end_of(at: Instant) -> Place {
        Place { at, turn: u32::MAX }
    }

    /// Where one is after a turn at a moment that may be this one.
    pub(super) fn after_turn(self, at: Instant) -> Place {
        if at > self.at { Place { at, turn: 1 } } else { Place { turn: self.turn + 1, ..self } }
    }
}

/// A command, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The virtual time.
    pub at: Instant,
    /// What was done.
    pub command: Command,
}

impl Entry {
    /// Whether somebody did it who would undo it. The editor's texts are saved by the way.
    pub fn is_seen(&self) -> bool {
        !matches!(self.command, Command::SaveFile { .. } | Command::RemoveFile { .. })
    }

    /// What was done, in a line: kubectl's where there is one.
    pub fn title(&self) -> String {
        match &self.command {
            Command::Run { line, .. } => line.lines().next().unwrap_or_default().to_owned(),
            Command::Apply { .. } => "kubectl apply".to_owned(),
            Command::Scale { object, replicas } => line::scale(object, *replicas),
            Command::SetImage { object, container, image } => line::set_image(object, container, image),
            Command::Patch { object, patch, .. } => line::patch(object, patch),
            Command::Delete { object, .. } => line::delete(object),
            // What kubectl has no line for is called what the log calls it.
            command => match serde_json::to_value(command) {
                Ok(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
                _ => String::new(),
            },
        }
    }
}

/// A branch that leaves another one: somebody went back and did something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The number of the branch that it leaves, which is a lower one.
    pub of: usize,
    /// How many commands it has in common with that branch.
    pub after: usize,
    /// Its own commands, in order.
    pub commands: Vec<Entry>,
    /// Until when it is known.
    #[serde(default)]
    pub until: Instant,
}

/// A second cluster on the same clock, which is given the same commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// Its settings.
    pub config: Config,
    /// What is applied there in the place of the manifests that are applied in the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The file whose text that is in the editor: `-f` finds it there under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Compare {
    /// What is done in the second cluster in the place of a command; nothing where it is the same.
    pub(super) fn instead_of(&self, command: &Command) -> Option<Command> {
        let text = self.manifest.as_ref()?;
        match command {
            Command::Apply { .. } => Some(Command::Apply { manifest: text.clone() }),
            Command::SaveFile { name, .. } if self.file.as_ref() == Some(name) => {
                Some(Command::SaveFile { name: name.clone(), text: text.clone() })
            }
            _ => None,
        }
    }
}

/// What a run depends on: the settings, and the commands with their times. It rebuilds the whole state. With branches it
/// is a tree of runs; branch 0 is the one that was first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The cluster's settings.
    pub config: Config,
    /// The commands of branch 0, in order.
    pub commands: Vec<Entry>,
    /// Until when branch 0 is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub until: Instant,
    /// Branch 1 and those that follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
    /// The cluster beside the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// The branch that is looked at.
    #[serde(default, skip_serializing_if = "is_default")]
    pub branch: usize,
    /// The place that is looked at; where nothing is said, the beginning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub place: Place,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Log {
    /// The cluster of the branch at a moment, computed anew.
    pub fn replay(&self, until: Instant) -> Cluster {
        self.rebuild(until).into_cluster()
    }

    /// The cluster and the terminals of the branch at a moment, computed anew.
    pub fn rebuild(&self, until: Instant) -> Workbench {
        let mut bench = Workbench::new(self.config.clone());
        let entries = (0..).map_while(|number| self.entry(self.branch, number));
        for entry in entries.take_while(|entry| entry.at <= until) {
            bench.run_until(entry.at);
            bench.execute(&entry.command);
        }
        bench.run_until(until);
        bench
    }

    /// Where a branch leaves which; nothing for branch 0.
    pub fn fork(&self, branch: usize) -> Option<&Fork> {
        self.forks.get(branch.checked_sub(1)?)
    }

    /// How many branches there are.
    pub fn branches(&self) -> usize {
        self.forks.len() + 1
    }

    /// The commands that a branch does not share with an earlier one.
    pub fn own(&self, branch: usize) -> &[Entry] {
        self.fork(branch).map_or(&self.commands, |fork| &fork.commands)
    }

    /// How many commands a branch has, with those that it shares.
    pub fn count(&self, branch: usize) -> usize {
        self.fork(branch).map_or(0, |fork| fork.after) + self.own(branch).len()
    }

    /// The command of this number on a branch.
    pub fn entry(&self, mut branch: usize, number: usize) -> Option<&Entry> {
        while let Some(fork) = self.fork(branch) {
            if let Some(own) = number.checked_sub(fork.after) {
                return fork.commands.get(own);
            }
            // A branch leaves an earlier one, whatever a text says.
            branch = fork.of.min(branch - 1);
        }
        self.commands.get(number)
    }

    /// Adds a command to the branch that is looked at.
    pub(super) fn push(&mut self, entry: Entry) {
        match self.branch.checked_sub(1) {
            Some(fork) => self.forks[fork].commands.push(entry),
            None => self.commands.push(entry),
        }
    }

    /// Notes until when a branch is known.
    pub(super) fn set_until(&mut self, branch: usize, until: Instant) {
        match branch.checked_sub(1) {
            Some(fork) => self.forks[fork].until = until,
            None => self.until = until,
        }
    }

    /// Leaves out what follows from the rest: how far a branch is known on which nothing was done after the place that is
    /// looked at; and where nothing was done at all, what is looked at.
    pub fn shorten(&mut self) {
        if self.commands.is_empty() && self.forks.is_empty() {
            (self.until, self.place) = Default::default();
        }
        if self.until(self.branch) <= self.place.at {
            self.set_until(self.branch, Instant::default());
        }
    }

    /// Until when a branch is known: at least until its last command.
    pub fn until(&self, branch: usize) -> Instant {
        let until = self.fork(branch).map_or(self.until, |fork| fork.until);
        let last = self.count(branch).checked_sub(1).and_then(|number| self.entry(branch, number));
        last.map_or(until, |last| until.max(last.at))
    }

    /// Puts right what cannot be, in a log that somebody wrote: branches of branches that are not there.
    pub(super) fn mend(&mut self) {
        for number in 0..self.forks.len() {
            let of = self.forks[number].of.min(number);
            let after = self.forks[number].after.min(self.count(of));
            (self.forks[number].of, self.forks[number].after) = (of, after);
        }
        self.branch = self.branch.min(self.forks.len());
    }
}
