//! Plays the steps of a story: makes them commands of the timeline, so that going back is going back in time.

use super::Scenario;
use super::step::{Step, Until};
use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::command::Command;
use crate::controllers::statefulset::stateful_set_utils::is_pod_ready;
use crate::kubectl::printers;
use crate::timeline::{Place, Timeline};

/// How long somebody takes at least from one line to the next: as long as the cluster needs to answer.
const PAUSE: Millis = Millis(200);

/// How long a step waits at most for its lines, and then once more for what its `wait` says.
const LONGEST: Millis = Millis::from_secs(180);

/// A story that is being played.
#[derive(Clone, Debug)]
pub struct Player {
    steps: Vec<Step>,
    /// Where each step ended; before them where the story began.
    ends: Vec<(usize, Place)>,
    /// How many steps were begun.
    at: usize,
    doing: Option<Doing>,
    /// Where the step that is not over had come to.
    left: (usize, Place),
    /// Whether a step was left because it took too long.
    late: bool,
}

/// A step that is not over.
#[derive(Clone, Debug)]
enum Doing {
    /// It was done before, up to a place.
    Again(Place),
    /// It is done: how many of its acts, nothing more before a moment, and nothing later than another.
    Acts { next: usize, from: Instant, until: Instant },
}

impl Player {
    /// Opens a story: the run that it begins with, with its files.
    pub fn open(scenario: &Scenario) -> (Player, Timeline) {
        let mut timeline = Timeline::open(scenario.run.clone());
        for (name, text) in &scenario.files {
            timeline.dispatch(Command::SaveFile { name: name.clone(), text: text.clone() });
        }
        let ends = vec![here(&timeline)];
        (Player { steps: scenario.steps.clone(), left: ends[0], ends, at: 0, doing: None, late: false }, timeline)
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How many steps were begun.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether the last step that was begun is not over.
    pub fn is_busy(&self) -> bool {
        self.doing.is_some()
    }

    /// Whether a step was left because what it waits for did not come.
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// Brings the present step to its end, where it is not over; else begins the next one.
    pub fn next(&mut self, timeline: &mut Timeline) {
        if self.doing.is_some() {
            while !self.advance(timeline, LONGEST) {}
        } else if self.at < self.steps.len() {
            let is_known = self.ends.get(self.at) == Some(&here(timeline));
            self.at += 1;
            self.left = here(timeline);
            self.doing = match self.ends.get(self.at) {
                Some((branch, end)) if is_known && *branch == timeline.log().branch => Some(Doing::Again(*end)),
                _ => {
                    self.ends.truncate(self.at);
                    let (from, until) = times_after(&self.steps[self.at - 1], 0, timeline.place().at);
                    Some(Doing::Acts { next: 0, from, until })
                }
            };
        }
    }

    /// Goes back to the moment before the present step: where the one before it ended.
    pub fn back(&mut self, timeline: &mut Timeline) {
        self.doing = None;
        let Some(before) = self.at.checked_sub(1) else { return };
        self.at = before;
        if let Some((branch, end)) = self.ends.get(before) {
            timeline.enter(*branch);
            timeline.seek(*end);
        }
    }

    /// Lets time pass, at most until the present step is over. Says whether it is: also where somebody has gone back in
    /// time meanwhile, or to another branch.
    pub fn advance(&mut self, timeline: &mut Timeline, span: Millis) -> bool {
        self.advance_some(timeline, timeline.place().at + span, usize::MAX);
        self.doing.is_none()
    }

    /// The same until a moment, but it does only about so many turns. Says whether the moment has come or the step is over.
    pub fn advance_some(&mut self, timeline: &mut Timeline, until: Instant, turns: usize) -> bool {
        if here(timeline).0 != self.left.0 || timeline.place() < self.left.1 {
            self.doing = None;
        }
        let has_come = self.go_on(timeline, until, turns);
        self.left = here(timeline);
        has_come
    }

    /// When something happens next while a step is not over: what is due in the cluster may be what is waited for.
    pub fn due(&self, timeline: &Timeline) -> Option<Instant> {
        let wake = match self.doing.as_ref()? {
            Doing::Again(place) => place.at,
            Doing::Acts { from, until, .. } => {
                if timeline.place().at < *from {
                    *from
                } else {
                    *until
                }
            }
        };
        Some(timeline.bench().next_due().map_or(wake, |due| due.min(wake)))
    }

    fn go_on(&mut self, timeline: &mut Timeline, end: Instant, turns: usize) -> bool {
        for _ in 0..turns {
            let now = timeline.place().at;
            // Whether the step is over is seen when all of a moment is done, however it is divided.
            if matches!(self.doing, Some(Doing::Acts { .. })) && !timeline.advance_some(now, turns) {
                return false;
            }
            match &mut self.doing {
                None => return true,
                Some(Doing::Again(place)) => {
                    let has_come = timeline.advance_some(end.min(place.at), turns);
                    if has_come && end >= place.at {
                        timeline.seek(*place);
                        self.doing = None;
                    }
                    return has_come;
                }
                Some(Doing::Acts { next, from, until }) => {
                    let step = &self.steps[self.at - 1];
                    if let Some(act) = step.acts.get(*next) {
                        if now >= *from && (now >= *until || is_free(timeline, act)) {
                            self.late |= !is_free(timeline, act);
                            timeline.dispatch(act.clone());
                            *next += 1;
                            (*from, *until) = times_after(step, *next, now);
                            continue;
                        }
                    } else if now >= *from && (now >= *until || is_over(timeline, step)) {
                        self.late |= !is_over(timeline, step);
                        self.ends.push(here(timeline));
                        self.doing = None;
                        return true;
                    }
                }
            }
            if now >= end {
                return true;
            }
            let due = self.due(timeline).unwrap_or(end);
            timeline.advance_some(due.min(end).max(now), turns);
        }
        false
    }
}

/// When a step goes on at the earliest and at the latest, after so many of its acts.
fn times_after(step: &Step, acts: usize, now: Instant) -> (Instant, Instant) {
    match step.wait {
        Until::For(span) if acts == step.acts.len() => (now + span, now + span),
        _ => (if acts == 0 { now } else { now + PAUSE }, now + LONGEST),
    }
}

fn here(timeline: &Timeline) -> (usize, Place) {
    (timeline.log().branch, timeline.place())
}

/// Whether a terminal waits for its next line.
fn is_idle(timeline: &Timeline, terminal: usize) -> bool {
    !timeline.bench().terminals().get(terminal).is_some_and(|terminal| terminal.is_busy())
}

/// Whether it is time for an act. What runs in the first terminal has to end first; in others it may go on.
fn is_free(timeline: &Timeline, act: &Command) -> bool {
    match act {
        Command::Interrupt { terminal: 0 } | Command::EndInput { terminal: 0 } => true,
        Command::Run { terminal, .. } => is_idle(timeline, 0) && is_idle(timeline, *terminal),
        _ => is_idle(timeline, 0),
    }
}

fn is_over(timeline: &Timeline, step: &Step) -> bool {
    match &step.wait {
        Until::Lines => is_idle(timeline, 0),
        Until::Rest => timeline.bench().next_due().is_none(),
        Until::For(_) => true,
        Until::Pod { pod, is } => has_become(timeline, pod, is),
    }
}

fn has_become(timeline: &Timeline, pod: &ObjectRef, is: &str) -> bool {
    match timeline.cluster().store().find(pod) {
        None => is == "gone",
        Some(pod) => (is == "Ready" && is_pod_ready(pod)) || printers::pod::row(pod).status == is,
    }
}
