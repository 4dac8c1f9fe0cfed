//! What can be done to an object: as a list of buttons, and as a menu beside it.

use leptos::prelude::*;

use super::clock::real_time;
use super::look::{Look, focus_on};
use super::session::Session;
use crate::actions::{self, Action};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::i18n::{Strings, fill};

impl Session {
    /// What can be done to an object now.
    pub fn actions(&self, object: ObjectRef) -> Memo<Vec<Action>> {
        let session = *self;
        Memo::new(move |_| {
            session.changes.track();
            session.ask(|cluster| actions::of(cluster, &object))
        })
    }
}

/// What can be done to an object, as buttons that show their lines.
#[component]
pub fn Actions(
    /// The object.
    object: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let kind = object.kind;
    let all = session.actions(object);
    let some = move |faults: bool| {
        let list = all.get().into_iter().filter(move |action| action.is_fault == faults);
        list.map(move |action| {
            let line = action.line.clone();
            view! {
                <button
                    class="deed"
                    class:deed--grave=action.deed.is_grave()
                    aria-pressed=action.on.map(|on| on.to_string())
                    title=action.line.clone()
                    on:click=move |_| session.run(line.clone())
                >
                    {inside(session.strings(), &action, kind)}
                </button>
            }
        })
        .collect_view()
    };
    let any = move |faults: bool| all.with(|all| all.iter().any(|a| a.is_fault == faults));
    view! {
        <Show when=move || any(false)>
            <section class="deeds" aria-label=move || session.strings().actions>
                <h3>{move || session.strings().actions}</h3>
                <div class="deeds__list">{move || some(false)}</div>
            </section>
        </Show>
        <Show when=move || any(true)>
            <section class="deeds" aria-label=move || session.strings().faults>
                <h3>{move || session.strings().faults}</h3>
                <div class="deeds__list deeds__list--faults">{move || some(true)}</div>
            </section>
        </Show>
    }
}

fn inside(strings: &Strings, action: &Action, kind: Kind) -> impl IntoView + use<> {
    // Those of faults are shown when the pointer rests on them, since there are many.
    let line = || view! { <code class="deed__line" aria-hidden="true">{action.line.clone()}</code> };
    let line = (!action.is_fault).then(line);
    let tick = action.on.map(|on| view! { <i class="deed__tick" aria-hidden="true">{if on { "✓" } else { "" }}</i> });
    view! {
        <span class="deed__word">{tick} {strings.deed(&action.deed, kind)}</span>
        {line}
    }
}

/// The menu that is open.
#[component]
pub fn ActionMenu() -> impl IntoView {
    let look = Look::here();
    view! {
        {move || {
            look.menu.get().map(|menu| view! { <OpenMenu object=menu.object at=menu.at /> })
        }}
    }
}

/// For how long a menu is not closed by what opened it, in milliseconds: a finger that rests on a card is also a request
/// for the browser's menu, which may come a little later.
const FRESH_MS: f64 = 700.0;

/// How much room a menu needs, so that it stays in the window.
const ROOM: (f64, f64) = (340.0, 420.0);

#[component]
fn OpenMenu(
    /// The object.
    object: ObjectRef,
    /// Where it opens, in the window.
    at: (f64, f64),
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let kind = object.kind;
    let name = object.to_string();
    let strings = session.language.get_untracked().strings();
    let label = fill(strings.actions_of, &[&name]);
    let all = session.actions(object).get_untracked();
    if all.is_empty() {
        look.menu.set(None);
    }
    let count = all.len();
    let came_from = document().active_element();
    // Back to where the menu was opened from.
    let close = move || {
        look.menu.set(None);
        if let Some(id) = came_from.as_ref().map(web_sys::Element::id).filter(|id| !id.is_empty()) {
            focus_on(id);
        }
    };
    let close = StoredValue::new_local(close);
    let now = real_time();
    let opened = now();
    let item = |number: usize| format!("menu-item-{number}");
    let on_key = move |event: web_sys::KeyboardEvent| {
        let here = document().active_element().map(|element| element.id()).unwrap_or_default();
        let here: usize = here.strip_prefix("menu-item-").and_then(|n| n.parse().ok()).unwrap_or_default();
        let next = match event.key().as_str() {
            "ArrowDown" => (here + 1) % count,
            "ArrowUp" => (here + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            "Escape" | "Tab" => {
                event.prevent_default();
                close.with_value(|close| close());
                return;
            }
            _ => return,
        };
        event.prevent_default();
        focus_on(item(next));
    };
    focus_on(item(0));
    let edge = |of: fn(&web_sys::Window) -> Result<leptos::wasm_bindgen::JsValue, leptos::wasm_bindgen::JsValue>| {
        of(&window()).ok().and_then(|size| size.as_f64()).unwrap_or(f64::MAX)
    };
    let (width, height) = (edge(web_sys::Window::inner_width), edge(web_sys::Window::inner_height));
    let (left, top) = (at.0.min(width - ROOM.0).max(8.0), at.1.min(height - ROOM.1).max(8.0));
    view! {
        <div
            class="menu__behind"
            on:click=move |_| close.with_value(|close| close())
            on:contextmenu=move |event| {
                event.prevent_default();
                if now() - opened > FRESH_MS {
                    close.with_value(|close| close());
                }
            }
        ></div>
        <div
            class="menu"
            role="menu"
            aria-label=label
            style=("left", format!("{left}px"))
            style=("top", format!("{top}px"))
            on:keydown=on_key
        >
            <p class="menu__title" aria-hidden="true">{name}</p>
            {all
                .into_iter()
                .enumerate()
                .map(|(number, action)| {
                    let line = action.line.clone();
                    view! {
                        <button
                            id=item(number)
                            class="deed"
                            class:deed--grave=action.deed.is_grave()
                            class:deed--fault=action.is_fault
                            role=if action.on.is_some() { "menuitemcheckbox" } else { "menuitem" }
                            tabindex="-1"
                            aria-checked=action.on.map(|on| on.to_string())
                            title=action.line.clone()
                            on:click=move |_| {
                                close.with_value(|close| close());
                                session.run(line.clone());
                            }
                        >
                            {inside(strings, &action, kind)}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}
