//! The timeline: every event as a mark, and the moment that is looked at, which can be moved.

use leptos::prelude::*;

use super::session::{Lanes, Session};
use crate::i18n::{Strings, fill};
use crate::timeline::lanes::{HEIGHT, Owner, WIDTH};

/// How far the slider goes.
const STEPS: f64 = 10_000.0;

/// How far a page of the keyboard is.
const PAGE: f64 = 0.1;

/// The lanes with their marks, and the slider that lies over them.
#[component]
pub fn TimelineBar() -> impl IntoView {
    let session = Session::here();
    let lanes = session.lanes();
    let position = Memo::new(move |_| lanes.position(session.now.get()));
    let seek = move |position: f64| session.seek(lanes.moment(position));
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => {
                session.playing.set(false);
                session.step();
            }
            "ArrowLeft" | "ArrowDown" => session.step_back(),
            "PageUp" => seek((position.get_untracked() + PAGE).min(1.0)),
            "PageDown" => seek((position.get_untracked() - PAGE).max(0.0)),
            "Home" => seek(0.0),
            "End" => session.go_to_end(),
            _ => return,
        }
        event.prevent_default();
    };
    let value_text = move || {
        let spot = session.time.spot.read();
        let now = session.now.get().elapsed();
        fill(session.strings().timeline_value, &[&now, &spot.passed.to_string(), &spot.known.to_string()])
    };
    let value = move || format!("{}", (position.get() * STEPS).round());
    let count = Memo::new(move |_| lanes.drawn.with(|lanes| lanes.len()));
    let owners =
        Memo::new(move |_| lanes.drawn.with(|lanes| lanes.iter().map(|lane| lane.owner.clone()).collect::<Vec<_>>()));
    view! {
        <section class="timeline" aria-label=move || session.strings().timeline>
            <ol class="timeline__names" aria-hidden="true">
                {move || {
                    let strings = session.strings();
                    owners.with(|owners| owners.iter().map(|owner| view! { <li>{name(owner, strings)}</li> }).collect_view())
                }}
            </ol>
            <div class="timeline__track">
                <svg
                    class="timeline__marks"
                    viewBox=move || format!("0 0 {WIDTH} {}", count.get() * HEIGHT)
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    <For each=move || 0..count.get() key=|number| *number let(number)>
                        <Marks number lanes />
                    </For>
                </svg>
                <div class="timeline__future" style:left=move || format!("{}%", position.get() * 100.0)></div>
                <input
                    class="timeline__slider"
                    type="range"
                    min="0"
                    max=STEPS.to_string()
                    aria-label=move || session.strings().timeline
                    aria-valuetext=value_text
                    prop:value=value
                    on:input:target=move |event| {
                        if let Ok(value) = event.target().value().parse::<f64>() {
                            seek(value / STEPS);
                        }
                    }
                    on:keydown=on_key
                />
            </div>
        </section>
    }
}

/// The marks of a lane: changes, events and warnings.
#[component]
fn Marks(
    /// The lane's number.
    number: usize,
    /// The lanes.
    lanes: Lanes,
) -> impl IntoView {
    let path = move |weight: usize| {
        Memo::new(move |_| lanes.drawn.with(|lanes| lanes.get(number).map(|lane| lane.paths[weight].clone())))
    };
    let person = move || lanes.drawn.with(|lanes| lanes.get(number).is_some_and(|lane| lane.owner == Owner::Person));
    view! {
        <g transform=format!("translate(0 {})", number * HEIGHT) class:timeline__person=person>
            <path class="timeline__change" d=path(0) />
            <path class="timeline__event" d=path(1) />
            <path class="timeline__warning" d=path(2) />
        </g>
    }
}

fn name(owner: &Owner, strings: &Strings) -> String {
    match owner {
        Owner::Person => strings.you.to_owned(),
        Owner::Set(name) | Owner::Ordinal(name) => name.clone(),
        Owner::Ordinals(name) => format!("{name}-…"),
        Owner::Others => strings.timeline_others.to_owned(),
    }
}
