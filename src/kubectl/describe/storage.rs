//! What describes volumes, claims and classes.

use serde_json::Value;

use super::writer::{Writer, long_time};
use super::{Subject, workload};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::string_map;
use crate::api::object::Object;
use crate::api::quantity::Quantity;
use crate::api::time::{Instant, Timestamp};
use crate::kubectl::output::go;
use crate::kubectl::printers::{access_modes, computed, plain};

/// The storage class of a claim or a volume.
pub(super) fn class(object: &Object) -> String {
    computed("volume.class", object, Instant::START)
}

pub(super) fn status(object: &Object, now: Instant) -> String {
    if object.meta.is_terminating() {
        workload::terminating(object, now)
    } else {
        object.status.text("phase").to_owned()
    }
}

/// The lines about where a volume's data is. A volume of a pod says less about some than a PersistentVolume.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeVolumes, describePersistentVolume
pub(super) fn volume_source(w: &mut Writer, volume: &Value, persistent: bool) {
    let sources = include_str!("volumes.txt").lines().map(|line| line.split('|'));
    let found = sources.into_iter().find_map(|mut parts| {
        let field = parts.next()?;
        volume.has(field).then_some((field, parts))
    });
    let Some((field, mut parts)) = found else {
        w.text(1, "<unknown>\n");
        return;
    };
    let source = volume.field(field);
    w.line(2, "Type", &parts.next().unwrap_or_default());
    for part in parts {
        let (only_persistent, part) = part.strip_prefix('+').map_or((false, part), |part| (true, part));
        if only_persistent && !persistent {
            continue;
        }
        let (label, path) = part.rsplit_once(':').unwrap_or((part, ""));
        let (path, default) = path.split_once('?').unwrap_or((path, ""));
        let mut value = source;
        for name in path.split('.') {
            value = value.field(name);
        }
        let text = match (label, value) {
            ("SizeLimit", value) if !is_positive(value) => "<unset>".to_owned(),
            ("SecretRef", Value::Object(_)) => secret_reference(value, persistent && field != "iscsi"),
            ("TargetWWNs", value) => {
                let names: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                names.join(", ")
            }
            (_, Value::Null) => default.to_owned(),
            (_, value) => go::sprint(value),
        };
        // Upstream forgot a colon here, and has one too early.
        match label {
            "ISCSIInterface" => w.text(2, &format!("{label}\t{text}\n")),
            label => w.line(2, label, &text),
        }
    }
    match field {
        "projected" => projected(w, source.list("sources")),
        "downwardAPI" => {
            w.text(2, "Items:\n");
            for item in source.list("items") {
                for (field, path) in [("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")] {
                    if item.has(field) {
                        w.text(3, &format!("{} -> {}\n", item.field(field).text(path), item.text("path")));
                    }
                }
            }
        }
        "ephemeral" if source.has("volumeClaimTemplate") => {
            let template = source.field("volumeClaimTemplate").clone();
            let template = Object::from_value(Kind::PersistentVolumeClaim, template);
            w.nest(2);
            claim(w, &template, Instant::START, false);
            w.unnest(2);
        }
        "csi" => csi_attributes(w, source),
        _ => {}
    }
}

fn is_positive(value: &Value) -> bool {
    Quantity::parse(&plain(value)).is_ok_and(|quantity| quantity > Quantity::zero())
}

