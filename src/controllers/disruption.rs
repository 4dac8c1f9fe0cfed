//! How many of the pods behind a disruption budget may be taken away.
//!
//! Follows `pkg/controller/disruption/disruption.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::reason::Reason;
use super::statefulset::stateful_set_utils::{is_pod_ready, is_terminal_phase, pod_condition, scaled_value};
use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, OwnerReference};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::Status;
use crate::api::time::{Millis, Timestamp};
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent, set_condition, timing};

const ACTOR: Actor = Actor::DisruptionController;
const CONDITION: &str = "DisruptionAllowed";

/// Has the budgets looked at that a write concerns, and pods whose eviction was announced and did not come.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::PodDisruptionBudget => cluster.enqueue(ACTOR, object.object_ref(), timing::BUDGET_WATCH),
        Kind::Pod => {
            let budgets = cluster.budgets_of(object);
            if let Some(first) = budgets.first() {
                cluster.enqueue(ACTOR, first.object_ref(), timing::WATCH);
                if budgets.len() > 1 {
                    let (namespace, name) = (&object.meta.namespace, &object.meta.name);
                    let message = format!(
                        "Pod {namespace:?}/{name:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
                        first.meta.name
                    );
                    cluster.record_event(ACTOR, object, true, "MultiplePodDisruptionBudgets", &message);
                }
            }
            if let Some(delay) = event.new.as_ref().and_then(|pod| stale_disruption(cluster, pod)) {
                cluster.enqueue_after(ACTOR, object.object_ref(), delay);
            }
        }
        _ => {}
    }
}

/// Syncs a budget, or takes a stale announcement off a pod.
// Models pkg/controller/disruption/disruption.go sync
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        return;
    };
    let result = if object.kind == Kind::Pod {
        clear_stale_disruption(cluster, &object)
    } else {
        match try_sync(cluster, &object) {
            Ok(()) => Ok(()),
            Err(Failure::Write(status)) if status.is_conflict() => Err(status),
            Err(Failure::Write(status)) => fail_safe(cluster, &object, &status.message),
            Err(Failure::Compute(error)) => fail_safe(cluster, &object, &error),
        }
    };
    cluster.settle(ACTOR, reference, result);
}

enum Failure {
    Compute(String),
    Write(Status),
}

// Models pkg/controller/disruption/disruption.go trySync
fn try_sync(cluster: &mut Cluster, budget: &Object) -> Result<(), Failure> {
    let selector = Selector::of_value(budget.spec.field("selector"));
    let pods: Vec<Arc<Object>> = cluster
        .store()
        .list_in(Kind::Pod, &budget.meta.namespace)
        .filter(|pod| selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels)))
        .cloned()
        .collect();
    if pods.is_empty() {
        cluster.record_event(ACTOR, budget, false, "NoPods", "No matching pods found");
    }
    let Expected { pods: expected, desired, unmanaged } = match expected_pods(cluster, budget, &pods) {
        Ok(expected) => expected,
        Err(error) => {
            let message = format!("Failed to calculate the number of expected pods: {error}");
            cluster.record_event(ACTOR, budget, true, "CalculateExpectedPodCountFailed", &message);
            return Err(Failure::Compute(error));
        }
    };
    if unmanaged {
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of \
             the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods \
             please set \".spec.minAvailable\" field of the PDB to an integer value.",
            go_selector(budget.spec.field("selector"))
        );
        cluster.record_event(ACTOR, budget, true, "UnmanagedPods", &message);
    }
    let (disrupted, recheck) = disrupted_pods(cluster, budget, &pods);
    let healthy = pods
        .iter()
        .filter(|pod| !pod.meta.is_terminating() && !disrupted.contains_key(&pod.meta.name) && is_pod_ready(pod))
        .count() as i64;
    update_status(cluster, budget, healthy, desired, expected, disrupted).map_err(Failure::Write)?;
    if let Some(delay) = recheck {
        cluster.enqueue_after(ACTOR, budget.object_ref(), delay);
    }
    Ok(())
}

/// A label selector as Go's `%v` prints a pointer to one.
fn go_selector(selector: &Value) -> String {
    let mut out = "&LabelSelector{MatchLabels:map[string]string{".to_owned();
    for (key, value) in selector.entries("matchLabels") {
        out.push_str(&format!("{key}: {},", value.as_str().unwrap_or_default()));
    }
    out.push_str("},MatchExpressions:[]LabelSelectorRequirement{");
    for expression in selector.list("matchExpressions") {
        let values: Vec<&str> = expression.list("values").iter().filter_map(Value::as_str).collect();
        let (key, operator) = (expression.text("key"), expression.text("operator"));
        out.push_str(&format!(
            "LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},",
            values.join(" ")
        ));
    }
    out.push_str("},}");
    out
}

