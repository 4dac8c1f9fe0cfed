//! The picture.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::session::Session;
use crate::graph::model::{ClassView, NodeView};
use crate::graph::scene::{Bar, Card, Edge, Line, Scene};
use crate::i18n::fill;

/// The sets with their columns, and around them what the cluster has.
#[component]
pub fn GraphView() -> impl IntoView {
    let session = Session::here();
    let extent = Memo::new(move |_| session.scene.with(|scene| (scene.width + 4.0, scene.height + 4.0)));
    let is_empty = Memo::new(move |_| session.scene.with(|scene| scene.cards.is_empty()));
    view! {
        <div class="graph" role="group" aria-label=move || session.strings().graph>
            <Surroundings />
            <div class="graph__scroll" tabindex="0" role="region" aria-label=move || session.strings().graph>
                <Show when=move || is_empty.get()>
                    <div class="graph__empty">
                        <p class="graph__empty-title">{move || session.strings().empty_title}</p>
                        <p>{move || session.strings().empty_text}</p>
                    </div>
                </Show>
                <svg
                    class="graph__svg"
                    viewBox=move || format!("-2 -2 {} {}", extent.get().0, extent.get().1)
                    width=move || extent.get().0
                    height=move || extent.get().1
                >
                    <Drawing />
                </svg>
            </div>
        </div>
    }
}

/// Nodes, storage classes, other Services, and what is not simulated.
#[component]
fn Surroundings() -> impl IntoView {
    let session = Session::here();
    let nodes = Memo::new(move |_| session.graph.with(|graph| graph.nodes.clone()));
    let classes = Memo::new(move |_| session.graph.with(|graph| graph.classes.clone()));
    let others = Memo::new(move |_| {
        session.graph.with(|graph| {
            graph.others.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
        })
    });
    view! {
        <div class="surroundings">
            <For each=move || nodes.get() key=|node| (node.name.clone(), node.pods) let(node)>
                <NodeChip node />
            </For>
            <For each=move || classes.get() key=|class| (class.name.clone(), class.is_default) let(class)>
                <ClassChip class />
            </For>
            <Show when=move || !others.read().is_empty()>
                <span class="chip chip--muted">
                    {move || fill(session.strings().also_present, &[&others.get()])}
                </span>
            </Show>
        </div>
    }
}

#[component]
fn NodeChip(
    /// The node.
    node: NodeView,
) -> impl IntoView {
    view! {
        <span class="chip" title=node.zone.clone()>
            <small>"Node"</small>
            <b>{node.name}</b>
            <span>{node.zone.clone()}</span>
            <span class="chip__count">{node.pods}</span>
        </span>
    }
}

#[component]
fn ClassChip(
    /// The class.
    class: ClassView,
) -> impl IntoView {
    view! {
        <span class="chip chip--class" title=class.provisioner.clone()>
            <small>"StorageClass"</small>
            <b>{class.name}</b>
            <span>{if class.is_default { "(default)" } else { "" }}</span>
        </span>
    }
}

/// The cards that are drawn, in their order. A card's signal is set only when something on it has changed, so that a
/// change costs what it changes, whatever else there is.
type Drawn = RwSignal<Vec<(String, ArcRwSignal<Card>)>>;

fn follow(drawn: Drawn, scene: &Scene) {
    let same_cards =
        drawn.with_untracked(|drawn| drawn.iter().map(|(key, _)| key).eq(scene.cards.iter().map(|c| &c.key)));
    if !same_cards {
        let known: BTreeMap<String, ArcRwSignal<Card>> = drawn.get_untracked().into_iter().collect();
        let handle = |card: &Card| known.get(&card.key).cloned().unwrap_or_else(|| ArcRwSignal::new(card.clone()));
        drawn.set(scene.cards.iter().map(|card| (card.key.clone(), handle(card))).collect());
    }
    drawn.with_untracked(|drawn| {
        for ((_, signal), card) in drawn.iter().zip(&scene.cards) {
            if signal.with_untracked(|old| old != card) {
                signal.set(card.clone());
            }
        }
    });
}

/// The scene's lines, cards and bars.
#[component]
fn Drawing() -> impl IntoView {
    let session = Session::here();
    let scene = session.scene;
    let drawn: Drawn = RwSignal::new(Vec::new());
    Effect::new(move |_| scene.with(|scene| follow(drawn, scene)));
    let edges = move |faint: bool| {
        scene.with(|scene| {
            let edges = scene.edges.iter().filter(|edge| edge.faint == faint);
            edges.map(|Edge { from, to, .. }| format!("M{} {}L{} {}", from.0, from.1, to.0, to.1)).collect::<String>()
        })
    };
    view! {
        <For each=move || drawn.get() key=|(key, _)| key.clone() let((_, card))>
            <CardView card />
        </For>
        <g aria-hidden="true">
            <path class="edge" d=move || edges(false) />
            <path class="edge edge--faint" d=move || edges(true) />
            {move || scene.with(|scene| scene.bars.iter().map(bar).collect_view())}
        </g>
    }
}

/// How far something is that takes time.
fn bar(bar: &Bar) -> impl IntoView + use<> {
    let session = Session::here();
    let Bar { place, progress, state } = *bar;
    let whole = progress.until.since(progress.since).0.max(1) as f64;
    let width = move || place.width * (session.now.get().since(progress.since).0 as f64 / whole).clamp(0.0, 1.0);
    view! {
        <rect class=format!("bar state-{}", state.name()) x=place.x y=place.y width=width height=place.height rx="1.5" />
    }
}

#[component]
fn CardView(
    /// What is drawn.
    card: ArcRwSignal<Card>,
) -> impl IntoView {
    let session = Session::here();
    let card = RwSignal::from(card);
    let object = Memo::new(move |_| card.with(|card| card.object.clone()));
    let is_selected = move || object.read().is_some() && *session.selected.read() == *object.read();
    let is_lit =
        move || object.with(|object| object.as_ref().is_some_and(|object| session.lit.read().contains(object)));
    let select = move || {
        if let Some(object) = object.get_untracked() {
            session.selected.set(Some(object));
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") && !event.repeat() {
            event.prevent_default();
            select();
        }
    };
    view! {
        <g
            class=move || card.read().class.clone()
            class:card--selected=is_selected
            class:card--lit=is_lit
            transform=move || card.with(|card| format!("translate({} {})", card.place.x, card.place.y))
            role=move || if object.read().is_some() { "button" } else { "img" }
            tabindex=move || object.read().is_some().then_some("0")
            aria-label=move || card.read().label.clone()
            on:click=move |_| select()
            on:keydown=on_key
        >
            <title>{move || card.read().title.clone()}</title>
            <rect
                class="box"
                width=move || card.read().place.width
                height=move || card.read().place.height
                rx="10"
            />
            {move || card.with(|card| {
                let stripe = card.stripe.then(|| {
                    view! { <rect class="stripe" y="12" width="4" height=card.place.height - 24.0 rx="2" /> }
                });
                (stripe, card.lines.iter().map(line).collect_view())
            })}
        </g>
    }
}

fn line(line: &Line) -> impl IntoView + use<> {
    let Line { x, y, class, ends, .. } = *line;
    // The names of lanes are written upwards.
    let turn = (class == "lane").then(|| format!("rotate(-90 {x} {y})"));
    view! {
        <text class=class x=x y=y text-anchor=ends.then_some("end") transform=turn>
            {line.text.clone()}
        </text>
    }
}
