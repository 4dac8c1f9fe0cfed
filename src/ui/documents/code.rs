//! A text to copy, and the button that copies it.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;

use super::travel;
use crate::i18n::share::ShareStrings;
use crate::ui::session::Session;

/// How long a button says that it has copied, in milliseconds.
const SAID_MS: u32 = 2000;

/// A button that copies a text.
#[component]
pub fn Copy(
    /// The text.
    text: Callback<(), String>,
    /// Whether it is what one came for.
    #[prop(optional)]
    primary: bool,
    /// What it copies, for those who do not see what it stands beside.
    #[prop(into)]
    what: Signal<String>,
) -> impl IntoView {
    let session = Session::here();
    // Whether it was copied, where somebody has just tried.
    let done: RwSignal<Option<bool>> = RwSignal::new(None);
    let copy = move |_| {
        let copied = Closure::once_into_js(move |copied: bool| {
            done.set(Some(copied));
            Timeout::new(SAID_MS, move || {
                let _ = done.try_set(None);
            })
            .forget();
        });
        travel::copy(&text.run(()), &copied);
    };
    let word = move |strings: &ShareStrings| match done.get() {
        Some(true) => strings.copied,
        Some(false) => strings.copy_failed,
        None => strings.copy,
    };
    view! {
        <button
            class="button"
            class:button--primary=primary
            class:button--done=move || done.get() == Some(true)
            aria-label=move || format!("{}: {}", word(session.strings().share), what.get())
            on:click=copy
        >
            {move || match done.get() {
                Some(false) => session.strings().share.copy,
                _ => word(session.strings().share),
            }}
        </button>
        <Show when=move || done.get() == Some(false)>
            <p class="share__failed" role="alert">
                {move || session.strings().share.copy_failed}
            </p>
        </Show>
    }
}
