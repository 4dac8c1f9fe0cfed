//! The second part of the program: what a first view does not run (`tools/split`), brought when somebody does something.

use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/ui/rest.js")]
extern "C" {
    fn offer(exports: &JsValue);
    fn bring();
}

/// Has the rest brought at once, which takes the time of loading it. Doors to what is in it call this.
#[wasm_bindgen]
pub fn bring_rest() {
    bring();
}

/// Hands over what the rest takes from the first part, and waits for the first sign that somebody wants to do something.
pub fn expect() {
    offer(&wasm_bindgen::exports());
}
