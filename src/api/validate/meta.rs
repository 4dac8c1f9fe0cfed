//! Rules about metadata.
//!
//! Follows `k8s.io/apimachinery/pkg/api/validation/objectmeta.go` of v0.37.2, Apache-2.0.

use serde_json::Value;

use super::{Errors, FieldError, format, rules};
use crate::api::fields::Fields;
use crate::api::go_order;
use crate::api::kind::Kind;
use crate::api::path::Path;
use crate::api::schema::Ty;

/// What the names of a kind must be.
fn name_format(kind: Kind) -> fn(&str) -> Vec<String> {
    match kind {
        Kind::StatefulSet | Kind::Service | Kind::Namespace => format::dns1123_label,
        _ => format::dns1123_subdomain,
    }
}

/// Whether the metadata of a changed object are looked at as those of a new one.
fn is_validated_whole(kind: Kind) -> bool {
    use Kind::{ConfigMap, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Secret, ServiceAccount};
    let kinds = [
        ConfigMap,
        Namespace,
        Node,
        PersistentVolume,
        PersistentVolumeClaim,
        Secret,
        ServiceAccount,
        Kind::StorageClass,
    ];
    kinds.contains(&kind)
}

/// A prefix that names are made from may end with a dash.
// Models k8s.io/apimachinery/pkg/api/validation/generic.go maskTrailingDash
fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let kept: String = rest.chars().take(rest.chars().count() - 1).collect();
            format!("{kept}a")
        }
        _ => name.to_owned(),
    }
}

/// What part of a request's path a name cannot be.
// Models k8s.io/apimachinery/pkg/api/validation/path/name.go IsValidPathSegmentName
pub fn path_segment(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    path_segment_prefix(name)
}

