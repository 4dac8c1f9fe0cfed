//! Before applying: what would happen, beside the picture in which it is drawn.

use std::sync::Arc;

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::{Foreseen, Session};
use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::command::Command;
use crate::forecast::{ChangeKind, Fate, Turn};
use crate::i18n::{Strings, fill, why};

/// How many pods and claims are told one by one.
const MOST: usize = 30;

/// The button that looks ahead.
#[component]
pub fn Preview() -> impl IntoView {
    let session = Session::here();
    session.follow_text();
    view! {
        <button
            class="button"
            title=move || session.strings().preview_hint
            disabled=move || session.foresight.busy.get()
            on:click=move |_| session.foresee()
        >
            {move || session.strings().preview}
        </button>
    }
}

/// The same for what a control would do. A figure has no place to tell it.
pub fn preview_of(
    session: Session,
    object: ObjectRef,
    what: fn(&Strings) -> &'static str,
    command: impl Fn() -> Command + 'static,
) -> AnyView {
    if session.presentation.embed {
        return ().into_any();
    }
    let name = move || {
        let strings = session.strings();
        format!("{}: {}", strings.preview, what(strings))
    };
    view! {
        <button
            class="button"
            type="button"
            aria-label=name
            title=name
            disabled=move || session.foresight.busy.get()
            on:click=move |_| session.foresee_command(&command(), object.clone())
        >
            <Icon path=icon::EYE />
        </button>
    }
    .into_any()
}

/// What was foreseen.
#[component]
pub fn ForecastPanel() -> impl IntoView {
    let session = Session::here();
    view! {
        <div role="status">
            <Show when=move || session.foresight.busy.get()>
                <p class="forecast__busy">{move || session.strings().looking_ahead}</p>
            </Show>
            {move || session.foresight.shown.get().map(|seen| view! { <Told seen /> })}
        </div>
    }
}

fn span(of: Millis) -> String {
    (Instant::START + of).elapsed()
}

#[component]
fn Told(
    /// What was foreseen.
    seen: Arc<Foreseen>,
) -> impl IntoView {
    let session = Session::here();
    let forecast = &seen.forecast;
    let numbered = |turn: &Turn| (forecast.fate_of(&turn.object).and_then(|(number, _)| number), turn.clone());
    let turns: Vec<(Option<usize>, Turn)> = forecast.turns.iter().take(MOST).map(numbered).collect();
    let more = forecast.turns.len() - turns.len();
    let (staying, after) = (forecast.staying(), span(forecast.span()));
    let refused = forecast.answer.output.iter().filter(|line| line.is_error).map(|line| line.text.clone());
    let refused: Vec<String> = refused.collect();
    let changes: Vec<(String, ChangeKind, String)> =
        forecast.changes.iter().map(|change| (change.object.to_string(), change.kind, change.diff.clone())).collect();
    let diffs: Vec<_> = changes.iter().filter(|(_, _, diff)| !diff.is_empty()).cloned().collect();
    let (waits, rests, nothing) = (forecast.waits.clone(), forecast.rests(), forecast.turns.is_empty());
    let end = move || {
        let strings = session.strings();
        if nothing {
            return strings.turns_none.to_owned();
        }
        match waits.first() {
            Some((_, reason)) => fill(strings.then_waits, &[&after, &why::sentence(session.language.get(), reason)]),
            None => fill(if rests { strings.then_rests } else { strings.then_unknown }, &[&after]),
        }
    };
    view! {
        <section class="forecast" aria-label=move || session.strings().before_applying>
            <div class="forecast__head">
                <h3>{move || session.strings().before_applying}</h3>
                <button
                    class="button button--quiet"
                    aria-label=move || session.strings().close
                    on:click=move |_| session.forget_foresight()
                >
                    <Icon path=icon::CLOSE />
                </button>
            </div>
            {refused.into_iter().map(|text| view! { <pre class="printed__error">{text}</pre> }).collect_view()}
            <ul>{changes.into_iter().map(|(object, kind, _)| view! { <Changed object kind /> }).collect_view()}</ul>
            <ol class="forecast__turns">
                {turns.into_iter().map(|(number, turn)| view! { <Turned number turn /> }).collect_view()}
            </ol>
            <Show when=move || { more > 0 }>
                <p>{move || fill(session.strings().turns_more, &[&more.to_string()])}</p>
            </Show>
            <Show when=move || { staying > 0 }>
                <p>{move || fill(session.strings().pods_stay, &[&staying.to_string()])}</p>
            </Show>
            <p class="forecast__end">{end}</p>
            {diffs.into_iter().map(|(object, _, diff)| view! { <Diff object diff /> }).collect_view()}
        </section>
    }
}

/// An object of the manifest, and what is done to it.
#[component]
fn Changed(
    /// The object.
    object: String,
    /// What.
    kind: ChangeKind,
) -> impl IntoView {
    let session = Session::here();
    let word: fn(&Strings) -> &'static str = match kind {
        ChangeKind::Created => |strings| strings.change_created,
        ChangeKind::Configured => |strings| strings.change_configured,
        ChangeKind::Unchanged => |strings| strings.change_unchanged,
        ChangeKind::Refused => |strings| strings.change_refused,
    };
    view! {
        <li class="forecast__change" class:forecast__change--refused=kind == ChangeKind::Refused>
            <code>{object}</code>
            " "
            <b>{move || word(session.strings())}</b>
        </li>
    }
}

/// How what somebody has written of an object changes.
#[component]
fn Diff(
    /// The object.
    object: String,
    /// How, as `diff -u` prints it.
    diff: String,
) -> impl IntoView {
    let line = |line: &str| {
        let class = match line.as_bytes().first() {
            Some(b'+') => "diff__new",
            Some(b'-') => "diff__old",
            Some(b'@') => "diff__place",
            _ => "",
        };
        view! { <span class=class>{format!("{line}\n")}</span> }
    };
    view! {
        <figure class="diff">
            <figcaption>
                <code>{object}</code>
            </figcaption>
            <pre>{diff.lines().map(line).collect_view()}</pre>
        </figure>
    }
}

/// What becomes of a pod or a claim.
#[component]
fn Turned(
    /// A pod's number in the order, which is in the picture too.
    number: Option<usize>,
    /// What.
    turn: Turn,
) -> impl IntoView {
    let session = Session::here();
    let (class, word): (_, fn(&Strings) -> &'static str) = match turn.fate {
        Fate::Created => ("fate-created", |strings| strings.turn_created),
        Fate::Replaced => ("fate-replaced", |strings| strings.turn_replaced),
        Fate::Deleted => ("fate-deleted", |strings| strings.turn_deleted),
    };
    let name = turn.object.to_string();
    view! {
        <li class=class>
            <i aria-hidden="true">{number}</i>
            {move || fill(word(session.strings()), &[&name])}
            <time>{format!("+{}", span(turn.after))}</time>
        </li>
    }
}
