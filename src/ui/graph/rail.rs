//! At the side of the picture: nodes, storage classes, namespaces.

use leptos::prelude::*;

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::graph::model::{ClassView, NodeView, State};
use crate::graph::scene::tint;
use crate::graph::table::node_words;
use crate::ui::cluster_editor::{CreateClass, CreateNamespace, CreateNode};
use crate::ui::follow::follow;
use crate::ui::look::Look;
use crate::ui::session::Session;
use crate::ui::trouble::Trouble;

/// The rail.
#[component]
pub fn Rail() -> impl IntoView {
    let session = Session::here();
    let (nodes, classes) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
    Effect::new(move |_| {
        session.graph.with(|graph| {
            follow(nodes, &graph.nodes, |node| &node.name);
            follow(classes, &graph.classes, |class| &class.name);
        });
    });
    let namespaces = Memo::new(move |_| session.graph.with(|graph| graph.namespaces.clone()));
    view! {
        <aside class="rail" aria-label=move || session.strings().rail>
            <div class="rail__title">
                <h3>{move || session.strings().nodes}</h3>
                <CreateNode />
            </div>
            <ul class="rail__list">
                <For each=move || nodes.get() key=|(name, _)| name.clone() let((name, node))>
                    <NodeCard name node />
                </For>
            </ul>
            <div class="rail__title">
                <h3>{move || session.strings().classes}</h3>
                <CreateClass />
            </div>
            <ul class="rail__list">
                <For each=move || classes.get() key=|(name, _)| name.clone() let((name, class))>
                    <ClassCard name class />
                </For>
            </ul>
            <div class="rail__title">
                <h3>{move || session.strings().namespaces}</h3>
                <CreateNamespace />
            </div>
            <ul class="rail__names">
                <For each=move || namespaces.get() key=String::clone let(name)>
                    <li>
                        <RailButton
                            object=ObjectRef::new(Kind::Namespace, "", &*name)
                            class="rail__name"
                            label=Signal::derive({
                                let name = name.clone();
                                move || name.clone()
                            })
                        >
                            <span aria-hidden="true">{name.clone()}</span>
                        </RailButton>
                    </li>
                </For>
            </ul>
            <Trouble />
        </aside>
    }
}

/// A button that selects an object, and has its menu.
#[component]
pub fn RailButton(
    /// The object.
    object: ObjectRef,
    /// How it looks.
    class: &'static str,
    /// What a screen reader says.
    #[prop(into)]
    label: Signal<String>,
    /// What is written on it.
    children: Children,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let object = StoredValue::new(object);
    let select = move |_| look.select(session, Some(object.get_value()));
    let on_menu = move |event: web_sys::MouseEvent| look.open_menu_at(Some(object.get_value()), &event);
    let on_key = move |event: web_sys::KeyboardEvent| look.open_menu_by_key(object.get_value(), &event);
    let is_selected = move || session.selected.with(|selected| *selected == object.try_get_value());
    let is_lit = move || session.lit.with(|lit| object.with_value(|object| lit.contains(object)));
    view! {
        <div class=class class:is-selected=is_selected class:is-lit=is_lit>
            {children()}
            <button
                class="rail__button"
                aria-label=move || label.get()
                aria-haspopup="menu"
                on:click=select
                on:contextmenu=on_menu
                on:keydown=on_key
            ></button>
        </div>
    }
}

#[component]
fn NodeCard(
    /// Its name.
    name: String,
    /// The node.
    node: ArcRwSignal<NodeView>,
) -> impl IntoView {
    let session = Session::here();
    let node = RwSignal::from(node);
    let words = Memo::new(move |_| node.with(|node| node_words(node, session.strings())));
    let count = move || node.with(|node| node.pods.iter().map(|(_, count)| count).sum::<usize>());
    let state = move || node.with(|node| node.state);
    let spoken = name.clone();
    let label = Signal::derive(move || {
        let facts: Vec<String> = node.with(|node| [node.zone.clone()].into_iter().chain(node.taints.clone()).collect());
        format!("Node {spoken}, {}, {}, {} Pods", words.get(), facts.join(", "), count())
    });
    let taint = |taint: String| view! { <code class="rail__taint" aria-hidden="true">{taint}</code> };
    let part = |(state, count): (State, usize)| {
        let class = format!("rail__part state-{}", state.name());
        view! { <i class=class style=("flex-grow", count.to_string())></i> }
    };
    view! {
        <li>
            <RailButton object=ObjectRef::new(Kind::Node, "", &*name) class="rail__card" label>
                <span class="rail__head" aria-hidden="true">
                    <i class=move || format!("rail__tint {}", tint(node.read().number))></i>
                    <b>{name}</b>
                    <small>{move || node.read().zone.clone()}</small>
                </span>
                <span class="rail__row" aria-hidden="true">
                    <span class=move || format!("rail__state state-{}", state().name())>
                        <i>{move || state().glyph()}</i>
                        {words}
                    </span>
                    <span class="rail__pods">
                        {move || node.read().pods.clone().into_iter().map(part).collect_view()} <small>{count}</small>
                    </span>
                </span>
                {move || node.read().taints.clone().into_iter().map(taint).collect_view()}
            </RailButton>
        </li>
    }
}

#[component]
fn ClassCard(
    /// Its name.
    name: String,
    /// The class.
    class: ArcRwSignal<ClassView>,
) -> impl IntoView {
    let session = Session::here();
    let class = RwSignal::from(class);
    let facts = Memo::new(move |_| {
        let strings = session.strings();
        class.with(|class| {
            let said = [
                (class.missing, strings.not_there),
                (class.down, strings.down),
                (class.manual, strings.manual),
                (class.late, strings.late),
                (class.expands, strings.expands),
                (!class.missing, &*class.reclaim_policy),
            ];
            said.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(" · ")
        })
    });
    let default = move || if class.read().is_default { "(default)" } else { "" };
    let spoken = name.clone();
    let label = Signal::derive(move || format!("StorageClass {spoken} {} {}", default(), facts.get()));
    let is_bad = move || class.with(|class| class.down || class.missing);
    view! {
        <li class:rail__ghost=move || class.read().missing>
            <RailButton object=ObjectRef::new(Kind::StorageClass, "", &*name) class="rail__card" label>
                <span class="rail__head" aria-hidden="true">
                    <b>{name}</b>
                    <small>{default}</small>
                </span>
                <small class="rail__small" aria-hidden="true">
                    {move || class.read().provisioner.clone()}
                </small>
                <small class="rail__small" aria-hidden="true" class:rail__small--bad=is_bad>
                    {facts}
                </small>
            </RailButton>
        </li>
    }
}
