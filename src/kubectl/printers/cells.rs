//! Cells that are more than a field.
//!
//! Follows `pkg/printers/internalversion/printers.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::{Context, access_modes, count, duration, find, is_default_class, join, labels, plain, pod};
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::order;
use crate::api::time::Timestamp;

const NONE: &str = "<none>";

/// The cell of this name.
pub(super) fn compute(name: &str, object: &Object, context: &Context<'_>) -> String {
    let (spec, status, rest) = (&*object.spec, &*object.status, &object.rest);
    let now = context.now;
    match name {
        "pod.ready" => {
            let row = pod::row(object);
            format!("{}/{}", row.ready, row.total)
        }
        "pod.status" => pod::row(object).status,
        "pod.restarts" => pod::restarts(object, now),
        "pod.gates" => pod::readiness_gates(object),
        "job.status" => job_status(object).to_owned(),
        "job.completions" => job_completions(object),
        "job.duration" => job_duration(object, now),
        "service.ip" => match spec.list("clusterIPs").first() {
            Some(ip) => plain(ip),
            None => NONE.to_owned(),
        },
        "service.external" => external_ip(object),
        "service.ports" => service_ports(spec.list("ports")),
        "ingress.hosts" => ingress_hosts(spec.list("rules")),
        "ingress.address" => load_balancer(status),
        "ingress.ports" => if spec.list("tls").is_empty() { "80" } else { "80, 443" }.to_owned(),
        "ingressclass.parameters" => {
            let parameters = spec.field("parameters");
            match (parameters.text("kind"), parameters.text("apiGroup")) {
                ("", _) => NONE.to_owned(),
                (kind, "") => format!("{kind}/{}", parameters.text("name")),
                (kind, group) => format!("{kind}.{group}/{}", parameters.text("name")),
            }
        }
        "name.default" => name_and_default(object, context),
        "endpoints" => endpoints(rest.list("subsets")),
        "node.status" => node_status(object),
        "node.roles" => or_none(node_roles(object).join(",")),
        "node.internal" => node_address(status, "InternalIP"),
        "node.external" => node_address(status, "ExternalIP"),
        "node.kernel" => {
            let info = status.field("nodeInfo");
            let kernel = or(info.text("kernelVersion"), "<unknown>");
            match info.text("architecture") {
                "" => kernel,
                architecture => format!("{kernel} ({architecture})"),
            }
        }
        "event.first" => event_first(object, now),
        "event.last" => event_last(object, now),
        "event.count" => event_count(object).to_string(),
        "event.object" => {
            let about = rest.field("involvedObject");
            let kind = about.text("kind").to_lowercase();
            if about.text("name").is_empty() { kind } else { format!("{kind}/{}", about.text("name")) }
        }
        "event.source" => event_source(object),
        "event.message" => rest.text("message").trim().to_owned(),
        "volume.phase" => if object.meta.is_terminating() { "Terminating" } else { status.text("phase") }.to_owned(),
        "volume.class" => storage_class(object),
        "pv.claim" => match spec.field("claimRef") {
            Value::Null => String::new(),
            claim => format!("{}/{}", claim.text("namespace"), claim.text("name")),
        },
        "pvc.capacity" if spec.text("volumeName").is_empty() => String::new(),
        "pvc.capacity" => or(&plain(find(object, "status.capacity.storage")), "0"),
        "pvc.modes" if spec.text("volumeName").is_empty() => String::new(),
        "pvc.modes" => access_modes(status.field("accessModes")),
        "hpa.metrics" => hpa_metrics(object),
        "configmap.data" => (count(rest.field("data")) + count(rest.field("binaryData"))).to_string(),
        "subjects.User" | "subjects.Group" | "subjects.ServiceAccount" => subjects(object, &name["subjects.".len()..]),
        "csr.duration" => match spec.int("expirationSeconds") {
            Some(seconds) => duration::human(seconds),
            None => NONE.to_owned(),
        },
        "csr.status" => csr_status(status),
        "podcertificate.state" => {
            let mut state = "Pending";
            for condition in status.list("conditions") {
                if let ty @ ("Issued" | "Denied" | "Failed") = condition.text("type") {
                    state = ty;
                }
            }
            state.to_owned()
        }
        "controller" => match object.meta.controller_of() {
            None => NONE.to_owned(),
            Some(owner) => match owner.api_version.split_once('/') {
                None => format!("{}/{}", owner.kind.to_lowercase(), owner.name),
                Some((group, _)) => format!("{}.{group}/{}", owner.kind.to_lowercase(), owner.name),
            },
        },
        "quota.request" => quota(status, false),
        "quota.limit" => quota(status, true),
        "priority.policy" => or(rest.text("preemptionPolicy"), "PreemptLowerPriority"),
        "slice.ports" => {
            let port = |port: &Value| match (port.int("port"), port.text("name")) {
                (Some(number), _) => number.to_string(),
                (None, "") => "*".to_owned(),
                (None, name) => name.to_owned(),
            };
            with_more(rest.list("ports").iter().map(port).collect(), 3)
        }
        "slice.endpoints" => {
            let endpoints = rest.list("endpoints").iter();
            with_more(endpoints.flat_map(|endpoint| endpoint.list("addresses")).map(plain).collect(), 3)
        }
        "csidriver.audiences" => match spec.field("tokenRequests") {
            Value::Null => "<unset>".to_owned(),
            _ => join(spec.list("tokenRequests").iter().map(|request| request.text("audience").to_owned())),
        },
        "policy.kind" => match spec.field("paramKind") {
            Value::Null => "<unset>".to_owned(),
            kind => format!("{}/{}", kind.text("apiVersion"), kind.text("kind")),
        },
        "policy.ref" => {
            let reference = spec.field("paramRef");
            match (reference.text("name"), reference.text("namespace")) {
                ("", _) if reference.has("selector") => labels::selector_text(reference.field("selector")),
                ("", _) => "<unset>".to_owned(),
                (name, "") => format!("*/{name}"),
                (name, namespace) => format!("{namespace}/{name}"),
            }
        }
        "flowschema.missing" => match condition(status, "Dangling") {
            Some(condition) => condition.text("status").to_owned(),
            None => "?".to_owned(),
        },
        "resourceclaim.state" => resource_claim_state(object),
        "ip.parent" => ip_parent(spec.field("parentRef")),
        "migration.resource" => {
            let resource = spec.field("resource");
            match resource.text("group") {
                "" => resource.text("resource").to_owned(),
                group => format!("{}.{group}", resource.text("resource")),
            }
        }
        "migration.status" => {
            let mut state = "Unknown";
            for condition in status.list("conditions") {
                if let ("True", ty @ ("Running" | "Failed" | "Succeeded")) =
                    (condition.text("status"), condition.text("type"))
                {
                    state = ty;
                }
            }
            state.to_owned()
        }
        "apiservice.service" => match spec.field("service") {
            Value::Null => "Local".to_owned(),
            service => format!("{}/{}", service.text("namespace"), service.text("name")),
        },
        "apiservice.available" => match condition(status, "Available") {
            None => "Unknown".to_owned(),
            Some(condition) => match (condition.text("status"), condition.text("reason")) {
                (status @ "True", _) | (status, "") => status.to_owned(),
                (status, reason) => format!("{status} ({reason})"),
            },
        },
        "created" => object.meta.creation_timestamp.map(|time| time.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn or(text: &str, default: &str) -> String {
    if text.is_empty() { default } else { text }.to_owned()
}

fn or_none(text: String) -> String {
    if text.is_empty() { NONE.to_owned() } else { text }
}

/// The first items of a list with commas between, and how many more there are.
// Models pkg/printers/internalversion/printers.go listWithMoreString
fn with_more(mut list: Vec<String>, max: usize) -> String {
    let count = list.len();
    list.truncate(max);
    match list.join(",") {
        text if count > max => format!("{text} + {} more...", count - max),
        text => or(&text, "<unset>"),
    }
}

fn condition<'a>(status: &'a Value, ty: &str) -> Option<&'a Value> {
    status.list("conditions").iter().find(|condition| condition.text("type") == ty)
}

// Models pkg/printers/internalversion/printers.go printJob
fn job_status(job: &Object) -> &'static str {
    let holds = |ty: &str| condition(&job.status, ty).is_some_and(|condition| condition.text("status") == "True");
    match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if job.meta.is_terminating() => "Terminating",
        () if holds("Suspended") => "Suspended",
        () if holds("FailureTarget") => "FailureTarget",
        () if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn job_completions(job: &Object) -> String {
    let succeeded = job.status.int("succeeded").unwrap_or_default();
    match (job.spec.int("completions"), job.spec.int("parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, Some(parallelism)) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        _ => format!("{succeeded}/1"),
    }
}

fn job_duration(job: &Object, now: crate::api::time::Instant) -> String {
    let time = |name: &str| Timestamp::parse(job.status.text(name));
    match (time("startTime"), time("completionTime")) {
        (None, _) => String::new(),
        (Some(start), None) => duration::since(Some(start), now),
        (Some(start), Some(end)) => duration::human(end.0 - start.0),
    }
}

/// Where a load balancer lets traffic in.
// Models pkg/printers/internalversion/printers.go loadBalancerStatusStringer
fn load_balancer(status: &Value) -> String {
    let ingress = status.field("loadBalancer").list("ingress").iter();
    let mut places: Vec<&str> = ingress
        .map(|place| if place.text("ip").is_empty() { place.text("hostname") } else { place.text("ip") })
        .filter(|place| !place.is_empty())
        .collect();
    order::sort_by_key(&mut places, |place| *place);
    places.dedup();
    places.join(",")
}

// Models pkg/printers/internalversion/printers.go getServiceExternalIP
fn external_ip(service: &Object) -> String {
    let mut addresses: Vec<String> = service.spec.list("externalIPs").iter().map(plain).collect();
    match service.spec.text("type") {
        "ClusterIP" | "NodePort" => or_none(addresses.join(",")),
        "LoadBalancer" => {
            let balanced = load_balancer(&service.status);
            if !balanced.is_empty() {
                addresses.insert(0, balanced);
            }
            or(&addresses.join(","), "<pending>")
        }
        "ExternalName" => service.spec.text("externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

// Models pkg/printers/internalversion/printers.go makePortString
fn service_ports(ports: &[Value]) -> String {
    or_none(join(ports.iter().map(|port| {
        let (number, protocol) = (port.int("port").unwrap_or_default(), port.text("protocol"));
        match port.int("nodePort") {
            Some(node_port @ 1..) => format!("{number}:{node_port}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    })))
}

// Models pkg/printers/internalversion/printers.go formatHosts
fn ingress_hosts(rules: &[Value]) -> String {
    let mut hosts: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= hosts.len() == 3;
        if !more && !rule.text("host").is_empty() {
            hosts.push(rule.text("host"));
        }
    }
    match (hosts.join(","), more) {
        (text, true) => format!("{text} + {} more...", rules.len() - 3),
        (text, false) => or(&text, "*"),
    }
}

fn name_and_default(object: &Object, context: &Context<'_>) -> String {
    let name = &object.meta.name;
    let is_default = match object.kind {
        crate::api::kind::Kind::StorageClass => {
            context.default_class == Some(name.as_str()) && is_default_class(object)
        }
        _ => object.meta.annotations.get("ingressclass.kubernetes.io/is-default-class").is_some_and(|v| v == "true"),
    };
    if is_default { format!("{name} (default)") } else { name.clone() }
}

/// An address and a port; an IPv6 address in brackets.
// Models net.JoinHostPort
pub(in crate::kubectl) fn host_port(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

// Models pkg/printers/internalversion/printers.go formatEndpoints
fn endpoints(subsets: &[Value]) -> String {
    if subsets.is_empty() {
        return NONE.to_owned();
    }
    let mut list = Vec::new();
    for subset in subsets {
        let addresses = || subset.list("addresses").iter().map(|address| address.text("ip"));
        if subset.list("ports").is_empty() {
            list.extend(addresses().map(str::to_owned));
        }
        for port in subset.list("ports") {
            let port = port.int("port").unwrap_or_default().to_string();
            list.extend(addresses().map(|ip| host_port(ip, &port)));
        }
    }
    if list.is_empty() { String::new() } else { with_more(list, 3) }
}

// Models pkg/printers/internalversion/printers.go printNode
fn node_status(node: &Object) -> String {
    let ready = match condition(&node.status, "Ready") {
        None => "Unknown",
        Some(condition) if condition.text("status") == "True" => "Ready",
        Some(_) => "NotReady",
    };
    let suffix = if node.spec.flag("unschedulable") { ",SchedulingDisabled" } else { "" };
    format!("{ready}{suffix}")
}

/// The roles that a node's labels give it, sorted.
// Models pkg/printers/internalversion/printers.go findNodeRoles
pub(in crate::kubectl) fn node_roles(node: &Object) -> Vec<&str> {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in &node.meta.labels {
        match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => roles.push(role),
            None if key == "kubernetes.io/role" => roles.push(value),
            None => {}
        }
    }
    roles.retain(|role| !role.is_empty());
    order::sort_by_key(&mut roles, |role| *role);
    roles.dedup();
    roles
}

fn node_address(status: &Value, ty: &str) -> String {
    let address = status.list("addresses").iter().find(|address| address.text("type") == ty);
    address.map_or(NONE, |address| address.text("address")).to_owned()
}

fn event_first(event: &Object, now: crate::api::time::Instant) -> String {
    let time = |name: &str| Timestamp::parse(event.rest.text(name));
    duration::since(time("firstTimestamp").or_else(|| time("eventTime")), now)
}

// Models pkg/printers/internalversion/printers.go printEvent
fn event_last(event: &Object, now: crate::api::time::Instant) -> String {
    let series = event.rest.field("series");
    if series.is_object() {
        return duration::since(Timestamp::parse(series.text("lastObservedTime")), now);
    }
    match Timestamp::parse(event.rest.text("lastTimestamp")) {
        None => event_first(event, now),
        last => duration::since(last, now),
    }
}

fn event_count(event: &Object) -> i64 {
    match event.rest.field("series").int("count") {
        Some(count) => count,
        None => event.rest.int("count").unwrap_or_default().max(1),
    }
}

// Models pkg/printers/internalversion/printers.go formatEventSource
fn event_source(event: &Object) -> String {
    let source = event.rest.field("source");
    let component = or(source.text("component"), event.rest.text("reportingComponent"));
    match or(source.text("host"), event.rest.text("reportingInstance")) {
        instance if instance.is_empty() => component,
        instance => format!("{component}, {instance}"),
    }
}

/// The storage class of a claim or a volume.
// Models pkg/apis/core/helper/helpers.go GetPersistentVolumeClaimClass
fn storage_class(object: &Object) -> String {
    match object.meta.annotations.get("volume.beta.kubernetes.io/storage-class") {
        Some(class) => class.clone(),
        None => object.spec.text("storageClassName").to_owned(),
    }
}

// Models pkg/printers/internalversion/printers.go formatHPAMetrics
fn hpa_metrics(hpa: &Object) -> String {
    let specs = hpa.spec.list("metrics");
    if specs.is_empty() {
        return NONE.to_owned();
    }
    let statuses = hpa.status.list("currentMetrics");
    let metric = |(i, spec): (usize, &Value)| {
        let field = match spec.text("type") {
            "External" => "external",
            "Pods" => "pods",
            "Object" => "object",
            "Resource" => "resource",
            "ContainerResource" => "containerResource",
            _ => return "<unknown type>".to_owned(),
        };
        let target = spec.field(field).field("target");
        let current = statuses.get(i).map(|status| status.field(field).field("current"));
        let shown = |name: &str| current.map_or(String::new(), |current| plain(current.field(name)));
        let percent = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text + "%" };
        let average = target.has("averageValue");
        if field.ends_with("esource") {
            let name = spec.field(field).text("name");
            return if average {
                let current = or(&shown("averageValue"), "<unknown>");
                format!("{name}: {current}/{}", plain(target.field("averageValue")))
            } else {
                let current = percent(shown("averageUtilization"), "<unknown>");
                format!("{name}: {current}/{}", percent(plain(target.field("averageUtilization")), "<auto>"))
            };
        }
        let value = if average { "averageValue" } else { "value" };
        let suffix = if average && field != "pods" { " (avg)" } else { "" };
        format!("{}/{}{suffix}", or(&shown(value), "<unknown>"), plain(target.field(value)))
    };
    let mut list: Vec<String> = specs.iter().enumerate().map(metric).collect();
    list.truncate(2);
    let more = if specs.len() > 2 { format!(" + {} more...", specs.len() - 2) } else { String::new() };
    list.join(", ") + &more
}

// Models pkg/apis/rbac/helpers.go SubjectsStrings
fn subjects(binding: &Object, kind: &str) -> String {
    let subjects = binding.rest.list("subjects").iter().filter(|subject| subject.text("kind") == kind);
    let names: Vec<String> = subjects
        .map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", subject.text("namespace"), subject.text("name")),
            _ => subject.text("name").to_owned(),
        })
        .collect();
    names.join(", ")
}

// Models pkg/printers/internalversion/printers.go extractCSRStatus
fn csr_status(status: &Value) -> String {
    let has = |ty: &str| condition(status, ty).is_some();
    let decision = match () {
        () if has("Denied") => "Denied",
        () if has("Approved") => "Approved",
        () => "Pending",
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if status.text("certificate").is_empty() { "" } else { ",Issued" };
    format!("{decision}{failed}{issued}")
}

// Models pkg/printers/internalversion/printers.go printResourceQuota
fn quota(status: &Value, limits: bool) -> String {
    let hard = status.entries("hard").iter().filter(|(name, _)| name.starts_with("limits.") == limits);
    let used = status.field("used");
    let parts: Vec<String> =
        hard.map(|(name, hard)| format!("{name}: {}/{}", or(&plain(used.field(name)), "0"), plain(hard))).collect();
    parts.join(", ")
}

// Models pkg/printers/internalversion/printers.go resourceClaimState
fn resource_claim_state(claim: &Object) -> String {
    let deleted = claim.meta.is_terminating();
    let mut states = if deleted { vec!["deleted"] } else { Vec::new() };
    if claim.status.has("allocation") {
        states.push("allocated");
        if !claim.status.list("reservedFor").is_empty() {
            states.push("reserved");
        }
    } else if !deleted {
        states.push("pending");
    }
    states.join(",")
}

// Models pkg/printers/internalversion/printers.go printIPAddress
fn ip_parent(parent: &Value) -> String {
    if parent.is_null() {
        return NONE.to_owned();
    }
    let mut text = parent.text("resource").to_lowercase();
    for (separator, part) in [(".", parent.text("group").to_lowercase().as_str()), ("/", parent.text("namespace"))] {
        if !part.is_empty() {
            text.push_str(separator);
            text.push_str(part);
        }
    }
    format!("{text}/{}", parent.text("name"))
}
