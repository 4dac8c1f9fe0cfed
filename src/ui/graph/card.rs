//! A card of the picture, and a row of tiles.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use crate::api::meta::ObjectRef;
use crate::graph::layout::Tiles;
use crate::graph::scene::{Card, Line, Strip, tile_key};
use crate::ui::look::Look;
use crate::ui::session::Session;

/// How long a finger rests on a card that wants its menu, in milliseconds.
const LONG_PRESS_MS: u32 = 500;

/// A card.
#[component]
pub fn CardView(
    /// What is drawn.
    card: ArcRwSignal<Card>,
    /// The key of the card that the tabulator key goes to.
    active: Memo<String>,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let key = card.with_untracked(|card| card.key.clone());
    let card = RwSignal::from(card);
    let object = Memo::new(move |_| card.with(|card| card.object.clone()));
    let is_selected = move || object.read().is_some() && *session.selected.read() == *object.read();
    let is_lit =
        move || object.with(|object| object.as_ref().is_some_and(|object| session.lit.read().contains(object)));
    let focused = key.clone();
    let tab_stop = move || if object.read().is_some() && *active.read() == focused { "0" } else { "-1" };
    let strip_key = move |event: &web_sys::MouseEvent| card.with_untracked(|card| key_of_tile(session, card, event));
    let own_key = StoredValue::new(key.clone());
    let go_to = move |event: &web_sys::MouseEvent| {
        let key = strip_key(event).unwrap_or_else(|| own_key.get_value());
        look.focus.set(key);
    };
    let on_click = move |event: web_sys::MouseEvent| {
        if let Some(object) = object.get_untracked().or_else(|| object_of_tile(session, strip_key(&event))) {
            // First, since what is selected moves the tiles.
            go_to(&event);
            look.select(session, Some(object));
        }
    };
    let on_menu = move |event: web_sys::MouseEvent| {
        let object = object.get_untracked().or_else(|| object_of_tile(session, strip_key(&event)));
        if object.is_some() {
            go_to(&event);
            look.open_menu_at(object, &event);
        }
    };
    let press: StoredValue<Option<Timeout>, LocalStorage> = StoredValue::new_local(None);
    // Whether the finger that rests has opened the menu.
    let rested = StoredValue::new(false);
    let on_touch = move |event: web_sys::TouchEvent| {
        let Some(touch) = event.touches().get(0) else {
            return;
        };
        let at = (f64::from(touch.client_x()), f64::from(touch.client_y()));
        let object = object.get_untracked();
        rested.set_value(false);
        let open = move || {
            rested.set_value(object.is_some());
            look.open_menu(object, at);
        };
        press.set_value(Some(Timeout::new(LONG_PRESS_MS, open)));
    };
    let end_touch = move |event: web_sys::TouchEvent| {
        press.set_value(None);
        if rested.get_value() {
            // Else a click would follow, which is a press on what lies behind the menu.
            event.prevent_default();
        }
    };
    view! {
        <g
            class=move || card.read().class.clone()
            class:card--selected=is_selected
            class:card--lit=is_lit
            transform=move || card.with(|card| format!("translate({} {})", card.place.x, card.place.y))
            on:click=on_click
            on:contextmenu=on_menu
            on:touchstart=on_touch
            on:touchend=end_touch
            on:touchmove=move |_| press.set_value(None)
        >
            <g aria-hidden="true">
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
                    (stripe, card.strip.as_ref().map(strip), card.lines.iter().map(line).collect_view())
                })}
            </g>
            // What is pressed, focused and heard lies above all of it, and says all of it.
            <rect
                id=key
                class="hit"
                width=move || card.read().place.width
                height=move || card.read().place.height
                rx="10"
                role=move || if object.read().is_some() { "button" } else { "img" }
                aria-haspopup=move || object.read().is_some().then_some("menu")
                tabindex=tab_stop
                aria-label=move || card.read().label.clone()
                on:focus=move |_| look.focus.set(own_key.get_value())
            >
                <title>{move || card.read().title.clone()}</title>
            </rect>
        </g>
    }
}

/// The key of the tile that was pressed.
fn key_of_tile(session: Session, card: &Card, event: &web_sys::MouseEvent) -> Option<String> {
    use leptos::wasm_bindgen::JsCast;
    let strip = card.strip.as_ref()?;
    let tiles: Tiles = session.scene.with_untracked(|scene| scene.layout.sets.get(strip.set)?.tiles)?;
    let element: web_sys::Element = event.current_target()?.dyn_into().ok()?;
    let rect = element.query_selector(".box").ok()??.get_bounding_client_rect();
    let shares = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0) * card.place.width;
    let index = (shares / tiles.pitch.0).floor().clamp(0.0, strip.count as f64 - 1.0) as usize;
    Some(tile_key(strip.set, strip.first + index))
}

fn object_of_tile(session: Session, key: Option<String>) -> Option<ObjectRef> {
    let key = key?;
    session.graph.with_untracked(|graph| {
        let scene = session.scene.read_untracked();
        crate::graph::scene::tile(graph, &scene.layout, &key, session.language.get_untracked().strings())?.object
    })
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

fn strip(strip: &Strip) -> impl IntoView + use<> {
    let shapes = strip.shapes.iter().map(|(class, path)| view! { <path class=class.clone() d=path.clone() /> });
    let signs = strip.signs.iter().map(|(class, y, places, text)| {
        view! {
            <text class=class.clone() y=*y x=places.clone()>
                {text.clone()}
            </text>
        }
    });
    (shapes.collect_view(), signs.collect_view())
}
