//! Keeps claims and volumes as long as they are in use.
//!
//! Follows `pkg/controller/volume/{pvcprotection,pvprotection}` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Value, json};

use super::persistent_volume::pod_uses_claim;
use super::statefulset::stateful_set_utils::is_terminal_phase;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent, timing};

const PVC_FINALIZER: &str = "kubernetes.io/pvc-protection";
const PV_FINALIZER: &str = "kubernetes.io/pv-protection";

/// Has the claims and volumes looked at whose use may have changed.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::PersistentVolumeClaim => {
            cluster.enqueue(Actor::PvcProtectionController, object.object_ref(), timing::WATCH);
        }
        Kind::PersistentVolume => {
            cluster.enqueue(Actor::PvProtectionController, object.object_ref(), timing::WATCH);
        }
        Kind::Pod => {
            for claim in claims_of(object) {
                let claim = ObjectRef::new(Kind::PersistentVolumeClaim, object.meta.namespace.as_str(), claim);
                cluster.enqueue(Actor::PvcProtectionController, claim, timing::WATCH);
            }
        }
        _ => {}
    }
}

/// The names of the claims that a pod's volumes are.
pub fn claims_of(pod: &Object) -> Vec<String> {
    let names = pod.spec.list("volumes").iter().map(|volume| volume.field("persistentVolumeClaim").text("claimName"));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Notes whether a claim is used, and lets claims and volumes go that are not.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        return;
    };
    if object.kind == Kind::PersistentVolume {
        if object.meta.is_terminating() && object.status.text("phase") != "Bound" {
            cluster.remove_finalizer(Actor::PvProtectionController, &object, PV_FINALIZER);
        }
        return;
    }
    let used = cluster
        .store()
        .list_in(Kind::Pod, &object.meta.namespace)
        .any(|pod| !is_terminal_phase(pod) && pod_uses_claim(pod, &object.meta.name));
    if !object.meta.is_terminating() && object.status.text("phase") == "Bound" {
        update_unused_condition(cluster, &object, used);
    }
    if object.meta.is_terminating() && !used {
        cluster.remove_finalizer(Actor::PvcProtectionController, &object, PVC_FINALIZER);
    }
}

// Models pkg/controller/volume/pvcprotection/pvc_protection_controller.go updateUnusedCondition
fn update_unused_condition(cluster: &mut Cluster, claim: &Object, used: bool) {
    let (status, reason, message) = if used {
        ("False", "PodUsingPVC", "A pod is currently referencing this PVC")
    } else {
        ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC")
    };
    let conditions = claim.status.list("conditions");
    if conditions.iter().any(|condition| condition.text("type") == "Unused" && condition.text("status") == status) {
        return;
    }
    let condition = json!({
        "type": "Unused", "status": status, "reason": reason, "message": message, "lastProbeTime": null,
        "lastTransitionTime": cluster.now().timestamp().to_string(),
    });
    let mut claim = claim.clone();
    let conditions = claim.status_mut().entry("conditions").or_insert_with(|| json!([]));
    if let Value::Array(conditions) = conditions {
        conditions.retain(|condition| condition.text("type") != "Unused");
        conditions.push(condition);
    }
    let _ = cluster.update_object_status(Actor::PvcProtectionController, claim);
}
