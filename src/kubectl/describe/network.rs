//! What describes Services, endpoints, Ingresses, policies and roles.

use std::sync::Arc;

use serde_json::Value;

use super::Subject;
use super::writer::Writer;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::cluster::Cluster;
use crate::kubectl::printers::{host_port, labels, plain};

const NONE: &str = "<none>";

fn slices<'c>(cluster: &'c Cluster, namespace: &str, service: &str) -> Vec<&'c Arc<Object>> {
    let slices = cluster.store().list_in(Kind::EndpointSlice, namespace);
    slices.filter(|slice| slice.meta.label("kubernetes.io/service-name") == service).collect()
}

/// The addresses behind a port of a Service.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go formatEndpointSlices
fn endpoints_of(slices: &[&Arc<Object>], port_name: &str) -> String {
    if slices.is_empty() {
        return NONE.to_owned();
    }
    const MAX: usize = 3;
    let mut list: Vec<String> = Vec::new();
    let mut more = false;
    let mut count = 0;
    for slice in slices {
        let ports = slice.rest.list("ports");
        let named = ports.iter().filter(|port| port.text("name") == port_name).map(Some);
        let ports: Vec<Option<&Value>> = if ports.is_empty() { vec![None] } else { named.collect() };
        for port in ports {
            for endpoint in slice.rest.list("endpoints") {
                more |= list.len() == MAX;
                if endpoint.field("conditions").field("ready").as_bool() == Some(false) {
                    continue;
                }
                let address = endpoint.list("addresses").first().and_then(Value::as_str).unwrap_or_default();
                if !more {
                    list.push(match port {
                        None => address.to_owned(),
                        Some(port) => host_port(address, &port.int("port").unwrap_or_default().to_string()),
                    });
                }
                count += 1;
            }
        }
    }
    let text = list.join(",");
    if more { format!("{text} + {} more...", count.max(MAX) - MAX) } else { text }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeService
pub(super) fn service(w: &mut Writer, subject: &Subject<'_>) {
    let service = subject.object;
    let ingress = service.status.field("loadBalancer").list("ingress");
    if !ingress.is_empty() {
        let place = |place: &Value| match (place.text("ip"), place.text("ipMode")) {
            ("", _) => place.text("hostname").to_owned(),
            (ip, "") => ip.to_owned(),
            (ip, mode) => format!("{ip} ({mode})"),
        };
        let places: Vec<String> = ingress.iter().map(place).collect();
        w.line(0, "LoadBalancer Ingress", &places.join(", "));
    }
    let slices = slices(subject.cluster, &service.meta.namespace, &service.meta.name);
    for port in service.spec.list("ports") {
        let protocol = port.text("protocol");
        let name = if port.text("name").is_empty() { "<unset>" } else { port.text("name") };
        w.line(0, "Port", &format!("{name}\t{}/{protocol}", port.int("port").unwrap_or_default()));
        w.line(0, "TargetPort", &format!("{}/{protocol}", plain(port.field("targetPort"))));
        if port.has("appProtocol") {
            w.line(0, "AppProtocol", &port.text("appProtocol"));
        }
        if let Some(node_port @ 1..) = port.int("nodePort") {
            w.line(0, "NodePort", &format!("{name}\t{node_port}/{protocol}"));
        }
        w.line(0, "Endpoints", &endpoints_of(&slices, port.text("name")));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeEndpoints
pub(super) fn endpoints(w: &mut Writer, endpoints: &Object) {
    for subset in endpoints.rest.list("subsets") {
        for (label, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let addresses: Vec<&str> = subset.list(field).iter().map(|address| address.text("ip")).collect();
            let text = addresses.join(",");
            w.line(1, label, &if text.is_empty() { NONE } else { &text });
        }
        let rows: Vec<String> = subset.list("ports").iter().map(port_row).collect();
        if !rows.is_empty() {
            w.text(1, "Ports:\n");
            w.table(2, "Name\tPort\tProtocol", &rows);
        }
        w.text(0, "\n");
    }
}

fn port_row(port: &Value) -> String {
    let name = if port.text("name").is_empty() { "<unset>" } else { port.text("name") };
    let number = port.int("port").map_or("<unset>".to_owned(), |number| number.to_string());
    format!("{name}\t{number}\t{}", port.text("protocol"))
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeEndpointSliceV1
pub(super) fn endpoint_slice(w: &mut Writer, slice: &Object) {
    let ports: Vec<String> = slice.rest.list("ports").iter().map(port_row).collect();
    if ports.is_empty() {
        w.text(0, "Ports: <unset>\n");
    } else {
        w.text(0, "Ports:\n");
        w.table(1, "Name\tPort\tProtocol", &ports);
    }
    let endpoints = slice.rest.list("endpoints");
    w.text(0, if endpoints.is_empty() { "Endpoints: <none>\n" } else { "Endpoints:\n" });
    for endpoint in endpoints {
        let or_unset = |value: &Value| if value.is_null() { "<unset>".to_owned() } else { plain(value) };
        let addresses: Vec<&str> = endpoint.list("addresses").iter().filter_map(Value::as_str).collect();
        let text = addresses.join(", ");
        w.line(1, "- Addresses", &if text.is_empty() { NONE } else { &text });
        w.text(2, "Conditions:\n");
        w.line(3, "Ready", &or_unset(endpoint.field("conditions").field("ready")));
        w.line(2, "Hostname", &or_unset(endpoint.field("hostname")));
        let target = endpoint.field("targetRef");
        if target.is_object() {
            w.line(2, "TargetRef", &format!("{}/{}", target.text("kind"), target.text("name")));
        }
        w.line(2, "NodeName", &or_unset(endpoint.field("nodeName")));
        w.line(2, "Zone", &or_unset(endpoint.field("zone")));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeBackendV1
fn backend(subject: &Subject<'_>, backend: &Value) -> String {
    let (service, resource) = (backend.field("service"), backend.field("resource"));
    if service.is_object() {
        let (name, port) = (service.text("name"), service.field("port"));
        let shown = match port.int("number") {
            Some(number) if number != 0 => format!("{name}:{number}"),
            _ => format!("{name}:{}", port.text("name")),
        };
        let namespace = &subject.object.meta.namespace;
        let Some(found) = subject.cluster.store().get(Kind::Service, namespace, name) else {
            return format!("{shown} (<error: services \"{name}\" not found>)");
        };
        let mut port_name = "";
        for known in found.spec.list("ports") {
            let by_number = port.int("number").is_some_and(|number| number != 0 && known.int("port") == Some(number));
            if by_number || (!port.text("name").is_empty() && port.text("name") == known.text("name")) {
                port_name = known.text("name");
            }
        }
        return format!("{shown} ({})", endpoints_of(&slices(subject.cluster, namespace, name), port_name));
    }
    if resource.is_object() {
        let group = if resource.has("apiGroup") { resource.text("apiGroup") } else { NONE };
        return format!("APIGroup: {group}, Kind: {}, Name: {}", resource.text("kind"), resource.text("name"));
    }
    String::new()
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeIngressV1
pub(super) fn ingress(w: &mut Writer, subject: &Subject<'_>) {
    let spec = &subject.object.spec;
    let default = match spec.field("defaultBackend") {
        Value::Null => "<default>".to_owned(),
        value => backend(subject, value),
    };
    w.line(0, "Default backend", &default);
    let tls = spec.list("tls");
    if !tls.is_empty() {
        w.text(0, "TLS:\n");
    }
    for entry in tls {
        let hosts: Vec<&str> = entry.list("hosts").iter().filter_map(Value::as_str).collect();
        let hosts = hosts.join(",");
        match entry.text("secretName") {
            "" => w.text(1, &format!("SNI routes {hosts}\n")),
            secret => w.text(1, &format!("{secret} terminates {hosts}\n")),
        }
    }
    w.text(0, "Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------\n");
    let rules = spec.list("rules").iter().filter(|rule| rule.has("http"));
    let mut is_empty = true;
    for rule in rules {
        is_empty = false;
        w.text(1, &format!("{}\t\n", if rule.text("host").is_empty() { "*" } else { rule.text("host") }));
        for path in rule.field("http").list("paths") {
            w.text(2, &format!("\t{} \t{}\n", path.text("path"), backend(subject, path.field("backend"))));
        }
    }
    if is_empty {
        w.text(1, &format!("*\t*\t{default}\n"));
    }
}

pub(super) fn ingress_class(w: &mut Writer, parameters: &Value) {
    if parameters.is_null() {
        return;
    }
    w.text(0, "Parameters:\n");
    if parameters.has("apiGroup") {
        w.line(1, "APIGroup", &parameters.text("apiGroup"));
    }
    w.line(1, "Kind", &parameters.text("kind"));
    w.line(1, "Name", &parameters.text("name"));
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeNetworkPolicySpec
pub(super) fn network_policy(w: &mut Writer, spec: &Value) {
    w.text(0, "Spec:\n");
    let selector = match labels::selector_text(spec.field("podSelector")) {
        text if text.is_empty() => "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned(),
        text => text,
    };
    // Upstream writes the value with the blanks of another level.
    w.text(1, &format!("PodSelector:     {selector}\n"));
    let types: Vec<&str> = spec.list("policyTypes").iter().filter_map(Value::as_str).collect();
    for (ty, direction, field) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
        if !types.contains(&ty) {
            w.text(1, &format!("Not affecting {direction} traffic\n"));
            continue;
        }
        w.text(1, &format!("Allowing {direction} traffic:\n"));
        w.nest(2);
        let rules = spec.list(direction);
        if rules.is_empty() {
            w.text(0, &format!("<none> (Selected pods are isolated for {direction} connectivity)\n"));
        }
        for (i, rule) in rules.iter().enumerate() {
            policy_rule(w, rule, field);
            if i + 1 < rules.len() {
                w.text(0, "----------\n");
            }
        }
        w.unnest(2);
    }
    w.text(1, &format!("Policy Types: {}\n", types.join(", ")));
}

fn policy_rule(w: &mut Writer, rule: &Value, field: &str) {
    let ports = rule.list("ports");
    if ports.is_empty() {
        w.text(0, "To Port: <any> (traffic allowed to all ports)\n");
    }
    for port in ports {
        let protocol = if port.has("protocol") { port.text("protocol") } else { "TCP" };
        let number = match port.field("port") {
            Value::Null => "<nil>".to_owned(),
            number => plain(number),
        };
        match port.int("endPort") {
            None => w.text(0, &format!("To Port: {number}/{protocol}\n")),
            Some(end) => w.text(0, &format!("To Port Range: {number}-{end}/{protocol}\n")),
        }
    }
    let (title, what) = if field == "from" { ("From", "source") } else { ("To", "destination") };
    let peers = rule.list(field);
    if peers.is_empty() {
        w.text(0, &format!("{title}: <any> (traffic not restricted by {what})\n"));
    }
    for peer in peers {
        w.text(0, &format!("{title}:\n"));
        for (label, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
            if peer.has(field) {
                w.text(1, &format!("{label}: {}\n", labels::format_selector(peer.field(field))));
            }
        }
        let block = peer.field("ipBlock");
        if block.is_object() && !peer.has("podSelector") && !peer.has("namespaceSelector") {
            let except: Vec<&str> = block.list("except").iter().filter_map(Value::as_str).collect();
            w.text(1, "IPBlock:\n");
            w.text(2, &format!("CIDR: {}\n", block.text("cidr")));
            w.text(2, &format!("Except: {}\n", except.join(", ")));
        }
    }
}

/// The rules of a role, taken apart to one resource each, and put together where only the verbs differ.
// Models staging/src/k8s.io/kubectl/pkg/util/rbac/rbac.go BreakdownRule, CompactRules
pub(super) fn rules(w: &mut Writer, rules: &[Value]) {
    let texts = |value: &Value, name: &str| {
        value.list(name).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    // Group, resource, name and URL; and the verbs.
    let mut compact: Vec<([String; 4], Vec<String>)> = Vec::new();
    for rule in rules {
        let verbs = texts(rule, "verbs");
        let mut keys = Vec::new();
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                let key = |name: String| [group.clone(), resource.clone(), name, String::new()];
                let names = texts(rule, "resourceNames");
                if names.is_empty() {
                    keys.push(key(String::new()));
                }
                keys.extend(names.into_iter().map(key));
            }
        }
        let of_url = |url| [String::new(), String::new(), String::new(), url];
        keys.extend(texts(rule, "nonResourceURLs").into_iter().map(of_url));
        for key in keys {
            match compact.iter_mut().find(|(known, _)| *known == key) {
                None => compact.push((key, verbs.clone())),
                Some((_, known)) => {
                    let new: Vec<String> = verbs.iter().filter(|verb| !known.contains(verb)).cloned().collect();
                    known.extend(new);
                }
            }
        }
    }
    // In the order of their text, which begins with the verbs.
    order::sort_by_key(&mut compact, |([group, resource, name, url], verbs)| {
        format!("[{}],[{group}],[{resource}],[{name}],[{url}]", verbs.join(" "))
    });
    let row = |([group, resource, name, url], verbs): &([String; 4], Vec<String>)| {
        let (resource, sub) = resource.split_once('/').map_or((resource.as_str(), ""), |parts| parts);
        let group = if group.is_empty() { String::new() } else { format!(".{group}") };
        let sub = if sub.is_empty() { String::new() } else { format!("/{sub}") };
        format!("{resource}{group}{sub}\t[{url}]\t[{name}]\t[{}]", verbs.join(" "))
    };
    let rows: Vec<String> = compact.iter().map(row).collect();
    w.text(0, "PolicyRule:\n");
    w.table(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs", &rows);
}
