//! Rules about StatefulSets.
//!
//! Follows `pkg/apis/apps/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::workload::{self, Parsed};
use super::{Errors, FieldError, checks, format, internal, pod, rules};
use crate::api::fields::{Fields, as_map};
use crate::api::gates::FeatureGates;
use crate::api::order::IntoOrdered;
use crate::api::path::Path;

/// What is not looked at again when a set changes.
#[derive(Clone, Copy, Default)]
struct Tolerated {
    /// The governing Service's name and the claim templates, which cannot change.
    immutable: bool,
    /// The pod template, since that of the old set is refused by a newer rule.
    template: bool,
}

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSet
pub(super) fn validate(spec: &Value, gates: &FeatureGates, errors: &mut Errors) {
    let recreate = gates.stateful_set_recreate_strategy;
    validate_spec(spec, recreate, Tolerated::default(), &Path::ROOT.field("spec"), errors);
}

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSetSpec
fn validate_spec(spec: &Value, recreate: bool, tolerated: Tolerated, path: &Path<'_>, errors: &mut Errors) {
    let policy = spec.text("podManagementPolicy");
    match policy {
        "" => errors.required(&path.field("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        _ => errors.invalid(&path.field("podManagementPolicy"), policy.into(), "must be 'OrderedReady' or 'Parallel'"),
    }
    update_strategy(spec.field("updateStrategy"), recreate, &path.field("updateStrategy"), errors);
    let retention = spec.field("persistentVolumeClaimRetentionPolicy");
    if !retention.is_null() {
        rules::run("RetentionPolicy", retention, &path.field("persistentVolumeClaimRetentionPolicy"), errors);
    }
    if !tolerated.immutable {
        let templates = path.field("volumeClaimTemplates");
        for (i, template) in spec.list("volumeClaimTemplates").iter().enumerate() {
            let place = templates.index(i);
            rules::run("PersistentVolumeClaimSpec", template.field("spec"), &place.field("spec"), errors);
        }
    }
    errors.nonnegative(&path.field("replicas"), spec.field("replicas"));
    errors.nonnegative(&path.field("minReadySeconds"), spec.field("minReadySeconds"));
    errors.nonnegative(&path.field("ordinals.start"), spec.field("ordinals").field("start"));
    let service_name = spec.text("serviceName");
    if !tolerated.immutable && !service_name.is_empty() {
        errors.malformed(&path.field("serviceName"), service_name, format::dns1123_label(service_name));
    }
    selector_and_template(spec, tolerated, path, errors);
    workload::restarts_always(spec, "StatefulSet", path, errors);
}

fn update_strategy(strategy: &Value, recreate: bool, path: &Path<'_>, errors: &mut Errors) {
    let rolling = strategy.field("rollingUpdate");
    let rolling_path = path.field("rollingUpdate");
    match strategy.text("type") {
        "" => errors.required(path, ""),
        "RollingUpdate" => {
            if !rolling.is_null() {
                rolling_update(rolling, &rolling_path, errors);
            }
        }
        ty if ty == "OnDelete" || (ty == "Recreate" && recreate) => {
            if !rolling.is_null() {
                let shown = internal::shown("RollingUpdateStatefulSetStrategy", rolling);
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                errors.add(FieldError::invalid_shown(rolling_path, shown, detail));
            }
        }
        _ => {
            let known = if recreate {
                "must be 'RollingUpdate', 'OnDelete', or 'Recreate'"
            } else {
                "must be 'RollingUpdate' or 'OnDelete'"
            };
            let shown = internal::shown("StatefulSetUpdateStrategy", strategy);
            errors.add(FieldError::invalid_shown(path, shown, known));
        }
    }
}

// Models pkg/apis/apps/validation/validation.go validateRollingUpdateStatefulSet
fn rolling_update(rolling: &Value, path: &Path<'_>, errors: &mut Errors) {
    errors.nonnegative(&path.field("partition"), rolling.field("partition"));
    let value = rolling.field("maxUnavailable");
    let path = path.field("maxUnavailable");
    if !value.is_null() {
        checks::positive_int_or_percent(value, &path, errors);
        if checks::int_or_percent_value(value) == 0 {
            errors.invalid(&path, value.clone(), "cannot be 0");
        }
        checks::not_more_than_100_percent(value, &path, errors);
    }
}

fn selector_and_template(spec: &Value, tolerated: Tolerated, path: &Path<'_>, errors: &mut Errors) {
    let parsed = workload::selector(spec, "statefulset", path, errors);
    if parsed == Parsed::Malformed {
        return workload::malformed_selector(spec.field("selector"), "", &path.field("selector"), errors);
    }
    let template = spec.field("template");
    let template_path = path.field("template");
    workload::labels_match(&parsed, template, &template_path, errors);
    if !tolerated.template {
        pod::validate_pod_template(&with_claim_volumes(spec), &template_path, errors);
    }
    let metadata = template.field("metadata");
    rules::run("LabelsAndAnnotations", metadata, &template_path, errors);
    pod::specific_annotations(metadata, template.field("spec"), &template_path.field("annotations"), errors);
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

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSetStatus
pub(super) fn validate_status(status: &Value, errors: &mut Errors) {
    let path = Path::ROOT.field("status");
    let counts = ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    for name in counts.into_iter().chain(["observedGeneration", "collisionCount"]) {
        errors.nonnegative(&path.field(name), status.field(name));
    }
    let count = |name: &str| status.int(name).unwrap_or_default();
    for (name, most) in counts[1..].iter().map(|name| (*name, counts[0])).chain([(counts[4], counts[1])]) {
        if count(name) > count(most) {
            let detail = format!("cannot be greater than status.{most}");
            errors.invalid(&path.field(name), count(name).into(), &detail);
        }
    }
}

// Models pkg/apis/apps/validation/validation.go ValidateStatefulSetUpdate
pub(super) fn validate_update(spec: &Value, old: &Value, gates: &FeatureGates, errors: &mut Errors) {
    let path = Path::ROOT.field("spec");
    let recreate = gates.stateful_set_recreate_strategy || old.field("updateStrategy").text("type") == "Recreate";
    let mut tolerated = Tolerated { immutable: true, template: false };
    let mut old_errors = Errors::default();
    validate_spec(old, recreate, tolerated, &path, &mut old_errors);
    tolerated.template = !old_errors.list.is_empty();
    validate_spec(spec, recreate, tolerated, &path, errors);
    workload::immutable_selector(spec, old, &path, errors);
    let (claims, old_claims) = (spec.field("volumeClaimTemplates"), old.field("volumeClaimTemplates"));
    if claims != old_claims {
        let shown = match claims.as_array() {
            Some(claims) => internal::shown_list("PersistentVolumeClaim", claims),
            None => "null".to_owned(),
        };
        errors.add(FieldError::invalid_shown(path.field("volumeClaimTemplates"), shown, "field is immutable"));
    }
    let texts = |name: &str| (Value::from(spec.text(name)), Value::from(old.text(name)));
    for name in ["serviceName", "podManagementPolicy"] {
        let (new, old) = texts(name);
        errors.immutable(&path.field(name), &new, &old);
    }
}
