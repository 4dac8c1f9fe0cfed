//! The addresses and ports that the API server gives to Services.
//!
//! Follows `pkg/registry/core/service/storage/{storage,alloc}.go` of Kubernetes v1.37.2, Apache-2.0, for a cluster that has
//! IPv4 addresses only.

use serde_json::{Map, Value, json};

use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::path::Path;
use crate::api::status::{Reason, Status};
use crate::api::validate::{FieldError, format, validate_cluster_ips};
use crate::cluster::Cluster;

const NODE_PORTS: std::ops::Range<i64> = 30_000..32_768;

fn needs_address(spec: &Map<String, Value>) -> bool {
    matches!(spec.text("type"), "ClusterIP" | "NodePort" | "LoadBalancer")
}

fn needs_node_port(spec: &Map<String, Value>) -> bool {
    match spec.text("type") {
        "NodePort" => true,
        "LoadBalancer" => spec.field("allocateLoadBalancerNodePorts").as_bool() != Some(false),
        _ => false,
    }
}

fn is_load_balancer(spec: &Map<String, Value>) -> bool {
    spec.text("type") == "LoadBalancer"
}

fn is_external(spec: &Map<String, Value>) -> bool {
    is_load_balancer(spec) || spec.text("type") == "NodePort" || !spec.list("externalIPs").is_empty()
}

fn needs_health_check(spec: &Map<String, Value>) -> bool {
    is_load_balancer(spec) && spec.text("externalTrafficPolicy") == "Local"
}

impl Cluster {
    /// Gives a Service its addresses, IP families and node ports, before it is validated.
    ///
    /// # Errors
    /// Where an address or port that it asks for cannot be had.
    // Models pkg/registry/core/service/storage/storage.go REST.beginCreate
    // Models pkg/registry/core/service/storage/storage.go REST.beginUpdate
    pub(super) fn allocate(&self, service: &mut Object, old: Option<&Object>, dry_run: bool) -> Result<(), Status> {
        let name = service.meta.name.clone();
        let refuse = |errors: Vec<FieldError>| {
            if errors.is_empty() { Ok(()) } else { Err(Status::invalid(Kind::Service, &name, errors)) }
        };
        let own = service.object_ref();
        let spec = service.spec_mut();
        if let Some(old) = old.and_then(|old| old.spec.as_object()) {
            keep(spec, old);
        }
        if !spec.text("clusterIP").is_empty() && !spec.has("clusterIPs") {
            let address = spec.field("clusterIP").clone();
            spec.insert("clusterIPs".to_owned(), json!([address]));
        }
        if spec.text("type") == "ExternalName" {
            return Ok(());
        }
        refuse(families(spec))?;
        if !needs_address(spec) {
            return Ok(());
        }
        let mut taken = self.store.list(Kind::Service).filter(|other| other.object_ref() != own);
        if spec.text("clusterIP") != "None" {
            let before = old.map_or("", |old| old.spec.text("clusterIP"));
            let address = spec.text("clusterIP").to_owned();
            if address.is_empty() {
                let used: Vec<&str> = taken.by_ref().map(|other| other.spec.text("clusterIP")).collect();
                let address = free_address(&own.to_string(), &used);
                spec.insert("clusterIP".to_owned(), json!(address));
                spec.insert("clusterIPs".to_owned(), json!([address]));
            } else if before.is_empty() {
                // One that was another before is refused by the rules about changes.
                let used = taken.any(|other| other.spec.text("clusterIP") == address);
                refuse(wrong_address(spec, &address, used, dry_run))?;
            }
        }
        self.node_ports(service, old, dry_run)
    }

