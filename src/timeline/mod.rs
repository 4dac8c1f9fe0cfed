//! A run that one can go back in: the commands, the clusters that follow from them, and everything that happened.
//!
//! The state at any place follows from the log, so going back is taking an earlier copy of the clusters and doing again
//! what was done from there. Doing something else in the past begins a branch; the old future stays with the branch that
//! it is on.

mod axis;
mod checkpoints;
pub mod lanes;
mod live;
mod log;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use crate::api::time::{Instant, Millis};
use crate::cluster::Cluster;
use crate::cluster::config::Config;
use crate::cluster::step::Step;
use crate::command::{Answer, Command};
use crate::terminal::Terminal;
use crate::workbench::Workbench;
use checkpoints::Checkpoints;
use live::{Live, Turn};
pub use log::{Compare, Entry, Fork, Log, Place};

/// How many turns of a log are followed by themselves.
pub const MOST_TURNS: usize = 200_000;

/// A step of a run, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place after the turn in which it happened.
    pub place: Place,
    /// In which cluster: 0 for the first, 1 for the one beside it.
    pub side: usize,
    step: Arc<Step>,
}

impl Deref for Mark {
    type Target = Step;
    fn deref(&self) -> &Step {
        &self.step
    }
}

/// What is known of a branch.
#[derive(Clone, Debug, Default)]
struct Known {
    /// What happened, the oldest first, also after the place that is looked at.
    marks: Vec<Mark>,
    /// The places after its commands.
    given: Vec<Place>,
    /// How far it is known.
    head: Place,
    /// Up to where the copies of the branch that it leaves are its own too; nothing where nobody has looked.
    shared: Option<Place>,
}

impl Known {
    /// How many marks there are up to a place.
    fn passed(&self, place: Place) -> usize {
        self.marks.partition_point(|mark| mark.place <= place)
    }
}

/// A run with its branches, and the place that is looked at.
#[derive(Clone, Debug)]
pub struct Timeline {
    log: Log,
    known: Vec<Known>,
    checkpoints: Checkpoints,
    live: Live,
    /// Whether the known future is not to be followed, since something in it was undone.
    loose: bool,
}

impl Timeline {
    /// A run that has just begun.
    pub fn new(config: Config) -> Timeline {
        Timeline::begin(Log { config, ..Log::default() })
    }

    /// The run of a log, at the place and on the branch that it names. A log that leads on and on is followed for
    /// [`MOST_TURNS`] only.
    pub fn open(log: Log) -> Timeline {
        let mut timeline = Timeline::begin(log);
        let (end, place) = timeline.named();
        timeline.go(end, MOST_TURNS);
        timeline.seek(place);
        timeline
    }

    /// How far the log says that its branch is known, and which place it says is looked at.
    pub fn named(&self) -> (Place, Place) {
        let (until, place) = (self.log.until(self.log.branch), self.log.place);
        (Place::end_of(until.max(place.at)), place)
    }

    /// The run of a log, on its branch, at the beginning. [`Timeline::go`] leads on.
    pub fn begin(mut log: Log) -> Timeline {
        log.mend();
        let mut live = Live::new(&log);
        let known = vec![Known { head: live.place, ..Known::default() }; log.branches()];
        let mut checkpoints = Checkpoints::default();
        checkpoints.keep(log.branch, &mut live);
        Timeline { log, known, checkpoints, live, loose: false }
    }

    /// The cluster as it is now.
    pub fn cluster(&self) -> &Cluster {
        self.bench().cluster()
    }

    /// The cluster with its terminals, as it is now.
    pub fn bench(&self) -> &Workbench {
        &self.live.benches()[0]
    }

    /// The cluster beside the first one, where there is one.
    pub fn other(&self) -> Option<&Cluster> {
        self.live.benches().get(1).map(Workbench::cluster)
    }

    /// The terminals.
    pub fn terminals_mut(&mut self) -> &mut [Terminal] {
        self.live.benches_mut()[0].terminals_mut()
    }

    /// The log. Its place and its branches' ends are as they were when it was opened; see [`Timeline::saved`].
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The log with the place that is looked at: [`Timeline::open`] and [`Timeline::go`] lead there again.
    pub fn saved(&self) -> Log {
        let mut log = self.log.clone();
        log.place = self.live.place;
        for (branch, known) in self.known.iter().enumerate() {
            log.set_until(branch, known.head.at.max(log.until(branch)));
        }
        log
    }

    /// The place that is looked at.
    pub fn place(&self) -> Place {
        self.live.place
    }

    /// How far the branch is known.
    pub fn head(&self) -> Place {
        self.here().head
    }

    /// What happened on the branch, the oldest first, also after the place that is looked at.
    pub fn marks(&self) -> &[Mark] {
        &self.here().marks
    }

    /// What happened until now, the oldest first.
    pub fn steps(&self) -> &[Mark] {
        let known = self.here();
        &known.marks[..known.passed(self.live.place)]
    }

    /// Whether nothing is left to be done, and no known command lies ahead.
    pub fn rests(&self) -> bool {
        self.live.due().is_none() && (self.loose || self.live.done >= self.log.count(self.log.branch))
    }

