//! What the kubelet writes into a pod's status, and why a pod stands still.
//!
//! Follows `pkg/kubelet/kubelet_pods.go` and `pkg/kubelet/status/generate.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::admission::Failure;
use super::container::{Container, Ended, Role, State};
use super::images::pull_error;
use super::worker::{EVICTED, Worker};
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::order::IntoOrdered;
use crate::api::time::Instant;
use crate::controllers::reason::{ProbeKind, Reason};
use crate::controllers::statefulset::stateful_set_utils::pod_condition;

/// The pod's status as its worker has it.
// Models pkg/kubelet/kubelet_pods.go generateAPIPodStatus
pub fn pod_status(pod: &Object, worker: &Worker, host: &str, now: Instant) -> Value {
    let started = json!(worker.started.timestamp().to_string());
    // While its containers end, a pod is shown as it was.
    let failed = worker.failed.as_ref().filter(|_| worker.stopping.is_none());
    if let Some(Failure { reason, message, is_rejection: true }) = failed {
        return json!({
            "phase": "Failed", "reason": reason, "message": format!("Pod was rejected: {message}"),
            "qosClass": pod.status.field("qosClass"), "startTime": started,
        });
    }
    // What is written anew in any case is not copied.
    let is_kept = |(name, _): &(&String, &Value)| !matches!(name.as_str(), "conditions" | "containerStatuses");
    let kept = pod.status.as_object().into_iter().flatten().filter(is_kept);
    let mut status = kept.map(|(name, value)| (name.clone(), value.clone())).into_fields();
    let set_up = worker.set_up <= now && worker.missing.0.is_empty() || worker.has_started;
    status.insert("phase".to_owned(), json!(phase(worker)));
    status.insert("startTime".to_owned(), started);
    status.insert("hostIP".to_owned(), json!(host));
    if set_up {
        status.insert("podIP".to_owned(), json!(worker.address));
        status.insert("podIPs".to_owned(), json!([{"ip": worker.address}]));
    }
    for (name, is_init) in [("initContainerStatuses", true), ("containerStatuses", false)] {
        let statuses: Vec<Value> = worker
            .containers
            .iter()
            .filter(|container| (container.role != Role::Main) == is_init)
            .map(|container| container_status(container, worker, pod))
            .collect();
        if !statuses.is_empty() {
            status.insert(name.to_owned(), Value::Array(statuses));
        }
    }
    if let Some(Failure { reason, message, .. }) = failed {
        for (field, text) in [("phase", "Failed"), ("reason", reason), ("message", message)] {
            status.insert(field.to_owned(), json!(text));
        }
    }
    if failed.is_some_and(|failure| failure.message == EVICTED) {
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": EVICTED,
            "lastProbeTime": null, "lastTransitionTime": now.timestamp().to_string(),
        });
        status.insert("conditions".to_owned(), pod.status.list("conditions").into());
        crate::cluster::set_condition(&mut status, condition);
    }
    set_conditions(&mut status, pod, worker, set_up, now);
    Value::Object(status)
}

/// Leaves out what the recorded cluster's stand-in for a kubelet does not write before a pod runs.
pub fn leave_out(status: &mut Value, pod: &Object) {
    let Some(fields) = status.as_object_mut().filter(|fields| fields.text("phase") == "Pending") else {
        return;
    };
    fields.remove("podIP");
    fields.remove("podIPs");
    fields.insert("conditions".to_owned(), pod.status.field("conditions").clone());
    for container in fields.get_mut("containerStatuses").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(container) = container.as_object_mut() else { continue };
        container.remove("started");
        let name = container.text("name").to_owned();
        let before = pod.status.list("containerStatuses").iter().find(|status| status.text("name") == name);
        let before = before.map_or("", |status| status.field("state").field("waiting").text("reason"));
        if let Some(Value::Object(waiting)) = container.get_mut("state").and_then(|state| state.get_mut("waiting")) {
            waiting.remove("message");
            // It says once that an image does not pull, and does not try again.
            const FAILED: &str = "ImagePullBackOff";
            if before == FAILED || waiting.text("reason") == "ErrImagePull" {
                waiting.insert("reason".to_owned(), FAILED.into());
            }
        }
    }
}

/// Whether a container waits, runs, or has ended, as far as the phase is concerned.
enum Stage<'a> {
    Waiting,
    Running,
    Stopped(&'a Ended),
}

fn stage(container: &Container) -> Stage<'_> {
    match (&container.state, &container.last) {
        (State::Running { .. }, _) => Stage::Running,
        (_, Some(ended)) => Stage::Stopped(ended),
        _ => Stage::Waiting,
    }
}

