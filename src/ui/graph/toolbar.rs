//! Above the picture: picture or tables, colours, and what the signs mean.

use leptos::prelude::*;

use crate::graph::model::State;
use crate::ui::compare::CompareWith;
use crate::ui::look::Look;
use crate::ui::session::Session;

/// The states in the order of a pod's life.
const STATES: [State; 7] =
    [State::Pending, State::Starting, State::NotReady, State::Ready, State::Terminating, State::Failed, State::Unknown];

/// The switches, and the legend.
#[component]
pub fn Toolbar() -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let choice = move |table: bool, label: fn(&'static crate::i18n::Strings) -> &'static str| {
        view! {
            <button
                class="switch__choice"
                aria-pressed=move || (look.table.get() == table).to_string()
                on:click=move |_| look.table.set(table)
            >
                {move || label(session.strings())}
            </button>
        }
    };
    view! {
        <div class="toolbar">
            <div class="switch" role="group" aria-label=move || session.strings().view>
                {choice(false, |strings| strings.view_graph)}
                {choice(true, |strings| strings.view_table)}
            </div>
            <Show when=move || !look.table.get()>
                <button
                    class="switch__choice switch__choice--alone"
                    aria-pressed=move || look.tints.get().to_string()
                    on:click=move |_| look.tints.update(|on| *on = !*on)
                >
                    {move || session.strings().tint_nodes}
                </button>
            </Show>
            <CompareWith />
            <ul class="legend" aria-label=move || session.strings().legend>
                {STATES
                    .map(|state| {
                        view! {
                            <li class=format!("legend__state state-{}", state.name())>
                                <i aria-hidden="true">{state.glyph()}</i>
                                {move || session.strings().state(state)}
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </div>
    }
}
