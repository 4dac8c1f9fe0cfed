//! The panel of the story that is told: a sentence at each step, and a question that the reader can answer before the
//! cluster does.

use std::sync::Arc;

use leptos::prelude::*;

use super::gallery::{self, Gallery};
use super::icon::{self, Icon};
use super::look::go_to_picture;
use super::session::{Session, Tale};
use crate::command::Command;
use crate::i18n::fill;
use crate::scenario::step::{Question, Step};
use crate::scenario::words::Words;

/// The id of the element that has the sentence, which has the focus when a step begins.
const TEXT: &str = "story-text";

/// Gives the focus to the sentence once it is drawn. The page stays where it is: the panel is in view, and what is looked
/// at is the picture.
fn read_on() {
    request_animation_frame(move || {
        use leptos::wasm_bindgen::JsCast;
        if let Some(Ok(text)) = document().get_element_by_id(TEXT).map(JsCast::dyn_into::<web_sys::HtmlElement>) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            // It can be focused, since it is in the document.
            let _ = text.focus_with_options(&options);
        }
    });
}

/// The same for a story that was just opened, whose picture is brought into view. A figure does not ask for the focus where
/// nobody has pressed it, and does not move the page that it is in.
pub fn read_from_beginning(session: Session) {
    let presentation = session.presentation;
    if !presentation.embed || presentation.was_pressed() {
        read_on();
    }
    if !presentation.embed {
        go_to_picture();
    }
}

/// The panel, while a story is told.
#[component]
pub fn StoryPanel() -> impl IntoView {
    let session = Session::here();
    move || session.story.tale.get().map(|tale| view! { <Telling tale /> })
}

/// Words in the present language.
fn say(words: Words) -> impl Fn() -> String + Clone {
    let session = Session::here();
    move || words.in_language(session.language.get().tag()).to_owned()
}

fn go_on(session: Session) {
    let (at, busy) = (session.story.at.get_untracked(), session.story.busy.get_untracked());
    let steps = session.story.tale.with_untracked(|tale| tale.as_ref().map_or(0, |tale| tale.scenario.steps.len()));
    if busy || at < steps {
        session.tell_next();
        read_on();
    }
}

fn go_back(session: Session) {
    if session.story.at.get_untracked() > 0 {
        session.tell_back();
        read_on();
    }
}

#[component]
fn Telling(
    /// The story.
    tale: Arc<Tale>,
) -> impl IntoView {
    let session = Session::here();
    let (at, busy) = (session.story.at, session.story.busy);
    let steps = tale.scenario.steps.len();
    let title = say(tale.scenario.title.clone());
    let name = {
        let title = title.clone();
        move || fill(session.strings().story, &[&title()])
    };
    let progress = move || fill(session.strings().story_step, &[&at.get().to_string(), &steps.to_string()]);
    let is_last = move || at.get() == steps && !busy.get();
    let next = move || {
        let strings = session.strings();
        match (busy.get(), at.get()) {
            (true, _) => strings.story_skip,
            (false, 0) => strings.story_begin,
            _ => strings.story_next,
        }
    };
    let leave = move |_| gallery::leave(session);
    view! {
        <section class="story" aria-label=name>
            <div class="panel-title">
                <h2>{title}</h2>
                <span class="story__at" aria-hidden="true">{progress}</span>
                <button
                    class="button button--quiet"
                    aria-label=move || session.strings().story_leave
                    title=move || session.strings().story_leave
                    on:click=leave
                >
                    <Icon path=icon::CLOSE />
                </button>
            </div>
            <progress class="story__progress" max=steps prop:value=move || at.get() as f64 aria-label=progress></progress>
            <div class="story__body">
                <Sentence tale=Arc::clone(&tale) />
                <div aria-live="polite">
                    {move || {
                        let step = at.get().checked_sub(1).filter(|_| !busy.get());
                        let question = step.and_then(|step| tale.scenario.steps[step].question.clone());
                        question.map(|question| view! { <Asking question /> })
                    }}
                    <Show when=is_last>
                        <Ending />
                    </Show>
                </div>
            </div>
            <div class="story__keys">
                <button class="button" disabled=move || at.get() == 0 on:click=move |_| go_back(session)>
                    <Icon path=icon::STEP_BACK />
                    {move || session.strings().story_back}
                </button>
                <button class="button button--primary" disabled=is_last on:click=move |_| go_on(session)>
                    {next}
                    <Icon path=icon::STEP />
                </button>
            </div>
        </section>
    }
}

