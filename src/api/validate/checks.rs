//! The functions that the table of rules names.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Errors, FieldError, format, internal, meta, rules, storage, volumes};
use crate::api::fields::Fields;
use crate::api::path::Path;
use crate::api::quantity::Quantity;

/// A check of a value at its place; the value is null where there is none.
pub(super) type Check = fn(&Value, &Path<'_>, &mut Errors);

const CHECKS: &[(&str, Check)] = &[
    ("access_modes", storage::access_modes),
    ("annotations", meta::validate_annotations),
    ("apparmor_localhost", apparmor_localhost),
    ("budget_amount", budget_amount),
    ("budget_both", budget_both),
    ("claim_storage", storage::claim_storage),
    ("data_sources", storage::data_sources),
    ("default_group", storage::default_group),
    ("deprecated_account", deprecated_account),
    ("dns_limits", dns_limits),
    ("dns_option", dns_option),
    ("dns_searches", dns_searches),
    ("env_field_ref", env_field_ref),
    ("env_resource_field_ref", env_resource_field_ref),
    ("env_sources", env_sources),
    ("escalation", escalation),
    ("flex_option", flex_option),
    ("header", header),
    ("labels", meta::validate_labels),
    ("local_needs_affinity", storage::local_needs_affinity),
    ("match_label_keys", match_label_keys),
    ("min_domains", min_domains),
    ("node_field_requirement", node_field_requirement),
    ("parameters", storage::parameters),
    ("port_or_name", port_or_name),
    ("projection_sources", volumes::projection_sources),
    ("seccomp_localhost", seccomp_localhost),
    ("single_value", single_value),
    ("size_limit", size_limit),
    ("spread_repeat", spread_repeat),
    ("sysctl", sysctl),
    ("taint_value", taint_value),
    ("toleration_value", toleration_value),
    ("topology_selector", storage::topology_selector),
    ("unmasked", unmasked),
    ("volume_capacity", storage::volume_capacity),
    ("volume_field_ref", volume_field_ref),
    ("volume_resource_field_ref", volume_resource_field_ref),
];

/// The check of this name; one that refuses nothing where there is none, which a test rules out.
pub(super) fn by_name(name: &str) -> Check {
    let found = CHECKS.iter().find(|(known, _)| *known == name);
    found.map_or(|_, _, _| {}, |(_, check)| *check)
}

/// Whether [`by_name`] knows the check.
#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    CHECKS.iter().any(|(known, _)| *known == name)
}

// Models pkg/apis/core/validation/validation.go validateVolumeSource
fn size_limit(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    if value.as_str().and_then(|text| Quantity::parse(text).ok()).is_some_and(|quantity| quantity.is_negative()) {
        errors.forbidden(path, "SizeLimit field must be a valid resource quantity");
    }
}

