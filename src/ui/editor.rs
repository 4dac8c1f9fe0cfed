//! The manifest, and what is wrong with it.

use leptos::prelude::*;

use super::file_tabs::FileTabs;
use super::forecast::{ForecastPanel, Preview};
use super::look::go_down_to_picture;
use super::session::Session;
use crate::command::{Command, Diagnostic, Fix};
use crate::i18n::fill;
use crate::manifest::{Span, help};

/// The editor with its buttons, the problems, and what kubectl would have printed.
#[component]
pub fn Editor() -> impl IntoView {
    let session = Session::here();
    let text = NodeRef::<leptos::html::Textarea>::new();
    let host = NodeRef::<leptos::html::Div>::new();
    let loaded = session.editor.loaded;
    // The text area is enough until somebody wants to write.
    let want_editor = move |_| {
        if let (Some(host), Some(text)) = (host.get_untracked(), text.get_untracked()) {
            session.editor.load(&host, &text, session);
        }
    };
    view! {
        <section class="editor" aria-label=move || session.strings().manifest>
            <div class="panel-title">
                <h2>{move || session.strings().manifest}</h2>
                <span class="panel-title__note">{move || session.strings().manifest_hint}</span>
            </div>
            <FileTabs />
            <div class="editor__file" id="manifest" role="tabpanel" aria-label=move || session.strings().manifest>
                <div class="editor__code" node_ref=host hidden=move || !loaded.get()></div>
                <Show when=move || !loaded.get()>
                    <TextArea text want_editor />
                </Show>
            </div>
            <div class="editor__buttons">
                <button class="button button--primary" title="Ctrl+Enter" on:click=move |_| apply(session)>
                    {move || session.strings().apply}
                </button>
                <Preview />
                <button
                    class="button"
                    title=move || session.strings().reset_hint
                    on:click=move |_| session.reset()
                >
                    {move || session.strings().reset}
                </button>
            </div>
            <Problems text />
            <ForecastPanel />
            <Printed />
        </section>
    }
}

/// Applies what is in the editor. Where that is not refused, the picture is what is looked at next.
fn apply(session: Session) {
    session.apply();
    if session.answer.with_untracked(|answer| answer.diagnostics.is_empty()) {
        go_down_to_picture();
    }
}

/// How many lines the text area has at most: a browser sets all lines that one has, and may take seconds for that. The
/// editor, which takes its place when somebody goes into it, has all.
const LINES: usize = 5000;

/// So many lines of a text.
fn beginning(text: &str) -> &str {
    text.match_indices('\n').nth(LINES - 1).map_or(text, |(end, _)| &text[..end])
}

/// The text as it is until somebody writes in it, and where the editor cannot be loaded.
#[component]
fn TextArea(
    /// The text area.
    text: NodeRef<leptos::html::Textarea>,
    /// Called when somebody goes into it.
    want_editor: impl Fn(web_sys::FocusEvent) + 'static,
) -> impl IntoView {
    let session = Session::here();
    let gutter = NodeRef::<leptos::html::Div>::new();
    let numbers = Memo::new(move |_| {
        let lines = session.manifest.with(|text| beginning(text).matches('\n').count() + 1);
        let mut out = String::new();
        for line in 1..=lines {
            out.push_str(&line.to_string());
            out.push('\n');
        }
        out
    });
    let bad_lines = move || {
        session.answer.with(|answer| {
            let spans = answer.diagnostics.iter().filter_map(|diagnostic| diagnostic.span);
            spans.map(|span| view! { <mark style=("--line", span.line.to_string())></mark> }).collect_view()
        })
    };
    // The numbers follow the text when it is scrolled.
    let follow = move |_| {
        if let (Some(text), Some(gutter)) = (text.get(), gutter.get()) {
            gutter.set_scroll_top(text.scroll_top());
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            session.apply();
        }
    };
    view! {
        <div class="editor__text">
            <div class="editor__gutter" aria-hidden="true" node_ref=gutter>
                <pre>{numbers}</pre>
                {bad_lines}
            </div>
            <textarea
                node_ref=text
                aria-label=move || session.strings().manifest
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                wrap="off"
                prop:value=move || session.manifest.with(|text| beginning(text).to_owned())
                readonly=move || session.manifest.with(|text| beginning(text).len() < text.len())
                on:input:target=move |event| session.manifest.set(event.target().value())
                on:focus=want_editor
                on:scroll=follow
                on:keydown=on_key
            ></textarea>
        </div>
    }
}

