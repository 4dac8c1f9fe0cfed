//! Empties namespaces that are to go, and gives the others what every namespace has.

use serde_json::{Value, json};

use super::reason::Reason;
use crate::api::fields::{as_map, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Millis;
use crate::cluster::actor::Actor;
use crate::cluster::config::kubernetes_service;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::NamespaceController;

/// Has a namespace looked at that is going, also when something in it went.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    let is_given = || given(&object.meta.namespace).iter().any(|(given, _)| *given == object.object_ref());
    if object.kind == Kind::Namespace {
        cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
    } else if event.new.is_none() && is_given() {
        let namespace = ObjectRef::new(Kind::Namespace, "", object.meta.namespace.as_str());
        // The API server looks after its own Service every ten seconds.
        let delay = if object.kind == Kind::Service { Millis::from_secs(5) } else { timing::WATCH };
        cluster.enqueue(ACTOR, namespace, delay);
    } else if event.new.is_none() && !object.meta.namespace.is_empty() {
        let namespace = ObjectRef::new(Kind::Namespace, "", object.meta.namespace.as_str());
        if cluster.store().find(&namespace).is_some_and(|namespace| namespace.meta.is_terminating()) {
            cluster.enqueue(ACTOR, namespace, timing::WATCH);
        }
    }
}

/// What every namespace has: an account for pods, and what tells them whom to trust. `default` has the API server's Service.
// Models pkg/controller/serviceaccount/serviceaccounts_controller.go syncNamespace
// Models pkg/controller/certificates/rootcacertpublisher/publisher.go syncNamespace
// Models pkg/controlplane/controller/kubernetesservice/controller.go UpdateKubernetesService
fn given(namespace: &str) -> Vec<(ObjectRef, Value)> {
    let account = ("default", Kind::ServiceAccount, json!({}));
    let description = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such \
                       as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions \
                       of Kubernetes clusters.";
    let annotations = json!({"kubernetes.io/description": description});
    let bundle = (
        "kube-root-ca.crt",
        Kind::ConfigMap,
        json!({"data": {"ca.crt": ""}, "metadata": {"annotations": annotations}}),
    );
    let mut out = Vec::new();
    for (name, kind, mut value) in [account, bundle] {
        let meta = map_in(as_map(&mut value), "metadata");
        meta.insert("name".to_owned(), Value::from(name));
        meta.insert("namespace".to_owned(), Value::from(namespace));
        out.push((ObjectRef::new(kind, namespace, name), value));
    }
    if namespace == "default" {
        out.push((ObjectRef::new(Kind::Service, namespace, "kubernetes"), kubernetes_service()));
    }
    out
}

/// Deletes what is in a namespace that is going, and lets it go when it is empty.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(namespace) = cluster.store().find(reference).cloned() else {
        return;
    };
    if !namespace.meta.is_terminating() {
        for (object, value) in given(&reference.name) {
            if cluster.store().find(&object).is_none() {
                // What is refused is given when something in the namespace is next deleted.
                let _ = cluster.create_object(ACTOR, Object::from_value(object.kind, value));
            }
        }
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
