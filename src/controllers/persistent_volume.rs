//! Binds claims and volumes, asks for volumes that are missing, and reclaims volumes whose claims are gone.
//!
//! Follows `pkg/controller/volume/persistentvolume/pv_controller.go` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::quantity::Quantity;
use crate::api::selector::Selector;
use crate::api::status::Status;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::PersistentVolumeController;
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
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
            if event.old.is_none() || !claim.is_object() {
                enqueue_unbound_claims(cluster);
            }
        }
        Kind::StorageClass => enqueue_unbound_claims(cluster),
        _ => {}
    }
}

fn enqueue_volumes_of(cluster: &mut Cluster, claim: &Object) {
    let volumes: Vec<ObjectRef> = cluster
        .store()
        .list(Kind::PersistentVolume)
        .filter(|volume| volume.spec.field("claimRef").text("uid") == claim.meta.uid)
        .map(|volume| volume.object_ref())
        .collect();
    for volume in volumes {
        cluster.enqueue(ACTOR, volume, timing::WATCH);
    }
}

/// Upstream looks at every unbound claim again from time to time; here it is done when it can help.
fn enqueue_unbound_claims(cluster: &mut Cluster) {
    let claims: Vec<ObjectRef> = cluster
        .store()
        .list(Kind::PersistentVolumeClaim)
        .filter(|claim| !is_bind_completed(claim))
        .map(|claim| claim.object_ref())
        .collect();
    for claim in claims {
        cluster.enqueue(ACTOR, claim, timing::WATCH);
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
    // A write that lost against another one is made again when that one is seen.
    let _ = match object.kind {
        Kind::PersistentVolume => sync_volume(cluster, &object),
        _ if is_bind_completed(&object) => sync_bound_claim(cluster, &object),
        _ => sync_unbound_claim(cluster, &object),
    };
}

type Done = Result<(), Status>;

// Models pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim
fn sync_unbound_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let wanted = claim.spec.text("volumeName").to_owned();
    if wanted.is_empty() {
        return find_volume_for_claim(cluster, claim);
    }
    let Some(volume) = cluster.get(Kind::PersistentVolume, "", &wanted) else {
        return update_claim_phase(cluster, claim, "Pending", None);
    };
    let reference = volume.spec.field("claimRef");
    if reference.is_null() {
        if let Err(why) = check_volume_satisfies_claim(&volume, claim) {
            let message = format!("Cannot bind to requested volume {wanted:?}: {why}");
            cluster.record_event(ACTOR, claim, true, "VolumeMismatch", &message);
            return update_claim_phase(cluster, claim, "Pending", None);
        }
        return bind(cluster, &volume, claim);
    }
    if is_volume_bound_to_claim(&volume, claim) {
        return bind(cluster, &volume, claim);
    }
    let message = format!("volume {wanted:?} already bound to a different claim.");
    cluster.record_event(ACTOR, claim, true, "FailedBinding", &message);
    update_claim_phase(cluster, claim, "Pending", None)
}

fn find_volume_for_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let delayed = is_delayed(cluster, claim);
    let volumes: Vec<Arc<Object>> = cluster.store().list(Kind::PersistentVolume).cloned().collect();
    if let Some(volume) = find_matching_volume(&volumes, claim, delayed, |_| true) {
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
        let (reason, message) = match pods.as_slice() {
            [] => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
            [pod] => ("WaitForPodScheduled", format!("waiting for pod {pod} to be scheduled")),
            pods => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", pods.join(","))),
        };
        cluster.record_event(ACTOR, claim, false, reason, &message);
    } else if !claim.spec.text("storageClassName").is_empty() {
        return provision_claim(cluster, claim);
    } else {
        let message = "no persistent volumes available for this claim and no storage class is set";
        cluster.record_event(ACTOR, claim, false, "FailedBinding", message);
    }
    update_claim_phase(cluster, claim, "Pending", None)
}

fn unscheduled_pods_of(cluster: &Cluster, claim: &Object) -> Vec<String> {
    cluster
        .store()
        .list_in(Kind::Pod, &claim.meta.namespace)
        .filter(|pod| pod.spec.text("nodeName").is_empty() && pod_uses_claim(pod, &claim.meta.name))
        .map(|pod| pod.meta.name.clone())
        .collect()
}

