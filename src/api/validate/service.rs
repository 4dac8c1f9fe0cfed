//! Rules about Services.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Errors, FieldError, checks, format, internal, meta};
use crate::api::fields::Fields;
use crate::api::path::Path;

fn is_headless(spec: &Value) -> bool {
    matches!(spec.list("clusterIPs"), [only] if only.as_str() == Some("None"))
}

/// Whether the Service can be reached from outside.
// Models pkg/api/service/util.go ExternallyAccessible
fn is_external(spec: &Value) -> bool {
    match spec.text("type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.list("externalIPs").is_empty(),
        _ => false,
    }
}

// Models pkg/api/service/util.go NeedsHealthCheck
fn needs_health_check(spec: &Value) -> bool {
    spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
}

// Models pkg/apis/core/validation/validation.go validateService
pub(super) fn validate_service(service: &Value, old: &Value, errors: &mut Errors) {
    const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
    const MODE: &str = "service.kubernetes.io/topology-mode";
    let spec = service.field("spec");
    let path = &Path::ROOT.field("spec");
    let annotations = service.field("metadata").field("annotations");
    if annotations.has(HINTS) && annotations.has(MODE) && annotations.field(HINTS) != annotations.field(MODE) {
        let meta = Path::ROOT.field("metadata");
        let place = meta.field("annotations");
        let detail = format!("must match annotations[{HINTS}] when both are specified");
        errors.invalid(&place.key(MODE), annotations.field(MODE).clone(), &detail);
    }
    let ty = spec.text("type");
    let headless = is_headless(spec);
    let ports = spec.list("ports");
    let ports_path = path.field("ports");
    if ports.is_empty() && !headless && ty != "ExternalName" {
        errors.required(&ports_path, "");
    }
    if headless && matches!(ty, "LoadBalancer" | "NodePort") {
        let list = path.field("clusterIPs");
        errors.invalid(&list.index(0), "None".into(), &format!("may not be set to 'None' for {ty} services"));
    }
    if ty == "ExternalName" {
        for name in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if spec.has(name) {
                errors.forbidden(&path.field(name), "may not be set for ExternalName services");
            }
        }
        let name = spec.text("externalName");
        match name.strip_suffix('.').unwrap_or(name) {
            "" => errors.required(&path.field("externalName"), ""),
            name => errors.malformed(&path.field("externalName"), name, format::dns1123_subdomain(name)),
        }
    }
    let mut names = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        service_port(port, ports.len() > 1, &mut names, &ports_path.index(i), errors);
    }
    meta::validate_labels(spec.field("selector"), &path.field("selector"), errors);
    affinity(spec, path, errors);
    cluster_ips(spec, old.field("spec"), path, errors);
    let external = path.field("externalIPs");
    for (i, address) in spec.list("externalIPs").iter().filter_map(Value::as_str).enumerate() {
        if !old.field("spec").list("externalIPs").iter().any(|old| old.as_str() == Some(address)) {
            let sentences = format::ip(address);
            let sentences = if sentences.is_empty() { endpoint_ip(address) } else { sentences };
            errors.malformed(&external.index(i), address, sentences);
        }
    }
    const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if ty.is_empty() {
        errors.required(&path.field("type"), "");
    } else if !TYPES.contains(&ty) {
        errors.not_supported(&path.field("type"), &ty.into(), &TYPES);
    }
    port_numbers(spec, &ports_path, errors);
    load_balancer(service, old, path, errors);
    traffic(spec, path, errors);
}

/// What an address from outside cannot be.
// Models pkg/apis/core/validation/validation.go ValidateEndpointIP
fn endpoint_ip(address: &str) -> Vec<String> {
    let mut out = Vec::new();
    let v6 = address.parse::<core::net::Ipv6Addr>().ok();
    let v4 = address.parse::<core::net::Ipv4Addr>().ok();
    let is = |v4_is: fn(&core::net::Ipv4Addr) -> bool, v6_is: fn(&core::net::Ipv6Addr) -> bool| {
        v4.as_ref().is_some_and(v4_is) || v6.as_ref().is_some_and(v6_is)
    };
    if is(core::net::Ipv4Addr::is_unspecified, core::net::Ipv6Addr::is_unspecified) {
        out.push(format!("may not be unspecified ({address})"));
    }
    if is(core::net::Ipv4Addr::is_loopback, core::net::Ipv6Addr::is_loopback) {
        out.push("may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned());
    }
    if is(core::net::Ipv4Addr::is_link_local, core::net::Ipv6Addr::is_unicast_link_local) {
        out.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned());
    }
    let v4_local = |address: &core::net::Ipv4Addr| address.octets()[..3] == [224, 0, 0];
    let v6_local = |address: &core::net::Ipv6Addr| address.segments()[0] & 0xff0f == 0xff02;
    if is(v4_local, v6_local) {
        out.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned());
    }
    out
}

