//! The objects as the API serves them, also those that are made when somebody reads them: events and Endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::cluster::events::EventRecord;
use crate::dns;

/// The objects of a kind, in one namespace or in all. Events are kept apart by the cluster, and are made objects here.
pub fn list_objects(cluster: &Cluster, kind: Kind, namespace: &str) -> Vec<Arc<Object>> {
    let in_namespace = |object: &Arc<Object>| namespace.is_empty() || object.meta.namespace == namespace;
    if kind == Kind::Endpoints {
        return endpoints(cluster).into_iter().map(Arc::new).filter(in_namespace).collect();
    }
    if kind == Kind::Event {
        let mut events: Vec<_> =
            cluster.events().map(|record| Arc::new(event_object(record))).filter(in_namespace).collect();
        crate::api::order::sort_by(&mut events, |a, b| {
            (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name))
        });
        return events;
    }
    cluster.store().list(kind).filter(|object| in_namespace(object)).cloned().collect()
}

/// The object that a reference names.
pub fn find_object(cluster: &Cluster, reference: &ObjectRef) -> Option<Arc<Object>> {
    if matches!(reference.kind, Kind::Event | Kind::Endpoints) {
        return list_objects(cluster, reference.kind, &reference.namespace)
            .into_iter()
            .find(|event| event.meta.name == reference.name);
    }
    cluster.store().find(reference).cloned()
}

/// The Endpoints of Services: the older form of their slices, which a controller of its own keeps in a real cluster.
// Models pkg/controller/endpoint/endpoints_controller.go syncService
fn endpoints(cluster: &Cluster) -> Vec<Object> {
    let selects = |service: &&Arc<Object>| !service.spec.entries("selector").is_empty();
    let services = cluster.store().list(Kind::Service).filter(selects);
    services.map(|service| endpoints_of(cluster, service)).collect()
}

fn endpoints_of(cluster: &Cluster, service: &Object) -> Object {
    let meta = &service.meta;
    let mut labels = meta.labels.clone();
    labels.insert("endpoints.kubernetes.io/managed-by".to_owned(), "endpoint-controller".to_owned());
    if dns::is_headless(service) {
        labels.insert("service.kubernetes.io/headless".to_owned(), String::new());
    }
    let mut object = Object::new(Kind::Endpoints, crate::api::meta::ObjectMeta { labels, ..meta.clone() });
    object.meta.annotations.clear();
    let mut subsets: Vec<Value> = Vec::new();
    for slice in dns::slices(cluster.store(), &meta.namespace, &meta.name) {
        let (mut ready, mut not_ready) = (Vec::new(), Vec::new());
        for endpoint in slice.rest.list("endpoints") {
            for address in endpoint.list("addresses") {
                let mut entry = json!({"ip": address, "nodeName": endpoint.field("nodeName"), "targetRef": endpoint.field("targetRef")});
                if endpoint.has("hostname") && dns::is_headless(service) {
                    entry["hostname"] = endpoint.field("hostname").clone();
                }
                let list = if endpoint.field("conditions").flag("ready") { &mut ready } else { &mut not_ready };
                list.push(entry);
            }
        }
        let mut subset = serde_json::Map::new();
        for (name, list) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
            if !list.is_empty() {
                subset.insert(name.to_owned(), Value::Array(list));
            }
        }
        if !subset.is_empty() {
            subset.insert("ports".to_owned(), slice.rest.field("ports").clone());
            subsets.push(Value::Object(subset));
        }
    }
    if !subsets.is_empty() {
        object.rest_mut().insert("subsets".to_owned(), Value::Array(subsets));
    }
    object
}

/// An event as an object of the API. The scheduler records its events through the newer API, which has other fields.
pub fn event_object(record: &EventRecord) -> Object {
    let about = &record.object;
    let namespace = record.namespace();
    let component = record.actor.component();
    let (first, last) = (record.first.to_string(), record.last.to_string());
    let mut value = json!({
        "metadata": {"name": record.name, "namespace": namespace, "creationTimestamp": first},
        "involvedObject": {
            "apiVersion": about.kind.api_version(), "kind": about.kind.name(), "name": about.name,
            "namespace": about.namespace, "uid": record.uid,
        },
        "reason": record.reason, "message": record.message, "count": record.count,
        "type": if record.warning { "Warning" } else { "Normal" },
        "firstTimestamp": first, "lastTimestamp": last, "eventTime": null,
        "source": {"component": component}, "reportingComponent": component, "reportingInstance": "",
    });
    if about.namespace.is_empty() {
        crate::api::fields::as_map(&mut value["involvedObject"]).remove("namespace");
    }
    if record.actor == Actor::Scheduler {
        let micro = |time: &str| Value::from(time.replace('Z', ".000000Z"));
        let fields = crate::api::fields::as_map(&mut value);
        fields.remove("count");
        fields.extend([
            ("firstTimestamp".to_owned(), Value::Null),
            ("lastTimestamp".to_owned(), Value::Null),
            ("eventTime".to_owned(), micro(&first)),
            ("source".to_owned(), json!({})),
            ("reportingInstance".to_owned(), Value::from("default-scheduler-1")),
            ("action".to_owned(), Value::from(if record.reason == "Scheduled" { "Binding" } else { "Scheduling" })),
        ]);
        if record.count > 1 {
            let series = json!({"count": record.count, "lastObservedTime": micro(&last)});
            fields.insert("series".to_owned(), series);
        }
    }
    Object::from_value(Kind::Event, value)
}
