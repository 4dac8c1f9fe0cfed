//! Deletes what nobody owns any more, and frees what is to stay.
//!
//! Follows `pkg/controller/garbagecollector/{garbagecollector,graph_builder}.go` of Kubernetes v1.37.2, Apache-2.0, over
//! the store and its index of owners instead of a graph kept beside it.

use std::sync::Arc;

use super::reason::Reason;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference};
use crate::api::object::Object;
use crate::api::status::Status;
use crate::cluster::actor::Actor;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, DeleteOptions, FOREGROUND, ORPHAN, Propagation, WatchEvent, timing};

const ACTOR: Actor = Actor::GarbageCollector;

/// Has the objects looked at that a write may have made garbage.
// Models pkg/controller/garbagecollector/graph_builder.go processGraphChanges
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    match (&event.old, &event.new) {
        (old, Some(new)) => {
            let references_changed =
                old.as_ref().is_none_or(|old| old.meta.owner_references != new.meta.owner_references);
            if references_changed && let Some(old) = old {
                unblock_owners(cluster, old, new);
            }
            if references_changed && !new.meta.owner_references.is_empty() {
                report_owners_elsewhere(cluster, new);
                look_at(cluster, new);
            }
            let starts = |is: fn(&ObjectMeta) -> bool| is(&new.meta) && !old.as_ref().is_some_and(|old| is(&old.meta));
            if starts(waits_for_orphaning) {
                look_at(cluster, new);
            } else if starts(is_deleting_dependents) {
                look_at_all(cluster, dependents(cluster, new));
                look_at(cluster, new);
            }
        }
        (Some(gone), None) => {
            look_at_all(cluster, dependents(cluster, gone));
            let owners: Vec<Arc<Object>> = gone
                .meta
                .owner_references
                .iter()
                .filter_map(|reference| find_owner(cluster, gone, reference).ok().flatten())
                .filter(|owner| is_deleting_dependents(&owner.meta))
                .collect();
            look_at_all(cluster, owners);
        }
        (None, None) => {}
    }
}

/// Says of an object that it names an owner in another namespace, which is no owner.
// Models pkg/controller/garbagecollector/graph_builder.go addDependentToOwners, reportInvalidNamespaceOwnerRef
fn report_owners_elsewhere(cluster: &mut Cluster, object: &Object) {
    for reference in &object.meta.owner_references {
        let OwnerReference { api_version, kind, name, uid, .. } = reference;
        let is_elsewhere = match Kind::of_manifest(api_version, kind) {
            Some(found) if matches!(find_owner(cluster, object, reference), Ok(None)) => {
                let mut owners = cluster.store().list(found);
                owners.any(|owner| owner.meta.uid == *uid && owner.meta.namespace != object.meta.namespace)
            }
            _ => false,
        };
        if is_elsewhere {
            let namespace = &object.meta.namespace;
            let message = format!(
                "ownerRef [{api_version}/{kind}, namespace: {namespace}, name: {name}, uid: {uid}] does not exist in namespace \
                 {namespace:?}"
            );
            cluster.record_event(ACTOR, object, true, "OwnerRefInvalidNamespace", &message);
        }
    }
}

fn look_at(cluster: &mut Cluster, object: &Object) {
    cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
}

fn look_at_all(cluster: &mut Cluster, objects: Vec<Arc<Object>>) {
    for object in objects {
        look_at(cluster, &object);
    }
}

/// Owners that waited for a dependent which is not theirs any more, or does not hold them any more, may go on.
// Models pkg/controller/garbagecollector/graph_builder.go addUnblockedOwnersToDeleteQueue
fn unblock_owners(cluster: &mut Cluster, old: &Object, new: &Object) {
    let blocks = |reference: &OwnerReference| reference.block_owner_deletion == Some(true);
    let unblocked: Vec<Arc<Object>> = old
        .meta
        .owner_references
        .iter()
        .filter(|before| blocks(before) && !new.meta.owner_references.iter().any(|o| o.uid == before.uid && blocks(o)))
        .filter_map(|reference| find_owner(cluster, old, reference).ok().flatten())
        .collect();
    look_at_all(cluster, unblocked);
}

fn has_finalizer(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.finalizers.iter().any(|present| present == finalizer)
}

fn is_deleting_dependents(meta: &ObjectMeta) -> bool {
    meta.is_terminating() && has_finalizer(meta, FOREGROUND)
}

fn waits_for_orphaning(meta: &ObjectMeta) -> bool {
    meta.is_terminating() && has_finalizer(meta, ORPHAN)
}

/// The objects that name this one as an owner.
fn dependents(cluster: &Cluster, owner: &Object) -> Vec<Arc<Object>> {
    cluster.store().indexed(Index::Owner, &owner.meta.uid).cloned().collect()
}

/// A reference that does not say whether its owner is there: its kind is not served, or an object without a namespace
/// names an owner in one.
struct Unclear;

