//! What CoreDNS answers for the names of pods and Services.
//!
//! The answers follow from EndpointSlices alone, as in a cluster: a pod has a name when a headless Service lists it.

use std::sync::Arc;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
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

/// The address behind a pod's name.
///
/// # Errors
/// Why there is none.
pub fn lookup_pod(store: &Store, namespace: &str, service: &str, hostname: &str) -> Result<String, Miss> {
    let object = store.get(Kind::Service, namespace, service).ok_or(Miss::NoService)?;
    if !is_headless(object) {
        return Err(Miss::NotHeadless);
    }
    let endpoints = slices(store, namespace, service).flat_map(|slice| slice.rest.list("endpoints"));
    let mut found = endpoints.filter(|endpoint| endpoint.text("hostname") == hostname).peekable();
    let listed = found.peek().is_some();
    let address = found
        .find(|endpoint| endpoint.field("conditions").flag("ready"))
        .and_then(|endpoint| endpoint.list("addresses").first())
        .and_then(serde_json::Value::as_str);
    match address {
        Some(address) => Ok(address.to_owned()),
        None if listed => Err(Miss::NotReady),
        None => Err(match store.get(Kind::Pod, namespace, hostname) {
            None => Miss::NoPod,
            Some(pod) => match crate::controllers::endpointslice::selector(object) {
                Some(selector) if selector.matches(&pod.meta.labels) => Miss::NotReady,
                _ => Miss::NotSelected,
            },
        }),
    }
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
