//! What can be done to a set.

use leptos::prelude::*;

use super::forecast::preview_of;
use super::session::Session;
use crate::api::meta::ObjectRef;
use crate::cluster::PatchType;
use crate::command::Command;
use crate::graph::model::SetView;
use crate::i18n::fill;
use crate::kubectl::line;

/// The controls of the set that is looked at.
#[component]
pub fn Controls() -> impl IntoView {
    let session = Session::here();
    let set = session.current_set();
    let reference = Memo::new(move |_| set.with(|set| set.as_ref().map(|set| set.reference.clone())));
    view! {
        <Show when=move || reference.read().is_some()>
            {move || reference.get().map(|reference| view! { <SetControls set reference /> })}
        </Show>
    }
}

#[component]
fn SetControls(
    /// The set as it is now.
    set: Memo<Option<SetView>>,
    /// Which one it is.
    reference: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let name = reference.name.clone();
    let full_name = format!("{}/{}", reference.namespace, reference.name);
    let label = {
        let name = full_name.clone();
        move || fill(session.strings().controls, &[&name])
    };
    let delete = line::delete(&reference);
    view! {
        <div class="controls" role="group" aria-label=label>
            <span class="controls__name">
                <small>"StatefulSet"</small>
                <strong>{name}</strong>
            </span>
            <Scale set reference=reference.clone() />
            <Image set reference=reference.clone() />
            <Patch reference />
            <button
                class="button button--danger controls__delete"
                title=delete.clone()
                on:click=move |_| session.run(delete.clone())
            >
                {move || session.strings().delete_set}
            </button>
        </div>
    }
}

#[component]
fn Scale(
    /// The set as it is now.
    set: Memo<Option<SetView>>,
    /// Which one it is.
    reference: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let replicas = Memo::new(move |_| set.with(|set| set.as_ref().map_or(0, |set| i64::from(set.replicas))));
    let set_reference = StoredValue::new(reference);
    let scaled = move |replicas: i64| set_reference.with_value(|set| line::scale(set, replicas));
    let typed = move |text: String| {
        if let Ok(wanted) = text.trim().parse::<i64>() {
            session.run(scaled(wanted));
        }
    };
    view! {
        <div class="field">
            <label for="replicas">{move || session.strings().replicas}</label>
            <div class="stepper">
                <button
                    class="button"
                    aria-label=move || session.strings().scale_down
                    title=move || scaled(replicas.get() - 1)
                    disabled=move || replicas.get() <= 0
                    on:click=move |_| session.run(scaled(replicas.get_untracked() - 1))
                >
                    "−"
                </button>
                <input
                    id="replicas"
                    type="number"
                    min="0"
                    inputmode="numeric"
                    prop:value=move || replicas.get().to_string()
                    on:change:target=move |event| typed(event.target().value())
                />
                <button
                    class="button"
                    aria-label=move || session.strings().scale_up
                    title=move || scaled(replicas.get() + 1)
                    on:click=move |_| session.run(scaled(replicas.get_untracked() + 1))
                >
                    "+"
                </button>
            </div>
        </div>
    }
}

#[component]
fn Image(
    /// The set as it is now.
    set: Memo<Option<SetView>>,
    /// Which one it is.
    reference: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let containers =
        Memo::new(move |_| set.with(|set| set.as_ref().map(|set| set.containers.clone()).unwrap_or_default()));
    let chosen = RwSignal::new(0usize);
    let current = Memo::new(move |_| containers.with(|list| list.get(chosen.get()).cloned().unwrap_or_default()));
    let text = RwSignal::new(String::new());
    Effect::new(move |_| text.set(current.get().1));
    let object = reference.clone();
    let foreseen = {
        let object = reference.clone();
        move || {
            let (container, _) = current.get_untracked();
            Command::SetImage { object: object.clone(), container, image: text.get_untracked().trim().to_owned() }
        }
    };
    let command = Memo::new(move |_| line::set_image(&reference, &current.get().0, text.get().trim()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        session.run(command.get_untracked());
    };
    view! {
        <form class="field" on:submit=submit>
            <label for="image">{move || session.strings().image}</label>
            <div class="field__row">
                <Show when=move || { containers.read().len() > 1 }>
                    <select
                        aria-label=move || session.strings().container
                        on:change:target=move |event| {
                            chosen.set(event.target().selected_index().try_into().unwrap_or_default());
                        }
                    >
                        <For each=move || containers.get() key=|(name, _)| name.clone() let((name, _))>
                            <option>{name.clone()}</option>
                        </For>
                    </select>
                </Show>
                <input
                    id="image"
                    title=move || session.strings().image_hint
                    spellcheck="false"
                    autocapitalize="off"
                    prop:value=move || text.get()
                    on:input:target=move |event| text.set(event.target().value())
                />
                {preview_of(session, object, |strings| strings.set_image, foreseen)}
                <button class="button" type="submit" title=command>
                    {move || session.strings().set_image}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Patch(
    /// The set.
    reference: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let text = RwSignal::new(r#"{"spec":{"replicas":3}}"#.to_owned());
    let object = reference.clone();
    let foreseen = {
        let object = reference.clone();
        move || Command::Patch { object: object.clone(), patch_type: PatchType::Strategic, patch: text.get_untracked() }
    };
    let command = Memo::new(move |_| line::patch(&reference, &text.get()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        session.run(command.get_untracked());
    };
    view! {
        <form class="field field--wide" on:submit=submit>
            <label for="patch">{move || session.strings().patch}</label>
            <div class="field__row">
                <input
                    id="patch"
                    spellcheck="false"
                    autocapitalize="off"
                    prop:value=move || text.get()
                    on:input:target=move |event| text.set(event.target().value())
                />
                {preview_of(session, object, |strings| strings.patch_do, foreseen)}
                <button class="button" type="submit" title=command>
                    {move || session.strings().patch_do}
                </button>
            </div>
        </form>
    }
}
