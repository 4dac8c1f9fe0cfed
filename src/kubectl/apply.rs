//! `kubectl apply -f`: client-side apply.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/apply` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::Error;
use super::manifests::{finish, refused, unaskable};
use super::resource::{self, Info, Reading, usable_path};
use crate::api::fields::{Fields, as_map};
use crate::api::json;
use crate::api::managed::Manager;
use crate::api::meta::ObjectRef;
use crate::api::patch::{strategic_merge, three_way_merge_patch};
use crate::api::schema::Schema;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, CreateOptions, FieldValidation, PatchOptions, Refusal};
use crate::command::Answer;
use crate::manifest;

pub use crate::api::managed::LAST_APPLIED;

/// Applies every object of a manifest. One that is refused does not hide the others; documents after one that cannot be
/// read are not applied.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go ApplyOptions.Run
pub fn apply(cluster: &mut Cluster, text: &str, file: &str) -> Answer {
    cluster.set_requester(Manager::updating("kubectl-client-side-apply"));
    let manifest = manifest::read(text);
    let visit = resource::visit(&manifest, &Reading::of(file));
    let unread = visit.failure();
    let mut answer = Answer { diagnostics: visit.diagnostics, ..Answer::default() };
    let mut failures = Vec::new();
    failures.extend(unread);
    for info in &visit.infos {
        match apply_one(cluster, info, file, &mut answer) {
            Ok(done) => answer.print(format!("{} {done}", info.reference)),
            Err(failure) => failures.push(failure),
        }
    }
    finish(answer, failures, visit.infos.is_empty(), "apply")
}

