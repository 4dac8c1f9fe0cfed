//! The gallery: the built-in stories with small pictures. They lie in a file of their own, which is loaded when somebody
//! opens the gallery, or a link to one of them.

use std::sync::Arc;

use leptos::html::Dialog;
use leptos::prelude::*;
use serde_json::Value;

use super::browser::{address_with, copy_text, forget_fragment, fragment, load_text};
use super::icon::{self, Icon};
use super::look::focus_on;
use super::session::{Session, Tale};
use super::story;
use crate::api::fields::Fields;
use crate::graph::miniature::{Miniature, Sign};
use crate::i18n::fill;
use crate::scenario::link::{Fragment, decode};
use crate::scenario::words::Words;

/// The file.
const FILE: &str = "gallery.json";

/// The id of the button that opens the gallery.
const BUTTON: &str = "gallery-button";

/// A story as the gallery shows it.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    /// What it is called in links.
    name: String,
    title: Words,
    summary: Words,
    tags: Vec<String>,
    picture: Miniature,
    /// The story, as a scenario.
    document: String,
}

/// How far the stories have come.
#[derive(Clone, Default)]
enum Pieces {
    /// Nobody has asked for them.
    #[default]
    Elsewhere,
    /// They are being loaded.
    Coming,
    /// They are here.
    Here(Arc<Vec<Piece>>),
    /// They could not be loaded.
    Lost,
}

/// The gallery. A copy is a handle to the same one.
#[derive(Clone, Copy)]
pub struct Gallery {
    pieces: RwSignal<Pieces>,
    dialog: NodeRef<Dialog>,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The story that a link asks for, which is not here yet.
    wanted: RwSignal<Option<String>>,
    /// The story that a link asked for, of which there is none.
    missing: RwSignal<Option<String>>,
    /// The story whose link was copied last, and whether that went well.
    copied: RwSignal<Option<(String, bool)>>,
}

fn words(value: &Value) -> Words {
    let texts = value.as_object().into_iter().flatten();
    Words::of(texts.map(|(language, text)| (language.clone(), text.as_str().unwrap_or_default().to_owned())).collect())
}

fn pieces(text: &str) -> Option<Vec<Piece>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let piece = |story: &Value| Piece {
        name: story.text("name").to_owned(),
        title: words(story.field("title")),
        summary: words(story.field("summary")),
        tags: story.list("tags").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        picture: Miniature::of_value(story.field("picture")),
        document: story.text("story").to_owned(),
    };
    Some(document.list("stories").iter().map(piece).collect())
}

impl Gallery {
    /// A gallery whose stories are elsewhere.
    pub fn new() -> Gallery {
        Gallery {
            pieces: RwSignal::new(Pieces::default()),
            dialog: NodeRef::new(),
            open: RwSignal::new(false),
            wanted: RwSignal::new(None),
            missing: RwSignal::new(None),
            copied: RwSignal::new(None),
        }
    }

    /// That of this page.
    pub fn here() -> Gallery {
        expect_context()
    }

    /// Opens the gallery.
    pub fn show(self, session: Session) {
        self.load(session);
        self.reveal(session);
    }

    fn reveal(self, session: Session) {
        self.open.set(true);
        let Some(dialog) = self.dialog.get_untracked().filter(|dialog| !dialog.open()) else { return };
        if session.presentation.embed && self.wanted_or_missing() {
            // A figure that was asked for what is not there takes no focus from the page around.
            dialog.set_open(true);
        } else {
            // It is in the document, and closed.
            let _ = dialog.show_modal();
        }
    }

    fn wanted_or_missing(self) -> bool {
        self.wanted.with_untracked(Option::is_some) || self.missing.with_untracked(Option::is_some)
    }

