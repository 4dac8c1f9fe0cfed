//! The older form of a Service's endpoints, which `kubectl get endpoints` shows.
//!
//! Follows `pkg/controller/endpoint/endpoints_controller.go` of Kubernetes v1.37.2, Apache-2.0. The controller of slices calls
//! it, since both look at the same pods at the same time.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::endpointslice::Ports;
use super::statefulset::stateful_set_utils::is_pod_ready;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef};
use crate::api::object::{Object, Rest};
use crate::api::order::{self, IntoOrdered};
use crate::api::status::Status;
use crate::api::time::Timestamp;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, DeleteOptions};

const ACTOR: Actor = Actor::EndpointsController;
const LAST_CHANGE: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// The most addresses that an Endpoints object lists.
// Models pkg/controller/endpoint/endpoints_controller.go maxCapacity
const MAX_CAPACITY: usize = 1000;
const HEADLESS: &str = "service.kubernetes.io/headless";

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

/// An address of a pod.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// The pod's ports.
    ports: Ports,
    /// Whether the pod is to be reached there.
    is_ready: bool,
    /// The address, as an Endpoints object lists it.
    value: Value,
}

impl Address {
    /// The address of a pod.
    // Models pkg/controller/endpoint/endpoints_controller.go podToEndpointAddressForService, addEndpointSubset
    pub fn of(service: &Object, pod: &Object, ports: Ports) -> Address {
        let meta = &pod.meta;
        let mut value = json!({
            "ip": pod.status.text("podIP"), "nodeName": pod.spec.field("nodeName"),
            "targetRef": {"kind": "Pod", "name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
        });
        if pod.spec.text("subdomain") == service.meta.name && pod.spec.has("hostname") {
            value["hostname"] = pod.spec.field("hostname").clone();
        }
        Address { ports, is_ready: service.spec.flag("publishNotReadyAddresses") || is_pod_ready(pod), value }
    }
}

/// The addresses of an Endpoints object, which its versions share.
type Addresses = Arc<Vec<Arc<Address>>>;

/// An Endpoints object as it was written, with its addresses.
pub type Written = (Arc<Object>, Addresses);

/// Writes the endpoints of a Service, where the addresses are not those that were written last.
// Models pkg/controller/endpoint/endpoints_controller.go syncService
pub fn sync(
    cluster: &mut Cluster,
    service: &Object,
    addresses: Vec<Arc<Address>>,
    written: &mut Option<Written>,
    change: Option<Timestamp>,
) -> Result<(), Status> {
    let stored = cluster.store().find(&reference(&service.object_ref())).cloned();
    let addresses: Addresses = Arc::new(addresses);
    let mut labels = service.meta.labels.clone();
    labels.insert(MANAGED_BY.to_owned(), "endpoint-controller".to_owned());
    if service.spec.text("clusterIP") == "None" {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    let is_as_written = |stored: &Arc<Object>| match &written {
        Some((object, known)) if Arc::ptr_eq(object, stored) => *known == addresses,
        _ => stored.rest.list("subsets") == subsets(&addresses),
    };
    if let Some(stored) = stored.as_ref().filter(|stored| stored.meta.labels == labels && is_as_written(stored)) {
        *written = Some((Arc::clone(stored), addresses));
        return Ok(());
    }
    let is_new = stored.is_none();
    let mut endpoints = stored.map_or_else(
        || {
            let (name, namespace) = (service.meta.name.clone(), service.meta.namespace.clone());
            Object::new(Kind::Endpoints, ObjectMeta { name, namespace, ..ObjectMeta::default() })
        },
        |stored| Object::clone(&stored),
    );
    endpoints.meta.labels = labels;
    annotate(&mut endpoints, change);
    if addresses.len() > MAX_CAPACITY {
        endpoints.meta.annotations.insert(OVER_CAPACITY.to_owned(), "truncated".to_owned());
    } else {
        endpoints.meta.annotations.remove(OVER_CAPACITY);
    }
    let listed = Arc::clone(&addresses);
    endpoints.rest = Rest::made_by(move || {
        let subsets = Some(subsets(&listed)).filter(|subsets| !subsets.is_empty());
        subsets.into_iter().map(|subsets| ("subsets".to_owned(), Value::Array(subsets))).into_fields()
    });
    let stored =
        if is_new { cluster.create_object(ACTOR, endpoints)? } else { cluster.update_unruled(ACTOR, endpoints)? };
    *written = Some((stored, addresses));
    Ok(())
}

/// The addresses, those with the same ports together.
// Models pkg/api/v1/endpoints/util.go RepackSubsets
fn subsets(addresses: &[Arc<Address>]) -> Vec<Value> {
    let mut subsets: Vec<Subset> = Vec::new();
    for address in addresses {
        let at = subsets.iter().position(|known| known.ports == address.ports).unwrap_or_else(|| {
            subsets.push(Subset { ports: Arc::clone(&address.ports), ready: Vec::new(), not_ready: Vec::new() });
            subsets.len() - 1
        });
        let list = if address.is_ready { &mut subsets[at].ready } else { &mut subsets[at].not_ready };
        list.push(&address.value);
    }
    for subset in &mut subsets {
        for list in [&mut subset.ready, &mut subset.not_ready] {
            order::sort_by_key(list, |address| address.text("ip"));
        }
    }
    truncate(&mut subsets);
    subsets.iter().map(Subset::to_value).collect()
}

/// Addresses with the same ports.
struct Subset<'a> {
    ports: Ports,
    ready: Vec<&'a Value>,
    not_ready: Vec<&'a Value>,
}

impl Subset<'_> {
    fn to_value(&self) -> Value {
        let mut subset = Map::new();
        let ports: Vec<&Value> = self.ports.iter().collect();
        for (name, list) in [("addresses", &self.ready), ("notReadyAddresses", &self.not_ready), ("ports", &ports)] {
            if !list.is_empty() {
                subset.insert(name.to_owned(), list.iter().copied().cloned().collect());
            }
        }
        Value::Object(subset)
    }
}

