//! What a first view of the page does not run (`tools/split`): the rests of the program, brought when they are needed.

use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/ui/rest.js")]
extern "C" {
    fn offer(exports: &JsValue);
    fn bring(level: i32);
}

/// Has the rests up to a level brought at once, which takes the time of loading them. Doors to what is in them call this.
#[wasm_bindgen]
pub fn bring_rest(level: i32) {
    bring(level);
}

/// Hands over what the rests take from the first part, and waits for the first sign that somebody wants to do something.
pub fn expect() {
    offer(&wasm_bindgen::exports());
}
