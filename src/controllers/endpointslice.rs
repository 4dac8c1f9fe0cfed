//! Which pods a Service's name answers with.
//!
//! Follows `pkg/controller/endpointslice` and `staging/src/k8s.io/endpointslice` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::statefulset::stateful_set_utils::{is_pod_ready, is_terminal_phase};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::EndpointSliceController;
/// The label that names a slice's Service.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// Has the Services looked at that a write concerns.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::Service => cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH),
        Kind::Pod => {
            let selecting: Vec<ObjectRef> = cluster
                .store()
                .list_in(Kind::Service, &object.meta.namespace)
                .filter(|service| {
                    let selector = selector(service);
                    let selects = |pod: &Option<Arc<Object>>| {
                        pod.as_ref().is_some_and(|pod| selector.as_ref().is_some_and(|s| s.matches(&pod.meta.labels)))
                    };
                    selects(&event.old) || selects(&event.new)
                })
                .map(|service| service.object_ref())
                .collect();
            for service in selecting {
                cluster.enqueue(ACTOR, service, timing::WATCH);
            }
        }
        _ => {}
    }
}

/// A Service's selector; `None` where it has none, and somebody else keeps its endpoints.
pub fn selector(service: &Object) -> Option<Selector> {
    let labels = string_map(service.spec.entries("selector"));
    (!labels.is_empty()).then(|| Selector::of_labels(&labels))
}

/// Writes the endpoints of a Service.
// Models pkg/controller/endpointslice/endpointslice_controller.go syncService
pub(crate) fn sync_service(cluster: &mut Cluster, reference: &ObjectRef) {
    let slice = cluster
        .store()
        .list_in(Kind::EndpointSlice, &reference.namespace)
        .find(|slice| slice.meta.label(SERVICE_NAME_LABEL) == reference.name)
        .cloned();
    let service = cluster.store().find(reference).cloned();
    let Some((service, selector)) = service.and_then(|service| selector(&service).map(|s| (service, s))) else {
        if let Some(slice) = slice {
            // Gone already where the garbage collector was faster.
            let _ = cluster.delete(ACTOR, &slice.object_ref(), &DeleteOptions::default());
        }
        return;
    };
    let publish_not_ready = service.spec.flag("publishNotReadyAddresses");
    let pods = cluster.store().list_in(Kind::Pod, &reference.namespace);
    let endpoints: Vec<Value> = pods
        .filter(|pod| selector.matches(&pod.meta.labels) && should_be_in_endpoints(pod))
        .map(|pod| endpoint(cluster, &service, pod, publish_not_ready))
        .collect();
    let ports: Vec<Value> = service.spec.list("ports").iter().map(endpoint_port).collect();
    let has_endpoints = !endpoints.is_empty();
    let as_go_writes = |list: Vec<Value>| {
        if list.is_empty() { Value::Null } else { Value::Array(list) }
    };
    let mut rest = Map::new();
    rest.insert("addressType".to_owned(), json!("IPv4"));
    rest.insert("endpoints".to_owned(), as_go_writes(endpoints));
    rest.insert("ports".to_owned(), as_go_writes(if has_endpoints { ports } else { Vec::new() }));
    match slice {
        Some(slice) => {
            if *slice.rest != rest {
                let mut slice = Object::clone(&slice);
                slice.rest = Arc::new(rest);
                let _ = cluster.update_object(ACTOR, slice);
            }
        }
        None => {
            let mut slice = Object::new(Kind::EndpointSlice, slice_meta(&service));
            slice.rest = Arc::new(rest);
            let _ = cluster.create_object(ACTOR, slice);
        }
    }
}

fn slice_meta(service: &Object) -> ObjectMeta {
    let mut labels = service.meta.labels.clone();
    labels.insert("endpointslice.kubernetes.io/managed-by".to_owned(), "endpointslice-controller.k8s.io".to_owned());
    labels.insert(SERVICE_NAME_LABEL.to_owned(), service.meta.name.clone());
    if service.spec.text("clusterIP") == "None" {
        labels.insert("service.kubernetes.io/headless".to_owned(), String::new());
    }
    ObjectMeta {
        generate_name: format!("{}-", service.meta.name),
        namespace: service.meta.namespace.clone(),
        labels,
        owner_references: vec![OwnerReference::controller(Kind::Service, &service.meta)],
        ..ObjectMeta::default()
    }
}

/// Whether a pod has an address and will answer at it for some time.
// Models staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
fn should_be_in_endpoints(pod: &Object) -> bool {
    !is_terminal_phase(pod) && !pod.status.text("podIP").is_empty()
}

// Models staging/src/k8s.io/endpointslice/utils.go podToEndpoint
fn endpoint(cluster: &Cluster, service: &Object, pod: &Object, publish_not_ready: bool) -> Value {
    let serving = is_pod_ready(pod);
    let terminating = pod.meta.is_terminating();
    let node = pod.spec.text("nodeName");
    let mut out = json!({
        "addresses": [pod.status.text("podIP")],
        "conditions": {
            "ready": publish_not_ready || (serving && !terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {"kind": "Pod", "name": pod.meta.name, "namespace": pod.meta.namespace, "uid": pod.meta.uid},
    });
    if !node.is_empty() {
        out["nodeName"] = json!(node);
        let zone = cluster.store().get(Kind::Node, "", node).map(|node| node.meta.label("topology.kubernetes.io/zone"));
        if let Some(zone) = zone.filter(|zone| !zone.is_empty()) {
            out["zone"] = json!(zone);
        }
    }
    // The pod's own name is published only below the Service that it names.
    if pod.spec.text("subdomain") == service.meta.name && pod.spec.has("hostname") {
        out["hostname"] = pod.spec.field("hostname").clone();
    }
    out
}

fn endpoint_port(port: &Value) -> Value {
    let number = port.field("targetPort").as_i64().or(port.int("port"));
    json!({"name": port.text("name"), "port": number, "protocol": port.text("protocol")})
}
