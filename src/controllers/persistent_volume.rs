//! Binds claims and volumes, asks for volumes that are missing, and reclaims volumes whose claims are gone.
//!
//! Follows `pkg/controller/volume/persistentvolume/pv_controller.go` of Kubernetes v1.37.2, Apache-2.0.

mod matching;

use std::sync::Arc;

use serde_json::{Value, json};

use super::reason::Reason;
use crate::api::fields::{Fields, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::Millis;
use crate::cluster::actor::Actor;
use crate::cluster::store::{Index, claim_key};
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};
use matching::{complaint, is_volume_bound_to_claim, mismatch, refused_volumes, volume_mode};
pub use matching::{find_matching_volume, requested_storage};

const ACTOR: Actor = Actor::PersistentVolumeController;
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// Who made a volume.
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
const PROVISIONERS: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
/// Where the scheduler notes the node that a volume is to be made for.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The provisioner of classes whose volumes somebody makes by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// Has the claims and volumes looked at that a write concerns.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::PersistentVolumeClaim => {
            cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
            let volume = object.spec.text("volumeName");
            if !volume.is_empty() {
                cluster.enqueue(ACTOR, ObjectRef::new(Kind::PersistentVolume, "", volume), timing::WATCH);
            } else if event.new.is_none() {
                enqueue_volumes_of(cluster, object);
            }
        }
        Kind::PersistentVolume => {
            cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
            let claim = object.spec.field("claimRef");
            if claim.is_object() {
                let (namespace, name) = (claim.text("namespace"), claim.text("name"));
                cluster.enqueue(ACTOR, ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name), timing::WATCH);
            }
            // A volume that is free, or a node affinity that fits elsewhere, may be what a claim waits for.
            if event.new.is_some() && !claim.is_object() {
                enqueue_unbound_claims(cluster, timing::WATCH);
            }
        }
        // Of a class that waits for a pod the scheduler takes notice first; upstream's controller looks at its claims again
        // only from time to time.
        Kind::StorageClass if object.rest.text("volumeBindingMode") == "WaitForFirstConsumer" => {
            enqueue_unbound_claims(cluster, timing::CLAIM_RESYNC);
        }
        Kind::StorageClass => enqueue_unbound_claims(cluster, timing::WATCH),
        _ => {}
    }
}

fn enqueue_volumes_of(cluster: &mut Cluster, claim: &Object) {
    for volume in volumes_of(cluster, claim) {
        let volume = volume.object_ref();
        cluster.enqueue(ACTOR, volume, timing::WATCH);
    }
}

/// The volumes that name a claim.
fn volumes_of(cluster: &Cluster, claim: &Object) -> Vec<Arc<Object>> {
    let key = claim_key(&claim.meta.namespace, &claim.meta.name);
    cluster.store().indexed(Index::ClaimOfVolume, &key).cloned().collect()
}

/// Upstream looks at every unbound claim again from time to time; here it is done when it can help.
fn enqueue_unbound_claims(cluster: &mut Cluster, delay: Millis) {
    let claims: Vec<ObjectRef> = cluster
        .store()
        .list(Kind::PersistentVolumeClaim)
        .filter(|claim| !is_bind_completed(claim))
        .map(|claim| claim.object_ref())
        .collect();
    for claim in claims {
        cluster.enqueue(ACTOR, claim, delay);
    }
}

fn is_bind_completed(claim: &Object) -> bool {
    claim.meta.annotations.contains_key(BIND_COMPLETED)
}

/// Syncs a claim or a volume.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        return;
    };
    let result = match object.kind {
        Kind::PersistentVolume => sync_volume(cluster, &object),
        _ if is_bind_completed(&object) => sync_bound_claim(cluster, &object),
        _ => sync_unbound_claim(cluster, &object),
    };
    cluster.settle(ACTOR, reference, result);
}

/// Leaves a claim pending, and notes why.
fn wait(cluster: &mut Cluster, claim: &Arc<Object>, reason: Reason) -> Done {
    cluster.note(ACTOR, &claim.object_ref(), vec![reason]);
    update_claim_phase(cluster, claim, "Pending", None)
}

type Done = Result<(), Status>;

