//! Assigns pods to nodes.
//!
//! Follows the order and the words of the filters of `pkg/scheduler/framework/plugins` of Kubernetes v1.37.2, Apache-2.0.
//! Nodes that pass are ranked by how few pods they run, then by name, so that a small cluster is filled evenly.

mod filters;
mod volumes;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::order;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent, timing};

const ACTOR: Actor = Actor::Scheduler;

/// What the scheduler remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Why a pod could not be assigned when it was last tried.
    reasons: BTreeMap<ObjectRef, String>,
}

impl State {
    /// Why a pod could not be assigned when it was last tried.
    pub fn reason(&self, pod: &ObjectRef) -> Option<&str> {
        self.reasons.get(pod).map(String::as_str)
    }
}

/// Has pods looked at that are new, and those that wait when something changed that may help them.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    let helps = match object.kind {
        Kind::Pod => {
            match &event.new {
                Some(pod) if is_waiting(pod) => {
                    if event.old.is_none() {
                        cluster.enqueue(ACTOR, pod.object_ref(), timing::SCHEDULING);
                    }
                    false
                }
                // A pod that started or ended changes what fits elsewhere.
                Some(pod) => event.old.as_ref().is_some_and(|old| {
                    old.spec.text("nodeName") != pod.spec.text("nodeName")
                        || old.status.text("phase") != pod.status.text("phase")
                        || old.meta.labels != pod.meta.labels
                }),
                None => {
                    cluster.controllers.scheduler.reasons.remove(&object.object_ref());
                    true
                }
            }
        }
        Kind::PersistentVolumeClaim | Kind::PersistentVolume | Kind::StorageClass => true,
        Kind::Node => event.new.is_some(),
        _ => false,
    };
    if helps && !cluster.controllers.scheduler.reasons.is_empty() {
        let waiting: Vec<ObjectRef> = cluster.controllers.scheduler.reasons.keys().cloned().collect();
        for pod in waiting {
            cluster.enqueue(ACTOR, pod, timing::SCHEDULING);
        }
    }
}

fn is_waiting(pod: &Object) -> bool {
    pod.spec.text("nodeName").is_empty()
        && !pod.meta.is_terminating()
        && pod.spec.text("schedulerName") == "default-scheduler"
}

/// Finds a node for a pod and binds it there, or says why there is none.
// Models pkg/scheduler/schedule_one.go schedulePod
pub(crate) fn schedule_one(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(pod) = cluster.store().find(reference).cloned() else {
        return;
    };
    if !is_waiting(&pod) {
        cluster.controllers.scheduler.reasons.remove(reference);
        return;
    }
    match find_node(cluster, &pod) {
        Ok(node) => {
            if !volumes::assume_volumes(cluster, &pod, &node) {
                // The pod is tried again when its volumes are there.
                let reason = "binding volumes".to_owned();
                cluster.controllers.scheduler.reasons.insert(reference.clone(), reason);
                return;
            }
            cluster.controllers.scheduler.reasons.remove(reference);
            if let Ok(bound) = cluster.bind(ACTOR, reference, &node) {
                let message = format!("Successfully assigned {}/{} to {node}", pod.meta.namespace, pod.meta.name);
                cluster.record_event(ACTOR, &bound, false, "Scheduled", &message);
            }
        }
        Err(message) => failed(cluster, &pod, message),
    }
}

fn failed(cluster: &mut Cluster, pod: &Object, message: String) {
    let reference = pod.object_ref();
    let known = cluster.controllers.scheduler.reasons.get(&reference) == Some(&message);
    if known {
        return;
    }
    cluster.record_event(ACTOR, pod, true, "FailedScheduling", &message);
    cluster.controllers.scheduler.reasons.insert(reference, message.clone());
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastProbeTime": null,
        "lastTransitionTime": cluster.now().timestamp().to_string(),
    });
    let mut pod = pod.clone();
    crate::cluster::set_condition(pod.status_mut(), condition);
    // A pod that changed meanwhile is tried again anyway.
    let _ = cluster.update_object_status(ACTOR, pod);
}

/// The node that suits a pod best, or upstream's sentence about why there is none.
fn find_node(cluster: &Cluster, pod: &Object) -> Result<String, String> {
    let nodes: Vec<_> = cluster.store().list(Kind::Node).cloned().collect();
    if nodes.is_empty() {
        return Err("no nodes available to schedule pods".to_owned());
    }
    let total = nodes.len();
    if let Err(why) = volumes::pre_filter(cluster, pod) {
        return Err(format!("0/{total} nodes are available: {why}. not found"));
    }
    let view = filters::View::new(cluster);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let mut fitting = Vec::new();
    for node in &nodes {
        match filters::filter(cluster, &view, pod, node) {
            Ok(()) => fitting.push(node),
            Err(reasons) => {
                for reason in reasons {
                    *refusals.entry(reason).or_default() += 1;
                }
            }
        }
    }
    let best =
        fitting.into_iter().min_by_key(|node| (filters::spread_penalty(&view, pod, node), node.meta.name.clone()));
    best.map(|node| node.meta.name.clone()).ok_or_else(|| {
        let mut reasons: Vec<String> = refusals.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        order::sort_by(&mut reasons, String::cmp);
        format!("0/{total} nodes are available: {}. {}", reasons.join(", "), preemption(total))
    })
}

/// What upstream appends about preemption: pods of one priority displace nobody.
fn preemption(total: usize) -> String {
    format!("preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling.")
}

/// A pod's resource requests: the sum of its containers, at least the largest of its init containers.
fn requests(pod: &Value, resource: &str) -> i64 {
    let of = |container: &Value| {
        let text = container.field("resources").field("requests").text(resource).to_owned();
        let quantity = crate::api::quantity::Quantity::parse(&text).ok();
        quantity.map_or(0, |q| if resource == "cpu" { q.milli_value() } else { q.value() })
    };
    let containers: i64 = pod.list("containers").iter().map(of).sum();
    let sidecars: i64 = pod.list("initContainers").iter().filter(|c| c.text("restartPolicy") == "Always").map(of).sum();
    let init = pod.list("initContainers").iter().map(of).max().unwrap_or_default();
    (containers + sidecars).max(init)
}