/// The owner that a reference means; `None` where it is gone, or another object has its name.
// Models pkg/controller/garbagecollector/garbagecollector.go isDangling
fn find_owner(cluster: &Cluster, object: &Object, reference: &OwnerReference) -> Result<Option<Arc<Object>>, Unclear> {
    let kind = Kind::of_manifest(&reference.api_version, &reference.kind).ok_or(Unclear)?;
    let namespaced = kind.resource().namespaced;
    if namespaced && object.meta.namespace.is_empty() {
        return Err(Unclear);
    }
    let namespace = if namespaced { object.meta.namespace.as_str() } else { "" };
    Ok(cluster.get(kind, namespace, &reference.name).filter(|owner| owner.meta.uid == reference.uid))
}

/// Deletes an object whose owners are all gone, or lets an owner go whose dependents are dealt with.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let result = match cluster.store().find(reference).cloned() {
        None => Ok(()),
        Some(object) if waits_for_orphaning(&object.meta) => orphan_dependents(cluster, &object),
        Some(object) if is_deleting_dependents(&object.meta) => process_deleting_dependents(cluster, &object),
        Some(object) => attempt_to_delete(cluster, &object),
    };
    cluster.settle(ACTOR, reference, result);
}

// Models pkg/controller/garbagecollector/garbagecollector.go attemptToOrphanWorker
fn orphan_dependents(cluster: &mut Cluster, owner: &Arc<Object>) -> Result<(), Status> {
    for dependent in dependents(cluster, owner) {
        let mut dependent = Object::clone(&dependent);
        dependent.meta.owner_references.retain(|reference| reference.uid != owner.meta.uid);
        cluster.update_object(ACTOR, dependent)?;
    }
    cluster.remove_finalizer(ACTOR, owner, ORPHAN)
}

// Models pkg/controller/garbagecollector/garbagecollector.go processDeletingDependentsItem
fn process_deleting_dependents(cluster: &mut Cluster, owner: &Arc<Object>) -> Result<(), Status> {
    let blocks = |dependent: &Arc<Object>| {
        let mut references = dependent.meta.owner_references.iter();
        references.any(|o| o.uid == owner.meta.uid && o.block_owner_deletion == Some(true))
    };
    let blocking: Vec<Arc<Object>> = dependents(cluster, owner).into_iter().filter(blocks).collect();
    let objects: Vec<ObjectRef> = blocking.iter().map(|dependent| dependent.object_ref()).collect();
    if blocking.is_empty() {
        cluster.note(ACTOR, &owner.object_ref(), Vec::new());
        return cluster.remove_finalizer(ACTOR, owner, FOREGROUND);
    }
    cluster.note(ACTOR, &owner.object_ref(), vec![Reason::Dependents { objects }]);
    let waiting = blocking.into_iter().filter(|dependent| !dependent.meta.is_terminating()).collect();
    look_at_all(cluster, waiting);
    Ok(())
}

// Models pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
fn attempt_to_delete(cluster: &mut Cluster, object: &Arc<Object>) -> Result<(), Status> {
    if object.meta.is_terminating() || object.meta.owner_references.is_empty() {
        return Ok(());
    }
    let (mut solid, mut waiting) = (0, 0);
    let mut gone = Vec::new();
    for reference in &object.meta.owner_references {
        match find_owner(cluster, object, reference) {
            Err(Unclear) => return Ok(()),
            Ok(None) => gone.push(reference.uid.clone()),
            Ok(Some(owner)) if is_deleting_dependents(&owner.meta) => {
                waiting += 1;
                gone.push(reference.uid.clone());
            }
            Ok(Some(_)) => solid += 1,
        }
    }
    if solid > 0 {
        if gone.is_empty() {
            return Ok(());
        }
        let mut object = Object::clone(object);
        object.meta.owner_references.retain(|reference| !gone.contains(&reference.uid));
        return cluster.update_object(ACTOR, object).map(drop);
    }
    let own = dependents(cluster, object);
    let propagation = if waiting > 0 && !own.is_empty() {
        if own.iter().any(|dependent| is_deleting_dependents(&dependent.meta)) {
            unblock_owner_references(cluster, object)?;
        }
        Propagation::Foreground
    } else if has_finalizer(&object.meta, ORPHAN) {
        Propagation::Orphan
    } else if has_finalizer(&object.meta, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    let options = DeleteOptions {
        propagation: Some(propagation),
        uid: Some(object.meta.uid.clone()),
        ..DeleteOptions::default()
    };
    cluster.delete(ACTOR, &object.object_ref(), &options)
}

/// Objects that own one another in a circle would wait for each other for ever.
// Models pkg/controller/garbagecollector/patch.go unblockOwnerReferencesStrategicMergePatch
fn unblock_owner_references(cluster: &mut Cluster, object: &Object) -> Result<(), Status> {
    let mut object = object.clone();
    for reference in object.meta.owner_references.iter_mut() {
        if reference.block_owner_deletion == Some(true) {
            reference.block_owner_deletion = Some(false);
        }
    }
    cluster.update_object(ACTOR, object).map(drop)
}