fn secret_reference(value: &Value, with_namespace: bool) -> String {
    let name = value.text("name");
    if with_namespace {
        format!("&SecretReference{{Name:{name},Namespace:{},}}", value.text("namespace"))
    } else {
        format!("&LocalObjectReference{{Name:{name},}}")
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printProjectedVolumeSource
fn projected(w: &mut Writer, sources: &[Value]) {
    for source in sources {
        let named = |w: &mut Writer, label: &str, source: &Value| {
            w.line(2, label, &source.text("name"));
            w.line(2, "Optional", &source.flag("optional"));
        };
        if source.has("secret") {
            named(w, "SecretName", source.field("secret"));
        } else if source.has("downwardAPI") {
            w.line(2, "DownwardAPI", &true);
        } else if source.has("configMap") {
            named(w, "ConfigMapName", source.field("configMap"));
        } else if source.has("serviceAccountToken") {
            let seconds = source.field("serviceAccountToken").int("expirationSeconds").unwrap_or(3600);
            w.line(2, "TokenExpirationSeconds", &seconds);
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printCSIPersistentVolumeAttributesMultilineIndent
fn csi_attributes(w: &mut Writer, source: &Value) {
    let attributes = string_map(source.entries("volumeAttributes"));
    w.text(2, "VolumeAttributes:\t");
    if attributes.is_empty() {
        w.text(0, "<none>\n");
    }
    for (i, (key, value)) in attributes.iter().enumerate() {
        if i > 0 {
            w.text(2, "");
            w.text(2, "\t");
        }
        let line = format!("{key}={value}");
        match line.char_indices().nth(140) {
            Some((end, _)) => w.text(2, &format!("{}...\n", &line[..end])),
            None => w.text(2, &format!("{line}\n")),
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printVolumeNodeAffinity
pub(super) fn node_affinity(w: &mut Writer, affinity: &Value) {
    let required = affinity.field("required");
    if required.is_null() {
        w.line(0, "Node Affinity", &"<none>");
        return;
    }
    w.text(0, "Node Affinity:\t\n");
    let terms = required.list("nodeSelectorTerms");
    if terms.is_empty() {
        w.line(1, "Required Terms", &"<none>");
        return;
    }
    w.text(1, "Required Terms:\t\n");
    for (i, term) in terms.iter().enumerate() {
        requirements(w, 2, i, term.list("matchExpressions"), None);
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printAllowedTopologies
pub(super) fn topologies(w: &mut Writer, topologies: &Value) {
    let Value::Array(terms) = topologies else { return };
    if terms.is_empty() {
        w.line(0, "AllowedTopologies", &"<none>");
        return;
    }
    w.text(0, "AllowedTopologies:\t\n");
    for (i, term) in terms.iter().enumerate() {
        requirements(w, 1, i, term.list("matchLabelExpressions"), Some("in"));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printNodeSelectorTermsMultilineWithIndent
fn requirements(w: &mut Writer, level: usize, term: usize, requirements: &[Value], operator: Option<&str>) {
    w.text(level, &format!("Term {term}:\t"));
    if requirements.is_empty() {
        w.text(0, "<none>\n");
    }
    for (i, requirement) in requirements.iter().enumerate() {
        if i > 0 {
            w.text(level, "\t");
        }
        let operator = operator.map_or_else(|| requirement.text("operator").to_lowercase(), str::to_owned);
        let values: Vec<&str> = requirement.list("values").iter().filter_map(Value::as_str).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        w.text(0, &format!("{} {operator}{values}\n", requirement.text("key")));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printPersistentVolumeClaim
pub(super) fn claim(w: &mut Writer, claim: &Object, now: Instant, full: bool) {
    if full {
        w.line(0, "Name", &claim.meta.name);
        w.line(0, "Namespace", &claim.meta.namespace);
    }
    w.line(0, "StorageClass", &class(claim));
    if full {
        w.line(0, "Status", &status(claim, now));
    }
    let volume = claim.spec.text("volumeName");
    w.line(0, "Volume", &volume);
    w.labels("", "Labels", &claim.meta.labels);
    w.annotations("Annotations", &claim.meta.annotations);
    if full {
        w.line(0, "Finalizers", &format!("[{}]", claim.meta.finalizers.join(" ")));
    }
    w.line(0, "Capacity", &computed("pvc.capacity", claim, now));
    let modes = if volume.is_empty() { String::new() } else { access_modes(claim.status.field("accessModes")) };
    w.line(0, "Access Modes", &modes);
    if claim.spec.has("volumeMode") {
        w.line(0, "VolumeMode", &claim.spec.text("volumeMode"));
    }
    let source = claim.spec.field("dataSource");
    if source.is_object() {
        w.text(0, "DataSource:\n");
        if source.has("apiGroup") {
            w.line(1, "APIGroup", &source.text("apiGroup"));
        }
        w.line(1, "Kind", &source.text("kind"));
        w.line(1, "Name", &source.text("name"));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go getPodsForPVC
pub(super) fn claim_pods(w: &mut Writer, subject: &Subject<'_>) {
    let meta = &subject.object.meta;
    let mut names = Vec::new();
    for pod in subject.cluster.store().list_in(Kind::Pod, &meta.namespace) {
        let uses = pod.spec.list("volumes").iter().filter(|volume| {
            volume.has("persistentVolumeClaim") && volume.field("persistentVolumeClaim").text("claimName") == meta.name
        });
        let uses = uses.count();
        let owns = meta.owner_references.iter().any(|owner| owner.kind == "Pod" && owner.uid == pod.meta.uid);
        names.extend(std::iter::repeat_n(pod.meta.name.clone(), if uses == 0 { usize::from(owns) } else { uses }));
    }
    w.multiline("", "Used By", &names);
}

pub(super) fn claim_conditions(w: &mut Writer, claim: &Object) {
    let conditions = claim.status.list("conditions");
    if conditions.is_empty() {
        return;
    }
    w.text(0, "Conditions:\n");
    w.text(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
    // Upstream's dashes are those of another column.
    w.text(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    let rows: Vec<String> = conditions.iter().map(|condition| timed_condition(condition, "lastProbeTime")).collect();
    w.rows(1, &rows);
}

/// A condition with its two times.
pub(super) fn timed_condition(condition: &Value, first_time: &str) -> String {
    let time = |name: &str| long_time(Timestamp::parse(condition.text(name)));
    format!(
        "{} \t{} \t{} \t{} \t{} \t{}",
        condition.text("type"),
        condition.text("status"),
        time(first_time),
        time("lastTransitionTime"),
        condition.text("reason"),
        condition.text("message")
    )
}

pub(super) fn mount_options(w: &mut Writer, options: &[Value]) {
    if options.is_empty() {
        w.line(0, "MountOptions", &"<none>");
        return;
    }
    w.text(0, "MountOptions:\n");
    for option in options {
        w.text(1, &format!("{}\n", plain(option)));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeCSINode
pub(super) fn csi_node(w: &mut Writer, drivers: &[Value]) {
    if !drivers.is_empty() {
        w.text(1, "Drivers:\n");
    }
    for driver in drivers {
        w.text(2, &format!("{}:\n", driver.text("name")));
        w.line(3, "Node ID", &driver.text("nodeID"));
        if let Some(count) = driver.field("allocatable").int("count") {
            w.text(3, "Allocatables:\n");
            w.line(4, "Count", &count);
        }
        if driver.has("topologyKeys") {
            w.line(3, "Topology Keys", &go::sprint(driver.field("topologyKeys")));
        }
    }
}
