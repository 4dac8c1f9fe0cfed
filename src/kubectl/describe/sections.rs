//! The parts of descriptions that are more than a line, by the names that `describe.txt` has for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::writer::{Writer, long_time};
use super::{Subject, network, node, pod, storage, workload};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::api::time::{Instant, Timestamp};
use crate::kubectl::printers::{self, duration, labels};
use crate::kubectl::resources;

/// Writes a section.
pub(super) fn write(w: &mut Writer, name: &str, subject: &Subject<'_>) {
    let object = subject.object;
    match name {
        "head" => {
            w.line(0, "Name", &object.meta.name);
            w.line(0, "Namespace", &object.meta.namespace);
        }
        "name" => w.line(0, "Name", &object.meta.name),
        "namespace" => w.line(0, "Namespace", &object.meta.namespace),
        "labels" => w.labels("", "Labels", &object.meta.labels),
        "annotations" => w.annotations("Annotations", &object.meta.annotations),
        "events" => events(w, subject),
        "conditions" => workload::conditions(w, object),
        "pods.status" => workload::pods_status(w, subject),
        "template" => {
            let template = object.spec.field("template");
            pod_template_of(w, template);
        }
        "claims" => workload::claims(w, object.spec.list("volumeClaimTemplates")),
        "sts.retention" => workload::retention(w, object.spec.field("persistentVolumeClaimRetentionPolicy")),
        "job" => workload::job(w, object),
        "cronjob" => workload::cron_job(w, object),
        "hpa" => workload::autoscaler(w, object),
        "pod.node" | "pod.status" | "pod.ips" | "pod.resources" | "pod.containers" | "pod.gates" | "pod.conditions"
        | "pod.volumes" | "pod.scheduling" => pod::section(w, name, subject),
        "service" => network::service(w, subject),
        "endpoints" => network::endpoints(w, object),
        "slice" => network::endpoint_slice(w, object),
        "ingress" => network::ingress(w, subject),
        "ingressclass" => network::ingress_class(w, object.spec.field("parameters")),
        "netpol" => network::network_policy(w, &object.spec),
        "pv.affinity" => storage::node_affinity(w, object.spec.field("nodeAffinity")),
        "pv.source" => storage::volume_source(w, &object.spec, true),
        "pvc" => storage::claim(w, object, subject.cluster.now(), true),
        "pvc.pods" => storage::claim_pods(w, subject),
        "pvc.conditions" => storage::claim_conditions(w, object),
        "sc.options" => storage::mount_options(w, object.rest.list("mountOptions")),
        "sc.topologies" => storage::topologies(w, object.rest.field("allowedTopologies")),
        "csinode" => storage::csi_node(w, object.spec.list("drivers")),
        "pdb" => {
            for (label, field) in [("Min available", "minAvailable"), ("Max unavailable", "maxUnavailable")] {
                if object.spec.has(field) {
                    w.line(0, label, &printers::plain(object.spec.field(field)));
                    break;
                }
            }
        }
        "cidr.status" if !object.status.list("conditions").is_empty() => {
            w.text(0, "Status:\n");
            node::conditions(w, object);
        }
        "node" => node::node(w, subject),
        "ns" => node::namespace(w, subject),
        "limits" => {
            w.table(0, LIMIT_HEADERS, &node::limits(object.spec.list("limits")));
        }
        "quota" => node::quota(w, object),
        "configmap" => config_map(w, object),
        "secret" => secret(w, object),
        "sa" => {
            let secrets = object.rest.list("imagePullSecrets").iter();
            let names: Vec<String> = secrets.map(|secret| secret.text("name").to_owned()).collect();
            for (i, name) in names.iter().enumerate() {
                w.text(0, &format!("{}\t{name}\n", if i == 0 { PULL_SECRETS } else { "                   " }));
            }
            if names.is_empty() {
                w.text(0, &format!("{PULL_SECRETS}\t<none>\n"));
            }
        }
        "rules" => network::rules(w, object.rest.list("rules")),
        "subjects" => {
            w.text(0, "Subjects:\n");
            let row = |s: &Value| format!("{}\t{}\t{}", s.text("kind"), s.text("name"), s.text("namespace"));
            let rows: Vec<String> = object.rest.list("subjects").iter().map(row).collect();
            w.table(1, "Kind\tName\tNamespace", &rows);
        }
        _ => {}
    }
}

const PULL_SECRETS: &str = "Image pull secrets:";
/// The headers of the table of limits.
pub(super) const LIMIT_HEADERS: &str =
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";

fn pod_template_of(w: &mut Writer, template: &Value) {
    w.text(0, "Pod Template:\n");
    if template.is_null() {
        w.text(1, "<unset>");
    } else {
        workload::pod_template(w, template);
    }
}

