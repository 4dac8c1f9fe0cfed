//! Validation: what the API server refuses, and in which words.
//!
//! Follows `pkg/apis/*/validation` of Kubernetes v1.37.2, Apache-2.0. Objects come here decoded and defaulted.

mod checks;
mod config_map;
mod diff;
mod field_error;
pub mod format;
mod internal;
mod meta;
mod pod;
mod resources;
mod rules;
mod service;
mod stateful_set;
mod storage;
mod volumes;
mod workload;

use serde_json::Value;

pub use field_error::{FieldError, go_value};
pub use meta::path_segment;
pub(crate) use pod::containers;

use super::fields::Fields;
use super::gates::FeatureGates;
use super::kind::Kind;
use super::path::Path;

/// The rules that a new object breaks.
pub fn validate(kind: Kind, object: &Value, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if kind != Kind::PodDisruptionBudget {
        meta::validate_object_meta(kind, object.field("metadata"), &mut errors);
    }
    let spec = object.field("spec");
    match kind {
        Kind::StatefulSet => stateful_set::validate(spec, gates, &mut errors),
        Kind::Pod => pod::validate_pod(object, &mut errors),
        Kind::Service => service::validate_service(object, &Value::Null, &mut errors),
        Kind::Namespace => meta::namespace_finalizers(object.field("spec"), &mut errors),
        kind => by_spec(kind, object, &mut errors),
    }
    // What has broken none of its kind's rules is looked at as any object is.
    if kind == Kind::PodDisruptionBudget && errors.list.is_empty() {
        meta::validate_any_object_meta(kind, object.field("metadata"), &mut errors);
    }
    errors.list
}

/// The rules about addresses and IP families that a Service's specification breaks.
pub(crate) fn validate_cluster_ips(spec: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    service::cluster_ips(spec, &Value::Null, &Path::ROOT.field("spec"), &mut errors);
    errors.list
}

/// The rules that changed metadata break.
pub fn validate_meta_update(kind: Kind, meta: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate_object_meta_update(kind, meta, old, &mut errors);
    errors.list
}

/// The rules that a changed object breaks.
pub fn validate_update(kind: Kind, object: &Value, old: &Value, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate_object_meta_update(kind, object.field("metadata"), old.field("metadata"), &mut errors);
    let (spec, old_spec) = (object.field("spec"), old.field("spec"));
    let path = Path::ROOT.field("spec");
    match kind {
        Kind::StatefulSet => stateful_set::validate_update(spec, old_spec, gates, &mut errors),
        Kind::Pod => pod::validate_pod_update(object, old, &mut errors),
        Kind::Service => service::validate_service_update(object, old, &mut errors),
        Kind::PersistentVolumeClaim => {
            by_spec(kind, object, &mut errors);
            storage::claim_update(object, old, &mut errors);
        }
        Kind::PersistentVolume => {
            by_spec(kind, object, &mut errors);
            storage::volume_update(spec, old_spec, &mut errors);
        }
        Kind::Node => {
            by_spec(kind, object, &mut errors);
            node_update(spec, old_spec, &path, &mut errors);
        }
        Kind::StorageClass => {
            by_spec(kind, object, &mut errors);
            // Declared rules, which show no value.
            for name in ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] {
                if object.field(name) != old.field(name) {
                    errors.invalid(&Path::ROOT.field(name), Value::Null, "field is immutable");
                }
            }
        }
        Kind::Secret => {
            errors.immutable(&Path::ROOT.field("type"), object.field("type"), old.field("type"));
            config_map::immutable_data(object, old, &mut errors);
            by_spec(kind, object, &mut errors);
        }
        Kind::ConfigMap => {
            config_map::immutable_data(object, old, &mut errors);
            by_spec(kind, object, &mut errors);
        }
        Kind::Deployment | Kind::ReplicaSet => {
            by_spec(kind, object, &mut errors);
            workload::immutable_selector(spec, old_spec, &path, &mut errors);
        }
        Kind::DaemonSet => {
            workload::immutable_selector(spec, old_spec, &path, &mut errors);
            by_spec(kind, object, &mut errors);
        }
        kind => by_spec(kind, object, &mut errors),
    }
    errors.list
}

// Models pkg/apis/core/validation/validation.go ValidateNodeUpdate
fn node_update(spec: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (ranges, old_ranges) = (spec.list("podCIDRs"), old.list("podCIDRs"));
    if !old_ranges.is_empty() && ranges != old_ranges {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.forbidden(&path.field("podCIDRs"), detail);
    }
    let (id, old_id) = (spec.text("providerID"), old.text("providerID"));
    if !old_id.is_empty() && id != old_id {
        let what = if id.is_empty() { "cleared" } else { "modified" };
        errors.invalid(&path.field("providerID"), Value::Null, &format!("field cannot be {what} once set"));
    }
}

