//! The page's one clock: it lets virtual time pass while the page plays.

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use super::session::Session;
use crate::api::time::{Instant, Millis};

/// How often virtual time is moved, in milliseconds.
const TICK_MS: u32 = 33;
/// The longest real time that one tick stands for: a page in the background does not leap when it is seen again.
const MAX_TICK_MS: f64 = 250.0;

/// The fastest that time passes without stopping where nothing is left to be done.
const FASTEST: f64 = 1000.0;

/// What tells the real time, in milliseconds.
pub fn real_time() -> impl Fn() -> f64 {
    let performance = window().performance();
    move || performance.as_ref().map_or(0.0, web_sys::Performance::now)
}

/// How long what begins again and again stands still at its end, in milliseconds.
const PAUSE_MS: f64 = 2000.0;

/// Starts the clock. It runs as long as the page.
pub fn start(session: Session) {
    let real_time = real_time();
    let mut last = real_time();
    let mut left_over = 0.0;
    let mut rested = 0.0;
    let (is_loop, begins) = session.presentation.get(|asked| (asked.is_loop(), asked.at().unwrap_or(Instant::START)));
    let interval = Interval::new(TICK_MS, move || {
        let now = real_time();
        let elapsed = (now - last).clamp(0.0, MAX_TICK_MS);
        last = now;
        if !session.playing.get_untracked() {
            session.tell_by_itself(elapsed);
            return;
        }
        let rests = session.resting.get_untracked() && !session.story.busy.get_untracked();
        rested = if is_loop && session.resting.get_untracked() { rested + elapsed } else { 0.0 };
        if rested > PAUSE_MS {
            session.show_at(begins);
            session.playing.set(true);
            return;
        }
        if session.speed.get_untracked() > FASTEST && rests {
            // There is nothing to hurry for.
            session.playing.set(false);
            return;
        }
        let virtual_ms = elapsed * session.speed.get_untracked() + left_over;
        left_over = virtual_ms.fract();
        session.advance(Millis(virtual_ms as i64));
    });
    // The page has one clock, which ends with it.
    interval.forget();
}
