//! A second cluster beside the first one, which is given the same commands under another setting.

use leptos::prelude::*;
use serde_json::Value;

use super::session::Session;
use crate::cluster::config::Config;
use crate::timeline::Compare;

/// What a set can be given in the second cluster, in the words of its manifest, and as what is merged into its spec.
const FIELDS: [(&str, &str); 7] = [
    ("podManagementPolicy: Parallel", r#"{"podManagementPolicy":"Parallel"}"#),
    ("podManagementPolicy: OrderedReady", r#"{"podManagementPolicy":"OrderedReady"}"#),
    (
        "whenDeleted, whenScaled: Delete",
        r#"{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete","whenScaled":"Delete"}}"#,
    ),
    (
        "whenDeleted, whenScaled: Retain",
        r#"{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"}}"#,
    ),
    ("partition: 1", r#"{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}}"#),
    ("partition: 0", r#"{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}}}"#),
    ("updateStrategy: OnDelete", r#"{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}"#),
];

/// The clusters that can stand beside one with these settings: their names, and what makes them differ.
fn choices(config: &Config) -> Vec<(String, Compare)> {
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = config.clone();
        change(&mut config);
        Compare { config, manifest: None, file: None }
    };
    let mut choices: Vec<(String, Compare)> = FIELDS
        .iter()
        .map(|(name, fields)| {
            let fields = serde_json::from_str(fields).unwrap_or_default();
            ((*name).to_owned(), with(&|config| config.stateful_set_spec.clone_from(&fields)))
        })
        .collect();
    let gates = &config.feature_gates;
    let (budget, recreate) = (!gates.max_unavailable_stateful_set, !gates.stateful_set_recreate_strategy);
    choices.push((
        format!("MaxUnavailableStatefulSet={budget}"),
        with(&|config| config.feature_gates.max_unavailable_stateful_set = budget),
    ));
    choices.push((
        format!("StatefulSetRecreateStrategy={recreate}"),
        with(&|config| config.feature_gates.stateful_set_recreate_strategy = recreate),
    ));
    choices
}

/// What the second cluster is called: by its settings, or by what stands in its place.
pub fn title(session: Session, compare: &Compare) -> String {
    if compare.manifest.is_some() {
        return session.strings().compare_manifest.to_owned();
    }
    let choices = choices(&session.config());
    let known = choices.into_iter().find(|(_, choice)| choice == compare).map(|(name, _)| name);
    known.unwrap_or_else(|| Value::Object(compare.config.stateful_set_spec.clone()).to_string())
}

/// The choice of a cluster to compare with.
#[component]
pub fn CompareWith() -> impl IntoView {
    let session = Session::here();
    let compare = session.time.compare;
    let names: Vec<String> = choices(&session.config()).into_iter().map(|(name, _)| name).collect();
    let last = names.len() + 1;
    let choose = move |index: usize| {
        let config = session.config();
        session.compare(match index.checked_sub(1) {
            None => None,
            Some(_) if index == last => {
                let file = Some(session.file_name(session.files.open.get_untracked()));
                Some(Compare { config, manifest: Some(session.manifest_now()), file })
            }
            Some(choice) => choices(&config).into_iter().nth(choice).map(|(_, compare)| compare),
        });
    };
    let chosen = Memo::new(move |_| compare.with(|compare| compare.as_ref().map(|compare| title(session, compare))));
    let option = move |index: usize, name: String| {
        let is_chosen = {
            let name = name.clone();
            move || chosen.with(|chosen| chosen.as_ref() == Some(&name))
        };
        view! { <option value=index.to_string() selected=is_chosen>{name}</option> }
    };
    view! {
        <label class="compare-with">
            <span>{move || session.strings().compare}</span>
            <select
                aria-label=move || session.strings().compare
                on:change:target=move |event| choose(event.target().value().parse().unwrap_or_default())
            >
                <option value="0" selected=move || chosen.read().is_none()>{move || session.strings().compare_nothing}</option>
                {names.into_iter().enumerate().map(|(index, name)| option(index + 1, name)).collect_view()}
                <option
                    value=last.to_string()
                    selected=move || compare.with(|compare| compare.as_ref().is_some_and(|compare| compare.manifest.is_some()))
                >
                    {move || session.strings().compare_manifest}
                </option>
            </select>
        </label>
    }
}