/// Whether one of the pod's volumes is the claim.
pub fn pod_uses_claim(pod: &Object, claim: &str) -> bool {
    pod.spec.list("volumes").iter().any(|volume| volume.field("persistentVolumeClaim").text("claimName") == claim)
}

/// The storage class that a claim names.
pub fn storage_class(cluster: &Cluster, claim: &Object) -> Option<Arc<Object>> {
    cluster.get(Kind::StorageClass, "", claim.spec.text("storageClassName"))
}

/// Whether the claim's class waits with binding until a pod that uses the claim is scheduled.
pub fn is_delayed(cluster: &Cluster, claim: &Object) -> bool {
    storage_class(cluster, claim).is_some_and(|class| class.rest.text("volumeBindingMode") == "WaitForFirstConsumer")
}

/// The smallest volume that fits a claim. One that was made for the claim comes first; with delayed binding no other
/// is taken until `fits_node` speaks for a node.
// Models staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
pub fn find_matching_volume(
    volumes: &[Arc<Object>],
    claim: &Object,
    delayed: bool,
    fits_node: impl Fn(&Object) -> bool,
) -> Option<Arc<Object>> {
    let requested = requested_storage(claim);
    let selector = Selector::of_value(claim.spec.field("selector"));
    let usable = |volume: &&Arc<Object>| {
        !volume.meta.is_terminating()
            && volume_mode(volume) == volume_mode(claim)
            && has_access_modes(volume, claim)
            && capacity(volume) >= requested
    };
    if let Some(own) = volumes.iter().filter(usable).find(|volume| is_volume_bound_to_claim(volume, claim)) {
        return fits_node(own).then(|| Arc::clone(own));
    }
    if delayed {
        return None;
    }
    volumes
        .iter()
        .filter(usable)
        .filter(|volume| {
            volume.status.text("phase") == "Available"
                && volume.spec.field("claimRef").is_null()
                && selector.as_ref().is_none_or(|selector| selector.matches(&volume.meta.labels))
                && volume.spec.text("storageClassName") == claim.spec.text("storageClassName")
                && fits_node(volume)
        })
        .min_by(|a, b| capacity(a).cmp(&capacity(b)).then_with(|| a.meta.name.cmp(&b.meta.name)))
        .cloned()
}

fn requested_storage(claim: &Object) -> Quantity {
    quantity(claim.spec.field("resources").field("requests").text("storage"))
}

fn capacity(volume: &Object) -> Quantity {
    quantity(volume.spec.field("capacity").text("storage"))
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|_| Quantity::zero())
}

fn volume_mode(object: &Object) -> &str {
    match object.spec.text("volumeMode") {
        "" => "Filesystem",
        mode => mode,
    }
}

