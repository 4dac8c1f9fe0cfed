//! What describes controllers of pods.

use serde_json::Value;

use super::writer::{Writer, long_time};
use super::{Subject, pod, storage};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::string_map;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::quote;
use crate::api::time::{Instant, Timestamp};
use crate::kubectl::printers::{duration, labels, plain};

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go getPodStatusForController
pub(super) fn pods_status(w: &mut Writer, subject: &Subject<'_>) {
    let object = subject.object;
    let selector = match object.kind {
        Kind::ReplicationController => Some(Selector::of_labels(&string_map(object.spec.entries("selector")))),
        _ => Selector::of_value(object.spec.field("selector")),
    };
    let mut counts = [0; 4];
    for pod in subject.cluster.store().list_in(Kind::Pod, &object.meta.namespace) {
        let owned = pod.meta.controller_of().is_some_and(|owner| owner.uid == object.meta.uid);
        if owned && selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels)) {
            let phase =
                ["Running", "Pending", "Succeeded", "Failed"].iter().position(|p| *p == pod.status.text("phase"));
            if let Some(phase) = phase {
                counts[phase] += 1;
            }
        }
    }
    let [running, waiting, succeeded, failed] = counts;
    let text = format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed");
    w.line(0, "Pods Status", &text);
}

/// The lines below `Pod Template:`, as `rollout history` prints them too.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go DescribePodTemplate
pub fn pod_template(w: &mut Writer, template: &Value) {
    let (meta, spec) = (template.field("metadata"), template.field("spec"));
    w.labels("", "  Labels", &string_map(meta.entries("labels")));
    let annotations = string_map(meta.entries("annotations"));
    if !annotations.is_empty() {
        w.annotations("  Annotations", &annotations);
    }
    if !spec.text("serviceAccountName").is_empty() {
        w.line(1, "Service Account", &spec.text("serviceAccountName"));
    }
    let init = spec.list("initContainers");
    if !init.is_empty() {
        pod::containers(w, "Init Containers", init, None, "  ");
    }
    pod::containers(w, "Containers", spec.list("containers"), None, "  ");
    pod::volumes(w, spec.list("volumes"), "  ");
    pod::spread_constraints(w, spec.list("topologySpreadConstraints"), "  ");
    if !spec.text("priorityClassName").is_empty() {
        w.line(1, "Priority Class Name", &spec.text("priorityClassName"));
    }
    w.labels("", "  Node-Selectors", &string_map(spec.entries("nodeSelector")));
    pod::tolerations(w, "  Tolerations", spec.list("tolerations"));
    pod::scheduling_group(w, spec.field("schedulingGroup"), "  ");
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeVolumeClaimTemplates
pub(super) fn claims(w: &mut Writer, templates: &[Value]) {
    if templates.is_empty() {
        w.line(0, "Volume Claims", &"<none>");
        return;
    }
    w.text(0, "Volume Claims:\n");
    for template in templates {
        let claim = Object::from_value(Kind::PersistentVolumeClaim, template.clone());
        w.line(1, "Name", &claim.meta.name);
        w.line(1, "StorageClass", &storage::class(&claim));
        w.labels("  ", "Labels", &claim.meta.labels);
        w.labels("  ", "Annotations", &claim.meta.annotations);
        let capacity = plain(claim.spec.field("resources").field("requests").field("storage"));
        w.line(1, "Capacity", &if capacity.is_empty() { "<default>" } else { &capacity });
        let modes: Vec<&str> = claim.spec.list("accessModes").iter().filter_map(Value::as_str).collect();
        w.line(1, "Access Modes", &format!("[{}]", modes.join(" ")));
    }
}

pub(super) fn retention(w: &mut Writer, policy: &Value) {
    if policy.is_null() {
        return;
    }
    w.text(0, "Persistent Volume Claim Retention Policy:\n");
    w.line(1, "WhenDeleted", &policy.text("whenDeleted"));
    w.line(1, "WhenScaled", &policy.text("whenScaled"));
}

pub(super) fn conditions(w: &mut Writer, object: &Object) {
    let conditions = object.status.list("conditions");
    if conditions.is_empty() {
        return;
    }
    w.text(0, "Conditions:\n");
    let row = |c: &Value| format!("{} \t{}\t{}", c.text("type"), c.text("status"), c.text("reason"));
    let rows: Vec<String> = conditions.iter().map(row).collect();
    w.table(1, "Type\tStatus\tReason", &rows);
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeJob
pub(super) fn job(w: &mut Writer, job: &Object) {
    let time = |name: &str| Timestamp::parse(job.status.text(name));
    if let (Some(start), Some(end)) = (time("startTime"), time("completionTime")) {
        w.line(0, "Duration", &duration::human(end.0 - start.0));
    }
    if let Some(seconds) = job.spec.int("activeDeadlineSeconds") {
        w.line(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    let count = |name: &str| job.status.int(name).unwrap_or_default();
    let ready = job.status.int("ready").map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    w.line(0, "Pods Statuses", &format!("{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"));
    if job.spec.text("completionMode") == "Indexed" {
        w.line(0, "Completed Indexes", &cap_indexes(job.status.text("completedIndexes")));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go capIndexesListOrNone
fn cap_indexes(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_owned();
    }
    match indexes.bytes().skip(50).position(|byte| byte == b',') {
        Some(at) => format!("{}...", indexes.get(..=50 + at).unwrap_or(indexes)),
        None => indexes.to_owned(),
    }
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeCronJob
pub(super) fn cron_job(w: &mut Writer, cron_job: &Object) {
    let or_unset = |value: &Value, suffix: &str| match value {
        Value::Null => "<unset>".to_owned(),
        value => plain(value) + suffix,
    };
    w.line(0, "Starting Deadline Seconds", &or_unset(cron_job.spec.field("startingDeadlineSeconds"), "s"));
    let spec = cron_job.spec.field("jobTemplate").field("spec");
    let selector = match spec.field("selector") {
        Value::Null => "<unset>".to_owned(),
        selector => labels::selector_text(selector),
    };
    w.line(0, "Selector", &selector);
    w.line(0, "Parallelism", &or_unset(spec.field("parallelism"), ""));
    w.line(0, "Completions", &or_unset(spec.field("completions"), ""));
    if spec.has("activeDeadlineSeconds") {
        w.line(0, "Active Deadline Seconds", &or_unset(spec.field("activeDeadlineSeconds"), "s"));
    }
    w.text(0, "Pod Template:\n");
    pod_template(w, spec.field("template"));
    let last = match cron_job.status.text("lastScheduleTime") {
        "" => "<unset>".to_owned(),
        time => long_time(Timestamp::parse(time)),
    };
    w.line(0, "Last Schedule Time", &last);
    let active: Vec<&str> = cron_job.status.list("active").iter().map(|job| job.text("name")).collect();
    w.line(0, "Active Jobs", &if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go describeHorizontalPodAutoscalerV2
pub(super) fn autoscaler(w: &mut Writer, hpa: &Object) {
    w.line(0, "Metrics", &"( current / target )");
    let currents = hpa.status.list("currentMetrics");
    for (i, metric) in hpa.spec.list("metrics").iter().enumerate() {
        metric_line(w, metric, currents.get(i).unwrap_or(&Value::Null));
    }
    let least = plain(hpa.spec.field("minReplicas"));
    w.line(0, "Min replicas", &if least.is_empty() { "<unset>" } else { &least });
    w.line(0, "Max replicas", &hpa.spec.int("maxReplicas").unwrap_or_default());
    let behavior = hpa.spec.field("behavior");
    if behavior.is_object() {
        w.text(0, "Behavior:\n");
        for (direction, field) in [("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")] {
            direction_behavior(w, direction, behavior.field(field));
        }
    }
    let count = |name: &str| hpa.status.int(name).unwrap_or_default();
    let kind = hpa.spec.field("scaleTargetRef").text("kind");
    let (current, desired) = (count("currentReplicas"), count("desiredReplicas"));
    w.line(0, &format!("{kind} pods"), &format!("{current} current / {desired} desired"));
    let conditions = hpa.status.list("conditions").iter();
    let rows: Vec<String> = conditions
        .map(|c| format!("{}\t{}\t{}\t{}", c.text("type"), c.text("status"), c.text("reason"), c.text("message")))
        .collect();
    if !rows.is_empty() {
        w.text(0, "Conditions:\n");
        w.table(1, "Type\tStatus\tReason\tMessage", &rows);
    }
}

fn metric_line(w: &mut Writer, metric: &Value, status: &Value) {
    let ty = metric.text("type");
    let field = match ty {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => {
            w.text(1, &format!("<unknown metric type {}>\n", quote(ty)));
            return;
        }
    };
    let (source, current) = (metric.field(field), status.field(field).field("current"));
    let target = source.field("target");
    let known = |text: String| if text.is_empty() { "<unknown>".to_owned() } else { text };
    let metric_name = quote(source.field("metric").text("name"));
    let average = match field {
        "object" => target.text("type") == "AverageValue",
        _ => target.has("averageValue"),
    };
    let value = if average || field == "pods" { "averageValue" } else { "value" };
    let suffix = if average { "(target average value)" } else { "(target value)" };
    let label = match field {
        "external" => format!("{metric_name} {suffix}"),
        "pods" => format!("{metric_name} on pods"),
        "object" => {
            let about = source.field("describedObject");
            format!("{metric_name} on {}/{} {suffix}", about.text("kind"), about.text("name"))
        }
        "resource" => format!("resource {} on pods", source.text("name")),
        _ => format!("resource {} of container \"{}\" on pods", source.text("name"), source.text("container")),
    };
    if !field.ends_with("esource") || average {
        w.line(1, &label, &format!("{} / {}", known(plain(current.field(value))), plain(target.field(value))));
        return;
    }
    let percent = |value: &Value| value.int("averageUtilization").map(|percent| format!("{percent}%"));
    let now = percent(current).map(|now| format!("{now} ({})", plain(current.field("averageValue"))));
    let wanted = percent(target).unwrap_or_else(|| "<auto>".to_owned());
    let label = format!("{label}  (as a percentage of request)");
    w.line(1, &label, &format!("{} / {wanted}", known(now.unwrap_or_default())));
}

fn direction_behavior(w: &mut Writer, direction: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    w.text(1, &format!("{direction}:\n"));
    if let Some(seconds) = rules.int("stabilizationWindowSeconds") {
        w.text(2, &format!("Stabilization Window: {seconds} seconds\n"));
    }
    let policies = rules.list("policies");
    if !policies.is_empty() {
        let select = rules.text("selectPolicy");
        w.text(2, &format!("Select Policy: {}\n", if select.is_empty() { "Max" } else { select }));
        w.text(2, "Policies:\n");
        for policy in policies {
            let count = |name: &str| policy.int(name).unwrap_or_default();
            let (ty, value, period) = (policy.text("type"), count("value"), count("periodSeconds"));
            w.text(3, &format!("- Type: {ty}\tValue: {value}\tPeriod: {period} seconds\n"));
        }
    }
}

/// Since when something is on its way out.
pub(super) fn terminating(object: &Object, now: Instant) -> String {
    format!("Terminating (lasts {})", duration::since(object.meta.deletion_timestamp, now))
}
