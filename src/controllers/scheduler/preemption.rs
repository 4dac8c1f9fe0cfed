//! Whose place a pod takes that is more important.
//!
//! Follows `pkg/scheduler/framework/preemption/preemption.go` and
//! `pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go` of Kubernetes v1.37.2, Apache-2.0. What would fit
//! is tried in a copy of the cluster.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::filters::{self, Needs, Rejection};
use super::topology::Topology;
use super::{ACTOR, sorted};
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::order;
use crate::api::time::{Instant, Timestamp};
use crate::cluster::store::Index;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent};
use crate::controllers::statefulset::stateful_set_utils::pod_condition;

const BY_SCHEDULER: &str = "PreemptionByScheduler";

/// A node on which a pod is to have the place of others.
pub struct Nomination {
    /// The node.
    pub node: String,
    /// The pods that are to go, the most important first.
    pub victims: Vec<Arc<Object>>,
}

/// A node on which a pod fits without some others.
struct Candidate {
    nomination: Nomination,
    violations: usize,
}

/// Upstream's sentence about whether taking pods away helps, and where it does. `nodes` are those on which it may.
// Models pkg/scheduler/framework/preemption/preemption.go Preempt, evaluate
pub fn evaluate(
    cluster: &Cluster,
    pod: &Object,
    needs: &Needs,
    nodes: &[Arc<Object>],
    total: usize,
) -> (String, Option<Box<Nomination>>) {
    if pod.spec.text("preemptionPolicy") == "Never" {
        return ("not eligible due to preemptionPolicy=Never.".to_owned(), None);
    }
    if makes_room(cluster, pod) {
        return ("not eligible due to a terminating pod on the nominated node.".to_owned(), None);
    }
    let mut candidates = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for node in nodes {
        match select_victims(cluster, pod, needs, node) {
            Ok(candidate) => candidates.push(candidate),
            Err(reasons) => reasons.into_iter().for_each(|reason| *counts.entry(reason).or_default() += 1),
        }
    }
    if let Some(best) = pick_one(cluster.now(), candidates) {
        let Nomination { node, victims } = &best;
        let count = victims.len();
        let sentence = format!("found a potential placement for pod on node {node}, preempting {count} victims");
        return (sentence, Some(Box::new(best)));
    }
    if total > nodes.len() {
        counts.insert("Preemption is not helpful for scheduling".to_owned(), total - nodes.len());
    }
    let reasons = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    (format!("0/{total} nodes are available: {}.", sorted(reasons)), None)
}

/// Whether pods are ending whose place a pod is to have.
// Models pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go PodEligibleToPreemptOthers
pub fn makes_room(cluster: &Cluster, pod: &Object) -> bool {
    let node = pod.status.text("nominatedNodeName");
    let is_victim = |other: &Arc<Object>| {
        let target = pod_condition(other, "DisruptionTarget");
        other.meta.is_terminating() && target.is_some_and(|target| target.text("reason") == BY_SCHEDULER)
    };
    !node.is_empty() && less_important(cluster, pod, node).iter().any(is_victim)
}

/// A pod's priority.
pub fn priority(pod: &Object) -> i64 {
    pod.spec.int("priority").unwrap_or_default()
}

fn less_important(cluster: &Cluster, pod: &Object, node: &str) -> Vec<Arc<Object>> {
    let pods = cluster.store().indexed(Index::Node, node);
    pods.filter(|other| priority(other) < priority(pod)).cloned().collect()
}

fn start_time(pod: &Object, now: Instant) -> Instant {
    Timestamp::parse(pod.status.text("startTime")).map_or(now, |time| time.instant())
}

