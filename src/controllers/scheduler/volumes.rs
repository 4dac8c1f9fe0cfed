//! What a pod's claims say about where it may run.
//!
//! Follows `pkg/scheduler/framework/plugins/volumebinding` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use super::filters::matches_terms;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::controllers::persistent_volume::{
    NO_PROVISIONER, SELECTED_NODE, claim_reference, find_matching_volume, is_delayed, storage_class,
};
use crate::controllers::protection::claims_of;

/// What makes every node unfit: claims that are missing, going, lost, or not bound although their class binds at once.
// Models pkg/scheduler/framework/plugins/volumebinding/volume_binding.go PreFilter
pub fn pre_filter(cluster: &Cluster, pod: &Object) -> Result<(), String> {
    for name in claims_of(pod) {
        let Some(claim) = cluster.get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name) else {
            return Err(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if claim.status.text("phase") == "Lost" {
            let volume = claim.spec.text("volumeName");
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
        }
        if claim.meta.is_terminating() {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        if !is_bound(&claim) && !is_delayed(cluster, &claim) {
            return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
    }
    Ok(())
}

fn is_bound(claim: &Object) -> bool {
    !claim.spec.text("volumeName").is_empty() && claim.meta.annotations.contains_key("pv.kubernetes.io/bind-completed")
}

/// Whether a volume can be used on a node.
fn volume_fits(volume: &Object, node: &Object) -> bool {
    let required = volume.spec.field("nodeAffinity").field("required");
    required.is_null() || matches_terms(required, node)
}

/// Whether a pod's volumes, those that are there and those that can be found or made, can be used on a node.
// Models pkg/scheduler/framework/plugins/volumebinding/binder.go FindPodVolumes
pub fn fits_node(cluster: &Cluster, pod: &Object, node: &Object) -> Result<(), String> {
    for name in claims_of(pod) {
        let Some(claim) = cluster.get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name) else {
            continue;
        };
        if is_bound(&claim) {
            let volume = cluster.get(Kind::PersistentVolume, "", claim.spec.text("volumeName"));
            match volume {
                None => {
                    return Err("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)".to_owned());
                }
                Some(volume) if !volume_fits(&volume, node) => {
                    return Err("node(s) didn't match PersistentVolume's node affinity".to_owned());
                }
                Some(_) => {}
            }
            if claim.spec.list("accessModes").iter().any(|mode| mode == "ReadWriteOncePod")
                && is_used_by_another(cluster, pod, &name)
            {
                return Err(
                    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
                        .to_owned(),
                );
            }
            continue;
        }
        if static_volume(cluster, &claim, node).is_none() && !can_be_provisioned(cluster, &claim, node) {
            return Err("node(s) didn't find available persistent volumes to bind".to_owned());
        }
    }
    Ok(())
}

fn is_used_by_another(cluster: &Cluster, pod: &Object, claim: &str) -> bool {
    cluster.store().list_in(Kind::Pod, &pod.meta.namespace).any(|other| {
        other.meta.uid != pod.meta.uid
            && !other.spec.text("nodeName").is_empty()
            && claims_of(other).iter().any(|name| name == claim)
    })
}

fn static_volume(cluster: &Cluster, claim: &Object, node: &Object) -> Option<Arc<Object>> {
    find_matching_volume(cluster, claim, false, &|volume| volume_fits(volume, node), &[])
}

fn can_be_provisioned(cluster: &Cluster, claim: &Object, node: &Object) -> bool {
    let Some(class) = storage_class(cluster, claim) else {
        return false;
    };
    let selected = claim.meta.annotations.get(SELECTED_NODE);
    let topologies = class.rest.list("allowedTopologies");
    let allowed = topologies.is_empty()
        || topologies.iter().any(|term| {
            term.list("matchLabelExpressions").iter().all(|expression| {
                let label = node.meta.labels.get(expression.text("key"));
                label.is_some_and(|label| expression.list("values").iter().any(|value| value == label.as_str()))
            })
        });
    class.rest.text("provisioner") != NO_PROVISIONER && allowed && selected.is_none_or(|name| *name == node.meta.name)
}

/// Reserves volumes for a pod's unbound claims on the chosen node, or asks for them. Says whether every claim is bound
/// already.
// Models pkg/scheduler/framework/plugins/volumebinding/binder.go BindPodVolumes
pub fn assume_volumes(cluster: &mut Cluster, pod: &Object, node: &str) -> bool {
    let Some(node) = cluster.get(Kind::Node, "", node) else {
        return false;
    };
    let mut all_bound = true;
    for name in claims_of(pod) {
        let Some(claim) = cluster.get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name) else {
            continue;
        };
        if is_bound(&claim) {
            continue;
        }
        all_bound = false;
        match static_volume(cluster, &claim, &node) {
            Some(volume) => {
                let mut volume = Object::clone(&volume);
                volume.spec_mut().insert("claimRef".to_owned(), claim_reference(&claim));
                volume.meta.annotations.insert("pv.kubernetes.io/bound-by-controller".to_owned(), "yes".to_owned());
                let _ = cluster.update_object(Actor::Scheduler, volume);
            }
            None => {
                let mut claim = Object::clone(&claim);
                claim.meta.annotations.insert(SELECTED_NODE.to_owned(), node.meta.name.clone());
                let _ = cluster.update_object(Actor::Scheduler, claim);
            }
        }
    }
    all_bound
}