// Models pkg/apis/core/validation/validation.go validateFlexVolumeSource
fn flex_option(key: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = key.as_str().unwrap_or_default();
    let namespace = text.split_once('/').map_or(text, |(namespace, _)| namespace);
    let normalized = format!(".{}", namespace.to_lowercase());
    if normalized.ends_with(".kubernetes.io") || normalized.ends_with(".k8s.io") {
        errors.invalid(path, key.clone(), "kubernetes.io and k8s.io namespaces are reserved");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePortNumOrName
pub(super) fn port_or_name(port: &Value, path: &Path<'_>, errors: &mut Errors) {
    match port {
        Value::String(name) => errors.malformed(path, name, format::port_name(name)),
        port => {
            let number = port.as_i64().unwrap_or_default();
            for sentence in format::port_number(number) {
                errors.invalid(path, number.into(), &sentence);
            }
        }
    }
}

fn header(header: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = header.text("name");
    errors.malformed(path, name, format::header_name(name));
}

// Models pkg/apis/core/validation/validation.go validateEnvVarValueFrom
fn env_sources(variable: &Value, path: &Path<'_>, errors: &mut Errors) {
    const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    let from = variable.field("valueFrom");
    if from.is_null() {
        return;
    }
    let path = path.field("valueFrom");
    let sentence = match SOURCES.iter().filter(|name| from.has(name)).count() {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        _ if !variable.text("value").is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.invalid(&path, "".into(), sentence);
}

fn env_field_ref(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    const KNOWN: [&str; 9] = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    field_ref(reference, &KNOWN, path, errors);
}

fn volume_field_ref(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    const KNOWN: [&str; 5] =
        ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
    field_ref(reference, &KNOWN, path, errors);
}

/// `metadata.labels['app']` as its path and what is in the brackets.
// Models pkg/fieldpath/fieldpath.go SplitMaybeSubscriptedPath
fn split_subscript(path: &str) -> (&str, Option<&str>) {
    let split = path.strip_suffix("']").and_then(|inner| inner.split_once("['"));
    match split {
        Some((before, subscript)) if !before.is_empty() => (before, Some(subscript)),
        _ => (path, None),
    }
}

/// The fields of a pod that can be referred to, as conversion knows them.
// Models pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel
fn is_pod_field(path: &str, has_subscript: bool) -> bool {
    match path {
        "metadata.annotations" | "metadata.labels" => true,
        "metadata.name"
        | "metadata.namespace"
        | "metadata.uid"
        | "spec.nodeName"
        | "spec.restartPolicy"
        | "spec.serviceAccountName"
        | "spec.schedulerName"
        | "status.phase"
        | "status.hostIP"
        | "status.hostIPs"
        | "status.podIP"
        | "status.podIPs"
        | "spec.host" => !has_subscript,
        _ => false,
    }
}

// Models pkg/apis/core/validation/validation.go validateObjectFieldSelector
fn field_ref(reference: &Value, known: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    let version = reference.text("apiVersion");
    if version.is_empty() {
        return errors.required(&path.field("apiVersion"), "");
    }
    let given = reference.text("fieldPath");
    let place = path.field("fieldPath");
    if given.is_empty() {
        return errors.required(&place, "");
    }
    let (label, subscript) = split_subscript(given);
    let failure = if version != "v1" {
        Some(format!("unsupported pod version: {version}"))
    } else if !is_pod_field(label, subscript.is_some()) {
        let why = if subscript.is_some() { "does not support subscript" } else { "not supported" };
        Some(format!("field label {why}: {given}"))
    } else {
        None
    };
    if let Some(failure) = failure {
        return errors.invalid(&place, given.into(), &format!("error converting fieldPath: {failure}"));
    }
    // A pod calls the node that it is on by an older name, too.
    let label = if label == "spec.host" { "spec.nodeName" } else { label };
    match subscript {
        Some(key) if label == "metadata.annotations" => {
            let key = key.to_lowercase();
            errors.malformed(path, &key, format::label_key(&key));
        }
        Some(key) => errors.malformed(path, key, format::label_key(key)),
        None if !known.contains(&label) => errors.not_supported(&place, &label.into(), known),
        None => {}
    }
}

fn env_resource_field_ref(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    resource_field_ref(reference, false, path, errors);
}

fn volume_resource_field_ref(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    resource_field_ref(reference, true, path, errors);
}

// Models pkg/apis/core/validation/validation.go validateContainerResourceFieldSelector
fn resource_field_ref(reference: &Value, in_volume: bool, path: &Path<'_>, errors: &mut Errors) {
    const KNOWN: [&str; 6] = [
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    if reference.is_null() {
        return;
    }
    let resource = reference.text("resource");
    let huge = resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if in_volume && reference.text("containerName").is_empty() {
        errors.required(&path.field("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.field("resource"), "");
    } else if !KNOWN.contains(&resource) && !huge {
        errors.not_supported(&path.field("resource"), &resource.into(), &KNOWN);
    }
    let divisor = reference.text("divisor");
    if divisor.is_empty() || Quantity::parse(divisor).is_ok_and(|divisor| divisor.is_zero()) {
        return;
    }
    const SIZES: &str = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
    let what = match resource.split_once('.').map_or("", |(_, what)| what) {
        "cpu" if matches!(divisor, "1m" | "1") => return,
        "cpu" => "1m and 1 are supported with the cpu".to_owned(),
        _ if SIZES.split(", ").any(|size| size == divisor) => return,
        "memory" => format!("{SIZES} are supported with the memory"),
        "ephemeral-storage" => format!("{SIZES} are supported with the local ephemeral storage"),
        _ if huge => format!("{SIZES} are supported with the hugepages"),
        _ => return,
    };
    errors.invalid(&path.field("divisor"), resource.into(), &format!("only divisor's values {what} resource"));
}

// Models pkg/apis/core/validation/validation.go validateNodeTaints
fn taint_value(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = value.as_str().unwrap_or_default();
    let sentences = format::label_value(text);
    if !sentences.is_empty() {
        errors.invalid(path, text.into(), &sentences.join(";"));
    }
}

// Models pkg/apis/core/validation/validation.go ValidateTolerations
fn toleration_value(toleration: &Value, path: &Path<'_>, errors: &mut Errors) {
    let value = toleration.text("value");
    let sentences = format::label_value(value);
    if !sentences.is_empty() {
        errors.invalid(&path.field("operator"), value.into(), &sentences.join(";"));
    }
}

// Models pkg/apis/core/validation/validation.go ValidateNodeSelectorRequirement
fn single_value(values: &Value, path: &Path<'_>, errors: &mut Errors) {
    if values.as_array().map_or(0, Vec::len) != 1 {
        errors.required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    }
}

// Models pkg/apis/core/validation/validation.go ValidateNodeFieldSelectorRequirement
fn node_field_requirement(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    let values = requirement.list("values");
    match requirement.text("operator") {
        "In" | "NotIn" if values.len() == 1 => {}
        "In" | "NotIn" => errors.required(
            &path.field("values"),
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
        operator => errors.invalid(&path.field("operator"), operator.into(), "not a valid selector operator"),
    }
    let key = requirement.text("key");
    if key != "metadata.name" {
        return errors.invalid(&path.field("key"), key.into(), "not a valid field selector key");
    }
    for (i, value) in values.iter().filter_map(Value::as_str).enumerate() {
        errors.malformed(&path.field("values").index(i), value, format::dns1123_subdomain(value));
    }
}

// Models pkg/apis/core/validation/validation.go ValidateMatchLabelKeysAndMismatchLabelKeys
fn match_label_keys(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = term.field("labelSelector");
    let keys = |name: &'static str| term.list(name).iter().filter_map(Value::as_str);
    for name in ["matchLabelKeys", "mismatchLabelKeys"] {
        if term.list(name).is_empty() {
            continue;
        }
        let list = path.field(name);
        if selector.is_null() {
            errors.forbidden(&list, "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in keys(name).enumerate() {
            errors.malformed(&list.index(i), key, format::label_key(key));
        }
    }
    let mut selected: BTreeSet<&str> = BTreeSet::new();
    selected.extend(selector.entries("matchLabels").keys().map(String::as_str));
    for expression in selector.list("matchExpressions") {
        let key = expression.text("key");
        if let Some(i) = keys("matchLabelKeys").position(|match_key| match_key == key)
            && selected.contains(key)
        {
            errors.invalid(&path.index(i), key.into(), "exists in both matchLabelKeys and labelSelector");
        }
        selected.insert(key);
    }
    for (i, key) in keys("matchLabelKeys").enumerate() {
        if keys("mismatchLabelKeys").any(|other| other == key) {
            let place = path.field("matchLabelKeys");
            errors.invalid(&place.index(i), key.into(), "exists in both matchLabelKeys and mismatchLabelKeys");
        }
    }
}

// Models pkg/apis/core/validation/validation.go ValidateSpreadConstraintNotRepeat
fn spread_repeat(constraint: &Value, path: &Path<'_>, errors: &mut Errors) {
    let shown = format!("{{{}, {}}}", constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
    let upcoming = &mut errors.context.spread;
    if !upcoming.is_empty() {
        upcoming.remove(0);
    }
    if upcoming.contains(&shown) {
        errors.add(FieldError::duplicate(path.field("{topologyKey, whenUnsatisfiable}"), &shown.into()));
    }
}

// Models pkg/apis/core/validation/validation.go validateMinDomains
fn min_domains(constraint: &Value, path: &Path<'_>, errors: &mut Errors) {
    let action = constraint.text("whenUnsatisfiable");
    if action != "DoNotSchedule" {
        let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.invalid(&path.field("minDomains"), constraint.field("minDomains").clone(), &detail);
    }
}

// Models pkg/apis/core/validation/validation.go validateSeccompProfileField
fn seccomp_localhost(profile: &Value, path: &Path<'_>, errors: &mut Errors) {
    let shown = internal::shown("SeccompProfile", profile);
    let detail = "can only be set when seccomp type is Localhost";
    errors.add(FieldError::invalid_shown(path.field("localhostProfile"), shown, detail));
}

// Models pkg/apis/core/validation/validation.go ValidateAppArmorProfileField
fn apparmor_localhost(profile: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = profile.as_str().unwrap_or_default();
    if text.trim() != text {
        errors.invalid(path, profile.clone(), "must not be padded with whitespace");
    } else if text.is_empty() {
        errors.required(path, "must be set when AppArmor type is Localhost");
    }
}

// Models pkg/apis/core/validation/validation.go ValidateSecurityContext
fn unmasked(context: &Value, path: &Path<'_>, errors: &mut Errors) {
    if errors.context.host_users && context.text("procMount") == "Unmasked" {
        errors.invalid(&path.field("procMount"), "Unmasked".into(), "`hostUsers` must be false to use `Unmasked`");
    }
}

// Models pkg/apis/core/validation/validation.go ValidateSecurityContext
fn escalation(context: &Value, path: &Path<'_>, errors: &mut Errors) {
    if context.field("allowPrivilegeEscalation").as_bool() != Some(false) {
        return;
    }
    let mut refuse = |what: &str| {
        let detail = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
        errors.add(FieldError::invalid_shown(path, internal::shown("SecurityContext", context), detail));
    };
    if context.flag("privileged") {
        refuse("`privileged` to true");
    }
    let added = context.field("capabilities").list("add");
    for _ in added.iter().filter(|capability| capability.as_str() == Some("CAP_SYS_ADMIN")) {
        refuse("`capabilities.Add` CAP_SYS_ADMIN");
    }
}

// Models pkg/apis/core/validation/validation.go validateSysctls
fn sysctl(setting: &Value, path: &Path<'_>, errors: &mut Errors) {
    const REGEX: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let name = setting.text("name");
    let place = path.field("name");
    let is_segment = |segment: &str| {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = segment.as_bytes();
        bytes.first().copied().is_some_and(word)
            && bytes.last().copied().is_some_and(word)
            && bytes.iter().all(|b| word(*b) || *b == b'-' || *b == b'_')
    };
    if name.is_empty() {
        errors.required(&place, "");
    } else if name.len() > 253 || !name.split(['.', '/']).all(is_segment) {
        errors.invalid(&place, name.into(), &format!("must have at most 253 characters and match regex {REGEX}"));
    } else if errors.context.sysctls.iter().any(|seen| seen == name) {
        errors.add(FieldError::duplicate(place, &name.into()));
    }
    let dotted = name.replace('/', ".");
    let is_ipc = ["kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|p| dotted.starts_with(p));
    if errors.context.host_network && dotted.starts_with("net.") {
        errors.invalid(&place, name.into(), "may not be specified when 'hostNetwork' is true");
    } else if errors.context.host_ipc && is_ipc {
        errors.invalid(&place, name.into(), "may not be specified when 'hostIPC' is true");
    }
    errors.context.sysctls.push(name.to_owned());
}

// Models pkg/apis/core/validation/validation.go validatePodDNSConfig
fn dns_limits(config: &Value, path: &Path<'_>, errors: &mut Errors) {
    if config.list("nameservers").len() > 3 {
        let detail = "must not have more than 3 nameservers";
        errors.invalid(&path.field("nameservers"), config.field("nameservers").clone(), detail);
    }
}

fn dns_searches(config: &Value, path: &Path<'_>, errors: &mut Errors) {
    let searches = config.list("searches");
    let place = path.field("searches");
    let length = searches.iter().filter_map(Value::as_str).map(|search| search.len() + 1).sum::<usize>();
    for (too_many, detail) in [
        (searches.len() > 32, "must not have more than 32 search paths"),
        (length > 2049, "must not have more than 2048 characters (including spaces) in the search list"),
    ] {
        if too_many {
            errors.invalid(&place, config.field("searches").clone(), detail);
        }
    }
    for (i, search) in searches.iter().filter_map(Value::as_str).enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        errors.malformed(&place.index(i), search, format::subdomain_with_underscore(search));
    }
}

fn dns_option(option: &Value, path: &Path<'_>, errors: &mut Errors) {
    if option.text("name").is_empty() {
        errors.required(path, "must not be empty");
    }
}

// Models pkg/apis/core/validation/validation.go ValidatePodSpec
fn deprecated_account(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (name, old) = (spec.text("serviceAccountName"), spec.text("serviceAccount"));
    if name != old {
        let detail = format!("must be the same as serviceAccountName: {name:?}");
        errors.invalid(&path.field("deprecatedServiceAccount"), old.into(), &detail);
    }
}

// Models pkg/apis/policy/validation/validation.go ValidatePodDisruptionBudgetSpec
fn budget_both(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.has("minAvailable") && spec.has("maxUnavailable") {
        let shown = internal::shown("PodDisruptionBudgetSpec", spec);
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.add(FieldError::invalid_shown(path, shown, detail));
    }
}

fn budget_amount(amount: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !amount.is_null() {
        positive_int_or_percent(amount, path, errors);
        not_more_than_100_percent(amount, path, errors);
    }
}

// Models pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent
pub(super) fn positive_int_or_percent(amount: &Value, path: &Path<'_>, errors: &mut Errors) {
    match amount {
        Value::String(text) => errors.malformed(path, text, format::percent(text)),
        number => errors.nonnegative(path, number),
    }
}

// Models pkg/apis/apps/validation/validation.go IsNotMoreThan100Percent
pub(super) fn not_more_than_100_percent(amount: &Value, path: &Path<'_>, errors: &mut Errors) {
    if percent_value(amount).is_some_and(|percent| percent > 100) {
        errors.invalid(path, amount.clone(), "must not be greater than 100%");
    }
}

// Models pkg/apis/apps/validation/validation.go getPercentValue
fn percent_value(amount: &Value) -> Option<i64> {
    let text = amount.as_str().filter(|text| format::percent(text).is_empty())?;
    Some(text.trim_end_matches('%').parse().unwrap_or(i64::MAX))
}

// Models pkg/apis/apps/validation/validation.go getIntOrPercentValue
pub(super) fn int_or_percent_value(amount: &Value) -> i64 {
    percent_value(amount)
        .or_else(|| amount.as_i64())
        .or_else(|| amount.as_str().and_then(|text| text.parse().ok()))
        .unwrap_or_default()
}

/// Runs the rules of the pod's DNS settings, which a policy may call for.
// Models pkg/apis/core/validation/validation.go validatePodDNSConfig
pub(super) fn dns_config(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let config = spec.field("dnsConfig");
    let path = path.field("dnsConfig");
    if spec.text("dnsPolicy") == "None" {
        if config.is_null() {
            return errors.required(&path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if config.list("nameservers").is_empty() {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.required(&path.field("nameservers"), detail);
        }
    }
    if !config.is_null() {
        rules::run("PodDNSConfig", config, &path, errors);
    }
}
