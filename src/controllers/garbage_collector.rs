//! Deletes what nobody owns any more, and frees what is to stay.
//!
//! Follows the rules of `pkg/controller/garbagecollector` of Kubernetes v1.37.2, Apache-2.0, over the store itself
//! instead of a graph kept beside it.

use std::sync::Arc;

use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, OwnerReference};
use crate::api::object::Object;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions, Propagation, WatchEvent, timing};

const ACTOR: Actor = Actor::GarbageCollector;
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Has the objects looked at that a write may have made garbage.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    match (&event.old, &event.new) {
        (old, Some(new)) => {
            let owners_changed = old.as_ref().is_none_or(|old| old.meta.owner_references != new.meta.owner_references);
            if owners_changed && !new.meta.owner_references.is_empty() {
                cluster.enqueue(ACTOR, new.object_ref(), timing::WATCH);
            }
            if is_processing_dependents(new) {
                cluster.enqueue(ACTOR, new.object_ref(), timing::WATCH);
            }
        }
        (Some(gone), None) => {
            // Its dependents lost an owner, and owners that wait for it may go on.
            for dependent in dependents(cluster, gone) {
                cluster.enqueue(ACTOR, dependent.object_ref(), timing::WATCH);
            }
            for owner in owners(cluster, gone) {
                if owner.meta.finalizers.iter().any(|f| f == FOREGROUND) {
                    cluster.enqueue(ACTOR, owner.object_ref(), timing::WATCH);
                }
            }
        }
        (None, None) => {}
    }
}

fn is_processing_dependents(object: &Object) -> bool {
    object.meta.is_terminating() && object.meta.finalizers.iter().any(|f| f == FOREGROUND || f == ORPHAN)
}

/// The objects that name this one as an owner. Owners are in the same namespace, or in none.
fn dependents(cluster: &Cluster, owner: &Object) -> Vec<Arc<Object>> {
    let owned = |object: &&Arc<Object>| object.meta.owner_references.iter().any(|o| o.uid == owner.meta.uid);
    if owner.meta.namespace.is_empty() {
        return cluster.store().all().filter(owned).cloned().collect();
    }
    Kind::ALL
        .iter()
        .flat_map(|kind| cluster.store().list_in(*kind, &owner.meta.namespace))
        .filter(owned)
        .cloned()
        .collect()
}

fn owners(cluster: &Cluster, object: &Object) -> Vec<Arc<Object>> {
    object.meta.owner_references.iter().filter_map(|owner| find_owner(cluster, object, owner)).collect()
}

/// The owner that a reference means; `None` where it is gone, or another object has its name.
fn find_owner(cluster: &Cluster, object: &Object, reference: &OwnerReference) -> Option<Arc<Object>> {
    let kind = Kind::of_manifest(&reference.api_version, &reference.kind)?;
    let namespace = if kind.resource().namespaced { object.meta.namespace.as_str() } else { "" };
    cluster.get(kind, namespace, &reference.name).filter(|owner| owner.meta.uid == reference.uid)
}

/// Deletes an object whose owners are all gone, or lets an owner go whose dependents are dealt with.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        return;
    };
    if is_processing_dependents(&object) {
        process_deleting(cluster, &object);
        return;
    }
    attempt_to_delete(cluster, &object);
}

/// Orphans or deletes the dependents of an object that is going, then lets it go.
fn process_deleting(cluster: &mut Cluster, object: &Arc<Object>) {
    let dependents = dependents(cluster, object);
    if object.meta.finalizers.iter().any(|f| f == ORPHAN) {
        for dependent in dependents {
            let mut dependent = Object::clone(&dependent);
            dependent.meta.owner_references.retain(|owner| owner.uid != object.meta.uid);
            let _ = cluster.update_object(ACTOR, dependent);
        }
        cluster.remove_finalizer(ACTOR, object, ORPHAN);
        return;
    }
    let mut blocked = false;
    for dependent in dependents {
        let blocks = dependent
            .meta
            .owner_references
            .iter()
            .any(|owner| owner.uid == object.meta.uid && owner.block_owner_deletion == Some(true));
        blocked |= blocks;
        if !dependent.meta.is_terminating() {
            let options = DeleteOptions { propagation: Propagation::Foreground, ..DeleteOptions::default() };
            let _ = cluster.delete(ACTOR, &dependent.object_ref(), &options);
        }
    }
    if !blocked {
        cluster.remove_finalizer(ACTOR, object, FOREGROUND);
    }
}

// Models pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
fn attempt_to_delete(cluster: &mut Cluster, object: &Arc<Object>) {
    if object.meta.is_terminating() || object.meta.owner_references.is_empty() {
        return;
    }
    let mut solid = 0;
    let mut dangling = Vec::new();
    let mut waiting = Vec::new();
    for reference in &object.meta.owner_references {
        match find_owner(cluster, object, reference) {
            None => dangling.push(reference.uid.clone()),
            Some(owner) if owner.meta.is_terminating() && owner.meta.finalizers.iter().any(|f| f == FOREGROUND) => {
                waiting.push(reference.uid.clone());
            }
            Some(_) => solid += 1,
        }
    }
    if solid > 0 {
        if dangling.is_empty() && waiting.is_empty() {
            return;
        }
        let mut object = Object::clone(object);
        object.meta.owner_references.retain(|o| !dangling.contains(&o.uid) && !waiting.contains(&o.uid));
        let _ = cluster.update_object(ACTOR, object);
        return;
    }
    let propagation = if waiting.is_empty() { Propagation::Background } else { Propagation::Foreground };
    let options = DeleteOptions { propagation, uid: Some(object.meta.uid.clone()), ..DeleteOptions::default() };
    let _ = cluster.delete(ACTOR, &object.object_ref(), &options);
}