/// The sentence of the step, and the lines that it types; before the first step what the story is about.
#[component]
fn Sentence(
    /// The story.
    tale: Arc<Tale>,
) -> impl IntoView {
    let session = Session::here();
    let at = session.story.at;
    // Where the sentence has the focus, no other key is needed.
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.repeat() {
            return;
        }
        match event.key().as_str() {
            "Enter" | "ArrowRight" => go_on(session),
            "ArrowLeft" => go_back(session),
            _ => return,
        }
        event.prevent_default();
    };
    let steps = tale.scenario.steps.len();
    let number = move || match at.get() {
        0 => String::new(),
        at => fill(session.strings().story_step, &[&at.to_string(), &steps.to_string()]) + ". ",
    };
    view! {
        <div id=TEXT class="story__text" tabindex="-1" on:keydown=on_key>
            {move || {
                let step = at.get().checked_sub(1).map(|step| &tale.scenario.steps[step]);
                let words = step.map_or(&tale.scenario.summary, |step| &step.say);
                let lines = step.map(lines).unwrap_or_default();
                view! {
                    <p>
                        <span class="unseen">{number()}</span>
                        {say(words.clone())}
                    </p>
                    {lines.into_iter().map(|line| view! { <pre class="story__line">{line}</pre> }).collect_view()}
                }
            }}
        </div>
    }
}

/// The lines that a step types.
fn lines(step: &Step) -> Vec<String> {
    let line = |act: &Command| match act {
        Command::Run { line, .. } => Some(line.clone()),
        _ => None,
    };
    step.acts.iter().filter_map(line).collect()
}

/// The question of a step, and once it is answered, whether that was right.
#[component]
fn Asking(
    /// The question.
    question: Question,
) -> impl IntoView {
    let session = Session::here();
    let Question { ask, answers, right, why } = question;
    let chosen = RwSignal::new(None::<usize>);
    let answer = move |(number, words): (usize, Words)| {
        let is = move |wanted: usize| chosen.get() == Some(wanted);
        view! {
            <button
                class="button story__answer"
                class:story__answer--right=move || chosen.get().is_some() && number == right
                class:story__answer--wrong=move || is(number) && number != right
                aria-pressed=move || is(number).to_string()
                on:click=move |_| chosen.set(Some(number))
            >
                <span class="story__sign" aria-hidden="true">
                    {move || match chosen.get() {
                        Some(_) if number == right => "✓",
                        Some(chosen) if chosen == number => "✕",
                        _ => "?",
                    }}
                </span>
                {say(words)}
            </button>
        }
    };
    let right_words = answers[right].clone();
    let verdict = move |chosen: usize| {
        let strings = session.strings();
        if chosen == right {
            return strings.story_right.to_owned();
        }
        fill(strings.story_wrong, &[right_words.in_language(session.language.get().tag())])
    };
    let why = say(why);
    view! {
        <fieldset class="story__question">
            <legend>{say(ask)}</legend>
            {answers.into_iter().enumerate().map(answer).collect_view()}
            <p class="story__why">
                {move || chosen.get().map(|chosen| view! { <b>{verdict(chosen)}</b> " " {why()} })}
            </p>
        </fieldset>
    }
}

/// After the last step.
#[component]
fn Ending() -> impl IntoView {
    let (session, gallery) = (Session::here(), Gallery::here());
    view! {
        <div class="story__end">
            <p>{move || session.strings().story_end}</p>
            <button class="button" on:click=move |_| gallery.show(session)>
                {move || session.strings().story_others}
            </button>
            <button class="button" on:click=move |_| gallery::leave(session)>
                {move || session.strings().story_leave}
            </button>
        </div>
    }
}
