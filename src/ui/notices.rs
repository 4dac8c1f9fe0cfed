//! What the page says by itself: that the cluster stands still and a set is not complete, and, for those who do not see
//! the picture, what happens.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::look::Look;
use super::session::{Change, Session};
use crate::api::meta::ObjectRef;
use crate::controllers::reason::Reason;
use crate::explain::bottom;
use crate::i18n::{fill, why};

/// A set that is not complete though nothing more is going to happen.
#[derive(Clone, Debug, PartialEq)]
struct Stuck {
    set: ObjectRef,
    /// The reason that all others lead to, where there is one.
    reason: Option<Reason>,
    /// Whether what failed is tried again and again.
    retries: bool,
}

/// Says which sets stand still before they are complete, and why.
#[component]
pub fn Incomplete() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let stuck = Memo::new(move |_| {
        session.graph.with(|graph| {
            let sets = graph.sets.iter().filter(|set| graph.still && !set.complete);
            let view = |set: &ObjectRef| {
                let reason = session.ask(|cluster| bottom(cluster, set));
                Stuck { set: set.clone(), reason, retries: graph.retries }
            };
            sets.map(|set| view(&set.reference)).collect::<Vec<Stuck>>()
        })
    });
    let notice = move |stuck: Stuck| {
        let Stuck { set, reason, retries } = stuck;
        let name = format!("{}/{}", set.namespace, set.name);
        let text = move || {
            let strings = session.strings();
            fill(if retries { strings.stuck_retries } else { strings.stuck }, &[&name])
        };
        let sentence = move || reason.as_ref().map(|reason| why::sentence(session.language.get(), reason));
        let open = move |_| look.select(session, Some(set.clone()));
        view! {
            <div class="notice">
                <p>
                    <b>{text}</b>
                    " "
                    {sentence}
                </p>
                <button class="button" on:click=open>
                    {move || session.strings().why}
                </button>
            </div>
        }
    };
    view! { <div role="status">{move || stuck.get().into_iter().map(notice).collect_view()}</div> }
}

/// How often at most something is said, in milliseconds.
const PAUSE_MS: u32 = 1200;
/// How fast time may pass for things to be said.
const FASTEST_SAID: f64 = 10.0;
/// How many things are said at once.
const MOST_SAID: usize = 4;

/// Says what happens, politely: several things at once, and none while time flies.
#[component]
pub fn Announcer() -> impl IntoView {
    let session = Session::here();
    let said = RwSignal::new(String::new());
    // Up to which line of which run everything is said; of no run, where the log was empty.
    let last = StoredValue::new((None::<u32>, 0usize));
    let waiting = StoredValue::new(false);
    let flies = move || session.speed.get_untracked() > FASTEST_SAID;
    let say = move || {
        waiting.set_value(false);
        let (run, from) = last.get_value();
        let end = session.log.with_untracked(|log| log.last().map(|line| (line.run, line.number + 1)));
        last.set_value(end.map_or((None, 0), |(run, number)| (Some(run), number)));
        let is_other = run.is_some_and(|run| end.is_some_and(|(now, _)| now != run));
        if flies() || is_other {
            return;
        }
        let words = session.log.with_untracked(|log| {
            let strings = session.language.get_untracked().strings();
            let lines =
                log.iter().rev().take_while(|line| line.number >= from).filter(|line| !line.beside).map(|line| {
                    let what = match line.change {
                        Some(Change::Created) => strings.created,
                        Some(Change::Gone) => strings.gone,
                        None => &line.reason,
                    };
                    format!("{} {what}", line.object.name)
                });
            lines.take(MOST_SAID).collect::<Vec<_>>()
        });
        said.set(words.into_iter().rev().collect::<Vec<_>>().join(", "));
    };
    Effect::new(move |_| {
        session.log.track();
        if !waiting.get_value() && !flies() {
            waiting.set_value(true);
            Timeout::new(PAUSE_MS, say).forget();
        }
    });
    view! { <p class="unseen" aria-live="polite">{said}</p> }
}
