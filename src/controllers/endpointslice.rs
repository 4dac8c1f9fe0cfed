//! Which pods a Service's name answers with.
//!
//! Follows `pkg/controller/endpointslice` and `staging/src/k8s.io/endpointslice` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::endpoints;
use super::statefulset::stateful_set_utils::{is_pod_ready, is_terminal_phase};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::Status;
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
        Kind::Pod if !matters(event) => {}
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

/// Whether a write changed anything of a pod that endpoints tell. What else changes has no Service looked at.
// Models staging/src/k8s.io/endpointslice/util/controller_utils.go podEndpointsChanged
fn matters(event: &WatchEvent) -> bool {
    let (Some(old), Some(new)) = (&event.old, &event.new) else {
        return true;
    };
    let place = |pod: &Object| (pod.spec.field("hostname").clone(), pod.spec.field("subdomain").clone());
    old.meta.labels != new.meta.labels
        || place(old) != place(new)
        || old.meta.deletion_timestamp != new.meta.deletion_timestamp
        || is_pod_ready(old) != is_pod_ready(new)
        || old.status.field("podIPs") != new.status.field("podIPs")
        || old.status.field("podIP") != new.status.field("podIP")
}

/// A Service's selector; `None` where it has none, and somebody else keeps its endpoints.
pub fn selector(service: &Object) -> Option<Selector> {
    let labels = string_map(service.spec.entries("selector"));
    (!labels.is_empty()).then(|| Selector::of_labels(&labels))
}

/// Writes the endpoints of a Service.
// Models pkg/controller/endpointslice/endpointslice_controller.go syncService
pub(crate) fn sync_service(cluster: &mut Cluster, reference: &ObjectRef) {
    let result = sync(cluster, reference);
    cluster.settle(ACTOR, reference, result);
}

fn sync(cluster: &mut Cluster, reference: &ObjectRef) -> Result<(), Status> {
    let slice = cluster
        .store()
        .list_in(Kind::EndpointSlice, &reference.namespace)
        .find(|slice| slice.meta.label(SERVICE_NAME_LABEL) == reference.name)
        .cloned();
    let service = cluster.store().find(reference).cloned();
    let Some((service, selector)) = service.and_then(|service| selector(&service).map(|s| (service, s))) else {
        cluster.controllers.endpoints.forget(reference);
        endpoints::delete(cluster, reference)?;
        return match slice {
            Some(slice) => cluster.delete(ACTOR, &slice.object_ref(), &DeleteOptions::default()),
            None => Ok(()),
        };
    };
    let publish_not_ready = service.spec.flag("publishNotReadyAddresses");
    let pods = cluster.store().list_in(Kind::Pod, &reference.namespace);
    let pods: Vec<Arc<Object>> = pods.filter(|pod| selector.matches(&pod.meta.labels)).cloned().collect();
    let trigger = cluster.controllers.endpoints.last_change(&service, &pods);
    let pods: Vec<Arc<Object>> = pods.into_iter().filter(|pod| should_be_in_endpoints(pod)).collect();
    endpoints::sync(cluster, &service, &pods, trigger)?;
    let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(cluster, &service, pod, publish_not_ready)).collect();
    // Pods that give a named port another number would have a slice of their own.
    let ports = pods.first().map(|pod| endpoint_ports(&service, pod)).unwrap_or_default();
    let has_endpoints = !endpoints.is_empty();
    let as_go_writes = |list: Vec<Value>| {
        if list.is_empty() { Value::Null } else { Value::Array(list) }
    };
    let mut rest = Map::new();
    rest.insert("addressType".to_owned(), json!("IPv4"));
    rest.insert("endpoints".to_owned(), as_go_writes(endpoints));
    rest.insert("ports".to_owned(), as_go_writes(if has_endpoints { ports } else { Vec::new() }));
    match slice {
        Some(slice) if *slice.rest == rest && slice.meta.labels == slice_meta(&service).labels => Ok(()),
        Some(slice) => {
            let mut slice = Object::clone(&slice);
            slice.rest = Arc::new(rest);
            slice.meta.labels = slice_meta(&service).labels;
            endpoints::annotate(&mut slice, trigger);
            cluster.update_object(ACTOR, slice).map(drop)
        }
        None => {
            let mut slice = Object::new(Kind::EndpointSlice, slice_meta(&service));
            slice.rest = Arc::new(rest);
            endpoints::annotate(&mut slice, trigger);
            cluster.create_object(ACTOR, slice).map(drop)
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

/// A Service's ports as a pod has them. A named one that the pod does not have is left out.
pub fn endpoint_ports(service: &Object, pod: &Object) -> Vec<Value> {
    let ports = service.spec.list("ports").iter();
    ports
        .filter_map(|port| {
            let number = find_port(pod, port)?;
            Some(json!({"name": port.text("name"), "port": number, "protocol": port.text("protocol")}))
        })
        .collect()
}

// Models staging/src/k8s.io/endpointslice/utils.go findPort
fn find_port(pod: &Object, port: &Value) -> Option<i64> {
    let target = port.field("targetPort");
    let Some(name) = target.as_str() else {
        return target.as_i64().or(port.int("port"));
    };
    let sidecars = pod.spec.list("initContainers").iter().filter(|c| c.text("restartPolicy") == "Always");
    let mut ports = pod.spec.list("containers").iter().chain(sidecars).flat_map(|container| container.list("ports"));
    let found = ports.find(|known| known.text("name") == name && known.text("protocol") == port.text("protocol"));
    found.and_then(|port| port.int("containerPort"))
}
