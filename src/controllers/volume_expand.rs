//! Claims that grow: what the control plane says, what the driver's resizer does, and what is left to the node.
//!
//! Follows `pkg/controller/volume/expand/expand_controller.go` of Kubernetes v1.37.2, Apache-2.0; the resizer's conditions and
//! events are those of `kubernetes-csi/external-resizer`, the node's those of
//! `pkg/volume/util/operationexecutor/node_expander.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kubelet::node::is_answering;
use super::persistent_volume::{PROVISIONED_BY, pods_of_claim, requested_storage};
use super::protection::claims_of;
use super::reason::Reason;
use crate::api::fields::{Fields, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::quantity::Quantity;
use crate::api::status::Status;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent, set_condition, timing};

const ACTOR: Actor = Actor::Resizer;
const RESIZING: &str = "Resizing";
const ON_NODE: &str = "FileSystemResizePending";

/// Has a claim looked at that is to grow, also when a pod starts that uses it.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let Some(object) = &event.new else { return };
    match object.kind {
        Kind::PersistentVolumeClaim if is_to_grow(object) => {
            let grew = event.old.as_ref().is_some_and(|old| requested_storage(old) < requested_storage(object));
            if grew {
                cluster.enqueue(Actor::VolumeExpandController, object.object_ref(), timing::WATCH);
            }
            cluster.enqueue_after(ACTOR, object.object_ref(), timing::RESIZE);
        }
        Kind::Pod if object.status.text("phase") == "Running" => {
            for name in claims_of(object) {
                let claim = ObjectRef::new(Kind::PersistentVolumeClaim, object.meta.namespace.as_str(), name);
                if cluster.store().find(&claim).is_some_and(|claim| is_to_grow(claim)) {
                    cluster.enqueue_after(ACTOR, claim, timing::RESIZE);
                }
            }
        }
        _ => {}
    }
}

fn capacity_of(claim: &Object) -> Option<Quantity> {
    Quantity::parse(claim.status.field("capacity").text("storage")).ok()
}

fn is_to_grow(claim: &Object) -> bool {
    claim.status.text("phase") == "Bound" && capacity_of(claim).is_some_and(|has| has < requested_storage(claim))
}

/// The volume of a claim, if they are bound to one another.
fn volume_of(cluster: &Cluster, claim: &Object) -> Option<Arc<Object>> {
    let volume = cluster.get(Kind::PersistentVolume, "", claim.spec.text("volumeName"))?;
    (volume.spec.field("claimRef").text("uid") == claim.meta.uid).then_some(volume)
}

/// Says that somebody else has to do it.
// Models pkg/controller/volume/expand/expand_controller.go syncHandler
pub(crate) fn announce(cluster: &mut Cluster, reference: &ObjectRef) {
    let claim = cluster.store().find(reference).cloned().filter(|claim| is_to_grow(claim));
    if let Some(claim) = claim.filter(|claim| volume_of(cluster, claim).is_some()) {
        let message = "waiting for an external controller to expand this PVC";
        cluster.record_event(Actor::VolumeExpandController, &claim, false, "ExternalExpanding", message);
    }
}

/// Does the next step of making a claim's volume larger.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let claim = cluster.store().find(reference).cloned().filter(|claim| is_to_grow(claim));
    let Some((claim, volume)) = claim.and_then(|claim| volume_of(cluster, &claim).map(|volume| (claim, volume))) else {
        cluster.note(ACTOR, reference, Vec::new());
        return;
    };
    let wanted = claim.spec.field("resources").field("requests").text("storage").to_owned();
    let has = |ty: &str| claim.status.list("conditions").iter().any(|condition| condition.text("type") == ty);
    let reason = Reason::Resizing {
        from: claim.status.field("capacity").text("storage").to_owned(),
        to: wanted.clone(),
        on_node: has(ON_NODE),
    };
    cluster.note(ACTOR, reference, vec![reason]);
    // The driver that made a volume is who makes it larger.
    let driver = volume.meta.annotations.get(PROVISIONED_BY);
    if driver.is_none_or(|driver| cluster.is_provisioner_down(driver)) {
        return;
    }
    let result = if has(ON_NODE) && covers(&volume, &claim) {
        expand_on_node(cluster, &claim, &volume)
    } else if has(RESIZING) {
        expand_volume(cluster, &claim, &volume, &wanted)
    } else {
        begin(cluster, &claim, &volume, &wanted)
    };
    cluster.settle(ACTOR, reference, result);
}

