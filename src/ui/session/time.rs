//! Going through time: to a moment, back and forth by event, to another branch; and the log that follows.

use std::sync::Arc;

use leptos::prelude::*;

use super::{LOG_LINES, LogLine, Session};
use crate::api::time::{Instant, Millis};
use crate::graph::model::Graph;
use crate::terminal::Terminal;
use crate::timeline::lanes::{self, Lane};
use crate::timeline::{Compare, Mark, Place, Timeline};
use crate::ui::clock::real_time;
use crate::ui::hooks;

/// How many turns are done before the time is looked at.
pub(super) const TURNS: usize = 32;

/// How long time may be moved at once, in milliseconds, so that the page answers in between.
pub(super) const MOST_MS: f64 = 12.0;

/// What the page shows of where it is in time.
#[derive(Clone, Copy)]
pub struct Time {
    /// Whether time runs backwards.
    pub backwards: RwSignal<bool>,
    /// Which events are shown, and stepped through.
    pub filter: RwSignal<String>,
    /// Where one is.
    pub spot: RwSignal<Spot>,
    /// What was undone, or done again.
    pub said: RwSignal<String>,
    /// The settings of the cluster beside, where there is one.
    pub compare: RwSignal<Option<Compare>>,
    /// The picture of the cluster beside.
    pub beside: RwSignal<Arc<Graph>>,
    /// The lines of the log that are shown have a number for each branch that they come from.
    run: StoredValue<(u32, (usize, usize))>,
}

/// The axis of time, and the lanes of marks. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Lanes {
    followed: StoredValue<lanes::Lanes>,
    /// The lanes, from the uppermost on.
    pub drawn: Memo<Arc<Vec<Lane>>>,
}

impl Lanes {
    /// Where a moment is: 0 at the beginning of the axis, 1 at its end.
    pub fn position(&self, at: Instant) -> f64 {
        self.drawn.track();
        self.followed.with_value(|lanes| lanes.axis.position(at))
    }

    /// The moment at a position between 0 and 1.
    pub fn moment(&self, position: f64) -> Instant {
        self.followed.with_value(|lanes| lanes.axis.moment(position))
    }
}

/// Where one is in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// How many events have happened.
    pub passed: usize,
    /// How many are known.
    pub known: usize,
    /// The last one.
    pub last: Option<(String, String)>,
    /// Whether there is a command to undo.
    pub can_undo: bool,
    /// Whether there is one to do again.
    pub can_redo: bool,
    /// The branch.
    pub branch: usize,
    /// The branches, by their numbers.
    pub branches: Vec<Twig>,
}

/// A branch of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twig {
    /// The branch that it leaves.
    pub of: Option<usize>,
    /// From when it is another one.
    pub at: Instant,
    /// What it begins with.
    pub title: String,
}

impl Time {
    /// The beginning.
    pub fn new() -> Time {
        Time {
            backwards: RwSignal::new(false),
            filter: RwSignal::new(String::new()),
            spot: RwSignal::new(Spot::default()),
            said: RwSignal::new(String::new()),
            compare: RwSignal::new(None),
            beside: RwSignal::new(Arc::default()),
            run: StoredValue::new((0, (0, 1))),
        }
    }
}

impl Spot {
    fn of(timeline: &Timeline) -> Spot {
        let (log, steps) = (timeline.log(), timeline.steps());
        let branches = (0..log.branches()).map(|branch| {
            let first = log.own(branch).iter().find(|entry| entry.is_seen());
            Twig {
                of: log.fork(branch).map(|fork| fork.of),
                at: first.map_or(log.until(branch), |first| first.at),
                title: first.map(|first| first.title()).unwrap_or_default(),
            }
        });
        Spot {
            passed: steps.len(),
            known: timeline.marks().len(),
            last: steps.last().map(|mark| (mark.object.name.clone(), lanes::word(mark).to_owned())),
            can_undo: timeline.done() > 0,
            can_redo: timeline.can_redo(),
            branch: log.branch,
            branches: branches.collect(),
        }
    }
}

impl Session {
    /// Changes where the timeline is, and shows it.
    fn travel<T: Default>(&self, go: impl FnOnce(&mut Timeline) -> T) -> T {
        hooks::pass("journey");
        let result = self.timeline.try_update_value(go).unwrap_or_default();
        self.refresh();
        result
    }

    /// Goes to a moment that is known; time stands still there.
    pub fn seek(&self, at: Instant) {
        self.playing.set(false);
        self.travel(|timeline| timeline.seek(Place::end_of(at)));
    }

    /// Goes to the next event that is shown.
    pub fn step(&self) {
        let filter = self.time.filter.get_untracked();
        self.travel(|timeline| timeline.step_to(&|mark| lanes::matches(mark, &filter), filter.trim().is_empty()));
    }

    /// Goes back to the last event that is shown.
    pub fn step_back(&self) {
        let filter = self.time.filter.get_untracked();
        self.playing.set(false);
        self.travel(|timeline| {
            let is_shown = |mark: &Mark| lanes::matches(mark, &filter);
            timeline.seek(timeline.previous(&is_shown, filter.trim().is_empty()));
        });
    }

