//! `kubectl expose`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::apply::with_annotation;
use super::context::Context;
use super::create::send;
use super::error::Error;
use super::flags::Flags;
use super::request::{DryRun, Say, change_flags, find, value_of, visit};
use super::resources::namespace;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::cluster::FieldValidation;

/// The command's flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
    ";protocol string;port string;type string;load-balancer-ip string;selector string;labels/l string;target-port string;\
     external-ip string;name string;session-affinity string;cluster-ip string;overrides string;override-type string=merge;\
     save-config bool;record bool"
);

/// Whether an object can be exposed.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/canbeexposed.go
fn check(kind: Kind) -> Result<(), Error> {
    use Kind::{Deployment, Pod, ReplicaSet, ReplicationController, Service};
    if matches!(kind, Deployment | Pod | ReplicaSet | ReplicationController | Service) {
        return Ok(());
    }
    let resource = kind.resource();
    let shown = match resource.group {
        "" => resource.kind.to_owned(),
        group => format!("{}.{group}", resource.kind),
    };
    Err(format!("cannot expose a {shown}").into())
}

/// The labels that the object's pods have.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/mapbasedselectorforobject.go
fn selector_of(kind: Kind, value: &Value) -> Result<Map<String, Value>, String> {
    let spec = value.field("spec");
    let labels = match kind {
        Kind::Pod => value.field("metadata").entries("labels"),
        Kind::Service | Kind::ReplicationController => spec.entries("selector"),
        _ if !spec.field("selector").list("matchExpressions").is_empty() => {
            let shown = spec.field("selector").list("matchExpressions").len();
            return Err(format!("couldn't convert expressions - \"{shown}\" to map-based selector format"));
        }
        _ => spec.field("selector").entries("matchLabels"),
    };
    if labels.is_empty() {
        return Err(match kind {
            Kind::Pod => "the pod has no labels and cannot be exposed".to_owned(),
            Kind::Service => "the service has no pod selector set".to_owned(),
            _ => "invalid deployment: no selectors, therefore cannot be exposed".to_owned(),
        });
    }
    Ok(labels.clone())
}

/// The ports that an object names, with their protocols.
fn ports_of(kind: Kind, value: &Value) -> Vec<(i64, String)> {
    let protocol = |port: &Value| match port.text("protocol") {
        "" => "TCP".to_owned(),
        protocol => protocol.to_owned(),
    };
    let spec = value.field("spec");
    if kind == Kind::Service {
        let ports = spec.list("ports").iter();
        return ports.map(|port| (port.int("port").unwrap_or_default(), protocol(port))).collect();
    }
    let pod = if kind == Kind::Pod { spec } else { spec.field("template").field("spec") };
    let ports = pod.list("containers").iter().flat_map(|container| container.list("ports"));
    ports.map(|port| (port.int("containerPort").unwrap_or_default(), protocol(port))).collect()
}

fn parse_labels(text: &str) -> Result<Map<String, Value>, Error> {
    let mut out = Map::new();
    for part in text.split(',') {
        let pair: Vec<&str> = part.split('=').collect();
        match pair.as_slice() {
            ["", _] => return Err("unexpected empty label key".into()),
            [key, value] => drop(out.insert((*key).to_owned(), Value::from(*value))),
            _ => return Err(format!("unexpected label spec: {part}").into()),
        }
    }
    Ok(out)
}

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go RunExpose
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of_made(context, flags)?;
    let found = find(context, flags, &|query| {
        query.latest = false;
        // --selector and -l say something else here.
        query.selector = "";
    })?;
    visit(context, found, &mut |context, info| {
        let value = value_of(&info);
        check(info.reference.kind)?;
        let mut service = service(flags, &info.reference, &value)?;
        let (namespace, enforced) = namespace(context, flags);
        if enforced || say.dry_run != DryRun::Client {
            map_in(as_map(&mut service), "metadata").insert("namespace".to_owned(), Value::from(namespace));
        }
        if say.dry_run != DryRun::Client {
            let service_value = if flags.flag("save-config") { with_annotation(service) } else { service };
            service = send(context, &service_value, say.dry_run, FieldValidation::Warn)?;
        }
        say.done(context, &service, "exposed")
    })
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go createService
fn service(flags: &Flags, reference: &ObjectRef, value: &Value) -> Result<Value, Error> {
    let kind = reference.kind;
    let selector = match flags.text("selector") {
        "" => selector_of(kind, value).map_err(|why| {
            Error::Plain(format!("couldn't retrieve selectors via --selector flag or introspection: {why}"))
        })?,
        text => parse_labels(text)?,
    };
    let known = ports_of(kind, value);
    let (port, cluster_ip) = (flags.text("port"), flags.text("cluster-ip"));
    let wanted: Vec<String> = match port {
        "" => known.iter().map(|port| port.0.to_string()).collect(),
        text => text.split(',').map(str::to_owned).collect(),
    };
    if wanted.is_empty() && cluster_ip != "None" {
        return Err("couldn't find port via --port flag or introspection".into());
    }
    let mut ports = Vec::new();
    for (i, text) in wanted.iter().enumerate() {
        let number: i64 =
            text.parse().map_err(|_| Error::Plain(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))?;
        let protocol = match flags.text("protocol") {
            "" => known.iter().find(|known| known.0 == number).map_or("TCP", |known| known.1.as_str()),
            protocol => protocol,
        };
        let target = match flags.text("target-port") {
            "" => Value::from(number),
            text => text.parse::<i64>().map_or(Value::from(text), Value::from),
        };
        let mut entry = json!({"port": number, "protocol": protocol, "targetPort": target});
        if wanted.len() > 1 {
            as_map(&mut entry).insert("name".to_owned(), Value::from(format!("port-{}", i + 1)));
        }
        ports.push(entry);
    }
    let labels = match flags.text("labels") {
        "" => value.field("metadata").entries("labels").clone(),
        text => parse_labels(text)?,
    };
    let name = match flags.text("name") {
        "" => reference.name.chars().take(63).collect(),
        name => name.to_owned(),
    };
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": selector},
        "status": {"loadBalancer": {}},
    });
    if !labels.is_empty() {
        map_in(as_map(&mut service), "metadata").insert("labels".to_owned(), Value::Object(labels));
    }
    let spec = map_in(as_map(&mut service), "spec");
    if !ports.is_empty() {
        spec.insert("ports".to_owned(), Value::Array(ports));
    }
    for (flag, field) in [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity")] {
        if !flags.text(flag).is_empty() {
            spec.insert(field.to_owned(), Value::from(flags.text(flag)));
        }
    }
    let affinity = flags.text("session-affinity");
    if !matches!(affinity, "" | "None" | "ClientIP") {
        return Err(format!("unknown session affinity: {affinity}").into());
    }
    if !flags.text("external-ip").is_empty() {
        spec.insert("externalIPs".to_owned(), json!([flags.text("external-ip")]));
    }
    Ok(service)
}
