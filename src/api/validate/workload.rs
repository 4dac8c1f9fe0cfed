//! What the rules about StatefulSets, Deployments, ReplicaSets and DaemonSets share, and those about the latter three.
//!
//! Follows `pkg/apis/apps/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::{Errors, FieldError, checks, format, internal, pod, rules};
use crate::api::fields::Fields;
use crate::api::meta::string_map;
use crate::api::path::Path;
use crate::api::selector::{Operator, Selector};

/// What a label selector comes to.
#[derive(PartialEq, Eq)]
pub(super) enum Parsed {
    /// There is none: nothing is selected.
    Nothing,
    /// It cannot be used.
    Malformed,
    /// It can.
    Selector(Selector),
}

// Models k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
fn parse(selector: &Value) -> Parsed {
    if selector.is_null() {
        return Parsed::Nothing;
    }
    let usable = |selector: &Selector| {
        selector.requirements.iter().all(|requirement| {
            let wants_values = matches!(requirement.operator, Operator::In | Operator::NotIn);
            wants_values != requirement.values.is_empty()
                && format::label_key(&requirement.key).is_empty()
                && requirement.values.iter().all(|value| format::label_value(value).is_empty())
        })
    };
    Selector::of_value(selector).filter(usable).map_or(Parsed::Malformed, Parsed::Selector)
}

/// Checks `spec.selector`, which has to be there and to select something; `kind` is how the message calls the owner.
pub(super) fn selector(spec: &Value, kind: &str, path: &Path<'_>, errors: &mut Errors) -> Parsed {
    let selector = spec.field("selector");
    let place = path.field("selector");
    if selector.is_null() {
        errors.required(&place, "");
    } else {
        rules::run("LabelSelector", selector, &place, errors);
        empty_selector(selector, kind, &place, errors);
    }
    parse(selector)
}

/// Refuses another selector than before.
pub(super) fn immutable_selector(spec: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (selector, path) = (spec.field("selector"), path.field("selector"));
    match selector {
        selector if selector == old.field("selector") => {}
        Value::Object(_) => malformed_selector(selector, "field is immutable", &path, errors),
        other => errors.invalid(&path, other.clone(), "field is immutable"),
    }
}

/// Refuses a selector, which is shown as Go writes it.
pub(super) fn malformed_selector(selector: &Value, detail: &str, path: &Path<'_>, errors: &mut Errors) {
    errors.add(FieldError::invalid_shown(path, internal::shown_selector(selector), detail));
}

fn empty_selector(selector: &Value, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    if selector.entries("matchLabels").is_empty() && selector.list("matchExpressions").is_empty() {
        errors.invalid(path, selector.clone(), &format!("empty selector is invalid for {kind}"));
    }
}

/// The labels of the template have to be selected. A selector without requirements is refused elsewhere.
pub(super) fn labels_match(parsed: &Parsed, template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let labels = template.field("metadata").field("labels");
    let matches = match parsed {
        Parsed::Selector(selector) => {
            selector.requirements.is_empty()
                || selector.matches(&string_map(template.field("metadata").entries("labels")))
        }
        _ => false,
    };
    if !matches {
        let metadata = path.field("metadata");
        errors.add(FieldError::invalid(
            metadata.field("labels"),
            labels,
            "`selector` does not match template `labels`",
        ));
    }
}

pub(super) fn restarts_always(spec: &Value, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    let pod_spec = spec.field("template").field("spec");
    let template = path.field("template");
    let place = template.field("spec");
    let policy = pod_spec.text("restartPolicy");
    if policy != "Always" {
        errors.not_supported(&place.field("restartPolicy"), &policy.into(), &["Always"]);
    }
    if pod_spec.has("activeDeadlineSeconds") {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden(&place.field("activeDeadlineSeconds"), &detail);
    }
}

