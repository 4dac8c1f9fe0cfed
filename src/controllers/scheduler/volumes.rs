//! What a pod's claims say about where it may run.
//!
//! Follows `pkg/scheduler/framework/plugins/{volumebinding,volumerestrictions,volumezone}` of Kubernetes v1.37.2,
//! Apache-2.0.

use std::sync::Arc;

use super::filters::{Hint, Rejection, matches_terms};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::controllers::persistent_volume::{
    NO_PROVISIONER, SELECTED_NODE, claim_reference, find_matching_volume, is_delayed, pods_of_claim, requested_storage,
    storage_class,
};
use crate::controllers::protection::claims_of;
use crate::controllers::reason::ClaimTrouble;

/// What makes every node unfit: claims that are missing, going, lost, or not bound although their class binds at once.
/// Returns upstream's sentence, and the claims with what is the matter with them.
// Models pkg/scheduler/framework/plugins/volumebinding/volume_binding.go PreFilter
pub fn pre_filter(cluster: &Cluster, pod: &Object) -> Result<(), (String, Vec<(String, ClaimTrouble)>)> {
    let mut unbound = Vec::new();
    for name in claims_of(pod) {
        let (why, sentence) = match cluster.get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name) {
            None => (ClaimTrouble::Missing, "not found".to_owned()),
            Some(claim) if claim.status.text("phase") == "Lost" => {
                let volume = claim.spec.text("volumeName");
                (ClaimTrouble::Lost, format!("bound to non-existent persistentvolume \"{volume}\""))
            }
            Some(claim) if claim.meta.is_terminating() => (ClaimTrouble::Deleting, "is being deleted".to_owned()),
            Some(claim) => {
                let delayed = is_delayed(cluster, &claim) && claim.spec.text("volumeName").is_empty();
                if !(is_bound(&claim) || delayed) {
                    unbound.push((name, ClaimTrouble::Unbound));
                }
                continue;
            }
        };
        return Err((format!("persistentvolumeclaim \"{name}\" {sentence}"), vec![(name, why)]));
    }
    if unbound.is_empty() {
        return Ok(());
    }
    Err(("pod has unbound immediate PersistentVolumeClaims".to_owned(), unbound))
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
pub fn fits_node(cluster: &Cluster, pod: &Object, node: &Object) -> Result<(), Rejection> {
    let claims = claims(cluster, pod);
    let once_pod = |claim: &Object| claim.spec.list("accessModes").iter().any(|mode| mode == "ReadWriteOncePod");
    // Models pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go satisfyReadWriteOncePod
    if claims.iter().any(|claim| once_pod(claim) && is_used_by_another(cluster, pod, claim)) {
        let reason = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
                      another pod";
        return Err(Rejection { reasons: vec![reason.to_owned()], preemption_may_help: true, hint: Hint::Pod });
    }
    let reasons = find_pod_volumes(cluster, &claims, node);
    if !reasons.is_empty() {
        let reasons = reasons.into_iter().map(str::to_owned).collect();
        return Err(Rejection { reasons, preemption_may_help: false, hint: Hint::Volume });
    }
    if claims.iter().any(|claim| is_in_another_zone(cluster, claim, node)) {
        let reasons = vec!["node(s) had no available volume zone".to_owned()];
        return Err(Rejection { reasons, preemption_may_help: false, hint: Hint::Volume });
    }
    Ok(())
}

/// A pod's claims, as far as they are there.
fn claims(cluster: &Cluster, pod: &Object) -> Vec<Arc<Object>> {
    let names = claims_of(pod).into_iter();
    names.filter_map(|name| cluster.get(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name)).collect()
}

// Models pkg/scheduler/framework/plugins/volumebinding/binder.go FindPodVolumes
fn find_pod_volumes(cluster: &Cluster, claims: &[Arc<Object>], node: &Object) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    for claim in claims.iter().filter(|claim| is_bound(claim)) {
        match cluster.get(Kind::PersistentVolume, "", claim.spec.text("volumeName")) {
            None => {
                reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
                break;
            }
            Some(volume) if !volume_fits(&volume, node) => {
                reasons.push("node(s) didn't match PersistentVolume's node affinity");
                break;
            }
            Some(_) => {}
        }
    }
    if choose_volumes(cluster, claims, node).is_none() {
        reasons.insert(
            reasons.iter().take_while(|reason| reason.contains("node affinity")).count(),
            "node(s) didn't find available persistent volumes to bind",
        );
    }
    reasons
}

