//! Which volume fits a claim.
//!
//! Follows `staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use super::volumes_of;
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::quantity::Quantity;
use crate::api::selector::Selector;
use crate::cluster::Cluster;
use crate::cluster::store::Index;
use crate::controllers::reason::VolumeMismatch;

/// The volume that fits a claim best: one that was made for it, then of those with the fewest access modes the smallest.
/// With delayed binding no volume is taken that was not made for the claim, until `fits_node` speaks for a node.
/// `taken` are volumes that are not to be had.
// Models pkg/controller/volume/persistentvolume/index.go findByClaim
// Models staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
pub fn find_matching_volume(
    cluster: &Cluster,
    claim: &Object,
    delayed: bool,
    fits_node: &dyn Fn(&Object) -> bool,
    taken: &[String],
) -> Option<Arc<Object>> {
    let usable = |volume: &Object| {
        !matches!(
            mismatch(volume, claim),
            Some(
                VolumeMismatch::Deleting
                    | VolumeMismatch::TooSmall
                    | VolumeMismatch::VolumeMode
                    | VolumeMismatch::AccessModes
            )
        ) && !taken.contains(&volume.meta.name)
    };
    let own = volumes_of(cluster, claim);
    if let Some(own) = own.iter().find(|volume| is_volume_bound_to_claim(volume, claim) && usable(volume)) {
        return fits_node(own).then(|| Arc::clone(own));
    }
    if delayed {
        return None;
    }
    let selector = Selector::of_value(claim.spec.field("selector"));
    let mut best: Option<&Arc<Object>> = None;
    for volume in cluster.store().indexed(Index::ClaimOfVolume, "") {
        let fits = free_mismatch(volume, claim, selector.as_ref()).is_none()
            && !taken.contains(&volume.meta.name)
            && fits_node(volume);
        let modes = |volume: &Object| volume.spec.list("accessModes").len();
        let better = best.is_none_or(|best| (modes(volume), capacity(volume)) < (modes(best), capacity(best)));
        if fits && better {
            best = Some(volume);
        }
    }
    best.cloned()
}

/// What is wrong with a volume that nobody has, for a claim.
fn free_mismatch(volume: &Object, claim: &Object, selector: Option<&Selector>) -> Option<VolumeMismatch> {
    mismatch(volume, claim).or_else(|| {
        if volume.status.text("phase") != "Available" {
            Some(VolumeMismatch::NotAvailable)
        } else if selector.is_some_and(|selector| !selector.matches(&volume.meta.labels)) {
            Some(VolumeMismatch::Selector)
        } else {
            None
        }
    })
}

/// The volumes that nobody has, each with what is wrong with it for a claim.
pub(super) fn refused_volumes(cluster: &Cluster, claim: &Object) -> Vec<(String, VolumeMismatch)> {
    let selector = Selector::of_value(claim.spec.field("selector"));
    let free = cluster.store().indexed(Index::ClaimOfVolume, "");
    free.filter_map(|volume| Some((volume.meta.name.clone(), free_mismatch(volume, claim, selector.as_ref())?)))
        .collect()
}

/// How much storage a claim asks for.
pub fn requested_storage(claim: &Object) -> Quantity {
    quantity(claim.spec.field("resources").field("requests").text("storage"))
}

fn capacity(volume: &Object) -> Quantity {
    quantity(volume.spec.field("capacity").text("storage"))
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|_| Quantity::zero())
}

pub(super) fn volume_mode(object: &Object) -> &str {
    match object.spec.text("volumeMode") {
        "" => "Filesystem",
        mode => mode,
    }
}

fn has_access_modes(volume: &Object, claim: &Object) -> bool {
    claim.spec.list("accessModes").iter().all(|mode| volume.spec.list("accessModes").contains(mode))
}

/// What is wrong with a volume for a claim, in the order in which it is looked at.
// Models pkg/controller/volume/persistentvolume/pv_controller.go checkVolumeSatisfyClaim
pub(super) fn mismatch(volume: &Object, claim: &Object) -> Option<VolumeMismatch> {
    Some(if volume.meta.is_terminating() {
        VolumeMismatch::Deleting
    } else if capacity(volume) < requested_storage(claim) {
        VolumeMismatch::TooSmall
    } else if volume.spec.text("storageClassName") != claim.spec.text("storageClassName") {
        VolumeMismatch::StorageClass
    } else if volume_mode(volume) != volume_mode(claim) {
        VolumeMismatch::VolumeMode
    } else if !has_access_modes(volume, claim) {
        VolumeMismatch::AccessModes
    } else {
        return None;
    })
}

/// Upstream's words for it.
pub(super) fn complaint(mismatch: VolumeMismatch, volume: &str) -> String {
    let words = match mismatch {
        VolumeMismatch::Deleting => return format!("the volume is marked for deletion {volume:?}"),
        VolumeMismatch::TooSmall => "requested PV is too small",
        VolumeMismatch::StorageClass => "storageClassName does not match",
        VolumeMismatch::VolumeMode => "incompatible volumeMode",
        _ => "incompatible accessMode",
    };
    words.to_owned()
}

/// Whether the volume is bound to the claim, or reserved for it.
// Models staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go IsVolumeBoundToClaim
pub(super) fn is_volume_bound_to_claim(volume: &Object, claim: &Object) -> bool {
    let reference = volume.spec.field("claimRef");
    reference.is_object()
        && reference.text("name") == claim.meta.name
        && reference.text("namespace") == claim.meta.namespace
        && (reference.text("uid").is_empty() || reference.text("uid") == claim.meta.uid)
}
