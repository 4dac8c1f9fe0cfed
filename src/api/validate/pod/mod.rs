//! Rules about pods and pod templates.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

mod containers;
mod update;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::volumes::{self, Volumes};
use super::{Errors, FieldError, checks, format, internal, meta, resources, rules};
use crate::api::fields::Fields;
use crate::api::path::Path;

pub(super) use update::validate_pod_update;

/// What a pod as a whole says to its containers.
struct Pod<'a> {
    spec: &'a Value,
    volumes: Volumes<'a>,
    claims: BTreeSet<&'a str>,
    grace: Option<i64>,
}

// Models pkg/apis/core/validation/validation.go ValidatePodTemplateSpec
pub(super) fn validate_pod_template(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metadata = template.field("metadata");
    let spec = template.field("spec");
    let spec_path = path.field("spec");
    meta::validate_labels(metadata.field("labels"), &path.field("labels"), errors);
    meta::validate_annotations(metadata.field("annotations"), &path.field("annotations"), errors);
    specific_annotations(metadata, spec, &path.field("annotations"), errors);
    validate_pod_spec(spec, "", false, &spec_path, errors);
    if spec.has("ephemeralContainers") {
        let place = spec_path.field("ephemeralContainers");
        errors.forbidden(&place, "ephemeral containers not allowed in pod template");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePodCreate
pub(super) fn validate_pod(pod: &Value, errors: &mut Errors) {
    metadata_and_spec(pod, errors);
    let spec = pod.field("spec");
    let path = Path::ROOT.field("spec");
    if spec.has("ephemeralContainers") {
        errors.forbidden(&path.field("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.text("nodeName").is_empty() && spec.has("schedulingGates") {
        errors.forbidden(&path.field("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

// Models pkg/apis/core/validation/validation.go validatePodMetadataAndSpec
fn metadata_and_spec(pod: &Value, errors: &mut Errors) {
    let (metadata, spec) = (pod.field("metadata"), pod.field("spec"));
    let path = Path::ROOT.field("spec");
    let meta_path = Path::ROOT.field("metadata");
    specific_annotations(metadata, spec, &meta_path.field("annotations"), errors);
    validate_pod_spec(spec, metadata.text("name"), true, &path, errors);
    if spec.text("serviceAccountName").is_empty() {
        let volumes = path.field("volumes");
        for (i, volume) in spec.list("volumes").iter().enumerate() {
            let volume_path = volumes.index(i);
            let projected = volume_path.field("projected");
            let sources = projected.field("sources");
            for (i, _) in volume
                .field("projected")
                .list("sources")
                .iter()
                .enumerate()
                .filter(|(_, s)| s.has("serviceAccountToken"))
            {
                let source = sources.index(i);
                let place = source.field("serviceAccountToken");
                errors.forbidden(&place, "must not be specified when serviceAccountName is not set");
            }
        }
    }
    errors.nonnegative(&path.field("terminationGracePeriodSeconds"), spec.field("terminationGracePeriodSeconds"));
    for list in ["containers", "initContainers"] {
        let list_path = path.field(list);
        for (i, container) in spec.list(list).iter().enumerate() {
            untrimmed_image(container, &list_path.index(i), errors);
        }
    }
}

fn untrimmed_image(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let image = container.text("image");
    if image.trim() != image {
        errors.invalid(&path.field("image"), image.into(), "must not have leading or trailing whitespace");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations
pub(super) fn specific_annotations(metadata: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    const MIRROR: &str = "kubernetes.io/config.mirror";
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
    let annotations = metadata.field("annotations");
    if annotations.has(MIRROR) && spec.text("nodeName").is_empty() {
        let value = annotations.field(MIRROR).clone();
        errors.invalid(&path.key(MIRROR), value, "must set spec.nodeName if mirror pod annotation is set");
    }
    if annotations.has(COST) {
        let text = annotations.text(COST);
        let canonical = text.parse::<i32>().is_ok_and(|cost| cost.to_string() == text);
        if !canonical {
            errors.invalid(&path.key(COST), text.into(), "must be a 32bit integer");
        }
    }
    for (key, value) in annotations.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        if key == "seccomp.security.alpha.kubernetes.io/pod"
            || key.starts_with("container.seccomp.security.alpha.kubernetes.io/")
        {
            let place = path.field(key);
            match text.strip_prefix("localhost/") {
                Some(profile) => errors.malformed(&place, profile, format::descending(profile)),
                None if matches!(text, "runtime/default" | "docker/default" | "unconfined") => {}
                None => errors.invalid(&place, text.into(), "must be a valid seccomp profile"),
            }
        }
        if let Some(name) = key.strip_prefix(APP_ARMOR) {
            if !containers(spec).any(|(_, _, container)| container.text("name") == name) {
                errors.invalid(&path.key(key), name.into(), "container not found");
            }
            if !matches!(text, "" | "runtime/default" | "unconfined") && !text.starts_with("localhost/") {
                errors.invalid(&path.key(key), text.into(), &format!("invalid AppArmor profile name: {text:?}"));
            }
        }
    }
}

/// Every container of a pod, with the list that it is in and its place there.
// Models pkg/apis/core/pods/helpers.go VisitContainersWithPath
pub(crate) fn containers(spec: &Value) -> impl Iterator<Item = (&'static str, usize, &Value)> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|list| spec.list(list).iter().enumerate().map(move |(i, container)| (list, i, container)))
}

/// Calls `check` for each container with its place.
fn each_container(spec: &Value, path: &Path<'_>, check: &mut dyn FnMut(&Value, &Path<'_>)) {
    for (list, i, container) in containers(spec) {
        check(container, &path.field(list).index(i));
    }
}

/// Checks a specification; `is_pod` says that it is that of a pod, not of a template.
// Models pkg/apis/core/validation/validation.go ValidatePodSpec
fn validate_pod_spec(spec: &Value, pod_name: &str, is_pod: bool, path: &Path<'_>, errors: &mut Errors) {
    let host_users = spec.field("hostUsers").as_bool() != Some(false);
    errors.context.host_users = host_users;
    errors.context.host_network = spec.flag("hostNetwork");
    errors.context.host_ipc = spec.flag("hostIPC");
    errors.context.sysctls.clear();
    let volumes = volumes::validate_volumes(spec.list("volumes"), pod_name, &path.field("volumes"), errors);
    let mut claims = BTreeSet::new();
    claims.extend(spec.list("resourceClaims").iter().map(|claim| claim.text("name")).filter(|name| !name.is_empty()));
    let pod = Pod { spec, volumes, claims, grace: spec.int("terminationGracePeriodSeconds") };
    resource_claims(spec.list("resourceClaims"), &path.field("resourceClaims"), errors);
    pod.containers(&path.field("containers"), errors);
    pod.init_containers(&path.field("initContainers"), errors);
    pod.ephemeral_containers(&path.field("ephemeralContainers"), errors);
    resources::of_pod(spec, &pod.claims, path, errors);
    if spec.flag("hostNetwork") {
        host_ports(spec, is_pod, path, errors);
    }
    rules::run("PodSpecPolicies", spec, path, errors);
    meta::validate_labels(spec.field("nodeSelector"), &path.field("nodeSelector"), errors);
    rules::run("PodSecurityContext", spec.field("securityContext"), &path.field("securityContext"), errors);
    if spec.flag("hostPID") && spec.flag("shareProcessNamespace") {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.field("shareProcessNamespace"), true.into(), detail);
    }
    rules::run("Affinity", spec.field("affinity"), &path.field("affinity"), errors);
    checks::dns_config(spec, path, errors);
    gates(spec, path, errors);
    let spread = spec.list("topologySpreadConstraints");
    let pair = |c: &Value| format!("{{{}, {}}}", c.text("topologyKey"), c.text("whenUnsatisfiable"));
    errors.context.spread = spread.iter().map(pair).collect();
    rules::run_each("TopologySpreadConstraint", spread, &path.field("topologySpreadConstraints"), errors);
    host_process(spec, path, errors);
    if !host_users {
        host_users_off(spec, path, errors);
    }
    host_name(spec, path, errors);
    rules::run("PodSpecEnd", spec, path, errors);
    if spec.has("overhead") {
        let limits = json!({"limits": spec.field("overhead")});
        resources::requirements(&limits, false, &BTreeSet::new(), &path.field("overhead"), errors);
    }
    operating_system(spec, path, errors);
    file_keys(spec, path, errors);
}

// Models pkg/apis/core/validation/validation.go validatePodResourceClaim
fn resource_claims(claims: &[Value], path: &Path<'_>, errors: &mut Errors) {
    for (i, claim) in claims.iter().enumerate() {
        let place = path.index(i);
        let name = claim.text("name");
        if name.is_empty() {
            errors.required(&place.field("name"), "");
        } else if claims[..i].iter().any(|other| other.text("name") == name) {
            errors.add(FieldError::duplicate(place.field("name"), &name.into()));
        } else {
            errors.malformed(&place.field("name"), name, format::dns1123_label(name));
        }
        let sentence = match (claim.has("resourceClaimName"), claim.has("resourceClaimTemplateName")) {
            (true, true) => "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
            (false, false) => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            _ => "",
        };
        if !sentence.is_empty() {
            let shown = internal::shown("PodResourceClaim", claim);
            errors.add(FieldError::invalid_shown(place, shown, sentence));
        }
        for name in ["resourceClaimName", "resourceClaimTemplateName"] {
            if claim.has(name) {
                let text = claim.text(name);
                errors.malformed(&place.field(name), text, format::dns1123_subdomain(text));
            }
        }
    }
}

// Models pkg/apis/core/validation/validation.go validatePodHostNetworkDeps
fn host_ports(spec: &Value, is_pod: bool, path: &Path<'_>, errors: &mut Errors) {
    let list = path.field("containers");
    for (i, container) in spec.list("containers").iter().enumerate() {
        let container_path = list.index(i);
        let ports = container_path.field("ports");
        for (i, port) in container.list("ports").iter().enumerate() {
            let number = |name: &str| port.int(name).unwrap_or_default();
            let (host, own) = (number("hostPort"), number("containerPort"));
            if (is_pod || host != 0) && host != own {
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(&ports.index(i).field("hostPort"), host.into(), detail);
            }
        }
    }
}

fn gates(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let readiness = path.field("readinessGates");
    for (i, gate) in spec.list("readinessGates").iter().enumerate() {
        let ty = gate.text("conditionType");
        errors.malformed(&readiness.index(i).field("conditionType"), ty, format::label_key(ty));
    }
    let scheduling = path.field("schedulingGates");
    let gates = spec.list("schedulingGates");
    for (i, gate) in gates.iter().enumerate() {
        let name = gate.text("name");
        errors.malformed(&scheduling.index(i), name, format::label_key(name));
        if gates[..i].contains(gate) {
            errors.add(FieldError::duplicate(scheduling.index(i), &name.into()));
        }
    }
}

// Models pkg/apis/core/validation/validation.go validateWindowsHostProcessPod
fn host_process(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let of = |value: &Value| value.field("securityContext").field("windowsOptions").field("hostProcess").as_bool();
    let of_pod = of(spec);
    let (mut all, mut with) = (0, 0);
    each_container(spec, path, &mut |container, place| {
        all += 1;
        let own = of(container);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let context = place.field("securityContext");
            let options = context.field("windowsOptions");
            let detail = format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
            errors.invalid(&options.field("hostProcess"), own.into(), &detail);
        }
        with += usize::from(own.or(of_pod) == Some(true));
    });
    if with == 0 {
        return;
    }
    if with != all {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid(path, "".into(), detail);
    }
    if !spec.flag("hostNetwork") {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.invalid(&path.field("hostNetwork"), false.into(), detail);
    }
}

// Models pkg/apis/core/validation/validation.go validateHostUsers
fn host_users_off(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    const DETAIL: &str = "when `hostUsers` is false";
    for (flag, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.flag(flag) {
            errors.forbidden(&path.field(shown), DETAIL);
        }
    }
    each_container(spec, path, &mut |container, place| {
        if container.has("volumeDevices") {
            errors.forbidden(&place.field("volumeDevices"), DETAIL);
        }
    });
}

// Models pkg/apis/core/validation/validation.go validatePodHostName
fn host_name(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !spec.has("hostnameOverride") {
        return;
    }
    let place = path.field("hostnameOverride");
    for (flag, name) in [("setHostnameAsFQDN", "setHostnameAsFQDN"), ("hostNetwork", "hostNetwork")] {
        if spec.flag(flag) {
            errors.forbidden(&place, &format!("may not be specified when {name} is true"));
        }
    }
    let name = spec.text("hostnameOverride");
    if name.len() > 64 {
        errors.too_long(&place, 64);
    }
    errors.malformed(&place, name, format::dns1123_subdomain(name));
}

/// What a container's and a pod's security context cannot have on Windows.
const NOT_ON_WINDOWS: [&str; 2] = [
    "appArmorProfile seLinuxOptions seccompProfile fsGroup fsGroupChangePolicy sysctls runAsUser runAsGroup \
     supplementalGroups supplementalGroupsPolicy seLinuxChangePolicy",
    "appArmorProfile seLinuxOptions seccompProfile capabilities readOnlyRootFilesystem privileged \
     allowPrivilegeEscalation procMount runAsUser runAsGroup",
];

// Models pkg/apis/core/validation/validation.go validateOS
// Models pkg/apis/core/validation/validation.go validateLinux
// Models pkg/apis/core/validation/validation.go validateWindows
fn operating_system(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    const LINUX: &str = "windows options cannot be set for a linux pod";
    const WINDOWS: &str = "cannot be set for a windows pod";
    if !spec.has("os") {
        return;
    }
    let own_context = path.field("securityContext");
    let context = |value: &Value| value.field("securityContext").clone();
    match spec.field("os").text("name") {
        "" => errors.required(&path.field("os").field("name"), ""),
        "linux" => {
            if context(spec).has("windowsOptions") {
                errors.forbidden(&own_context.field("windowsOptions"), LINUX);
            }
            each_container(spec, path, &mut |container, place| {
                if context(container).has("windowsOptions") {
                    errors.forbidden(&place.field("securityContext").field("windowsOptions"), LINUX);
                }
            });
        }
        "windows" => {
            let mut refuse = |value: &Value, names: &str, place: &Path<'_>| {
                for name in names.split_whitespace().filter(|name| value.has(name)) {
                    errors.forbidden(&place.field(name), WINDOWS);
                }
            };
            refuse(&context(spec), NOT_ON_WINDOWS[0], &own_context);
            refuse(spec, "hostUsers hostPID hostIPC shareProcessNamespace", path);
            each_container(spec, path, &mut |container, place| {
                refuse(&context(container), NOT_ON_WINDOWS[1], &place.field("securityContext"));
            });
        }
        other => errors.not_supported(&path.field("os"), &other.into(), &["linux", "windows"]),
    }
}

// Models pkg/apis/core/validation/validation.go validateFileKeyRefVolumes
fn file_keys(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    each_container(spec, path, &mut |container, place| {
        let list = place.field("env");
        for (i, variable) in container.list("env").iter().enumerate() {
            let reference = variable.field("valueFrom").field("fileKeyRef");
            if reference.is_null() {
                continue;
            }
            let name = reference.text("volumeName");
            let variable_path = list.index(i);
            let from = variable_path.field("valueFrom");
            let key = from.field("fileKeyRef");
            let place = key.field("volumeName");
            match spec.list("volumes").iter().rev().find(|volume| volume.text("name") == name) {
                None => errors.add(FieldError::not_found(place, &name.into())),
                Some(volume) if !volume.has("emptyDir") => {
                    errors.invalid(&place, name.into(), "referenced volume must be of type emptyDir");
                }
                Some(_) => {}
            }
        }
    });
}
