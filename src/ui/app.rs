//! The whole page.

use leptos::prelude::*;

use super::actions::ActionMenu;
use super::clock;
use super::clock_bar::ClockBar;
use super::controls::Controls;
use super::dock::Dock;
use super::documents::{self, Banners, BrokenView, DropHere};
use super::editor::Editor;
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

/// The page: the editor, the picture with its controls and clock, and what happened.
#[component]
pub fn App() -> impl IntoView {
    let asked = theme::parameter("lang").and_then(|tag| Language::of_tag(&tag));
    let preferred = || window().navigator().language().and_then(|tag| Language::of_tag(&tag));
    let session = Session::new(asked.or_else(preferred).unwrap_or_default());
    provide_context(session);
    provide_context(Look::new());
    let gallery = Gallery::new();
    provide_context(gallery);
    gallery.follow_address(session);
    super::hooks::provide(session);
    clock::start(session);
    documents::start(session);
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", session.language.get().tag());
        }
    });
    view! {
        <Header />
        <Banners />
        <main class="page" inert=move || session.is_away()>
            <StoryPanel />
            <Editor />
            <section class="stage" aria-label=move || session.strings().cluster>
                <Controls />
                <GraphView />
                <TimelineBar />
                <ClockBar />
            </section>
            <aside class="side">
                <Dock />
            </aside>
        </main>
        <BrokenView />
        <DropHere />
        <ActionMenu />
        <GalleryDialog />
        <Announcer />
        <NewVersion />
    }
}