fn covers(volume: &Object, claim: &Object) -> bool {
    let capacity = Quantity::parse(volume.spec.field("capacity").text("storage"));
    capacity.is_ok_and(|capacity| capacity >= requested_storage(claim))
}

fn begin(cluster: &mut Cluster, claim: &Object, volume: &Object, wanted: &str) -> Result<(), Status> {
    let message = format!("External resizer is resizing volume {}", volume.meta.name);
    let mut changed = claim.clone();
    let status = changed.status_mut();
    map_in(status, "allocatedResources").insert("storage".to_owned(), json!(wanted));
    map_in(status, "allocatedResourceStatuses").insert("storage".to_owned(), json!("ControllerResizeInProgress"));
    set_stage(cluster, &mut changed, Some((RESIZING, "")));
    cluster.update_object_status(ACTOR, changed)?;
    cluster.record_event(ACTOR, claim, false, "Resizing", &message);
    Ok(())
}

fn expand_volume(cluster: &mut Cluster, claim: &Object, volume: &Object, wanted: &str) -> Result<(), Status> {
    let mut larger = volume.clone();
    map_in(larger.spec_mut(), "capacity").insert("storage".to_owned(), json!(wanted));
    cluster.update_object(ACTOR, larger)?;
    if claim.spec.text("volumeMode") == "Block" {
        finish(cluster, ACTOR, claim, wanted)?;
        cluster.record_event(ACTOR, claim, false, "VolumeResizeSuccessful", "Resize volume succeeded");
        return Ok(());
    }
    let mut changed = claim.clone();
    let statuses = map_in(changed.status_mut(), "allocatedResourceStatuses");
    statuses.insert("storage".to_owned(), json!("NodeResizePending"));
    let message = "Waiting for user to (re-)start a pod to finish file system resize of volume on node.";
    set_stage(cluster, &mut changed, Some((ON_NODE, message)));
    cluster.update_object_status(ACTOR, changed)?;
    let message = "Require file system resize of volume on node";
    cluster.record_event(ACTOR, claim, false, "FileSystemResizeRequired", message);
    Ok(())
}

/// The kubelet makes the file system larger, where a pod with the claim runs.
fn expand_on_node(cluster: &mut Cluster, claim: &Object, volume: &Object) -> Result<(), Status> {
    let runs = |pod: &Arc<Object>| pod.status.text("phase") == "Running" && !pod.meta.is_terminating();
    let pod = pods_of_claim(cluster, claim)
        .into_iter()
        .find(|pod| runs(pod) && is_answering(cluster, pod.spec.text("nodeName")));
    let Some(pod) = pod else {
        return Ok(());
    };
    let size = volume.spec.field("capacity").text("storage").to_owned();
    finish(cluster, Actor::Kubelet, claim, &size)?;
    let node = pod.spec.text("nodeName");
    let message = format!("MountVolume.NodeExpandVolume succeeded for volume {:?} {node}", volume.meta.name);
    for about in [&*pod, claim] {
        cluster.record_event(Actor::Kubelet, about, false, "FileSystemResizeSuccessful", &message);
    }
    Ok(())
}

fn finish(cluster: &mut Cluster, actor: Actor, claim: &Object, size: &str) -> Result<(), Status> {
    let mut changed = claim.clone();
    let status = changed.status_mut();
    map_in(status, "capacity").insert("storage".to_owned(), json!(size));
    status.remove("allocatedResourceStatuses");
    set_stage(cluster, &mut changed, None);
    cluster.note(ACTOR, &claim.object_ref(), Vec::new());
    cluster.update_object_status(actor, changed).map(drop)
}

/// A claim has one of the two conditions at a time.
fn set_stage(cluster: &Cluster, claim: &mut Object, stage: Option<(&str, &str)>) {
    let time = cluster.now().timestamp().to_string();
    let status = claim.status_mut();
    if let Some(Value::Array(conditions)) = status.get_mut("conditions") {
        conditions.retain(|condition| !matches!(condition.text("type"), RESIZING | ON_NODE));
        if conditions.is_empty() {
            status.remove("conditions");
        }
    }
    if let Some((ty, message)) = stage {
        let mut condition = json!({"type": ty, "status": "True", "lastProbeTime": null, "lastTransitionTime": time});
        if !message.is_empty() {
            condition["message"] = json!(message);
        }
        set_condition(status, condition);
    }
}
