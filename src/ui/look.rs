//! How the picture is looked at: what has the focus, what is open. None of it changes the cluster.

use leptos::prelude::*;

use super::session::Session;
use crate::api::meta::ObjectRef;
use crate::graph::layout::Rect;

/// How the picture is looked at. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Look {
    /// The key of the card that arrow keys start from.
    pub focus: RwSignal<String>,
    /// Where it stood last.
    pub focus_place: StoredValue<Rect>,
    /// Whether the focus is in the picture.
    pub within: StoredValue<bool>,
    /// Which of two clusters this picture is of: 0 for the first.
    side: usize,
    /// In which one something is looked at closely.
    pub side_looked_at: RwSignal<usize>,
    /// The connection that is looked at.
    pub edge: RwSignal<Option<(ObjectRef, ObjectRef)>>,
    /// The menu that is open.
    pub menu: RwSignal<Option<Menu>>,
    /// Whether tables are shown instead of the picture.
    pub table: RwSignal<bool>,
    /// Whether pods are coloured by node.
    pub tints: RwSignal<bool>,
}

/// A menu of what can be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// To what.
    pub object: ObjectRef,
    /// Where it is opened, in the window.
    pub at: (f64, f64),
}

impl Look {
    /// Nothing is looked at yet.
    pub fn new() -> Look {
        Look {
            focus: RwSignal::new(String::new()),
            focus_place: StoredValue::new(Rect::default()),
            within: StoredValue::new(false),
            side: 0,
            side_looked_at: RwSignal::new(0),
            edge: RwSignal::new(None),
            menu: RwSignal::new(None),
            table: RwSignal::new(false),
            tints: RwSignal::new(false),
        }
    }

    /// The same for a second picture, but for the focus, of which each has its own.
    pub fn beside(&self) -> Look {
        let Look { focus, focus_place, within, .. } = Look::new();
        Look { focus, focus_place, within, side: 1, ..*self }
    }

    /// That of this page.
    pub fn here() -> Look {
        expect_context()
    }

    /// Whether something is looked at closely.
    pub fn is_closer(&self, session: Session) -> bool {
        session.selected.read().is_some() || self.edge.read().is_some()
    }

    /// Looks closely at an object, or at nothing; at no connection any more.
    pub fn select(&self, session: Session, object: Option<ObjectRef>) {
        self.edge.set(None);
        self.side_looked_at.set(self.side);
        session.selected.set(object);
    }

    /// Looks closely at a connection.
    pub fn select_edge(&self, session: Session, ends: (ObjectRef, ObjectRef)) {
        session.selected.set(None);
        self.side_looked_at.set(self.side);
        self.edge.set(Some(ends));
    }

    /// Opens the menu of an object, where there is one, at a place in the window.
    pub fn open_menu(&self, object: Option<ObjectRef>, at: (f64, f64)) {
        self.menu.set(object.map(|object| Menu { object, at }));
    }

    /// Opens the menu of an object where it was asked for with the pointer.
    pub fn open_menu_at(&self, object: Option<ObjectRef>, event: &web_sys::MouseEvent) {
        event.prevent_default();
        self.open_menu(object, (event.client_x().into(), event.client_y().into()));
    }

    /// Opens the menu of an object below the button that has the focus, where a key asks for it.
    pub fn open_menu_by_key(&self, object: ObjectRef, event: &web_sys::KeyboardEvent) {
        if asks_for_menu(event) {
            event.prevent_default();
            let button: web_sys::HtmlElement = event_target(event);
            self.open_menu_below(Some(object), &button);
        }
    }

    /// Opens the menu of an object below an element.
    pub fn open_menu_below(&self, object: Option<ObjectRef>, element: &web_sys::Element) {
        let rect = element.get_bounding_client_rect();
        self.open_menu(object, (rect.left() + 12.0, rect.bottom() + 4.0));
    }
}

/// Whether a key asks for the menu of what has the focus.
pub fn asks_for_menu(event: &web_sys::KeyboardEvent) -> bool {
    let plain = !(event.ctrl_key() || event.alt_key() || event.meta_key());
    match event.key().as_str() {
        "ContextMenu" => true,
        "F10" => event.shift_key(),
        "m" => plain,
        _ => false,
    }
}

/// Closes the popover of this id.
pub fn hide_popover(id: &str) {
    use leptos::wasm_bindgen::JsCast;
    if let Some(Ok(popover)) = document().get_element_by_id(id).map(JsCast::dyn_into::<web_sys::HtmlElement>) {
        // It is open, since it was sent off.
        let _ = popover.hide_popover();
    }
}

/// Up to how wide a window is for the parts of the page to stand below each other.
const NARROW: f64 = 900.0;

/// Goes to the picture, as soon as it is drawn.
pub fn go_to_picture() {
    request_animation_frame(|| {
        if let Ok(Some(toolbar)) = document().query_selector(".toolbar") {
            toolbar.scroll_into_view();
        }
    });
}

/// The same where the picture lies below what was pressed.
pub fn go_down_to_picture() {
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    if width.is_some_and(|width| width <= NARROW) {
        go_to_picture();
    }
}

/// Gives the focus to the element of this id, as soon as it is drawn.
pub fn focus_on(id: String) {
    request_animation_frame(move || {
        use leptos::wasm_bindgen::JsCast;
        let Some(element) = document().get_element_by_id(&id) else {
            return;
        };
        // Cards are elements of SVG, buttons of HTML.
        match element.dyn_into::<web_sys::SvgElement>() {
            Ok(card) => drop(card.focus()),
            Err(other) => {
                if let Ok(button) = other.dyn_into::<web_sys::HtmlElement>() {
                    let _ = button.focus();
                }
            }
        }
    });
}
