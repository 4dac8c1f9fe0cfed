//! What each kind's registry does to an object before it is stored.
//!
//! Follows the `strategy.go` files below `pkg/registry` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::base64;
use crate::api::fields::{Fields, as_map};
use crate::api::gates::FeatureGates;
use crate::api::kind::Kind;
use crate::api::object::Object;

/// A new claim is filled only from what is known, and names it twice.
// Models pkg/api/persistentvolumeclaim/util.go DropDisabledFields
// Models pkg/api/persistentvolumeclaim/util.go EnforceDataSourceBackwardsCompatibility
fn enforce_data_sources(spec: &mut Map<String, Value>) {
    if !spec.field("dataSourceRef").text("namespace").is_empty() {
        spec.remove("dataSourceRef");
    }
    let source = spec.field("dataSource");
    let is_known = matches!(
        (source.text("kind"), source.text("apiGroup")),
        ("PersistentVolumeClaim", "") | ("VolumeSnapshot", "snapshot.storage.k8s.io")
    );
    if !spec.has("dataSourceRef") && !is_known {
        spec.remove("dataSource");
    }
    normalize_data_sources(spec);
}

fn has_data_source(claim: &Object) -> bool {
    claim.spec.has("dataSource") || claim.spec.has("dataSourceRef")
}

// Models pkg/api/persistentvolumeclaim/util.go NormalizeDataSources
fn normalize_data_sources(spec: &mut Map<String, Value>) {
    const FIELDS: [&str; 2] = ["dataSource", "dataSourceRef"];
    for (from, to) in [(FIELDS[0], FIELDS[1]), (FIELDS[1], FIELDS[0])] {
        if spec.has(from) && !spec.has(to) {
            let source = spec.field(from).clone();
            spec.insert(to.to_owned(), source);
        }
    }
}

/// Sets what a person cannot set on a new object.
pub(super) fn prepare_for_create(object: &mut Object, gates: &FeatureGates) {
    object.meta.uid.clear();
    object.meta.resource_version = 0;
    object.meta.deletion_timestamp = None;
    object.meta.deletion_grace_period_seconds = None;
    if has_generation(object.kind) {
        object.meta.generation = 1;
    }
    let status = match object.kind {
        Kind::StatefulSet => {
            complete_stateful_set(object, gates);
            json!({"replicas": 0, "availableReplicas": 0})
        }
        Kind::Pod => json!({"phase": "Pending", "qosClass": qos_class(&object.spec)}),
        Kind::PersistentVolumeClaim => {
            if has_data_source(object) {
                enforce_data_sources(object.spec_mut());
            }
            json!({"phase": "Pending"})
        }
        Kind::PersistentVolume => json!({"phase": "Pending"}),
        Kind::Service => json!({"loadBalancer": {}}),
        Kind::PodDisruptionBudget => {
            json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0})
        }
        Kind::Namespace => {
            let mut finalizers = object.spec.list("finalizers").to_vec();
            if !finalizers.contains(&json!("kubernetes")) {
                finalizers.push(json!("kubernetes"));
            }
            object.spec_mut().insert("finalizers".to_owned(), Value::Array(finalizers));
            json!({"phase": "Active"})
        }
        Kind::Deployment | Kind::DaemonSet | Kind::ReplicaSet => json!({}),
        Kind::Secret => {
            merge_string_data(object.rest_mut());
            return;
        }
        Kind::ServiceAccount => {
            clean_secret_references(object.rest_mut());
            return;
        }
        _ => return,
    };
    object.status = Arc::new(status);
}

/// Keeps what an update cannot change, and counts changes of the specification.
pub(super) fn prepare_for_update(object: &mut Object, old: &Object, gates: &FeatureGates) {
    object.meta.creation_timestamp = old.meta.creation_timestamp;
    match object.kind {
        Kind::StatefulSet => complete_stateful_set(object, gates),
        Kind::Secret => merge_string_data(object.rest_mut()),
        Kind::ServiceAccount => clean_secret_references(object.rest_mut()),
        Kind::PersistentVolumeClaim => {
            let fill = if has_data_source(old) { normalize_data_sources } else { enforce_data_sources };
            if has_data_source(object) {
                fill(object.spec_mut());
            }
        }
        _ => {}
    }
    if has_generation(object.kind) && object.spec != old.spec {
        object.meta.generation = old.meta.generation + 1;
    }
}

