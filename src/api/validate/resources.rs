//! Rules about requests and limits.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Errors, FieldError, format};
use crate::api::fields::Fields;
use crate::api::path::Path;
use crate::api::quantity::Quantity;

fn quantity(value: &Value) -> Quantity {
    value.as_str().and_then(|text| Quantity::parse(text).ok()).unwrap_or_else(Quantity::zero)
}

// Models pkg/apis/core/helper/helpers.go IsHugePageResourceName
fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether the name belongs to Kubernetes: it has no prefix, or one in its domain.
// Models pkg/apis/core/helper/helpers.go IsNativeResource
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether more may be requested than there is.
// Models pkg/apis/core/helper/helpers.go IsOvercommitAllowed
fn allows_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

// Models pkg/apis/core/helper/helpers.go IsExtendedResourceName
fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && format::label_key(&format!("requests.{name}")).is_empty()
}

/// The resources that a name without a prefix can mean.
// Models pkg/apis/core/helper/helpers.go IsStandardResourceName
const STANDARD: &str = "cpu memory ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage limits.cpu \
                        limits.memory limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets \
                        configmaps persistentvolumeclaims storage requests.storage services.nodeports \
                        services.loadbalancers";

// Models pkg/apis/core/validation/validation.go ValidateContainerResourceName
fn container_resource_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let sentences = format::label_key(name);
    let malformed = !sentences.is_empty();
    errors.malformed(path, name, sentences);
    if !name.contains('/') {
        let is_standard = STANDARD.split_whitespace().any(|known| known == name)
            || is_huge_page(name)
            || name.starts_with("requests.hugepages-");
        if !malformed && !is_standard {
            errors.invalid(path, name.into(), "must be a standard resource type or fully qualified");
        }
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !is_huge_page(name) {
            errors.invalid(path, name.into(), "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid(path, name.into(), "doesn't follow extended resource name standard");
    }
}

// Models pkg/apis/core/validation/validation.go validatePodResourceName
fn pod_resource_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let sentences = format::label_key(name);
    let malformed = !sentences.is_empty();
    errors.malformed(path, name, sentences);
    if !malformed
        && !name.contains('/')
        && !STANDARD.split_whitespace().any(|known| known == name)
        && !is_huge_page(name)
    {
        errors.invalid(path, name.into(), "must be a standard resource type or fully qualified");
    } else if !malformed && !matches!(name, "cpu" | "memory") && !is_huge_page(name) {
        errors.not_supported(path, &name.into(), &["cpu", "memory"]);
    }
}

// Models pkg/apis/core/validation/validation.go ValidateResourceQuantityValue
pub(super) fn quantity_value(name: &str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let quantity = quantity(value);
    if quantity.is_negative() {
        errors.invalid(path, value.clone(), "must be greater than or equal to 0");
    }
    let is_integer = matches!(
        name,
        "pods"
            | "resourcequotas"
            | "services"
            | "replicationcontrollers"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
    );
    if (is_integer || is_extended(name)) && !quantity.is_integer() {
        errors.invalid(path, value.clone(), "must be an integer");
    }
}

/// A quantity above zero.
// Models pkg/apis/core/validation/validation.go ValidatePositiveQuantityValue
pub(super) fn positive(value: &Value, path: &Path<'_>, errors: &mut Errors) -> bool {
    let quantity = quantity(value);
    let positive = !quantity.is_zero() && !quantity.is_negative();
    if !positive {
        errors.invalid(path, value.clone(), "must be greater than zero");
    }
    positive
}

/// How a huge page's size fits into an amount of them.
// Models pkg/apis/core/validation/validation.go validateResourceQuantityHugePageValue
fn huge_pages(name: &str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let size = Quantity::parse(name.trim_start_matches("hugepages-")).unwrap_or_else(|_| Quantity::zero());
    let fits = size.value() > 0 && quantity(value).value() % size.value() == 0;
    if !fits {
        let shown = value.as_str().unwrap_or_default();
        errors.invalid(path, value.clone(), &format!("{shown} is not positive integer multiple of {name}"));
    }
}