/// The fewest and least important pods without which a pod fits on a node; why there are none such.
// Models pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode
fn select_victims(cluster: &Cluster, pod: &Object, needs: &Needs, node: &Object) -> Result<Candidate, Vec<String>> {
    let mut possible = less_important(cluster, pod, &node.meta.name);
    if possible.is_empty() {
        return Err(vec!["No preemption victims found for incoming pod".to_owned()]);
    }
    fits_without(cluster, pod, needs, node, &possible).map_err(|rejection| rejection.reasons)?;
    // The most important first: of a higher priority, then for a longer time.
    order::sort_by_key(&mut possible, |victim| (Reverse(priority(victim)), start_time(victim, cluster.now())));
    let violates = with_violations(cluster, &possible);
    let in_turn = |violating: bool| {
        let pods = possible.iter().zip(&violates).filter(move |(_, violates)| **violates == violating);
        pods.map(|(victim, _)| Arc::clone(victim))
    };
    let mut victims = possible.clone();
    let mut violations = 0;
    for (violating, reprieved) in in_turn(true).map(|pod| (true, pod)).chain(in_turn(false).map(|pod| (false, pod))) {
        let others: Vec<Arc<Object>> =
            victims.iter().filter(|victim| !Arc::ptr_eq(victim, &reprieved)).cloned().collect();
        if fits_without(cluster, pod, needs, node, &others).is_ok() {
            victims = others;
        } else {
            violations += usize::from(violating);
        }
    }
    Ok(Candidate { nomination: Nomination { node: node.meta.name.clone(), victims }, violations })
}

fn fits_without(
    cluster: &Cluster,
    pod: &Object,
    needs: &Needs,
    node: &Object,
    victims: &[Arc<Object>],
) -> Result<(), Rejection> {
    let mut trial = cluster.clone();
    for victim in victims {
        trial.take_out(&victim.object_ref());
        let event = WatchEvent { old: Some(Arc::clone(victim)), new: None };
        trial.controllers.scheduler.cache.observe(&event);
    }
    filters::filter(&trial, &Topology::new(&trial, pod), pod, needs, node)
}

/// Whether taking each of the pods away, one after the other, asks more of a disruption budget than it allows.
// Models pkg/scheduler/framework/preemption/preemption.go filterPodsWithPDBViolation
fn with_violations(cluster: &Cluster, pods: &[Arc<Object>]) -> Vec<bool> {
    let mut allowed: BTreeMap<String, i64> = BTreeMap::new();
    let mut violates = |pod: &Arc<Object>| {
        let mut violating = false;
        for budget in cluster.budgets_of(pod) {
            let selector: &Value = budget.spec.field("selector");
            let selects_all = selector.as_object().is_none_or(|selector| selector.is_empty());
            if selects_all || budget.status.entries("disruptedPods").contains_key(&pod.meta.name) {
                continue;
            }
            let left = allowed
                .entry(budget.meta.uid.clone())
                .or_insert_with(|| budget.status.int("disruptionsAllowed").unwrap_or_default());
            *left -= 1;
            violating |= *left < 0;
        }
        violating
    };
    pods.iter().map(&mut violates).collect()
}

/// The best of several nodes: with the fewest violations, then the least important victims, then the fewest, then those
/// that started last.
// Models pkg/scheduler/framework/preemption/preemption.go pickOneNodeForPreemption
fn pick_one(now: Instant, candidates: Vec<Candidate>) -> Option<Nomination> {
    let score = |candidate: &Candidate| {
        let victims = &candidate.nomination.victims;
        let highest = victims.first().map_or(i64::MIN, |victim| priority(victim));
        let sum: i64 = victims.iter().map(|victim| priority(victim) + (1 << 31)).sum();
        let most_important = victims.iter().filter(|victim| priority(victim) == highest);
        let earliest = most_important.map(|victim| start_time(victim, now)).min();
        (candidate.violations, highest, sum, victims.len(), Reverse(earliest))
    };
    candidates.into_iter().min_by_key(score).map(|candidate| candidate.nomination)
}

/// Takes the pods away whose place a pod is to have.
// Models pkg/scheduler/framework/preemption/executor.go actuatePodPreemption
pub fn preempt(cluster: &mut Cluster, pod: &Object, nomination: &Nomination) {
    for victim in nomination.victims.iter().filter(|victim| !victim.meta.is_terminating()) {
        let message = "default-scheduler: preempting to accommodate a higher priority pod";
        let options = DeleteOptions { uid: Some(victim.meta.uid.clone()), ..DeleteOptions::default() };
        let gone = cluster
            .set_disruption_target(ACTOR, victim, BY_SCHEDULER, message)
            .and_then(|()| cluster.delete(ACTOR, &victim.object_ref(), &options));
        // Where that is refused, the pod that waits is tried again, and with it this.
        if gone.is_ok() {
            let message = format!("Preempted by pod {} on node {}", pod.meta.uid, nomination.node);
            cluster.record_event(ACTOR, victim, false, "Preempted", &message);
        }
    }
}
