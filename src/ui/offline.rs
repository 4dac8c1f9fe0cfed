//! The page without a network, and the offer of a newer version.

use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

use super::session::Session;

#[wasm_bindgen(module = "/src/ui/offline.js")]
extern "C" {
    fn work_offline(offer: &Closure<dyn Fn()>);
    fn use_new_version();
}

/// Says that there is a newer version; it is used when somebody asks for it.
#[component]
pub fn NewVersion() -> impl IntoView {
    let session = Session::here();
    let is_there = RwSignal::new(false);
    let offer: Closure<dyn Fn()> = Closure::new(move || is_there.set(true));
    work_offline(&offer);
    // The worker may offer a version as long as the page is open.
    offer.forget();
    view! {
        <Show when=move || is_there.get()>
            <p class="new-version" role="status">
                {move || session.strings().new_version}
                <button class="button" on:click=move |_| use_new_version()>
                    {move || session.strings().use_new_version}
                </button>
                <button class="button button--quiet" on:click=move |_| is_there.set(false)>
                    {move || session.strings().not_now}
                </button>
            </p>
        </Show>
    }
}
