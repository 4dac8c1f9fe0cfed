//! Rules about pods, pod templates and claims.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Errors, FieldError, format, meta};
use crate::api::fields::Fields;
use crate::api::path::Path;

// Models pkg/apis/core/validation/validation.go ValidatePodTemplateSpec
pub(super) fn validate_pod_template(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metadata = template.field("metadata");
    meta::validate_labels(metadata.field("labels"), &path.field("labels"), errors);
    meta::validate_annotations(metadata.field("annotations"), &path.field("annotations"), errors);
    validate_pod_spec(template.field("spec"), &path.field("spec"), errors);
}

// Models pkg/apis/core/validation/validation.go ValidatePodSpec
pub(super) fn validate_pod_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let volumes = validate_volumes(spec.list("volumes"), &path.field("volumes"), errors);
    let containers = spec.list("containers");
    let list = path.field("containers");
    if containers.is_empty() {
        errors.required(&list, "");
    }
    let mut names = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        validate_container(container, &volumes, &mut names, &list.index(i), errors);
    }
    let list = path.field("initContainers");
    for (i, container) in spec.list("initContainers").iter().enumerate() {
        validate_container(container, &volumes, &mut names, &list.index(i), errors);
    }
    let policy = spec.field("restartPolicy");
    if !matches!(policy.as_str(), Some("Always" | "OnFailure" | "Never")) {
        errors.not_supported(&path.field("restartPolicy"), policy, &["Always", "OnFailure", "Never"]);
    }
}

/// Checks the volumes' names and gives them.
// Models pkg/apis/core/validation/validation.go ValidateVolumes
fn validate_volumes<'a>(volumes: &'a [Value], path: &Path<'_>, errors: &mut Errors) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for (i, volume) in volumes.iter().enumerate() {
        let path = path.index(i);
        let name = volume.text("name");
        if volume.has("persistentVolumeClaim") && volume.field("persistentVolumeClaim").text("claimName").is_empty() {
            errors.required(&path.field("persistentVolumeClaim").field("claimName"), "");
        }
        if name.is_empty() {
            errors.required(&path.field("name"), "");
            continue;
        }
        let sentences = format::dns1123_label(name);
        let malformed = !sentences.is_empty();
        errors.malformed(&path.field("name"), name, sentences);
        if !malformed && !names.insert(name) {
            errors.add(FieldError::duplicate(path.field("name"), volume.field("name")));
        }
    }
    names
}

// Models pkg/apis/core/validation/validation.go validateContainerCommon
fn validate_container(
    container: &Value,
    volumes: &BTreeSet<&str>,
    names: &mut BTreeSet<String>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = container.text("name");
    let name_path = path.field("name");
    if name.is_empty() {
        errors.required(&name_path, "");
    } else {
        errors.malformed(&name_path, name, format::dns1123_label(name));
        if !names.insert(name.to_owned()) {
            errors.add(FieldError::duplicate(name_path, container.field("name")));
        }
    }
    if container.text("image").is_empty() {
        errors.required(&path.field("image"), "");
    }
    validate_ports(container.list("ports"), &path.field("ports"), errors);
    validate_mounts(container.list("volumeMounts"), volumes, &path.field("volumeMounts"), errors);
}

// Models pkg/apis/core/validation/validation.go validateContainerPorts
fn validate_ports(ports: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        let name = port.text("name");
        if !name.is_empty() {
            let sentences = format::port_name(name);
            let malformed = !sentences.is_empty();
            errors.malformed(&path.field("name"), name, sentences);
            if !malformed && !names.insert(name) {
                errors.add(FieldError::duplicate(path.field("name"), port.field("name")));
            }
        }
        match port.int("containerPort").unwrap_or_default() {
            0 => errors.required(&path.field("containerPort"), ""),
            number => {
                for sentence in format::port_number(number) {
                    errors.invalid(&path.field("containerPort"), port.field("containerPort"), &sentence);
                }
            }
        }
    }
}

// Models pkg/apis/core/validation/validation.go ValidateVolumeMounts
fn validate_mounts(mounts: &[Value], volumes: &BTreeSet<&str>, path: &Path<'_>, errors: &mut Errors) {
    let mut paths = BTreeSet::new();
    for (i, mount) in mounts.iter().enumerate() {
        let path = path.index(i);
        let name = mount.text("name");
        if name.is_empty() {
            errors.required(&path.field("name"), "");
        }
        let mount_path = mount.text("mountPath");
        if mount_path.is_empty() {
            errors.required(&path.field("mountPath"), "");
        }
        if !volumes.contains(name) {
            errors.add(FieldError::not_found(path.field("name"), mount.field("name")));
        }
        if !paths.insert(mount_path) {
            errors.invalid(&path.field("mountPath"), mount.field("mountPath"), "must be unique");
        }
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec
pub(super) fn validate_claim_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.list("accessModes").is_empty() {
        errors.required(&path.field("accessModes"), "at least 1 access mode is required");
    }
    if spec.field("resources").field("requests").text("storage").is_empty() {
        let resources = path.field("resources");
        errors.required(&resources.key("storage"), "");
    }
}
