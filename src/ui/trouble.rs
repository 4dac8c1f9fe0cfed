//! Trouble that has no object: an API server that refuses writes, news that travel slowly, and chaos from a seed.

use leptos::prelude::*;

use super::session::Session;
use crate::controllers::chaos::{Broken, Chaos, Invariant};
use crate::i18n::{Strings, fill};
use crate::programs::fault::chaos_line;

/// The shares of writes that can be refused, in a thousand.
const CONFLICTS: [u32; 5] = [0, 50, 200, 500, 900];
/// How late news can be, in milliseconds.
const LATENCIES: [i64; 5] = [0, 200, 1000, 5000, 20_000];

/// The switches at the foot of the rail.
#[component]
pub fn Trouble() -> impl IntoView {
    let session = Session::here();
    let faults = Memo::new(move |_| {
        session.changes.track();
        session.ask(|cluster| cluster.api_faults())
    });
    let fault = move |what: &str, value: String| session.run(format!("fault api {what} {value}"));
    let conflicts = move |text: String| {
        let Ok(per_mille) = text.parse::<u32>() else {
            return;
        };
        fault("conflicts", if per_mille > 0 { format!("{}%", per_mille / 10) } else { "off".to_owned() });
    };
    let latency = move |text: String| {
        let Ok(latency) = text.parse::<i64>() else {
            return;
        };
        fault("latency", if latency > 0 { format!("{}s", latency as f64 / 1000.0) } else { "off".to_owned() });
    };
    view! {
        <h3 class="rail__title">{move || session.strings().api_server}</h3>
        <div class="rail__fields">
            <label class="rail__field">
                <span>{move || session.strings().conflicts}</span>
                <select
                    prop:value=move || faults.get().0.to_string()
                    on:change:target=move |event| conflicts(event.target().value())
                >
                    {CONFLICTS
                        .map(|share| view! { <option value=share.to_string()>{format!("{} %", share / 10)}</option> })
                        .collect_view()}
                </select>
            </label>
            <label class="rail__field">
                <span>{move || session.strings().latency}</span>
                <select
                    prop:value=move || faults.get().1.0.to_string()
                    on:change:target=move |event| latency(event.target().value())
                >
                    {LATENCIES
                        .map(|late| {
                            view! { <option value=late.to_string()>{format!("{} s", late as f64 / 1000.0)}</option> }
                        })
                        .collect_view()}
                </select>
            </label>
        </div>
        <h3 class="rail__title">{move || session.strings().chaos}</h3>
        <ChaosCard />
    }
}

#[component]
fn ChaosCard() -> impl IntoView {
    let session = Session::here();
    let set = session.current_set();
    let running = Memo::new(move |_| {
        session.changes.track();
        session.ask(|cluster| cluster.chaos().running().cloned())
    });
    let (seed, every, at_least) = (RwSignal::new(1u64), RwSignal::new(20u32), RwSignal::new(1u32));
    let invariant = RwSignal::new(Invariant::default());
    let start = move |_| {
        let Some(set) = set.with_untracked(|set| set.as_ref().map(|set| set.reference.clone())) else {
            return;
        };
        let chaos = Chaos {
            seed: seed.get_untracked(),
            every_seconds: every.get_untracked(),
            set,
            at_least: at_least.get_untracked(),
            invariant: invariant.get_untracked(),
        };
        session.run(chaos_line(Some(&chaos)));
        session.playing.set(true);
    };
    let stop = move |_| session.run(chaos_line(None));
    let choose = move |name: String| {
        if let Some(chosen) = Invariant::ALL.into_iter().find(|known| known.name() == name) {
            invariant.set(chosen);
        }
    };
    view! {
        <div class="rail__card rail__card--still" role="group" aria-label=move || session.strings().chaos>
            <Number label=|strings| strings.seed value=Signal::derive(move || seed.get()) set=move |n| seed.set(n) />
            <Number
                label=|strings| strings.every_seconds
                value=Signal::derive(move || every.get().into())
                set=move |n| every.set(n.try_into().unwrap_or(1))
            />
            <label class="rail__field rail__field--tall">
                <span>{move || session.strings().chaos_until}</span>
                <select
                    prop:value=move || invariant.get().name()
                    on:change:target=move |event| choose(event.target().value())
                >
                    {Invariant::ALL
                        .map(|known| {
                            view! {
                                <option value=known.name()>{move || session.strings().invariant(known)}</option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
            <Number
                label=|strings| strings.chaos_number
                value=Signal::derive(move || at_least.get().into())
                set=move |n| at_least.set(n.try_into().unwrap_or_default())
            />
            <Show
                when=move || running.read().is_some()
                fallback=move || {
                    view! {
                        <button class="button" disabled=move || set.read().is_none() on:click=start>
                            {move || session.strings().chaos_start}
                        </button>
                    }
                }
            >
                <button class="button button--danger" on:click=stop>
                    {move || session.strings().chaos_stop}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn Number(
    /// Its name.
    label: fn(&'static Strings) -> &'static str,
    /// What is in it.
    value: Signal<u64>,
    /// What is done with what is typed.
    set: impl Fn(u64) + 'static,
) -> impl IntoView {
    let session = Session::here();
    view! {
        <label class="rail__field">
            <span>{move || label(session.strings())}</span>
            <input
                type="number"
                min="0"
                inputmode="numeric"
                prop:value=move || value.get().to_string()
                on:change:target=move |event| {
                    if let Ok(number) = event.target().value().parse() {
                        set(number);
                    }
                }
            />
        </label>
    }
}

/// Says that chaos has broken its invariant, and stops time at that moment.
#[component]
pub fn ChaosEnd() -> impl IntoView {
    let session = Session::here();
    let broken = Memo::new(move |_| {
        session.changes.track();
        session.ask(|cluster| cluster.chaos().broken.clone())
    });
    Effect::new(move |before: Option<Option<Broken>>| {
        let now = broken.get();
        if now.is_some() && before.flatten() != now {
            session.stop_at_last(crate::controllers::chaos::STOPPED);
        }
        now
    });
    let dismissed = RwSignal::new(None);
    view! {
        {move || {
            broken
                .get()
                .filter(|broken| dismissed.read().as_ref() != Some(broken))
                .map(|shown| {
                    let Broken { at, invariant, at_least, count, last } = shown.clone();
                    let text = move || {
                        let strings = session.strings();
                        let what = fill(strings.broken(invariant), &[&count.to_string(), &at_least.to_string()]);
                        fill(strings.chaos_broken, &[&at.elapsed(), &what, &last])
                    };
                    view! {
                        <div class="notice notice--danger" role="alert">
                            <p>{text}</p>
                            <button
                                class="button"
                                on:click=move |_| dismissed.set(Some(shown.clone()))
                            >
                                {move || session.strings().close}
                            </button>
                        </div>
                    }
                })
        }}
    }
}
