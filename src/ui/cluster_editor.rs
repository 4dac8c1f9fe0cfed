//! What a cluster gets from its administrator: nodes, storage classes, namespaces. Each form writes a line of kubectl,
//! shows it, and runs it in a terminal.

use leptos::prelude::*;

use super::session::Session;
use crate::i18n::Strings;
use crate::kubectl::line::quoted;

type Word = fn(&'static Strings) -> &'static str;

/// A plus, and the form that it opens.
#[component]
fn Create(
    /// The id of the form.
    id: &'static str,
    /// What is created.
    title: Word,
    /// The line that creates it; nothing while something is missing.
    line: Memo<Option<String>>,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let session = Session::here();
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(line) = line.get_untracked() {
            session.run(line);
            super::look::hide_popover(id);
        }
    };
    view! {
        <button
            class="rail__add"
            popovertarget=id
            aria-label=move || title(session.strings())
            title=move || title(session.strings())
        >
            "+"
        </button>
        <form id=id class="popover" popover="auto" role="dialog" aria-label=move || title(session.strings()) on:submit=create>
            <h3>{move || title(session.strings())}</h3>
            {children()}
            <pre class="popover__line">{move || line.get().unwrap_or_default()}</pre>
            <button class="button button--primary" type="submit" disabled=move || line.read().is_none()>
                {move || session.strings().create}
            </button>
        </form>
    }
}

/// A field for a word.
#[component]
fn Text(
    /// Its name.
    label: Word,
    /// What is in it.
    value: RwSignal<String>,
    /// What could be in it.
    #[prop(optional)]
    example: &'static str,
) -> impl IntoView {
    let session = Session::here();
    view! {
        <label class="popover__field">
            <span>{move || label(session.strings())}</span>
            <input
                spellcheck="false"
                autocapitalize="off"
                placeholder=example
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
        </label>
    }
}

/// A box to tick.
#[component]
fn Tick(
    /// Its name.
    label: Word,
    /// Whether it is ticked.
    value: RwSignal<bool>,
) -> impl IntoView {
    let session = Session::here();
    view! {
        <label class="popover__tick">
            <input
                type="checkbox"
                prop:checked=move || value.get()
                on:change:target=move |event| value.set(event.target().checked())
            />
            <span>{move || label(session.strings())}</span>
        </label>
    }
}

fn word(initial: &str) -> RwSignal<String> {
    RwSignal::new(initial.to_owned())
}

/// A line that applies a manifest which stands in it.
fn apply(manifest: &str) -> String {
    format!("kubectl apply -f - <<EOF\n{manifest}EOF")
}

/// Adds a node.
#[component]
pub fn CreateNode() -> impl IntoView {
    let session = Session::here();
    let (name, zone, taint, pods) = (word(""), word("zone-a"), word(""), word(""));
    // The next name that is free.
    Effect::new(move |_| {
        session.graph.with(|graph| {
            let is_taken = |name: &str| graph.nodes.iter().any(|node| node.name == name);
            if name.with_untracked(|name| name.is_empty() || is_taken(name)) {
                let free = (1..).map(|number| format!("node{number}")).find(|name| !is_taken(name));
                name.set(free.unwrap_or_default());
            }
        });
    });
    let line = Memo::new(move |_| {
        let (name, zone, taint, pods) = (name.get(), zone.get(), taint.get(), pods.get());
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let mut out = format!(
            "apiVersion: v1\nkind: Node\nmetadata:\n  name: {name}\n  labels:\n    kubernetes.io/hostname: {name}\n    \
             kubernetes.io/os: linux\n"
        );
        if !zone.trim().is_empty() {
            out.push_str(&format!("    topology.kubernetes.io/zone: {}\n", zone.trim()));
        }
        if let Some((what, effect)) = taint.trim().rsplit_once(':') {
            let (key, value) = what.split_once('=').unwrap_or((what, ""));
            out.push_str(&format!("spec:\n  taints:\n  - key: {key}\n    value: {value:?}\n    effect: {effect}\n"));
        }
        if let Ok(pods) = pods.trim().parse::<u32>() {
            let offer = format!("{{cpu: \"8\", memory: 32Gi, ephemeral-storage: 100Gi, pods: \"{pods}\"}}");
            out.push_str(&format!("status:\n  capacity: {offer}\n  allocatable: {offer}\n"));
        }
        Some(apply(&out))
    });
    view! {
        <Create id="create-node" title=|strings| strings.create_node line>
            <Text label=|strings| strings.name value=name />
            <Text label=|strings| strings.zone value=zone />
            <Text label=|strings| strings.taint value=taint example="dedicated=db:NoSchedule" />
            <Text label=|strings| strings.room_for_pods value=pods example="110" />
        </Create>
    }
}

/// Adds a storage class.
#[component]
pub fn CreateClass() -> impl IntoView {
    let (name, provisioner) = (word("fast"), word("example.com/disks"));
    let (default, late, grows, deletes) =
        (RwSignal::new(false), RwSignal::new(true), RwSignal::new(true), RwSignal::new(true));
    let line = Memo::new(move |_| {
        let (name, provisioner) = (name.get(), provisioner.get());
        if name.trim().is_empty() || provisioner.trim().is_empty() {
            return None;
        }
        let annotation = "  annotations:\n    storageclass.kubernetes.io/is-default-class: \"true\"\n";
        Some(apply(&format!(
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: {}\n{}provisioner: {}\n\
             volumeBindingMode: {}\nreclaimPolicy: {}\nallowVolumeExpansion: {}\n",
            name.trim(),
            if default.get() { annotation } else { "" },
            provisioner.trim(),
            if late.get() { "WaitForFirstConsumer" } else { "Immediate" },
            if deletes.get() { "Delete" } else { "Retain" },
            grows.get(),
        )))
    });
    view! {
        <Create id="create-class" title=|strings| strings.create_class line>
            <Text label=|strings| strings.name value=name />
            <Text label=|_| "provisioner" value=provisioner />
            <Tick label=|strings| strings.do_default value=default />
            <Tick label=|_| "WaitForFirstConsumer" value=late />
            <Tick label=|_| "allowVolumeExpansion" value=grows />
            <Tick label=|_| "reclaimPolicy: Delete" value=deletes />
        </Create>
    }
}

/// Adds a namespace.
#[component]
pub fn CreateNamespace() -> impl IntoView {
    let name = word("shop");
    let line = Memo::new(move |_| {
        let name = name.get();
        (!name.trim().is_empty()).then(|| format!("kubectl create namespace {}", quoted(name.trim())))
    });
    view! {
        <Create id="create-namespace" title=|strings| strings.create_a_namespace line>
            <Text label=|strings| strings.name value=name />
        </Create>
    }
}
