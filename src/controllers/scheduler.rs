//! Assigns pods to nodes.
//!
//! Follows `pkg/scheduler/schedule_one.go` of Kubernetes v1.37.2, Apache-2.0.

mod cache;
mod filters;
mod preemption;
mod score;
mod topology;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::reason::{ClaimTrouble, Reason, Refusal};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::order;
use crate::cluster::actor::Actor;
use crate::cluster::store::{Index, claim_key};
use crate::cluster::{Cluster, WatchEvent, timing};
use cache::Cache;
use filters::Hint;
pub use filters::{admission_check, tolerates};
use preemption::Nomination;

const ACTOR: Actor = Actor::Scheduler;
/// The longest sentence that an event takes.
const NOTE_LENGTH: usize = 1024;

/// What the scheduler remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    cache: Cache,
    /// What is said of a pod that could not be assigned when it was last tried.
    messages: BTreeMap<ObjectRef, String>,
    /// The pods that wait, by what can help them.
    waiting: BTreeMap<Hint, BTreeSet<ObjectRef>>,
    /// The nodes that were chosen for pods that wait for their volumes.
    chosen: BTreeMap<ObjectRef, String>,
}

impl State {
    /// Why a pod could not be assigned when it was last tried.
    pub fn reason(&self, pod: &ObjectRef) -> Option<&str> {
        self.messages.get(pod).map(String::as_str)
    }

    fn forget(&mut self, pod: &ObjectRef) {
        self.messages.remove(pod);
        self.chosen.remove(pod);
        for pods in self.waiting.values_mut() {
            pods.remove(pod);
        }
    }
}

/// Has pods looked at that are new, and those that wait when something changed that may help them.
// Models pkg/scheduler/eventhandlers.go addAllEventHandlers
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    if object.kind == Kind::Node {
        cluster.controllers.scheduler.cache.observe_node(event);
    }
    match object.kind {
        Kind::Pod => observe_pod(cluster, event),
        Kind::PersistentVolumeClaim => wake_pods_of(cluster, &object.meta.namespace, &object.meta.name),
        Kind::PersistentVolume => {
            let claim = object.spec.field("claimRef");
            if claim.is_object() {
                wake_pods_of(cluster, claim.text("namespace"), claim.text("name"));
            } else {
                wake(cluster, &[Hint::Volume]);
            }
        }
        Kind::StorageClass => wake(cluster, &[Hint::Volume]),
        Kind::Node if node_changed(event) => {
            // A node can bring what pods or volumes lack, too; and one that was chosen may not do any more.
            wake(cluster, &[Hint::Node, Hint::Pod, Hint::Volume]);
            let chosen: Vec<ObjectRef> = cluster.controllers.scheduler.chosen.keys().cloned().collect();
            for pod in chosen {
                cluster.enqueue(ACTOR, pod, timing::SCHEDULING);
            }
        }
        _ => {}
    }
}

fn observe_pod(cluster: &mut Cluster, event: &WatchEvent) {
    cluster.controllers.scheduler.cache.observe(event);
    let reference = event.object().object_ref();
    match (&event.old, &event.new) {
        (old, Some(pod)) if is_waiting(pod) => {
            let gates_changed = old.as_ref().is_some_and(|old| old.spec != pod.spec);
            if old.is_none() || gates_changed {
                cluster.enqueue(ACTOR, reference, timing::SCHEDULING);
            }
        }
        // A pod that started or ended changes what fits elsewhere.
        (Some(old), Some(pod)) => {
            let changed = old.spec.text("nodeName") != pod.spec.text("nodeName")
                || old.status.text("phase") != pod.status.text("phase")
                || old.meta.labels != pod.meta.labels
                || old.meta.deletion_timestamp != pod.meta.deletion_timestamp;
            if changed {
                wake(cluster, &[Hint::Pod]);
            }
        }
        (None, Some(_)) => wake(cluster, &[Hint::Pod]),
        (_, None) => {
            cluster.controllers.scheduler.forget(&reference);
            wake(cluster, &[Hint::Pod]);
        }
    }
}

/// Whether a node changed in what pods are scheduled by.
fn node_changed(event: &WatchEvent) -> bool {
    match (&event.old, &event.new) {
        (Some(old), Some(new)) => {
            old.spec != new.spec
                || old.meta.labels != new.meta.labels
                || old.status.field("allocatable") != new.status.field("allocatable")
        }
        _ => true,
    }
}

