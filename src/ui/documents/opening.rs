//! Opening documents: the reader's own, and those of links. A link never touches what is the reader's own.

use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;

use super::keep;
use super::trouble::{Broken, Why};
use super::{Restored, Storage, travel};
use crate::command::Command;
use crate::scenario::link::{self, Fragment, LinkTrouble};
use crate::scenario::{Scenario, load};
use crate::ui::session::{Session, Tale};
use crate::ui::story::read_from_beginning;

/// Opens what the page begins with, and follows links from then on.
pub fn start(session: Session) {
    let documents = session.documents;
    Effect::new(move |_| {
        let strings = session.strings().share;
        let word = |name: &str, text: &str| (name.to_owned(), serde_json::Value::from(text));
        let words: serde_json::Map<_, _> = [
            word("title", strings.fault_title),
            word("text", strings.fault_text),
            word("unopened", strings.fault_unopened),
            word("restore", strings.fault_restore),
            word("anew", strings.fault_anew),
            word("download", strings.fault_download),
            word("details", strings.fault_details),
        ]
        .into_iter()
        .collect();
        keep::watch(&crate::api::json::to_string(&words.into()));
    });
    let opened = Closure::new(move |kind: String, text: String, pending: String| match kind.as_str() {
        "link" => open_link(session, &text, true),
        // Nothing was kept: the page is as it begins.
        "draft" if text.is_empty() => {
            documents.ready.set(true);
            keep::is_open(true);
            present(session);
        }
        "draft" => open_own(session, &text),
        kind => {
            documents.visiting.set(kind == "carried-visit");
            let command: Option<Command> = serde_json::from_str(&pending).ok();
            let restored = !text.is_empty();
            open_text(session, &text, move || {
                session.playing.set(false);
                documents.restored.set(restored.then_some(Restored(command)));
            });
        }
    });
    let trouble = Closure::new(move |what: String| {
        documents.storage.set(Some(if what == "full" { Storage::Full } else { Storage::Forbidden }));
    });
    keep::start(&opened, &trouble);
    // The page begins once, and its storage may fail at any time.
    opened.forget();
    trouble.forget();
    keep::follow(session);
    let handle = window_event_listener(leptos::ev::hashchange, move |_| {
        open_link(session, &window().location().hash().unwrap_or_default(), false);
    });
    on_cleanup(move || handle.remove());
}

/// Opens what a fragment asks for. `is_first` says that nothing is shown yet.
fn open_link(session: Session, hash: &str, is_first: bool) {
    let broken = move |why: Why, payload: Vec<u8>| {
        session.documents.broken.set(Some(Broken { why, payload, is_file: false }));
        // Beneath it is the reader's own, as ever.
        if is_first {
            return_to_own(session);
        } else {
            session.documents.ready.set(true);
        }
    };
    match link::decode(hash) {
        None if session.documents.visiting.get_untracked() || is_first => return_to_own(session),
        None => session.documents.broken.set(None),
        // The gallery opens these.
        Some(Ok(Fragment::BuiltIn(_))) if is_first => return_to_own(session),
        Some(Ok(Fragment::BuiltIn(_))) => {}
        Some(Err(trouble)) => broken(Why::Link(trouble), hash.as_bytes().to_vec()),
        Some(Ok(Fragment::Scenario(bytes))) => {
            let payload = bytes.clone();
            let inflated = Closure::once_into_js(move |text: String, trouble: String| {
                let text = match trouble.as_str() {
                    "" => text,
                    "large" => return broken(Why::Inflates, payload),
                    _ => return broken(Why::Link(LinkTrouble::Damaged), payload),
                };
                match load(&text) {
                    Ok(scenario) => visit(session, scenario),
                    Err(trouble) => broken(Why::Scenario(trouble), text.into_bytes()),
                }
            });
            travel::inflate(&bytes, link::INFLATED, &inflated);
        }
    }
}

/// Opens the scenario in a fragment that the page around a figure has sent. Until that is done the documents are not ready.
pub fn go_to(session: Session, hash: &str) {
    session.documents.ready.set(false);
    open_link(session, hash, false);
}

/// Makes a fragment that of the page's address, where it leads to nothing else.
pub fn set_address(hash: &str) {
    keep::set_hash(hash, false);
}

/// Shows a scenario as a document beside the reader's own.
pub(super) fn visit(session: Session, scenario: Scenario) {
    let documents = session.documents;
    if !documents.visiting.get_untracked() {
        keep::save_now(session);
        keep::leave_own();
        documents.visiting.set(true);
    }
    show(session, scenario, move || present(session));
}

/// Shows the reader's own document again.
pub(super) fn return_to_own(session: Session) {
    if session.documents.visiting.get_untracked() {
        keep::set_hash("", false);
    }
    keep::return_to_own(&Closure::once_into_js(move |text: String| {
        session.documents.visiting.set(false);
        open_own(session, &text);
    }));
}

/// Opens a document of the reader's own.
pub(super) fn open_own(session: Session, text: &str) {
    open_text(session, text, move || present(session));
}

/// Shows what was opened. A moment is looked at, and stays; where nothing was done yet, time passes for what is going to be.
fn present(session: Session) {
    session.present(session.with_timeline(|timeline| timeline.log().count(timeline.log().branch)));
}

fn open_text(session: Session, text: &str, then: impl FnOnce() + 'static) {
    if text.is_empty() {
        show(session, keep::blank(), then);
        session.documents.base.set_value(None);
        return;
    }
    match load(text) {
        Ok(scenario) => show(session, scenario, then),
        Err(trouble) => {
            // It stays among the drafts; what is done from now on is another document.
            let payload = text.as_bytes().to_vec();
            session.documents.broken.set(Some(Broken { why: Why::Scenario(trouble), payload, is_file: true }));
            begin_anew(session);
        }
    }
}

/// Begins a new document of the reader's own. The one before becomes an earlier draft.
pub(super) fn begin_anew(session: Session) {
    keep::begin_anew(&Closure::once_into_js(move || {
        session.documents.visiting.set(false);
        open_own(session, "");
    }));
}

/// Tells the story of a document that was just opened. While it is told nothing is saved, so that is done before.
#[inline(never)]
fn tell(session: Session, scenario: Scenario) {
    keep::save_now(session);
    session.open_story(Tale { name: String::new(), scenario });
    read_from_beginning(session);
}

fn show(session: Session, scenario: Scenario, then: impl FnOnce() + 'static) {
    session.leave_story();
    let documents = session.documents;
    documents.ready.set(false);
    keep::is_open(false);
    documents.restored.set(None);
    documents.shared.set_value(None);
    documents.changed.set(false);
    documents.base.set_value(Some(scenario.clone()));
    let story = (!scenario.steps.is_empty()).then(|| scenario.clone());
    session.open(&scenario, move || {
        documents.ready.set(true);
        keep::is_open(true);
        if let Some(scenario) = story {
            tell(session, scenario);
        }
        then();
    });
}