// Models pkg/kubelet/kubelet_pods.go getPhase
fn phase(worker: &Worker) -> &'static str {
    let (mut pending, mut waiting, mut running, mut stopped, mut for_good, mut succeeded) = (0, 0, 0, 0, 0, 0);
    for container in &worker.containers {
        let restarts = |ended: &Ended| container.restarts_after(ended.exit_code, &worker.restart_policy);
        match (container.role, stage(container)) {
            (Role::Init, Stage::Stopped(ended)) if ended.exit_code == 0 => {}
            (Role::Init, Stage::Stopped(ended)) if !restarts(ended) => return "Failed",
            (Role::Init, Stage::Stopped(_)) => {}
            (Role::Init, _) => pending += 1,
            (Role::Sidecar, Stage::Running) => {
                running += 1;
                pending += i32::from(!container.is_started() && !worker.has_started);
            }
            (Role::Sidecar, Stage::Stopped(_)) => {}
            (Role::Sidecar, Stage::Waiting) => {
                pending += i32::from(!worker.has_started);
                waiting += 1;
            }
            (Role::Main, Stage::Running) => running += 1,
            (Role::Main, Stage::Waiting) => waiting += 1,
            (Role::Main, Stage::Stopped(ended)) => {
                stopped += 1;
                for_good += i32::from(!restarts(ended));
                succeeded += i32::from(ended.exit_code == 0);
            }
        }
    }
    match () {
        () if pending > 0 || waiting > 0 => "Pending",
        () if running > 0 => "Running",
        () if stopped == 0 => "Pending",
        () if stopped != for_good => "Running",
        () if stopped == succeeded => "Succeeded",
        () => "Failed",
    }
}

// Models pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses
fn container_status(container: &Container, worker: &Worker, pod: &Object) -> Value {
    let waiting = |reason: &str, message: String| {
        let mut state = json!({"waiting": {"reason": reason}});
        if !message.is_empty() {
            state["waiting"]["message"] = json!(message);
        }
        state
    };
    let has_init = worker.containers.iter().any(|c| c.role != Role::Main);
    let first = if has_init && !(container.role == Role::Main && worker.is_initialized()) {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let (image, name) = (&container.image, &container.name);
    let state = match &container.state {
        State::Starting { .. } if !worker.missing.0.is_empty() => {
            let object = &worker.missing.0[0];
            let message = format!("{} {:?} not found", object.kind.name().to_lowercase(), object.name);
            waiting("CreateContainerConfigError", message)
        }
        // A container that is started again shows how it ended until it runs.
        State::Pulling { .. } | State::Starting { .. } | State::Exited { .. } | State::Ended
            if container.last.is_some() =>
        {
            container.last.as_ref().map_or_else(|| json!({}), |ended| json!({"terminated": terminated(ended)}))
        }
        State::Running { since, .. } => json!({"running": {"startedAt": since.timestamp().to_string()}}),
        State::PullBackOff { reason: reason @ "ErrImagePull", .. } => waiting(reason, pull_error(image)),
        State::PullBackOff { reason: reason @ "ErrImageNeverPull", .. } => {
            waiting(reason, format!("Container image {image:?} is not present with pull policy of Never"))
        }
        State::PullBackOff { reason, .. } => {
            waiting(reason, format!("Back-off pulling image {image:?}: ErrImagePull: {}", pull_error(image)))
        }
        State::BackOff { .. } => {
            let (seconds, meta) = (container.back_off.0 / 1000, &pod.meta);
            let back_off =
                if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) };
            let pod = format!("{}_{}({})", meta.name, meta.namespace, meta.uid);
            let message = format!("back-off {back_off} restarting failed container={name} pod={pod}");
            waiting("CrashLoopBackOff", message)
        }
        _ => waiting(first, String::new()),
    };
    let shows_end = state.get("terminated").is_some();
    let last = container.last.as_ref().filter(|_| !shows_end);
    json!({
        "name": name,
        "image": image,
        "imageID": "",
        "ready": container.is_ready(),
        "restartCount": container.restarts,
        "started": container.is_started(),
        "state": state,
        "lastState": last.map_or_else(|| json!({}), |ended| json!({"terminated": terminated(ended)})),
    })
}

fn terminated(ended: &Ended) -> Value {
    json!({
        "exitCode": ended.exit_code,
        "reason": ended.reason(),
        "startedAt": ended.started.timestamp().to_string(),
        "finishedAt": ended.finished.timestamp().to_string(),
    })
}