/// What became of an object, in kubectl's word.
fn apply_one(cluster: &mut Cluster, info: &Info<'_>, file: &str, answer: &mut Answer) -> Result<&'static str, Error> {
    match create_or_patch(cluster, &info.reference, info.object.clone(), FieldValidation::Strict) {
        Ok(applied) => {
            answer.warn(&applied.warnings);
            Ok(applied.operation)
        }
        Err(failure) => {
            if let Failure::Get(why) = &failure {
                unaskable(why.clone(), info, answer);
            }
            failure.lines().iter().for_each(|line| answer.complain(line.as_str()));
            Err(failure.into_error(&info.reference, &info.object, file, |refusal| refused(refusal, info, answer)))
        }
    }
}

/// An object that was applied.
pub(super) struct Applied {
    /// What was done, in kubectl's word.
    pub operation: &'static str,
    /// What kubectl and the server say besides.
    pub warnings: Vec<String>,
}

/// Why an object was not applied.
pub(super) enum Failure {
    /// kubectl could not ask for the object.
    Get(String),
    /// The server refused to create it.
    Create(Refusal),
    /// The server refused this patch.
    Patch(Box<(Refusal, Value)>),
    /// No patch could be made; kubectl says so before it gives up, and at the end.
    Unpatchable {
        /// What it says before.
        lines: Vec<String>,
        /// The sentence at the end.
        sentence: String,
    },
    /// kubectl says so itself.
    Plain(String),
}

impl Failure {
    /// What kubectl prints; `of` makes an error of a refusal.
    pub(super) fn into_error(
        self,
        reference: &ObjectRef,
        object: &Value,
        file: &str,
        of: impl FnOnce(Refusal) -> Error,
    ) -> Error {
        let subject = || describe(reference, object.text("apiVersion"));
        match self {
            Failure::Get(why) => {
                let doing = format!("retrieving current configuration of:\n{}\nfrom server for:", subject());
                Error::Plain(why).when(&doing, file)
            }
            Failure::Create(refusal) => of(refusal).when("creating", file),
            Failure::Patch(refused) => {
                let (refusal, patch) = *refused;
                let doing = format!("applying patch:\n{}\nto:\n{}\nfor:", json::to_string(&patch), subject());
                of(refusal).when("patching", file).when(&doing, file)
            }
            Failure::Unpatchable { sentence, .. } => {
                let doing = format!("applying patch:\n\nto:\n{}\nfor:", subject());
                Error::Plain(sentence).when("patching", file).when(&doing, file)
            }
            Failure::Plain(why) => Error::Plain(why),
        }
    }

    /// What kubectl has said before it gave up.
    pub(super) fn lines(&self) -> &[String] {
        match self {
            Failure::Unpatchable { lines, .. } => lines,
            _ => &[],
        }
    }
}

/// What is to be done about an object that is applied.
enum Step {
    /// This is created.
    Create(Value),
    /// Nothing is to be done.
    Keep,
    /// The one that there is gets this patch.
    Patch(Map<String, Value>),
}

/// Creates an object, or patches the one that there is.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go applyOneObject
pub(super) fn create_or_patch(
    cluster: &mut Cluster,
    reference: &ObjectRef,
    object: Value,
    validation: FieldValidation,
) -> Result<Applied, Failure> {
    let (step, mut warnings) = step(cluster, reference, object)?;
    let (operation, said) = match step {
        Step::Keep => ("unchanged", Vec::new()),
        Step::Create(object) => {
            let options = CreateOptions { dry_run: false, validation };
            let accepted = cluster.request_create(Actor::User, reference.kind, &object, &options);
            ("created", accepted.map_err(Failure::Create)?.warnings)
        }
        Step::Patch(patch) => {
            let patch = Value::Object(patch);
            let options = PatchOptions { validation, ..PatchOptions::default() };
            match cluster.request_patch(Actor::User, reference, &patch, &options) {
                Ok(patched) => ("configured", patched.warnings),
                Err(refusal) => return Err(Failure::Patch(Box::new((refusal, patch)))),
            }
        }
    };
    warnings.extend(said);
    Ok(Applied { operation, warnings })
}

/// What applying an object would make of it, as kubectl finds out without the server.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go Patcher.PatchLocal
pub(super) fn locally(cluster: &Cluster, reference: &ObjectRef, object: Value) -> Result<(Value, Applied), Failure> {
    let (step, warnings) = step(cluster, reference, object)?;
    let live = || cluster.store().find(reference).map_or(Value::Null, |object| object.to_value());
    let (value, operation) = match step {
        Step::Keep => (live(), "unchanged"),
        Step::Create(object) => (object, "created"),
        Step::Patch(mut patch) => {
            let schema = Schema::get().of_kind(reference.kind);
            let merged = strategic_merge(as_fields(&live()), &mut patch, schema)
                .map_err(|error| Failure::Plain(format!("applying patch locally: {}", error.0)))?;
            (Value::Object(merged), "configured")
        }
    };
    Ok((value, Applied { operation, warnings }))
}

fn as_fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// What is to be done, and what kubectl says of it.
fn step(cluster: &Cluster, reference: &ObjectRef, object: Value) -> Result<(Step, Vec<String>), Failure> {
    if reference.name.is_empty() {
        let generate_name = object.field("metadata").text("generateName");
        if !generate_name.is_empty() {
            return Err(Failure::Plain(format!("from {generate_name}: cannot use generate name with apply")));
        }
    }
    if let Err(why) = usable_path(&reference.namespace, Some(&reference.name)) {
        return Err(Failure::Get(why));
    }
    let mut modified = with_annotation(object);
    let Some(current) = cluster.store().find(reference) else {
        prune_nulls(&mut modified);
        return Ok((Step::Create(modified), Vec::new()));
    };
    let note = current.meta.annotations.get(LAST_APPLIED).map_or("", String::as_str);
    let original = serde_json::from_str::<Value>(note).ok();
    let warnings = if original.is_none() { vec![missing_note(reference)] } else { Vec::new() };
    let original = original.as_ref().map(as_fields).unwrap_or_default();
    let schema = Schema::get().of_kind(reference.kind);
    let patch = three_way_merge_patch(&original, &as_fields(&modified), &as_fields(&current.to_value()), schema)
        .map_err(|error| unpatchable(note, &modified, &current.to_managed_value(), &error.0))?;
    Ok((if patch.is_empty() { Step::Keep } else { Step::Patch(patch) }, warnings))
}

/// That no patch could be made: kubectl tries with the types of two OpenAPI documents, and then with its own.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go Patcher.patchSimple
fn unpatchable(original: &str, modified: &Value, live: &Value, why: &str) -> Failure {
    let line = |document: &str| format!("warning: error calculating patch from {document} spec: {why}");
    let (modified, live) = (json::to_string(modified), json::to_string(live));
    Failure::Unpatchable {
        lines: vec![line("openapi v3"), line("openapi")],
        sentence: format!(
            "creating patch with:\noriginal:\n{original}\nmodified:\n{modified}\n\ncurrent:\n{live}\n\nfor: {why}"
        ),
    }
}

/// An object as kubectl names it in a sentence about a request.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go Info.String
fn describe(reference: &ObjectRef, api_version: &str) -> String {
    let resource = reference.kind.resource();
    let version = if resource.group.is_empty() { format!("/{api_version}") } else { api_version.to_owned() };
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: {:?}, Namespace: {:?}",
        resource.plural, resource.kind, reference.name, reference.namespace
    )
}

/// Takes the fields without a value out, as those of a patch would be.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go pruneNullsFromMap
fn prune_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

/// What `kubectl apply` says of an object that it did not create.
pub fn missing_note(reference: &ObjectRef) -> String {
    let name = format!("{}/{}", reference.kind.resource().plural, reference.name);
    format!(
        "resource {name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply \
         should only be used on resources created declaratively by either kubectl create --save-config or kubectl \
         apply. The missing annotation will be patched automatically."
    )
}

/// An object of a file as it is sent: the note of what it is goes with it where that is asked for, or where it has one.
// Models staging/src/k8s.io/kubectl/pkg/util/apply.go CreateOrUpdateAnnotation
pub(super) fn noted(object: Value, asked: bool) -> Value {
    let has_note = object.field("metadata").field("annotations").has(LAST_APPLIED);
    if asked || has_note { with_annotation(object) } else { object }
}

/// An object of a file with the annotation that notes it, as `apply` and `--save-config` send it.
// Models staging/src/k8s.io/kubectl/pkg/util/apply.go GetModifiedConfiguration
pub fn with_annotation(mut object: Value) -> Value {
    let meta = as_map(as_map(&mut object).entry("metadata").or_insert(Value::Null));
    let annotations = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(annotations) = annotations {
        annotations.remove(LAST_APPLIED);
    } else if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    let text = json::to_string(&object) + "\n";
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.insert(LAST_APPLIED.to_owned(), Value::from(text));
    }
    object
}
