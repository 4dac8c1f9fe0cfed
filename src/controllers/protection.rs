//! Keeps claims and volumes as long as they are in use.
//!
//! Follows `pkg/controller/volume/{pvcprotection,pvprotection}` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Value, json};

use super::persistent_volume::pods_of_claim;
use super::reason::Reason;
use super::statefulset::stateful_set_utils::is_terminal_phase;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::cluster::actor::Actor;
use crate::cluster::store::claim_key;
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
// Models pkg/controller/volume/pvcprotection/pvc_protection_controller.go processPVC
// Models pkg/controller/volume/pvprotection/pv_protection_controller.go processPV
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        return;
    };
    let is_volume = object.kind == Kind::PersistentVolume;
    let (actor, finalizer) = if is_volume {
        (Actor::PvProtectionController, PV_FINALIZER)
    } else {
        (Actor::PvcProtectionController, PVC_FINALIZER)
    };
    if !object.meta.is_terminating() && !object.meta.finalizers.iter().any(|present| present == finalizer) {
        let mut object = Object::clone(&object);
        object.meta.finalizers.push(finalizer.to_owned());
        let result = cluster.update_object(actor, object).map(drop);
        cluster.settle(actor, reference, result);
        return;
    }
    let pods = if is_volume { Vec::new() } else { pods_of_claim(cluster, &object) };
    let mut result = Ok(());
    if !is_volume && !object.meta.is_terminating() && object.status.text("phase") == "Bound" {
        let used = pods.iter().any(|pod| !is_terminal_phase(pod));
        result = update_unused_condition(cluster, &object, used);
    }
    let mut reasons = Vec::new();
    if object.meta.is_terminating() && object.meta.finalizers.iter().any(|present| present == finalizer) {
        if is_volume && object.status.text("phase") == "Bound" {
            let claim = object.spec.field("claimRef");
            reasons.push(Reason::VolumeInUse { claim: claim_key(claim.text("namespace"), claim.text("name")) });
        }
        // A pod holds a claim as soon as it has a node, and until it is gone.
        let holding = pods.iter().filter(|pod| !pod.spec.text("nodeName").is_empty());
        let pods: Vec<String> = holding.map(|pod| pod.meta.name.clone()).collect();
        if !pods.is_empty() {
            reasons.push(Reason::ClaimInUse { pods });
        }
        if reasons.is_empty() {
            result = cluster.remove_finalizer(actor, &object, finalizer);
        }
    }
    cluster.note(actor, reference, reasons);
    cluster.settle(actor, reference, result);
}

// Models pkg/controller/volume/pvcprotection/pvc_protection_controller.go updateUnusedCondition
fn update_unused_condition(cluster: &mut Cluster, claim: &Object, used: bool) -> Result<(), Status> {
    let (status, reason, message) = if used {
        ("False", "PodUsingPVC", "A pod is currently referencing this PVC")
    } else {
        ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC")
    };
    let conditions = claim.status.list("conditions");
    if conditions.iter().any(|condition| condition.text("type") == "Unused" && condition.text("status") == status) {
        return Ok(());
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
    cluster.update_object_status(Actor::PvcProtectionController, claim).map(drop)
}
