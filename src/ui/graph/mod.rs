//! The picture, and around it what the cluster has.

mod card;
mod edges;
mod keys;
mod rail;
mod toolbar;

use leptos::prelude::*;

use super::details::Details;
use super::look::Look;
use super::notices::Incomplete;
use super::session::Session;
use super::table::Tables;
use super::trouble::ChaosEnd;
use card::CardView;
use edges::{Edges, Rings};
use rail::Rail;
use toolbar::Toolbar;

/// The sets with their columns, as a picture or in tables, and at their side nodes and storage classes.
#[component]
pub fn GraphView() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let is_empty = Memo::new(move |_| session.scene.with(|scene| scene.cards.is_empty()));
    view! {
        <div class="graph" role="group" aria-label=move || session.strings().graph>
            <Toolbar />
            <ChaosEnd />
            <Incomplete />
            <div class="graph__body">
                <Show when=move || !look.table.get() fallback=Tables>
                    <div class="graph__scroll" role="region" aria-label=move || session.strings().graph>
                        <Show when=move || is_empty.get()>
                            <div class="graph__empty">
                                <p class="graph__empty-title">{move || session.strings().empty_title}</p>
                                <p>{move || session.strings().empty_text}</p>
                            </div>
                        </Show>
                        <Drawing />
                    </div>
                </Show>
                <Show when=move || look.is_closer(session) fallback=Rail>
                    <Details />
                </Show>
            </div>
        </div>
    }
}

/// How fast time may pass for things to be seen moving.
const FASTEST_MOVING: f64 = 50.0;

/// The scene's lines, cards and rings.
#[component]
fn Drawing() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let scene = session.scene;
    let extent = Memo::new(move |_| scene.with(|scene| (scene.width + 4.0, scene.height + 4.0)));
    let drawn = RwSignal::new(Vec::new());
    Effect::new(move |_| scene.with(|scene| super::follow::follow(drawn, &scene.cards, |card| &card.key)));
    let active = keys::active(session, look);
    keys::keep_focus(active, look);
    let tile = Memo::new(move |_| {
        let key = active.get();
        let strings = session.strings();
        session.graph.with(|graph| scene.with(|scene| crate::graph::scene::tile(graph, &scene.layout, &key, strings)))
    });
    let tile_key = Memo::new(move |_| tile.read().as_ref().map(|card| card.key.clone()));
    view! {
        <svg
            class="graph__svg"
            class:graph__svg--still=move || { session.speed.get() > FASTEST_MOVING }
            class:graph__svg--tints=move || look.tints.get()
            viewBox=move || format!("-2 -2 {} {}", extent.get().0, extent.get().1)
            width=move || extent.get().0
            height=move || extent.get().1
            // Else Chromium makes it a stop of its own, since it listens to the focus.
            tabindex="-1"
            on:keydown=move |event| keys::on_key(&event, session, look, active)
            on:focusin=move |_| look.within.set_value(true)
            on:focusout=move |_| look.within.set_value(false)
        >
            <For each=move || drawn.get() key=|(key, _)| key.clone() let((_, card))>
                <CardView card active />
            </For>
            <Edges />
            <Rings />
            {move || {
                tile_key
                    .get()
                    .and_then(|_| tile.get_untracked())
                    .map(|card| {
                        let card = ArcRwSignal::new(card);
                        let shown = card.clone();
                        Effect::new(move |_| {
                            if let Some(now) = tile.get() {
                                shown.set(now);
                            }
                        });
                        view! { <CardView card active /> }
                    })
            }}
        </svg>
    }
}
