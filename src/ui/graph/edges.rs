//! The lines between cards, and the rings of what takes time.

use leptos::prelude::*;

use crate::graph::scene::{Edge, Ring};
use crate::ui::follow::follow;
use crate::ui::look::Look;
use crate::ui::session::Session;

/// The lines. They say what they are when they are pressed; who does not see them finds the same in the details.
#[component]
pub fn Edges() -> impl IntoView {
    let session = Session::here();
    let edges = Memo::new(move |_| session.scene.with(|scene| scene.edges.clone()));
    view! {
        <g aria-hidden="true">
            <For each=move || edges.get() key=|edge| format!("{edge:?}") let(edge)>
                <EdgeView edge />
            </For>
        </g>
    }
}

#[component]
fn EdgeView(
    /// The line.
    edge: Edge,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let Edge { from, to, faint, ends } = edge;
    let path = format!("M{} {}L{} {}", from.0, from.1, to.0, to.1);
    let of = ends.clone();
    let is_looked_at = move || look.edge.with(|edge| edge.as_ref() == Some(&of));
    let title = format!("{} – {}", ends.0, ends.1);
    let open = move |_| look.select_edge(session, ends.clone());
    view! {
        <g class="edge" class:edge--faint=faint class:edge--on=is_looked_at on:click=open>
            <title>{title}</title>
            <path class="edge__hit" d=path.clone() />
            <path class="edge__line" d=path />
        </g>
    }
}

/// The parts that a ring goes through: more than can be told apart.
const PARTS: f64 = 60.0;
/// The radius of a ring.
const RADIUS: f64 = 10.0;

/// The rings.
#[component]
pub fn Rings() -> impl IntoView {
    let session = Session::here();
    let drawn = RwSignal::new(Vec::new());
    Effect::new(move |_| session.scene.with(|scene| follow(drawn, &scene.rings, |ring: &Ring| &ring.key)));
    view! {
        <g aria-hidden="true">
            <For each=move || drawn.get() key=|(key, _)| key.clone() let((_, ring))>
                <RingView ring />
            </For>
        </g>
    }
}

#[component]
fn RingView(
    /// The ring.
    ring: ArcRwSignal<Ring>,
) -> impl IntoView {
    let session = Session::here();
    let ring = RwSignal::from(ring);
    let part = Memo::new(move |_| ring.with(|ring| (ring.timer.share(session.now.get()) * PARTS).round()));
    view! {
        <g
            class=move || format!("ring state-{}", ring.read().state.name())
            transform=move || ring.with(|ring| format!("translate({} {}) rotate(-90)", ring.x, ring.y))
        >
            <circle class="ring__whole" r=RADIUS />
            <circle
                class="ring__part"
                r=RADIUS
                pathLength=PARTS
                stroke-dasharray=move || format!("{} {PARTS}", part.get())
            />
        </g>
    }
}