    /// Lets virtual time pass, or run back. Where much happens, less time passes, and the page stays quick.
    pub fn advance(&self, span: Millis) {
        hooks::pass("time");
        let until = self.now.get_untracked() + span;
        if self.time.backwards.get_untracked() {
            let back = self.now.get_untracked() + span * -1;
            self.travel(|timeline| timeline.seek(Place::end_of(back)));
            if self.now.get_untracked() > back {
                // The beginning.
                self.playing.set(false);
            }
            return;
        }
        let real_time = real_time();
        let started = real_time();
        if self.story.busy.get_untracked() {
            self.tell_on(span, || real_time() - started < MOST_MS);
            return;
        }
        let go_on = |timeline: &mut Timeline| {
            let before = (timeline.steps().len(), timeline.log().branch);
            while !timeline.advance_some(until, TURNS) && real_time() - started < MOST_MS {}
            before != (timeline.steps().len(), timeline.log().branch)
        };
        let advance = || self.timeline.try_update_value(go_on).unwrap_or_default();
        // In a future that is known, files are only written again that the editor may have changed since.
        let runs = self.timeline.with_value(|timeline| {
            timeline.place() >= timeline.head() && timeline.bench().terminals().iter().any(Terminal::is_busy)
        });
        let happened = if runs { self.following_files(advance) } else { advance() };
        if happened { self.refresh() } else { self.tick() }
    }

    /// Goes back to before the last command.
    pub fn undo(&self) {
        let title = self.title_before();
        if self.travel(Timeline::undo) {
            self.time.said.set(crate::i18n::fill(self.language.get_untracked().strings().undone, &[&title]));
        }
    }

    /// Does the command again that was undone.
    pub fn redo(&self) {
        if self.travel(Timeline::redo) {
            let title = self.title_before();
            self.time.said.set(crate::i18n::fill(self.language.get_untracked().strings().redone, &[&title]));
        }
    }

    fn title_before(&self) -> String {
        self.timeline.with_value(|timeline| timeline.last_command().map(|entry| entry.title()).unwrap_or_default())
    }

    /// Goes to another branch.
    pub fn enter_branch(&self, branch: usize) {
        self.playing.set(false);
        self.travel(|timeline| timeline.enter(branch));
    }

    /// Goes to the end of what is known.
    pub fn go_to_end(&self) {
        self.travel(|timeline| timeline.seek(timeline.head()));
    }

    /// The axis of time, and the lanes of marks.
    pub fn lanes(&self) -> Lanes {
        let (graph, filter, timeline) = (self.graph, self.time.filter, self.timeline);
        let followed = StoredValue::new(lanes::Lanes::default());
        let draw = move |before: Option<&Arc<Vec<Lane>>>| {
            graph.track();
            let filter = filter.read();
            let follow = |lanes: &mut lanes::Lanes| {
                let changed = timeline.with_value(|timeline| lanes.follow(timeline, &filter));
                before.filter(|_| !changed).cloned().unwrap_or_else(|| Arc::new(lanes.drawn()))
            };
            followed.try_update_value(follow).unwrap_or_default()
        };
        let is_other = |old: Option<&Arc<_>>, new: Option<&Arc<_>>| match (old, new) {
            (Some(old), Some(new)) => !Arc::ptr_eq(old, new),
            _ => true,
        };
        Lanes { followed, drawn: Memo::new_with_compare(draw, is_other) }
    }

    /// Puts a cluster beside the first one, or takes it away.
    pub fn compare(&self, compare: Option<Compare>) {
        // Another cluster has had its part in what has happened until now.
        self.forget_log();
        self.travel(|timeline| timeline.set_compare(compare));
    }

    /// The cluster beside, for what draws one.
    pub fn beside(&self) -> Session {
        Session { graph: self.time.beside, scene: self.scene_beside, side: 1, ..*self }
    }

    /// Whether this is the cluster beside the first one.
    pub fn is_beside(&self) -> bool {
        self.side > 0
    }

    /// Shows where one is.
    pub(super) fn follow_time(&self, timeline: &Timeline) {
        if let Some(other) = timeline.other() {
            self.time.beside.set(Arc::new(self.picture_of(1, other)));
        }
        let compare = &timeline.log().compare;
        if self.time.compare.with_untracked(|old| old != compare) {
            self.time.compare.set(compare.clone());
        }
        let spot = Spot::of(timeline);
        if self.time.spot.with_untracked(|old| *old != spot) {
            self.time.spot.set(spot);
        }
        self.follow_log(timeline);
    }

    /// Empties the log, whose next lines are of another run.
    pub(super) fn forget_log(&self) {
        self.time.run.update_value(|(run, _)| *run += 1);
        self.log.update(Vec::clear);
    }

    /// Has the log show the last of what has happened on this branch until now.
    fn follow_log(&self, timeline: &Timeline) {
        let (steps, branches) = (timeline.steps(), (timeline.log().branch, timeline.log().branches()));
        let (mut run, shown_branches) = self.time.run.get_value();
        if branches != shown_branches {
            run += 1;
            self.time.run.set_value((run, branches));
        }
        let shown = self.log.with_untracked(|log| log.last().map_or(0, |line| line.number + 1));
        let goes_on = branches == shown_branches && shown <= steps.len();
        let from = if goes_on { shown } else { 0 };
        let new = steps.iter().enumerate().skip(from).rev().filter_map(|(number, step)| LogLine::of(run, number, step));
        let mut new: Vec<LogLine> = new.take(LOG_LINES).collect();
        new.reverse();
        if !goes_on || !new.is_empty() {
            self.log.update(|log| {
                if !goes_on {
                    log.clear();
                }
                log.extend(new);
                let excess = log.len().saturating_sub(LOG_LINES);
                log.drain(..excess);
            });
        }
    }
}