// Models pkg/apis/core/validation/validation.go validateServicePort
fn service_port<'a>(
    port: &'a Value,
    needs_name: bool,
    names: &mut BTreeSet<&'a str>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = port.text("name");
    let name_path = path.field("name");
    if name.is_empty() {
        if needs_name {
            errors.required(&name_path, "");
        }
    } else {
        errors.malformed(&name_path, name, format::dns1123_label(name));
        if !names.insert(name) {
            errors.add(FieldError::duplicate(name_path, &name.into()));
        }
    }
    let number = port.int("port").unwrap_or_default();
    for sentence in format::port_number(number) {
        errors.invalid(&path.field("port"), number.into(), &sentence);
    }
    super::rules::run("Protocol", port, path, errors);
    checks::port_or_name(port.field("targetPort"), &path.field("targetPort"), errors);
    if port.has("appProtocol") {
        let protocol = port.text("appProtocol");
        errors.malformed(&path.field("appProtocol"), protocol, format::label_key(protocol));
    }
}

// Models pkg/apis/core/validation/validation.go validateClientIPAffinityConfig
fn affinity(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let place = path.field("sessionAffinity");
    let config = spec.field("sessionAffinityConfig");
    let config_path = path.field("sessionAffinityConfig");
    match spec.text("sessionAffinity") {
        "" => errors.required(&place, ""),
        "None" => {
            if !config.is_null() {
                errors.forbidden(&config_path, "must not be set when session affinity is None");
            }
        }
        "ClientIP" => {
            const DETAIL: &str = "when session affinity type is ClientIP";
            let client = config_path.field("clientIP");
            let seconds = config.field("clientIP").field("timeoutSeconds");
            if config.is_null() {
                errors.required(&config_path, DETAIL);
            } else if !config.has("clientIP") {
                errors.required(&client, DETAIL);
            } else if seconds.is_null() {
                errors.required(&client.field("timeoutSeconds"), DETAIL);
            } else if !seconds.as_i64().is_some_and(|seconds| (1..=86_400).contains(&seconds)) {
                let detail = "must be greater than 0 and less than 86400";
                errors.invalid(&client.field("timeoutSeconds"), seconds.clone(), detail);
            }
        }
        other => errors.not_supported(&place, &other.into(), &["ClientIP", "None"]),
    }
}

// Models pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields
pub(super) fn cluster_ips(spec: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.text("type") == "ExternalName" {
        return;
    }
    let addresses = spec.list("clusterIPs");
    let list = path.field("clusterIPs");
    let shown = spec.field("clusterIPs");
    match (spec.text("clusterIP"), addresses.first()) {
        ("", None) => {}
        ("", Some(_)) => errors.invalid(&list, shown.clone(), "must be empty when `clusterIP` is not specified"),
        (_, None) => errors.required(&list, ""),
        (address, Some(first)) if first.as_str() != Some(address) => {
            errors.invalid(&list, shown.clone(), "first value must match `clusterIP`");
        }
        _ => {}
    }
    let families = spec.list("ipFamilies");
    let families_path = path.field("ipFamilies");
    for (i, family) in families.iter().enumerate() {
        if !matches!(family.as_str(), Some("IPv4" | "IPv6")) {
            errors.not_supported(&families_path.index(i), family, &["IPv4", "IPv6"]);
        }
        if families[..i].contains(family) {
            errors.add(FieldError::duplicate(families_path.index(i), family));
        }
    }
    super::rules::run("IPFamilyPolicy", spec, path, errors);
    let mut wrong = false;
    for (i, address) in addresses.iter().filter_map(Value::as_str).enumerate() {
        if i == 0 && address == "None" {
            if addresses.len() > 1 {
                wrong = true;
                errors.invalid(&list, shown.clone(), "'None' must be the first and only value");
            }
            continue;
        }
        if !old.list("clusterIPs").iter().any(|old| old.as_str() == Some(address)) {
            let sentences = format::ip(address);
            wrong |= !sentences.is_empty();
            errors.malformed(&list.index(i), address, sentences);
        }
    }
    if addresses.len() > 2 {
        errors.invalid(&list, shown.clone(), "may only hold up to 2 values");
    }
    if wrong {
        return;
    }
    let is_v6 = |address: &Value| format::is_ipv6(address.as_str().unwrap_or_default());
    let v6 = addresses.iter().filter(|address| is_v6(address)).count();
    if addresses.len() > 1 && (v6 == 0 || v6 == addresses.len()) {
        errors.invalid(&list, shown.clone(), "may specify no more than one IP for each IP family");
    }
    if is_headless(spec) {
        return;
    }
    for (i, (address, family)) in addresses.iter().zip(families).enumerate() {
        let expected = family.as_str().unwrap_or_default();
        if (expected == "IPv4" && is_v6(address)) || (expected == "IPv6" && !is_v6(address)) {
            let detail = format!("expected an {expected} value as indicated by `ipFamilies[{i}]`");
            errors.invalid(&list.index(i), address.clone(), &detail);
        }
    }
}