/// Requests, limits and claims of a container, or, with `of_pod`, of a whole pod.
// Models pkg/apis/core/validation/validation.go validateResourceRequirements
pub(super) fn requirements(
    resources: &Value,
    of_pod: bool,
    claims: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name_check = if of_pod { pod_resource_name } else { container_resource_name };
    let (limits, requests) = (resources.entries("limits"), resources.entries("requests"));
    let (limits_path, requests_path) = (path.field("limits"), path.field("requests"));
    for (name, value) in limits {
        let place = limits_path.key(name);
        name_check(name, &place, errors);
        quantity_value(name, value, &place, errors);
        if is_huge_page(name) {
            huge_pages(name, value, &place, errors);
        }
    }
    for (name, value) in requests {
        let place = requests_path.key(name);
        name_check(name, &place, errors);
        quantity_value(name, value, &place, errors);
        if let Some(limit) = limits.get(name) {
            let order = quantity(value).cmp(&quantity(limit));
            let shown = limit.as_str().unwrap_or_default();
            if order.is_ne() && !allows_overcommit(name) {
                errors.invalid(&requests_path, value.clone(), &format!("must be equal to {name} limit of {shown}"));
            } else if order.is_gt() {
                let detail = format!("must be less than or equal to {name} limit of {shown}");
                errors.invalid(&requests_path, value.clone(), &detail);
            }
        } else if !allows_overcommit(name) {
            errors.required(&limits_path, "Limit must be set for non overcommitable resources");
        }
        if is_huge_page(name) {
            huge_pages(name, value, &place, errors);
        }
    }
    let names = || limits.keys().chain(requests.keys());
    if names().any(|name| is_huge_page(name)) && !names().any(|name| name == "cpu" || name == "memory") {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    claim_names(resources.list("claims"), claims, &path.field("claims"), errors);
}

// Models pkg/apis/core/validation/validation.go validateResourceClaimNames
fn claim_names(claims: &[Value], known: &BTreeSet<&str>, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (i, claim) in claims.iter().enumerate() {
        let place = path.index(i);
        let (name, request) = (claim.text("name"), claim.text("request"));
        if name.is_empty() {
            errors.required(&place, "");
            continue;
        }
        let duplicate = |shown: &str, errors: &mut Errors| {
            errors.add(FieldError::duplicate(place, &shown.into()));
        };
        if seen.contains(name) {
            duplicate(name, errors);
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                errors.malformed(&place.field("request"), request, format::dns1123_label(request));
                key = format!("{name}/{request}");
            }
            let part = format!("{name}/");
            if seen.contains(&key) {
                duplicate(&key, errors);
            } else if request.is_empty() {
                for _ in seen.iter().filter(|other| other.starts_with(&part)) {
                    duplicate(name, errors);
                }
            }
            seen.insert(key);
        }
        if !known.contains(name) {
            let names: Vec<&str> = known.iter().copied().collect();
            let rest = if names.is_empty() { " which is empty".to_owned() } else { format!(": {}", names.join(", ")) };
            let detail = format!("must be one of the names in pod.spec.resourceClaims{rest}");
            errors.add(FieldError::not_found(place, &name.into()).with_detail(detail));
        }
    }
}

/// Resources of a whole pod, and how they fit those of its containers.
// Models pkg/apis/core/validation/validation.go validatePodResources
pub(super) fn of_pod(spec: &Value, claims: &BTreeSet<&str>, path: &Path<'_>, errors: &mut Errors) {
    let resources = spec.field("resources");
    if resources.is_null() {
        return;
    }
    let place = path.field("resources");
    if spec.field("os").text("name") == "windows" {
        return errors.forbidden(&place, "may not be set for a windows pod");
    }
    if resources.has("claims") {
        errors.forbidden(&place.field("claims"), "claims may not be set for Resources at pod-level");
    }
    requirements(resources, true, claims, &place, errors);
    let requests_path = place.field("requests");
    for (name, value) in resources.entries("requests") {
        let total = total_requests(spec, name);
        if total.cmp(&quantity(value)).is_gt() {
            let detail =
                format!("must be greater than or equal to aggregate container requests of {}", total.canonical());
            errors.invalid(&requests_path.key(name), value.clone(), &detail);
        }
    }
    let containers = place.field("containers");
    for (i, container) in spec.list("containers").iter().enumerate() {
        for (name, limit) in container.field("resources").entries("limits") {
            if let Some(of_pod) = resources.entries("limits").get(name)
                && quantity(limit).cmp(&quantity(of_pod)).is_gt()
            {
                let detail =
                    format!("must be less than or equal to pod limits of {}", of_pod.as_str().unwrap_or_default());
                let container = containers.index(i);
                errors.invalid(&container.key(name).field("limits"), limit.clone(), &detail);
            }
        }
    }
}

/// What the containers of a pod request at most at one time.
// Models k8s.io/component-helpers/resource/helpers.go AggregateContainerRequests
fn total_requests(spec: &Value, name: &str) -> Quantity {
    let request = |container: &Value| quantity(container.field("resources").field("requests").field(name));
    let mut total = Quantity::zero();
    for container in spec.list("containers") {
        total.add(&request(container));
    }
    let (mut sidecars, mut highest) = (Quantity::zero(), Quantity::zero());
    for container in spec.list("initContainers") {
        let mut needed = request(container);
        if container.text("restartPolicy") == "Always" {
            total.add(&needed);
            sidecars.add(&needed);
            needed = sidecars.clone();
        } else {
            needed.add(&sidecars);
        }
        if needed.cmp(&highest).is_gt() {
            highest = needed;
        }
    }
    if highest.cmp(&total).is_gt() { highest } else { total }
}
