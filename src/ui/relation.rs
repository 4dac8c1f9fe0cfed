//! Connections: what an object names and is named by, and the lines of both manifests that make it so.

use leptos::prelude::*;

use super::look::Look;
use super::session::Session;
use crate::api::meta::ObjectRef;
use crate::explain::relation::{self, Relation};
use crate::i18n::fill;

/// The connection that is looked at.
#[component]
pub fn Connection(
    /// The objects at its ends.
    ends: (ObjectRef, ObjectRef),
) -> impl IntoView {
    let session = Session::here();
    let relations = Memo::new(move |_| {
        session.changes.track();
        session.ask(|cluster| relation::between(cluster, &ends.0, &ends.1))
    });
    view! {
        <div class="connections">
            <For each=move || relations.get() key=|relation| format!("{relation:?}") let(relation)>
                <Evidence relation />
            </For>
            <Show when=move || relations.read().is_empty()>
                <p class="why__none">{move || session.strings().connection_none}</p>
            </Show>
        </div>
    }
}

/// The connections of an object, each to be opened.
#[component]
pub fn Connections(
    /// The object.
    object: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let this = object.clone();
    let relations = Memo::new(move |_| {
        session.changes.track();
        session.ask(|cluster| relation::of(cluster, &object))
    });
    view! {
        <Show when=move || !relations.read().is_empty()>
            <section class="deeds" aria-label=move || session.strings().connections>
                <h3>{move || session.strings().connections}</h3>
                <ul class="ties">
                    {
                        let this = this.clone();
                        move || {
                            let list = relations.get().into_iter();
                            list.map(|relation| view! { <Tied relation this=this.clone() /> }).collect_view()
                        }
                    }
                </ul>
            </section>
        </Show>
    }
}

#[component]
fn Tied(
    /// The connection.
    relation: Relation,
    /// The object that it is shown for.
    this: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let other = if relation.from == this { &relation.to } else { &relation.from };
    let name = format!("{} {}", other.kind, other.name);
    let is_ghost = relation.to_lines.is_none();
    let what = field_of(&relation);
    let lit = StoredValue::new(vec![other.clone()]);
    let ends = (relation.from, relation.to);
    let open = move |_| {
        session.lit.set(Vec::new());
        session.selected.set(None);
        look.edge.set(Some(ends.clone()));
    };
    view! {
        <li>
            <button
                class="tie"
                class:tie--ghost=is_ghost
                on:click=open
                on:mouseenter=move |_| session.lit.set(lit.get_value())
                on:mouseleave=move |_| session.lit.set(Vec::new())
            >
                <b>{name}</b>
                " "
                <code>{what}</code>
                " "
                {is_ghost.then(|| view! { <small>{move || session.strings().not_there}</small> })}
            </button>
        </li>
    }
}

/// The field that makes a connection: the last key but those of the value.
fn field_of(relation: &Relation) -> &'static str {
    use crate::explain::relation::Tie;
    match relation.tie {
        Tie::Selector => "selector",
        Tie::Owner => "ownerReferences",
        Tie::ServiceName => "serviceName",
        Tie::HostName => "subdomain",
        Tie::ClaimName => "claimName",
        Tie::ClaimTemplate => "volumeClaimTemplates",
        Tie::VolumeName => "volumeName",
        Tie::ClassName => "storageClassName",
        Tie::NodeName => "nodeName",
        Tie::Need => "env, volumes",
        Tie::Account => "serviceAccountName",
    }
}

#[component]
fn Evidence(
    /// The connection.
    relation: Relation,
) -> impl IntoView {
    let session = Session::here();
    let Relation { tie, from, to, from_lines, to_lines } = relation;
    let side = |object: &ObjectRef, lines: Option<String>| {
        let (target, name) = (object.clone(), object.to_string());
        let (ghost, is_ghost) = (name.clone(), lines.is_none());
        view! {
            <figure class="excerpt" class:excerpt--ghost=is_ghost>
                <figcaption>
                    <button class="why__object" on:click=move |_| session.selected.set(Some(target.clone()))>
                        {name}
                    </button>
                </figcaption>
                {match lines {
                    Some(lines) => view! { <pre>{lines}</pre> }.into_any(),
                    None => view! { <p>{move || fill(session.strings().ghost, &[&ghost])}</p> }.into_any(),
                }}
            </figure>
        }
    };
    view! {
        <div class="evidence">
            <p>{move || session.strings().tie(tie)}</p>
            {side(&from, Some(from_lines))}
            {side(&to, to_lines)}
        </div>
    }
}
