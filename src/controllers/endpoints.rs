//! The older form of a Service's endpoints, which `kubectl get endpoints` shows.
//!
//! Follows `pkg/controller/endpoint/endpoints_controller.go` and
//! `staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go` of Kubernetes v1.37.2, Apache-2.0. The controller of slices
//! calls it, since both look at the same pods at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::endpointslice::endpoint_ports;
use super::statefulset::stateful_set_utils::{is_pod_ready, pod_condition};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef};
use crate::api::object::Object;
use crate::api::order;
use crate::api::status::Status;
use crate::api::time::Timestamp;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions};

const ACTOR: Actor = Actor::EndpointsController;
const LAST_CHANGE: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";

/// When the pods of each Service last became ready or stopped being so, as far as that was seen.
#[derive(Clone, Debug, Default)]
pub struct State {
    seen: BTreeMap<ObjectRef, BTreeMap<String, Timestamp>>,
}

impl State {
    /// What last changed a Service's endpoints, where it is something that has a time.
    // Models staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go ComputeEndpointLastChangeTriggerTime
    pub fn last_change(&mut self, service: &Object, pods: &[Arc<Object>]) -> Option<Timestamp> {
        let known = self.seen.get(&service.object_ref());
        let mut times = BTreeMap::new();
        let mut first: Option<Timestamp> = None;
        for pod in pods {
            let time = pod_condition(pod, "Ready").map(|ready| ready.text("lastTransitionTime"));
            let Some(time) = time.and_then(Timestamp::parse) else { continue };
            times.insert(pod.meta.name.clone(), time);
            let before = known.and_then(|known| known.get(&pod.meta.name));
            if before.is_none_or(|before| time > *before) {
                first = Some(first.map_or(time, |first| first.min(time)));
            }
        }
        let change = if known.is_none() { service.meta.creation_timestamp } else { first };
        self.seen.insert(service.object_ref(), times);
        change
    }

    /// Forgets a Service that is gone.
    pub fn forget(&mut self, service: &ObjectRef) {
        self.seen.remove(service);
    }
}

/// Notes what last changed the endpoints.
pub fn annotate(object: &mut Object, change: Option<Timestamp>) {
    match change {
        Some(time) => object.meta.annotations.insert(LAST_CHANGE.to_owned(), time.to_string()),
        None => object.meta.annotations.remove(LAST_CHANGE),
    };
}

fn reference(service: &ObjectRef) -> ObjectRef {
    ObjectRef::new(Kind::Endpoints, service.namespace.as_str(), service.name.as_str())
}

/// Takes the endpoints of a Service away that is gone.
pub fn delete(cluster: &mut Cluster, service: &ObjectRef) -> Result<(), Status> {
    let endpoints = reference(service);
    let ours = cluster.store().find(service).is_none() && cluster.store().find(&endpoints).is_some();
    if ours { cluster.delete(ACTOR, &endpoints, &DeleteOptions::default()) } else { Ok(()) }
}

/// Writes the endpoints of a Service.
// Models pkg/controller/endpoint/endpoints_controller.go syncService
pub fn sync(
    cluster: &mut Cluster,
    service: &Object,
    pods: &[Arc<Object>],
    change: Option<Timestamp>,
) -> Result<(), Status> {
    let publish_not_ready = service.spec.flag("publishNotReadyAddresses");
    let known = cluster.store().find(&reference(&service.object_ref())).cloned();
    let subsets = subsets(service, pods, publish_not_ready);
    let mut labels = service.meta.labels.clone();
    labels.insert(MANAGED_BY.to_owned(), "endpoint-controller".to_owned());
    if service.spec.text("clusterIP") == "None" {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    let is_new = known.is_none();
    let mut endpoints = known.map_or_else(
        || {
            let (name, namespace) = (service.meta.name.clone(), service.meta.namespace.clone());
            Object::new(Kind::Endpoints, ObjectMeta { name, namespace, ..ObjectMeta::default() })
        },
        |known| Object::clone(&known),
    );
    if !is_new && endpoints.rest.list("subsets") == subsets && endpoints.meta.labels == labels {
        return Ok(());
    }
    endpoints.meta.labels = labels;
    if subsets.is_empty() {
        endpoints.rest_mut().remove("subsets");
    } else {
        endpoints.rest_mut().insert("subsets".to_owned(), Value::Array(subsets));
    }
    annotate(&mut endpoints, change);
    if is_new {
        cluster.create_object(ACTOR, endpoints).map(drop)
    } else {
        cluster.update_object(ACTOR, endpoints).map(drop)
    }
}

/// The addresses of the pods, those with the same ports together.
// Models pkg/api/v1/endpoints/util.go RepackSubsets
fn subsets(service: &Object, pods: &[Arc<Object>], publish_not_ready: bool) -> Vec<Value> {
    let mut subsets: Vec<(Vec<Value>, Vec<Value>, Vec<Value>)> = Vec::new();
    let has_ports = !service.spec.list("ports").is_empty();
    for pod in pods.iter().filter(|pod| publish_not_ready || !pod.meta.is_terminating()) {
        let ports = endpoint_ports(service, pod);
        if ports.is_empty() && (has_ports || service.spec.text("clusterIP") != "None") {
            continue;
        }
        let at = subsets.iter().position(|(known, _, _)| *known == ports).unwrap_or_else(|| {
            subsets.push((ports, Vec::new(), Vec::new()));
            subsets.len() - 1
        });
        let (_, ready, not_ready) = &mut subsets[at];
        let addresses = if publish_not_ready || is_pod_ready(pod) { ready } else { not_ready };
        addresses.push(address(service, pod));
    }
    subsets
        .into_iter()
        .map(|(ports, mut ready, mut not_ready)| {
            let mut subset = json!({});
            for (name, addresses) in [("addresses", &mut ready), ("notReadyAddresses", &mut not_ready)] {
                if !addresses.is_empty() {
                    order::sort_by_key(addresses, |address| address.text("ip").to_owned());
                    subset[name] = Value::Array(std::mem::take(addresses));
                }
            }
            if !ports.is_empty() {
                subset["ports"] = Value::Array(ports);
            }
            subset
        })
        .collect()
}

// Models pkg/controller/endpoint/endpoints_controller.go podToEndpointAddressForService
fn address(service: &Object, pod: &Object) -> Value {
    let meta = &pod.meta;
    let mut address = json!({
        "ip": pod.status.text("podIP"), "nodeName": pod.spec.field("nodeName"),
        "targetRef": {"kind": "Pod", "name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
    });
    if pod.spec.text("subdomain") == service.meta.name && pod.spec.has("hostname") {
        address["hostname"] = pod.spec.field("hostname").clone();
    }
    address
}
