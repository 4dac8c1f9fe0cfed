//! The manifest editor behind the text area: CodeMirror, in a file of its own that is loaded when it is first wanted.

use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;
use serde_json::{Map, Value};

use super::session::Session;
use crate::api::json;
use crate::command::Diagnostic;
use crate::manifest::{Span, context};

#[wasm_bindgen(module = "/src/ui/codemirror/bridge.js")]
extern "C" {
    fn load_editor(
        host: &web_sys::HtmlElement,
        area: &web_sys::HtmlTextAreaElement,
        label: &str,
        language: &str,
        changed: &Closure<dyn Fn()>,
        apply: &Closure<dyn Fn()>,
        ask: &Closure<dyn Fn(String, String, u32, u32) -> String>,
        ready: &Closure<dyn Fn(ManifestEditor)>,
    );

    /// The editor of `codemirror/editor.js`.
    #[derive(Clone)]
    pub type ManifestEditor;

    #[wasm_bindgen(method)]
    fn text(this: &ManifestEditor) -> String;
    #[wasm_bindgen(method)]
    fn set_text(this: &ManifestEditor, text: &str);
    #[wasm_bindgen(method)]
    fn open(this: &ManifestEditor, file: u32, text: &str);
    #[wasm_bindgen(method)]
    fn flush(this: &ManifestEditor);
    #[wasm_bindgen(method)]
    fn select(this: &ManifestEditor, line: usize, column: usize, end_line: usize, end_column: usize);
    #[wasm_bindgen(method)]
    fn set_diagnostics(this: &ManifestEditor, json: &str);
    #[wasm_bindgen(method)]
    fn set_language(this: &ManifestEditor, language: &str, label: &str);
}

/// The editor once it has been loaded. A copy is a handle to the same one.
#[derive(Clone, Copy)]
pub struct CodeEditor {
    editor: StoredValue<Option<ManifestEditor>, LocalStorage>,
    /// Whether it has taken the text area's place.
    pub loaded: RwSignal<bool>,
    asked_for: StoredValue<bool>,
    /// Whether the page's text has just come from the editor, so that it need not go back.
    is_own_text: StoredValue<bool>,
}

impl CodeEditor {
    /// An editor that has not been asked for.
    pub fn new() -> CodeEditor {
        CodeEditor {
            editor: StoredValue::new_local(None),
            loaded: RwSignal::new(false),
            asked_for: StoredValue::new(false),
            is_own_text: StoredValue::new(false),
        }
    }

    /// Loads the editor into a host, once, in the place of a text area. Where it cannot be loaded the text area stays.
    pub fn load(self, host: &web_sys::HtmlElement, area: &web_sys::HtmlTextAreaElement, session: Session) {
        if self.asked_for.get_value() {
            return;
        }
        self.asked_for.set_value(true);
        let manifest = session.manifest;
        let changed = Closure::new(move || {
            self.is_own_text.set_value(true);
            self.with(|editor| manifest.set(editor.text()));
        });
        let apply = Closure::new(move || session.apply());
        let ask = Closure::new(|what: String, text: String, line: u32, column: u32| {
            let (line, column) = (line as usize, column as usize);
            let answer = match what.as_str() {
                "complete" => suggestions(&text, line, column),
                _ => known(&text, line, column),
            };
            json::to_string(&answer)
        });
        let ready = Closure::new(move |editor: ManifestEditor| {
            self.editor.set_value(Some(editor));
            self.loaded.set(true);
            self.keep_up(session);
        });
        let strings = session.language.get_untracked().strings();
        let tag = session.language.get_untracked().tag();
        load_editor(host, area, strings.manifest, tag, &changed, &apply, &ask, &ready);
        // The page has one editor, which lives as long as it does.
        changed.forget();
        apply.forget();
        ask.forget();
        ready.forget();
    }

    /// Has the editor follow the page: its text where something else changes it, its problems, its language.
    fn keep_up(self, session: Session) {
        Effect::new(move |shown: Option<u32>| {
            session.manifest.track();
            let file = session.files.open.get();
            let is_own_text = self.is_own_text.get_value();
            self.is_own_text.set_value(false);
            if shown != Some(file) {
                self.with(|editor| session.manifest.with(|text| editor.open(file, text)));
            } else if !is_own_text {
                self.with(|editor| session.manifest.with(|text| editor.set_text(text)));
            }
            file
        });
        Effect::new(move |_| {
            let json = session.answer.with(|answer| underlines(&answer.diagnostics));
            self.with(|editor| editor.set_diagnostics(&json));
        });
        Effect::new(move |_| {
            let language = session.language.get();
            self.with(|editor| editor.set_language(language.tag(), language.strings().manifest));
        });
    }

    /// Takes over what has been typed and not been told of yet.
    pub fn flush(self) {
        self.with(ManifestEditor::flush);
    }

    /// Selects a stretch of the text and shows it. Says whether there is an editor.
    pub fn select(self, span: Span) -> bool {
        self.with(|editor| editor.select(span.line, span.column, span.end_line, span.end_column)).is_some()
    }

    fn with<T>(self, use_it: impl FnOnce(&ManifestEditor) -> T) -> Option<T> {
        // The handle is copied out first: the editor calls back into the page.
        let editor = self.editor.with_value(Clone::clone);
        editor.as_ref().map(use_it)
    }
}

fn object(fields: &[(&str, Value)]) -> Value {
    let mut out = Map::new();
    for (name, value) in fields {
        out.insert((*name).to_owned(), value.clone());
    }
    Value::Object(out)
}

fn underlines(diagnostics: &[Diagnostic]) -> String {
    let mut out = Vec::new();
    for diagnostic in diagnostics {
        let Some(span) = diagnostic.span else { continue };
        let span = [span.line, span.column, span.end_line, span.end_column].map(Value::from).to_vec();
        let (message, path) = (Value::from(diagnostic.message.as_str()), Value::from(diagnostic.path.as_str()));
        out.push(object(&[("span", Value::Array(span)), ("message", message), ("path", path)]));
    }
    json::to_string(&Value::Array(out))
}

fn suggestions(text: &str, line: usize, column: usize) -> Value {
    let mut out = Vec::new();
    for found in context::complete(text, line, column) {
        out.push(object(&[
            ("label", found.label.into()),
            ("detail", found.detail.into()),
            ("required", found.required.into()),
            ("apply", found.apply.into()),
        ]));
    }
    Value::Array(out)
}

/// What is known of a field, in the words of `kubectl explain`.
fn known(text: &str, line: usize, column: usize) -> Value {
    let Some(known) = context::hover(text, line, column) else { return Value::Null };
    let mut ty = format!("<{}>", known.ty);
    if known.required {
        ty.push_str(" -required-");
    }
    let values = if known.values.is_empty() { String::new() } else { format!("enum: {}", known.values.join(", ")) };
    object(&[("path", known.path.into()), ("type", ty.into()), ("note", values.into())])
}
