//! Manifests: what kubectl and the API server answer to one, and what is stored of it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::object::Object;
use statefulscope::api::time::Millis;
use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::command::Answer;
use statefulscope::kubectl::resource::{self, Reading};
use statefulscope::kubectl::{apply, manifests};
use statefulscope::manifest::{self, Manifest};

use crate::diff::diff;
use crate::mutation::change_value;
use crate::report::Report;
use crate::{Case, files_if_any, read};

/// Where kubectl notes what it applied; no part of the comparison.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The kind `manifests`.
pub const KIND: crate::Kind = crate::Kind { name: "manifests", unit: "answers", files: answers, run, change };

fn answers(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_if_any(&folder.join("create"), &["json"]);
    files.extend(files_if_any(&folder.join("update"), &["json"]));
    files
}

/// What an answer says of how it was recorded, which is not compared.
const DESCRIPTION: [&str; 3] = ["file", "command", "base"];

/// Runs one case.
fn run(case: &Case, report: &mut Report) {
    let name = case.name();
    let mut expected: Value = serde_json::from_str(&case.text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let file = expected.text("file").to_owned();
    let manifest = read(&case.path.with_file_name(&file));
    let actual = match expected.text("base") {
        "" => create_case(&file, &manifest),
        base => update_case(&file, &read(&base_path(&case.path, base)), &manifest),
    };
    if let Some(fields) = expected.as_object_mut() {
        fields.retain(|name, _| !DESCRIPTION.contains(&name.as_str()));
    }
    let differences = diff(&comparable(expected), &comparable(actual));
    report.note(&format!("{name}:{}", line_of(&case.text, &differences)), &differences);
}

/// Changes one value of the recorded answer.
fn change(case: &Case, seed: usize) -> Option<(String, String)> {
    let answer: Value = serde_json::from_str(&case.text).ok()?;
    let (description, compared): (Map<String, Value>, Map<String, Value>) =
        answer.as_object()?.clone().into_iter().partition(|(name, _)| DESCRIPTION.contains(&name.as_str()));
    // An absent description would be another case, so only the rest is changed.
    let mut rest = comparable(Value::Object(compared));
    if !change_value(&mut rest, seed * 13 + 5) {
        return None;
    }
    rest.as_object_mut()?.extend(description);
    Some((rest.to_string(), format!("{}:", case.name())))
}

/// The line of the answer that the first difference is about.
fn line_of(text: &str, differences: &[String]) -> usize {
    let top = differences.first().and_then(|line| line.trim_start().trim_start_matches('.').split(['.', '\n']).next());
    let key = format!(" \"{}\":", top.unwrap_or_default());
    text.lines().position(|line| line.starts_with(&key)).map_or(1, |line| line + 1)
}

/// A base is named from the folder that `create` and `update` are in.
fn base_path(answer: &Path, base: &str) -> PathBuf {
    let folder = answer.parent().and_then(Path::parent).unwrap_or(answer);
    let from_folder = folder.join(base);
    if from_folder.exists() { from_folder } else { answer.with_file_name(base) }
}

/// The recorded cluster: three nodes, the namespaces `default` and `julin`, no storage class.
fn cluster() -> Cluster {
    Cluster::new(Config { storage_classes: Vec::new(), stand_ins: true, ..Config::default() })
}

fn create_case(file: &str, manifest: &str) -> Value {
    let mut out = Map::new();
    let mut cluster = cluster();
    out.append(&mut printed(&manifests::create(&mut cluster, manifest, file, true)));
    out.insert("apply".to_owned(), Value::Object(printed(&apply::apply(&mut cluster, manifest, file))));
    insert_stored(&mut cluster, &[manifest], &mut out);
    Value::Object(out)
}

fn update_case(file: &str, base: &str, manifest: &str) -> Value {
    let mut out = Map::new();
    let mut cluster = cluster();
    apply::apply(&mut cluster, base, "base.yaml");
    cluster.run_until(cluster.now() + Millis::from_secs(30));
    out.insert("apply".to_owned(), Value::Object(printed(&apply::apply(&mut cluster, manifest, file))));
    // A manifest that cannot be read names no object; what was there before is.
    insert_stored(&mut cluster, &[manifest, base], &mut out);
    Value::Object(out)
}

/// Exit code, standard output and standard error of an answer.
pub fn printed(answer: &Answer) -> Map<String, Value> {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let mut failed = false;
    for line in &answer.output {
        let out = if line.is_error { &mut stderr } else { &mut stdout };
        out.push_str(&line.text);
        out.push('\n');
        failed |= line.is_error && !line.text.starts_with("Warning: ");
    }
    let fields = [("exit", i32::from(failed).into()), ("stdout", stdout.into()), ("stderr", stderr.into())];
    fields.into_iter().map(|(name, value): (&str, Value)| (name.to_owned(), value)).collect()
}

/// Notes what is stored of the objects of the first manifest that has any, as `kubectl get -f` shows it, and the name of
/// the revision.
fn insert_stored(cluster: &mut Cluster, manifests: &[&str], out: &mut Map<String, Value>) {
    cluster.run_until(cluster.now() + Millis::from_secs(30));
    let read: Vec<Manifest> = manifests.iter().map(|text| manifest::read(text)).collect();
    let visits = read.iter().map(|manifest| resource::visit(manifest, &Reading::of("")).infos);
    let infos = visits.into_iter().find(|infos| !infos.is_empty()).unwrap_or_default();
    let found: Vec<&Object> =
        infos.iter().filter_map(|info| cluster.store().find(&info.reference).map(AsRef::as_ref)).collect();
    if let Some(set) = found.iter().find(|object| object.kind == Kind::StatefulSet) {
        let revision = set.status.text("updateRevision");
        out.insert("controllerRevision".to_owned(), Value::from(revision));
    }
    let stored = match found.as_slice() {
        [] => return,
        [one] if infos.len() == 1 => stored(one),
        several => {
            let items: Vec<Value> = several.iter().map(|object| stored(object)).collect();
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}})
        }
    };
    out.insert("stored".to_owned(), stored);
}