fn port_numbers(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let ports = spec.list("ports");
    let node_port = |port: &Value| port.int("nodePort").unwrap_or_default();
    if spec.text("type") == "ClusterIP" {
        for (i, _) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
            errors.forbidden(&path.index(i).field("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    let same =
        |a: &Value, b: &Value, name: &str| a.field(name) == b.field(name) && a.field("protocol") == b.field("protocol");
    for (i, port) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
        if ports[..i].iter().any(|other| same(port, other, "nodePort")) {
            errors.add(FieldError::duplicate(path.index(i).field("nodePort"), port.field("nodePort")));
        }
    }
    for (i, port) in ports.iter().enumerate() {
        if ports[..i].iter().any(|other| same(port, other, "port")) {
            let key = serde_json::json!({"protocol": port.field("protocol"), "port": port.field("port")});
            errors.add(FieldError::duplicate_shown(path.index(i), internal::shown("ServicePort", &key)));
        }
    }
}

fn load_balancer(service: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    const ANNOTATION: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    let spec = service.field("spec");
    let is_load_balancer = spec.text("type") == "LoadBalancer";
    let annotations = service.field("metadata").field("annotations");
    let ranges = spec.list("loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let place = path.field("LoadBalancerSourceRanges");
        if !is_load_balancer {
            errors.forbidden(&place, ONLY);
        }
        for (i, range) in ranges.iter().filter_map(Value::as_str).map(str::trim).enumerate() {
            let before = old.field("spec").list("loadBalancerSourceRanges");
            if !before.iter().filter_map(Value::as_str).any(|old| old.trim() == range) {
                errors.malformed(&place.index(i), range, format::cidr(range));
            }
        }
    } else if annotations.has(ANNOTATION) {
        let meta = Path::ROOT.field("metadata");
        let list = meta.field("annotations");
        let place = list.key(ANNOTATION);
        if !is_load_balancer {
            errors.forbidden(&place, ONLY);
        }
        let ranges = annotations.text(ANNOTATION).trim();
        let is_old = old.field("metadata").field("annotations").text(ANNOTATION) == annotations.text(ANNOTATION);
        if !is_old && !ranges.is_empty() {
            for range in ranges.split(',').map(str::trim) {
                errors.malformed(&place, range, format::cidr(range));
            }
        }
    }
    match (spec.has("allocateLoadBalancerNodePorts"), is_load_balancer) {
        (true, false) => errors.forbidden(&path.field("allocateLoadBalancerNodePorts"), ONLY),
        (false, true) => errors.required(&Path::ROOT.field("allocateLoadBalancerNodePorts"), ""),
        _ => {}
    }
    class(spec, path, errors);
}

// Models pkg/apis/core/validation/validation.go validateLoadBalancerClassField
fn class(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !spec.has("loadBalancerClass") {
        return;
    }
    let place = path.field("loadBalancerClass");
    let class = spec.text("loadBalancerClass");
    if spec.text("type") == "LoadBalancer" {
        errors.malformed(&place, class, format::label_key(class));
    } else {
        errors.forbidden(&place, "may only be used when `type` is 'LoadBalancer'");
    }
}

// Models pkg/apis/core/validation/validation.go validateServiceExternalTrafficPolicy
// Models pkg/apis/core/validation/validation.go validateServiceInternalTrafficFieldsValue
fn traffic(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let policy = spec.field("externalTrafficPolicy");
    let place = path.field("externalTrafficPolicy");
    match (is_external(spec), policy.as_str()) {
        (false, Some(_)) => {
            errors.invalid(&place, policy.clone(), "may only be set for externally-accessible services");
        }
        (true, None) => errors.required(&place, ""),
        (true, Some("Cluster" | "Local")) | (false, None) => {}
        (true, Some(_)) => errors.not_supported(&place, policy, &["Cluster", "Local"]),
    }
    let port = spec.int("healthCheckNodePort").unwrap_or_default();
    let place = path.field("healthCheckNodePort");
    match (needs_health_check(spec), port) {
        (false, 0) => {}
        (false, port) => {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&place, port.into(), detail);
        }
        (true, 0) => errors.required(&place, ""),
        (true, port) => {
            for sentence in format::port_number(port) {
                errors.invalid(&place, port.into(), &sentence);
            }
        }
    }
    if !spec.has("internalTrafficPolicy") && matches!(spec.text("type"), "NodePort" | "LoadBalancer" | "ClusterIP") {
        errors.required(&path.field("internalTrafficPolicy"), "");
    }
    super::rules::run("ServiceTraffic", spec, path, errors);
}

// Models pkg/apis/core/validation/validation.go ValidateServiceUpdate
pub(super) fn validate_service_update(service: &Value, old: &Value, errors: &mut Errors) {
    let (spec, before) = (service.field("spec"), old.field("spec"));
    let path = &Path::ROOT.field("spec");
    let any_external_name = [spec, before].iter().any(|spec| spec.text("type") == "ExternalName");
    let both_headless = is_headless(spec) && is_headless(before);
    if !any_external_name && !both_headless {
        kept(spec, before, "clusterIPs", "primary clusterIP", "clusterIP", path, errors);
    }
    if !any_external_name && !is_headless(spec) && !is_headless(before) {
        kept(spec, before, "ipFamilies", "primary ipFamily", "ipFamily", path, errors);
    }
    let is_load_balancer = |spec: &Value| spec.text("type") == "LoadBalancer";
    if is_load_balancer(spec)
        && is_load_balancer(before)
        && spec.field("loadBalancerClass") != before.field("loadBalancerClass")
    {
        let value = spec.field("loadBalancerClass").clone();
        errors.invalid(&path.field("loadBalancerClass"), value, "may not change once set");
    }
    class(spec, path, errors);
    if needs_health_check(spec)
        && needs_health_check(before)
        && spec.field("healthCheckNodePort") != before.field("healthCheckNodePort")
    {
        errors.forbidden(&path.field("healthCheckNodePort"), "field is immutable");
    }
    validate_service(service, old, errors);
}

/// A list of which the first item stays, and the second can come and go.
// Models pkg/apis/core/validation/validation.go validateUpgradeDowngradeClusterIPs
// Models pkg/apis/core/validation/validation.go validateUpgradeDowngradeIPFamilies
fn kept(
    spec: &Value,
    before: &Value,
    name: &str,
    primary: &str,
    secondary: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let (new, old) = (spec.list(name), before.list(name));
    let list = path.field(name);
    let shown = spec.field(name);
    if new.len() == old.len() {
        for (i, _) in new.iter().zip(old).enumerate().filter(|(_, (new, old))| new != old) {
            let i = if name == "clusterIPs" { i } else { 0 };
            errors.invalid(&list.index(i), shown.clone(), "may not change once set");
        }
        return;
    }
    if new.len() < old.len() && spec.list("clusterIPs").is_empty() {
        errors.invalid(&list.index(0), shown.clone(), &format!("{primary} can not be unset"));
    }
    if let (Some(first), Some(old_first)) = (new.first(), old.first())
        && first != old_first
    {
        errors.invalid(&list.index(0), spec.field("clusterIPs").clone(), "may not change once set");
    }
    if new.len() == 1 && old.len() > 1 && spec.text("ipFamilyPolicy") != "SingleStack" {
        let detail = format!("must be set to 'SingleStack' when releasing the secondary {secondary}");
        errors.invalid(&path.field("ipFamilyPolicy"), spec.field("ipFamilyPolicy").clone(), &detail);
    }
}
