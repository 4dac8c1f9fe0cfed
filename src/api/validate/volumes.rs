//! Rules about the volumes of a pod and their mounts.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Errors, FieldError, format, rules};
use crate::api::fields::Fields;
use crate::api::path::Path;

/// The volumes without a fault, by name: what mounts can refer to.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a Value>;

/// Checks the volumes and gives those without a fault. `pod_name` is the name of the pod, where it is known.
// Models pkg/apis/core/validation/validation.go ValidateVolumes
pub(super) fn validate_volumes<'a>(
    volumes: &'a [Value],
    pod_name: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Volumes<'a> {
    let mut sound = Volumes::new();
    let ephemeral_claim = |volume: &Value| format!("{pod_name}-{}", volume.text("name"));
    for (i, volume) in volumes.iter().enumerate() {
        let path = path.index(i);
        let before = errors.list.len();
        rules::run("VolumeSource", volume, &path, errors);
        let name = volume.text("name");
        let name_path = path.field("name");
        if volume.has("ephemeral") && !pod_name.is_empty() && !name.is_empty() {
            let claim = ephemeral_claim(volume);
            for sentence in format::dns1123_subdomain(&claim) {
                errors.invalid(&name_path, name.into(), &format!("PVC name {claim:?}: {sentence}"));
            }
        }
        let iscsi = volume.field("iscsi");
        if iscsi.has("initiatorName") && name.len() + 1 + iscsi.text("targetPortal").len() > 64 {
            let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if \
                          iscsi.initiatorName is specified.";
            errors.invalid(&name_path, name.into(), detail);
        }
        if name.is_empty() {
            errors.required(&name_path, "");
        } else {
            errors.malformed(&name_path, name, format::dns1123_label(name));
        }
        if sound.contains_key(name) {
            errors.add(FieldError::duplicate(name_path, &name.into()));
        }
        if errors.list.len() == before {
            sound.insert(name, volume);
        }
        let claim = volume.field("persistentVolumeClaim").text("claimName");
        let is_ephemeral = |other: &Value| other.has("ephemeral") && ephemeral_claim(other) == claim;
        if !pod_name.is_empty() && !claim.is_empty() && volumes.iter().any(is_ephemeral) {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid(&path.field("persistentVolumeClaim").field("claimName"), claim.into(), detail);
        }
    }
    sound
}

/// The paths within a projected volume, which must differ.
struct Paths(BTreeSet<String>);

impl Paths {
    fn add(&mut self, path: &str, shown: &str, place: &Path<'_>, errors: &mut Errors) {
        if !path.is_empty() && !self.0.insert(path.to_owned()) {
            errors.invalid(place, shown.into(), "conflicting duplicate paths");
        }
    }
}

// Models pkg/apis/core/validation/validation.go validateProjectionSources
pub(super) fn projection_sources(volume: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut paths = Paths(BTreeSet::new());
    let sources = path.field("sources");
    for (i, source) in volume.list("sources").iter().enumerate() {
        let place = sources.index(i);
        let mut count = 0;
        for kind in ["secret", "configMap"] {
            let projection = source.field(kind);
            if projection.is_null() {
                continue;
            }
            count += 1;
            let place = place.field(kind);
            let name = projection.text("name");
            if name.is_empty() {
                errors.required(&place.field("name"), "");
            }
            let items = place.field("items");
            for (i, item) in projection.list("items").iter().enumerate() {
                rules::run("KeyToPath", item, &items.index(i), errors);
                paths.add(item.text("path"), name, path, errors);
            }
        }
        if source.has("downwardAPI") {
            count += 1;
            for file in source.field("downwardAPI").list("items") {
                rules::run("DownwardAPIVolumeFile", file, &place.field("downwardAPI"), errors);
                paths.add(file.text("path"), file.text("path"), path, errors);
            }
        }
        if source.has("serviceAccountToken") {
            count += 1;
            service_account_token(source.field("serviceAccountToken"), path, &place, errors);
        }
        if source.has("clusterTrustBundle") {
            count += 1;
            let bundle = source.field("clusterTrustBundle");
            cluster_trust_bundle(bundle, &place.field("clusterTrustBundle"), errors);
            paths.add(bundle.text("path"), bundle.text("path"), path, errors);
        }
        if source.has("podCertificate") {
            count += 1;
            pod_certificate(source.field("podCertificate"), &place.field("podCertificate"), &mut paths, path, errors);
        }
        if count > 1 {
            errors.forbidden(&place, "may not specify more than 1 volume type per source");
        }
    }
}