// Models k8s.io/apimachinery/pkg/api/validation/path/name.go IsValidPathSegmentPrefix
fn path_segment_prefix(name: &str) -> Vec<String> {
    ['/', '%'].into_iter().filter(|c| name.contains(*c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// The rules about the metadata of every new object.
pub(super) fn validate_any_object_meta(kind: Kind, meta: &Value, errors: &mut Errors) {
    named_and_labelled(kind, meta, path_segment, path_segment_prefix, errors);
}

/// The rules about the metadata of a new object of a kind that has some of its own.
pub(super) fn validate_object_meta(kind: Kind, meta: &Value, errors: &mut Errors) {
    let check = name_format(kind);
    named_and_labelled(kind, meta, check, |prefix| check(&mask_trailing_dash(prefix)), errors);
    kube_finalizers(meta, &Path::ROOT.field("metadata"), errors);
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessor
fn named_and_labelled(
    kind: Kind,
    meta: &Value,
    check: fn(&str) -> Vec<String>,
    check_prefix: impl Fn(&str) -> Vec<String>,
    errors: &mut Errors,
) {
    let path = &Path::ROOT.field("metadata");
    let generate_name = meta.text("generateName");
    if !generate_name.is_empty() {
        errors.malformed(&path.field("generateName"), generate_name, check_prefix(generate_name));
    }
    match meta.text("name") {
        "" => errors.required(&path.field("name"), "name or generateName is required"),
        name => errors.malformed(&path.field("name"), name, check(name)),
    }
    let namespace = meta.text("namespace");
    if kind.resource().namespaced {
        match namespace {
            "" => errors.required(&path.field("namespace"), ""),
            namespace => errors.malformed(&path.field("namespace"), namespace, format::dns1123_label(namespace)),
        }
    } else if !namespace.is_empty() {
        errors.forbidden(&path.field("namespace"), "not allowed on this type");
    }
    errors.nonnegative(&path.field("generation"), meta.field("generation"));
    common(meta, path, errors);
    finalizers(meta, path, errors);
}

// Models k8s.io/apiserver/pkg/registry/rest/update.go validateCommonFields
// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessorUpdate
pub(super) fn validate_object_meta_update(kind: Kind, meta: &Value, old: &Value, errors: &mut Errors) {
    let path = &Path::ROOT.field("metadata");
    let generate_name = meta.text("generateName");
    if !generate_name.is_empty() {
        let mut wrong = path_segment_prefix(generate_name);
        if is_validated_whole(kind) {
            wrong.extend(name_format(kind)(&mask_trailing_dash(generate_name)));
        }
        errors.malformed(&path.field("generateName"), generate_name, wrong);
    }
    finalizers(meta, path, errors);
    if old.has("deletionTimestamp") {
        let new = |finalizer: &&Value| !old.list("finalizers").contains(finalizer);
        let added: Vec<String> = meta.list("finalizers").iter().filter(new).map(ToString::to_string).collect();
        if !added.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.forbidden(&path.field("finalizers"), &detail);
        }
    }
    for name in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        errors.immutable(&path.field(name), meta.field(name), old.field(name));
    }
    common(meta, path, errors);
    if kind != Kind::PodDisruptionBudget {
        kube_finalizers(meta, path, errors);
    }
}

fn common(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_labels(meta.field("labels"), &path.field("labels"), errors);
    validate_annotations(meta.field("annotations"), &path.field("annotations"), errors);
    owner_references(meta, &path.field("ownerReferences"), errors);
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateOwnerReferences
fn owner_references(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    let owners = meta.list("ownerReferences");
    let mut controller: Option<String> = None;
    for (i, owner) in owners.iter().enumerate() {
        let place = path.index(i);
        rules::run("OwnerReference", owner, &place, errors);
        let version = owner.text("apiVersion");
        if version.matches('/').count() > 1 || version.ends_with('/') {
            let detail = "must be <group>/<version> or <version>";
            errors.invalid(&place.field("apiVersion"), version.into(), detail);
        }
        if version == "v1" && owner.text("kind") == "Event" {
            let shown = go_order::to_string(&Ty::Struct("OwnerReference"), owner);
            errors.add(FieldError::invalid_shown(place, shown, "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner.flag("controller") {
            let name = format!("{}/{}", owner.text("kind"), owner.text("name"));
            if let Some(first) = &controller {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and \
                     {name}"
                );
                let ty = Ty::List(Box::new(Ty::Struct("OwnerReference")));
                let shown = go_order::to_string(&ty, meta.field("ownerReferences"));
                errors.add(FieldError::invalid_shown(path, shown, detail));
            } else {
                controller = Some(name);
            }
        }
    }
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateFinalizers
fn finalizers(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    let place = path.field("finalizers");
    let list = meta.list("finalizers");
    for finalizer in list.iter().filter_map(Value::as_str) {
        errors.malformed(&place, finalizer, format::label_key(finalizer));
    }
    let has = |name: &str| list.iter().any(|finalizer| finalizer.as_str() == Some(name));
    if has("orphan") && has("foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.invalid(&place, meta.field("finalizers").clone(), detail);
    }
}

// Models pkg/apis/core/validation/validation.go validateFinalizerName
pub(super) fn namespace_finalizers(spec: &Value, errors: &mut Errors) {
    let spec_path = Path::ROOT.field("spec");
    let path = spec_path.field("finalizers");
    for finalizer in spec.list("finalizers").iter().filter_map(Value::as_str) {
        errors.malformed(&path, finalizer, format::label_key(finalizer));
        if !finalizer.contains('/') && !is_standard_finalizer(finalizer) {
            errors.invalid(&path, finalizer.into(), NO_STANDARD_FINALIZER);
        }
    }
}

const NO_STANDARD_FINALIZER: &str = "name is neither a standard finalizer name nor is it fully qualified";

fn is_standard_finalizer(name: &str) -> bool {
    matches!(name, "kubernetes" | "orphan" | "foregroundDeletion")
}

// Models pkg/apis/core/validation/validation.go validateKubeFinalizerName
fn kube_finalizers(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    let list = path.field("finalizers");
    for (i, finalizer) in meta.list("finalizers").iter().filter_map(Value::as_str).enumerate() {
        if !finalizer.contains('/') && !is_standard_finalizer(finalizer) {
            errors.invalid(&list.index(i), finalizer.into(), NO_STANDARD_FINALIZER);
        }
    }
}

// Models k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabels
pub(super) fn validate_labels(labels: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        errors.malformed(path, key, format::label_key(key));
        let value = value.as_str().unwrap_or_default();
        errors.malformed(path, value, format::label_value(value));
    }
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateAnnotations
pub(super) fn validate_annotations(annotations: &Value, path: &Path<'_>, errors: &mut Errors) {
    const TOTAL_SIZE_LIMIT: usize = 256 << 10;
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        errors.malformed(path, key, format::label_key(&format::lower(key)));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > TOTAL_SIZE_LIMIT {
        errors.too_long(path, TOTAL_SIZE_LIMIT);
    }
}

/// Rules about the taints of a node.
// Models pkg/apis/core/validation/validation.go validateNodeTaints
pub(super) fn taints(taints: &[Value], path: &Path<'_>, errors: &mut Errors) {
    for (i, taint) in taints.iter().enumerate() {
        let place = path.index(i);
        rules::run("Taint", taint, &place, errors);
        let same = |other: &Value| ["key", "effect"].iter().all(|name| other.field(name) == taint.field(name));
        if taints[..i].iter().any(same) {
            let shown = super::internal::shown("Taint", taint);
            let detail = "taints must be unique by key and effect pair".to_owned();
            errors.add(FieldError::duplicate_shown(place, shown).with_detail(detail));
        }
    }
}
