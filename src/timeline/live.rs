//! The clusters at a place of a run, and what they do next.

use std::collections::BTreeSet;

use crate::api::time::Instant;
use crate::cluster::actor::Actor;
use crate::cluster::events::fingerprint_of;
use crate::cluster::step::{Step, What};
use crate::command::{Answer, Command};
use crate::workbench::Workbench;

use super::log::{Entry, Log, Place};

/// What a turn costs at least.
const TURN: u64 = 10;

/// What each write costs.
const STEP: u64 = 10;

/// Looking at so many objects costs one more.
const OBJECTS: u64 = 4;

/// What is next on a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The next command.
    Command,
    /// What is due in the cluster of this number.
    Work(usize),
}

/// One cluster, or two on one clock, at a place of a run. A copy goes on by itself.
#[derive(Clone, Debug)]
pub struct Live {
    benches: Vec<Workbench>,
    /// The place.
    pub place: Place,
    /// How many commands are done.
    pub done: usize,
    /// What the turns that are done have cost, in about a thousandth of a millisecond.
    pub cost: u64,
    /// The objects that were written since the last copy was kept.
    written: BTreeSet<u64>,
    /// How many objects there were when somebody last counted.
    objects: usize,
}

impl Live {
    /// The clusters at their beginning.
    pub fn new(log: &Log) -> Live {
        let mut benches = vec![Workbench::new(log.config.clone())];
        benches.extend(log.compare.as_ref().map(|compare| Workbench::new(compare.config.clone())));
        Live {
            place: Place { at: benches[0].cluster().now(), turn: 0 },
            benches,
            done: 0,
            cost: 0,
            written: BTreeSet::new(),
            objects: 0,
        }
    }

    /// The clusters: the first, and the one beside it where there is one.
    pub fn benches(&self) -> &[Workbench] {
        &self.benches
    }

    /// The clusters, to change.
    pub fn benches_mut(&mut self) -> &mut [Workbench] {
        &mut self.benches
    }

    /// When something is next due, and in which cluster. At the same moment the first cluster is first.
    pub fn due(&self) -> Option<(Instant, usize)> {
        let dues = self.benches.iter().enumerate().filter_map(|(side, bench)| Some((bench.next_due()?, side)));
        dues.min()
    }

    /// What comes next, and where one is after it. A command waits until everything of its moment is done.
    pub fn next(&self, command: Option<&Entry>) -> Option<(Place, Turn)> {
        let due = self.due();
        let (at, turn) = match (command, due) {
            (Some(entry), due) if due.is_none_or(|(at, _)| at > entry.at) => (entry.at, Turn::Command),
            (_, Some((at, side))) => (at, Turn::Work(side)),
            _ => return None,
        };
        Some((self.place.after_turn(at), turn))
    }

    /// Does the next thing in a cluster.
    pub fn work(&mut self, side: usize, to: Place) {
        let actor = self.benches[side].cluster().pending().next().map(|(_, actor, _)| actor);
        // These look at every pod; the others look at one object.
        let is_long = matches!(actor, Some(Actor::StatefulSetController | Actor::EndpointSliceController));
        self.benches[side].run_next();
        self.went(to, TURN + if is_long { self.objects as u64 / OBJECTS } else { 0 });
    }

    /// Counts the objects of the clusters.
    pub fn count(&mut self) -> usize {
        self.objects = self.benches.iter().map(|bench| bench.cluster().store().all().count()).sum();
        self.objects
    }

    /// How many objects were written since this was last asked.
    pub fn take_written(&mut self) -> usize {
        std::mem::take(&mut self.written).len()
    }

    /// Does a command in each cluster, and gives the first one's answer.
    pub fn execute(&mut self, log: &Log, command: &Command, to: Place) -> Answer {
        self.set_clocks(to.at);
        let mut answers = Vec::with_capacity(2);
        for (side, bench) in self.benches.iter_mut().enumerate() {
            let other = log.compare.as_ref().filter(|_| side > 0).and_then(|compare| compare.instead_of(command));
            answers.push(bench.execute(other.as_ref().unwrap_or(command)));
        }
        self.done += 1;
        self.went(to, TURN);
        answers.swap_remove(0)
    }

    fn went(&mut self, to: Place, cost: u64) {
        self.place = to;
        self.cost += cost;
    }

    /// Lets time pass, where nothing is due until then.
    pub fn wait_until(&mut self, at: Instant) {
        if at > self.place.at && self.due().is_none_or(|(due, _)| due > at) {
            self.set_clocks(at);
            self.place = Place { at, turn: 0 };
        }
    }

    fn set_clocks(&mut self, at: Instant) {
        for bench in &mut self.benches {
            bench.run_until(at);
        }
    }

    /// Takes out what was done since the last call, with the number of the cluster.
    pub fn take_steps(&mut self) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (side, bench) in self.benches.iter_mut().enumerate() {
            steps.extend(bench.cluster_mut().take_steps().into_iter().map(|step| (side, step)));
        }
        for (side, step) in steps.iter().filter(|(_, step)| !matches!(step.what, What::Event { .. })) {
            let object = &step.object;
            self.written.insert(fingerprint_of(&[object.kind.name(), &object.namespace, &object.name]) ^ *side as u64);
        }
        self.cost += STEP * steps.len() as u64;
        steps
    }
}
