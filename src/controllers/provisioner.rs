//! The external provisioners of storage classes: they make the volumes that claims ask for.

use serde_json::json;

use super::persistent_volume::{NO_PROVISIONER, SELECTED_NODE, claim_reference, is_delayed, storage_class};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent, timing};

const ACTOR: Actor = Actor::Provisioner;

/// Has a claim looked at that asks for a volume.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    if let Some(claim) = &event.new
        && claim.kind == Kind::PersistentVolumeClaim
        && wants_volume(cluster, claim)
    {
        cluster.enqueue(ACTOR, claim.object_ref(), timing::PROVISIONING);
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
    let name = format!("pvc-{}", claim.meta.uid);
    if !wants_volume(cluster, &claim) || cluster.get(Kind::PersistentVolume, "", &name).is_some() {
        return;
    }
    let Some(class) = storage_class(cluster, &claim) else {
        return;
    };
    let provisioner = class.rest.text("provisioner");
    let volume = json!({
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
    let created = cluster.create_object(ACTOR, Object::from_value(Kind::PersistentVolume, volume));
    if created.is_ok() {
        let message = format!("Successfully provisioned volume {name}");
        cluster.record_event(ACTOR, &claim, false, "ProvisioningSucceeded", &message);
    }
}
