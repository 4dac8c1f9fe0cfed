//! The corpus: manifests of public repositories, in place, and what kubectl and the API server said to them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::object::Object;
use statefulscope::api::time::Millis;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::{Cluster, CreateOptions};
use statefulscope::kubectl::manifests;
use statefulscope::kubectl::resource::{self, Info, Reading};
use statefulscope::manifest::{self, Manifest};

use crate::diff::diff;
use crate::manifests::printed;
use crate::mutation::change_value;
use crate::report::Report;
use crate::{Case, files_if_any};

/// The kinds whose records are compared.
const KINDS: [&str; 10] = [
    "StatefulSet",
    "Service",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "PodDisruptionBudget",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Pod",
];

/// What the recorded answers are called.
const ANSWER: &str = ".answer.json";

/// The kind `corpus`.
pub const KIND: crate::Kind = crate::Kind { name: "corpus", unit: "answers", files: answers, run, change };

/// The answers of a folder and of the folders in it.
fn answers(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let is_answer = |path: &PathBuf| path.to_string_lossy().ends_with(ANSWER);
        out.extend(files_if_any(&folder, &["json"]).into_iter().filter(is_answer));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    out.sort();
    out
}

/// The namespaces that a manifest names.
fn namespaces(manifest: &Manifest) -> BTreeSet<String> {
    resource::visit(manifest, &Reading::of("")).infos.into_iter().map(|info| info.reference.namespace).collect()
}

/// The recorded cluster, without the namespaces that the answer says were not there.
fn cluster(namespaces: &BTreeSet<String>, answer: &str) -> Cluster {
    let mut cluster = Cluster::new(Config { storage_classes: Vec::new(), stand_ins: true, ..Config::default() });
    let mut create = |kind: Kind, value: Value| {
        // What is there already, and what can be no name, stays as it is.
        let _ = cluster.create(Actor::User, kind, &value, &CreateOptions::default());
    };
    for name in namespaces {
        if !answer.contains(&format!("namespaces \"{name}\" not found")) {
            create(Kind::Namespace, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        }
    }
    // What the controllers of a real cluster keep in every namespace.
    for name in namespaces.iter().map(String::as_str).chain(["default", "kube-system"]) {
        let object = |kind: &str, object: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": object, "namespace": name}});
        create(Kind::ServiceAccount, object("ServiceAccount", "default"));
        create(Kind::ConfigMap, object("ConfigMap", "kube-root-ca.crt"));
    }
    cluster
}

/// Runs one file.
fn run(case: &Case, report: &mut Report) {
    let name = case.name();
    let expected: Value = serde_json::from_str(&case.text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let path = PathBuf::from(name.trim_end_matches(ANSWER));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = String::from_utf8_lossy(&bytes);
    let manifest = manifest::read(&text);
    let mut cluster = cluster(&namespaces(&manifest), expected.text("stderr"));
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let answer = printed(&manifests::create(&mut cluster, &text, file, true));
    let actual = json!({
        "stdout": records(answer.text("stdout")),
        "stderr": records(answer.text("stderr")),
        "revisions": revisions(&cluster, &manifest, answer.text("stdout")),
    });
    let expected = json!({
        "stdout": records(expected.text("stdout")),
        "stderr": records(expected.text("stderr")),
        "revisions": expected.get("revisions").cloned().unwrap_or(json!({})),
    });
    report.note(&format!("{}:1", path.display()), &diff(&expected, &actual));
}

/// Changes the name of a revision that the answer has.
fn change(case: &Case, seed: usize) -> Option<(String, String)> {
    let mut answer: Value = serde_json::from_str(&case.text).ok()?;
    let changed = change_value(answer.get_mut("revisions")?, seed);
    changed.then(|| (answer.to_string(), case.name().trim_end_matches(ANSWER).to_owned()))
}

/// The name of the revision that each StatefulSet gets that was accepted.
fn revisions(cluster: &Cluster, manifest: &Manifest, stdout: &str) -> Value {
    let mut out = Map::new();
    for info in resource::visit(manifest, &Reading::of("")).infos {
        let created = format!("{} created", info.reference);
        if info.reference.kind == Kind::StatefulSet && stdout.contains(&created) {
            let name = format!("{}/{}", info.reference.namespace, info.reference.name);
            out.insert(name, revision(cluster.clone(), &info));
        }
    }
    Value::Object(out)
}

/// Creates the set in a cluster of its own, and lets its controller look at it once.
fn revision(mut cluster: Cluster, info: &Info<'_>) -> Value {
    let created = cluster.create(Actor::User, Kind::StatefulSet, &info.object, &CreateOptions::default());
    if let Err(refusal) = created {
        return Value::from(refusal.status.message);
    }
    cluster.run_until(cluster.now() + Millis::from_secs(1));
    let owned = |revision: &&std::sync::Arc<Object>| {
        revision.meta.controller_of().is_some_and(|owner| owner.name == info.reference.name)
    };
    let revisions = cluster.store().list_in(Kind::ControllerRevision, &info.reference.namespace);
    revisions.filter(owned).map(|revision| Value::from(revision.meta.name.as_str())).next().unwrap_or_default()
}

/// The records that are compared: a line with the `* ` lines that follow it, about one of the kinds.
fn records(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines() {
        match all.last_mut() {
            Some(last) if line.starts_with("* ") => {
                last.push('\n');
                last.push_str(line);
            }
            _ => all.push(line.to_owned()),
        }
    }
    all.retain(|record| is_compared(record));
    all
}

fn is_compared(record: &str) -> bool {
    let line = record.lines().next().unwrap_or_default();
    if line.contains("already exists") {
        return false;
    }
    let group = |kind: &str| match kind {
        "StatefulSet" => ".apps",
        "StorageClass" => ".storage.k8s.io",
        "PodDisruptionBudget" => ".policy",
        _ => "",
    };
    KINDS.iter().any(|kind| {
        let printed = format!("{}{}/", kind.to_lowercase(), group(kind));
        line.starts_with(&printed)
            || line.starts_with(&format!("The {kind} \""))
            || line.contains(&format!("{kind} in version"))
            || is_invalid(line, kind)
    }) || line.starts_with("error: error parsing")
        || line.starts_with("error: error validating")
        || line.contains("no matches for kind")
}

/// `: KIND(.group)? "name" is invalid`
fn is_invalid(line: &str, kind: &str) -> bool {
    let head = format!(": {kind}");
    line.match_indices(&head).any(|(at, _)| {
        let rest = &line[at + head.len()..];
        let rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_lowercase() || c.is_ascii_digit());
        rest.strip_prefix(" \"")
            .and_then(|rest| rest.split_once('"'))
            .is_some_and(|(_, after)| after.starts_with(" is invalid"))
    })
}
