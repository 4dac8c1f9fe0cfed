//! The object that is looked at: what is known of it, and why it is as it is.

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::Session;
use super::why::Why;
use crate::api::kind::Kind;
use crate::graph::model::PodView;
use crate::kubectl::line;

/// What is known of the selected object, and what can be done to it.
#[component]
pub fn Details() -> impl IntoView {
    let session = Session::here();
    view! {
        <Show when=move || session.selected.read().is_some()>
            <Selected />
        </Show>
    }
}

#[component]
fn Selected() -> impl IntoView {
    let session = Session::here();
    let pod = Memo::new(move |_| {
        let selected = session.selected.get()?;
        session.graph.with(|graph| {
            let mut pods = graph.sets.iter().flat_map(|set| &set.columns).filter_map(|column| column.pod.as_ref());
            pods.find(|pod| pod.reference == selected).cloned()
        })
    });
    let has_pod = Memo::new(move |_| pod.read().is_some());
    let kind = move || session.selected.get().map_or("", |object| object.kind.name());
    let name = move || session.selected.get().map(|object| object.name).unwrap_or_default();
    let can_be_deleted = move || {
        session.selected.get().is_some_and(|object| {
            has_pod.get() || matches!(object.kind, Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::Service)
        })
    };
    let command =
        Memo::new(move |_| session.selected.with(|object| object.as_ref().map(line::delete)).unwrap_or_default());
    view! {
        <section class="details" aria-label=move || session.strings().details>
            <div class="panel-title">
                <h2>
                    {kind} " "
                    <code>{name}</code>
                </h2>
                <Show when=can_be_deleted>
                    <button
                        class="button button--danger"
                        title=command
                        on:click=move |_| session.run(command.get_untracked())
                    >
                        {move || if has_pod.get() { session.strings().delete_pod } else { session.strings().delete }}
                    </button>
                </Show>
                <button
                    class="button button--quiet"
                    aria-label=move || session.strings().close
                    on:click=move |_| {
                        session.lit.set(Vec::new());
                        session.selected.set(None);
                    }
                >
                    <Icon path=icon::CLOSE />
                </button>
            </div>
            <div class="details__text">
                <Show when=move || has_pod.get()>
                    <PodFacts pod />
                </Show>
                <Why />
            </div>
        </section>
    }
}

#[component]
fn PodFacts(
    /// The pod as it is now.
    pod: Memo<Option<PodView>>,
) -> impl IntoView {
    let session = Session::here();
    let fact = move |pick: fn(&PodView) -> Option<String>| {
        move || pod.with(|pod| pod.as_ref().and_then(pick)).unwrap_or_else(|| "—".to_owned())
    };
    view! {
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
    }
}
