//! What happened in a run, to be drawn: a lane of marks for each object, along an axis of time.

use std::sync::Arc;

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::cluster::step::What;
use crate::controllers::statefulset::stateful_set_utils::parent_name_and_ordinal;

pub use super::axis::Axis;
use super::{Mark, Place, Timeline};

/// How wide the axis is, in units that a mark is drawn on.
pub const WIDTH: usize = 1000;

/// How high a lane is.
pub const HEIGHT: usize = 10;

/// How many objects have a lane of their own. Where there are more, those of a set share one.
const MOST_LANES: usize = 7;

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
    pub paths: Arc<[String; 3]>,
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

/// The lanes of a run's branch, with the marks that a filter lets through. They follow the run: what is in them already is
/// not looked at again.
#[derive(Clone, Debug)]
pub struct Lanes {
    filter: String,
    /// The axis that they are drawn on.
    pub axis: Axis,
    /// How many marks they have taken in, and the last one.
    taken: (usize, Option<Mark>),
    /// The same of the commands.
    given: (usize, Place),
    /// How many clusters there are.
    clusters: usize,
    /// Whether the ordinals of a set share a lane.
    folded: bool,
    person: Row,
    rows: Vec<(Key<String>, Row)>,
}

/// By what lanes are told apart, and in which order they stand.
type Key<T> = (u8, T, T, i32);

/// Where an object's marks go: the ordinal for a pod, and for the claims and the volumes that are named after it.
fn key(object: &ObjectRef) -> Key<&str> {
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

impl Default for Lanes {
    fn default() -> Lanes {
        Lanes::new(1, "")
    }
}

impl Lanes {
    fn new(clusters: usize, filter: &str) -> Lanes {
        Lanes {
            filter: filter.to_owned(),
            axis: Axis::default(),
            taken: (0, None),
            given: (0, Place::default()),
            clusters,
            folded: false,
            person: Row::new(1),
            rows: Vec::new(),
        }
    }

    /// Takes in what has happened. Says whether anything is to be drawn anew.
    pub fn follow(&mut self, timeline: &Timeline, filter: &str) -> bool {
        let clusters = if timeline.other().is_some() { 2 } else { 1 };
        let (marks, given) = (timeline.marks(), timeline.given());
        let goes_on = self.filter == filter && self.clusters == clusters && self.is_beginning_of(marks, given);
        if !goes_on {
            *self = Lanes::new(clusters, filter);
        }
        let (from, from_given) = (self.taken.0, self.given.0);
        let is_longer = self.axis.extend(&marks[from..], &given[from_given..]);
        if is_longer {
            self.clear();
            self.take(marks, given);
        } else {
            self.take(&marks[from..], &given[from_given..]);
        }
        if self.rows.len() > MOST_LANES && !self.folded {
            self.folded = true;
            self.clear();
            self.take(marks, given);
        }
        self.taken = (marks.len(), marks.last().cloned());
        self.given = (given.len(), given.last().copied().unwrap_or_default());
        !goes_on || from < marks.len() || from_given < given.len()
    }

    /// Whether what was taken in is the beginning of this.
    fn is_beginning_of(&self, marks: &[Mark], given: &[Place]) -> bool {
        let (taken, last) = &self.taken;
        let same_marks = last.as_ref().is_none_or(|last| {
            marks.get(taken - 1).is_some_and(|mark| mark.place == last.place && Arc::ptr_eq(&mark.step, &last.step))
        });
        same_marks && (self.given.0 == 0 || given.get(self.given.0 - 1) == Some(&self.given.1))
    }

    fn clear(&mut self) {
        self.person = Row::new(1);
        self.rows.clear();
    }

    fn take(&mut self, marks: &[Mark], given: &[Place]) {
        let mut last = (Place::default(), 0.0);
        for mark in marks {
            if !matches(mark, &self.filter) {
                continue;
            }
            if mark.place.at != last.0.at {
                last = (mark.place, self.axis.position(mark.place.at));
            }
            let weight = match &mark.what {
                What::Event { warning: true, .. } => 2,
                What::Event { .. } | What::Created | What::Deleted => 1,
                _ => 0,
            };
            self.row(&mark.object).add(last.1, mark.side, weight);
            if self.rows.len() > MOST_LANES && !self.folded {
                return;
            }
        }
        for place in given {
            self.person.add(self.axis.position(place.at), 0, 1);
        }
    }

    fn row(&mut self, object: &ObjectRef) -> &mut Row {
        let (rank, namespace, name, ordinal) = key(object);
        let ordinal = if self.folded && rank == 2 { -1 } else { ordinal };
        let is_it = |(known, _): &(Key<String>, Row)| {
            (known.0, known.1.as_str(), known.2.as_str(), known.3) == (rank, namespace, name, ordinal)
        };
        let at = self.rows.iter().position(is_it).unwrap_or_else(|| {
            let key = (rank, namespace.to_owned(), name.to_owned(), ordinal);
            let at = self.rows.partition_point(|(known, _)| *known < key);
            self.rows.insert(at, (key, Row::new(self.clusters)));
            at
        });
        &mut self.rows[at].1
    }

    /// The lanes, from the uppermost on.
    pub fn drawn(&mut self) -> Vec<Lane> {
        let mut lanes = vec![Lane { owner: Owner::Person, paths: self.person.paths() }];
        for ((rank, _, name, ordinal), row) in &mut self.rows {
            let owner = match (rank, ordinal) {
                (1, _) => Owner::Set(name.clone()),
                (2, -1) => Owner::Ordinals(name.clone()),
                (2, ordinal) => Owner::Ordinal(format!("{name}-{ordinal}")),
                _ => Owner::Others,
            };
            lanes.push(Lane { owner, paths: row.paths() });
        }
        lanes
    }
}

/// The weightiest mark at each place of a lane, for each cluster: 1 and more, 0 for none.
#[derive(Clone, Debug)]
struct Row {
    halves: Vec<Vec<u8>>,
    /// The outlines, as long as nothing is added.
    paths: Option<Arc<[String; 3]>>,
}

impl Row {
    fn new(halves: usize) -> Row {
        Row { halves: vec![vec![0; WIDTH + 1]; halves], paths: None }
    }

    fn add(&mut self, position: f64, side: usize, weight: u8) {
        let at = (position * WIDTH as f64) as usize;
        if let Some(slot) = self.halves.get_mut(side).and_then(|half| half.get_mut(at.min(WIDTH)))
            && *slot <= weight
        {
            *slot = weight + 1;
            self.paths = None;
        }
    }

    fn paths(&mut self) -> Arc<[String; 3]> {
        Arc::clone(self.paths.get_or_insert_with(|| Arc::new(outlines(&self.halves))))
    }
}

fn outlines(halves: &[Vec<u8>]) -> [String; 3] {
    let mut paths = [const { String::new() }; 3];
    let high = HEIGHT / halves.len();
    for (half, marks) in halves.iter().enumerate() {
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
