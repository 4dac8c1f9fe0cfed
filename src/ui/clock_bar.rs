//! The clock: play, pause, step, speed.

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::Session;
use crate::api::time::Instant;

/// The speeds that the slider goes through, in virtual seconds a second.
const SPEEDS: [f64; 11] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0];

/// Time since the cluster began: `1:02.3`.
pub fn elapsed(now: Instant) -> String {
    let tenths = (now.0 - Instant::START.0).max(0) / 100;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    if minutes < 60 {
        format!("{minutes}:{seconds:02}.{tenth}")
    } else {
        format!("{}:{:02}:{seconds:02}", minutes / 60, minutes % 60)
    }
}

/// The bar below the picture.
#[component]
pub fn ClockBar() -> impl IntoView {
    let session = Session::here();
    let playing = session.playing;
    let index = Memo::new(move |_| {
        let speed = session.speed.get();
        SPEEDS.iter().position(|known| *known >= speed).unwrap_or(SPEEDS.len() - 1)
    });
    let play_label = move || {
        let strings = session.strings();
        if playing.get() { strings.pause } else { strings.play }
    };
    let choose = move |text: String| {
        if let Some(speed) = text.parse::<usize>().ok().and_then(|index| SPEEDS.get(index)) {
            session.speed.set(*speed);
        }
    };
    view! {
        <div class="clock" role="group" aria-label=move || session.strings().clock>
            <button
                class="button clock__play"
                aria-label=play_label
                title=play_label
                on:click=move |_| playing.update(|playing| *playing = !*playing)
            >
                <Icon path=Signal::derive(move || if playing.get() { icon::PAUSE } else { icon::PLAY }) />
            </button>
            <button
                class="button"
                title=move || session.strings().step_hint
                on:click=move |_| {
                    playing.set(false);
                    session.step();
                }
            >
                <Icon path=icon::STEP />
                {move || session.strings().step}
            </button>
            <time class="clock__time">{move || elapsed(session.now.get())}</time>
            <span class="clock__rest" class:clock__rest--on=move || session.resting.get()>
                {move || session.strings().resting}
            </span>
            <label class="clock__speed">
                <span>{move || session.strings().speed}</span>
                <input
                    type="range"
                    min="0"
                    max=(SPEEDS.len() - 1).to_string()
                    step="1"
                    prop:value=move || index.get().to_string()
                    aria-valuetext=move || format!("{}×", session.speed.get())
                    on:input:target=move |event| choose(event.target().value())
                />
                <output>{move || format!("{}×", session.speed.get())}</output>
            </label>
        </div>
    }
}
