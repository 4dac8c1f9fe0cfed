//! Rules about a pod's containers.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{Errors, FieldError, format, resources, rules, volumes};
use super::{Pod, containers, untrimmed_image};
use crate::api::fields::Fields;
use crate::api::path::Path;

impl Pod<'_> {
    // Models pkg/apis/core/validation/validation.go validateContainers
    pub(super) fn containers(&self, path: &Path<'_>, errors: &mut Errors) {
        let containers = self.spec.list("containers");
        if containers.is_empty() {
            return errors.required(path, "");
        }
        for (i, container) in containers.iter().enumerate() {
            let place = path.index(i);
            self.common(container, &place, errors);
            let name = container.text("name");
            if containers[..i].iter().any(|other| other.text("name") == name) {
                errors.add(FieldError::duplicate(place.field("name"), &name.into()));
            }
            self.life(container, &place, errors);
            restart_policy(container, &place, errors);
        }
        host_port_conflicts(containers, path, errors);
    }

    // Models pkg/apis/core/validation/validation.go validateInitContainers
    pub(super) fn init_containers(&self, path: &Path<'_>, errors: &mut Errors) {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        names.extend(self.spec.list("containers").iter().map(|container| container.text("name")));
        for (i, container) in self.spec.list("initContainers").iter().enumerate() {
            let place = path.index(i);
            self.common(container, &place, errors);
            let is_sidecar = container.text("restartPolicy") == "Always";
            if container.has("restartPolicy") {
                restart_policy(container, &place, errors);
            } else if container.has("restartPolicyRules") {
                let detail = "must specify restartPolicy when restart rules are used";
                errors.required(&place.field("restartPolicy"), detail);
            }
            let name = container.text("name");
            if names.contains(name) {
                errors.add(FieldError::duplicate(place.field("name"), &name.into()));
            } else if !name.is_empty() {
                names.insert(name);
            }
            host_port_conflicts(std::slice::from_ref(container), path, errors);
            if is_sidecar {
                self.life(container, &place, errors);
                continue;
            }
            for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container.has(name) {
                    let detail = "may not be set for init containers without restartPolicy=Always";
                    errors.forbidden(&place.field(name), detail);
                }
            }
            let policies = place.field("resizePolicy");
            for (i, policy) in container.list("resizePolicy").iter().enumerate() {
                if policy.text("restartPolicy") == "RestartContainer" {
                    let detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
                    errors.invalid(&policies.index(i).field("restartPolicy"), "RestartContainer".into(), detail);
                }
            }
        }
    }

    // Models pkg/apis/core/validation/validation.go validateEphemeralContainers
    pub(super) fn ephemeral_containers(&self, path: &Path<'_>, errors: &mut Errors) {
        const NOT_ALLOWED: &str = "ports resources livenessProbe readinessProbe startupProbe lifecycle resizePolicy \
                                   restartPolicy restartPolicyRules";
        let mut names: BTreeSet<&str> = BTreeSet::new();
        names.extend(
            containers(self.spec).filter(|(list, ..)| *list != "ephemeralContainers").map(|c| c.2.text("name")),
        );
        let others = names.clone();
        for (i, container) in self.spec.list("ephemeralContainers").iter().enumerate() {
            let place = path.index(i);
            self.common(container, &place, errors);
            untrimmed_image(container, &place, errors);
            let name = container.text("name");
            if !names.insert(name) {
                errors.add(FieldError::duplicate(place.field("name"), &name.into()));
            }
            let target = container.text("targetContainerName");
            if !target.is_empty() && !others.contains(target) {
                errors.add(FieldError::not_found(place.field("targetContainerName"), &target.into()));
            }
            for name in NOT_ALLOWED.split_whitespace().filter(|name| !rules::is_empty(container.field(name))) {
                errors.forbidden(&place.field(name), "cannot be set for an Ephemeral Container");
            }
        }
    }

    // Models pkg/apis/core/validation/validation.go validateContainerCommon
    fn common(&self, container: &Value, path: &Path<'_>, errors: &mut Errors) {
        rules::run("ContainerNames", container, path, errors);
        ports(container.list("ports"), &path.field("ports"), errors);
        rules::run_each("EnvVar", container.list("env"), &path.field("env"), errors);
        env_from(container, &path.field("envFrom"), errors);
        volumes::validate_mounts(container, &self.volumes, &path.field("volumeMounts"), errors);
        volumes::validate_devices(container, &self.volumes, &path.field("volumeDevices"), errors);
        rules::run("PullPolicy", container, path, errors);
        resources::requirements(container.field("resources"), false, &self.claims, &path.field("resources"), errors);
        self.resize_policy(container.list("resizePolicy"), &path.field("resizePolicy"), errors);
        let context = container.field("securityContext");
        if !context.is_null() {
            rules::run("SecurityContext", context, &path.field("securityContext"), errors);
        }
    }

    // Models pkg/apis/core/validation/validation.go validateResizePolicy
    fn resize_policy(&self, policies: &[Value], path: &Path<'_>, errors: &mut Errors) {
        for (i, policy) in policies.iter().enumerate() {
            let (resource, restart) = (policy.field("resourceName"), policy.field("restartPolicy"));
            if policies[..i].iter().any(|other| other.field("resourceName") == resource) {
                errors.add(FieldError::duplicate(path.index(i), resource));
            }
            for (value, known) in [(resource, ["cpu", "memory"]), (restart, ["NotRequired", "RestartContainer"])] {
                let text = value.as_str().unwrap_or_default();
                if text.is_empty() {
                    errors.required(path, "");
                } else if !known.contains(&text) {
                    errors.not_supported(path, value, &known);
                }
            }
            if self.spec.text("restartPolicy") == "Never" && restart.as_str() != Some("NotRequired") {
                let detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
                errors.invalid(path, restart.clone(), detail);
            }
        }
    }

    /// Hooks and probes.
    fn life(&self, container: &Value, path: &Path<'_>, errors: &mut Errors) {
        let lifecycle = container.field("lifecycle");
        let lifecycle_path = path.field("lifecycle");
        for name in ["postStart", "preStop"] {
            let handler = lifecycle.field(name);
            if handler.is_null() {
                continue;
            }
            let place = lifecycle_path.field(name);
            let before = errors.list.len();
            rules::run("LifecycleHandler", handler, &place, errors);
            let slept = ["exec", "httpGet", "tcpSocket"].iter().all(|other| !handler.has(other));
            if let (true, true, Some(grace)) = (slept, handler.has("sleep"), self.grace) {
                let seconds = handler.field("sleep").int("seconds").unwrap_or_default();
                if errors.list.len() == before && !(0..=grace).contains(&seconds) {
                    let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.invalid(&place.field("sleep"), seconds.into(), &detail);
                }
            }
        }
        for (name, block) in [
            ("livenessProbe", "LivenessProbe"),
            ("readinessProbe", "ReadinessProbe"),
            ("startupProbe", "LivenessProbe"),
        ] {
            if container.has(name) {
                rules::run(block, container.field(name), &path.field(name), errors);
            }
        }
    }
}

