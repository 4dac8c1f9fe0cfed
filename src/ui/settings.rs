//! What a cluster begins with: the feature gates of its control plane.

use leptos::prelude::*;

use super::icon::{self, Icon};
use super::session::Session;
use crate::api::gates::FeatureGates;

/// The gates that can be chosen: the name, the page's words for what it does, and where it stands.
type Gate = (&'static str, fn(&crate::i18n::Strings) -> &'static str, fn(&mut FeatureGates) -> &mut bool);

const GATES: [Gate; 2] = [
    (
        "MaxUnavailableStatefulSet",
        |strings| strings.gate_max_unavailable,
        |gates| &mut gates.max_unavailable_stateful_set,
    ),
    ("StatefulSetRecreateStrategy", |strings| strings.gate_recreate, |gates| &mut gates.stateful_set_recreate_strategy),
];

/// The button that opens the settings, and the settings.
#[component]
pub fn Settings() -> impl IntoView {
    let session = Session::here();
    let chosen = RwSignal::new(session.config().feature_gates);
    // A cluster takes its gates when it starts, so a change begins a new one; the manifest stays.
    let start = move |_| {
        let mut config = session.config();
        config.feature_gates = chosen.get_untracked();
        session.restart(config);
    };
    view! {
        <button
            class="button button--quiet"
            popovertarget="settings"
            aria-label=move || session.strings().settings
            title=move || session.strings().settings
        >
            <Icon path=icon::SLIDERS />
            <span class="header__word">{move || session.strings().settings}</span>
        </button>
        <div id="settings" class="settings" popover="auto" role="dialog" aria-label=move || session.strings().settings>
            <fieldset>
                <legend>{move || session.strings().feature_gates}</legend>
                {GATES
                    .map(|(name, note, field)| {
                        view! {
                            <label class="settings__gate">
                                <input
                                    type="checkbox"
                                    prop:checked=move || *field(&mut chosen.get())
                                    on:change:target=move |event| {
                                        let on = event.target().checked();
                                        chosen.update(|gates| *field(gates) = on);
                                    }
                                />
                                <code>{name}</code>
                                <small>{move || note(session.strings())}</small>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <button class="button button--primary" popovertarget="settings" on:click=start>
                {move || session.strings().new_cluster}
            </button>
            <p class="settings__note">{move || session.strings().new_cluster_note}</p>
        </div>
    }
}