fn has_access_modes(volume: &Object, claim: &Object) -> bool {
    claim.spec.list("accessModes").iter().all(|mode| volume.spec.list("accessModes").contains(mode))
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go checkVolumeSatisfyClaim
fn check_volume_satisfies_claim(volume: &Object, claim: &Object) -> Result<(), String> {
    if volume.meta.is_terminating() {
        return Err(format!("the volume is marked for deletion {:?}", volume.meta.name));
    }
    let complaint = if capacity(volume) < requested_storage(claim) {
        "requested PV is too small"
    } else if volume.spec.text("storageClassName") != claim.spec.text("storageClassName") {
        "storageClassName does not match"
    } else if volume_mode(volume) != volume_mode(claim) {
        "incompatible volumeMode"
    } else if !has_access_modes(volume, claim) {
        "incompatible accessMode"
    } else {
        return Ok(());
    };
    Err(complaint.to_owned())
}

/// Whether the volume is bound to the claim, or reserved for it.
// Models staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go IsVolumeBoundToClaim
fn is_volume_bound_to_claim(volume: &Object, claim: &Object) -> bool {
    let reference = volume.spec.field("claimRef");
    reference.is_object()
        && reference.text("name") == claim.meta.name
        && reference.text("namespace") == claim.meta.namespace
        && (reference.text("uid").is_empty() || reference.text("uid") == claim.meta.uid)
}

/// Asks the class's provisioner for a volume.
// Models pkg/controller/volume/persistentvolume/pv_controller.go provisionClaimOperationExternal
fn provision_claim(cluster: &mut Cluster, claim: &Arc<Object>) -> Done {
    let name = claim.spec.text("storageClassName").to_owned();
    let Some(class) = storage_class(cluster, claim) else {
        let message = Status::not_found(Kind::StorageClass, &name).message;
        cluster.record_event(ACTOR, claim, true, "ProvisioningFailed", &message);
        return update_claim_phase(cluster, claim, "Pending", None);
    };
    let provisioner = class.rest.text("provisioner").to_owned();
    if provisioner == NO_PROVISIONER {
        let message = format!("storageclass.storage.k8s.io \"{name}\" has no provisioner; volumes are made by hand");
        cluster.record_event(ACTOR, claim, true, "ProvisioningFailed", &message);
        return update_claim_phase(cluster, claim, "Pending", None);
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
    Ok(())
}

/// Writes a claim's phase, and what it got when it is bound.
// Models pkg/controller/volume/persistentvolume/pv_controller.go updateClaimStatus
fn update_claim_phase(cluster: &mut Cluster, claim: &Arc<Object>, phase: &str, volume: Option<&Object>) -> Done {
    let mut claim = Object::clone(claim);
    let status = claim.status_mut();
    status.insert("phase".to_owned(), json!(phase));
    match volume {
        Some(volume) => {
            status.insert("accessModes".to_owned(), volume.spec.field("accessModes").clone());
            status.entry("capacity").or_insert_with(|| volume.spec.field("capacity").clone());
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
    if claim.status.text("phase") != "Lost" {
        cluster.record_event(ACTOR, claim, true, reason, message);
    }
    update_claim_phase(cluster, claim, "Lost", None)
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go syncVolume
fn sync_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    let reference = volume.spec.field("claimRef");
    if reference.text("uid").is_empty() {
        return update_volume_phase(cluster, volume, "Available").map(drop);
    }
    let claim = cluster.get(Kind::PersistentVolumeClaim, reference.text("namespace"), reference.text("name"));
    let Some(claim) = claim.filter(|claim| claim.meta.uid == reference.text("uid")) else {
        let volume = match volume.status.text("phase") {
            "Released" | "Failed" => Arc::clone(volume),
            _ => update_volume_phase(cluster, volume, "Released")?,
        };
        return reclaim_volume(cluster, &volume);
    };
    match claim.spec.text("volumeName") {
        // The claim's own sync ends the binding.
        "" => cluster.enqueue(ACTOR, claim.object_ref(), timing::WATCH),
        name if name == volume.meta.name => drop(update_volume_phase(cluster, volume, "Bound")?),
        _ if volume.meta.annotations.contains_key(PROVISIONED_BY)
            && volume.spec.text("persistentVolumeReclaimPolicy") == "Delete" =>
        {
            let volume = update_volume_phase(cluster, volume, "Released")?;
            return reclaim_volume(cluster, &volume);
        }
        _ if volume.meta.annotations.contains_key(BOUND_BY_CONTROLLER) => unbind_volume(cluster, volume)?,
        _ => {}
    }
    Ok(())
}

// Models pkg/controller/volume/persistentvolume/pv_controller.go unbindVolume
fn unbind_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    let mut changed = Object::clone(volume);
    changed.spec_mut().remove("claimRef");
    changed.meta.annotations.remove(BOUND_BY_CONTROLLER);
    let volume = cluster.update_object(ACTOR, changed)?;
    update_volume_phase(cluster, &volume, "Available").map(drop)
}

/// Does what the volume's reclaim policy says when its claim is gone. What `Delete` deletes, the provisioner deletes.
// Models pkg/controller/volume/persistentvolume/pv_controller.go reclaimVolume
fn reclaim_volume(cluster: &mut Cluster, volume: &Arc<Object>) -> Done {
    match volume.spec.text("persistentVolumeReclaimPolicy") {
        "Delete" if volume.meta.annotations.contains_key(PROVISIONED_BY) => {
            cluster.delete(Actor::Provisioner, &volume.object_ref(), &DeleteOptions::default())
        }
        "Recycle" => {
            let mut changed = Object::clone(volume);
            as_map(changed.spec_mut().entry("claimRef").or_insert(Value::Null)).clear();
            changed.spec_mut().remove("claimRef");
            cluster.update_object(ACTOR, changed).map(drop)
        }
        _ => Ok(()),
    }
}