fn wake(cluster: &mut Cluster, hints: &[Hint]) {
    for hint in hints {
        let pods = cluster.controllers.scheduler.waiting.get(hint).cloned().unwrap_or_default();
        for pod in pods {
            cluster.enqueue(ACTOR, pod, timing::SCHEDULING);
        }
    }
}

fn wake_pods_of(cluster: &mut Cluster, namespace: &str, claim: &str) {
    let pods = cluster.store().indexed(Index::ClaimOfPod, &claim_key(namespace, claim)).cloned().collect::<Vec<_>>();
    for pod in pods.iter().filter(|pod| is_waiting(pod)) {
        cluster.enqueue(ACTOR, pod.object_ref(), timing::SCHEDULING);
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
        cluster.controllers.scheduler.forget(reference);
        cluster.note(ACTOR, reference, Vec::new());
        return;
    }
    if is_gated(cluster, &pod) {
        return;
    }
    let node = match find_node(cluster, &pod) {
        Ok(node) => node,
        Err(failure) => return failed(cluster, &pod, failure),
    };
    let claims = volumes::bind_volumes(cluster, &pod, &node);
    let name = node.meta.name.clone();
    if !claims.is_empty() {
        // The pod is tried again when its claims are bound.
        cluster.controllers.scheduler.chosen.insert(reference.clone(), name.clone());
        cluster.note(ACTOR, reference, vec![Reason::BindingVolumes { claims, node: name }]);
        return;
    }
    cluster.controllers.scheduler.forget(reference);
    cluster.note(ACTOR, reference, Vec::new());
    let bound = cluster.bind(ACTOR, reference, &name);
    if let Ok(bound) = &bound {
        let message = format!("Successfully assigned {}/{} to {name}", pod.meta.namespace, pod.meta.name);
        cluster.record_event(ACTOR, bound, false, "Scheduled", &message);
    }
    cluster.settle(ACTOR, reference, bound.map(drop));
}

/// A pod with gates is not to be scheduled before they are taken off.
// Models pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go PreEnqueue
fn is_gated(cluster: &mut Cluster, pod: &Object) -> bool {
    let gates: Vec<String> = pod.spec.list("schedulingGates").iter().map(|gate| gate.text("name").to_owned()).collect();
    if gates.is_empty() {
        return false;
    }
    cluster.note(ACTOR, &pod.object_ref(), vec![Reason::SchedulingGated { gates }]);
    let message = "Scheduling is blocked due to non-empty scheduling gates";
    set_unscheduled(cluster, pod, "SchedulingGated", message, None);
    true
}

/// Why no node was found.
struct Failure {
    message: String,
    claims: Vec<(String, ClaimTrouble)>,
    refusals: Vec<Refusal>,
    hints: BTreeSet<Hint>,
    /// Where others are to make room.
    nomination: Option<Box<Nomination>>,
}

// Models pkg/scheduler/schedule_one.go handleSchedulingFailure
fn failed(cluster: &mut Cluster, pod: &Object, failure: Failure) {
    let reference = pod.object_ref();
    if preemption::makes_room(cluster, pod) {
        return;
    }
    let Failure { message, claims, refusals, hints, nomination } = failure;
    let message = truncate(message);
    let state = &mut cluster.controllers.scheduler;
    let known = state.messages.get(&reference) == Some(&message);
    for (hint, pods) in &mut state.waiting {
        if !hints.contains(hint) {
            pods.remove(&reference);
        }
    }
    for hint in hints {
        state.waiting.entry(hint).or_default().insert(reference.clone());
    }
    let mut reasons: Vec<Reason> =
        claims.into_iter().map(|(claim, why)| Reason::ClaimNotUsable { claim, why }).collect();
    reasons.push(Reason::Unschedulable { message: message.clone(), refusals });
    cluster.note(ACTOR, &reference, reasons);
    if !known || nomination.is_some() {
        cluster.controllers.scheduler.messages.insert(reference, message.clone());
        cluster.record_event(ACTOR, pod, true, "FailedScheduling", &message);
        let node = nomination.as_ref().map(|nomination| nomination.node.as_str());
        set_unscheduled(cluster, pod, "Unschedulable", &message, node);
    }
    if let Some(nomination) = nomination {
        preemption::preempt(cluster, pod, &nomination);
    }
}

