//! `kubectl apply -f`: client-side apply.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/apply` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::error;
use crate::api::fields::{Fields, as_map};
use crate::api::json;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::patch::three_way_merge_patch;
use crate::api::schema::Schema;
use crate::api::status::{Reason, Status};
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, CreateOptions, PatchType, Refusal};
use crate::command::{Answer, Diagnostic, Fix};
use crate::manifest::{self, Entry};

/// Where kubectl keeps the manifest that it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Applies every object of a manifest. One that is refused does not hide the others; documents after one that cannot be
/// read are not applied.
pub fn apply(cluster: &mut Cluster, text: &str, file: &str) -> Answer {
    let manifest = manifest::read(text);
    let mut answer = Answer::default();
    for entry in manifest.entries() {
        apply_entry(cluster, &entry, file, &mut answer);
    }
    if let Some(error) = &manifest.error {
        answer.complain(format!("error: error parsing {file}: {}", error.message));
        let applied = manifest.documents.len();
        let mut message = error.message.clone();
        if applied > 0 {
            message.push_str(&format!(" (the {applied} documents before this place were applied)"));
        }
        answer.diagnostics.push(Diagnostic { message, path: String::new(), span: Some(error.span), fix: None });
    } else if manifest.documents.is_empty() {
        answer.complain("error: no objects passed to apply");
        let message = "there is no object in this text".to_owned();
        answer.diagnostics.push(Diagnostic { message, path: String::new(), span: None, fix: None });
    }
    answer
}

fn apply_entry(cluster: &mut Cluster, entry: &Entry<'_>, file: &str, answer: &mut Answer) {
    let value = entry.value;
    let mut complain = |text: String, message: String, path: &str| {
        answer.complain(text);
        let span = Some(entry.locate(path));
        answer.diagnostics.push(Diagnostic { message, path: path.to_owned(), span, fix: None });
    };
    if !value.is_object() {
        let sentence = "invalid object to validate";
        let advice = "if you choose to ignore these errors, turn validation off with --validate=false";
        complain(
            format!("error: error validating {file:?}: error validating data: {sentence}; {advice}"),
            sentence.to_owned(),
            "",
        );
        return;
    }
    let (api_version, kind_name) = (value.text("apiVersion"), value.text("kind"));
    let missing: Vec<String> = [("apiVersion", api_version), ("kind", kind_name)]
        .iter()
        .filter(|(_, text)| text.is_empty())
        .map(|(name, _)| format!("{name} not set"))
        .collect();
    if !missing.is_empty() {
        let sentence = if missing.len() == 1 { missing[0].clone() } else { format!("[{}]", missing.join(", ")) };
        let advice = "if you choose to ignore these errors, turn validation off with --validate=false";
        complain(
            format!("error: error validating {file:?}: error validating data: {sentence}; {advice}"),
            sentence,
            "",
        );
        return;
    }
    let meta = value.field("metadata");
    let Some(kind) = Kind::of_manifest(api_version, kind_name) else {
        let (name, namespace) = (meta.text("name"), meta.text("namespace"));
        let sentence = format!("no matches for kind {kind_name:?} in version {api_version:?}");
        let text = format!(
            "error: resource mapping not found for name: {name:?} namespace: {namespace:?} from {file:?}: {sentence}\n\
             ensure CRDs are installed first"
        );
        complain(text, sentence, "kind");
        return;
    };
    let mut object = value.clone();
    if kind.resource().namespaced && meta.text("namespace").is_empty() {
        let meta = as_map(as_map(&mut object).entry("metadata").or_insert(Value::Null));
        meta.insert("namespace".to_owned(), Value::from("default"));
    }
    let namespace = object.field("metadata").text("namespace").to_owned();
    let reference = ObjectRef::new(kind, namespace, meta.text("name"));
    let doing_create = format!("error when creating {file:?}");
    match create_or_patch(cluster, &reference, object, file) {
        Ok(done) => answer.print(format!("{reference} {done}")),
        Err((refusal, is_create)) => {
            let text = if is_create {
                error::message_when(&refusal.status, &doing_create)
            } else {
                error::message(&refusal.status)
            };
            answer.complain(text);
            diagnose(entry, &refusal, &reference, answer);
        }
    }
}