/// A claim that is not bound, with the volume that it is to be bound to; with none where one is to be made.
type Choice = (Arc<Object>, Option<Arc<Object>>);

/// Chooses a volume on a node for every claim that is not bound, the smallest claim first; `None` where there is none for
/// one of them and none can be made.
// Models pkg/scheduler/framework/plugins/volumebinding/binder.go findMatchingVolumes, checkVolumeProvisions
fn choose_volumes(cluster: &Cluster, claims: &[Arc<Object>], node: &Object) -> Option<Vec<Choice>> {
    let mut unbound: Vec<Arc<Object>> = claims.iter().filter(|claim| !is_bound(claim)).cloned().collect();
    order::sort_by(&mut unbound, |a, b| requested_storage(a).cmp(&requested_storage(b)));
    let mut taken: Vec<String> = Vec::new();
    let mut choices = Vec::new();
    for claim in unbound {
        let selected = claim.meta.annotations.get(SELECTED_NODE);
        if selected.is_some_and(|selected| *selected != node.meta.name) {
            return None;
        }
        let volume = match selected {
            Some(_) => None,
            None => find_matching_volume(cluster, &claim, false, &|volume| volume_fits(volume, node), &taken),
        };
        match &volume {
            Some(volume) => taken.push(volume.meta.name.clone()),
            None if !can_be_provisioned(cluster, &claim, node) => return None,
            None => {}
        }
        choices.push((claim, volume));
    }
    Some(choices)
}

fn is_used_by_another(cluster: &Cluster, pod: &Object, claim: &Object) -> bool {
    pods_of_claim(cluster, claim)
        .iter()
        .any(|other| other.meta.uid != pod.meta.uid && !other.spec.text("nodeName").is_empty())
}

/// Whether a bound volume's own zone label is not the node's.
// Models pkg/scheduler/framework/plugins/volumezone/volume_zone.go Filter
fn is_in_another_zone(cluster: &Cluster, claim: &Object, node: &Object) -> bool {
    const KEYS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];
    let Some(volume) = cluster.get(Kind::PersistentVolume, "", claim.spec.text("volumeName")) else {
        return false;
    };
    let constrained = KEYS.iter().any(|key| node.meta.labels.contains_key(*key));
    constrained
        && KEYS.iter().any(|key| {
            let Some(zones) = volume.meta.labels.get(*key) else { return false };
            let own = node.meta.labels.get(*key);
            !zones.split("__").any(|zone| own.is_some_and(|own| own == zone))
        })
}

fn can_be_provisioned(cluster: &Cluster, claim: &Object, node: &Object) -> bool {
    let Some(class) = storage_class(cluster, claim) else {
        return false;
    };
    let topologies = class.rest.list("allowedTopologies");
    let allowed = topologies.is_empty()
        || topologies.iter().any(|term| {
            term.list("matchLabelExpressions").iter().all(|expression| {
                let label = node.meta.labels.get(expression.text("key"));
                label.is_some_and(|label| expression.list("values").iter().any(|value| value == label.as_str()))
            })
        });
    !matches!(class.rest.text("provisioner"), "" | NO_PROVISIONER) && allowed
}

/// Reserves volumes for a pod's unbound claims on the chosen node, or asks for them. Returns the claims that are not
/// bound yet.
// Models pkg/scheduler/framework/plugins/volumebinding/binder.go BindPodVolumes
pub fn bind_volumes(cluster: &mut Cluster, pod: &Object, node: &Object) -> Vec<String> {
    let claims = claims(cluster, pod);
    let choices = choose_volumes(cluster, &claims, node).unwrap_or_default();
    let names = choices.iter().map(|(claim, _)| claim.meta.name.clone()).collect();
    for (claim, volume) in choices {
        match volume {
            Some(volume) => {
                let mut volume = Object::clone(&volume);
                if volume.spec.field("claimRef").is_null() {
                    let annotation = "pv.kubernetes.io/bound-by-controller";
                    volume.meta.annotations.insert(annotation.to_owned(), "yes".to_owned());
                }
                volume.spec_mut().insert("claimRef".to_owned(), claim_reference(&claim));
                // Where it was taken meanwhile the pod is tried again.
                let _ = cluster.update_object(Actor::Scheduler, volume);
            }
            None => {
                let mut claim = Object::clone(&claim);
                claim.meta.annotations.insert(SELECTED_NODE.to_owned(), node.meta.name.clone());
                let _ = cluster.update_object(Actor::Scheduler, claim);
            }
        }
    }
    names
}
