//! What kubectl checks of a list before it sends anything: types, unknown and missing fields. Single objects are left to
//! the server.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/validation/validation.go` of Kubernetes v1.37.2 and
//! `k8s.io/kube-openapi/pkg/util/proto/validation/types.go`, Apache-2.0.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::schema::{Schema, Ty, Type};
use crate::api::status::quote;

/// What is wrong with a document's kind and version.
// Models staging/src/k8s.io/kubectl/pkg/validation/validation.go getObjectKind
pub(super) fn kind_errors(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else {
        return vec!["invalid object to validate".to_owned()];
    };
    let mut errors = Vec::new();
    for name in ["apiVersion", "kind"] {
        match fields.field(name) {
            Value::Null => errors.push(format!("{name} not set")),
            Value::String(version) if name == "apiVersion" && version.matches('/').count() > 1 => {
                errors.push(format!("unexpected GroupVersion string: {version}"));
            }
            Value::String(_) => {}
            _ => errors.push(format!("{name} isn't string type")),
        }
    }
    errors
}

/// Something that is wrong in a list.
pub(super) struct Problem {
    /// kubectl's sentence.
    pub sentence: String,
    /// Where: `items[0].data`.
    pub path: String,
}

impl Problem {
    fn at(path: impl Into<String>, sentence: impl Into<String>) -> Problem {
        Problem { sentence: sentence.into(), path: path.into() }
    }
}

/// What is wrong with a list, and with what its items hold.
// Models staging/src/k8s.io/kubectl/pkg/validation/validation.go schemaValidation.ValidateBytes
pub(super) fn list_errors(value: &Value) -> Vec<Problem> {
    let (version, kind) = (value.text("apiVersion"), value.text("kind"));
    let mut errors = Vec::new();
    if (version, kind) == ("v1", "List") {
        let Some(items) = value.field("items").as_array() else {
            return vec![Problem::at("items", "invalid object to validate")];
        };
        for (i, item) in items.iter().enumerate() {
            let place = format!("items[{i}]");
            let wrong = kind_errors(item);
            if wrong.is_empty() {
                validate_object(item, &place, &mut errors);
            }
            errors.extend(wrong.into_iter().map(|sentence| Problem::at(place.as_str(), sentence)));
        }
    } else if let Some(ty) = kind.strip_suffix("List").and_then(|item| schema_of(version, item)) {
        let name = format!("{}List", openapi_name(ty));
        let mut walk = Walk { errors: &mut errors, root: kind, place: "" };
        if value.has("items") {
            walk.list(
                &|walk, item, path| walk.structure(ty, item, path),
                value.field("items"),
                &format!("{kind}.items"),
                &format!("{name}.items"),
            );
        } else {
            walk.add(kind, &format!("missing required field \"items\" in {name}"));
        }
    }
    errors
}

fn schema_of(version: &str, kind: &str) -> Option<&'static Type> {
    Kind::of_manifest(version, kind).and_then(|kind| Schema::get().of_kind(kind))
}

fn validate_object(value: &Value, place: &str, errors: &mut Vec<Problem>) {
    let (version, kind) = (value.text("apiVersion"), value.text("kind"));
    if let Some(ty) = schema_of(version, kind) {
        Walk { errors, root: kind, place }.structure(ty, value, kind);
    }
}

/// What a type is called in the OpenAPI document.
fn openapi_name(ty: &Type) -> String {
    let name = ty.name.rsplit('.').next().unwrap_or(ty.name);
    let package = match ty.name {
        "ObjectMeta"
        | "LabelSelector"
        | "LabelSelectorRequirement"
        | "OwnerReference"
        | "ManagedFieldsEntry"
        | "Condition" => "apimachinery.pkg.apis.meta",
        name if name.starts_with("discovery.") => "api.discovery",
        name if name.starts_with("StorageClass") => "api.storage",
        name if name.starts_with("PodDisruptionBudget") => "api.policy",
        name => {
            const APPS: [&str; 6] =
                ["StatefulSet", "Deployment", "DaemonSet", "ReplicaSet", "ControllerRevision", "RollingUpdate"];
            if APPS.iter().any(|prefix| name.starts_with(prefix)) { "api.apps" } else { "api.core" }
        }
    };
    format!("io.k8s.{package}.v1.{name}")
}

/// Goes through a value, and gathers what its types do not allow.
struct Walk<'a> {
    errors: &'a mut Vec<Problem>,
    /// The kind, with which its paths begin.
    root: &'a str,
    /// Where in the document the object stands.
    place: &'a str,
}

/// What checks an item of a list.
type Check<'a> = dyn Fn(&mut Walk<'_>, &Value, &str) + 'a;