// Models pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim
fn sync_unbound_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let wanted = claim.spec.text("volumeName").to_owned();
    if wanted.is_empty() {
        return find_volume_for_claim(cluster, claim);
    }
    let Some(volume) = cluster.get(Kind::PersistentVolume, "", &wanted) else {
        return wait(cluster, claim, Reason::VolumeMissing { volume: wanted });
    };
    let reference = volume.spec.field("claimRef");
    if reference.is_null() {
        if let Some(why) = mismatch(&volume, claim) {
            let message = format!("Cannot bind to requested volume {wanted:?}: {}", complaint(why, &wanted));
            cluster.record_event(ACTOR, claim, true, "VolumeMismatch", &message);
            return wait(cluster, claim, Reason::VolumeMismatch { volume: wanted, why });
        }
        return bind(cluster, &volume, claim);
    }
    if is_volume_bound_to_claim(&volume, claim) {
        return bind(cluster, &volume, claim);
    }
    let message = format!("volume {wanted:?} already bound to a different claim.");
    cluster.record_event(ACTOR, claim, true, "FailedBinding", &message);
    let other = claim_key(reference.text("namespace"), reference.text("name"));
    wait(cluster, claim, Reason::VolumeTaken { volume: wanted, claim: other })
}

fn find_volume_for_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let delayed = is_delayed(cluster, claim);
    if let Some(volume) = find_matching_volume(cluster, claim, delayed, &|_| true, &[]) {
        return bind(cluster, &volume, claim);
    }
    if !claim.spec.has("storageClassName")
        && let Some(class) = cluster.default_storage_class()
    {
        let mut claim = Object::clone(claim);
        claim.spec_mut().insert("storageClassName".to_owned(), Value::from(class));
        return cluster.update_object(ACTOR, claim).map(drop);
    }
    if delayed && !claim.meta.annotations.contains_key(SELECTED_NODE) {
        let pods = unscheduled_pods_of(cluster, claim);
        let names: Vec<String> = pods.iter().map(|pod| pod.meta.name.clone()).collect();
        // A pod that was made after its claim, as a set's are, is not known yet when the claim is first looked at.
        let looked = !cluster.controllers.reasons.of(ACTOR, &claim.object_ref()).is_empty();
        let known = pods.iter().filter(|pod| looked || pod.meta.resource_version < claim.meta.resource_version);
        let known: Vec<&str> = known.map(|pod| pod.meta.name.as_str()).collect();
        let (reason, message) = match known.as_slice() {
            [] => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
            [pod] => ("WaitForPodScheduled", format!("waiting for pod {pod} to be scheduled")),
            pods => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", pods.join(","))),
        };
        let all_known = known.len() == names.len();
        cluster.record_event(ACTOR, claim, false, reason, &message);
        if !all_known {
            cluster.enqueue_after(ACTOR, claim.object_ref(), timing::CLAIM_RESYNC);
        }
        let class = claim.spec.text("storageClassName").to_owned();
        let reason = match names.is_empty() {
            true => Reason::WaitForFirstConsumer { class },
            false => Reason::WaitForPodScheduled { pods: names },
        };
        return wait(cluster, claim, reason);
    }
    if !claim.spec.text("storageClassName").is_empty() {
        return provision_claim(cluster, claim);
    }
    let message = "no persistent volumes available for this claim and no storage class is set";
    cluster.record_event(ACTOR, claim, false, "FailedBinding", message);
    wait(cluster, claim, Reason::NoStorageClass)
}

/// The pods that use a claim and wait for the scheduler.
fn unscheduled_pods_of(cluster: &Cluster, claim: &Object) -> Vec<Arc<Object>> {
    let mut pods = pods_of_claim(cluster, claim);
    pods.retain(|pod| pod.spec.text("nodeName").is_empty());
    pods
}

/// The pods that have a claim among their volumes.
pub fn pods_of_claim(cluster: &Cluster, claim: &Object) -> Vec<Arc<Object>> {
    let key = claim_key(&claim.meta.namespace, &claim.meta.name);
    cluster.store().indexed(Index::ClaimOfPod, &key).cloned().collect()
}

/// The storage class that a claim names.
pub fn storage_class(cluster: &Cluster, claim: &Object) -> Option<Arc<Object>> {
    cluster.get(Kind::StorageClass, "", claim.spec.text("storageClassName"))
}

/// Whether the claim's class waits with binding until a pod that uses the claim is scheduled.
pub fn is_delayed(cluster: &Cluster, claim: &Object) -> bool {
    storage_class(cluster, claim).is_some_and(|class| class.rest.text("volumeBindingMode") == "WaitForFirstConsumer")
}

