//! Which pods a Service's name answers with.
//!
//! Follows `pkg/controller/endpointslice` and `staging/src/k8s.io/endpointslice` of Kubernetes v1.37.2, Apache-2.0.

mod reconciler;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::endpoints::{self, Address};
use super::statefulset::stateful_set_utils::{is_pod_ready, is_terminal_phase, pod_condition};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::Status;
use crate::api::time::Timestamp;
use crate::cluster::actor::Actor;
use crate::cluster::memo::ByVersion;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};
pub use reconciler::Ports;
use reconciler::{Change, Endpoint, Endpoints, Slice};

const ACTOR: Actor = Actor::EndpointSliceController;
/// The label that names a slice's Service.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";

/// Has the Services looked at that a write concerns.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::Service => cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH),
        Kind::Endpoints | Kind::EndpointSlice if event.new.is_none() => {
            let service = match object.kind {
                Kind::Endpoints => &object.meta.name,
                _ => object.meta.label(SERVICE_NAME_LABEL),
            };
            if cluster.store().get(Kind::Service, &object.meta.namespace, service).is_some() {
                cluster.enqueue(ACTOR, ObjectRef::new(Kind::Service, &*object.meta.namespace, service), timing::WATCH);
            }
        }
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
    let same_place = |name: &str| old.spec.field(name) == new.spec.field(name);
    old.meta.labels != new.meta.labels
        || !same_place("hostname")
        || !same_place("subdomain")
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

/// The endpoints in the slices of a Service. Those that are known are not read from the slices, which make them anew.
pub fn endpoints_of<'a>(cluster: &'a Cluster, service: &ObjectRef) -> Vec<&'a Value> {
    let known = cluster.controllers.endpoints.services.get(service).map_or(&[][..], |known| &known.slices);
    let mut out = Vec::new();
    let slices = cluster.store().list_in(Kind::EndpointSlice, &service.namespace);
    for slice in slices.filter(|slice| slice.meta.label(SERVICE_NAME_LABEL) == service.name) {
        match known.iter().find(|(known, _)| Arc::ptr_eq(known, slice)) {
            Some((_, endpoints)) => out.extend(endpoints.iter().map(|endpoint| &endpoint.value)),
            None => out.extend(slice.rest.list("endpoints")),
        }
    }
    out
}

/// Writes the endpoints of a Service.
// Models pkg/controller/endpointslice/endpointslice_controller.go syncService
pub(crate) fn sync_service(cluster: &mut Cluster, reference: &ObjectRef) {
    let result = sync(cluster, reference);
    cluster.settle(ACTOR, reference, result);
}

/// What is known of the endpoints of a Service.
#[derive(Clone, Debug)]
struct Known {
    /// The Service, as it was when its pods were looked at.
    service: Arc<Object>,
    /// The zones of the nodes, as they were then.
    zones: Zones,
    /// The ports of the pod that was looked at last.
    ports: Ports,
    pods: ByVersion<Option<Selected>>,
    /// The Endpoints object that was written last, with its addresses.
    endpoints: Option<endpoints::Written>,
    /// The slices that were written last, with their endpoints.
    slices: Vec<(Arc<Object>, Endpoints)>,
}

/// The nodes, each with its zone, which is empty where it has none.
type Zones = BTreeMap<String, String>;

/// What the endpoints say of a pod that the Service selects.
#[derive(Clone, Debug)]
struct Selected {
    /// When the pod last became ready or stopped being so.
    changed: Option<Timestamp>,
    /// Its address in the Endpoints object, where it is to be there.
    address: Option<Arc<Address>>,
    /// Its endpoint in a slice, where it is to be there.
    endpoint: Option<Arc<Endpoint>>,
    /// What is wrong where its node is not there any more.
    missing_node: Option<String>,
}

/// What the controllers of endpoints remember, by Service.
#[derive(Clone, Debug, Default)]
pub struct State {
    services: BTreeMap<ObjectRef, Known>,
}

fn sync(cluster: &mut Cluster, reference: &ObjectRef) -> Result<(), Status> {
    let known = cluster.controllers.endpoints.services.remove(reference);
    let Some(service) = cluster.store().find(reference).cloned() else {
        // The slices go with the Service that owns them.
        return endpoints::delete(cluster, reference);
    };
    let selector = selector(&service);
    let Some(selector) = selector.filter(|_| service.spec.text("type") != "ExternalName") else {
        return Ok(());
    };
    sync_selected(cluster, &service, &selector, known)
}

