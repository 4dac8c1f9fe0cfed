//! What the browser does that answers later, its address bar, and what it keeps of a choice.

use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/ui/browser.js")]
extern "C" {
    #[wasm_bindgen(js_name = load_text)]
    fn load(file: &str, done: JsValue);
    #[wasm_bindgen(js_name = copy_text)]
    fn copy(text: &str, done: JsValue);
    /// The tag of the language that was chosen here before, or nothing.
    pub fn saved_language() -> String;
    /// Keeps the language that was chosen.
    pub fn save_language(tag: &str);
    /// Brings the element that a selector finds into view once it is drawn, where it is not.
    pub fn keep_in_view(selector: &str);
}

/// Loads a file that lies beside the page. `done` gets its text; nothing where it cannot be had.
pub fn load_text(file: &str, done: impl FnOnce(Option<String>) + 'static) {
    load(file, Closure::once_into_js(done));
}

/// Puts a text on the clipboard. `done` is told whether it is there.
pub fn copy_text(text: &str, done: impl FnOnce(bool) + 'static) {
    copy(text, Closure::once_into_js(done));
}

/// The fragment of the page's address.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// The page's address with another fragment.
pub fn address_with(fragment: &str) -> String {
    let address = window().location().href().unwrap_or_default();
    let (before, _) = address.split_once('#').unwrap_or((&address, ""));
    format!("{before}{fragment}")
}

/// Takes the fragment out of the address, where nobody is told of it.
pub fn forget_fragment() {
    if let Ok(history) = window().history() {
        // The address is that of the page itself.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address_with("")));
    }
}