// Models pkg/apis/core/validation/validation.go validateContainerPorts
fn ports(ports: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let place = path.index(i);
        let name = port.text("name");
        if !name.is_empty() {
            let sentences = format::port_name(name);
            if sentences.is_empty() {
                if !names.insert(name) {
                    errors.add(FieldError::duplicate(place.field("name"), &name.into()));
                }
            } else {
                errors.malformed(&place.field("name"), name, sentences);
            }
        }
        match port.int("containerPort").unwrap_or_default() {
            0 => errors.required(&place.field("containerPort"), ""),
            number => port_number(number, &place.field("containerPort"), errors),
        }
        let host = port.int("hostPort").unwrap_or_default();
        if host != 0 {
            port_number(host, &place.field("hostPort"), errors);
        }
        rules::run("Protocol", port, &place, errors);
    }
}

fn port_number(number: i64, path: &Path<'_>, errors: &mut Errors) {
    for sentence in format::port_number(number) {
        errors.invalid(path, number.into(), &sentence);
    }
}

// Models pkg/apis/core/validation/validation.go ValidateEnvFrom
fn env_from(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, source) in container.list("envFrom").iter().enumerate() {
        rules::run("EnvFromSource", source, &path.index(i), errors);
        match (source.has("configMapRef"), source.has("secretRef")) {
            (false, false) => {
                errors.invalid(path, "".into(), "must specify one of: `configMapRef` or `secretRef`");
            }
            (true, true) => errors.invalid(path, "".into(), "may not have more than one field specified at a time"),
            _ => {}
        }
    }
}

// Models pkg/apis/core/validation/validation.go AccumulateUniqueHostPorts
pub(super) fn host_port_conflicts(containers: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        let container_path = path.index(i);
        let list = container_path.field("ports");
        for (i, port) in container.list("ports").iter().enumerate() {
            let host = port.int("hostPort").unwrap_or_default();
            let shown = format!("{}/{}/{host}", port.text("protocol"), port.text("hostIP"));
            if host != 0 && !seen.insert(shown.clone()) {
                errors.add(FieldError::duplicate(list.index(i).field("hostPort"), &shown.into()));
            }
        }
    }
}

// Models pkg/apis/core/validation/validation.go validateContainerRestartPolicy
fn restart_policy(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rules_list = container.list("restartPolicyRules");
    if !container.has("restartPolicy") && !rules_list.is_empty() {
        errors.required(&path.field("restartPolicy"), "must specify restartPolicy when restart rules are used");
    }
    if !container.has("restartPolicy") && rules_list.is_empty() {
        return;
    }
    rules::run("ContainerRestart", container, path, errors);
    let list = path.field("restartPolicyRules");
    if rules_list.len() > 20 {
        errors.add(FieldError::too_many(list, rules_list.len(), 20));
    }
    for (i, rule) in rules_list.iter().enumerate() {
        let place = list.index(i);
        rules::run("ContainerRestartRule", rule, &place, errors);
        let values = rule.field("exitCodes").list("values").len();
        if values > 255 {
            errors.add(FieldError::too_many(place.field("exitCodes").field("values"), values, 255));
        }
    }
}
