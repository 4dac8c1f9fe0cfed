//! The clock: play, pause, step, speed.

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::{Session, Twig};
use crate::api::time::Instant;
use crate::i18n::{Strings, fill};

/// The speeds that the slider goes through, in virtual seconds a second. The last one is as fast as the page can.
const SPEEDS: [f64; 12] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0, 1e6];

/// The id of the button that lets time pass.
pub const PLAY: &str = "clock-play";

/// The bar below the picture.
#[component]
pub fn ClockBar() -> impl IntoView {
    let session = Session::here();
    on_undo_keys(session);
    let playing = session.playing;
    let backwards = session.time.backwards;
    let play_label = move || {
        let strings = session.strings();
        if playing.get() { strings.pause } else { strings.play }
    };
    let toggle = move |back: bool| {
        let turns = backwards.get_untracked() != back;
        backwards.set(back);
        playing.update(|playing| *playing = turns || !*playing);
    };
    let spot = session.time.spot;
    let last = move || spot.with(|spot| spot.last.as_ref().map(|(object, word)| format!("{object} {word}")));
    view! {
        <div class="clock" role="group" aria-label=move || session.strings().clock>
            <div class="clock__keys">
                <Key label=|strings| strings.undo icon=icon::UNDO off=move || !spot.read().can_undo press=move || session.undo() />
                <Key label=|strings| strings.redo icon=icon::REDO off=move || !spot.read().can_redo press=move || session.redo() />
            </div>
            <div class="clock__keys">
                <Key
                    label=|strings| strings.to_beginning
                    icon=icon::TO_BEGINNING
                    off=move || spot.read().passed == 0
                    press=move || session.seek(Instant::START)
                />
                <Key
                    label=|strings| strings.previous_event
                    icon=icon::STEP_BACK
                    off=move || spot.read().passed == 0
                    press=move || session.step_back()
                />
                <button
                    class="button clock__key"
                    aria-label=move || session.strings().backwards
                    title=move || session.strings().backwards
                    aria-pressed=move || (playing.get() && backwards.get()).to_string()
                    on:click=move |_| toggle(true)
                >
                    <Icon path=icon::BACKWARDS />
                </button>
                <button
                    id=PLAY
                    class="button button--primary clock__key"
                    aria-label=play_label
                    title=play_label
                    on:click=move |_| if playing.get_untracked() { playing.set(false) } else { toggle(false) }
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
                    <span class="clock__word">{move || session.strings().step}</span>
                </button>
                <Key
                    label=|strings| strings.to_end
                    icon=icon::TO_END
                    off=move || spot.with(|spot| spot.passed == spot.known)
                    press=move || session.go_to_end()
                />
            </div>
            <time class="clock__time">{move || session.now.get().elapsed()}</time>
            <span class="clock__event" title=last>
                <b>{move || spot.with(|spot| format!("{}/{}", spot.passed, spot.known))}</b>
                <span>{last}</span>
            </span>
            <span
                class="clock__rest"
                class:clock__rest--on=move || session.resting.get() || !playing.get()
                class:clock__rest--paused=move || !session.resting.get()
            >
                {move || if session.resting.get() { session.strings().resting } else { session.strings().paused }}
            </span>
            <Branches />
            <input
                class="clock__filter"
                type="search"
                aria-label=move || session.strings().filter
                placeholder=move || session.strings().filter_hint
                autocapitalize="off"
                spellcheck="false"
                prop:value=move || session.time.filter.get()
                on:input:target=move |event| session.time.filter.set(event.target().value())
            />
            <Speed />
            <p class="clock__said" role="status">{move || session.time.said.get()}</p>
        </div>
    }
}

/// A small button.
#[component]
fn Key(
    /// Its name.
    label: fn(&Strings) -> &'static str,
    /// Its picture.
    icon: &'static str,
    /// Whether it does nothing now.
    #[prop(into)]
    off: Signal<bool>,
    /// What it does.
    #[prop(into)]
    press: Callback<()>,
) -> impl IntoView {
    let session = Session::here();
    let name = move || label(session.strings());
    view! {
        <button
            class="button clock__key"
            aria-label=name
            title=name
            disabled=move || off.get()
            on:click=move |_| press.run(())
        >
            <Icon path=icon />
        </button>
    }
}

