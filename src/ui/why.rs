//! Why the selected object is as it is.

use leptos::prelude::*;

use super::session::Session;
use crate::explain::Finding;
use crate::i18n::why;

/// The reasons, each followed by those of the objects that it is about.
#[component]
pub fn Why() -> impl IntoView {
    let session = Session::here();
    let findings = session.findings();
    view! {
        <section class="why" aria-label=move || session.strings().why>
            <h3>{move || session.strings().why}</h3>
            <Show
                when=move || !findings.read().is_empty()
                fallback=move || view! { <p class="why__none">{session.strings().why_nothing}</p> }
            >
                <ol>
                    <For
                        each=move || findings.get()
                        key=|finding| format!("{} {:?}", finding.object, finding.reason)
                        let(finding)
                    >
                        <Reason finding />
                    </For>
                </ol>
            </Show>
        </section>
    }
}

#[component]
fn Reason(
    /// The reason.
    finding: Finding,
) -> impl IntoView {
    let session = Session::here();
    let Finding { depth, object, reason, objects, rule, remedies } = finding;
    let concerned = StoredValue::new(objects);
    let light = move || session.lit.set(concerned.get_value());
    let go_dark = move || session.lit.set(Vec::new());
    let select = object.clone();
    view! {
        <li
            class="why__reason"
            style=("--depth", depth.to_string())
            on:mouseenter=move |_| light()
            on:mouseleave=move |_| go_dark()
            on:focusin=move |_| light()
            on:focusout=move |_| go_dark()
        >
            <button class="why__object" on:click=move |_| session.selected.set(Some(select.clone()))>
                {object.to_string()}
            </button>
            <p>{move || why::sentence(session.language.get(), &reason)}</p>
            {remedies.into_iter().map(|line| view! { <Remedy line /> }).collect_view()}
            <p class="why__rule">
                <code>{rule.function}</code>
                " · "
                <a
                    href=format!("https://kubernetes.io/docs/{}", rule.page)
                    target="_blank"
                    rel="noopener noreferrer"
                >
                    {move || session.strings().why_page}
                </a>
            </p>
        </li>
    }
}

/// What would change it: a command, to run.
#[component]
fn Remedy(
    /// kubectl's command.
    line: String,
) -> impl IntoView {
    let session = Session::here();
    let run = line.clone();
    view! {
        <button class="button why__remedy" on:click=move |_| session.run(run.clone())>
            <code>{line}</code>
        </button>
    }
}
