//! What happened, in the words of Kubernetes events.

use leptos::prelude::*;

use super::session::{Change, LogLine, Session};
use crate::cluster::actor::Actor;

/// How many lines are drawn at first, and how many more each time that somebody looks for earlier ones.
const FEW: usize = 60;
/// What is nearer to an end than this is there, in pixels.
const NEAR: i32 = 40;

/// The log, the newest line at the end, which stays in view unless somebody has scrolled away.
#[component]
pub fn Log() -> impl IntoView {
    let session = Session::here();
    let list = NodeRef::<leptos::html::Ol>::new();
    // Whether the reader has not scrolled away from the end.
    let at_end = StoredValue::new(true);
    // Whether lines have changed, and the end is not in view yet.
    let settles = StoredValue::new(false);
    // To draw a line takes longer than to let what it tells happen, so the earlier ones come when somebody looks for them.
    let drawn = RwSignal::new(FEW);
    let on_scroll = move |_| {
        // What the list does by itself when its lines change is nobody's wish.
        let Some(list) = list.get_untracked().filter(|_| !settles.get_value()) else { return };
        let from_end = list.scroll_height() - list.scroll_top() - list.client_height();
        at_end.set_value(from_end < NEAR);
        if from_end < NEAR {
            if drawn.get_untracked() > FEW {
                drawn.set(FEW);
            }
        } else if list.scroll_top() < NEAR && session.log.with_untracked(|log| log.len() > drawn.get_untracked()) {
            drawn.update(|drawn| *drawn += FEW);
            // What is looked at stays where it is.
            request_animation_frame(move || {
                list.set_scroll_top(list.scroll_height() - list.client_height() - from_end)
            });
        }
    };
    let lines = move || session.log.with(|log| log[log.len().saturating_sub(drawn.get())..].to_vec());
    Effect::new(move |_| {
        session.log.track();
        session.selected.track();
        if !at_end.get_value() {
            return;
        }
        // The new lines have their height only once they are drawn.
        settles.set_value(true);
        request_animation_frame(move || {
            settles.set_value(false);
            if let Some(list) = list.get_untracked() {
                list.set_scroll_top(list.scroll_height());
            }
        });
    });
    view! {
        <section class="log" aria-label=move || session.strings().log>
            <Show when=move || session.log.read().is_empty()>
                <p class="log__empty">{move || session.strings().log_empty}</p>
            </Show>
            <ol class="log__lines" node_ref=list on:scroll=on_scroll tabindex="0" aria-label=move || session.strings().log>
                <For each=lines key=|line| (line.run, line.number) let(line)>
                    <Line line />
                </For>
            </ol>
        </section>
    }
}

/// In which of two clusters a line happened.
#[inline(never)]
fn side(session: Session, beside: bool) -> AnyView {
    let word = move || if beside { session.strings().log_beside } else { session.strings().log_first };
    view! { <i class="log__side">{word}</i> }.into_any()
}

#[component]
fn Line(
    /// The line.
    line: LogLine,
) -> impl IntoView {
    let session = Session::here();
    let actor = line.actor;
    let change = line.change;
    let who = move || match actor {
        Actor::User => session.strings().you,
        other => other.component(),
    };
    let what = move || match change {
        Some(Change::Created) => session.strings().created.to_owned(),
        Some(Change::Gone) => session.strings().gone.to_owned(),
        None => String::new(),
    };
    view! {
        <li class="log__line" class:log__line--warning=line.warning class:log__line--you=actor == Actor::User class:log__line--beside=line.beside>
            <time>{line.at.elapsed()}</time>
            <span class="log__actor">
                <Show when=move || session.time.compare.read().is_some()>{side(session, line.beside)}</Show>
                {who}
            </span>
            <code class="log__object">{line.object.to_string()}</code>
            <span class="log__text">
                <b>{line.reason}</b>
                {what}
                {line.message}
            </span>
        </li>
    }
}
