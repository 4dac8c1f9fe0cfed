//! The tabs of the editor's files, with their names: which is open, and what can be done with it.

use leptos::prelude::*;

use super::files::File;
use super::session::Session;
use crate::i18n::fill;

/// The tabs, and what makes, renames and removes files.
#[component]
pub fn FileTabs() -> impl IntoView {
    let session = Session::here();
    let files = session.files;
    let renames = RwSignal::new(false);
    let rename = move |_| renames.set(true);
    let make = move |_| {
        session.new_file();
        renames.set(true);
    };
    let delete = move |_| delete_open(session);
    let sign = |sign: &'static str, label: fn(&Session) -> &'static str| {
        (sign, move || label(&session), move || label(&session))
    };
    let (plus, new_label, new_title) = sign("+", |session| session.strings().new_file);
    let (pencil, rename_label, rename_title) = sign("✎", |session| session.strings().rename_file);
    let (cross, delete_label, delete_title) = sign("×", |session| session.strings().delete_file);
    view! {
        <div class="files">
            <div class="files__tabs" role="tablist" aria-label=move || session.strings().files>
                <For each=move || files.all.get() key=|file| (file.id, file.name.clone()) let(file)>
                    <Tab file renames />
                </For>
            </div>
            <button class="files__button" aria-label=new_label title=new_title on:click=make>{plus}</button>
            <button class="files__button" aria-label=rename_label title=rename_title on:click=rename>{pencil}</button>
            <button class="files__button" aria-label=delete_label title=delete_title on:click=delete>{cross}</button>
        </div>
        <Show when=move || renames.get()>
            <Name renames />
        </Show>
    }
}

/// Removes the open file, after a question where something is in it.
fn delete_open(session: Session) {
    let open = session.files.open.get_untracked();
    let question = fill(session.strings().delete_file_sure, &[&session.file_name(open)]);
    // Where the browser does not ask, nothing is removed.
    let sure = session.manifest_now().trim().is_empty() || window().confirm_with_message(&question).unwrap_or(false);
    if sure {
        session.delete_file(open);
    }
}

/// The id of a tab's element.
fn element_id(id: u32) -> String {
    format!("file-{id}")
}

#[component]
fn Tab(
    /// The file.
    file: File,
    /// Whether the open file is being renamed.
    renames: RwSignal<bool>,
) -> impl IntoView {
    let session = Session::here();
    let files = session.files;
    let id = file.id;
    let is_open = move || files.open.get() == id;
    // Goes to another tab, counted from this one, or from the first or the last.
    let go = move |to: fn(usize, usize) -> usize| {
        let ids: Vec<u32> = files.all.with_untracked(|all| all.iter().map(|file| file.id).collect());
        let at = ids.iter().position(|known| *known == id).unwrap_or_default();
        let id = ids[to(at, ids.len()).min(ids.len() - 1)];
        session.open_file(id);
        focus(&element_id(id));
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        match event.key().as_str() {
            "ArrowLeft" => go(|at, _| at.saturating_sub(1)),
            "ArrowRight" => go(|at, _| at + 1),
            "Home" => go(|_, _| 0),
            "End" => go(|_, count| count - 1),
            "F2" => renames.set(true),
            "Delete" => delete_open(session),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <button
            class="files__tab"
            role="tab"
            id=element_id(id)
            aria-controls="manifest"
            aria-selected=move || is_open().to_string()
            tabindex=move || if is_open() { "0" } else { "-1" }
            on:click=move |_| session.open_file(id)
            on:dblclick=move |_| renames.set(true)
            on:keydown=on_key
        >
            {file.name}
        </button>
    }
}

/// The name of the open file, to change.
#[component]
fn Name(
    /// Whether it is being renamed.
    renames: RwSignal<bool>,
) -> impl IntoView {
    let session = Session::here();
    let input = NodeRef::<leptos::html::Input>::new();
    let id = session.files.open.get_untracked();
    let wrong = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // An input on the page can be focused and selected in.
            let _ = input.focus();
            input.select();
        }
    });
    let rename = move || {
        let name = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        let renamed = session.rename_file(id, &name);
        wrong.set(!renamed);
        renamed
    };
    let on_key = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Enter" if event.is_composing() || !rename() => {}
        "Enter" | "Escape" => {
            renames.set(false);
            focus(&element_id(id));
        }
        _ => {}
    };
    // An input that is taken away loses the focus too.
    let on_blur = move |_| {
        if renames.get_untracked() {
            rename();
            renames.set(false);
        }
    };
    view! {
        <input
            class="files__name"
            node_ref=input
            aria-label=move || session.strings().file_name
            aria-invalid=move || wrong.get().to_string()
            spellcheck="false"
            autocapitalize="off"
            autocomplete="off"
            value=session.file_name(id)
            on:keydown=on_key
            on:blur=on_blur
        />
    }
}

/// Focuses an element when the page has been drawn.
fn focus(id: &str) {
    let id = id.to_owned();
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) =
            element.and_then(|element| leptos::wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(element).ok())
        {
            let _ = element.focus();
        }
    });
}