fn service_account_token(token: &Value, path: &Path<'_>, source: &Path<'_>, errors: &mut Errors) {
    let place = source.field("serviceAccountToken");
    let seconds_place = place.field("expirationSeconds");
    match token.int("expirationSeconds") {
        None => errors.required(&seconds_place, ""),
        Some(seconds) if seconds < 600 => {
            errors.invalid(&seconds_place, seconds.into(), "may not specify a duration less than 10 minutes");
        }
        Some(seconds) if seconds > 1 << 32 => {
            errors.invalid(&seconds_place, seconds.into(), "may not specify a duration larger than 2^32 seconds");
        }
        Some(_) => {}
    }
    match token.text("path") {
        "" => errors.required(&path.field("path"), ""),
        text => errors.malformed(&path.field("path"), text, format::by_name("non_reserved", text)),
    }
    rules::run("Mode", token, &place, errors);
}

fn cluster_trust_bundle(bundle: &Value, path: &Path<'_>, errors: &mut Errors) {
    match (bundle.has("name"), bundle.has("signerName")) {
        (true, true) => errors.invalid(path, bundle.clone(), "only one of name and signerName may be used"),
        (false, false) => errors.required(path, "either name or signerName must be specified"),
        (true, false) => {
            let name = bundle.text("name");
            if name.is_empty() {
                errors.required(&path.field("name"), "must be a valid object name");
            }
            let plain = name.rsplit(':').next().unwrap_or_default();
            for sentence in format::dns1123_subdomain(plain) {
                let detail = format!("not a valid clustertrustbundlename: {sentence}");
                errors.invalid(&path.field("name"), name.into(), &detail);
            }
            if bundle.has("labelSelector") {
                let detail = "labelSelector must be unset if name is specified";
                errors.invalid(&path.field("labelSelector"), bundle.field("labelSelector").clone(), detail);
            }
        }
        (false, true) => {
            if bundle.text("signerName").is_empty() {
                errors.required(&path.field("signerName"), "must be a valid signer name");
            }
            rules::run("LabelSelector", bundle.field("labelSelector"), &path.field("labelSelector"), errors);
        }
    }
    let text = bundle.text("path");
    if text.is_empty() {
        errors.required(&path.field("path"), "");
    }
    errors.malformed(&path.field("path"), text, format::by_name("non_reserved", text));
}

fn pod_certificate(certificate: &Value, path: &Path<'_>, paths: &mut Paths, volume: &Path<'_>, errors: &mut Errors) {
    const KEY_TYPES: [&str; 6] = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
    let key_type = certificate.text("keyType");
    if !KEY_TYPES.contains(&key_type) {
        errors.not_supported(&path.field("keyType"), &key_type.into(), &KEY_TYPES);
    }
    if let Some(seconds) = certificate.int("maxExpirationSeconds").filter(|seconds| *seconds < 3600) {
        let detail = "if provided, maxExpirationSeconds must be >= 3600";
        errors.invalid(&path.field("maxExpirationSeconds"), seconds.into(), detail);
    }
    let mut count = 0;
    for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let text = certificate.text(name);
        if !text.is_empty() {
            count += 1;
            errors.malformed(&path.field(name), text, format::by_name("non_reserved", text));
            paths.add(text, text, volume, errors);
        }
    }
    if count == 0 {
        errors.required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
    }
}

