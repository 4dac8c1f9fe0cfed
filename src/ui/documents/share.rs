//! The share dialog: what is shown as a link, as code for other pages, as pictures and texts, and as a file.

use std::sync::Arc;

use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;

use super::code::Copy;
use super::files::ENDING;
use super::keep::{self, scenario};
use super::travel;
use crate::export;
use crate::export::embed::Embed;
use crate::export::svg::{Colors, View};
use crate::i18n::fill;
use crate::i18n::share::ShareStrings;
use crate::scenario::link;
use crate::ui::compare;
use crate::ui::icon::{CLOSE, Icon};
use crate::ui::look::Look;
use crate::ui::session::{Session, Tale};

/// Up to how many characters a link goes through everywhere, and up to how many it goes through most.
const SAFE: usize = 2000;
const CUT: usize = 8000;

/// What is shared.
#[derive(Clone, Default, PartialEq)]
struct Shared {
    /// The page.
    page: String,
    /// The part after it; empty where it is too large.
    hash: String,
    /// What goes behind that in a figure, which shows it before its program has come; empty where it is too large.
    picture: String,
    /// The scenario's text.
    text: String,
    /// The file that is shown, for readers without scripts.
    manifest: String,
    /// The name of its files.
    name: String,
    /// Whether pods have the colours of their nodes.
    tints: bool,
}