    fn close(self) {
        self.missing.set(None);
        self.copied.set(None);
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    /// Opens the story of a name, once it is here.
    pub fn enter(self, session: Session, name: String) {
        self.wanted.set(Some(name));
        self.load(session);
        self.serve(session);
    }

    /// Loads the stories, unless they are here or coming.
    fn load(self, session: Session) {
        if matches!(*self.pieces.read_untracked(), Pieces::Coming | Pieces::Here(_)) {
            return;
        }
        self.pieces.set(Pieces::Coming);
        load_text(FILE, move |text| {
            let found = text.as_deref().and_then(pieces);
            self.pieces.set(found.map_or(Pieces::Lost, |pieces| Pieces::Here(Arc::new(pieces))));
            self.serve(session);
        });
    }

    /// Opens the story that is wanted, where the stories are here; where they are not to be had, says so.
    fn serve(self, session: Session) {
        let pieces = match self.pieces.get_untracked() {
            Pieces::Here(pieces) => pieces,
            Pieces::Lost if self.wanted.with_untracked(Option::is_some) => return self.reveal(session),
            _ => return,
        };
        let Some(name) = self.wanted.try_update(Option::take).flatten() else { return };
        let piece = pieces.iter().find(|piece| piece.name == name);
        let Some(scenario) = piece.and_then(|piece| crate::scenario::load(&piece.document).ok()) else {
            self.missing.set(Some(name));
            return self.show(session);
        };
        self.close();
        session.open_story(Tale { name, scenario });
        session.present(0);
        story::read_from_beginning(session);
    }

    /// Follows the page's address: a fragment asks for a story, and where it goes, the story is left.
    pub fn follow_address(self, session: Session) {
        let go = move || {
            let fragment = fragment();
            match decode(&fragment) {
                Some(Ok(Fragment::BuiltIn(name))) => self.enter(session, name),
                Some(Err(_)) if fragment.starts_with("#x=") => {
                    self.missing.set(Some(fragment[3..].to_owned()));
                    self.show(session);
                }
                None if fragment.is_empty() => session.leave_story(),
                _ => {}
            }
        };
        let handle = window_event_listener(leptos::ev::hashchange, move |_| go());
        on_cleanup(move || handle.remove());
        if !fragment().is_empty() {
            if let Some(Ok(Fragment::BuiltIn(name))) = decode(&fragment()) {
                self.wanted.set(Some(name));
            }
            // Once the page is there, with the document that the story is told in the place of.
            Effect::new(move |gone: Option<bool>| {
                let is_there = session.documents.ready.get();
                if is_there && gone != Some(true) {
                    go();
                }
                is_there || gone == Some(true)
            });
        }
    }

    /// Whether no story is waited for, as one is that the address asks for.
    pub fn is_served(self) -> bool {
        self.wanted.with_untracked(Option::is_none) || matches!(*self.pieces.read_untracked(), Pieces::Lost)
    }

    /// Has an effect run again when that may have changed.
    pub fn track(self) {
        self.wanted.track();
        self.pieces.track();
    }

    /// Opens a story that somebody has chosen. The address says so, which opens it, unless it said so already.
    fn choose(self, session: Session, name: String) {
        let wanted = format!("#x={name}");
        if fragment() == wanted {
            self.enter(session, name);
        } else {
            // A fragment is no other page.
            let _ = window().location().set_hash(&wanted);
        }
    }

    fn copy(self, name: String) {
        copy_text(&address_with(&format!("#x={name}")), move |done| self.copied.set(Some((name, done))));
    }
}

/// Leaves the story. The address does not ask for one of the gallery any more; what came by another link is still visited.
pub fn leave(session: Session) {
    session.leave_story();
    if fragment().starts_with("#x=") {
        forget_fragment();
    }
    focus_on(BUTTON.to_owned());
}

/// The button that opens the gallery.
#[component]
pub fn GalleryButton() -> impl IntoView {
    let (session, gallery) = (Session::here(), Gallery::here());
    view! {
        <button
            id=BUTTON
            class="button button--quiet"
            aria-haspopup="dialog"
            aria-label=move || session.strings().gallery
            on:click=move |_| gallery.show(session)
        >
            <span class="header__icon">
                <Icon path=icon::BOOK />
            </span>
            <span class="header__word">{move || session.strings().gallery}</span>
        </button>
    }
}

/// The gallery.
#[component]
pub fn GalleryDialog() -> impl IntoView {
    let (session, gallery) = (Session::here(), Gallery::here());
    let said = move || {
        let strings = session.strings();
        if let Some(name) = gallery.missing.get() {
            return fill(strings.gallery_missing, &[&name]);
        }
        match gallery.copied.get() {
            Some((name, true)) => fill(strings.link_copied, &[&format!("#x={name}")]),
            Some((name, false)) => fill(strings.link_not_copied, &[&address_with(&format!("#x={name}"))]),
            None => String::new(),
        }
    };
    // A press on what lies around it closes it: that is a press on the element itself.
    let press = move |event: web_sys::MouseEvent| {
        if event.target() == event.current_target() {
            gallery.close();
        }
    };
    view! {
        <dialog
            class="gallery"
            aria-labelledby="gallery-title"
            node_ref=gallery.dialog
            on:click=press
            on:close=move |_| gallery.open.set(false)
        >
            <div class="gallery__inside">
                <div class="gallery__head">
                    <h2 id="gallery-title">{move || session.strings().gallery}</h2>
                    <p>{move || session.strings().gallery_note}</p>
                    <button
                        class="button button--quiet"
                        aria-label=move || session.strings().close
                        on:click=move |_| gallery.close()
                    >
                        <Icon path=icon::CLOSE />
                    </button>
                </div>
                <p class="gallery__said" role="status">{said}</p>
                <Show when=move || gallery.open.get()>
                    <Cards />
                </Show>
            </div>
        </dialog>
    }
}

#[component]
fn Cards() -> impl IntoView {
    let (session, gallery) = (Session::here(), Gallery::here());
    move || match gallery.pieces.get() {
        Pieces::Here(pieces) => {
            let cards = pieces.iter().map(|piece| view! { <PieceCard piece=piece.clone() /> });
            view! { <ul class="gallery__cards">{cards.collect_view()}</ul> }.into_any()
        }
        Pieces::Lost => view! {
            <div class="gallery__lost" role="alert">
                <p>{move || session.strings().gallery_lost}</p>
                <button class="button" on:click=move |_| gallery.load(session)>
                    {move || session.strings().try_again}
                </button>
            </div>
        }
        .into_any(),
        _ => view! { <p class="gallery__lost">{move || session.strings().loading}</p> }.into_any(),
    }
}

#[component]
fn PieceCard(
    /// The story.
    piece: Piece,
) -> impl IntoView {
    let (session, gallery) = (Session::here(), Gallery::here());
    let Piece { name, title, summary, tags, picture, .. } = piece;
    let of = name.clone();
    let choose = move |event: web_sys::MouseEvent| {
        // With a key held down the browser opens the link elsewhere.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            gallery.choose(session, of.clone());
        }
    };
    let tag = move || session.language.get().tag();
    let link = format!("#x={name}");
    let label = {
        let link = link.clone();
        move || fill(session.strings().copy_link, &[&link])
    };
    view! {
        <li class="piece">
            <a class="piece__link" href=link.clone() on:click=choose>
                <Picture picture />
                <h3>{move || title.in_language(tag()).to_owned()}</h3>
            </a>
            <p>{move || summary.in_language(tag()).to_owned()}</p>
            <ul class="piece__tags">
                {tags.into_iter().map(|tag| view! { <li>{move || session.strings().tag(&tag).to_owned()}</li> }).collect_view()}
            </ul>
            <button class="button button--quiet piece__copy" aria-label=label.clone() title=label on:click=move |_| gallery.copy(name.clone())>
                <Icon path=icon::LINK />
                <code>{link}</code>
            </button>
        </li>
    }
}

/// The small picture of a story, which says nothing that the words beside it do not.
#[component]
fn Picture(
    /// It.
    picture: Miniature,
) -> impl IntoView {
    let Miniature { width, height, shapes, signs } = picture;
    let shape = |(class, path): (String, String)| view! { <path class=class d=path /> };
    let sign = |Sign { class, x, y, text }: Sign| view! { <text class=class x=x y=y>{text}</text> };
    view! {
        <svg class="mini" viewBox=format!("-4 -4 {} {}", width + 8.0, height + 8.0) aria-hidden="true">
            {shapes.into_iter().map(shape).collect_view()}
            {signs.into_iter().map(sign).collect_view()}
        </svg>
    }
}