// Models pkg/apis/core/validation/validation.go ValidateVolumeMounts
pub(super) fn validate_mounts(container: &Value, volumes: &Volumes<'_>, path: &Path<'_>, errors: &mut Errors) {
    let devices = container.list("volumeDevices");
    let mut seen = BTreeSet::new();
    for (i, mount) in container.list("volumeMounts").iter().enumerate() {
        let place = path.index(i);
        let (name, mount_path) = (mount.text("name"), mount.text("mountPath"));
        let (name_place, path_place) = (place.field("name"), place.field("mountPath"));
        if name.is_empty() {
            errors.required(&name_place, "");
        }
        if !volumes.contains_key(name) {
            errors.add(FieldError::not_found(name_place, &name.into()));
        }
        if mount_path.is_empty() {
            errors.required(&path_place, "");
        }
        if !seen.insert(mount_path) {
            errors.invalid(&path_place, mount_path.into(), "must be unique");
        }
        if devices.iter().any(|device| device.text("name") == name) {
            errors.invalid(&name_place, name.into(), "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device.text("devicePath") == mount_path) {
            errors.invalid(&path_place, mount_path.into(), "must not already exist as a path in volumeDevices");
        }
        let sub_path = mount.text("subPath");
        errors.malformed(&path.field("subPath"), sub_path, format::descending(sub_path));
        let expression = mount.text("subPathExpr");
        if !expression.is_empty() {
            let expression_place = place.field("subPathExpr");
            if !sub_path.is_empty() {
                errors.invalid(&expression_place, expression.into(), "subPathExpr and subPath are mutually exclusive");
            }
            errors.malformed(&path.field("subPathExpr"), expression, format::descending(expression));
        }
        propagation(mount, container, path, errors);
    }
}

// Models pkg/apis/core/validation/validation.go validateMountPropagation
// Models pkg/apis/core/validation/validation.go validateMountRecursiveReadOnly
fn propagation(mount: &Value, container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let propagation = mount.field("mountPropagation");
    let place = path.field("mountPropagation");
    match propagation.as_str() {
        None | Some("HostToContainer" | "None") => {}
        Some("Bidirectional") => {
            if !container.field("securityContext").flag("privileged") {
                errors.forbidden(&place, "Bidirectional mount propagation is available only to privileged containers");
            }
        }
        Some(_) => errors.not_supported(&place, propagation, &["Bidirectional", "HostToContainer", "None"]),
    }
    let recursive = mount.field("recursiveReadOnly");
    let place = path.field("recursiveReadOnly");
    match recursive.as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !mount.flag("readOnly") {
                errors.forbidden(&place, "may only be specified when readOnly is true");
            }
            if !matches!(propagation.as_str(), None | Some("None")) {
                errors.forbidden(&place, "may only be specified when mountPropagation is None or not specified");
            }
        }
        Some(_) => errors.not_supported(&place, recursive, &["Disabled", "Enabled", "IfPossible"]),
    }
}

// Models pkg/apis/core/validation/validation.go ValidateVolumeDevices
pub(super) fn validate_devices(container: &Value, volumes: &Volumes<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mounts = container.list("volumeMounts");
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (i, device) in container.list("volumeDevices").iter().enumerate() {
        let place = path.index(i);
        let (name, device_path) = (device.text("name"), device.text("devicePath"));
        let (name_place, path_place) = (place.field("name"), place.field("devicePath"));
        let volume = volumes.get(name);
        if name.is_empty() {
            errors.required(&name_place, "");
        }
        if names.contains(name) {
            errors.invalid(&name_place, name.into(), "must be unique");
        }
        match volume {
            None => errors.add(FieldError::not_found(name_place, &name.into())),
            Some(volume) if volume.has("persistentVolumeClaim") || volume.has("ephemeral") => {}
            Some(_) => {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name_place, name.into(), detail);
            }
        }
        if device_path.is_empty() {
            errors.required(&path_place, "");
        }
        if paths.contains(device_path) {
            errors.invalid(&path_place, device_path.into(), "must be unique");
        }
        if format::by_name("no_backsteps", device_path).is_empty() {
            paths.insert(device_path);
        } else {
            errors.invalid(&path_place, device_path.into(), "can not contain backsteps ('..')");
        }
        if mounts.iter().any(|mount| mount.text("name") == name) {
            errors.invalid(&name_place, name.into(), "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.text("mountPath") == device_path) {
            errors.invalid(&path_place, device_path.into(), "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