impl Walk<'_> {
    fn add(&mut self, path: &str, what: &str) {
        self.push(path, format!("ValidationError({path}): {what}"));
    }

    fn push(&mut self, path: &str, sentence: String) {
        let below = path.strip_prefix(self.root).unwrap_or_default();
        let place = format!("{}{below}", self.place);
        self.errors.push(Problem::at(place.trim_start_matches('.'), sentence));
    }

    fn mismatch(&mut self, value: &Value, path: &str, name: &str, expected: &str) {
        let found = match value {
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Array(_) => "array",
            Value::Object(_) => "map",
            Value::String(_) | Value::Null => "string",
        };
        self.add(path, &format!("invalid type for {name}: got \"{found}\", expected \"{expected}\""));
    }

    // Models k8s.io/kube-openapi/pkg/util/proto/validation/types.go mapItem.VisitKind
    fn structure(&mut self, ty: &'static Type, value: &Value, path: &str) {
        let name = openapi_name(ty);
        let Value::Object(fields) = value else { return self.mismatch(value, path, &name, "map") };
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            match ty.field(key) {
                None => self.add(path, &format!("unknown field {} in {name}", quote(key))),
                Some(field) => self.value(&field.ty, value, &format!("{path}.{key}"), &format!("{name}.{key}")),
            }
        }
        for field in ty.fields.iter().filter(|field| field.required && !value.has(field.name)) {
            self.add(path, &format!("missing required field {} in {name}", quote(field.name)));
        }
    }

    fn value(&mut self, ty: &'static Ty, value: &Value, path: &str, name: &str) {
        match (ty, value) {
            (Ty::Pointer(inner), value) => self.value(inner, value, path, name),
            (Ty::Struct(of), value) => self.structure(Schema::get().struct_named(of), value, path),
            (Ty::List(inner), value) => {
                self.list(&|walk, item, path| walk.value(inner, item, path, name), value, path, name);
            }
            (Ty::Map(inner), Value::Object(entries)) => {
                for (key, entry) in entries {
                    let path = format!("{path}.{key}");
                    if entry.is_null() {
                        self.push(&path, unknown_object(&path));
                    } else {
                        self.value(inner, entry, &path, name);
                    }
                }
            }
            (Ty::Raw, Value::Object(_)) => {}
            (Ty::Map(_) | Ty::Raw, value) => self.mismatch(value, path, name, "map"),
            (Ty::Bool(_), Value::Bool(_)) | (Ty::Int(..) | Ty::Float(_), Value::Number(_)) => {}
            (Ty::Bool(_), value) => self.mismatch(value, path, name, "boolean"),
            (Ty::Int(..), value) => self.mismatch(value, path, name, "integer"),
            (Ty::Float(_), value) => self.mismatch(value, path, name, "number"),
            // Every value that is neither list nor map is taken for a string.
            (
                Ty::String(_) | Ty::Bytes | Ty::Quantity | Ty::IntOrString | Ty::Time,
                Value::Array(_) | Value::Object(_),
            ) => {
                let name = match ty {
                    Ty::Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity",
                    Ty::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
                    Ty::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
                    _ => name,
                };
                self.mismatch(value, path, name, "string");
            }
            _ => {}
        }
    }

    // Models k8s.io/kube-openapi/pkg/util/proto/validation/types.go arrayItem.VisitArray
    fn list(&mut self, check: &Check<'_>, value: &Value, path: &str, name: &str) {
        let Value::Array(items) = value else { return self.mismatch(value, path, name, "array") };
        for (i, item) in items.iter().enumerate() {
            let place = format!("{path}[{i}]");
            if item.is_null() {
                self.add(path, &unknown_object(&place));
            } else {
                check(self, item, &place);
            }
        }
    }
}

fn unknown_object(path: &str) -> String {
    format!("unknown object type \"nil\" in {path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_items_of_a_list_are_checked_in_the_words_of_openapi() {
        let list_errors =
            |list: &Value| -> Vec<String> { list_errors(list).into_iter().map(|problem| problem.sentence).collect() };
        let item = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "x": 1}, "data": []});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": 1, "tty": "x"}, null]}});
        assert_eq!(
            list_errors(&json!({"apiVersion": "v1", "kind": "List", "items": [item, {"kind": "Pod"}, pod]})),
            [
                "ValidationError(ConfigMap.data): invalid type for io.k8s.api.core.v1.ConfigMap.data: got \"array\", \
                 expected \"map\"",
                "ValidationError(ConfigMap.metadata): unknown field \"x\" in \
                 io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
                "apiVersion not set",
                "ValidationError(Pod.spec.containers[0].tty): invalid type for io.k8s.api.core.v1.Container.tty: got \
                 \"string\", expected \"boolean\"",
                "ValidationError(Pod.spec.containers[0]): missing required field \"name\" in \
                 io.k8s.api.core.v1.Container",
                "ValidationError(Pod.spec.containers): unknown object type \"nil\" in Pod.spec.containers[1]",
            ]
        );
        assert_eq!(list_errors(&json!({"apiVersion": "v1", "kind": "List"})), ["invalid object to validate"]);
        assert_eq!(
            list_errors(&json!({"apiVersion": "apps/v1", "kind": "StatefulSetList", "items": [{"spec": 1}]})),
            [
                "ValidationError(StatefulSetList.items[0].spec): invalid type for io.k8s.api.apps.v1.StatefulSetSpec: got \
              \"integer\", expected \"map\""
            ]
        );
    }

    #[test]
    fn every_problem_of_a_list_has_its_place() {
        let item = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}, {"nmae": "b"}]}});
        let paths = |list: Value| -> Vec<String> { list_errors(&list).into_iter().map(|found| found.path).collect() };
        assert_eq!(
            paths(json!({"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod"}, item]})),
            ["items[0]", "items[1].spec.containers[1]", "items[1].spec.containers[1]"]
        );
        assert_eq!(
            paths(json!({"apiVersion": "apps/v1", "kind": "StatefulSetList", "items": [{"spec": 1}]})),
            ["items[0].spec"]
        );
    }
}