/// Whether a condition holds; why not where it does not.
type Verdict = (bool, &'static str, String);

/// The conditions that the kubelet alone writes.
// Models pkg/kubelet/types/pod_status.go PodConditionByKubelet
const OWN_CONDITIONS: [&str; 5] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

// Models pkg/kubelet/status/generate.go
fn set_conditions(status: &mut Map<String, Value>, pod: &Object, worker: &Worker, set_up: bool, now: Instant) {
    let time = now.timestamp().to_string();
    let phase = status.text("phase").to_owned();
    let containers = containers_ready(worker, &phase);
    let ready = if containers.0 { gates_open(pod) } else { containers.clone() };
    let evicted = status.remove("conditions");
    let before = evicted.as_ref().and_then(Value::as_array).map_or(pod.status.list("conditions"), Vec::as_slice);
    let others = before.iter().filter(|condition| !OWN_CONDITIONS.contains(&condition.text("type")));
    // The kubelet's own come last, in its order.
    let mut conditions: Vec<Value> = others.cloned().collect();
    for (ty, (holds, reason, message)) in [
        ("PodReadyToStartContainers", (set_up, "", String::new())),
        ("Initialized", initialized(worker, &phase)),
        ("Ready", ready),
        ("ContainersReady", containers),
        ("PodScheduled", (true, "", String::new())),
    ] {
        let mut condition = json!({
            "type": ty, "status": if holds { "True" } else { "False" }, "lastProbeTime": null, "lastTransitionTime": time,
        });
        for (field, text) in [("reason", reason), ("message", message.as_str())] {
            if !text.is_empty() {
                condition[field] = json!(text);
            }
        }
        let same = |old: &&Value| old.text("type") == ty && old.text("status") == condition.text("status");
        if let Some(old) = before.iter().find(same) {
            condition["lastTransitionTime"] = old.field("lastTransitionTime").clone();
        }
        conditions.push(condition);
    }
    status.insert("conditions".to_owned(), Value::Array(conditions));
}

fn names(worker: &Worker, wanted: &dyn Fn(&Container) -> bool) -> Vec<String> {
    worker.containers.iter().filter(|c| wanted(c)).map(|c| c.name.clone()).collect()
}

// Models pkg/kubelet/status/generate.go GeneratePodInitializedCondition
fn initialized(worker: &Worker, phase: &str) -> Verdict {
    if phase == "Succeeded" {
        return (true, "PodCompleted", String::new());
    }
    if worker.is_initialized() {
        return (true, "", String::new());
    }
    let incomplete = names(worker, &|c| c.role != Role::Main && !c.lets_next_start()).join(" ");
    (false, "ContainersNotInitialized", format!("containers with incomplete status: [{incomplete}]"))
}

// Models pkg/kubelet/status/generate.go GenerateContainersReadyCondition
fn containers_ready(worker: &Worker, phase: &str) -> Verdict {
    match phase {
        "Succeeded" => return (false, "PodCompleted", String::new()),
        "Failed" => return (false, "PodFailed", String::new()),
        _ => {}
    }
    let unready = names(worker, &|c| c.role != Role::Init && !c.is_ready());
    if unready.is_empty() {
        return (true, "", String::new());
    }
    (false, "ContainersNotReady", format!("containers with unready status: [{}]", unready.join(" ")))
}

/// The readiness gates of a pod that are not open, each with what is said of it.
// Models pkg/kubelet/status/generate.go GeneratePodReadyCondition
fn closed_gates(pod: &Object) -> Vec<(String, String)> {
    let gates = pod.spec.list("readinessGates").iter().map(|gate| gate.text("conditionType"));
    gates
        .filter_map(|gate| {
            let said = match pod_condition(pod, gate).map(|condition| condition.text("status")) {
                Some("True") => return None,
                None => format!("corresponding condition of pod readiness gate {gate:?} does not exist."),
                Some(status) => format!("the status of pod readiness gate {gate:?} is not \"True\", but {status}"),
            };
            Some((gate.to_owned(), said))
        })
        .collect()
}

fn gates_open(pod: &Object) -> Verdict {
    let said: Vec<String> = closed_gates(pod).into_iter().map(|(_, said)| said).collect();
    if said.is_empty() { (true, "", String::new()) } else { (false, "ReadinessGatesNotReady", said.join(", ")) }
}

/// Why the pod is not ready.
pub fn reasons(pod: &Object, worker: &Worker, now: Instant) -> Vec<Reason> {
    if let Some((_, until)) = worker.stopping {
        return vec![Reason::Ending { until }];
    }
    if !worker.missing.0.is_empty() {
        return vec![Reason::Missing { objects: worker.missing.0.clone() }];
    }
    if worker.set_up > now {
        return vec![Reason::SettingUp];
    }
    let mut reasons: Vec<Reason> =
        worker.containers.iter().filter_map(|container| container_reason(container, worker)).collect();
    if reasons.is_empty() {
        let gates = closed_gates(pod).into_iter();
        reasons.extend(gates.map(|(condition, _)| Reason::ReadinessGate { condition }));
    }
    reasons
}

fn container_reason(container: &Container, worker: &Worker) -> Option<Reason> {
    let name = container.name.clone();
    let failing = |probe| Some(Reason::ProbeFailing { container: name.clone(), probe });
    match &container.state {
        State::PullBackOff { until, .. } => {
            let image = container.image.clone();
            Some(Reason::ImagePullBackOff { container: name, image, until: *until })
        }
        State::BackOff { until } => {
            let exit_code = container.last.as_ref().map_or(0, |ended| ended.exit_code);
            let restarts = container.restarts;
            Some(Reason::CrashLoopBackOff { container: name, exit_code, restarts, until: *until })
        }
        State::Running { .. } if !container.is_started() => failing(ProbeKind::Startup),
        State::Running { .. } if container.liveness.as_ref().is_some_and(|probe| probe.failures > 0) => {
            failing(ProbeKind::Liveness)
        }
        _ if container.role == Role::Init && !container.lets_next_start() && !worker.has_started => {
            Some(Reason::InitContainerNotDone { container: name })
        }
        State::Running { .. } if container.role != Role::Init && !container.is_ready() => failing(ProbeKind::Readiness),
        _ => None,
    }
}