/// What a budget counts with.
struct Expected {
    /// How many pods there should be.
    pods: i64,
    /// How many of them should be healthy.
    desired: i64,
    /// Whether there are pods that no controller manages.
    unmanaged: bool,
}

// Models pkg/controller/disruption/disruption.go getExpectedPodCount
fn expected_pods(cluster: &Cluster, budget: &Object, pods: &[Arc<Object>]) -> Result<Expected, String> {
    let (most_away, least) = (budget.spec.field("maxUnavailable"), budget.spec.field("minAvailable"));
    if !most_away.is_null() {
        let (scale, unmanaged) = expected_scale(cluster, pods)?;
        let away = scaled_value(most_away, scale, true)?;
        return Ok(Expected { pods: scale, desired: (scale - away).max(0), unmanaged });
    }
    if let Some(desired) = least.as_i64() {
        return Ok(Expected { pods: pods.len() as i64, desired, unmanaged: false });
    }
    if least.is_string() {
        let (scale, unmanaged) = expected_scale(cluster, pods)?;
        return Ok(Expected { pods: scale, desired: scaled_value(least, scale, true)?, unmanaged });
    }
    Ok(Expected { pods: 0, desired: 0, unmanaged: false })
}

/// The replicas of all controllers that the pods have, and whether some pods have none.
// Models pkg/controller/disruption/disruption.go getExpectedScale
fn expected_scale(cluster: &Cluster, pods: &[Arc<Object>]) -> Result<(i64, bool), String> {
    let mut scales: BTreeMap<String, i64> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(owner) = pod.meta.controller_of() else {
            unmanaged = true;
            continue;
        };
        if scales.contains_key(&owner.uid) {
            continue;
        }
        let (uid, scale) = controller_and_scale(cluster, &pod.meta.namespace, owner)?
            .ok_or_else(|| format!("found no controllers for pod {:?}", pod.meta.name))?;
        scales.insert(uid, scale);
    }
    Ok((scales.values().sum(), unmanaged))
}

/// A controller with its replicas: the Deployment in place of its ReplicaSet.
// Models pkg/controller/disruption/disruption.go finders
fn controller_and_scale(
    cluster: &Cluster,
    namespace: &str,
    owner: &OwnerReference,
) -> Result<Option<(String, i64)>, String> {
    let Some(kind) = Kind::of_manifest(&owner.api_version, &owner.kind) else {
        return Err(format!("no matches for kind {:?} in version {:?}", owner.kind, owner.api_version));
    };
    let scales = matches!(kind, Kind::StatefulSet | Kind::ReplicaSet | Kind::Deployment | Kind::ReplicationController);
    if !scales {
        return Err(format!("{} does not implement the scale subresource", kind.group_resource()));
    }
    let namespace = if kind.resource().namespaced { namespace } else { "" };
    let Some(controller) = cluster.get(kind, namespace, &owner.name).filter(|found| found.meta.uid == owner.uid) else {
        return Ok(None);
    };
    if kind == Kind::ReplicaSet
        && let Some(deployment) = controller.meta.controller_of().filter(|o| o.kind == Kind::Deployment.name())
    {
        return controller_and_scale(cluster, namespace, &deployment.clone());
    }
    Ok(Some((controller.meta.uid.clone(), controller.spec.int("replicas").unwrap_or_default())))
}

/// The pods that were evicted and are not going yet, with the times; and when to look at them again.
// Models pkg/controller/disruption/disruption.go buildDisruptedPodMap
fn disrupted_pods(
    cluster: &mut Cluster,
    budget: &Object,
    pods: &[Arc<Object>],
) -> (Map<String, Value>, Option<Millis>) {
    let now = cluster.now();
    let known = budget.status.entries("disruptedPods");
    let mut left = Map::new();
    let mut recheck: Option<Millis> = None;
    for pod in pods.iter().filter(|pod| !pod.meta.is_terminating()) {
        let Some(time) = known.get(&pod.meta.name) else { continue };
        let since = Timestamp::parse(time.as_str().unwrap_or_default()).unwrap_or_default();
        let end = since.instant() + timing::EVICTION_ANNOUNCED;
        if end < now {
            let namespace = &budget.meta.namespace;
            let message = format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            cluster.record_event(ACTOR, pod, true, "NotDeleted", &message);
            continue;
        }
        let delay = Millis(end.since(now).0 + 1);
        recheck = Some(recheck.map_or(delay, |known| known.min(delay)));
        left.insert(pod.meta.name.clone(), time.clone());
    }
    (left, recheck)
}