/// One diagnostic for each field that the refusal names, or one for the object.
fn diagnose(entry: &Entry<'_>, refusal: &Refusal, reference: &ObjectRef, answer: &mut Answer) {
    let status = &refusal.status;
    let unknown = refusal.paths.len() > 1 || status.message.contains("unknown field");
    if !status.causes.is_empty() {
        for cause in &status.causes {
            let span = Some(entry.locate(&cause.path));
            let diagnostic = Diagnostic { message: cause.body(), path: cause.path.clone(), span, fix: None };
            if !answer.diagnostics.contains(&diagnostic) {
                answer.diagnostics.push(diagnostic);
            }
        }
        return;
    }
    if unknown {
        for path in &refusal.paths {
            let message = format!("unknown field {path:?}");
            let span = Some(entry.locate_key(path));
            answer.diagnostics.push(Diagnostic { message, path: path.clone(), span, fix: None });
        }
        return;
    }
    let path = refusal.paths.first().cloned().unwrap_or_else(|| match status.reason {
        Reason::NotFound => "metadata.namespace".to_owned(),
        _ => "metadata.name".to_owned(),
    });
    let fix = match &status.about {
        Some((Kind::Namespace, name)) if status.is_not_found() && *name == reference.namespace => {
            Some(Fix::CreateNamespace(name.clone()))
        }
        _ => None,
    };
    let message = match status.message.split_once(": json: ") {
        Some((_, go)) => format!("json: {go}"),
        None => status.message.clone(),
    };
    answer.diagnostics.push(Diagnostic { message, span: Some(entry.locate(&path)), path, fix });
}

/// What became of an object, in kubectl's word; or the refusal, and whether it was of a creation.
pub(super) fn create_or_patch(
    cluster: &mut Cluster,
    reference: &ObjectRef,
    object: Value,
    _file: &str,
) -> Result<&'static str, (Refusal, bool)> {
    let kind = reference.kind;
    let (configuration, modified) = modified_configuration(object);
    let Some(current) = cluster.store().find(reference).cloned() else {
        let create = cluster.create(Actor::User, kind, &modified, &CreateOptions::default());
        return create.map(|_| "created").map_err(|refusal| (refusal, true));
    };
    let original = current.meta.annotations.get(LAST_APPLIED).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let as_fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let original = original.as_ref().map(as_fields).unwrap_or_default();
    let patch = three_way_merge_patch(
        &original,
        &as_fields(&modified),
        &as_fields(&current.to_value()),
        Schema::get().of_kind(kind),
    )
    .map_err(|error| (Refusal::from(Status::bad_request(error.0)), false))?;
    if patch.is_empty() {
        return Ok("unchanged");
    }
    // The patch leaves out what is equal, so the whole manifest is checked for fields that no type has.
    cluster.check_fields(kind, &configuration).map_err(|refusal| (refusal, false))?;
    cluster
        .patch(Actor::User, reference, PatchType::Strategic, &Value::Object(patch))
        .map(|_| "configured")
        .map_err(|refusal| (refusal, false))
}

/// The object as it is noted in the annotation, and with the annotation.
// Models staging/src/k8s.io/kubectl/pkg/util/apply.go GetModifiedConfiguration
fn modified_configuration(mut object: Value) -> (Value, Value) {
    let meta = as_map(as_map(&mut object).entry("metadata").or_insert(Value::Null));
    let annotations = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(annotations) = annotations {
        annotations.remove(LAST_APPLIED);
    } else if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    let text = json::to_string(&object) + "\n";
    let configuration = object.clone();
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.insert(LAST_APPLIED.to_owned(), Value::from(text));
    }
    (configuration, object)
}

/// An object of a file with the annotation that notes it, as `apply` and `--save-config` send it.
// Models staging/src/k8s.io/kubectl/pkg/util/apply.go CreateApplyAnnotation
pub fn with_annotation(object: Value) -> Value {
    modified_configuration(object).1
}