/// The rules that a changed status breaks.
pub fn validate_status_update(kind: Kind, object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate_object_meta_update(kind, object.field("metadata"), old.field("metadata"), &mut errors);
    let status = object.field("status");
    let path = Path::ROOT.field("status");
    match kind {
        Kind::StatefulSet => stateful_set::validate_status(status, &mut errors),
        Kind::Service => {
            // Models pkg/apis/core/validation/validation.go ValidateLoadBalancerStatus
            let ingress = status.field("loadBalancer").field("ingress");
            let is_new = ingress != old.field("status").field("loadBalancer").field("ingress");
            if is_new && object.field("spec").text("type") != "LoadBalancer" {
                let path = path.field("loadBalancer");
                errors.forbidden(&path.field("ingress"), "may only be used when `spec.type` is 'LoadBalancer'");
            }
        }
        Kind::Namespace => {
            // Models pkg/apis/core/validation/validation.go ValidateNamespaceStatusUpdate
            let phase = status.text("phase");
            let (wanted, whether) = match object.field("metadata").has("deletionTimestamp") {
                true => ("Terminating", "not empty"),
                false => ("Active", "empty"),
            };
            if phase != wanted {
                let detail = format!("may only be '{wanted}' if `deletionTimestamp` is {whether}");
                errors.invalid(&path.field("Phase"), phase.into(), &detail);
            }
        }
        _ => {}
    }
    errors.list
}

/// The rules that are the same for a new and a changed object.
fn by_spec(kind: Kind, object: &Value, errors: &mut Errors) {
    let spec = object.field("spec");
    let path = Path::ROOT.field("spec");
    match kind {
        Kind::PersistentVolumeClaim => rules::run("PersistentVolumeClaimSpec", spec, &path, errors),
        Kind::PersistentVolume => rules::run("PersistentVolumeSpec", spec, &path, errors),
        Kind::PodDisruptionBudget => rules::run("PodDisruptionBudgetSpec", spec, &path, errors),
        Kind::StorageClass => storage::validate_storage_class(object, errors),
        Kind::ConfigMap => config_map::validate_config_map(object, errors),
        Kind::Secret => config_map::validate_secret(object, errors),
        Kind::Deployment => workload::validate_deployment(spec, errors),
        Kind::ReplicaSet => workload::validate_replica_set(spec, errors),
        Kind::DaemonSet => workload::validate_daemon_set(spec, errors),
        Kind::Node => {
            meta::taints(spec.list("taints"), &Path::ROOT.field("metadata").field("taints"), errors);
            pod_addresses(spec, &path.field("podCIDRs"), errors);
        }
        _ => {}
    }
}

/// The ranges of a node's pods: one of each IP family.
// Models pkg/apis/core/validation/validation.go ValidateNode
fn pod_addresses(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut ranges = spec.list("podCIDRs").to_vec();
    if ranges.is_empty() && spec.has("podCIDR") {
        ranges.push(spec.field("podCIDR").clone());
    }
    for (i, range) in ranges.iter().enumerate() {
        errors.malformed(
            &path.index(i),
            range.as_str().unwrap_or_default(),
            format::cidr(range.as_str().unwrap_or_default()),
        );
    }
    let sixes = ranges.iter().filter(|range| range.as_str().is_some_and(|text| text.contains(':'))).count();
    if ranges.len() > 2 || (ranges.len() == 2 && sixes != 1) {
        let detail = "may specify no more than one CIDR for each IP family";
        errors.invalid(path, Value::Array(ranges), detail);
    }
}

/// The errors found so far, and what the rules share.
#[derive(Default)]
struct Errors {
    list: Vec<FieldError>,
    context: Context,
}

/// What a rule has to know of the object besides the value that it is about.
#[derive(Default)]
struct Context {
    /// Whether the pod's users are those of its node.
    host_users: bool,
    host_network: bool,
    host_ipc: bool,
    /// The names of the sysctls seen.
    sysctls: Vec<String>,
    /// The topology spread constraints that come from here on.
    spread: Vec<String>,
}

impl Errors {
    fn add(&mut self, error: FieldError) {
        self.list.push(error);
    }

    fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.add(FieldError::required(path, detail));
    }

    fn invalid(&mut self, path: &Path<'_>, value: Value, detail: &str) {
        self.add(FieldError::invalid(path, &value, detail));
    }

    fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.add(FieldError::forbidden(path, detail));
    }

    fn not_supported(&mut self, path: &Path<'_>, value: &Value, supported: &[&str]) {
        self.add(FieldError::not_supported(path, value, supported));
    }

    fn too_long(&mut self, path: &Path<'_>, max: usize) {
        self.add(FieldError::too_long(path, max));
    }

    /// One error for each sentence that a format has about the value.
    fn malformed(&mut self, path: &Path<'_>, value: &str, sentences: Vec<String>) {
        for sentence in sentences {
            self.add(FieldError::invalid(path, &Value::from(value), sentence));
        }
    }

    // Models pkg/apis/core/validation/validation.go ValidateNonnegativeField
    fn nonnegative(&mut self, path: &Path<'_>, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.invalid(path, value.clone(), "must be greater than or equal to 0");
        }
    }

    // Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateImmutableField
    fn immutable(&mut self, path: &Path<'_>, value: &Value, old: &Value) {
        if value != old {
            self.invalid(path, value.clone(), "field is immutable");
        }
    }
}