/// Leaves out addresses where there are too many, those that are not ready first, of each subset its share.
// Models pkg/controller/endpoint/endpoints_controller.go truncateEndpoints
fn truncate(subsets: &mut [Subset]) {
    let ready: usize = subsets.iter().map(|subset| subset.ready.len()).sum();
    let not_ready: usize = subsets.iter().map(|subset| subset.not_ready.len()).sum();
    if ready + not_ready <= MAX_CAPACITY {
        return;
    }
    let truncates_ready = ready > MAX_CAPACITY;
    let (max, total) = if truncates_ready { (MAX_CAPACITY, ready) } else { (MAX_CAPACITY - ready, not_ready) };
    let mut left = max;
    for subset in subsets {
        if truncates_ready {
            subset.not_ready.clear();
        }
        let list = if truncates_ready { &mut subset.ready } else { &mut subset.not_ready };
        list.truncate((list.len() * max).div_ceil(total).min(left));
        left -= list.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(ready: usize, not_ready: usize, port: i64) -> Vec<Arc<Address>> {
        let ports = Arc::new(vec![json!({"port": port})]);
        let address = |number: usize| {
            let value = json!({"ip": format!("10.0.{port}.{number:04}")});
            Arc::new(Address { ports: Arc::clone(&ports), is_ready: number < ready, value })
        };
        (0..ready + not_ready).map(address).collect()
    }

    /// How many addresses each subset has that are ready, and that are not.
    fn lengths(addresses: &[Arc<Address>]) -> Vec<(usize, usize)> {
        let lengths = |subset: &Value| (subset.list("addresses").len(), subset.list("notReadyAddresses").len());
        subsets(addresses).iter().map(lengths).collect()
    }

    #[test]
    fn no_more_than_a_thousand_addresses_are_listed() {
        assert_eq!(lengths(&addresses(700, 300, 80)), [(700, 300)]);
        assert_eq!(lengths(&addresses(700, 301, 80)), [(700, 300)]);
        assert_eq!(lengths(&addresses(1200, 5, 80)), [(1000, 0)]);
        let two = [addresses(500, 400, 80), addresses(100, 201, 81)].concat();
        assert_eq!(lengths(&two), [(500, 267), (100, 133)]);
    }
}