/// Asks the class's provisioner for a volume.
// Models pkg/controller/volume/persistentvolume/pv_controller.go provisionClaimOperationExternal
fn provision_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let name = claim.spec.text("storageClassName").to_owned();
    let Some(class) = storage_class(cluster, claim) else {
        // client-go's listers name classes in the singular.
        let message = format!("{} {name:?} not found", Kind::StorageClass.group_kind());
        cluster.record_event(ACTOR, claim, true, "ProvisioningFailed", &message);
        return note_and_return(cluster, claim, Reason::StorageClassMissing { class: name });
    };
    let provisioner = provisioner_name(class.rest.text("provisioner")).to_owned();
    if provisioner.starts_with(IN_TREE) {
        let message = format!("no volume plugin matched name: {provisioner}");
        cluster.record_event(ACTOR, claim, true, "ProvisioningFailed", &message);
        let refused = refused_volumes(cluster, claim);
        return note_and_return(cluster, claim, Reason::NoVolumeFits { class: name, refused });
    }
    let mut changed = Object::clone(claim);
    for annotation in PROVISIONERS {
        changed.meta.annotations.insert(annotation.to_owned(), provisioner.clone());
    }
    let claim = cluster.update_object(ACTOR, changed)?;
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system \
         administrator. If volume creation is delayed, please verify that the provisioner is running and correctly \
         registered."
    );
    cluster.record_event(ACTOR, &claim, false, "ExternalProvisioning", &message);
    let down = cluster.is_provisioner_down(&provisioner);
    note_and_return(cluster, &claim, Reason::WaitForProvisioner { provisioner, down })
}

/// Notes why a claim waits whose phase is not written here.
fn note_and_return(cluster: &mut Cluster, claim: &Object, reason: Reason) -> Done {
    cluster.note(ACTOR, &claim.object_ref(), vec![reason]);
    Ok(())
}

/// What the names of provisioners begin with that Kubernetes once had itself.
const IN_TREE: &str = "kubernetes.io/";

/// The driver that does the work of a provisioner that Kubernetes once had itself.
// Models staging/src/k8s.io/csi-translation-lib/translate.go GetCSINameFromInTreeName
pub fn provisioner_name(provisioner: &str) -> &str {
    const MIGRATED: [(&str, &str); 7] = [
        ("aws-ebs", "ebs.csi.aws.com"),
        ("gce-pd", "pd.csi.storage.gke.io"),
        ("cinder", "cinder.csi.openstack.org"),
        ("azure-disk", "disk.csi.azure.com"),
        ("azure-file", "file.csi.azure.com"),
        ("vsphere-volume", "csi.vsphere.vmware.com"),
        ("portworx-volume", "pxd.portworx.com"),
    ];
    let migrated = provisioner.strip_prefix(IN_TREE).and_then(|name| MIGRATED.iter().find(|(old, _)| *old == name));
    migrated.map_or(provisioner, |(_, driver)| driver)
}

/// Writes a claim's phase, and what it got when it is bound.
// Models pkg/controller/volume/persistentvolume/pv_controller.go updateClaimStatus
fn update_claim_phase(cluster: &mut Cluster, claim: &Arc<Object>, phase: &str, volume: Option<&Object>) -> Done {
    let changes = claim.status.text("phase") != phase;
    let mut claim = Object::clone(claim);
    let status = claim.status_mut();
    status.insert("phase".to_owned(), json!(phase));
    match volume {
        Some(volume) => {
            status.insert("accessModes".to_owned(), volume.spec.field("accessModes").clone());
            // Afterwards a claim that grows has its own idea of it.
            if changes {
                status.insert("capacity".to_owned(), volume.spec.field("capacity").clone());
            }
        }
        None => {
            status.remove("accessModes");
            status.remove("capacity");
        }
    }
    claim.meta.resource_version = 0;
    cluster.update_object_status(ACTOR, claim).map(drop)
}

