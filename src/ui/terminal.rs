//! A terminal of the page: a log of what was typed and printed, and the line that is being typed.

use std::sync::Arc;

use leptos::prelude::*;

use super::session::Session;
use crate::command::Command;
use crate::i18n::fill;
use crate::terminal::{Piece, Style, Terminal};

/// What the page shows of a terminal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TerminalView {
    /// The prompt of the next line.
    pub prompt: &'static str,
    /// The pieces of text, by their numbers.
    pub pieces: Vec<(u64, Piece)>,
    /// The text that `kubectl edit` has opened.
    pub editing: Option<String>,
}

impl TerminalView {
    /// A terminal in which nothing has been typed.
    pub fn fresh() -> TerminalView {
        TerminalView::of(&mut Terminal::default())
    }

    /// A terminal as it is now.
    pub fn of(terminal: &mut Terminal) -> TerminalView {
        let first = terminal.dropped();
        let pieces = terminal.pieces().enumerate().map(|(at, piece)| (first + at as u64, piece.clone())).collect();
        let editing = terminal.editor().map(str::to_owned);
        TerminalView { prompt: terminal.prompt(), pieces, editing }
    }

    /// Whether this is still what a terminal shows. Pieces are only added and dropped, so the last one tells, unless
    /// another moment is looked at: then its text is another one.
    pub fn is_of(&self, terminal: &Terminal) -> bool {
        let last = terminal.dropped() + terminal.pieces().len() as u64;
        let shown = self.pieces.last().map(|(number, _)| number + 1);
        let texts =
            (self.pieces.last().map(|(_, piece)| &piece.text), terminal.pieces().last().map(|piece| &piece.text));
        self.prompt == terminal.prompt()
            && self.pieces.len() == terminal.pieces().len()
            && shown.is_none_or(|shown| shown == last)
            && matches!(texts, (Some(shown), Some(now)) if Arc::ptr_eq(shown, now)) == texts.0.is_some()
    }
}

/// A terminal.
#[component]
pub fn TerminalPanel(
    /// Its number, from 0.
    number: usize,
) -> impl IntoView {
    let session = Session::here();
    let view = session.terminal(number);
    let name = move || fill(session.strings().terminal, &[&(number + 1).to_string()]);
    let text = NodeRef::<leptos::html::Div>::new();
    // The end stays in view.
    Effect::new(move |_| {
        view.track();
        request_animation_frame(move || {
            if let Some(text) = text.get_untracked() {
                text.set_scroll_top(text.scroll_height());
            }
        });
    });
    let pieces = move || view.with(|view| view.pieces.clone());
    view! {
        <section class="terminal" aria-label=name>
            <div class="terminal__text" role="log" aria-label=name tabindex="0" node_ref=text>
                <For each=pieces key=|(number, piece)| (*number, piece.text.as_ptr() as usize) let((_, piece))>
                    <PieceView piece />
                </For>
            </div>
            <Prompt number view />
            <Show when=move || view.with(|view| view.editing.is_some())>
                <Edit number text=view.with_untracked(|view| view.editing.clone().unwrap_or_default()) />
            </Show>
        </section>
    }
}

#[component]
fn PieceView(
    /// The piece.
    piece: Piece,
) -> impl IntoView {
    // A prompt is drawn and not copied, so that what is copied can be pasted and run.
    let (class, text) = match piece.style {
        Style::Prompt => ("terminal__prompt", String::new()),
        Style::Input => ("terminal__input", piece.text.to_string()),
        Style::Output => ("terminal__output", piece.text.to_string()),
        Style::Error => ("terminal__error", piece.text.to_string()),
    };
    let prompt = (piece.style == Style::Prompt).then(|| piece.text.to_string());
    view! { <span class=class data-prompt=prompt>{text}</span> }
}

/// The line that is being typed.
#[component]
fn Prompt(
    /// The terminal's number.
    number: usize,
    /// What the terminal shows.
    view: Memo<TerminalView>,
) -> impl IntoView {
    let session = Session::here();
    let input = NodeRef::<leptos::html::Input>::new();
    let line = RwSignal::new(String::new());
    // How many lines one has gone back in the history.
    let back = StoredValue::new(0usize);
    let offered = RwSignal::new(Vec::<String>::new());
    let take = move |text: String| {
        offered.set(Vec::new());
        line.set(text);
    };
    let submit = move || {
        back.set_value(0);
        let typed = line.get_untracked();
        take(String::new());
        session.enter(number, typed);
    };
    let recall = move |step: isize| {
        let (entry, at) = session.recall(number, back.get_value().saturating_add_signed(step));
        back.set_value(at);
        take(entry);
    };
    let complete = move || {
        let typed = line.get_untracked();
        let found = session.complete(&typed);
        match common_beginning(&found.words) {
            Some(beginning) if typed.len() < found.from + beginning.len() => {
                let done = if found.words.len() == 1 && !beginning.ends_with(['/', '=']) { " " } else { "" };
                take(format!("{}{beginning}{done}", &typed[..found.from]));
            }
            _ => offered.set(found.words),
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let is_selected = || window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
        match (event.key().as_str(), event.ctrl_key()) {
            ("Enter", _) if !event.is_composing() => submit(),
            ("ArrowUp", _) => recall(1),
            ("ArrowDown", _) => recall(-1),
            ("Tab", false) if !event.shift_key() && !line.read_untracked().trim().is_empty() => complete(),
            // With a selection the browser copies it.
            ("c", true) if !is_selected() => {
                take(String::new());
                session.dispatch(Command::Interrupt { terminal: number });
            }
            ("d", true) if line.read_untracked().is_empty() => session.dispatch(Command::EndInput { terminal: number }),
            ("l", true) => session.dispatch(Command::Clear { terminal: number }),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <Show when=move || !offered.read().is_empty()>
            <p class="terminal__offered" role="status">{move || offered.read().join("  ")}</p>
        </Show>
        <label class="terminal__line">
            <span aria-hidden="true">{move || view.with(|view| view.prompt)}</span>
            <input
                node_ref=input
                aria-label=move || fill(session.strings().terminal_line, &[&(number + 1).to_string()])
                placeholder=move || session.strings().terminal_hint
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="send"
                prop:value=move || line.get()
                on:input:target=move |event| take(event.target().value())
                on:keydown=on_key
            />
        </label>
    }
}

/// What all words begin with; nothing where there is no word.
fn common_beginning(words: &[String]) -> Option<String> {
    let mut beginning = words.first()?.clone();
    for word in words {
        while !word.starts_with(&beginning) {
            beginning.pop();
        }
    }
    Some(beginning)
}

/// The text of `kubectl edit`.
#[component]
fn Edit(
    /// The terminal's number.
    number: usize,
    /// The text as it was opened.
    text: String,
) -> impl IntoView {
    let session = Session::here();
    let edited = RwSignal::new(text.clone());
    let close = move |text: String| session.dispatch(Command::Edited { terminal: number, text });
    let opened = StoredValue::new(text);
    view! {
        <div class="terminal__edit" role="dialog" aria-label="kubectl edit">
            <textarea
                aria-label="kubectl edit"
                spellcheck="false"
                autofocus
                prop:value=move || edited.get()
                on:input:target=move |event| edited.set(event.target().value())
            ></textarea>
            <div>
                <button class="button button--primary" on:click=move |_| close(edited.get_untracked())>
                    {move || session.strings().save}
                </button>
                <button class="button" on:click=move |_| close(opened.get_value())>
                    {move || session.strings().cancel}
                </button>
            </div>
        </div>
    }
}
