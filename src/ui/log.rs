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
    Effect::new(move |_| {
        session.log.track();
        if let Some(list) = list.get() {
            let below = list.scroll_height() - list.scroll_top() - list.client_height();
            if below < 120 {
                list.set_scroll_top(list.scroll_height());
            }
        }
    });
    view! {
        <section class="log" aria-label=move || session.strings().log>
            <div class="panel-title">
                <h2>{move || session.strings().log}</h2>
            </div>
            <Show when=move || session.log.read().is_empty()>
                <p class="log__empty">{move || session.strings().log_empty}</p>
            </Show>
            <ol class="log__lines" node_ref=list tabindex="0" aria-label=move || session.strings().log>
                <For each=move || session.log.get() key=|line| line.number let(line)>
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
        <li class="log__line" class:log__line--warning=line.warning class:log__line--you=actor == Actor::User>
            <time>{elapsed(line.at)}</time>
            <span class="log__actor">{who}</span>
            <code class="log__object">{line.object.to_string()}</code>
            <span class="log__what">
                <b>{line.reason}</b>
                {what}
            </span>
            <p>{line.message}</p>
        </li>
    }
}