    /// The places after the commands of the branch, also after the place that is looked at.
    pub fn given(&self) -> &[Place] {
        &self.here().given
    }

    /// How many commands are done.
    pub fn done(&self) -> usize {
        self.live.done
    }

    /// The place of the last event before this one that is to be seen, or of a command; else the beginning.
    pub fn previous(&self, is_shown: &dyn Fn(&Mark) -> bool, with_commands: bool) -> Place {
        let place = self.live.place;
        let mark = self.steps().iter().rev().find(|mark| mark.place < place && is_shown(mark)).map(|mark| mark.place);
        let command = self.given().iter().rev().find(|given| **given < place && with_commands).copied();
        mark.max(command).unwrap_or_default()
    }

    /// Steps until something happens that is to be seen, or a command is done. Says whether something did.
    pub fn step_to(&mut self, is_shown: &dyn Fn(&Mark) -> bool, with_commands: bool) -> bool {
        let (from, done) = (self.steps().len(), self.live.done);
        for _ in 0..MOST_TURNS {
            if !self.step() {
                return false;
            }
            if self.steps()[from..].iter().any(is_shown) || (with_commands && self.live.done > done) {
                return true;
            }
        }
        false
    }

    fn here(&self) -> &Known {
        &self.known[self.log.branch]
    }

    fn here_mut(&mut self) -> &mut Known {
        &mut self.known[self.log.branch]
    }

    /// Does a command now, after everything that was to be done by now, and notes it. In the past it begins a branch.
    pub fn dispatch(&mut self, command: Command) -> Answer {
        let at = self.live.place.at;
        while self.turn(Place::end_of(at), false).is_some() {}
        self.depart();
        self.log.push(Entry { at, command });
        self.turn(Place::end_of(at), true).map(|(_, answer)| answer).unwrap_or_default()
    }

    /// Lets time pass. Says whether anything happened.
    pub fn advance(&mut self, span: Millis) -> bool {
        let before = self.steps().len();
        self.advance_some(self.live.place.at + span, usize::MAX);
        self.steps().len() > before
    }

    /// Lets time pass until a moment, but does only so many turns. Says whether the moment has come.
    pub fn advance_some(&mut self, until: Instant, turns: usize) -> bool {
        self.let_go();
        self.run(Place::end_of(until), turns)
    }

    /// Has one component after the other do what it is about to do, until one of them changes something or reports an
    /// event, or a known command is done; other work of the same moment stays to be done. Says whether there was any.
    pub fn step(&mut self) -> bool {
        self.let_go();
        while let Some((made, _)) = self.turn(Place::end_of(Instant(i64::MAX)), true) {
            if made {
                return true;
            }
        }
        false
    }

    /// Goes to a place of the branch that is known, before or after this one.
    pub fn seek(&mut self, to: Place) {
        self.go(to.min(self.head()), usize::MAX);
    }

    /// Goes to a place of the branch, whether it is known or not, but does only so many turns. Says whether it is
    /// reached; if not, calling again goes on.
    pub fn go(&mut self, to: Place, turns: usize) -> bool {
        self.loose = false;
        if to < self.live.place || self.nearest(to).is_some_and(|found| found.place > self.live.place) {
            self.restore(to);
        }
        self.run(to, turns)
    }

    /// Goes on along the branch until a place.
    fn run(&mut self, to: Place, turns: usize) -> bool {
        for _ in 0..turns {
            if self.turn(to, true).is_none() {
                self.live.wait_until(to.at);
                let place = self.live.place;
                let known = self.here_mut();
                known.head = known.head.max(place);
                return true;
            }
        }
        false
    }

    /// Takes the last copy before a place.
    fn restore(&mut self, to: Place) {
        self.live = self.nearest(to).cloned().unwrap_or_else(|| Live::new(&self.log));
    }

    fn nearest(&self, to: Place) -> Option<&Live> {
        let (mut branch, mut limit) = (self.log.branch, to);
        loop {
            if let Some(found) = self.checkpoints.last(branch, limit) {
                return Some(found);
            }
            limit = limit.min(self.known[branch].shared?);
            branch = self.log.fork(branch)?.of;
        }
    }

    /// Goes to another branch, to the end of what is known of it.
    pub fn enter(&mut self, branch: usize) {
        if branch >= self.log.branches() || branch == self.log.branch {
            return;
        }
        let left = std::mem::replace(&mut self.log.branch, branch);
        self.drop_if_empty(left);
        let (head, until) = (self.head(), self.log.until(branch));
        let end = if until > head.at { Place::end_of(until) } else { head };
        self.restore(end);
        self.go(end, MOST_TURNS);
    }

