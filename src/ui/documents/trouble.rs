//! What is shown in the place of what cannot be opened: what happened to it, and what can be done.

use leptos::prelude::*;

use super::keep;
use crate::api::base64;
use crate::i18n::{Strings, fill};
use crate::scenario::Trouble;
use crate::scenario::link::LinkTrouble;
use crate::ui::session::Session;

/// Something that cannot be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Why.
    pub why: Why,
    /// What is there of it.
    pub payload: Vec<u8>,
    /// Whether it came as a file.
    pub is_file: bool,
}

/// Why it cannot.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// The link is broken.
    Link(LinkTrouble),
    /// It would be too large.
    Inflates,
    /// What is in it is broken.
    Scenario(Trouble),
    /// The file of this name is larger than what is read.
    LargeFile(String),
    /// The file of this name cannot be read, as a folder cannot.
    Unreadable(String),
}

impl Why {
    fn sentence(&self, strings: &Strings) -> String {
        let strings = strings.share;
        match self {
            Why::Link(LinkTrouble::CutOff { of, length }) => {
                fill(strings.cut_off, &[&of.to_string(), &length.to_string()])
            }
            Why::Link(LinkTrouble::Damaged) => strings.damaged.to_owned(),
            Why::Link(LinkTrouble::TooLarge) => strings.link_too_large.to_owned(),
            Why::Link(LinkTrouble::Newer) | Why::Scenario(Trouble::Newer { .. }) => strings.newer_link.to_owned(),
            Why::LargeFile(name) => fill(strings.file_too_large, &[name]),
            Why::Unreadable(name) => fill(strings.file_unreadable, &[name]),
            Why::Inflates => strings.inflates_too_far.to_owned(),
            Why::Scenario(Trouble::NotAScenario) => strings.not_a_scenario.to_owned(),
            Why::Scenario(Trouble::Syntax { message, line }) => fill(strings.no_syntax, &[&line.to_string(), message]),
            Why::Scenario(Trouble::Field { path, line, message }) => {
                fill(strings.wrong_field, &[&line.to_string(), path, message])
            }
        }
    }
}

/// The page that says so.
#[component]
pub fn BrokenView() -> impl IntoView {
    let session = Session::here();
    let broken = session.documents.broken;
    let close = move |_| {
        broken.set(None);
        if !session.documents.visiting.get_untracked() {
            keep::set_hash("", false);
        }
    };
    let download = move |_| {
        let Some(Broken { payload, .. }) = broken.get_untracked() else { return };
        match String::from_utf8(payload) {
            Ok(text) => keep::offer("statefulscope.txt", "text/plain", &text),
            // As it is: bytes that nobody could inflate.
            Err(bytes) => keep::offer("statefulscope.b64", "text/plain", &base64::encode(bytes.as_bytes())),
        }
    };
    let title = move || {
        let strings = session.strings().share;
        let is_file = broken.with(|broken| broken.as_ref().is_some_and(|broken| broken.is_file));
        if is_file { strings.broken_file_title } else { strings.broken_title }
    };
    let sentence = move || {
        let strings = session.strings();
        broken.with(|broken| broken.as_ref().map(|broken| broken.why.sentence(strings)))
    };
    let has_payload = move || broken.with(|broken| broken.as_ref().is_some_and(|broken| !broken.payload.is_empty()));
    let is_cut =
        move || broken.with(|broken| matches!(broken, Some(Broken { why: Why::Link(LinkTrouble::CutOff { .. }), .. })));
    view! {
        <Show when=move || broken.read().is_some()>
            <section class="broken" role="alertdialog" aria-labelledby="broken-title">
                <div class="broken__card">
                    <h2 id="broken-title">{title}</h2>
                    <p>{sentence}</p>
                    <Show when=is_cut>
                        <p>{move || session.strings().share.ask_for_whole}</p>
                    </Show>
                    <p class="broken__note">{move || session.strings().share.own_is_safe}</p>
                    <div class="broken__buttons">
                        <button class="button button--primary" autofocus=!session.presentation.embed on:click=close>
                            {move || session.strings().share.back_to_own}
                        </button>
                        <Show when=has_payload>
                            <button class="button" on:click=download>
                                {move || session.strings().share.payload}
                            </button>
                        </Show>
                    </div>
                </div>
            </section>
        </Show>
    }
}
