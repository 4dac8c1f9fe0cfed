//! What the kubelet writes into a pod's status.

use serde_json::{Map, Value, json};

use super::container::{Container, Ended, Role, State};
use super::worker::Worker;
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::time::Instant;

/// The pod's status as its worker has it.
// Models pkg/kubelet/kubelet_pods.go generateAPIPodStatus
pub fn pod_status(pod: &Object, worker: &Worker, now: Instant) -> Value {
    let mut status = pod.status.as_object().cloned().unwrap_or_default();
    let set_up = worker.set_up <= now;
    status.insert("phase".to_owned(), json!(phase(worker)));
    status.insert("startTime".to_owned(), json!(worker.started.timestamp().to_string()));
    status.insert("hostIP".to_owned(), json!(host_address(pod)));
    if set_up {
        status.insert("podIP".to_owned(), json!(worker.address));
        status.insert("podIPs".to_owned(), json!([{"ip": worker.address}]));
    }
    for (name, is_init) in [("initContainerStatuses", true), ("containerStatuses", false)] {
        let statuses: Vec<Value> = worker
            .containers
            .iter()
            .filter(|container| (container.role != Role::Main) == is_init)
            .map(|container| container_status(container, worker))
            .collect();
        if !statuses.is_empty() {
            status.insert(name.to_owned(), Value::Array(statuses));
        }
    }
    set_conditions(&mut status, worker, set_up, now);
    Value::Object(status)
}

// Models pkg/kubelet/kubelet_pods.go getPhase
fn phase(worker: &Worker) -> &'static str {
    let main = || worker.containers.iter().filter(|container| container.role == Role::Main);
    let init_failed = worker
        .containers
        .iter()
        .any(|c| c.role == Role::Init && matches!(&c.state, State::Ended(ended) if ended.exit_code != 0));
    if init_failed {
        return "Failed";
    }
    if !worker.is_initialized() || main().any(|container| !has_run(container)) {
        return "Pending";
    }
    let ended = |container: &Container| match &container.state {
        State::Ended(ended) => Some(ended.exit_code),
        _ => None,
    };
    if main().all(|container| ended(container).is_some()) {
        return if main().all(|container| ended(container) == Some(0)) { "Succeeded" } else { "Failed" };
    }
    "Running"
}

/// Whether the container runs, or has run.
fn has_run(container: &Container) -> bool {
    container.last.is_some() || matches!(container.state, State::Running { .. } | State::Ended(_))
}

fn host_address(pod: &Object) -> String {
    let node = pod.spec.text("nodeName");
    let number = node.trim_start_matches(|c: char| !c.is_ascii_digit());
    format!("192.168.0.{}", number.parse::<u8>().unwrap_or(1))
}

// Models pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses
fn container_status(container: &Container, worker: &Worker) -> Value {
    let waiting = |reason: &str, message: Option<String>| {
        let mut state = json!({"waiting": {"reason": reason}});
        if let Some(message) = message {
            state["waiting"]["message"] = json!(message);
        }
        state
    };
    let state = match &container.state {
        State::Waiting if container.role == Role::Main && worker.is_initialized() => waiting("ContainerCreating", None),
        State::Waiting if container.role != Role::Main && is_next(container, worker) => {
            waiting("PodInitializing", None)
        }
        State::Waiting if container.role == Role::Main && !worker.containers.iter().any(|c| c.role != Role::Main) => {
            waiting("ContainerCreating", None)
        }
        State::Waiting => waiting("PodInitializing", None),
        State::Pulling { .. } | State::Starting { .. } if container.role == Role::Main => {
            waiting("ContainerCreating", None)
        }
        State::Pulling { .. } | State::Starting { .. } => waiting("PodInitializing", None),
        State::PullBackOff { first: true, .. } => {
            waiting("ErrImagePull", Some(format!("failed to pull image {:?}: not found", container.image)))
        }
        State::PullBackOff { .. } => {
            waiting("ImagePullBackOff", Some(format!("Back-off pulling image {:?}", container.image)))
        }
        State::Running { since, .. } => json!({"running": {"startedAt": since.timestamp().to_string()}}),
        State::BackOff { .. } => waiting(
            "CrashLoopBackOff",
            Some(format!("back-off {}s restarting failed container={}", container.back_off.0 / 1000, container.name)),
        ),
        State::Ended(ended) => json!({"terminated": terminated(ended)}),
    };
    let last = container.last.as_ref().filter(|_| !matches!(container.state, State::Ended(_)));
    json!({
        "name": container.name,
        "image": container.image,
        "imageID": "",
        "ready": container.is_ready(),
        "restartCount": container.restarts,
        "started": container.is_started(),
        "state": state,
        "lastState": last.map_or_else(|| json!({}), |ended| json!({"terminated": terminated(ended)})),
    })
}

/// Whether every container before this one lets it start.
fn is_next(container: &Container, worker: &Worker) -> bool {
    worker.containers.iter().take_while(|other| other.name != container.name).all(Container::lets_next_start)
}

fn terminated(ended: &Ended) -> Value {
    json!({
        "exitCode": ended.exit_code,
        "reason": ended.reason(),
        "startedAt": ended.started.timestamp().to_string(),
        "finishedAt": ended.finished.timestamp().to_string(),
    })
}

// Models pkg/kubelet/status/generate.go
fn set_conditions(status: &mut Map<String, Value>, worker: &Worker, set_up: bool, now: Instant) {
    let time = now.timestamp().to_string();
    let mut set = |ty: &str, holds: bool, reason: &str, message: String| {
        let mut condition = json!({
            "type": ty, "status": if holds { "True" } else { "False" }, "lastProbeTime": null, "lastTransitionTime": time,
        });
        if !holds && !reason.is_empty() {
            condition["reason"] = json!(reason);
            condition["message"] = json!(message);
        }
        crate::cluster::set_condition(status, condition);
    };
    let names = |wanted: &dyn Fn(&Container) -> bool| {
        let names: Vec<&str> = worker.containers.iter().filter(|c| wanted(c)).map(|c| c.name.as_str()).collect();
        format!("[{}]", names.join(" "))
    };
    set("PodReadyToStartContainers", set_up, "", String::new());
    let incomplete = names(&|c| c.role != Role::Main && !c.lets_next_start());
    let message = format!("containers with incomplete status: {incomplete}");
    set("Initialized", worker.is_initialized(), "ContainersNotInitialized", message);
    let serving = |c: &Container| c.role != Role::Init;
    let ready = worker.containers.iter().filter(|c| serving(c)).all(Container::is_ready) && worker.is_initialized();
    let unready = names(&|c| serving(c) && !c.is_ready());
    let completed = phase(worker) == "Succeeded";
    let reason = if completed { "PodCompleted" } else { "ContainersNotReady" };
    let message = if completed { String::new() } else { format!("containers with unready status: {unready}") };
    set("Ready", ready, reason, message.clone());
    set("ContainersReady", ready, reason, message);
    set("PodScheduled", true, "", String::new());
}
