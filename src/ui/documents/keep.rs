//! Saving what is shown: a moment after each change, and before each command. What saves it is `keep.js`.

use std::collections::BTreeMap;
use std::sync::Arc;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;

use crate::command::Command;
use crate::scenario::Scenario;
use crate::timeline::{Log, Timeline};
use crate::ui::clock::real_time;
use crate::ui::files::FIRST;
use crate::ui::hooks;
use crate::ui::session::{Session, Tale};

#[wasm_bindgen(module = "/src/ui/documents/keep.js")]
extern "C" {
    pub(super) fn start(opened: &Closure<dyn FnMut(String, String, String)>, trouble: &Closure<dyn FnMut(String)>);
    fn on_leave(save: &Closure<dyn FnMut()>);
    fn save(text: &str, command: &str);
    #[wasm_bindgen(js_name = done)]
    fn command_done();
    pub(super) fn leave_own();
    pub(super) fn return_to_own(opened: &JsValue);
    pub(super) fn keep_copy(text: &str, done: &JsValue);
    pub(super) fn begin_anew(done: &JsValue);
    pub(super) fn earlier(done: &JsValue);
    pub(super) fn open_draft(id: &str, opened: &JsValue);
    pub(super) fn forget_draft(id: &str);
    pub(super) fn moment(time: f64, language: &str) -> String;
    pub(super) fn set_hash(hash: &str, is_own: bool);
    pub(super) fn offer(name: &str, ty: &str, text: &str);
    pub(super) fn watch(words: &str);
    pub(super) fn is_open(is_it: bool);
    fn fault(message: &str);
}

/// Has a panic of the program lead to the card that says so.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        fault(&panic.to_string());
    }));
}

/// How long at least lies between two times that a document is saved, in milliseconds.
const PAUSE_MS: f64 = 400.0;
/// And how many times as long as saving it takes.
const REST: f64 = 40.0;

/// What is shown, as a scenario. A story that came as a document is that document until its first step is told.
pub(super) fn scenario(session: Session) -> Scenario {
    let is_begun = session.story.at.get_untracked() > 0;
    told(session).filter(|_| !is_begun).unwrap_or_else(|| scenario_now(session))
}

/// The document that is shown: where it is a story, that story, however far it was told.
pub(super) fn document(session: Session) -> Scenario {
    told(session).unwrap_or_else(|| scenario_now(session))
}

/// The story that is told, where it came as a document.
fn told(session: Session) -> Option<Scenario> {
    let of = |tale: &Arc<Tale>| tale.name.is_empty().then(|| tale.scenario.clone());
    session.story.tale.with_untracked(|tale| tale.as_ref().and_then(of))
}

fn scenario_now(session: Session) -> Scenario {
    let (files, open) = session.files_now();
    let (speed, run) = (session.speed.get_untracked(), session.with_timeline(Timeline::saved));
    match session.documents.base.get_value() {
        Some(base) => base.with(files, &open, speed, run),
        None => Scenario::new(files, &open, speed, run),
    }
}

/// What the page begins with where nothing was saved.
pub(super) fn blank() -> Scenario {
    let files = BTreeMap::from([(FIRST.0.to_owned(), FIRST.1.to_owned())]);
    Scenario::new(files, FIRST.0, 1.0, Log::default())
}

/// Whether a document is shown that can be saved: a story is not one, and ends with what was there before.
fn is_document(session: Session) -> bool {
    session.documents.ready.get_untracked() && session.story.tale.with_untracked(Option::is_none)
}

/// Saves what is shown before a command that somebody gives, so that this moment can be restored.
pub fn before(session: Session, command: &Command) {
    // The editor's texts are saved by the way.
    let is_seen = !matches!(command, Command::SaveFile { .. } | Command::RemoveFile { .. });
    if is_seen && is_document(session) {
        let command = serde_json::to_string(command).unwrap_or_default();
        save(&scenario(session).to_json(), &command);
        hooks::pass("command");
    }
}

/// Says that the command is done.
pub fn done() {
    command_done();
}

/// Saves what is shown, where there is anything to save.
pub(super) fn save_now(session: Session) {
    let documents = session.documents;
    if !is_document(session) {
        return;
    }
    let now = scenario(session);
    documents.shared.with_value(|shared| {
        let changed = shared.as_ref().is_some_and(|shared| !shared.is_same_work(&now));
        if documents.changed.get_untracked() != changed {
            documents.changed.set(changed);
        }
    });
    let is_untouched = documents.base.with_value(Option::is_none) && now.is_same_work(&blank());
    if !is_untouched {
        save(&now.to_json(), "");
    }
}

/// Saves what is shown whenever it changes, but not too often.
pub(super) fn follow(session: Session) {
    let documents = session.documents;
    let pause = StoredValue::new(PAUSE_MS);
    let save_later = move || {
        documents.waiting.set_value(false);
        let real_time = real_time();
        let started = real_time();
        save_now(session);
        pause.set_value(((real_time() - started) * REST).max(PAUSE_MS));
    };
    Effect::new(move |_| {
        session.manifest.track();
        session.files.all.track();
        session.files.open.track();
        session.speed.track();
        session.time.spot.track();
        session.time.compare.track();
        if !documents.waiting.get_value() {
            documents.waiting.set_value(true);
            Timeout::new(pause.get_value() as u32, save_later).forget();
        }
    });
    let save = Closure::new(move || save_now(session));
    on_leave(&save);
    // The page has one, which lives as long as it does.
    save.forget();
}
