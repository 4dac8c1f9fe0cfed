//! The page as a figure in another one: what is seen of it, and the messages between the two.

use std::collections::VecDeque;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;
use serde_json::Value;

use super::documents;
use super::gallery::Gallery;
use super::icon::{self, Icon};
use super::session::Session;
use super::theme::{self, Theme};
use crate::api::json;
use crate::embed::message::{self, Message, Refusal, SetState, Told};
use crate::embed::parameters::Parameters;
use crate::i18n::Language;
use crate::scenario::link::{self, Fragment};

#[wasm_bindgen(module = "/src/ui/embed.js")]
extern "C" {
    fn listen(receive: &Closure<dyn Fn(String)>, resized: &Closure<dyn Fn(u32)>);
    fn tell(text: &str);
    fn was_ready() -> bool;
    fn was_pressed() -> bool;
    fn forget_press();
    fn wants_no_movement() -> bool;
}

/// How long lies between two messages about the state, in milliseconds.
const PAUSE_MS: u32 = 100;

/// How the page is presented. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub struct Presentation {
    parameters: StoredValue<Parameters>,
    /// Whether it is a figure.
    pub embed: bool,
    /// Whether the manifest is shown, and whether it ever was.
    pub editor: Part,
    /// The same for the log and the terminals.
    pub dock: Part,
}

/// A part of the page that a figure shows when somebody opens it.
#[derive(Clone, Copy)]
pub struct Part {
    /// Whether it is shown.
    pub shown: RwSignal<bool>,
    /// Whether it ever was.
    pub opened: Memo<bool>,
}

impl Part {
    fn new(is_shown: bool) -> Part {
        let shown = RwSignal::new(is_shown);
        let opened = Memo::new(move |before: Option<&bool>| before == Some(&true) || shown.get());
        Part { shown, opened }
    }
}

impl Presentation {
    /// What the page's address asks for. The root element says it to the style sheet.
    pub fn of_address() -> Presentation {
        let parameters = Parameters::read(&window().location().search().unwrap_or_default());
        let root = document().document_element();
        // The page's first script has said so (`poster.js`).
        let embed = root.as_ref().is_some_and(|root| root.has_attribute("data-embed"));
        if let Some(root) = root {
            let set = |name: &str, value: &str| {
                // Setting an attribute of the root element cannot fail.
                let _ = root.set_attribute(name, value);
            };
            if parameters.readonly() {
                set("data-readonly", "");
            }
            set("data-controls", parameters.controls());
        }
        let view = parameters.view();
        Presentation {
            embed,
            editor: Part::new(!embed || view == "split"),
            dock: Part::new(!embed || view == "terminal"),
            parameters: StoredValue::new(parameters),
        }
    }

    /// That of this page.
    pub fn here() -> Presentation {
        expect_context()
    }

    /// Asks for a parameter.
    pub fn get<T>(&self, ask: impl FnOnce(&Parameters) -> T) -> T {
        self.parameters.with_value(ask)
    }

    /// Whether time passes in what was just opened, where a person has given `commands` in it.
    pub fn plays(&self, commands: usize) -> bool {
        if self.embed { self.was_pressed() || self.tells_itself() } else { commands == 0 }
    }

    /// Whether the reader has pressed a figure's poster, to see it play.
    pub fn was_pressed(&self) -> bool {
        self.embed && was_pressed()
    }

    /// Whether a story goes on by itself: one that the reader has begun waits for them.
    pub fn tells_itself(&self) -> bool {
        self.embed && !self.was_pressed() && self.get(Parameters::autoplay) && !wants_no_movement()
    }
}

/// The bar below a figure: what it is, what can be opened in it, and the way to the whole page.
#[component]
pub fn FigureBar() -> impl IntoView {
    let (session, presentation) = (Session::here(), Presentation::here());
    let location = window().location();
    let page = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
    let address = RwSignal::new(page.clone() + &location.hash().unwrap_or_default());
    // Just before it can be followed, the link takes what is shown at this moment.
    let refresh = move || {
        let page = page.clone();
        documents::link_now(session, move |hash| address.set(page + &hash));
    };
    let (by_pointer, by_finger) = (refresh.clone(), refresh.clone());
    let part = move |part: Part, name: fn(&crate::i18n::Strings) -> &'static str| {
        view! {
            <button
                class="button button--quiet"
                aria-pressed=move || part.shown.get().to_string()
                on:click=move |_| part.shown.update(|shown| *shown = !*shown)
            >
                {move || name(session.strings())}
            </button>
        }
    };
    let parts = (presentation.get(Parameters::controls) == "full").then(|| {
        view! {
            {part(presentation.editor, |strings| strings.manifest)}
            {part(presentation.dock, |strings| strings.log_and_terminals)}
        }
    });
    view! {
        <footer class="figure">
            <b class="figure__name">"Statefulscope"</b>
            {parts}
            <a
                class="figure__link"
                target="_blank"
                rel="noopener"
                href=move || address.get()
                on:pointerenter=move |_| by_pointer()
                on:pointerdown=move |_| by_finger()
                on:focus=move |_| refresh()
            >
                {move || session.strings().open_full_page}
                <Icon path=icon::OUTWARD />
            </a>
        </footer>
    }
}

