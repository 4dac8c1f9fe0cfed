//! An axis of virtual time on which long rests are short.

use crate::api::time::{Instant, Millis};

use super::{Mark, Place};

/// How much of a rest is drawn.
const REST: Millis = Millis::from_secs(10);

/// An axis of virtual time on which long rests are short. It goes on somewhat after the last event, so that it need not
/// change whenever time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The moments of events, and how far along the axis each is, in milliseconds.
    knots: Vec<(Instant, i64)>,
    length: i64,
}

impl Default for Axis {
    fn default() -> Axis {
        Axis { knots: vec![(Instant::START, 0)], length: REST.0 }
    }
}

impl Axis {
    /// Takes in what has happened after everything that it knows. Says whether it has become longer, so that all
    /// positions are others.
    pub fn extend(&mut self, marks: &[Mark], given: &[Place]) -> bool {
        let mut given = given.iter().map(|place| place.at).peekable();
        for mark in marks {
            while let Some(at) = given.next_if(|at| *at < mark.place.at) {
                self.add(at);
            }
            self.add(mark.place.at);
        }
        given.for_each(|at| self.add(at));
        let before = self.length;
        while self.length < self.end().1 + REST.0 {
            self.length = self.length * 5 / 4;
        }
        self.length > before
    }

    fn end(&self) -> (Instant, i64) {
        self.knots.last().copied().unwrap_or((Instant::START, 0))
    }

    fn add(&mut self, at: Instant) {
        let (last, along) = self.end();
        if at > last {
            self.knots.push((at, along + at.since(last).0.min(REST.0)));
        }
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
