//! What happened in a run, to be drawn: an axis of time, and a lane of marks for each object.

use std::collections::BTreeMap;

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::cluster::step::What;
use crate::controllers::statefulset::stateful_set_utils::parent_name_and_ordinal;

use super::{Mark, Place, Timeline};

/// How wide the axis is, in units that a mark is drawn on.
pub const WIDTH: usize = 1000;

/// How high a lane is.
pub const HEIGHT: usize = 10;

/// How much of a rest is drawn.
const REST: Millis = Millis::from_secs(10);

/// How many objects have a lane of their own. Where there are more, those of a set share one.
const MOST_LANES: usize = 7;

/// An axis of virtual time on which long rests are short. It goes on somewhat after the last event, so that it need not
/// change whenever time passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// The moments of events, and how far along the axis each is, in milliseconds.
    knots: Vec<(Instant, i64)>,
    length: i64,
}

impl Axis {
    /// The axis of what is known of a run's branch.
    pub fn of(timeline: &Timeline) -> Axis {
        let mut knots = vec![(Instant::START, 0)];
        let (mut last, mut along) = knots[0];
        let (marks, mut given) = (timeline.marks(), timeline.given().iter().map(|place| place.at).peekable());
        let mut add = |at: Instant| {
            if at > last {
                along += at.since(last).0.min(REST.0);
                last = at;
                knots.push((at, along));
            }
        };
        for mark in marks {
            while let Some(at) = given.next_if(|at| *at < mark.place.at) {
                add(at);
            }
            add(mark.place.at);
        }
        given.for_each(&mut add);
        let mut length = REST.0;
        while length < along + REST.0 {
            length = length * 5 / 4;
        }
        Axis { knots, length }
    }

    /// Where a moment is: 0 at the beginning of the axis, 1 at its end.
    pub fn position(&self, at: Instant) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= at);
        let along = match (after.checked_sub(1).and_then(|before| self.knots.get(before)), self.knots.get(after)) {
            (Some(before), Some(after)) => {
                let share = at.since(before.0).0 as f64 / after.0.since(before.0).0 as f64;
                before.1 as f64 + share * (after.1 - before.1) as f64
            }
            (Some(last), None) => (last.1 + at.since(last.0).0.min(REST.0)) as f64,
            (None, _) => 0.0,
        };
        (along / self.length.max(1) as f64).min(1.0)
    }

    /// The moment at a position between 0 and 1. After the rest that follows the last event there is no other.
    pub fn moment(&self, position: f64) -> Instant {
        let along = position * self.length as f64;
        let after = self.knots.partition_point(|knot| knot.1 as f64 <= along);
        match (after.checked_sub(1).and_then(|before| self.knots.get(before)), self.knots.get(after)) {
            (Some(before), Some(after)) => {
                let share = (along - before.1 as f64) / (after.1 - before.1) as f64;
                before.0 + Millis((share * after.0.since(before.0).0 as f64) as i64)
            }
            (Some(last), None) if along <= (last.1 + REST.0) as f64 => last.0 + Millis((along - last.1 as f64) as i64),
            (Some(_), None) => Instant(i64::MAX),
            (None, _) => Instant::START,
        }
    }
}

/// Whose marks a lane has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// What somebody did.
    Person,
    /// A set.
    Set(String),
    /// An ordinal of a set: its pod, and the claims that its pod uses.
    Ordinal(String),
    /// Several ordinals.
    Ordinals(String),
    /// All else.
    Others,
}

/// A row of marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose.
    pub owner: Owner,
    /// Changes, events, and warnings, as outlines of [`WIDTH`] by [`HEIGHT`]. With two clusters the marks of the second
    /// are in the lower half.
    pub paths: [String; 3],
}

/// What happened, in a word: an event's reason, or what was done to the object.
pub fn word(mark: &Mark) -> &str {
    match &mark.what {
        What::Created => "Created",
        What::Updated => "Updated",
        What::Terminating => "Terminating",
        What::Deleted => "Deleted",
        What::Event { reason, .. } => reason,
    }
}

