//! The whole page.

use leptos::prelude::*;

use super::actions::ActionMenu;
use super::browser;
use super::clock;
use super::clock_bar::ClockBar;
use super::controls::Controls;
use super::dock::Dock;
use super::documents::{self, Banners, BrokenView, DropHere};
use super::editor::Editor;
use super::embed::{self, FigureBar, Presentation};
use super::gallery::{Gallery, GalleryDialog};
use super::graph::GraphView;
use super::header::Header;
use super::look::Look;
use super::notices::Announcer;
use super::offline::NewVersion;
use super::session::Session;
use super::story::StoryPanel;
use super::theme;
use super::timeline_bar::TimelineBar;
use crate::embed::Parameters;
use crate::i18n::Language;

/// Puts the page in the place of the frame that `index.html` draws while the program is loading.
pub fn mount() {
    use leptos::wasm_bindgen::JsCast;
    let Some(frame) = document().get_element_by_id("app") else {
        leptos::mount::mount_to_body(App);
        return;
    };
    frame.set_text_content(None);
    // An element of HTML is an HtmlElement.
    leptos::mount::mount_to(frame.unchecked_into(), App).forget();
}

/// What stands above the page. It is a function of its own, since a figure does not need it (`tools/split`).
#[inline(never)]
fn above() -> AnyView {
    view! { <Header /> }.into_any()
}

/// What concerns the page as a whole, for the same reason.
#[inline(never)]
fn below() -> AnyView {
    view! {
        <DropHere />
        <NewVersion />
    }
    .into_any()
}

/// The page: the editor, the picture with its controls and clock, and what happened.
#[component]
pub fn App() -> impl IntoView {
    let presentation = Presentation::of_address();
    provide_context(presentation);
    let asked = Language::of_tag(presentation.get(Parameters::lang));
    let preferred = || {
        let tags = window().navigator().languages().into_iter();
        tags.filter_map(|tag| tag.as_string()).find_map(|tag| Language::of_tag(&tag))
    };
    let saved = || if presentation.embed { None } else { Language::of_tag(&browser::saved_language()) };
    let session = Session::new(asked.or_else(saved).or_else(preferred).unwrap_or_default(), presentation);
    provide_context(session);
    let look = Look::new();
    look.table.set(presentation.get(Parameters::view) == "table");
    provide_context(look);
    theme::begin(presentation);
    let gallery = Gallery::new();
    provide_context(gallery);
    gallery.follow_address(session);
    super::hooks::provide(session);
    clock::start(session);
    documents::start(session);
    if presentation.embed {
        embed::start(session);
    }
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", session.language.get().tag());
        }
    });
    let (editor, dock, embed) = (presentation.editor, presentation.dock, presentation.embed);
    let has = move |least: &[&str]| !embed || least.contains(&presentation.get(Parameters::controls));
    view! {
        {(!embed).then(above)}
        <Banners />
        <main
            class="page"
            class:page--editor=move || editor.shown.get()
            class:page--dock=move || dock.shown.get()
            inert=move || session.is_away()
        >
            <StoryPanel />
            <Show when=move || editor.opened.get()>
                <Editor />
            </Show>
            <section class="stage" aria-label=move || session.strings().cluster>
                {has(&["full"]).then(|| view! { <Controls /> })}
                <GraphView />
                {has(&["full"]).then(|| view! { <TimelineBar /> })}
                {has(&["full", "min"]).then(|| view! { <ClockBar /> })}
            </section>
            <Show when=move || dock.opened.get()>
                <aside class="side">
                    <Dock />
                </aside>
            </Show>
        </main>
        {embed.then(|| view! { <FigureBar /> })}
        <BrokenView />
        {(!embed).then(below)}
        <ActionMenu />
        <GalleryDialog />
        <Announcer />
    }
}