/// Writes the endpoints of a Service that selects pods. Apart, since a first view has none (`tools/split`).
#[inline(never)]
fn sync_selected(
    cluster: &mut Cluster,
    service: &Arc<Object>,
    selector: &Selector,
    known: Option<Known>,
) -> Result<(), Status> {
    let is_new = known.is_none();
    let mut known = known.unwrap_or_else(|| Known::of(service));
    let (pods, trigger) = known.look_at_pods(cluster, service, selector);
    let trigger = if is_new { service.meta.creation_timestamp } else { trigger };
    let selected = || pods.iter().filter_map(|(_, selected)| selected.as_ref());
    let addresses = selected().filter_map(|selected| selected.address.clone()).collect();
    let desired: Vec<Arc<Endpoint>> = selected().filter_map(|selected| selected.endpoint.clone()).collect();
    let written = endpoints::sync(cluster, service, addresses, &mut known.endpoints, trigger);
    let written = written.and_then(|()| sync_slices(cluster, service, &desired, &mut known.slices, trigger));
    let missing: Vec<&str> = selected().filter_map(|selected| selected.missing_node.as_deref()).collect();
    let result = match (written, missing.is_empty()) {
        (Ok(()), false) => {
            let message = if let [only] = missing[..] { only.to_owned() } else { format!("[{}]", missing.join(", ")) };
            Err(Status { message, ..Status::internal_error("") })
        }
        (written, _) => written,
    };
    cluster.controllers.endpoints.services.insert(service.object_ref(), known);
    if let Err(error) = &result {
        let ObjectRef { namespace, name, .. } = service.object_ref();
        let message = format!("Error updating Endpoint Slices for Service {namespace}/{name}: {}", error.message);
        cluster.record_event(ACTOR, service, true, "FailedToUpdateEndpointSlices", &message);
    }
    result
}

/// The pods of a namespace, each with what the endpoints of a Service say of it where the Service selects it.
type Pods = Arc<Vec<(Arc<Object>, Option<Selected>)>>;

impl Known {
    fn of(service: &Arc<Object>) -> Known {
        Known {
            service: Arc::clone(service),
            zones: Zones::new(),
            ports: Ports::default(),
            pods: ByVersion::default(),
            endpoints: None,
            slices: Vec::new(),
        }
    }

    /// The pods, and when the first of those changed that changed since they were looked at last.
    // Models staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go ComputeEndpointLastChangeTriggerTime
    fn look_at_pods(
        &mut self,
        cluster: &Cluster,
        service: &Arc<Object>,
        selector: &Selector,
    ) -> (Pods, Option<Timestamp>) {
        let mut zones = Zones::new();
        for node in cluster.store().list(Kind::Node) {
            zones.insert(node.meta.name.clone(), node.meta.label("topology.kubernetes.io/zone").to_owned());
        }
        let everything = !Arc::ptr_eq(&self.service, service) || self.zones != zones;
        let mut trigger: Option<Timestamp> = None;
        let pods = cluster.store().list_in(Kind::Pod, &service.meta.namespace);
        let pods = self.pods.renew(pods, everything, |pod, before| {
            if !selector.matches(&pod.meta.labels) {
                return None;
            }
            let selected = Selected::of(service, pod, &zones, &mut self.ports);
            let before = before.and_then(Option::as_ref).and_then(|before| before.changed);
            if let Some(time) = selected.changed.filter(|time| before.is_none_or(|before| *time > before)) {
                trigger = Some(trigger.map_or(time, |first| first.min(time)));
            }
            Some(selected)
        });
        self.service = Arc::clone(service);
        self.zones = zones;
        (pods, trigger)
    }
}

impl Selected {
    /// What the endpoints say of a pod. `ports` are those of another pod, which most pods share.
    fn of(service: &Object, pod: &Object, zones: &Zones, ports: &mut Ports) -> Selected {
        let changed = pod_condition(pod, "Ready").and_then(|ready| Timestamp::parse(ready.text("lastTransitionTime")));
        let mut selected = Selected { changed, address: None, endpoint: None, missing_node: None };
        if !should_be_in_endpoints(pod) {
            return selected;
        }
        let publishes_all = service.spec.flag("publishNotReadyAddresses");
        let own = endpoint_ports(service, pod);
        if **ports != own {
            *ports = Arc::new(own);
        }
        let ports = Arc::clone(ports);
        let has_ports = !service.spec.list("ports").is_empty();
        let in_older_form = (publishes_all || !pod.meta.is_terminating())
            && (!ports.is_empty() || !has_ports && service.spec.text("clusterIP") == "None");
        selected.address = in_older_form.then(|| Arc::new(Address::of(service, pod, Arc::clone(&ports))));
        let node = pod.spec.text("nodeName");
        let zone = zones.get(node);
        if zone.is_none() && !publishes_all {
            let (namespace, pod, service) = (&pod.meta.namespace, &pod.meta.name, &service.meta.name);
            selected.missing_node =
                Some(format!("skipping Pod {pod} for Service {namespace}/{service}: Node {node} Not Found"));
        } else {
            let value = endpoint(service, pod, zone.map_or("", String::as_str));
            selected.endpoint = Some(Arc::new(Endpoint { pod: pod.meta.name.clone(), ports, value }));
        }
        selected
    }
}