/// Binds a volume and a claim: the volume's reference, its phase, the claim's reference, its phase.
// Models pkg/controller/volume/persistentvolume/pv_controller.go bind
fn bind(cluster: &mut Cluster, volume: &Arc<Object>, claim: &Arc<Object>) -> Done {
    let volume = bind_volume_to_claim(cluster, volume, claim)?;
    let volume = update_volume_phase(cluster, &volume, "Bound")?;
    let claim = bind_claim_to_volume(cluster, claim, &volume)?;
    cluster.note(ACTOR, &claim.object_ref(), Vec::new());
    update_claim_phase(cluster, &claim, "Bound", Some(&volume))
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go bindVolumeToClaim
fn bind_volume_to_claim(cluster: &mut Cluster, volume: &Arc<Object>, claim: &Object) -> Result<Arc<Object>, Status> {
    let reference = volume.spec.field("claimRef");
    let already = is_volume_bound_to_claim(volume, claim);
    if already && reference.text("uid") == claim.meta.uid {
        return Ok(Arc::clone(volume));
    }
    let mut changed = Object::clone(volume);
    if !already {
        changed.meta.annotations.insert(BOUND_BY_CONTROLLER.to_owned(), "yes".to_owned());
    }
    changed.spec_mut().insert("claimRef".to_owned(), claim_reference(claim));
    cluster.update_object(ACTOR, changed)
}

/// The reference that a volume has to its claim.
pub fn claim_reference(claim: &Object) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.meta.namespace, "name": claim.meta.name,
        "uid": claim.meta.uid, "resourceVersion": claim.meta.resource_version.to_string(),
    })
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go bindClaimToVolume
fn bind_claim_to_volume(cluster: &mut Cluster, claim: &Arc<Object>, volume: &Object) -> Result<Arc<Object>, Status> {
    let mut changed = Object::clone(claim);
    if claim.spec.text("volumeName") != volume.meta.name {
        changed.spec_mut().insert("volumeName".to_owned(), json!(volume.meta.name));
        changed.meta.annotations.insert(BOUND_BY_CONTROLLER.to_owned(), "yes".to_owned());
    }
    changed.meta.annotations.insert(BIND_COMPLETED.to_owned(), "yes".to_owned());
    if changed == **claim {
        return Ok(Arc::clone(claim));
    }
    cluster.update_object(ACTOR, changed)
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go updateVolumePhase
fn update_volume_phase(cluster: &mut Cluster, volume: &Arc<Object>, phase: &str) -> Result<Arc<Object>, Status> {
    if volume.status.text("phase") == phase {
        return Ok(Arc::clone(volume));
    }
    let now = cluster.now().timestamp().to_string();
    let mut changed = Object::clone(volume);
    let status = changed.status_mut();
    status.insert("phase".to_owned(), json!(phase));
    status.insert("lastPhaseTransitionTime".to_owned(), json!(now));
    cluster.update_object_status(ACTOR, changed)
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go syncBoundClaim
fn sync_bound_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let name = claim.spec.text("volumeName").to_owned();
    let volume = cluster.get(Kind::PersistentVolume, "", &name);
    let (reason, message) = match volume {
        _ if name.is_empty() => {
            ("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
        }
        None => ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        Some(volume) => {
            let reference = volume.spec.field("claimRef");
            if reference.is_null() || reference.text("uid") == claim.meta.uid {
                return bind(cluster, &volume, claim);
            }
            ("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
        }
    };
    cluster.note(ACTOR, &claim.object_ref(), vec![Reason::ClaimLost { volume: name }]);
    if claim.status.text("phase") == "Lost" {
        return Ok(());
    }
    update_claim_phase(cluster, claim, "Lost", None)?;
    cluster.record_event(ACTOR, claim, true, reason, message);
    Ok(())
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go syncVolume
fn sync_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    let reference = volume.spec.field("claimRef");
    if reference.text("uid").is_empty() {
        return update_volume_phase(cluster, volume, "Available").map(drop);
    }
    let claim = cluster.get(Kind::PersistentVolumeClaim, reference.text("namespace"), reference.text("name"));
    let Some(claim) = claim.filter(|claim| claim.meta.uid == reference.text("uid")) else {
        let volume = release(cluster, volume)?;
        return reclaim_volume(cluster, &volume);
    };
    match claim.spec.text("volumeName") {
        "" if volume_mode(&claim) != volume_mode(volume) => {
            let (of_volume, of_claim) = (&volume.meta.name, &claim.meta.name);
            let why = "due to incompatible volumeMode.";
            let message = format!("Cannot bind PersistentVolume to requested PersistentVolumeClaim {of_claim:?} {why}");
            cluster.record_event(ACTOR, volume, true, "VolumeMismatch", &message);
            let message =
                format!("Cannot bind PersistentVolume {of_volume:?} to requested PersistentVolumeClaim {why}");
            cluster.record_event(ACTOR, &claim, true, "VolumeMismatch", &message);
        }
        // The claim's own sync ends the binding.
        "" => cluster.enqueue(ACTOR, claim.object_ref(), timing::WATCH),
        name if name == volume.meta.name => drop(update_volume_phase(cluster, volume, "Bound")?),
        _ if volume.meta.annotations.contains_key(PROVISIONED_BY)
            && volume.spec.text("persistentVolumeReclaimPolicy") == "Delete" =>
        {
            let volume = release(cluster, volume)?;
            return reclaim_volume(cluster, &volume);
        }
        _ => unbind_volume(cluster, volume)?,
    }
    Ok(())
}

/// A volume without its claim is Released, unless it has Failed already.
fn release(cluster: &mut Cluster, volume: &Arc<Object>) -> Result<Arc<Object>, Status> {
    match volume.status.text("phase") {
        "Released" | "Failed" => Ok(Arc::clone(volume)),
        _ => update_volume_phase(cluster, volume, "Released"),
    }
}

/// Frees a volume. One that a person reserved for a claim stays reserved for its name.
// Models pkg/controller/volume/persistentvolume/pv_controller.go unbindVolume
fn unbind_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    let mut changed = Object::clone(volume);
    if changed.meta.annotations.remove(BOUND_BY_CONTROLLER).is_some() {
        changed.spec_mut().remove("claimRef");
    } else {
        map_in(changed.spec_mut(), "claimRef").remove("uid");
    }
    let volume = cluster.update_object(ACTOR, changed)?;
    update_volume_phase(cluster, &volume, "Available").map(drop)
}

/// Does what the volume's reclaim policy says when its claim is gone. What `Delete` deletes, whoever made it deletes.
// Models pkg/controller/volume/persistentvolume/pv_controller.go reclaimVolume
fn reclaim_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    let reference = volume.object_ref();
    match volume.spec.text("persistentVolumeReclaimPolicy") {
        "Retain" => {
            let claim = volume.spec.field("claimRef");
            let claim = claim_key(claim.text("namespace"), claim.text("name"));
            cluster.note(ACTOR, &reference, vec![Reason::VolumeRetained { claim }]);
            Ok(())
        }
        "Delete" => delete_volume(cluster, volume),
        "Recycle" if volume.spec.has("nfs") || volume.spec.has("hostPath") => {
            cluster.record_event(ACTOR, volume, false, "VolumeRecycled", "Volume recycled");
            unbind_volume(cluster, volume)
        }
        "Recycle" => {
            let message = "error getting recycler volume plugin: no volume plugin matched";
            fail_volume(cluster, volume, "VolumeFailedRecycle", message)
        }
        _ => {
            let message = "Volume has unrecognized PersistentVolumeReclaimPolicy";
            fail_volume(cluster, volume, "VolumeUnknownReclaimPolicy", message)
        }
    }
}

/// Deletes a volume that its provisioner does not delete: the controller itself can do so only with directories below
/// `/tmp`.
// Models pkg/controller/volume/persistentvolume/pv_controller.go deleteVolumeOperation
fn delete_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    if volume.meta.annotations.contains_key(PROVISIONED_BY) {
        return Ok(());
    }
    let name = &volume.meta.name;
    let message = if volume.spec.has("hostPath") {
        let path = volume.spec.field("hostPath").text("path");
        if path.strip_prefix("/tmp/").is_some_and(|rest| !rest.is_empty()) {
            return cluster.delete(ACTOR, &volume.object_ref(), &DeleteOptions::default());
        }
        format!("host_path deleter only supports /tmp/.+ but received provided {path}")
    } else {
        let known = if volume.spec.has("nfs") || volume.spec.has("csi") { "deletable " } else { "" };
        format!("error getting deleter volume plugin for volume {name:?}: no {known}volume plugin matched")
    };
    fail_volume(cluster, volume, "VolumeFailedDelete", &message)
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go updateVolumePhaseWithEvent
fn fail_volume(cluster: &mut Cluster, volume: &Arc<Object>, reason: &str, message: &str) -> Done {
    cluster.note(ACTOR, &volume.object_ref(), vec![Reason::Failed { error: message.to_owned() }]);
    if volume.status.text("phase") == "Failed" {
        return Ok(());
    }
    let mut failed = Object::clone(volume);
    failed.status_mut().insert("message".to_owned(), json!(message));
    let failed = update_volume_phase(cluster, &Arc::new(failed), "Failed")?;
    cluster.record_event(ACTOR, &failed, true, reason, message);
    Ok(())
}