/// Writes why a pod is not assigned, and the node on which others make room for it.
fn set_unscheduled(cluster: &mut Cluster, pod: &Object, reason: &str, message: &str, nominated: Option<&str>) {
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": reason, "message": message, "lastProbeTime": null,
        "lastTransitionTime": cluster.now().timestamp().to_string(), "observedGeneration": pod.meta.generation,
    });
    let mut pod = pod.clone();
    crate::cluster::set_condition(pod.status_mut(), condition);
    if let Some(node) = nominated {
        pod.status_mut().insert("nominatedNodeName".to_owned(), json!(node));
    }
    // A pod that changed meanwhile is tried again anyway.
    let _ = cluster.update_object_status(ACTOR, pod);
}

// Models pkg/scheduler/schedule_one.go truncateMessage
fn truncate(message: String) -> String {
    const SUFFIX: &str = " ...";
    if message.len() <= NOTE_LENGTH {
        return message;
    }
    let mut end = NOTE_LENGTH - SUFFIX.len();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{SUFFIX}", &message[..end])
}

/// The node that suits a pod best, or upstream's sentence about why there is none.
// Models pkg/scheduler/schedule_one.go findNodesThatFitPod
fn find_node(cluster: &Cluster, pod: &Object) -> Result<Arc<Object>, Failure> {
    let nodes: Vec<Arc<Object>> = cluster.store().list(Kind::Node).cloned().collect();
    let total = nodes.len();
    let nothing = |message: String, reason: &str, hint: Hint| Failure {
        message,
        claims: Vec::new(),
        refusals: vec![Refusal { reason: reason.to_owned(), nodes: Vec::new() }],
        hints: BTreeSet::from([hint]),
        nomination: None,
    };
    if total == 0 {
        let message = "no nodes available to schedule pods";
        return Err(nothing(message.to_owned(), message, Hint::Node));
    }
    if let Err((why, claims)) = volumes::pre_filter(cluster, pod) {
        // The claims' own changes wake the pod. What follows the sentence is a fault of upstream's dynamic resources,
        // which look for a state that they have not written.
        let message = format!("0/{total} nodes are available: {why}. not found");
        return Err(Failure { claims, ..nothing(message, &why, Hint::Volume) });
    }
    let named = filters::named_nodes(pod);
    let (topology, needs) = (topology::Topology::new(cluster, pod), filters::Needs::of(pod));
    let mut rejections = Rejections::default();
    let mut fitting = Vec::new();
    for node in nodes {
        if named.as_ref().is_some_and(|named| !named.contains(&node.meta.name)) {
            let reason = "node(s) didn't satisfy plugin(s) [NodeAffinity]".to_owned();
            rejections
                .add(&node, filters::Rejection { reasons: vec![reason], preemption_may_help: false, hint: Hint::Node });
            continue;
        }
        match filters::filter(cluster, &topology, pod, &needs, &node) {
            Ok(()) => fitting.push(node),
            Err(rejection) => rejections.add(&node, rejection),
        }
    }
    let chosen = cluster.controllers.scheduler.chosen.get(&pod.object_ref());
    if let Some(node) = fitting.iter().find(|node| chosen == Some(&node.meta.name)) {
        return Ok(Arc::clone(node));
    }
    score::best(cluster, pod, fitting).ok_or_else(|| {
        let (preemption, nomination) =
            preemption::evaluate(cluster, pod, &needs, &rejections.preemption_may_help, total);
        Failure { nomination, ..rejections.into_failure(total, &preemption) }
    })
}

/// Why the nodes were rejected.
#[derive(Default)]
struct Rejections {
    by_reason: BTreeMap<String, Vec<String>>,
    preemption_may_help: Vec<Arc<Object>>,
    hints: BTreeSet<Hint>,
}

impl Rejections {
    fn add(&mut self, node: &Arc<Object>, rejection: filters::Rejection) {
        for reason in rejection.reasons {
            self.by_reason.entry(reason).or_default().push(node.meta.name.clone());
        }
        if rejection.preemption_may_help {
            self.preemption_may_help.push(Arc::clone(node));
        }
        self.hints.insert(rejection.hint);
    }

    // Models pkg/scheduler/framework/types.go FitError.Error
    fn into_failure(self, total: usize, preemption: &str) -> Failure {
        let counted = self.by_reason.iter().map(|(reason, nodes)| format!("{} {reason}", nodes.len()));
        let reasons = sorted(counted.collect());
        let message = format!("0/{total} nodes are available: {reasons}. preemption: {preemption}");
        let refusals = self.by_reason.into_iter().map(|(reason, nodes)| Refusal { reason, nodes }).collect();
        Failure { message, claims: Vec::new(), refusals, hints: self.hints, nomination: None }
    }
}

fn sorted(mut texts: Vec<String>) -> String {
    order::sort_by(&mut texts, String::cmp);
    texts.join(", ")
}
