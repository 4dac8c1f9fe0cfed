//! The columns of `kubectl get pods`.
//!
//! Follows `pkg/printers/internalversion/printers.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::duration;
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::time::{Instant, Timestamp};

/// What a row of the table says about a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRow {
    /// How many containers are ready.
    pub ready: usize,
    /// How many containers there are.
    pub total: usize,
    /// The word in the column STATUS.
    pub status: String,
    /// How often containers were restarted.
    pub restarts: i64,
    /// When a container ended last.
    pub last_restart: Option<Timestamp>,
}

/// The reason of a pod that nobody may schedule yet.
const GATED: &str = "SchedulingGated";

fn is_restartable(pod: &Object, name: &str) -> bool {
    let specs = pod.spec.list("initContainers");
    specs.iter().any(|spec| spec.text("name") == name && spec.text("restartPolicy") == "Always")
}

fn has_condition(pod: &Object, ty: &str) -> bool {
    let conditions = pod.status.list("conditions");
    conditions.iter().any(|condition| condition.text("type") == ty && condition.text("status") == "True")
}

fn last_ended(container: &Value) -> Option<Timestamp> {
    Timestamp::parse(container.field("lastState").field("terminated").text("finishedAt"))
}

/// The reason of a container that has ended.
fn ended_reason(terminated: &Value) -> String {
    match (terminated.text("reason"), terminated.int("signal").unwrap_or_default()) {
        ("", 0) => format!("ExitCode:{}", terminated.int("exitCode").unwrap_or_default()),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// The row of a pod.
// Models pkg/printers/internalversion/printers.go printPod
pub fn row(pod: &Object) -> PodRow {
    let status = &pod.status;
    let phase = status.text("phase");
    let mut word = match status.text("reason") {
        "" => phase.to_owned(),
        reason => reason.to_owned(),
    };
    let gated = |condition: &Value| condition.text("type") == "PodScheduled" && condition.text("reason") == GATED;
    if status.list("conditions").iter().any(gated) {
        word = GATED.to_owned();
    }
    let init = pod.spec.list("initContainers");
    let sidecars = init.iter().filter(|spec| spec.text("restartPolicy") == "Always").count();
    let mut row = PodRow {
        ready: 0,
        total: pod.spec.list("containers").len() + sidecars,
        status: String::new(),
        restarts: 0,
        last_restart: None,
    };
    let mut sidecar_restarts = (0, None);
    let mut initializing = false;
    for (i, container) in status.list("initContainerStatuses").iter().enumerate() {
        let restarts = container.int("restartCount").unwrap_or_default();
        row.restarts += restarts;
        row.last_restart = row.last_restart.max(last_ended(container));
        let restartable = is_restartable(pod, container.text("name"));
        if restartable {
            sidecar_restarts = (sidecar_restarts.0 + restarts, sidecar_restarts.1.max(last_ended(container)));
        }
        let state = container.field("state");
        let (terminated, waiting) = (state.field("terminated"), state.field("waiting").text("reason"));
        if terminated.is_object() && terminated.int("exitCode") == Some(0) {
            continue;
        }
        if restartable && container.flag("started") {
            row.ready += usize::from(container.flag("ready"));
            continue;
        }
        word = if terminated.is_object() {
            format!("Init:{}", ended_reason(terminated))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", init.len())
        };
        initializing = true;
        break;
    }
    if !initializing || has_condition(pod, "Initialized") {
        (row.restarts, row.last_restart) = sidecar_restarts;
        let mut running = false;
        let mut error = None;
        for container in status.list("containerStatuses").iter().rev() {
            row.restarts += container.int("restartCount").unwrap_or_default();
            row.last_restart = row.last_restart.max(last_ended(container));
            let state = container.field("state");
            let (terminated, waiting) = (state.field("terminated"), state.field("waiting").text("reason"));
            if !waiting.is_empty() {
                word = waiting.to_owned();
            } else if terminated.is_object() {
                word = ended_reason(terminated);
                if terminated.int("exitCode") != Some(0) {
                    error = Some(word.clone());
                }
            } else if container.flag("ready") && state.has("running") {
                running = true;
                row.ready += 1;
            }
        }
        if word == "Completed" {
            if running && has_condition(pod, "Ready") {
                word = "Running".to_owned();
            } else if let Some(error) = error {
                word = error;
            } else if running {
                word = "NotReady".to_owned();
            }
        }
    }
    if pod.meta.is_terminating() {
        if status.text("reason") == "NodeLost" {
            word = "Unknown".to_owned();
        } else if !matches!(phase, "Failed" | "Succeeded") {
            word = "Terminating".to_owned();
        }
    }
    row.status = word;
    row
}

/// How often containers were restarted, and how long ago the last time was.
pub fn restarts(pod: &Object, now: Instant) -> String {
    let row = row(pod);
    match row.last_restart {
        Some(_) if row.restarts != 0 => {
            format!("{} ({} ago)", row.restarts, duration::since(row.last_restart, now))
        }
        _ => row.restarts.to_string(),
    }
}

/// How many of a pod's readiness gates are open.
pub fn readiness_gates(pod: &Object) -> String {
    let gates = pod.spec.list("readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates.iter().filter(|gate| {
        let conditions = pod.status.list("conditions");
        let condition = conditions.iter().find(|condition| condition.text("type") == gate.text("conditionType"));
        condition.is_some_and(|condition| condition.text("status") == "True")
    });
    format!("{}/{}", open.count(), gates.len())
}