/// An object without its status and what the server sets.
fn stored(object: &Object) -> Value {
    let mut value = object.to_value();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    if let Some(Value::Object(meta)) = value.get_mut("metadata") {
        for set_by_server in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"] {
            meta.remove(set_by_server);
        }
        if let Some(Value::Object(annotations)) = meta.get_mut("annotations") {
            annotations.remove(LAST_APPLIED);
            if annotations.is_empty() {
                meta.remove("annotations");
            }
        }
    }
    value
}

/// The value without what FORMAT.md leaves out: where the scheduler put a pod, the ends of generated names, and the
/// place in Kubernetes' source after `in scheme`.
fn comparable(mut value: Value) -> Value {
    let generated = value.text("stdout").contains("-") && value.field("apply").text("stderr").contains("generate name");
    leave_out(&mut value, generated);
    value
}

fn leave_out(value: &mut Value, generated: bool) {
    match value {
        Value::String(text) => {
            if let Some((before, after)) = text.split_once("in scheme \"") {
                let rest = after.split_once('"').map_or("", |(_, rest)| rest);
                *text = format!("{before}in scheme …{rest}");
            }
            if generated && text.contains(" created (server dry run)") {
                let lines: Vec<String> = text
                    .lines()
                    .map(|line| match line.rsplit_once('-') {
                        Some((prefix, _)) => format!("{prefix}-…"),
                        None => line.to_owned(),
                    })
                    .collect();
                *text = lines.join("\n");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| leave_out(item, generated)),
        Value::Object(fields) => {
            if fields.text("kind") == "Pod"
                && let Some(Value::Object(spec)) = fields.get_mut("spec")
            {
                spec.remove("nodeName");
            }
            if let Some(Value::Object(labels)) = fields.get_mut("labels") {
                labels.remove("topology.kubernetes.io/zone");
                if labels.is_empty() {
                    fields.remove("labels");
                }
            }
            fields.values_mut().for_each(|value| leave_out(value, generated));
        }
        _ => {}
    }
}