/// A person does not change what holds a Namespace; its controller does, through an endpoint of its own.
// Models pkg/registry/core/namespace/strategy.go namespaceStrategy.PrepareForUpdate
pub(super) fn keep_namespace_finalizers(object: &mut Object, old: &Object) {
    if object.kind == Kind::Namespace {
        let finalizers = old.spec.field("finalizers").clone();
        object.spec_mut().insert("finalizers".to_owned(), finalizers);
    }
}

fn has_generation(kind: Kind) -> bool {
    use Kind::{
        CronJob, DaemonSet, Deployment, Ingress, Job, NetworkPolicy, PodDisruptionBudget, ReplicaSet, StatefulSet,
    };
    let apps = matches!(kind, StatefulSet | Deployment | DaemonSet | ReplicaSet | PodDisruptionBudget | Kind::Pod);
    apps || matches!(kind, CronJob | Ingress | Job | NetworkPolicy | Kind::PriorityClass)
}

/// Claim templates say what they are, and a field that its feature gate has switched off is dropped.
fn complete_stateful_set(object: &mut Object, gates: &FeatureGates) {
    let spec = object.spec_mut();
    for template in spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut).into_iter().flatten() {
        let template = as_map(template);
        template.insert("apiVersion".to_owned(), json!("v1"));
        template.insert("kind".to_owned(), json!("PersistentVolumeClaim"));
    }
    if !gates.max_unavailable_stateful_set
        && let Some(Value::Object(rolling)) = spec.get_mut("updateStrategy").and_then(|s| s.get_mut("rollingUpdate"))
    {
        rolling.remove("maxUnavailable");
    }
}

/// `stringData` is written into `data`, in base64.
fn merge_string_data(rest: &mut Map<String, Value>) {
    if let Some(Value::Object(plain)) = rest.remove("stringData") {
        let data = as_map(rest.entry("data").or_insert(Value::Null));
        for (key, value) in plain {
            data.insert(key, Value::from(base64::encode(value.as_str().unwrap_or_default().as_bytes())));
        }
    }
}

/// A ServiceAccount's secrets are known by name alone.
// Models pkg/registry/core/serviceaccount/strategy.go cleanSecretReferences
fn clean_secret_references(rest: &mut Map<String, Value>) {
    for secret in rest.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten() {
        as_map(secret).retain(|name, _| name == "name");
    }
}

/// How the kubelet ranks a pod when memory runs short.
// Models pkg/apis/core/helper/qos/qos.go ComputePodQOS
fn qos_class(spec: &Value) -> &'static str {
    let containers = || spec.list("containers").iter().chain(spec.list("initContainers"));
    let resources = |name: &'static str| containers().map(move |container| container.field("resources").entries(name));
    let relevant = |key: &str| key == "cpu" || key == "memory";
    if !resources("requests").chain(resources("limits")).any(|list| list.keys().any(|key| relevant(key))) {
        return "BestEffort";
    }
    let guaranteed = containers().all(|container| {
        let resources = container.field("resources");
        let (limits, requests) = (resources.entries("limits"), resources.entries("requests"));
        ["cpu", "memory"]
            .iter()
            .all(|key| limits.get(*key).is_some_and(|limit| requests.get(*key).is_none_or(|request| request == limit)))
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}

/// Puts a condition into a status: over the one of its type, or at the end. The time of its last transition stays where
/// the condition's status does.
pub(crate) fn set_condition(status: &mut Map<String, Value>, mut condition: Value) {
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    let Value::Array(conditions) = conditions else { return };
    let ty = condition.text("type").to_owned();
    match conditions.iter_mut().find(|present| present.text("type") == ty) {
        Some(present) => {
            if present.text("status") == condition.text("status") {
                condition["lastTransitionTime"] = present.field("lastTransitionTime").clone();
            }
            *present = condition;
        }
        None => conditions.push(condition),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_service_follows_from_requests_and_limits() {
        let class = |resources: Value| qos_class(&json!({"containers": [{"resources": resources}]}));
        assert_eq!(class(json!({})), "BestEffort");
        assert_eq!(class(json!({"requests": {"cpu": "1"}})), "Burstable");
        let all = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(class(json!({"requests": all, "limits": all})), "Guaranteed");
    }
}
