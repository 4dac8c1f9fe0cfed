//! What happened, in the words of Kubernetes events.

use leptos::prelude::*;

use super::clock_bar::elapsed;
use super::session::{Change, LogLine, Session};
use crate::cluster::actor::Actor;

/// The log, the newest line at the end, which stays in view unless somebody has scrolled away.
#[component]
pub fn Log() -> impl IntoView {
    let session = Session::here();
    let list = NodeRef::<leptos::html::Ol>::new();
    // Whether the reader has not scrolled away from the end.
    let at_end = StoredValue::new(true);
    let on_scroll = move |_| {
        if let Some(list) = list.get_untracked() {
            at_end.set_value(list.scroll_height() - list.scroll_top() - list.client_height() < 40);
        }
    };
    Effect::new(move |_| {
        session.log.track();
        session.selected.track();
        if !at_end.get_value() {
            return;
        }
        // The new lines have their height only once they are drawn.
        request_animation_frame(move || {
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
                <For each=move || session.log.get() key=|line| (line.run, line.number) let(line)>
                    <Line line />
                </For>
            </ol>
        </section>
    }
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
            <time>{elapsed(line.at)}</time>
            <span class="log__actor">
                {line.beside.then(|| view! { <i class="log__side">{move || session.strings().log_beside}</i> })}
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
