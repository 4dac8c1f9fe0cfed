//! The documents that there are: opening files, beginning anew, and earlier drafts to go back to.

use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;
use serde_json::Value;

use super::files;
use super::keep::{self, save_now};
use super::opening::{begin_anew, open_own};
use crate::api::fields::Fields;
use crate::i18n::fill;
use crate::ui::icon::{CLOSE, FOLDER, Icon};
use crate::ui::look::hide_popover;
use crate::ui::session::Session;

const ID: &str = "documents";

/// The button, and the list that it opens.
#[component]
pub fn DocumentMenu() -> impl IntoView {
    let session = Session::here();
    let drafts = RwSignal::new(Vec::<Value>::new());
    let look = move || {
        save_now(session);
        drafts.set(Vec::new());
        keep::earlier(&Closure::once_into_js(move |json: String| {
            let found: Value = serde_json::from_str(&json).unwrap_or_default();
            drafts.set(found.as_array().cloned().unwrap_or_default());
        }));
    };
    let choose = move |_| {
        hide_popover(ID);
        files::choose(session);
    };
    let anew = move |_| {
        hide_popover(ID);
        save_now(session);
        keep::set_hash("", false);
        begin_anew(session);
    };
    view! {
        <button
            class="button button--quiet"
            popovertarget=ID
            aria-label=move || session.strings().share.documents
            on:click=move |_| look()
        >
            <span class="header__icon">
                <Icon path=FOLDER />
            </span>
            <span class="header__word">{move || session.strings().share.documents}</span>
        </button>
        <div id=ID class="documents" popover="auto" role="dialog" aria-label=move || session.strings().share.documents>
            <div class="documents__buttons">
                <button class="button" on:click=anew>
                    {move || session.strings().share.new_document}
                </button>
                <button class="button" on:click=choose>
                    {move || session.strings().share.open_file}
                </button>
            </div>
            <h3>{move || session.strings().share.earlier}</h3>
            <Show when=move || drafts.read().is_empty()>
                <p class="documents__note">{move || session.strings().share.earlier_none}</p>
            </Show>
            <ul class="documents__list">
                {move || drafts.get().into_iter().map(|draft| view! { <Draft draft drafts /> }).collect_view()}
            </ul>
        </div>
    }
}

/// An earlier draft: when it was saved, its files, and how much was done.
#[component]
fn Draft(
    /// What is known of it.
    draft: Value,
    /// The list that it is in.
    drafts: RwSignal<Vec<Value>>,
) -> impl IntoView {
    let session = Session::here();
    let id = StoredValue::new(draft.text("id").to_owned());
    let time = draft.field("time").as_f64().unwrap_or_default();
    let names: Vec<&str> = draft.list("files").iter().filter_map(Value::as_str).collect();
    let names = names.join(", ");
    let commands = draft.int("commands").unwrap_or_default().to_string();
    let is_held = draft.flag("held");
    let open = move |_| {
        hide_popover(ID);
        save_now(session);
        keep::set_hash("", false);
        let opened = Closure::once_into_js(move |text: String| {
            session.documents.visiting.set(false);
            open_own(session, &text);
        });
        keep::open_draft(&id.get_value(), &opened);
    };
    let forget = move |_| {
        keep::forget_draft(&id.get_value());
        drafts.update(|drafts| drafts.retain(|draft| draft.text("id") != id.get_value()));
    };
    let about = move || {
        let strings = session.strings().share;
        let commands = fill(strings.earlier_commands, &[&commands]);
        let when = keep::moment(time, session.language.get().tag());
        if is_held { format!("{when} · {}", strings.in_other_tab) } else { format!("{when} · {commands}") }
    };
    let label = move || session.strings().share.forget;
    view! {
        <li class="documents__draft">
            <button class="documents__open" disabled=is_held on:click=open>
                <b>{names}</b>
                <small>{about}</small>
            </button>
            <button class="button button--quiet" disabled=is_held aria-label=label title=label on:click=forget>
                <Icon path=CLOSE />
            </button>
        </li>
    }
}
