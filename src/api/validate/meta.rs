//! Rules about metadata.

use serde_json::Value;

use super::{Errors, format};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::path::Path;

/// What the names of a kind must be.
fn name_format(kind: Kind) -> fn(&str) -> Vec<String> {
    match kind {
        Kind::StatefulSet | Kind::Service | Kind::Namespace => format::dns1123_label,
        _ => format::dns1123_subdomain,
    }
}

/// A prefix that names are made from may end with a dash.
// Models k8s.io/apimachinery/pkg/api/validation/generic.go maskTrailingDash
fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => name.to_owned(),
    }
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessor
pub(super) fn validate_object_meta(kind: Kind, meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    let check = name_format(kind);
    let generate_name = meta.text("generateName");
    if !generate_name.is_empty() {
        errors.malformed(&path.field("generateName"), generate_name, check(&mask_trailing_dash(generate_name)));
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
    common(meta, path, errors);
    for finalizer in meta.list("finalizers").iter().filter_map(Value::as_str) {
        errors.malformed(&path.field("finalizers"), finalizer, format::label_key(finalizer));
    }
}

// Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessorUpdate
pub(super) fn validate_object_meta_update(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    common(meta, path, errors);
}

fn common(meta: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_labels(meta.field("labels"), &path.field("labels"), errors);
    validate_annotations(meta.field("annotations"), &path.field("annotations"), errors);
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
        errors.malformed(path, key, format::label_key(&key.to_lowercase()));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > TOTAL_SIZE_LIMIT {
        errors.add(super::FieldError::too_long(path, TOTAL_SIZE_LIMIT));
    }
}

// Models k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector
pub(super) fn validate_label_selector(selector: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_labels(selector.field("matchLabels"), &path.field("matchLabels"), errors);
    let list = path.field("matchExpressions");
    for (i, expression) in selector.list("matchExpressions").iter().enumerate() {
        let path = list.index(i);
        let values = expression.list("values");
        let values_path = path.field("values");
        match expression.text("operator") {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(&values_path, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.forbidden(&values_path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.invalid(&path.field("operator"), expression.field("operator"), "not a valid selector operator"),
        }
        let key = expression.text("key");
        errors.malformed(&path.field("key"), key, format::label_key(key));
        for (i, value) in values.iter().filter_map(Value::as_str).enumerate() {
            errors.malformed(&values_path.index(i), value, format::label_value(value));
        }
    }
}
