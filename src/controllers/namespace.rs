//! Empties namespaces that are to go.

use super::reason::Reason;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::NamespaceController;

/// Has a namespace looked at that is going, also when something in it went.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    if object.kind == Kind::Namespace {
        cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
    } else if event.new.is_none() && !object.meta.namespace.is_empty() {
        let namespace = ObjectRef::new(Kind::Namespace, "", object.meta.namespace.as_str());
        if cluster.store().find(&namespace).is_some_and(|namespace| namespace.meta.is_terminating()) {
            cluster.enqueue(ACTOR, namespace, timing::WATCH);
        }
    }
}

/// Deletes what is in a namespace that is going, and lets it go when it is empty.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(namespace) = cluster.store().find(reference).cloned() else {
        return;
    };
    if !namespace.meta.is_terminating() {
        return;
    }
    let contents: Vec<ObjectRef> = Kind::ALL
        .iter()
        .flat_map(|kind| cluster.store().list_in(*kind, &reference.name))
        .map(|object| object.object_ref())
        .collect();
    for object in &contents {
        let going = cluster.store().find(object).is_none_or(|object| object.meta.is_terminating());
        if !going {
            let _ = cluster.delete(ACTOR, object, &DeleteOptions::default());
        }
    }
    if contents.is_empty() {
        cluster.note(ACTOR, reference, Vec::new());
        let mut namespace = Object::clone(&namespace);
        namespace.spec_mut().remove("finalizers");
        let result = cluster.update_object(ACTOR, namespace).map(drop);
        cluster.settle(ACTOR, reference, result);
    } else {
        cluster.note(ACTOR, reference, vec![Reason::NamespaceContents { objects: contents }]);
    }
}
