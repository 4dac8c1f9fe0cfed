//! What CoreDNS answers for the names of pods and Services.
//!
//! The answers follow from EndpointSlices alone, as in a cluster: a pod has a name when a headless Service lists it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::cluster::store::Store;
use crate::controllers::endpointslice::SERVICE_NAME_LABEL;

/// The domain that every name ends with.
pub const CLUSTER_DOMAIN: &str = "cluster.local";

/// Why a pod's name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// There is no Service of the name that the set gives.
    NoService,
    /// The Service has an address of its own, so its pods get no names below it.
    NotHeadless,
    /// There is no pod.
    NoPod,
    /// The Service does not select the pod.
    NotSelected,
    /// The pod is not ready, and the Service does not publish such pods.
    NotReady,
}

/// The full name of a pod below its Service.
pub fn pod_name(hostname: &str, service: &str, namespace: &str) -> String {
    format!("{hostname}.{}", service_name(service, namespace))
}

/// The full name of a Service.
pub fn service_name(service: &str, namespace: &str) -> String {
    format!("{service}.{namespace}.svc.{CLUSTER_DOMAIN}")
}

/// Whether a Service has no address of its own.
pub fn is_headless(service: &Object) -> bool {
    service.spec.text("clusterIP") == "None"
}

/// The slices of a Service.
pub fn slices<'a>(store: &'a Store, namespace: &'a str, service: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
    store.list_in(Kind::EndpointSlice, namespace).filter(move |slice| slice.meta.label(SERVICE_NAME_LABEL) == service)
}

/// What the endpoints of a Service name, read once for as many names as are asked for.
pub struct Names<'a> {
    service: Option<&'a Arc<Object>>,
    selector: Option<Selector>,
    /// The addresses of the host names; none where the endpoint is not ready.
    hosts: BTreeMap<&'a str, Option<&'a str>>,
    /// The endpoints that are ready: their addresses, and the names of their pods.
    pub ready: Vec<(&'a str, &'a str)>,
}

impl<'a> Names<'a> {
    /// The names below a Service, which need not be there, by its endpoints.
    pub fn of(service: Option<&'a Arc<Object>>, endpoints: impl Iterator<Item = &'a Value>) -> Names<'a> {
        let mut hosts: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let mut all_ready = Vec::new();
        for endpoint in endpoints {
            let ready = endpoint.field("conditions").flag("ready");
            let address = endpoint.list("addresses").first().and_then(Value::as_str).filter(|_| ready);
            let known = hosts.entry(endpoint.text("hostname")).or_default();
            *known = known.or(address);
            all_ready.extend(address.map(|address| (address, endpoint.field("targetRef").text("name"))));
        }
        let selector = service.and_then(|service| crate::controllers::endpointslice::selector(service));
        Names { service, selector, hosts, ready: all_ready }
    }

    /// The address behind the name of a pod, which need not be there.
    ///
    /// # Errors
    /// Why there is none.
    pub fn lookup(&self, hostname: &str, pod: Option<&Object>) -> Result<&'a str, Miss> {
        let service = self.service.ok_or(Miss::NoService)?;
        if !is_headless(service) {
            return Err(Miss::NotHeadless);
        }
        match self.hosts.get(hostname) {
            Some(Some(address)) => return Ok(address),
            Some(None) => return Err(Miss::NotReady),
            None => {}
        }
        let pod = pod.ok_or(Miss::NoPod)?;
        match &self.selector {
            Some(selector) if selector.matches(&pod.meta.labels) => Err(Miss::NotReady),
            _ => Err(Miss::NotSelected),
        }
    }
}

/// The address of the cluster's name server, and its own name.
pub const SERVER: (&str, &str) = ("10.96.0.10", "kube-dns.kube-system.svc.cluster.local");

/// The names that are tried for one that a program asks for, in order: below the search domains where it has few dots.
// Models pkg/kubelet/network/dns/dns.go, and resolv.conf(5)
pub fn candidates(name: &str, namespace: &str) -> Vec<String> {
    const NDOTS: usize = 5;
    if let Some(absolute) = name.strip_suffix('.') {
        return vec![absolute.to_owned()];
    }
    let domains =
        [format!("{namespace}.svc.{CLUSTER_DOMAIN}"), format!("svc.{CLUSTER_DOMAIN}"), CLUSTER_DOMAIN.to_owned()];
    let mut names: Vec<String> = domains.iter().map(|domain| format!("{name}.{domain}")).collect();
    let at = if name.matches('.').count() >= NDOTS { 0 } else { names.len() };
    names.insert(at, name.to_owned());
    names
}

/// The full name and the addresses that a program in a namespace gets for a name; `None` where there is no such name.
pub fn resolve(store: &Store, namespace: &str, name: &str) -> Option<(String, Vec<String>)> {
    candidates(name, namespace).into_iter().find_map(|name| addresses(store, &name).map(|found| (name, found)))
}