// Models pkg/controller/disruption/disruption.go updatePdbStatus
fn update_status(
    cluster: &mut Cluster,
    budget: &Object,
    healthy: i64,
    desired: i64,
    expected: i64,
    disrupted: Map<String, Value>,
) -> Result<(), Status> {
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    let reason = Reason::NoDisruptionAllowed { desired, current: healthy };
    cluster.note(ACTOR, &budget.object_ref(), if allowed == 0 { vec![reason] } else { Vec::new() });
    let mut changed = budget.clone();
    let generation = changed.meta.generation;
    let status = changed.status_mut();
    status.remove("disruptedPods");
    if !disrupted.is_empty() {
        status.insert("disruptedPods".to_owned(), Value::Object(disrupted));
    }
    for (name, number) in [
        ("currentHealthy", healthy),
        ("desiredHealthy", desired),
        ("expectedPods", expected),
        ("disruptionsAllowed", allowed),
        ("observedGeneration", generation),
    ] {
        status.insert(name.to_owned(), json!(number));
    }
    set_disruption_allowed_condition(status, &cluster.now().timestamp().to_string());
    if changed.status == budget.status {
        return Ok(());
    }
    cluster.update_object_status(ACTOR, changed).map(drop)
}

/// Sets the condition that follows from how many disruptions are allowed.
// Models staging/src/k8s.io/component-helpers/apps/poddisruptionbudget/helpers.go UpdateDisruptionAllowedCondition
pub(crate) fn set_disruption_allowed_condition(status: &mut Map<String, Value>, now: &str) {
    let allowed = status.int("disruptionsAllowed").unwrap_or_default() > 0;
    let (holds, reason) = if allowed { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    write_condition(status, holds, reason, "", now);
}

fn write_condition(status: &mut Map<String, Value>, holds: &str, reason: &str, message: &str, now: &str) {
    let condition = json!({
        "type": CONDITION, "status": holds, "reason": reason, "message": message, "lastTransitionTime": now,
        "observedGeneration": status.int("observedGeneration").unwrap_or_default(),
    });
    set_condition(status, condition);
}

/// Where the status cannot be computed, nothing may be evicted.
// Models pkg/controller/disruption/disruption.go failSafe
fn fail_safe(cluster: &mut Cluster, budget: &Object, error: &str) -> Result<(), Status> {
    cluster.note(ACTOR, &budget.object_ref(), vec![Reason::BudgetFailed { error: error.to_owned() }]);
    let now = cluster.now().timestamp().to_string();
    let mut budget = budget.clone();
    let status = as_map(Arc::make_mut(&mut budget.status));
    status.insert("disruptionsAllowed".to_owned(), json!(0));
    write_condition(status, "False", "SyncFailed", error, &now);
    cluster.update_object_status(ACTOR, budget).map(drop)
}

/// How long until an announcement in a pod's status is stale; `None` where it has none that can be.
// Models pkg/controller/disruption/disruption.go nonTerminatingPodHasStaleDisruptionCondition
fn stale_disruption(cluster: &Cluster, pod: &Object) -> Option<Millis> {
    let condition = pod_condition(pod, "DisruptionTarget")?;
    let concerned = condition.text("status") == "True"
        && condition.text("reason") != "TerminationByKubelet"
        && !pod.meta.is_terminating()
        && !is_terminal_phase(pod);
    let since = Timestamp::parse(condition.text("lastTransitionTime")).unwrap_or_default();
    let end = since.instant() + timing::EVICTION_ANNOUNCED;
    concerned.then(|| end.since(cluster.now()).max(Millis(0)))
}

// Models pkg/controller/disruption/disruption.go syncStalePodDisruption
fn clear_stale_disruption(cluster: &mut Cluster, pod: &Object) -> Result<(), Status> {
    match stale_disruption(cluster, pod) {
        None => return Ok(()),
        Some(delay) if delay.0 > 0 => {
            cluster.enqueue_after(ACTOR, pod.object_ref(), delay);
            return Ok(());
        }
        Some(_) => {}
    }
    let condition = json!({
        "type": "DisruptionTarget", "status": "False", "lastProbeTime": null, "observedGeneration": pod.meta.generation,
        "lastTransitionTime": cluster.now().timestamp().to_string(),
    });
    let mut pod = pod.clone();
    set_condition(pod.status_mut(), condition);
    cluster.update_object_status(ACTOR, pod).map(drop)
}