    /// Goes back to the moment before the last command. Time goes on without it from there, on a branch of its own. Says
    /// whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(place) = self.last_seen().and_then(|last| self.given().get(last)).copied() else {
            return false;
        };
        self.seek(Place { turn: place.turn - 1, ..place });
        self.loose = true;
        true
    }

    /// Does the command again that was undone, or else the next one that is known. Says whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some((branch, place)) = self.next_known() else {
            return false;
        };
        self.enter(branch);
        self.seek(place);
        true
    }

    /// Whether there is a command to do again.
    pub fn can_redo(&self) -> bool {
        self.next_known().is_some()
    }

    /// The branch and the place of the command that would come next; on a branch that only leaves something out, the one
    /// that it leaves out.
    fn next_known(&self) -> Option<(usize, Place)> {
        let (done, branch) = (self.live.done, self.log.branch);
        let fork = self.log.fork(branch).filter(|fork| fork.commands.is_empty() && fork.after == done);
        let branch = fork.map_or(branch, |fork| fork.of);
        let next = (done..self.known[branch].given.len()).find(|number| self.is_seen(branch, *number))?;
        Some((branch, self.known[branch].given[next]))
    }

    /// The last command that was done, but for those that save the editor's text by the way.
    pub fn last_command(&self) -> Option<&Entry> {
        self.log.entry(self.log.branch, self.last_seen()?)
    }

    /// The number of that command.
    fn last_seen(&self) -> Option<usize> {
        (0..self.live.done).rev().find(|number| self.is_seen(self.log.branch, *number))
    }

    fn is_seen(&self, branch: usize, number: usize) -> bool {
        self.log.entry(branch, number).is_some_and(Entry::is_seen)
    }

    /// Puts another cluster beside the first one, or takes it away. The moment stays.
    pub fn set_compare(&mut self, compare: Option<Compare>) {
        let place = Place::end_of(self.live.place.at);
        *self = Timeline::open(Log { compare, place, ..self.saved() });
    }

    /// Begins again, with these settings and nothing done.
    pub fn reset(&mut self, config: Config) {
        *self = Timeline::new(config);
    }

    /// Leaves the known future for good where something in it was undone.
    fn let_go(&mut self) {
        if std::mem::take(&mut self.loose) {
            self.depart();
        }
    }

    /// Begins a branch, where the future of this one is known.
    fn depart(&mut self) {
        self.loose = false;
        let (place, left) = (self.live.place, self.log.branch);
        let known = self.here();
        let ahead = known.passed(place) < known.marks.len() || self.live.done < self.log.count(left);
        if !ahead {
            self.shorten(place);
            return;
        }
        let marks = known.marks[..known.passed(place)].to_vec();
        let given = known.given[..self.live.done].to_vec();
        let mut of = left;
        // On a branch that only leaves something out, one can leave out more.
        if let Some(fork) = self.log.fork(left).filter(|_| known.shared.is_some_and(|shared| place <= shared)) {
            of = fork.of;
            if !self.drop_if_empty(left) {
                of = left;
            }
        }
        self.log.forks.push(Fork { of, after: self.live.done, commands: Vec::new(), until: place.at });
        self.log.branch = self.log.forks.len();
        self.known.push(Known { marks, given, head: place, shared: Some(place) });
    }

    /// Forgets that time has passed after a place, on which nothing happened.
    fn shorten(&mut self, place: Place) {
        let branch = self.log.branch;
        self.here_mut().head = place;
        self.checkpoints.forget_after(branch, place);
        for (fork, known) in self.log.forks.iter().zip(self.known.iter_mut().skip(1)) {
            if fork.of == branch {
                known.shared = known.shared.map(|shared| shared.min(place));
            }
        }
    }

    /// Forgets the last branch where nothing was done on it. Says whether it did.
    fn drop_if_empty(&mut self, branch: usize) -> bool {
        let is_empty = branch > 0 && branch == self.log.forks.len() && self.log.own(branch).is_empty();
        if is_empty {
            self.log.forks.pop();
            self.known.pop();
            self.checkpoints.forget_after(branch, Place::default());
        }
        is_empty
    }

    /// Does the next thing on the branch, where that leads no further than to a place: a command that the log has, where
    /// `follow` says so, or what is due. Says whether it can be seen, and what it answers.
    fn turn(&mut self, limit: Place, follow: bool) -> Option<(bool, Answer)> {
        let branch = self.log.branch;
        let command = self.log.entry(branch, self.live.done).filter(|_| follow);
        let (to, turn) = self.live.next(command).filter(|(to, _)| *to <= limit)?;
        let answer = match (turn, command) {
            (Turn::Command, Some(entry)) => Some(self.live.execute(&self.log, &entry.command, to)),
            (Turn::Work(side), _) => {
                self.live.work(side, to);
                None
            }
            (Turn::Command, None) => None,
        };
        let known = &mut self.known[branch];
        let is_new = to > known.head;
        let mut made = answer.is_some();
        for (side, step) in self.live.take_steps() {
            made = true;
            if is_new {
                known.marks.push(Mark { place: to, side, step: Arc::new(step) });
            }
        }
        if is_new {
            known.head = to;
            known.given.extend(answer.is_some().then_some(to));
        }
        let before = self.nearest(self.live.place).map_or(0, |before| before.cost);
        if self.checkpoints.is_due(self.live.cost.saturating_sub(before)) {
            self.checkpoints.keep(branch, &mut self.live);
        }
        Some((made, answer.unwrap_or_default()))
    }
}
