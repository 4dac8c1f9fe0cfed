//! Files that are opened or dropped: scenarios, which are visited like those of links, and manifests, which get a tab.

use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;

use super::opening::visit;
use super::travel;
use super::trouble::{Broken, Why};
use crate::scenario::{Trouble, load};
use crate::ui::session::Session;

/// How the names of files end that hold scenarios.
pub(super) const ENDING: &str = ".statefulscope.json";

/// Lets the reader choose files to open.
pub(super) fn choose(session: Session) {
    let opened = Closure::new(move |name, text, trouble: String| receive(session, name, text, &trouble));
    travel::choose_files(&opened);
    // Whether somebody chooses one, and when, nobody knows.
    opened.forget();
}

/// Takes a file that was read, or is told why it was not.
fn receive(session: Session, name: String, text: String, trouble: &str) {
    let why = match trouble {
        "" => return open(session, &name, text),
        "large" => Why::LargeFile(name),
        _ => Why::Unreadable(name),
    };
    session.documents.broken.set(Some(Broken { why, payload: Vec::new(), is_file: true }));
}

fn open(session: Session, name: &str, text: String) {
    match load(&text) {
        Ok(scenario) => visit(session, scenario),
        // A manifest that is being written may be broken.
        Err(Trouble::NotAScenario | Trouble::Syntax { .. }) if !name.ends_with(ENDING) => session.add_file(name, text),
        Err(trouble) => {
            let broken = Broken { why: Why::Scenario(trouble), payload: text.into_bytes(), is_file: true };
            session.documents.broken.set(Some(broken));
        }
    }
}

/// Takes files that are dropped anywhere on the page, and says so while one is held over it.
#[component]
pub fn DropHere() -> impl IntoView {
    let session = Session::here();
    let dropping = session.documents.dropping;
    let opened = Closure::new(move |name, text, trouble: String| receive(session, name, text, &trouble));
    let over = Closure::new(move |is_over: bool| dropping.set(is_over));
    travel::on_drop(&opened, &over);
    // The page has one, which lives as long as it does.
    opened.forget();
    over.forget();
    view! {
        <Show when=move || dropping.get()>
            <div class="drop" aria-hidden="true">
                <p>{move || session.strings().share.drop_here}</p>
            </div>
        </Show>
    }
}