// Models pkg/apis/apps/validation/validation.go ValidateDeploymentSpec
pub(super) fn validate_deployment(spec: &Value, errors: &mut Errors) {
    let path = &Path::ROOT.field("spec");
    errors.nonnegative(&path.field("replicas"), spec.field("replicas"));
    selector_and_template(spec, "invalid label selector", "ReplicaSet", path, errors);
    let strategy = spec.field("strategy");
    let place = path.field("strategy");
    let rolling = strategy.field("rollingUpdate");
    let rolling_path = place.field("rollingUpdate");
    match strategy.text("type") {
        "Recreate" if !rolling.is_null() => {
            errors.forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let (unavailable, surge) = amounts(rolling, &rolling_path, errors);
            if unavailable == 0 && surge == 0 {
                let value = rolling.field("maxUnavailable").clone();
                errors.invalid(&rolling_path.field("maxUnavailable"), value, "may not be 0 when `maxSurge` is 0");
            }
            let place = rolling_path.field("maxUnavailable");
            checks::not_more_than_100_percent(rolling.field("maxUnavailable"), &place, errors);
        }
        _ => {
            let shown = internal::shown("DeploymentStrategy", strategy);
            errors.add(FieldError::not_supported_shown(place, shown, &["Recreate", "RollingUpdate"]));
        }
    }
    errors.nonnegative(&path.field("minReadySeconds"), spec.field("minReadySeconds"));
    errors.nonnegative(&path.field("revisionHistoryLimit"), spec.field("revisionHistoryLimit"));
    if let Some(deadline) = spec.int("progressDeadlineSeconds") {
        let place = path.field("progressDeadlineSeconds");
        errors.nonnegative(&place, spec.field("progressDeadlineSeconds"));
        if deadline <= spec.int("minReadySeconds").unwrap_or_default() {
            errors.invalid(&place, deadline.into(), "must be greater than minReadySeconds");
        }
    }
}

/// Checks both amounts of a rolling update, and gives them.
fn amounts(rolling: &Value, path: &Path<'_>, errors: &mut Errors) -> (i64, i64) {
    let mut amount = |name: &str| {
        checks::positive_int_or_percent(rolling.field(name), &path.field(name), errors);
        checks::int_or_percent_value(rolling.field(name))
    };
    (amount("maxUnavailable"), amount("maxSurge"))
}

fn selector_and_template(spec: &Value, malformed: &str, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    let parsed = selector(spec, "deployment", path, errors);
    if parsed == Parsed::Malformed {
        return malformed_selector(spec.field("selector"), malformed, &path.field("selector"), errors);
    }
    let template = spec.field("template");
    let place = path.field("template");
    labels_match(&parsed, template, &place, errors);
    pod::validate_pod_template(template, &place, errors);
    restarts_always(spec, kind, path, errors);
}

// Models pkg/apis/apps/validation/validation.go ValidateReplicaSetSpec
pub(super) fn validate_replica_set(spec: &Value, errors: &mut Errors) {
    let path = &Path::ROOT.field("spec");
    errors.nonnegative(&path.field("replicas"), spec.field("replicas"));
    errors.nonnegative(&path.field("minReadySeconds"), spec.field("minReadySeconds"));
    selector_and_template(spec, "invalid label selector", "ReplicaSet", path, errors);
}

// Models pkg/apis/apps/validation/validation.go ValidateDaemonSetSpec
pub(super) fn validate_daemon_set(spec: &Value, errors: &mut Errors) {
    let path = &Path::ROOT.field("spec");
    let selector = spec.field("selector");
    let template = spec.field("template");
    let template_path = path.field("template");
    if !selector.is_null() {
        rules::run("LabelSelector", selector, &path.field("selector"), errors);
    }
    let parsed = parse(selector);
    if parsed != Parsed::Malformed {
        labels_match(&parsed, template, &template_path, errors);
    }
    if !selector.is_null() {
        empty_selector(selector, "daemonset", &path.field("selector"), errors);
    }
    pod::validate_pod_template(template, &template_path, errors);
    restarts_always(spec, "DaemonSet", path, errors);
    errors.nonnegative(&path.field("minReadySeconds"), spec.field("minReadySeconds"));
    let strategy = spec.field("updateStrategy");
    let place = path.field("updateStrategy");
    let rolling = strategy.field("rollingUpdate");
    let rolling_path = place.field("rollingUpdate");
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let (unavailable, surge) = amounts(rolling, &rolling_path, errors);
            for name in ["maxUnavailable", "maxSurge"] {
                checks::not_more_than_100_percent(rolling.field(name), &rolling_path.field(name), errors);
            }
            if unavailable != 0 && surge != 0 {
                let value = rolling.field("maxSurge").clone();
                let detail = "may not be set when maxUnavailable is non-zero";
                errors.invalid(&rolling_path.field("maxSurge"), value, detail);
            } else if unavailable == 0 && surge == 0 {
                errors.required(&rolling_path.field("maxUnavailable"), "cannot be 0 when maxSurge is 0");
            }
        }
        _ => {
            let shown = internal::shown("DaemonSetUpdateStrategy", strategy);
            errors.add(FieldError::not_supported_shown(place, shown, &["RollingUpdate", "OnDelete"]));
        }
    }
    errors.nonnegative(&path.field("revisionHistoryLimit"), spec.field("revisionHistoryLimit"));
}
