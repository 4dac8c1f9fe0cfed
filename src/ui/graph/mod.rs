//! The picture, and around it what the cluster has.

mod card;
mod edges;
mod keys;
mod rail;
mod toolbar;

use leptos::context::Provider;
use leptos::prelude::*;

use super::compare;
use super::details::Details;
use super::gallery::Gallery;
use super::look::Look;
use super::notices::Incomplete;
use super::session::Session;
use super::table::Tables;
use super::trouble::ChaosEnd;
use crate::graph::model::SetView;
use crate::i18n::fill;
use card::CardView;
use edges::{Edges, Rings};
use rail::Rail;
use toolbar::Toolbar;

/// The sets with their columns, as a picture or in tables, and at their side nodes and storage classes.
#[component]
pub fn GraphView() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let gallery = Gallery::here();
    // A story tells what to do itself.
    let is_empty = Memo::new(move |_| {
        session.scene.with(|scene| scene.cards.is_empty()) && session.story.tale.with(Option::is_none)
    });
    view! {
        <div class="graph" role="group" aria-label=move || session.strings().graph>
            <Toolbar />
            <ChaosEnd />
            <Incomplete />
            <div class="graph__body">
                <Show when=move || !look.table.get() fallback=Tables>
                    <div
                        class="graph__scroll"
                        role="region"
                        aria-label=move || session.strings().graph
                        on:scroll=move |event| scroll_along(session, &event)
                    >
                        <Show when=move || is_empty.get()>
                            <div class="graph__empty">
                                <p class="graph__empty-title">{move || session.strings().empty_title}</p>
                                <p>{move || session.strings().empty_text}</p>
                                <button class="button" on:click=move |_| gallery.show(session)>
                                    {move || session.strings().empty_stories}
                                </button>
                            </div>
                        </Show>
                        <Which title=move || session.strings().compare_first.to_owned() />
                        <Drawing />
                    </div>
                    <Beside />
                </Show>
                <Show when=move || look.is_closer(session) fallback=Rail>
                    {move || closely(session, look)}
                </Show>
            </div>
        </div>
    }
}

/// What is looked at closely, in the cluster in which it is looked at.
#[inline(never)]
fn closely(session: Session, look: Look) -> AnyView {
    let is_beside = look.side_looked_at.get() > 0 && session.time.compare.read().is_some();
    let session = if is_beside { session.beside() } else { session };
    view! {
        <Provider value=session>
            <Details />
        </Provider>
    }
    .into_any()
}

/// The cluster beside the first one, where two are compared.
#[component]
fn Beside() -> impl IntoView {
    let (session, look) = (Session::here(), Look::here());
    let compare = session.time.compare;
    let title =
        Memo::new(move |_| compare.with(|compare| compare.as_ref().map(|compare| compare::title(session, compare))));
    let title = move || title.get().unwrap_or_default();
    view! {
        <Show when=move || compare.read().is_some()>
            <Provider value=session.beside()>
                <Provider value=look.beside()>
                    <div
                        class="graph__scroll graph__scroll--beside"
                        role="region"
                        aria-label=move || fill(session.strings().compare_beside, &[&title()])
                        on:scroll=move |event| scroll_along(session, &event)
                    >
                        <Which title />
                        <Drawing />
                    </div>
                </Provider>
            </Provider>
        </Show>
    }
}

/// Where two pictures stand side by side, both show the same part: what one is scrolled to, the other is too.
#[inline(never)]
fn scroll_along(session: Session, event: &web_sys::Event) {
    if session.time.compare.read_untracked().is_none() {
        return;
    }
    let one: web_sys::Element = event_target(event);
    if let Some(other) = one.next_element_sibling().filter(is_picture).or(one.previous_element_sibling()) {
        other.set_scroll_top(one.scroll_top());
        other.set_scroll_left(one.scroll_left());
    }
}

fn is_picture(element: &web_sys::Element) -> bool {
    element.class_list().contains("graph__scroll")
}

/// Which cluster a picture is of, where there are two.
#[component]
fn Which(
    /// Its name.
    #[prop(into)]
    title: Signal<String>,
) -> impl IntoView {
    let session = Session::here();
    let compare = session.time.compare;
    // The picture of a set may be wider than its half of the page.
    let ready = Memo::new(move |_| {
        let strings = session.strings();
        let of = |set: &SetView| fill(strings.ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]);
        session.graph.with(|graph| graph.sets.iter().map(of).collect::<Vec<_>>().join(" · "))
    });
    view! {
        <Show when=move || compare.read().is_some()>
            <p class="graph__which" aria-hidden="true">
                <b>{title}</b>
                <span>{ready}</span>
            </p>
        </Show>
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