/// The speed, on a logarithmic scale.
#[component]
fn Speed() -> impl IntoView {
    let session = Session::here();
    let index = Memo::new(move |_| {
        let speed = session.speed.get();
        SPEEDS.iter().position(|known| *known >= speed).unwrap_or(SPEEDS.len() - 1)
    });
    let choose = move |text: String| {
        if let Some(speed) = text.parse::<usize>().ok().and_then(|index| SPEEDS.get(index)) {
            session.speed.set(*speed);
        }
    };
    let is_fastest = move || index.get() == SPEEDS.len() - 1;
    let text =
        move || if is_fastest() { session.strings().fastest.to_owned() } else { format!("{}×", session.speed.get()) };
    view! {
        <label class="clock__speed">
            <span>{move || session.strings().speed}</span>
            <input
                type="range"
                min="0"
                max=(SPEEDS.len() - 1).to_string()
                step="1"
                prop:value=move || index.get().to_string()
                aria-valuetext=text
                on:input:target=move |event| choose(event.target().value())
            />
            <output title=text>{move || if is_fastest() { "∞".to_owned() } else { text() }}</output>
        </label>
    }
}

/// The branches as a tree, once there are several: those that were left stay to go back to.
#[component]
fn Branches() -> impl IntoView {
    let session = Session::here();
    let branches = Memo::new(move |_| session.time.spot.with(|spot| spot.branches.clone()));
    let current = Memo::new(move |_| session.time.spot.read().branch);
    let label = move || {
        let (number, count) = (current.get() + 1, branches.read().len());
        fill(session.strings().branch_of, &[&number.to_string(), &count.to_string()])
    };
    // The picture stands for the first word.
    let number = move || label().split_once(' ').map(|(_, number)| number.to_owned());
    view! {
        <Show when=move || { branches.read().len() > 1 }>
            <button class="button" popovertarget="branches" aria-label=label title=label>
                <Icon path=icon::BRANCH />
                {number}
            </button>
            <div id="branches" class="branches" popover="auto" role="dialog" aria-label=move || session.strings().branches>
                <h3>{move || session.strings().branches}</h3>
                {move || branches.with(|branches| twigs(session, current, branches, None))}
            </div>
        </Show>
    }
}

/// The branches that leave a branch, each with those that leave it.
fn twigs(session: Session, current: Memo<usize>, branches: &[Twig], of: Option<usize>) -> AnyView {
    let own = branches.iter().enumerate().filter(|(_, twig)| twig.of == of);
    let items = own.map(|(branch, Twig { at, title, .. })| {
        let (at, title) = (*at, title.clone());
        let text = move || fill(session.strings().branch_from, &[&(branch + 1).to_string(), &at.elapsed(), &title]);
        view! {
            <li class="twig">
                <button
                    class="twig__button"
                    aria-current=move || (current.get() == branch).then_some("true")
                    on:click=move |_| session.enter_branch(branch)
                >
                    {text}
                </button>
                {twigs(session, current, branches, Some(branch))}
            </li>
        }
    });
    let items = items.collect_view();
    if items.is_empty() { ().into_any() } else { view! { <ul class="twigs">{items}</ul> }.into_any() }
}

/// Ctrl+Z goes back, wherever no text is written that has an undo of its own.
fn on_undo_keys(session: Session) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        let writes = document().active_element().is_some_and(|element| {
            element
                .closest("input:not([type=range]), textarea, select, [role=textbox], .cm-editor")
                .is_ok_and(|found| found.is_some())
        });
        if writes || event.default_prevented() || event.alt_key() || !(event.ctrl_key() || event.meta_key()) {
            return;
        }
        match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
            ("z", false) => session.undo(),
            ("z", true) | ("y", false) => session.redo(),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}
