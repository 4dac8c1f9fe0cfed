//! What the browser does for links, files and pictures: see `travel.js`.

use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/ui/documents/travel.js")]
extern "C" {
    pub(super) fn deflate(text: &str, done: &JsValue);
    pub(super) fn inflate(bytes: &[u8], limit: usize, done: &JsValue);
    pub(super) fn copy(text: &str, done: &JsValue);
    pub(super) fn offer_png(name: &str, svg: &str, width: f64, height: f64);
    pub(super) fn on_drop(opened: &Closure<dyn FnMut(String, String, String)>, over: &Closure<dyn FnMut(bool)>);
    pub(super) fn choose_files(opened: &Closure<dyn FnMut(String, String, String)>);
    pub(super) fn is_dark() -> bool;
}