/// Listens to the page around, and tells it what happens.
pub fn start(session: Session) {
    let gallery = Gallery::here();
    let heard: StoredValue<VecDeque<String>> = StoredValue::new(VecDeque::new());
    // What is asked for before something is open would be done to what that takes the place of.
    let is_open = move || session.documents.ready.get_untracked() && gallery.is_served();
    let obey = move || {
        while is_open()
            && let Some(text) = heard.try_update_value(VecDeque::pop_front).flatten()
        {
            obey(session, gallery, &text);
        }
    };
    let receive = Closure::new(move |text: String| {
        heard.update_value(|heard| heard.push_back(text));
        obey();
    });
    let resized = Closure::new(|height: u32| say(&Told::Resize(height)));
    let is_waiting = StoredValue::new(false);
    Effect::new(move |was_open: Option<bool>| {
        session.changes.track();
        session.now.track();
        session.playing.track();
        session.documents.ready.track();
        gallery.track();
        let was_open = was_open == Some(true);
        if !was_open {
            if !is_open() {
                return false;
            }
            listen(&receive, &resized);
            if !was_ready() {
                say(&Told::Ready);
            }
            // After what was asked for before.
            Timeout::new(0, forget_press).forget();
        }
        obey();
        if !is_waiting.get_value() {
            is_waiting.set_value(true);
            let later = move || {
                is_waiting.set_value(false);
                say(&state(session));
            };
            Timeout::new(PAUSE_MS, later).forget();
        }
        true
    });
}

/// Does what a message asks for, or says why not.
fn obey(session: Session, gallery: Gallery, text: &str) {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let (id, asked) = message::read(&message);
    let done = match asked {
        Ok(asked) => follow(session, gallery, asked),
        Err(Refusal::NotOurs) => Ok(()),
        Err(Refusal::Wrong(why)) => Err(why),
    };
    if let Err(why) = done {
        say(&Told::Error(id, why));
    }
}

fn say(told: &Told) {
    tell(&json::to_string(&told.to_json()));
}

fn state(session: Session) -> Told {
    let sets = session.graph.with_untracked(|graph| {
        let state = |set: &crate::graph::model::SetView| SetState {
            namespace: set.reference.namespace.to_string(),
            name: set.reference.name.to_string(),
            replicas: set.replicas.into(),
            ready: set.ready.into(),
            revisions: (set.current_revision.to_string(), set.update_revision.to_string()),
        };
        graph.sets.iter().map(state).collect()
    });
    Told::State(session.now.get_untracked(), session.playing.get_untracked(), sets)
}

/// Does what the page around asks for.
fn follow(session: Session, gallery: Gallery, asked: Message) -> Result<(), String> {
    match asked {
        Message::SetConfig { theme, lang } => {
            if let Some(theme) = theme.and_then(|name| Theme::of_name(&name)) {
                theme::show(theme);
            }
            if let Some(language) = lang.and_then(|tag| Language::of_tag(&tag)) {
                session.language.set(language);
            }
        }
        // A story that was not begun has nothing that could play.
        Message::Play if session.is_story_ahead() => session.tell_next(),
        Message::Play => session.playing.set(true),
        Message::Pause => session.playing.set(false),
        Message::Seek(at) => session.show_at(at),
        Message::Run(_) if session.is_locked() => return Err("line: this figure is read-only".to_owned()),
        Message::Run(line) => session.run(line),
        Message::LoadLink(link) => {
            let hash = link.find('#').map_or("", |at| &link[at..]);
            match link::decode(hash) {
                Some(Ok(Fragment::BuiltIn(name))) => gallery.enter(session, name),
                Some(Ok(Fragment::Scenario(_))) => documents::go_to(session, hash),
                Some(Err(_)) => return Err("link: it was cut off, or characters in it were changed".to_owned()),
                None => return Err("link: there is no scenario in it".to_owned()),
            }
            documents::set_address(hash);
        }
        Message::LoadManifest(manifest) => return session.begin_with(manifest),
    }
    Ok(())
}