/// The addresses of a full name; `None` where there is no such name.
// Models github.com/coredns/coredns plugin/kubernetes
pub fn addresses(store: &Store, name: &str) -> Option<Vec<String>> {
    let name = name.to_lowercase();
    if name == SERVER.1 {
        return Some(vec![SERVER.0.to_owned()]);
    }
    let rest = name.strip_suffix(CLUSTER_DOMAIN)?.strip_suffix('.')?;
    let mut labels: Vec<&str> = rest.rsplit('.').collect();
    let (zone, namespace) = (labels.first().copied()?, labels.get(1).copied()?);
    if zone == "pod" {
        let address = labels.get(2)?.replace('-', ".");
        let known = store.list_in(Kind::Pod, namespace).any(|pod| pod.status.text("podIP") == address);
        return (labels.len() == 3 && known).then(|| vec![address]);
    }
    labels.drain(..2);
    let found = match (zone, labels.as_slice()) {
        ("svc", [service]) => lookup_service(store, namespace, service),
        ("svc", [service, host]) => lookup_host(store, namespace, service, host),
        _ => Vec::new(),
    };
    (!found.is_empty()).then_some(found)
}

/// The addresses of an endpoint of a headless Service: by its host name, or by its address with hyphens.
fn lookup_host(store: &Store, namespace: &str, service: &str, host: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (name, address) in endpoint_names(store, namespace, service) {
        if name == host {
            out.push(address);
        }
    }
    out
}

/// The names below a Service, each with its address.
fn endpoint_names(store: &Store, namespace: &str, service: &str) -> Vec<(String, String)> {
    if !store.get(Kind::Service, namespace, service).is_some_and(|object| is_headless(object)) {
        return Vec::new();
    }
    let endpoints = slices(store, namespace, service).flat_map(|slice| slice.rest.list("endpoints"));
    let ready = endpoints.filter(|endpoint| endpoint.field("conditions").flag("ready"));
    ready
        .filter_map(|endpoint| {
            let address = endpoint.list("addresses").first()?.as_str()?.to_owned();
            let name = match endpoint.text("hostname") {
                "" => address.replace('.', "-"),
                hostname => hostname.to_owned(),
            };
            Some((name, address))
        })
        .collect()
}

/// A port of a Service, as its SRV records say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// The port's number.
    pub port: i64,
    /// The full name of what offers it.
    pub target: String,
}

/// The SRV records of a full name: `_web._tcp.nginx.default.svc.cluster.local`, or a Service's name for all its ports.
pub fn srv(store: &Store, name: &str) -> Vec<Srv> {
    let Some(rest) = name.strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix(".svc.")) else {
        return Vec::new();
    };
    let labels: Vec<&str> = rest.split('.').collect();
    let (wanted, service, namespace) = match labels.as_slice() {
        [port, protocol, service, namespace] => (Some((*port, *protocol)), *service, *namespace),
        [service, namespace] => (None, *service, *namespace),
        _ => return Vec::new(),
    };
    let Some(object) = store.get(Kind::Service, namespace, service) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for port in object.spec.list("ports") {
        let names = (format!("_{}", port.text("name")), format!("_{}", port.text("protocol").to_lowercase()));
        if wanted.is_some_and(|(port, protocol)| port != names.0 || protocol != names.1) {
            continue;
        }
        let own = service_name(service, namespace);
        if !is_headless(object) {
            out.push(Srv { port: port.int("port").unwrap_or_default(), target: own });
            continue;
        }
        let offered = slices(store, namespace, service).flat_map(|slice| slice.rest.list("ports"));
        let number =
            offered.filter(|offered| offered.text("name") == port.text("name")).find_map(|port| port.int("port"));
        let Some(number) = number else { continue };
        let hosts = endpoint_names(store, namespace, service).into_iter();
        out.extend(hosts.map(|(host, _)| Srv { port: number, target: format!("{host}.{own}") }));
    }
    out
}

/// The name of an address: of a pod below a headless Service, or of a Service.
pub fn reverse(store: &Store, address: &str) -> Option<String> {
    if address == SERVER.0 {
        return Some(SERVER.1.to_owned());
    }
    for service in store.list(Kind::Service) {
        let (namespace, name) = (&service.meta.namespace, &service.meta.name);
        if service.spec.text("clusterIP") == address {
            return Some(service_name(name, namespace));
        }
        let mut hosts = endpoint_names(store, namespace, name).into_iter();
        if let Some((host, _)) = hosts.find(|(_, known)| known == address) {
            return Some(format!("{host}.{}", service_name(name, namespace)));
        }
    }
    None
}

/// The addresses behind a Service's name: of all its ready pods where it is headless, else its own.
pub fn lookup_service(store: &Store, namespace: &str, service: &str) -> Vec<String> {
    let Some(object) = store.get(Kind::Service, namespace, service) else {
        return Vec::new();
    };
    if !is_headless(object) {
        return vec![object.spec.text("clusterIP").to_owned()];
    }
    slices(store, namespace, service)
        .flat_map(|slice| slice.rest.list("endpoints"))
        .filter(|endpoint| endpoint.field("conditions").flag("ready"))
        .filter_map(|endpoint| endpoint.list("addresses").first()?.as_str().map(str::to_owned))
        .collect()
}