    // Models pkg/registry/core/service/storage/alloc.go Allocators.txnAllocNodePorts
    // Models pkg/registry/core/service/storage/alloc.go Allocators.txnUpdateNodePorts
    fn node_ports(&self, service: &mut Object, old: Option<&Object>, dry_run: bool) -> Result<(), Status> {
        let own = service.object_ref();
        let name = own.name.clone();
        let mut used: Vec<i64> = Vec::new();
        for other in self.store.list(Kind::Service).filter(|other| other.object_ref() != own) {
            used.extend(other.spec.list("ports").iter().map(node_port));
            used.extend(other.spec.int("healthCheckNodePort"));
        }
        let mut ports = NodePorts { seed: own.to_string(), used, allocated: Vec::new(), dry_run };
        let spec = service.spec_mut();
        if !matches!(spec.text("type"), "NodePort" | "LoadBalancer") {
            return Ok(());
        }
        let allocates = needs_node_port(spec);
        if let Some(Value::Array(list)) = spec.get_mut("ports") {
            match old {
                None => ports.init(list, allocates, &name)?,
                Some(old) => ports.update(list, old.spec.list("ports"), allocates, &name)?,
            }
        }
        if needs_health_check(spec) {
            let had = old.is_some_and(|old| old.spec.has("healthCheckNodePort"));
            match spec.int("healthCheckNodePort") {
                None => drop(spec.insert("healthCheckNodePort".to_owned(), json!(ports.next()))),
                Some(asked) if !had => ports.allocate(asked).map_err(|why| {
                    let what = "failed to allocate requested HealthCheck NodePort";
                    Status::internal_error(&format!("{what} {asked}: {why}"))
                })?,
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// A Service's port on every node; 0 where it has none.
fn node_port(port: &Value) -> i64 {
    port.int("nodePort").unwrap_or_default()
}

/// The ports of nodes that a request takes.
// Models pkg/registry/core/service/portallocator/operation.go PortAllocationOperation
struct NodePorts {
    seed: String,
    /// Those of other Services.
    used: Vec<i64>,
    /// Those of this request.
    allocated: Vec<i64>,
    dry_run: bool,
}

impl NodePorts {
    /// Takes a port, or says why it cannot be had. A dry run takes any.
    fn allocate(&mut self, port: i64) -> Result<(), &'static str> {
        if !self.dry_run && !NODE_PORTS.contains(&port) {
            return Err("provided port is not in the valid range. The range of valid ports is 30000-32767");
        }
        if self.used.contains(&port) || self.allocated.contains(&port) {
            return Err("provided port is already allocated");
        }
        self.allocated.push(port);
        Ok(())
    }

    /// Takes a free port; a dry run one that there is not.
    fn next(&mut self) -> i64 {
        let port = if self.dry_run {
            self.allocated.iter().max().unwrap_or(&NODE_PORTS.end) + 1
        } else {
            let taken: Vec<i64> = self.used.iter().chain(&self.allocated).copied().collect();
            free_port(&format!("{}/{}", self.seed, self.allocated.len()), &taken)
        };
        self.allocated.push(port);
        port
    }

    /// Takes the port that the one at `at` asks for.
    fn ask(&mut self, at: usize, port: i64, name: &str) -> Result<(), Status> {
        self.allocate(port).map_err(|why| {
            let list = Path::ROOT.field("spec");
            let place = list.field("ports");
            let cause = FieldError::invalid(place.index(at).field("nodePort"), &port.into(), why);
            Status::invalid(Kind::Service, name, vec![cause])
        })
    }

    /// Gives the ports of a new Service their numbers; those of one number share one.
    // Models pkg/registry/core/service/storage/alloc.go initNodePorts
    fn init(&mut self, list: &mut [Value], allocates: bool, name: &str) -> Result<(), Status> {
        let requested: Vec<(Option<i64>, i64)> = list.iter().map(|port| (port.int("port"), node_port(port))).collect();
        let mut shared: Vec<(Option<i64>, i64)> = Vec::new();
        for (at, port) in list.iter_mut().enumerate() {
            let (number, asked) = (port.int("port"), node_port(port));
            if asked == 0 && !allocates {
                continue;
            }
            let of_number = |list: &[(Option<i64>, i64)]| {
                list.iter().find(|(other, found)| *other == number && *found != 0).map(|(_, found)| *found)
            };
            let given = match (of_number(&shared), of_number(&requested)) {
                (Some(given), _) if asked == 0 || asked == given => given,
                (Some(_), _) => {
                    self.ask(at, asked, name)?;
                    continue;
                }
                (None, Some(requested)) => {
                    self.ask(at, requested, name)?;
                    requested
                }
                (None, None) => self.next(),
            };
            as_map(port).insert("nodePort".to_owned(), json!(given));
            shared.push((number, given));
        }
        Ok(())
    }

    // Models pkg/registry/core/service/storage/alloc.go Allocators.updateNodePorts
    fn update(&mut self, list: &mut [Value], old: &[Value], allocates: bool, name: &str) -> Result<(), Status> {
        let had: Vec<i64> = old.iter().map(node_port).collect();
        let mut seen: Vec<(String, i64)> = Vec::new();
        for (at, port) in list.iter_mut().enumerate() {
            let mut asked = node_port(port);
            if asked == 0 && !allocates {
                continue;
            }
            if asked == 0 {
                asked = self.next();
                as_map(port).insert("nodePort".to_owned(), json!(asked));
            } else if !had.contains(&asked) && !self.allocated.contains(&asked) {
                self.ask(at, asked, name)?;
            }
            let entry = (port.text("protocol").to_owned(), asked);
            if seen.contains(&entry) {
                let message = format!("duplicate nodePort: {{{} {asked}}}", entry.0);
                return Err(Status { reason: Reason::Unknown, message, about: None, causes: Vec::new() });
            }
            seen.push(entry);
        }
        Ok(())
    }
}

/// Keeps what an update does not name.
// Models pkg/registry/core/service/storage/storage.go patchAllocatedValues
// Models pkg/registry/core/service/strategy.go dropTypeDependentFields
fn keep(spec: &mut Map<String, Value>, old: &Map<String, Value>) {
    let mut keep_all = |names: &[&str]| {
        for name in names.iter().filter(|name| old.has(name)) {
            spec.entry((*name).to_owned()).or_insert_with(|| old.field(name).clone());
        }
    };
    if needs_address(old) {
        keep_all(&["ipFamilies", "ipFamilyPolicy"]);
        keep_all(&["clusterIP", "clusterIPs"]);
    }
    let mut drop_same = |needed: fn(&Map<String, Value>) -> bool, names: &[&str]| {
        if needed(old) && !needed(spec) {
            spec.retain(|name, value| !(names.contains(&name.as_str()) && value == old.field(name)));
        }
    };
    drop_same(needs_health_check, &["healthCheckNodePort"]);
    drop_same(is_load_balancer, &["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    drop_same(is_external, &["externalTrafficPolicy"]);
    drop_same(
        |spec| spec.text("type") != "ExternalName",
        &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"],
    );
    if spec.field("clusterIP") != old.field("clusterIP") && spec.field("clusterIPs") == old.field("clusterIPs") {
        spec.remove("clusterIPs");
    }
    let before = old.list("ports");
    let (needed, needs) = (needs_node_port(old), needs_node_port(spec));
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let same = before.iter().find(|old| old.field("name") == port.field("name"));
        let Some(number) = same.map(|old| old.field("nodePort")).filter(|number| !number.is_null()) else { continue };
        if needed && needs && !port.has("nodePort") {
            as_map(port).insert("nodePort".to_owned(), number.clone());
        } else if needed && !needs && port.field("nodePort") == number {
            as_map(port).remove("nodePort");
        }
    }
}

/// Fills in the IP families, or says what is wrong with those asked for.
// Models pkg/registry/core/service/storage/alloc.go Allocators.initIPFamilyFields
fn families(spec: &mut Map<String, Value>) -> Vec<FieldError> {
    let headless_without_selector = spec.text("clusterIP") == "None" && spec.entries("selector").is_empty();
    if !spec.has("ipFamilyPolicy") {
        let policy = if headless_without_selector { "RequireDualStack" } else { "SingleStack" };
        spec.insert("ipFamilyPolicy".to_owned(), json!(policy));
    }
    let errors = validate_cluster_ips(&Value::Object(spec.clone()));
    if !errors.is_empty() {
        return errors;
    }
    let mut errors = Vec::new();
    let path = Path::ROOT.field("spec");
    let policy = spec.field("ipFamilyPolicy").clone();
    let mut refuse = |name: &str, value: &Value, detail: &str| {
        errors.push(FieldError::invalid(path.field(name), value, detail));
    };
    if policy == "SingleStack" {
        for (list, what) in [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")] {
            if spec.list(list).len() == 2 {
                let detail =
                    format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                refuse("ipFamilyPolicy", &policy, &detail);
            }
        }
    }
    let addresses = spec.field("clusterIPs").clone();
    for (i, address) in addresses.as_array().into_iter().flatten().enumerate() {
        let is_v6 = format::is_ipv6(address.as_str().unwrap_or_default());
        if i >= spec.list("ipFamilies").len() && is_v6 {
            let list = path.field("clusterIPs");
            let detail = "IPv6 is not configured on this cluster";
            errors.push(FieldError::invalid(list.index(i), &addresses, detail));
        }
    }
    if !errors.is_empty() {
        return errors;
    }
    if headless_without_selector {
        let mut families = spec.list("ipFamilies").to_vec();
        if families.is_empty() {
            families.push(json!("IPv4"));
        }
        if families.len() < 2 && policy != "SingleStack" {
            let other = if families[0] == "IPv4" { "IPv6" } else { "IPv4" };
            families.push(json!(other));
        }
        spec.insert("ipFamilies".to_owned(), Value::Array(families));
        return errors;
    }
    if policy == "RequireDualStack" {
        let detail = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid(path.field("ipFamilyPolicy"), &policy, detail));
    }
    let list = path.field("ipFamilies");
    for (i, family) in spec.list("ipFamilies").iter().enumerate().filter(|(_, family)| *family == "IPv6") {
        errors.push(FieldError::invalid(list.index(i), family, "not configured on this cluster"));
    }
    if spec.list("ipFamilies").is_empty() {
        spec.insert("ipFamilies".to_owned(), json!(["IPv4"]));
    }
    errors
}

// Models pkg/registry/core/service/ipallocator/ipallocator.go Allocator.allocateService
fn wrong_address(spec: &Map<String, Value>, address: &str, used: bool, dry_run: bool) -> Vec<FieldError> {
    let why = if !address.starts_with("10.96.") && !dry_run {
        "the provided network does not match the current range".to_owned()
    } else if !address.starts_with("10.96.") || matches!(address, "10.96.0.0" | "10.96.255.255") {
        format!("the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.96.0.0/16")
    } else if used {
        "provided IP is already allocated".to_owned()
    } else {
        return Vec::new();
    };
    let detail = format!("failed to allocate IP {address}: {why}");
    vec![FieldError::invalid(Path::ROOT.field("spec").field("clusterIPs"), spec.field("clusterIPs"), detail)]
}

/// Where the search for something free begins: derived from the Service's name, so that it needs no register.
fn start(seed: &str) -> u32 {
    seed.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

fn free_address(seed: &str, used: &[&str]) -> String {
    let mut number = start(seed) % 65_000;
    loop {
        let address = format!("10.96.{}.{}", 1 + number / 256 % 254, 1 + number % 254);
        if !used.contains(&address.as_str()) {
            return address;
        }
        number += 1;
    }
}

fn free_port(seed: &str, used: &[i64]) -> i64 {
    let size = NODE_PORTS.end - NODE_PORTS.start;
    let first = i64::from(start(seed)) % size;
    let candidates = (0..size).map(|offset| NODE_PORTS.start + (first + offset) % size);
    candidates.into_iter().find(|port| !used.contains(port)).unwrap_or(NODE_PORTS.start)
}
