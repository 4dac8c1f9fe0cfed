//! The external provisioners of storage classes: they make the volumes that claims ask for.

use serde_json::{Value, json};

use super::persistent_volume::{
    NO_PROVISIONER, PROVISIONED_BY, SELECTED_NODE, claim_reference, is_delayed, provisioner_name, storage_class,
};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::Provisioner;

/// Has a claim looked at that asks for a volume.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    if let Some(claim) = &event.new
        && claim.kind == Kind::PersistentVolumeClaim
        && wants_volume(cluster, claim)
    {
        cluster.enqueue(ACTOR, claim.object_ref(), timing::PROVISIONING);
    }
    if event.object().kind == Kind::Node && event.new.is_none() {
        // Claims whose volumes were to be made there are to be looked at.
        resume(cluster);
    }
    if let Some(volume) = &event.new
        && volume.kind == Kind::PersistentVolume
        && is_to_be_deleted(cluster, volume)
    {
        cluster.enqueue(ACTOR, volume.object_ref(), timing::PROVISIONING);
    }
}

/// Whether a volume is one that its provisioner deletes, since its claim is gone.
// Models sigs.k8s.io/sig-storage-lib-external-provisioner/controller/controller.go shouldDelete
fn is_to_be_deleted(cluster: &Cluster, volume: &Object) -> bool {
    !cluster.config().stand_ins
        && volume.status.text("phase") == "Released"
        && volume.spec.text("persistentVolumeReclaimPolicy") == "Delete"
        && volume.meta.annotations.contains_key(PROVISIONED_BY)
        && !volume.meta.is_terminating()
}

/// Has every claim and volume looked at that waits for a provisioner.
pub(crate) fn resume(cluster: &mut Cluster) {
    let claims = cluster.store().list(Kind::PersistentVolumeClaim).filter(|claim| wants_volume(cluster, claim));
    let volumes = cluster.store().list(Kind::PersistentVolume).filter(|volume| is_to_be_deleted(cluster, volume));
    let waiting: Vec<ObjectRef> = claims.chain(volumes).map(|object| object.object_ref()).collect();
    for object in waiting {
        // The controller's note says whether the provisioner runs.
        cluster.enqueue(Actor::PersistentVolumeController, object.clone(), timing::WATCH);
        cluster.enqueue(ACTOR, object, timing::PROVISIONING);
    }
}

fn wants_volume(cluster: &Cluster, claim: &Object) -> bool {
    let provisioner = claim.meta.annotations.get("volume.kubernetes.io/storage-provisioner");
    provisioner.is_some_and(|provisioner| provisioner != NO_PROVISIONER)
        && claim.spec.text("volumeName").is_empty()
        && claim.status.text("phase") == "Pending"
        && (!is_delayed(cluster, claim) || claim.meta.annotations.contains_key(SELECTED_NODE))
}

/// Makes a volume for a claim, if it still wants one.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(claim) = cluster.store().find(reference).cloned() else {
        return;
    };
    if claim.kind == Kind::PersistentVolume {
        delete_volume(cluster, &claim);
        return;
    }
    let name = format!("pvc-{}", claim.meta.uid);
    if !wants_volume(cluster, &claim) || cluster.get(Kind::PersistentVolume, "", &name).is_some() {
        return;
    }
    let Some(class) = storage_class(cluster, &claim) else {
        return;
    };
    let provisioner = provisioner_name(class.rest.text("provisioner"));
    if cluster.is_provisioner_down(provisioner) {
        return;
    }
    if let Some(node) = claim.meta.annotations.get(SELECTED_NODE)
        && cluster.get(Kind::Node, "", node).is_none()
    {
        let (class, node) = (class.meta.name.clone(), node.clone());
        reschedule(cluster, &claim, &class, &node);
        return;
    }
    let ObjectRef { namespace, name: of_claim, .. } = claim.object_ref();
    let message = format!("External provisioner is provisioning volume for claim \"{namespace}/{of_claim}\"");
    cluster.record_event(ACTOR, &claim, false, "Provisioning", &message);
    let mut volume = json!({
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}},
        "spec": {
            "capacity": {"storage": claim.spec.field("resources").field("requests").field("storage")},
            "accessModes": claim.spec.field("accessModes"),
            "persistentVolumeReclaimPolicy": class.rest.field("reclaimPolicy"),
            "storageClassName": class.meta.name,
            "volumeMode": claim.spec.field("volumeMode"),
            "claimRef": claim_reference(&claim),
            "nfs": {"server": "10.0.0.9", "path": format!("/export/{}", claim.meta.name)},
        },
    });
    if let Some(affinity) = node_affinity(cluster, &claim, &class) {
        volume["spec"]["nodeAffinity"] = affinity;
    }
    let created = cluster.create_object(ACTOR, Object::from_value(Kind::PersistentVolume, volume));
    if created.is_ok() {
        let message = format!("Successfully provisioned volume {name}");
        cluster.record_event(ACTOR, &claim, false, "ProvisioningSucceeded", &message);
    }
    cluster.settle(ACTOR, reference, created.map(drop));
}

/// Has the scheduler choose another node, since the one that it chose is gone.
// Models sigs.k8s.io/sig-storage-lib-external-provisioner/controller/controller.go provisionClaimOperation
fn reschedule(cluster: &mut Cluster, claim: &Object, class: &str, node: &str) {
    let message = format!(
        "failed to provision volume with StorageClass {class:?}: failed to get target node: node {node:?} not found"
    );
    cluster.record_event(ACTOR, claim, true, "ProvisioningFailed", &message);
    let mut changed = claim.clone();
    changed.meta.annotations.remove(SELECTED_NODE);
    let result = cluster.update_object(ACTOR, changed);
    cluster.settle(ACTOR, &claim.object_ref(), result.map(drop));
}

fn delete_volume(cluster: &mut Cluster, volume: &Object) {
    let provisioner = volume.meta.annotations.get(PROVISIONED_BY).map_or("", String::as_str);
    if is_to_be_deleted(cluster, volume) && !cluster.is_provisioner_down(provisioner) {
        let result = cluster.delete(ACTOR, &volume.object_ref(), &DeleteOptions::default());
        cluster.settle(ACTOR, &volume.object_ref(), result);
    }
}

/// Where a volume can be used whose class names topologies: in the part of them that the chosen node is in, or in any
/// of them where no node was chosen.
fn node_affinity(cluster: &Cluster, claim: &Object, class: &Object) -> Option<Value> {
    let topologies = class.rest.list("allowedTopologies");
    let node = claim.meta.annotations.get(SELECTED_NODE).and_then(|name| cluster.get(Kind::Node, "", name));
    let terms: Vec<Value> = topologies
        .iter()
        .map(|term| {
            let expressions = term.list("matchLabelExpressions").iter().map(|expression| {
                let key = expression.text("key");
                let values = match node.as_ref().and_then(|node| node.meta.labels.get(key)) {
                    Some(value) => json!([value]),
                    None => expression.field("values").clone(),
                };
                json!({"key": key, "operator": "In", "values": values})
            });
            json!({"matchExpressions": expressions.collect::<Vec<Value>>()})
        })
        .collect();
    (!terms.is_empty()).then(|| json!({"required": {"nodeSelectorTerms": terms}}))
}