/// The diagnostics of the last command. Choosing one goes to its place in the text.
#[component]
fn Problems(
    /// The text that they are about.
    text: NodeRef<leptos::html::Textarea>,
) -> impl IntoView {
    let session = Session::here();
    let diagnostics = Memo::new(move |_| session.answer.with(|answer| answer.diagnostics.clone()));
    let go_to = move |diagnostic: &Diagnostic| {
        let Some(span) = diagnostic.span else { return };
        if !session.editor.select(span)
            && let Some(text) = text.get_untracked()
        {
            select_line(&text, span.line);
        }
    };
    view! {
        <Show when=move || !diagnostics.read().is_empty()>
            <div class="problems" role="alert" aria-label=move || session.strings().problems>
                <ul>{move || {
                    diagnostics
                        .get()
                        .into_iter()
                        .map(|diagnostic| {
                            let place = diagnostic
                                .span
                                .map(|span| fill(session.strings().line, &[&(span.line + 1).to_string()]));
                            let sentence = diagnostic.message.clone();
                            let path = diagnostic.path.clone();
                            let span = diagnostic.span;
                            let fix = diagnostic.fix.clone();
                            view! {
                                <li class="problem">
                                    <button class="problem__place" on:click=move |_| go_to(&diagnostic)>
                                        {place}
                                        <code>{path}</code>
                                    </button>
                                    <p>{sentence.clone()}</p>
                                    {diagnostic_help(&sentence, span)}
                                    {fix.map(|fix| view! { <FixButton fix /> })}
                                </li>
                            }
                        })
                        .collect_view()
                }}</ul>
            </div>
        </Show>
    }
}

/// What helps with a problem, and a button where it is safe.
fn diagnostic_help(message: &str, span: Option<Span>) -> Option<impl IntoView + use<>> {
    let session = Session::here();
    let help = session.manifest.with_untracked(|text| help::of(text, message, span?))?;
    let sentence = move || session.strings().help(&help.mistake);
    let button = help.edit.map(|(span, by)| {
        let label = by.trim().to_owned();
        let write = move |_| session.manifest.update(|text| *text = help::replace(text, span, &by));
        let label = move || match label.as_str() {
            "" => session.strings().help_tab_fix.to_owned(),
            word => fill(session.strings().help_write, &[word]),
        };
        view! {
            <button class="button" on:click=write>
                {label}
            </button>
        }
    });
    Some(view! {
        <p class="problem__help">{move || words_and_code(&sentence())}</p>
        {button}
    })
}

/// A sentence in which what stands between grave accents is code.
fn words_and_code(sentence: &str) -> impl IntoView + use<> {
    let part = |(number, part): (usize, &str)| {
        let part = part.to_owned();
        if number % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    };
    sentence.split('`').enumerate().map(part).collect_view()
}

#[component]
fn FixButton(
    /// What the button does.
    fix: Fix,
) -> impl IntoView {
    let session = Session::here();
    let Fix::CreateNamespace(name) = fix;
    let label = {
        let name = name.clone();
        move || fill(session.strings().create_namespace, &[&name])
    };
    view! {
        <button
            class="button"
            on:click=move |_| session.dispatch(Command::CreateNamespace { name: name.clone() })
        >
            {label}
        </button>
    }
}

/// What kubectl would have printed.
#[component]
fn Printed() -> impl IntoView {
    let session = Session::here();
    let lines = Memo::new(move |_| session.answer.with(|answer| answer.output.clone()));
    view! {
        <div
            class="printed"
            role="log"
            aria-label=move || session.strings().answer
            // What can be scrolled can be reached.
            tabindex=move || (!lines.read().is_empty()).then_some("0")
        >
            {move || {
                lines
                    .get()
                    .into_iter()
                    .map(|line| view! { <pre class:printed__error=line.is_error>{line.text}</pre> })
                    .collect_view()
            }}
        </div>
    }
}

/// Puts the cursor on a line and shows it.
fn select_line(text: &web_sys::HtmlTextAreaElement, line: usize) {
    let value = text.value();
    let start: usize = value.split('\n').take(line).map(|l| l.encode_utf16().count() + 1).sum();
    let length = value.split('\n').nth(line).map_or(0, |l| l.encode_utf16().count());
    let total = value.split('\n').count().max(1);
    // A text area that is on the page can be focused and selected in.
    let _ = text.focus();
    let _ = text.set_selection_range(start as u32, (start + length) as u32);
    let line_height = f64::from(text.scroll_height()) / total as f64;
    let wanted = line as f64 * line_height - f64::from(text.client_height()) / 2.0;
    text.set_scroll_top(wanted.max(0.0) as i32);
}