impl Shared {
    fn embed<T>(&self, session: Session, write: impl FnOnce(&Embed<'_>) -> T) -> T {
        let title = title(session);
        write(&Embed { page: &self.page, hash: &self.hash, picture: &self.picture, title: &title })
    }

    fn file(&self, ending: &str) -> String {
        [&self.name, ending].concat()
    }
}

/// The part of a link after the page's address that leads to a story of the gallery, where one is shown that was not begun.
fn story(session: Session) -> Option<String> {
    let name = |tale: &Arc<Tale>| (!tale.name.is_empty()).then(|| ["#x=", &tale.name].concat());
    let hash = session.story.tale.with_untracked(|tale| tale.as_ref().and_then(name));
    hash.filter(|_| session.is_story_ahead())
}

/// What is shown: a story that was not begun, or the picture.
fn title(session: Session) -> String {
    if session.is_story_ahead() {
        let tag = session.language.get_untracked().tag();
        let of = |tale: &Arc<Tale>| tale.scenario.title.in_language(tag).to_owned();
        return session.story.tale.with_untracked(|tale| tale.as_ref().map(of)).unwrap_or_default();
    }
    let strings = session.language.get_untracked().strings();
    fill(strings.share.picture_of, &[&session.now.get_untracked().elapsed()])
}

/// The picture at this moment.
fn drawn(session: Session, tints: bool, colors: Colors) -> String {
    let strings = session.language.get_untracked().strings();
    let caption = title(session);
    let compared =
        session.time.compare.with_untracked(|compare| compare.as_ref().map(|other| compare::title(session, other)));
    let beside = session.time.beside.get_untracked();
    let graph = session.graph.get_untracked();
    let beside = compared.as_deref().map(|name| (&*beside, name));
    export::svg::svg(&View { graph: &graph, beside, tints, colors, caption: &caption }, strings)
}

/// Gives what goes behind a link in a figure: the picture at this moment. Empty where there is none, or it is too large.
fn deflate_picture(session: Session, then: impl FnOnce(String) + 'static) {
    if session.graph.with_untracked(|graph| graph.sets.is_empty()) {
        return then(String::new());
    }
    deflate(&drawn(session, false, Colors::OfPage), link::with_picture, then);
}

/// Gives the part of a link after the page's address that holds a text; nothing where it is too large.
fn deflate_scenario(text: &str, then: impl FnOnce(String) + 'static) {
    let fits = text.len() <= link::INFLATED;
    deflate(text, move |bytes| link::encode(bytes).filter(|_| fits), then);
}

/// Gives what is written of a deflated text; nothing where the browser cannot deflate it.
fn deflate(text: &str, write: impl FnOnce(&[u8]) -> Option<String> + 'static, then: impl FnOnce(String) + 'static) {
    let deflated = Closure::once_into_js(move |bytes: Option<Vec<u8>>| {
        then(bytes.and_then(|bytes| write(&bytes)).unwrap_or_default());
    });
    travel::deflate(text, &deflated);
}

/// Gives the part of a link after the page's address that holds what is shown at this moment.
pub fn link_now(session: Session, then: impl FnOnce(String) + 'static) {
    if let Some(hash) = story(session) {
        return then(hash);
    }
    deflate_scenario(&scenario(session).to_json(), then);
}

/// The button, and the dialog.
#[component]
pub fn Share() -> impl IntoView {
    let session = Session::here();
    let documents = session.documents;
    let tints = Look::here().tints;
    let dialog = NodeRef::<Dialog>::new();
    let shared: RwSignal<Option<Shared>> = RwSignal::new(None);
    let open = move |_| {
        let now = scenario(session);
        let text = now.to_json();
        let location = window().location();
        let page = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
        let (files, open) = session.files_now();
        let manifest = files.get(&open).cloned().unwrap_or_default();
        let set = session.graph.with_untracked(|graph| graph.sets.first().map(|set| set.reference.name.clone()));
        let name = set.unwrap_or_else(|| "statefulscope".to_owned());
        let out =
            Shared { page, text: text.clone(), manifest, name, tints: tints.get_untracked(), ..Shared::default() };
        let story = story(session);
        deflate_scenario(&text, move |hash| {
            let is_story = story.is_some();
            let hash = story.unwrap_or(hash);
            if !hash.is_empty() && !is_story {
                keep::set_hash(&hash, !documents.visiting.get_untracked());
                documents.shared.set_value(Some(now));
                documents.changed.set(false);
            }
            deflate_picture(session, move |picture| {
                shared.set(Some(Shared { hash, picture, ..out }));
                if let Some(dialog) = dialog.get_untracked() {
                    // It is on the page and not open.
                    let _ = dialog.show_modal();
                }
            });
        });
    };
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let hint = move || session.strings().share.share_hint;
    let changed = move || documents.changed.get().then(|| session.strings().share.changed);
    view! {
        <Show when=move || documents.changed.get()>
            <span class="header__changed">{changed}</span>
        </Show>
        <button class="button button--primary header__share" title=hint on:click=open>
            {move || session.strings().share.share}
        </button>
        <dialog
            node_ref=dialog
            class="share"
            aria-labelledby="share-title"
            on:close=move |_| shared.set(None)
            // Pressed beside it, the dialog itself is what is pressed.
            on:click=move |event| {
                if event.target() == event.current_target() {
                    close(event);
                }
            }
        >
            {move || {
                shared
                    .get()
                    .map(|shared| {
                        view! {
                            <div class="share__inside">
                                <header class="share__head">
                                    <h2 id="share-title">{move || session.strings().share.share}</h2>
                                    <button
                                        class="button button--quiet"
                                        aria-label=move || session.strings().share.close
                                        on:click=close
                                    >
                                        <Icon path=CLOSE />
                                    </button>
                                </header>
                                <Link shared=shared.clone() />
                                <Code shared=shared.clone() />
                                <Exports shared />
                            </div>
                        }
                    })
            }}
        </dialog>
    }
}

/// The link, and how far it may travel.
#[component]
fn Link(
    /// What is shared.
    shared: Shared,
) -> impl IntoView {
    let session = Session::here();
    let strings = move || session.strings().share;
    let link = shared.embed(session, |embed| embed.link());
    let length = link.chars().count();
    let is_short = move || match length {
        length if length <= SAFE => strings().safe_anywhere,
        length if length <= CUT => strings().may_be_cut,
        _ => strings().often_cut,
    };
    let moment = session.now.get_untracked().elapsed();
    let to_copy = link.clone();
    if shared.hash.is_empty() {
        let note = view! { <p class="share__large">{move || strings().too_large}</p> };
        return view! { <section>{note}</section> }.into_any();
    }
    view! {
        <section>
            <h3>{move || strings().link}</h3>
            <div class="share__row">
                <input
                    class="share__address"
                    readonly
                    aria-label=move || strings().link
                    prop:value=link
                    on:focus:target=move |event| event.target().select()
                />
                <Copy
                    text=Callback::new(move |()| to_copy.clone())
                    primary=true
                    what=Signal::derive(move || strings().link.to_owned())
                />
            </div>
            <meter
                class="share__meter"
                aria-hidden="true"
                min="0"
                low=SAFE.to_string()
                high=CUT.to_string()
                max=(CUT + SAFE).to_string()
                optimum="0"
                value=length.to_string()
            ></meter>
            <p class="share__length">
                <b>{move || fill(strings().characters, &[&length.to_string()])}</b>
                " · "
                {is_short}
            </p>
            <p class="share__note">{move || fill(strings().link_moment, &[&moment])}</p>
        </section>
    }
    .into_any()
}

type Word = fn(&ShareStrings) -> &'static str;
/// A form of code: its name, what it is for, and the code.
type Form = (Word, Word, fn(&Shared, Session) -> String);

const FORMS: [Form; 3] = [
    (|_| "iframe", |strings| strings.iframe_note, |shared, session| shared.embed(session, |embed| embed.iframe())),
    (
        |strings| strings.element,
        |strings| strings.element_note,
        |shared, session| shared.embed(session, |embed| embed.element(&shared.manifest)),
    ),
    (
        |_| "Markdown",
        |strings| strings.markdown_note,
        |shared, session| shared.embed(session, |embed| embed.markdown(&shared.file(".svg"))),
    ),
];

/// The code for other pages.
#[component]
fn Code(
    /// What is shared.
    shared: Shared,
) -> impl IntoView {
    let session = Session::here();
    let strings = move || session.strings().share;
    if shared.hash.is_empty() {
        return ().into_any();
    }
    let chosen = RwSignal::new(0usize);
    let code = Memo::new(move |_| FORMS[chosen.get()].2(&shared, session));
    let choices = FORMS.iter().enumerate().map(move |(number, (name, ..))| {
        view! {
            <label class="share__choice">
                <input
                    type="radio"
                    name="share-code"
                    prop:checked=move || chosen.get() == number
                    on:change=move |_| chosen.set(number)
                />
                <span>{move || name(strings())}</span>
            </label>
        }
    });
    view! {
        <section>
            <h3>{move || strings().embed}</h3>
            <div class="share__choices" role="radiogroup" aria-label=move || strings().embed>
                {choices.collect_view()}
            </div>
            <div class="share__code">
                <pre tabindex="0">{code}</pre>
                <Copy
                    text=Callback::new(move |()| code.get_untracked())
                    what=Signal::derive(move || FORMS[chosen.get()].0(strings()).to_owned())
                />
            </div>
            <p class="share__note">{move || FORMS[chosen.get()].1(strings())}</p>
        </section>
    }
    .into_any()
}

/// Something to take along: its name, what it is, how its file ends, its type, and the text.
type Export = (Word, Word, &'static str, &'static str, fn(&Shared, Session) -> String);

fn svg(shared: &Shared, session: Session) -> String {
    drawn(session, shared.tints, if travel::is_dark() { Colors::Dark } else { Colors::Light })
}

const PNG: &str = ".png";

const EXPORTS: [Export; 5] = [
    (|_| "SVG", |strings| strings.svg_note, ".svg", "image/svg+xml", svg),
    (|_| "PNG", |strings| strings.png_note, PNG, "image/png", svg),
    (|_| "YAML", |strings| strings.yaml_note, ".yaml", "application/yaml", |_, session| session.ask(export::yaml)),
    (
        |_| "Mermaid",
        |strings| strings.mermaid_note,
        ".mmd",
        "text/plain",
        |_, session| {
            let strings = session.language.get_untracked().strings();
            session.graph.with_untracked(|graph| export::mermaid::mermaid(graph, strings))
        },
    ),
    (|strings| strings.file, |strings| strings.file_note, ENDING, "application/json", |shared, _| shared.text.clone()),
];

/// The pictures, texts and the file.
#[component]
fn Exports(
    /// What is shared.
    shared: Shared,
) -> impl IntoView {
    let session = Session::here();
    let strings = move || session.strings().share;
    let shared = StoredValue::new(shared);
    let rows = EXPORTS.iter().map(move |(name, note, ending, ty, write)| {
        let text = move || shared.with_value(|shared| write(shared, session));
        let download = move |_| {
            let (text, file) = (text(), shared.with_value(|shared| shared.file(ending)));
            if *ending == PNG {
                let (width, height) = export::svg::size(&text);
                travel::offer_png(&file, &text, width, height);
            } else {
                keep::offer(&file, ty, &text);
            }
        };
        let copy = (*ending != PNG).then(|| {
            view! { <Copy text=Callback::new(move |()| text()) what=Signal::derive(move || name(strings()).to_owned()) /> }
        });
        view! {
            <li class="share__export">
                <p>
                    <b>{move || name(strings())}</b>
                    <small>{move || note(strings())}</small>
                </p>
                {copy}
                <button
                    class="button"
                    aria-label=move || format!("{}: {}", strings().download, name(strings()))
                    on:click=download
                >
                    {move || strings().download}
                </button>
            </li>
        }
    });
    view! {
        <section>
            <h3>{move || strings().pictures}</h3>
            <ul class="share__exports">{rows.collect_view()}</ul>
        </section>
    }
}
