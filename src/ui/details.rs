//! The object that is looked at: what is known of it, and why it is as it is.

use leptos::prelude::*;

use super::actions::Actions;
use super::browser::keep_in_view;
use super::icon::{self, Icon};
use super::look::{Look, focus_on};
use super::relation::{Connection, Connections};
use super::session::Session;
use super::why::Why;
use crate::api::meta::ObjectRef;
use crate::graph::model::PodView;

/// What is known of the selected object or connection, and what can be done to it.
#[component]
pub fn Details() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    // The details take room from the picture.
    Effect::new(move |_| {
        if session.selected.read().is_some() {
            keep_in_view(".card--selected .hit");
        }
    });
    let title = Memo::new(move |_| {
        let selected = session.selected.get();
        selected.map(|object| (object.kind.name(), object.name)).or_else(|| {
            let edge = look.edge.get();
            edge.map(|(from, to)| ("", format!("{} – {}", from.name, to.name)))
        })
    });
    let close = move |_| {
        session.lit.set(Vec::new());
        look.select(session, None);
        if look.within.get_value() || !look.table.get_untracked() {
            focus_on(look.focus.get_untracked());
        }
    };
    let name = move || title.get().map(|(_, name)| name);
    let kind = move || match title.get() {
        Some(("", _)) => session.strings().connection,
        Some((kind, _)) => kind,
        None => "",
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close(());
        }
    };
    view! {
            <section class="details" aria-label=move || session.strings().details on:keydown=on_key>
                <div class="panel-title">
                    <h2>
                        {kind} " "
                        <code>{name}</code>
                        {session.is_beside().then(|| view! { <i class="log__side">{move || session.strings().log_beside}</i> })}
                    </h2>
                    <button
                        class="button button--quiet"
                        aria-label=move || session.strings().close
                        on:click=move |_| close(())
                    >
                        <Icon path=icon::CLOSE />
                    </button>
                </div>
                <div class="details__text">
                    {move || match session.selected.get() {
                        Some(object) => view! { <Selected object /> }.into_any(),
                        None => look.edge.get().map(|ends| view! { <Connection ends /> }).into_any(),
                    }}
                </div>
            </section>
    }
}

#[component]
fn Selected(
    /// The object.
    object: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let of = object.clone();
    let pod = Memo::new(move |_| {
        session.graph.with(|graph| {
            let of_sets = graph.sets.iter().flat_map(|set| &*set.columns).filter_map(|column| column.pod.as_ref());
            of_sets.chain(&graph.pods).find(|pod| pod.reference == of).cloned()
        })
    });
    let has_pod = Memo::new(move |_| pod.read().is_some());
    view! {
        <Why />
        <Show when=move || has_pod.get()>
            <PodFacts pod />
        </Show>
        <Actions object=object.clone() />
        <Connections object />
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