/// The value of a line.
pub(super) fn value(name: &str, subject: &Subject<'_>) -> String {
    let object = subject.object;
    match name {
        "owner" => object.meta.controller_of().map(|o| format!("{}/{}", o.kind, o.name)).unwrap_or_default(),
        "created.long" => long_time(object.meta.creation_timestamp),
        "created.go" => {
            let time = object.meta.creation_timestamp.map(|time| time.to_string()).unwrap_or_default();
            time.replace('T', " ").replace('Z', " +0000 UTC")
        }
        "finalizers" => format!("[{}]", object.meta.finalizers.join(" ")),
        "annotations.flat" => labels::format_labels(&object.meta.annotations),
        "volume.status" => storage::status(object, subject.cluster.now()),
        "sts.unavailable" => {
            let rolling = object.spec.field("updateStrategy").field("rollingUpdate");
            if rolling.has("partition") { printers::plain(rolling.field("maxUnavailable")) } else { String::new() }
        }
        "rolling" => match object.spec.field("strategy").field("rollingUpdate") {
            Value::Null => String::new(),
            rolling => format!(
                "{} max unavailable, {} max surge",
                printers::plain(rolling.field("maxUnavailable")),
                printers::plain(rolling.field("maxSurge"))
            ),
        },
        "pdb.selector" => match object.spec.field("selector") {
            Value::Null => "<unset>".to_owned(),
            selector => labels::format_selector(selector),
        },
        "sc.default" => if printers::is_default_class(object) { "Yes" } else { "No" }.to_owned(),
        "cidrs" => {
            let cidrs: Vec<&str> = object.spec.list("cidrs").iter().filter_map(Value::as_str).collect();
            cidrs.join(", ")
        }
        name => printers::computed(name, object, subject.cluster.now()),
    }
}

/// The events about an object.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go searchEvents
fn events_about(subject: &Subject<'_>) -> Vec<std::sync::Arc<Object>> {
    let (object, meta) = (subject.object, &subject.object.meta);
    let mut events = resources::list_objects(subject.cluster, Kind::Event, &meta.namespace);
    events.retain(|event| {
        let about = event.rest.field("involvedObject");
        let uid = about.text("uid");
        about.text("name") == meta.name
            && about.text("namespace") == meta.namespace
            && (object.kind == Kind::Pod || about.text("kind") == object.kind.name())
            && (uid == meta.uid || (object.kind == Kind::Node && uid == meta.name))
    });
    // Two of one second come in the order of their milliseconds, though kubectl could not tell: in a cluster hardly two
    // are of one second, here commands take no time.
    let precise: BTreeMap<(&str, &str), Instant> =
        subject.cluster.events().map(|record| ((record.namespace(), record.name.as_str()), record.last_at)).collect();
    order::sort_by_key(&mut events, |event| {
        let seconds = Timestamp::parse(event.rest.text("lastTimestamp"));
        (
            seconds,
            seconds.and_then(|_| precise.get(&(event.meta.namespace.as_str(), event.meta.name.as_str())).copied()),
        )
    });
    events
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go DescribeEvents
pub(super) fn events(w: &mut Writer, subject: &Subject<'_>) {
    if !subject.show_events {
        return;
    }
    let events = events_about(subject);
    if events.is_empty() {
        w.line(0, "Events", &"<none>");
        return;
    }
    let now = subject.cluster.now();
    w.text(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n");
    let rows: Vec<String> = events.iter().map(|event| event_row(event, now)).collect();
    w.rows(1, &rows);
}

/// How long ago an event was, and how often it was recorded since when.
// Models staging/src/k8s.io/kubectl/pkg/cmd/events/event_printer.go getInterval
pub fn event_age(event: &Object, now: Instant) -> String {
    let rest = &event.rest;
    let ago = |text: &str| duration::since(Timestamp::parse(text), now);
    let first = match rest.text("eventTime") {
        "" => ago(rest.text("firstTimestamp")),
        time => ago(time),
    };
    let series = rest.field("series");
    match (series.is_object(), rest.int("count").unwrap_or_default()) {
        (true, _) => {
            let count = series.int("count").unwrap_or_default();
            format!("{} (x{count} over {first})", ago(series.text("lastObservedTime")))
        }
        (false, count @ 2..) => format!("{} (x{count} over {first})", ago(rest.text("lastTimestamp"))),
        _ => first,
    }
}

fn event_row(event: &Object, now: Instant) -> String {
    let rest = &event.rest;
    let age = event_age(event, now);
    let source = match rest.field("source").text("component") {
        "" => rest.text("reportingComponent"),
        component => component,
    };
    let message = rest.text("message").trim();
    let place = match rest.field("involvedObject").text("fieldPath") {
        "" => String::new(),
        path => format!("{path}: "),
    };
    format!("{}\t{}\t{age}\t{source}\t{place}{message}", rest.text("type"), rest.text("reason"))
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go ConfigMapDescriber.Describe
fn config_map(w: &mut Writer, object: &Object) {
    w.text(0, "\nData\n====\n");
    for (key, value) in object.rest.entries("data") {
        w.text(0, &format!("{key}:\n----\n{}\n\n", value.as_str().unwrap_or_default()));
    }
    w.text(0, "\nBinaryData\n====\n");
    for (key, value) in object.rest.entries("binaryData") {
        w.text(0, &format!("{key}: {} bytes\n", decoded_length(value)));
    }
    w.text(0, "\n");
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeSecret
fn secret(w: &mut Writer, object: &Object) {
    let ty = object.rest.text("type");
    w.text(0, &format!("\nType:\t{ty}\n\nData\n====\n"));
    for (key, value) in object.rest.entries("data") {
        if key == "token" && ty == "kubernetes.io/service-account-token" {
            let bytes = crate::api::base64::decode(value.as_str().unwrap_or_default()).unwrap_or_default();
            w.line(0, key, &String::from_utf8_lossy(&bytes));
        } else {
            w.line(0, key, &format!("{} bytes", decoded_length(value)));
        }
    }
}

fn decoded_length(value: &Value) -> usize {
    crate::api::base64::decode(value.as_str().unwrap_or_default()).map_or(0, |bytes| bytes.len())
}
