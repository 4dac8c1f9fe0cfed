//! What is said of the document above the page: that it is somebody else's, that it was restored, that it is not saved.

use leptos::prelude::*;

use super::keep::{self, document};
use super::opening::return_to_own;
use super::{Restored, Storage};
use crate::i18n::fill;
use crate::timeline::Entry;
use crate::ui::icon::{CLOSE, Icon};
use crate::ui::session::Session;

/// The banners; none most of the time.
#[component]
pub fn Banners() -> impl IntoView {
    let session = Session::here();
    let documents = session.documents;
    let is_opening = move || session.opening.get().1;
    view! {
        <div class="banners" role="status">
            <Show when=move || documents.visiting.get() && !session.presentation.embed>
                <Visiting />
            </Show>
            {move || documents.restored.get().map(|restored| view! { <RestoredBanner restored /> })}
            {move || documents.storage.get().map(|storage| view! { <StorageBanner storage /> })}
            <Show when=is_opening>
                <p class="banner banner--late">{move || session.strings().share.opening}</p>
            </Show>
        </div>
    }
}

#[component]
fn Visiting() -> impl IntoView {
    let session = Session::here();
    let keep_copy = move |_| {
        let text = document(session).to_json();
        keep::keep_copy(
            &text,
            &leptos::wasm_bindgen::closure::Closure::once_into_js(move || {
                session.documents.visiting.set(false);
                keep::set_hash("", false);
            }),
        );
    };
    view! {
        <div class="banner banner--visit">
            <p>
                <b>{move || session.strings().share.visiting}</b>
                " "
                <span class="banner__more">{move || session.strings().share.visiting_note}</span>
            </p>
            <button class="button button--primary" on:click=keep_copy>
                {move || session.strings().share.keep_copy}
            </button>
            <button class="button" on:click=move |_| return_to_own(session)>
                {move || session.strings().share.back_to_own}
            </button>
        </div>
    }
}

#[component]
fn RestoredBanner(
    /// What was restored.
    restored: Restored,
) -> impl IntoView {
    let session = Session::here();
    let dismiss = move |_| session.documents.restored.set(None);
    let Restored(command) = restored;
    let title = command.as_ref().map(|command| Entry { at: Default::default(), command: command.clone() }.title());
    let sentence = move || match &title {
        Some(title) => fill(session.strings().share.restored, &[title]),
        None => session.strings().share.restored_while.to_owned(),
    };
    let again = command.map(|command| {
        let command = StoredValue::new(command);
        let again = move |_| {
            session.documents.restored.set(None);
            session.dispatch(command.get_value());
        };
        view! {
            <button class="button" on:click=again>
                {move || session.strings().share.try_again}
            </button>
        }
    });
    view! {
        <div class="banner banner--restored">
            <p>
                <b>{sentence}</b>
            </p>
            {again}
            <Dismiss on_click=dismiss />
        </div>
    }
}

#[component]
fn StorageBanner(
    /// What is wrong.
    storage: Storage,
) -> impl IntoView {
    let session = Session::here();
    let sentence = move || {
        let strings = session.strings().share;
        match storage {
            Storage::Full => strings.storage_full,
            Storage::Forbidden => strings.storage_forbidden,
        }
    };
    view! {
        <div class="banner banner--warning">
            <p>{sentence}</p>
            <Dismiss on_click=move |_| session.documents.storage.set(None) />
        </div>
    }
}

#[component]
fn Dismiss(
    /// Called when it is pressed.
    on_click: impl Fn(web_sys::MouseEvent) + 'static,
) -> impl IntoView {
    let session = Session::here();
    let label = move || session.strings().share.dismiss;
    view! {
        <button class="button button--quiet" aria-label=label title=label on:click=on_click>
            <Icon path=CLOSE />
        </button>
    }
}
