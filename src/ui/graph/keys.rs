//! The keyboard in the picture: one stop of the tabulator key, and arrows from card to card.

use leptos::prelude::*;

use crate::api::meta::ObjectRef;
use crate::graph::focus::{self, Direction};
use crate::graph::scene::{self, Scene};
use crate::ui::look::{Look, asks_for_menu, focus_on};
use crate::ui::session::Session;

/// Whether a key names something in the picture.
fn is_there(scene: &Scene, key: &str) -> bool {
    if let Some((set, index)) = key.strip_prefix("tile/").and_then(|rest| rest.split_once('/')) {
        let (Ok(set), Ok(index)) = (set.parse::<usize>(), index.parse::<usize>()) else {
            return false;
        };
        let strips = scene.cards.iter().filter_map(|card| card.strip.as_ref());
        return strips
            .filter(|strip| strip.set == set)
            .any(|strip| (strip.first..strip.first + strip.count).contains(&index));
    }
    scene.cards.iter().any(|card| card.key == key && card.object.is_some())
}

/// The key of the card that has the focus, or gets it: where that is gone, of the nearest; at first, of the first.
pub fn active(session: Session, look: Look) -> Memo<String> {
    Memo::new(move |_| {
        let focus = look.focus.get();
        session.scene.with(|scene| {
            if is_there(scene, &focus) {
                return focus;
            }
            let stops = focus::stops(scene);
            let next = if focus.is_empty() {
                stops.first().map(|(key, _)| key.as_str())
            } else {
                focus::nearest(&stops, look.focus_place.get_value())
            };
            next.unwrap_or_default().to_owned()
        })
    })
}

/// Keeps the focus in the picture when the card that had it is gone.
pub fn keep_focus(active: Memo<String>, look: Look) {
    Effect::new(move |before: Option<String>| {
        let now = active.get();
        if before.is_some_and(|before| before != now) && look.within.get_value() && look.focus.get_untracked() != now {
            look.focus.set(now.clone());
            focus_on(now.clone());
        }
        now
    });
}

fn object_of(session: Session, key: &str) -> Option<ObjectRef> {
    let strings = session.language.get_untracked().strings();
    session.scene.with_untracked(|scene| match scene.cards.iter().find(|card| card.key == key) {
        Some(card) => card.object.clone(),
        None => session.graph.with_untracked(|graph| scene::tile(graph, &scene.layout, key, strings))?.object,
    })
}

/// What a key does in the picture.
pub fn on_key(event: &web_sys::KeyboardEvent, session: Session, look: Look, active: Memo<String>) {
    let here = active.get_untracked();
    let direction = match event.key().as_str() {
        "ArrowLeft" => Some(Direction::Left),
        "ArrowRight" => Some(Direction::Right),
        "ArrowUp" => Some(Direction::Up),
        "ArrowDown" => Some(Direction::Down),
        "Home" => Some(Direction::First),
        "End" => Some(Direction::Last),
        _ => None,
    };
    if let Some(direction) = direction {
        event.prevent_default();
        let stops = session.scene.with_untracked(|scene| focus::stops(scene));
        if let Some(next) = focus::go(&stops, &here, direction) {
            let place = stops.iter().find(|(key, _)| key == next).map(|(_, place)| *place);
            look.focus_place.set_value(place.unwrap_or_default());
            look.focus.set(next.to_owned());
            focus_on(next.to_owned());
        }
        return;
    }
    if matches!(event.key().as_str(), "Enter" | " ") {
        event.prevent_default();
        if !event.repeat() {
            look.select(session, object_of(session, &here));
        }
    } else if asks_for_menu(event) {
        event.prevent_default();
        if let Some(element) = document().get_element_by_id(&here) {
            look.open_menu_below(object_of(session, &here), &element);
        }
    } else if event.key() == "Escape" {
        look.select(session, None);
    }
}