/// Writes the slices of a Service.
// Models staging/src/k8s.io/endpointslice/reconciler.go Reconcile
fn sync_slices(
    cluster: &mut Cluster,
    service: &Object,
    desired: &[Arc<Endpoint>],
    known: &mut Vec<(Arc<Object>, Endpoints)>,
    trigger: Option<Timestamp>,
) -> Result<(), Status> {
    let meta = slice_meta(service);
    let is_own = |label: &str, slice: &Object| slice.meta.labels.get(label) == meta.labels.get(label);
    let slices = cluster.store().list_in(Kind::EndpointSlice, &service.meta.namespace);
    let slices: Vec<Arc<Object>> = slices
        .filter(|slice| {
            !slice.meta.is_terminating() && is_own(SERVICE_NAME_LABEL, slice) && is_own(MANAGED_BY_LABEL, slice)
        })
        .cloned()
        .collect();
    let (mut existing, mut strangers) = (Vec::new(), Vec::new());
    for slice in slices {
        if slice.meta.owner_references.iter().any(|owner| owner.uid == service.meta.uid) {
            let endpoints = known.iter().find(|(known, _)| Arc::ptr_eq(known, &slice));
            existing.push(Slice::stored(&slice, endpoints.map(|(_, endpoints)| Arc::clone(endpoints))));
        } else {
            strangers.push(slice);
        }
    }
    known.clear();
    let relabel = |slice: &Object| !slice.meta.labels.iter().filter(own_label).eq(meta.labels.iter().filter(own_label));
    for slice in reconciler::reconcile(existing, desired, &relabel) {
        let written = match (&slice.object, slice.change) {
            (Some(object), Change::Keep) => Arc::clone(object),
            (Some(object), Change::Delete) => {
                cluster.delete(ACTOR, &object.object_ref(), &DeleteOptions::default())?;
                continue;
            }
            (object, _) => {
                let mut object = match object {
                    Some(object) => Object::clone(object),
                    None if service.meta.is_terminating() => continue,
                    None => Object::new(Kind::EndpointSlice, meta.clone()),
                };
                object.meta.labels.clone_from(&meta.labels);
                object.rest = slice.rest();
                endpoints::annotate(&mut object, trigger);
                if slice.object.is_some() {
                    cluster.update_unruled(ACTOR, object)?
                } else {
                    cluster.create_object(ACTOR, object)?
                }
            }
        };
        known.push((written, slice.endpoints));
    }
    for slice in strangers {
        cluster.delete(ACTOR, &slice.object_ref(), &DeleteOptions::default())?;
    }
    Ok(())
}

/// Whether a slice has this label from its Service.
// Models staging/src/k8s.io/endpointslice/utils.go isReservedLabelKey
fn own_label((label, _): &(&String, &String)) -> bool {
    !matches!(label.as_str(), SERVICE_NAME_LABEL | MANAGED_BY_LABEL | HEADLESS_LABEL)
}

// Models staging/src/k8s.io/endpointslice/utils.go newEndpointSlice
fn slice_meta(service: &Object) -> ObjectMeta {
    let mut labels = service.meta.labels.clone();
    labels.insert(MANAGED_BY_LABEL.to_owned(), "endpointslice-controller.k8s.io".to_owned());
    labels.insert(SERVICE_NAME_LABEL.to_owned(), service.meta.name.clone());
    if service.spec.text("clusterIP") == "None" {
        labels.insert(HEADLESS_LABEL.to_owned(), String::new());
    }
    ObjectMeta {
        generate_name: format!("{}-", service.meta.name),
        namespace: service.meta.namespace.clone(),
        labels,
        owner_references: vec![OwnerReference::controller(Kind::Service, &service.meta)].into(),
        ..ObjectMeta::default()
    }
}

/// Whether a pod has an address and will answer at it for some time.
// Models staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
fn should_be_in_endpoints(pod: &Object) -> bool {
    !is_terminal_phase(pod) && !pod.status.text("podIP").is_empty()
}

// Models staging/src/k8s.io/endpointslice/utils.go podToEndpoint
fn endpoint(service: &Object, pod: &Object, zone: &str) -> Value {
    let serving = is_pod_ready(pod);
    let terminating = pod.meta.is_terminating();
    let node = pod.spec.text("nodeName");
    let mut out = json!({
        "addresses": [pod.status.text("podIP")],
        "conditions": {
            "ready": service.spec.flag("publishNotReadyAddresses") || (serving && !terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {"kind": "Pod", "name": pod.meta.name, "namespace": pod.meta.namespace, "uid": pod.meta.uid},
    });
    for (field, value) in [("nodeName", node), ("zone", zone)] {
        if !value.is_empty() {
            out[field] = json!(value);
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
