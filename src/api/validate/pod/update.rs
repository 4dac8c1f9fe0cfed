//! What an update of a pod may change.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::super::{Errors, FieldError, diff, format, rules};
use super::{metadata_and_spec, untrimmed_image};
use crate::api::fields::{Fields, as_map};
use crate::api::path::Path;

/// What a pod's update may change besides metadata, as the refusal lists it.
const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                         `spec.tolerations` (only additions to existing tolerations),\
                         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

// Models pkg/apis/core/validation/validation.go ValidatePodUpdate
pub(in super::super) fn validate_pod_update(pod: &Value, old: &Value, errors: &mut Errors) {
    metadata_and_spec(pod, errors);
    let (spec, before) = (pod.field("spec"), old.field("spec"));
    let path = Path::ROOT.field("spec");
    for list in ["containers", "initContainers"] {
        let place = path.field(list);
        if spec.list(list).len() != before.list(list).len() {
            return errors.forbidden(&place, "pod updates may not add or remove containers");
        }
        for (i, container) in spec.list(list).iter().enumerate() {
            if container.text("image").is_empty() {
                errors.required(&place.index(i).field("image"), "");
            }
            untrimmed_image(container, &place.index(i), errors);
        }
    }
    let (deadline, old_deadline) = (spec.int("activeDeadlineSeconds"), before.int("activeDeadlineSeconds"));
    let deadline_path = path.field("activeDeadlineSeconds");
    match (deadline, old_deadline) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            let detail = format::inclusive_range(0, i64::from(i32::MAX));
            return errors.invalid(&deadline_path, seconds.into(), &detail);
        }
        (Some(seconds), Some(old)) if old < seconds => {
            let detail = "must be less than or equal to previous value";
            return errors.invalid(&deadline_path, seconds.into(), detail);
        }
        (None, Some(_)) => {
            errors.add(FieldError::invalid_shown(
                deadline_path,
                "null".to_owned(),
                "must not update from a positive integer to nil value",
            ));
        }
        _ => {}
    }
    only_added_tolerations(spec, before, &path.field("tolerations"), errors);
    only_deleted_gates(spec, before, &path.field("schedulingGates"), errors);
    let mut munged = munge(spec, before);
    if !before.list("schedulingGates").is_empty() {
        gated_mutations(&mut munged, before, &path, errors);
    }
    if munged != *before {
        let diff = diff::of("PodSpec", before, &munged);
        errors.forbidden(&path, &format!("pod updates may not change fields other than {UPDATABLE}\n{diff}"));
    }
}

// Models pkg/apis/core/validation/validation.go validateOnlyAddedTolerations
fn only_added_tolerations(spec: &Value, before: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kept = |old: &Value| {
        spec.list("tolerations")
            .iter()
            .any(|new| ["key", "operator", "value", "effect"].iter().all(|name| new.field(name) == old.field(name)))
    };
    if !before.list("tolerations").iter().all(kept) {
        return errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
    rules::run_each("Toleration", spec.list("tolerations"), path, errors);
}

// Models pkg/apis/core/validation/validation.go validateOnlyDeletedSchedulingGates
fn only_deleted_gates(spec: &Value, before: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, gate) in spec.list("schedulingGates").iter().enumerate() {
        let name = gate.text("name");
        // Of those with the same name the last is told.
        let is_last = !spec.list("schedulingGates")[i + 1..].iter().any(|later| later.text("name") == name);
        if is_last && !before.list("schedulingGates").iter().any(|old| old.text("name") == name) {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.forbidden(&path.index(i).field("name"), &detail);
        }
    }
}

/// What may be narrowed down as long as a pod is held back from scheduling.
// Models pkg/apis/core/validation/validation.go validateNodeSelectorMutation
// Models pkg/apis/core/validation/validation.go validateNodeAffinityMutation
fn gated_mutations(spec: &mut Value, before: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (selector, old_selector) = (spec.field("nodeSelector"), before.entries("nodeSelector"));
    if old_selector.iter().any(|(key, value)| selector.field(key) != value) {
        let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid(&path.field("nodeSelector"), selector.clone(), detail);
    }
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = |spec: &Value| {
        let required = spec.field("affinity").field("nodeAffinity").field(REQUIRED);
        required.list("nodeSelectorTerms").to_vec()
    };
    let (new_terms, old_terms) = (terms(spec), terms(before));
    let place = path.field("affinity.nodeAffinity");
    let place = place.field(REQUIRED);
    let place = place.field("nodeSelectorTerms");
    let shown = |terms: &[Value]| super::internal::shown_list("NodeSelectorTerm", terms);
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.add(FieldError::invalid_shown(place, shown(&new_terms), detail));
    } else {
        for (i, (new, old)) in new_terms.iter().zip(&old_terms).enumerate() {
            let adds = |name: &str| new.list(name).starts_with(old.list(name));
            let was_empty = old.as_object().is_none_or(Map::is_empty);
            if !adds("matchExpressions") || !adds("matchFields") || (was_empty && new != old) {
                let shown = super::internal::shown("NodeSelectorTerm", new);
                let detail = "only additions are allowed (no mutations or deletions)";
                errors.add(FieldError::invalid_shown(place.index(i), shown, detail));
            }
        }
    }
    let Value::Object(fields) = spec else { return };
    let mut keep = |name: &str, old: &Value| match old {
        Value::Null => drop(fields.remove(name)),
        old => drop(fields.insert(name.to_owned(), old.clone())),
    };
    keep("nodeSelector", before.field("nodeSelector"));
    let mut affinity = fields.remove("affinity").unwrap_or_default();
    let old_affinity = before.field("affinity");
    if affinity.field("nodeAffinity") != old_affinity.field("nodeAffinity") {
        let parts = as_map(&mut affinity);
        parts.remove("nodeAffinity");
        if let Some(old) = old_affinity.get("nodeAffinity") {
            parts.insert("nodeAffinity".to_owned(), old.clone());
        }
        if parts.is_empty() && old_affinity.is_null() {
            return;
        }
    }
    if !affinity.is_null() {
        fields.insert("affinity".to_owned(), affinity);
    }
}

/// The new specification with everything that may change as it was.
fn munge(spec: &Value, before: &Value) -> Value {
    let mut munged = spec.clone();
    let Value::Object(fields) = &mut munged else { return munged };
    for list in ["containers", "initContainers"] {
        let containers = fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, old) in containers.zip(before.list(list)) {
            container["image"] = old.field("image").clone();
        }
    }
    for name in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        match before.field(name) {
            Value::Null => fields.remove(name),
            value => fields.insert(name.to_owned(), value.clone()),
        };
    }
    munged
}
