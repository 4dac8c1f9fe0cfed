//! Rules about StatefulSets.
//!
//! Follows `pkg/apis/apps/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Errors, FieldError, format, go_value, meta, pod};
use crate::api::fields::{Fields, as_map};
use crate::api::gates::FeatureGates;
use crate::api::meta::string_map;
use crate::api::order::IntoOrdered;
use crate::api::path::Path;
use crate::api::selector::Selector;

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSetSpec
pub(super) fn validate_spec(spec: &Value, path: &Path<'_>, gates: &FeatureGates, is_new: bool, errors: &mut Errors) {
    let policy = spec.field("podManagementPolicy");
    match policy.as_str().unwrap_or_default() {
        "" => errors.required(&path.field("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        _ => errors.invalid(&path.field("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'"),
    }
    validate_update_strategy(spec.field("updateStrategy"), &path.field("updateStrategy"), gates, errors);
    let retention = spec.field("persistentVolumeClaimRetentionPolicy");
    let retention_path = path.field("persistentVolumeClaimRetentionPolicy");
    for name in ["whenDeleted", "whenScaled"] {
        if retention.is_object() && !matches!(retention.text(name), "Retain" | "Delete") {
            errors.not_supported(&retention_path.field(name), retention.field(name), &["Retain", "Delete"]);
        }
    }
    if is_new {
        let templates = path.field("volumeClaimTemplates");
        for (i, template) in spec.list("volumeClaimTemplates").iter().enumerate() {
            pod::validate_claim_spec(template.field("spec"), &templates.index(i).field("spec"), errors);
        }
    }
    errors.nonnegative(&path.field("replicas"), spec.field("replicas"));
    errors.nonnegative(&path.field("minReadySeconds"), spec.field("minReadySeconds"));
    errors.nonnegative(&path.field("ordinals.start"), spec.field("ordinals").field("start"));
    let service_name = spec.text("serviceName");
    if is_new && !service_name.is_empty() {
        errors.malformed(&path.field("serviceName"), service_name, format::dns1123_label(service_name));
    }
    validate_selector_and_template(spec, path, errors);
    let template_spec = spec.field("template").field("spec");
    let template_path = path.field("template");
    let template_spec_path = template_path.field("spec");
    if template_spec.text("restartPolicy") != "Always" {
        let policy = template_spec.field("restartPolicy");
        errors.not_supported(&template_spec_path.field("restartPolicy"), policy, &["Always"]);
    }
    if template_spec.has("activeDeadlineSeconds") {
        let detail = "activeDeadlineSeconds in StatefulSet is not Supported";
        errors.forbidden(&template_spec_path.field("activeDeadlineSeconds"), detail);
    }
}

fn validate_update_strategy(strategy: &Value, path: &Path<'_>, gates: &FeatureGates, errors: &mut Errors) {
    let rolling = strategy.field("rollingUpdate");
    let rolling_path = path.field("rollingUpdate");
    let recreate_allowed = gates.stateful_set_recreate_strategy;
    match strategy.text("type") {
        "" => errors.required(path, ""),
        "RollingUpdate" => {
            if rolling.is_object() {
                validate_rolling_update(rolling, &rolling_path, errors);
            }
        }
        ty if ty == "OnDelete" || (ty == "Recreate" && recreate_allowed) => {
            if rolling.is_object() {
                // The message shows the server's internal type, whose fields have Go's names.
                let shown = format!(
                    "{{\"Partition\":{},\"MaxUnavailable\":{}}}",
                    rolling.int("partition").unwrap_or_default(),
                    crate::api::json::to_string(rolling.field("maxUnavailable"))
                );
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                errors.add(FieldError::invalid_shown(rolling_path, shown, detail));
            }
        }
        ty => {
            let known = if recreate_allowed {
                "must be 'RollingUpdate', 'OnDelete', or 'Recreate'"
            } else {
                "must be 'RollingUpdate' or 'OnDelete'"
            };
            let rolling = if rolling.is_object() {
                format!(
                    "{{\"Partition\":{},\"MaxUnavailable\":{}}}",
                    rolling.int("partition").unwrap_or_default(),
                    crate::api::json::to_string(rolling.field("maxUnavailable"))
                )
            } else {
                "null".to_owned()
            };
            let shown = format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", go_value(&Value::from(ty)));
            errors.add(FieldError::invalid_shown(path, shown, known));
        }
    }
}

// Models pkg/apis/apps/validation/validation.go validateRollingUpdateStatefulSet
fn validate_rolling_update(rolling: &Value, path: &Path<'_>, errors: &mut Errors) {
    errors.nonnegative(&path.field("partition"), rolling.field("partition"));
    let value = rolling.field("maxUnavailable");
    let path = path.field("maxUnavailable");
    match value {
        Value::Number(number) => {
            errors.nonnegative(&path, value);
            if number.as_i64() == Some(0) {
                errors.invalid(&path, value, "cannot be 0");
            }
        }
        Value::String(text) => {
            for sentence in format::percent(text) {
                errors.invalid(&path, value, &sentence);
            }
            let percent = text.strip_suffix('%').and_then(|digits| digits.parse::<i64>().ok());
            if percent == Some(0) {
                errors.invalid(&path, value, "cannot be 0");
            }
            if percent.is_some_and(|percent| percent > 100) {
                errors.invalid(&path, value, "must not be greater than 100%");
            }
        }
        _ => {}
    }
}

fn validate_selector_and_template(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = spec.field("selector");
    let selector_path = path.field("selector");
    if selector.is_null() {
        errors.required(&selector_path, "");
    } else {
        meta::validate_label_selector(selector, &selector_path, errors);
        if selector.entries("matchLabels").is_empty() && selector.list("matchExpressions").is_empty() {
            errors.invalid(&selector_path, selector, "empty selector is invalid for statefulset");
        }
    }
    let usable = |selector: &Selector| {
        selector.requirements.iter().all(|requirement| {
            use crate::api::selector::Operator::{In, NotIn};
            let wants_values = matches!(requirement.operator, In | NotIn);
            wants_values != requirement.values.is_empty()
        })
    };
    let parsed = Selector::of_value(selector).filter(usable);
    if parsed.is_none() && !selector.is_null() {
        errors.invalid(&selector_path, selector, "");
        return;
    }
    let template = spec.field("template");
    let template_path = path.field("template");
    let labels = template.field("metadata").field("labels");
    let mismatch = |selector: &Selector| {
        !selector.requirements.is_empty()
            && !selector.matches(&string_map(template.field("metadata").entries("labels")))
    };
    if parsed.as_ref().is_some_and(mismatch) {
        let path = template_path.field("metadata");
        errors.invalid(&path.field("labels"), labels, "`selector` does not match template `labels`");
    }
    pod::validate_pod_template(&with_claim_volumes(spec), &template_path, errors);
    meta::validate_labels(labels, &template_path.field("labels"), errors);
    let annotations = template.field("metadata").field("annotations");
    meta::validate_annotations(annotations, &template_path.field("annotations"), errors);
}

/// The template as its pods will be: with the volumes of the claims in front, and without the names that the controller
/// overwrites.
// Models pkg/apis/apps/validation/validation.go volumesToAddForTemplates
fn with_claim_volumes(spec: &Value) -> Value {
    let mut template = spec.field("template").clone();
    let pod_spec = as_map(&mut template).entry("spec").or_insert(Value::Null);
    let pod_spec = as_map(pod_spec);
    pod_spec.remove("subdomain");
    pod_spec.remove("hostname");
    let names: BTreeSet<&str> =
        spec.list("volumeClaimTemplates").iter().map(|claim| claim.field("metadata").text("name")).into_set();
    if !names.is_empty() {
        let mut volumes: Vec<Value> =
            names.iter().map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}})).collect();
        volumes.extend(pod_spec.list("volumes").iter().filter(|v| !names.contains(v.text("name"))).cloned());
        pod_spec.insert("volumes".to_owned(), Value::Array(volumes));
    }
    template
}

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSetUpdate
pub(super) fn validate_immutable(spec: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    for name in ["selector", "volumeClaimTemplates", "serviceName", "podManagementPolicy"] {
        errors.immutable(&path.field(name), spec.field(name), old.field(name));
    }
}
