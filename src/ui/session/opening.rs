//! Opening a scenario in the place of what is shown. Its run is done again a stretch at a time, so that the page answers.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::Session;
use super::time::MOST_MS;
use crate::api::time::Instant;
use crate::scenario::Scenario;
use crate::timeline::{MOST_TURNS, Place, Timeline};
use crate::ui::clock::real_time;
use crate::ui::hooks;

/// How many turns are done before the time is looked at.
const TURNS: usize = 256;

/// A run that is being done again.
struct Opening {
    number: u32,
    timeline: Timeline,
    /// How far it goes, and which place is looked at then.
    end: Place,
    place: Place,
    left: usize,
    then: Box<dyn FnOnce()>,
}

impl Session {
    /// Shows a scenario: its files in the editor, and its run at the place that it names. `then` is called when it is
    /// there; not where another one is opened meanwhile.
    pub fn open(&self, scenario: &Scenario, then: impl FnOnce() + 'static) {
        self.playing.set(false);
        self.opening.update(|(number, is_opening)| (*number, *is_opening) = (number.wrapping_add(1), true));
        self.show_files(&scenario.files, &scenario.open);
        self.speed.set(scenario.speed);
        let timeline = Timeline::begin(scenario.run.clone());
        let (end, place) = timeline.named();
        let number = self.opening.get_untracked().0;
        self.go_on(Opening { number, timeline, end, place, left: MOST_TURNS, then: Box::new(then) });
    }

    fn go_on(self, mut opening: Opening) {
        if self.opening.get_untracked().0 != opening.number {
            return;
        }
        hooks::pass("opening");
        let real_time = real_time();
        let started = real_time();
        while opening.left > 0 && !opening.timeline.go(opening.end, TURNS) {
            opening.left = opening.left.saturating_sub(TURNS);
            if real_time() - started > MOST_MS {
                Timeout::new(0, move || self.go_on(opening)).forget();
                return;
            }
        }
        let Opening { mut timeline, place, then, .. } = opening;
        timeline.seek(place);
        self.exchange_timeline(timeline);
        self.opening.update(|(_, is_opening)| *is_opening = false);
        then();
    }

    /// Shows a moment, whether it is known or not. Where much happens before it, it is as far as one wants to wait.
    pub fn show_at(&self, at: Instant) {
        self.playing.set(false);
        self.timeline.update_value(|timeline| {
            timeline.go(Place::end_of(at), MOST_TURNS);
        });
        self.refresh();
    }
}
