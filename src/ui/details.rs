//! The object that is looked at.

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::Session;
use crate::command::Command;
use crate::graph::model::PodView;

/// What is known of the selected pod, and what can be done to it.
#[component]
pub fn Details() -> impl IntoView {
    let session = Session::here();
    let pod = Memo::new(move |_| {
        let selected = session.selected.get()?;
        session.graph.with(|graph| {
            let pods = graph.sets.iter().flat_map(|set| &set.columns).filter_map(|column| column.pod.as_ref());
            pods.clone().find(|pod| pod.reference == selected).cloned()
        })
    });
    let has_pod = Memo::new(move |_| pod.read().is_some());
    view! {
        <Show when=move || has_pod.get()>
            <PodDetails pod />
        </Show>
    }
}

#[component]
fn PodDetails(
    /// The pod as it is now.
    pod: Memo<Option<PodView>>,
) -> impl IntoView {
    let session = Session::here();
    let fact = move |pick: fn(&PodView) -> Option<String>| {
        move || pod.with(|pod| pod.as_ref().and_then(pick)).unwrap_or_else(|| "—".to_owned())
    };
    let delete = move |_| {
        if let Some(pod) = pod.get_untracked() {
            let object = pod.reference;
            session.dispatch(Command::Delete { object, cascade: Default::default(), grace_period_seconds: None });
        }
    };
    view! {
        <section class="details" aria-label=move || session.strings().details>
            <div class="panel-title">
                <h2>
                    "Pod "
                    <code>{fact(|pod| Some(pod.reference.name.clone()))}</code>
                </h2>
                <button class="button button--danger" on:click=delete>
                    {move || session.strings().delete_pod}
                </button>
                <button
                    class="button button--quiet"
                    aria-label=move || session.strings().close
                    on:click=move |_| session.selected.set(None)
                >
                    <Icon path=icon::CLOSE />
                </button>
            </div>
            <dl>
                <dt>"Status"</dt>
                <dd>{fact(|pod| Some(format!("{} {}/{}", pod.status, pod.ready.0, pod.ready.1)))}</dd>
                <dt>{move || session.strings().node}</dt>
                <dd>{fact(|pod| pod.node.clone())}</dd>
                <dt>{move || session.strings().address}</dt>
                <dd>{fact(|pod| pod.address.clone())}</dd>
                <dt>{move || session.strings().image}</dt>
                <dd>{fact(|pod| Some(pod.images.join(", ")))}</dd>
                <dt>{move || session.strings().revision}</dt>
                <dd>{fact(|pod| Some(pod.revision.clone()))}</dd>
                <dt>{move || session.strings().uid}</dt>
                <dd>{fact(|pod| Some(pod.uid.clone()))}</dd>
            </dl>
            <Show when=move || pod.with(|pod| pod.as_ref().is_some_and(|pod| pod.unschedulable.is_some()))>
                <p class="details__why">{fact(|pod| pod.unschedulable.clone())}</p>
            </Show>
        </section>
    }
}