/// Whether a mark has all words of a filter: of its kind, name, reason, or `warning`.
pub fn matches(mark: &Mark, filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let warning = if matches!(mark.what, What::Event { warning: true, .. }) { "Warning" } else { "" };
    let object = &mark.object;
    let text = format!("{} {}/{} {} {warning}", object.kind.name(), object.namespace, object.name, word(mark));
    let text = text.to_lowercase();
    filter.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}

type Key<'a> = (u8, &'a str, &'a str, i32);

/// Where an object's marks go: the ordinal for a pod, and for the claims and the volumes that are named after it.
fn key(object: &ObjectRef) -> Key<'_> {
    let namespace = object.namespace.as_str();
    let (parent, ordinal) = parent_name_and_ordinal(&object.name);
    match object.kind {
        Kind::StatefulSet => (1, namespace, &object.name, -1),
        Kind::Pod if ordinal >= 0 => (2, namespace, parent, ordinal),
        // A claim is named after its template, and then its pod.
        Kind::PersistentVolumeClaim if ordinal >= 0 => {
            let set = parent.split_once('-').map_or(parent, |(_, set)| set);
            (2, namespace, set, ordinal)
        }
        _ => (9, "", "", -1),
    }
}

/// The lanes of a run's branch, with the marks that a filter lets through.
pub fn lanes(timeline: &Timeline, axis: &Axis, filter: &str) -> Vec<Lane> {
    let halves = if timeline.other().is_some() { 2 } else { 1 };
    let is_shown = |mark: &&Mark| matches(mark, filter);
    let shown: Vec<&Mark> = timeline.marks().iter().filter(is_shown).collect();
    let mut rows: BTreeMap<Key<'_>, Row> = BTreeMap::new();
    for mark in &shown {
        rows.entry(key(&mark.object)).or_insert_with(|| Row::new(halves));
        if rows.len() > MOST_LANES {
            break;
        }
    }
    let is_folded = rows.len() > MOST_LANES;
    if is_folded {
        rows.clear();
    }
    let mut last = (Place::default(), 0.0);
    for mark in &shown {
        if mark.place.at != last.0.at {
            last = (mark.place, axis.position(mark.place.at));
        }
        let key = key(&mark.object);
        let key = if is_folded && key.0 == 2 { (key.0, key.1, key.2, -1) } else { key };
        let weight = match &mark.what {
            What::Event { warning: true, .. } => 2,
            What::Event { .. } | What::Created | What::Deleted => 1,
            _ => 0,
        };
        rows.entry(key).or_insert_with(|| Row::new(halves)).add(last.1, mark.side, weight);
    }
    let mut person = Row::new(1);
    for place in timeline.given() {
        person.add(axis.position(place.at), 0, 1);
    }
    let mut lanes = vec![Lane { owner: Owner::Person, paths: person.paths() }];
    lanes.extend(rows.into_iter().map(|((rank, _, name, ordinal), row)| Lane {
        owner: match (rank, ordinal) {
            (1, _) => Owner::Set(name.to_owned()),
            (2, -1) => Owner::Ordinals(name.to_owned()),
            (2, ordinal) => Owner::Ordinal(format!("{name}-{ordinal}")),
            _ => Owner::Others,
        },
        paths: row.paths(),
    }));
    lanes
}

/// The weightiest mark at each place of a lane, for each cluster: 1 and more, 0 for none.
struct Row(Vec<Vec<u8>>);

impl Row {
    fn new(halves: usize) -> Row {
        Row(vec![vec![0; WIDTH + 1]; halves])
    }

    fn add(&mut self, position: f64, side: usize, weight: u8) {
        let at = (position * WIDTH as f64) as usize;
        if let Some(slot) = self.0.get_mut(side).and_then(|half| half.get_mut(at.min(WIDTH))) {
            *slot = (*slot).max(weight + 1);
        }
    }

    fn paths(&self) -> [String; 3] {
        let mut paths = [const { String::new() }; 3];
        let high = HEIGHT / self.0.len();
        for (half, marks) in self.0.iter().enumerate() {
            for (x, weight) in marks.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                let weight = usize::from(*weight - 1);
                // What weighs more is higher; it stands on the lane's ground.
                let height = high * (weight + 2) / 4;
                let ground = high * (half + 1);
                paths[weight].push_str(&format!("M{x} {ground}v-{height}"));
            }
        }
        paths
    }
}
