//! Notices nodes that do not answer any more, and taints them.
//!
//! Follows `pkg/controller/nodelifecycle/node_lifecycle_controller.go` of Kubernetes v1.37.2, Apache-2.0. Upstream looks at
//! every node each five seconds; here a node is looked at when its grace period ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::kubelet;
use super::reason::Reason;
use super::statefulset::stateful_set_utils::pod_condition;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::Instant;
use crate::cluster::actor::Actor;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, WatchEvent, set_condition, timing};

const ACTOR: Actor = Actor::NodeLifecycleController;
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// The taint of a node that a person declares lost: its pods are deleted by force.
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// What follows from a node's conditions: the condition, its status, and the key of the taint.
const TAINT_OF_CONDITION: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// A region and a zone.
type Zone = [String; 2];

/// When the next node of each zone may be tainted so that its pods leave it.
#[derive(Clone, Debug, Default)]
pub struct State {
    next_eviction: BTreeMap<Zone, Instant>,
}

/// Has a node looked at that is new, gone, or changed.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    if object.kind != Kind::Node {
        return;
    }
    let name = &object.meta.name;
    match (&event.old, &event.new) {
        (None, Some(node)) => {
            let message = format!("Node {name} event: Registered Node {name} in Controller");
            cluster.record_event(ACTOR, node, false, "RegisteredNode", &message);
        }
        (Some(node), None) => {
            let message = format!("Node {name} event: Removing Node {name} from Controller");
            cluster.record_event(ACTOR, node, false, "RemovingNode", &message);
        }
        _ => {}
    }
    cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
    // Whether a node is emptied depends on the others, too.
    let readiness = |node: &Option<Arc<Object>>| node.as_ref().map(|node| node_condition(node, "Ready") == "True");
    if readiness(&event.old) != readiness(&event.new) {
        let nodes: Vec<ObjectRef> = cluster.store().list(Kind::Node).map(|node| node.object_ref()).collect();
        for node in nodes {
            cluster.enqueue(ACTOR, node, timing::WATCH);
        }
    }
}

/// The status of a node's condition; empty where it has none.
pub fn node_condition<'a>(node: &'a Object, ty: &str) -> &'a str {
    pod_condition(node, ty).map_or("", |condition| condition.text("status"))
}

/// Updates a node's conditions and taints, and what follows for its pods.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go monitorNodeHealth
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(node) = cluster.store().find(reference).cloned() else {
        return;
    };
    let result = annotate_ttl(cluster, &node).and_then(|node| sync_node(cluster, &node));
    cluster.settle(ACTOR, reference, result);
}

/// Notes on a node for how long its kubelet may keep what it has read, which grows with the cluster.
// Models pkg/controller/ttl/ttl_controller.go updateNodeIfNeeded
fn annotate_ttl(cluster: &mut Cluster, node: &Arc<Object>) -> Result<Arc<Object>, Status> {
    const TTL: &str = "node.alpha.kubernetes.io/ttl";
    if node.meta.annotations.contains_key(TTL) {
        return Ok(Arc::clone(node));
    }
    let seconds = match cluster.store().list(Kind::Node).count() {
        0..=100 => "0",
        101..=500 => "15",
        501..=1000 => "30",
        1001..=2000 => "60",
        _ => "300",
    };
    let mut changed = Object::clone(node);
    changed.meta.annotations.insert(TTL.to_owned(), seconds.to_owned());
    cluster.update_unruled(ACTOR, changed)
}

fn sync_node(cluster: &mut Cluster, node: &Arc<Object>) -> Result<(), Status> {
    let was_ready = node_condition(node, "Ready") == "True";
    let node = match kubelet::silent_since(cluster, &node.meta.name) {
        Some(since) if node_condition(node, "Ready") != "Unknown" => {
            let end = since + timing::NODE_MONITOR_GRACE;
            if end > cluster.now() {
                cluster.enqueue_after(ACTOR, node.object_ref(), end.since(cluster.now()));
                return Ok(());
            }
            &mark_unknown(cluster, node)?
        }
        _ => node,
    };
    let is_ready = node_condition(node, "Ready") == "True";
    if was_ready && !is_ready {
        let message = format!("Node {} status is now: NodeNotReady", node.meta.name);
        cluster.record_event(ACTOR, node, false, "NodeNotReady", &message);
        mark_pods_not_ready(cluster, node)?;
    }
    note_pods(cluster, node, is_ready);
    if is_whole_cluster_lost(cluster) {
        // The fault is then more likely the controller's own: nobody is evicted.
        let nodes: Vec<Arc<Object>> = cluster.store().list(Kind::Node).cloned().collect();
        for node in nodes {
            set_taints(cluster, &node, false)?;
        }
        return Ok(());
    }
    set_taints(cluster, node, true)
}

/// The conditions of a node whose kubelet is silent are Unknown.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth
fn mark_unknown(cluster: &mut Cluster, node: &Object) -> Result<Arc<Object>, Status> {
    let now = cluster.now().timestamp().to_string();
    let mut changed = node.clone();
    for ty in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
        let (reason, message, heartbeat) = match pod_condition(node, ty) {
            None => (
                "NodeStatusNeverUpdated",
                "Kubelet never posted node status.",
                json!(node.meta.creation_timestamp.map(|time| time.to_string())),
            ),
            Some(known) => {
                ("NodeStatusUnknown", "Kubelet stopped posting node status.", known.field("lastHeartbeatTime").clone())
            }
        };
        let condition = json!({
            "type": ty, "status": "Unknown", "reason": reason, "message": message, "lastHeartbeatTime": heartbeat,
            "lastTransitionTime": now,
        });
        set_condition(changed.status_mut(), condition);
    }
    cluster.update_object_status(ACTOR, changed)
}

fn pods_on(cluster: &Cluster, node: &Object) -> Vec<Arc<Object>> {
    cluster.store().indexed(Index::Node, &node.meta.name).cloned().collect()
}

// Models pkg/controller/util/node/controller_utils.go MarkPodsNotReady
fn mark_pods_not_ready(cluster: &mut Cluster, node: &Object) -> Result<(), Status> {
    for pod in pods_on(cluster, node) {
        let Some(ready) = pod_condition(&pod, "Ready").filter(|ready| ready.text("status") != "False") else {
            continue;
        };
        let mut ready = ready.clone();
        ready["status"] = json!("False");
        ready["lastTransitionTime"] = json!(cluster.now().timestamp().to_string());
        let mut changed = Object::clone(&pod);
        set_condition(changed.status_mut(), ready);
        cluster.update_object_status(ACTOR, changed)?;
        cluster.record_event(ACTOR, &pod, true, "NodeNotReady", "Node is not ready");
    }
    Ok(())
}

/// Notes of the node's pods that nothing happens in them, or takes the note away.
fn note_pods(cluster: &mut Cluster, node: &Object, is_ready: bool) {
    for pod in pods_on(cluster, node) {
        let lost = Reason::NodeLost { node: node.meta.name.clone() };
        cluster.note(ACTOR, &pod.object_ref(), if is_ready { Vec::new() } else { vec![lost] });
    }
}

/// Whether no node of the cluster is ready.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go handleDisruption
fn is_whole_cluster_lost(cluster: &Cluster) -> bool {
    cluster.store().list(Kind::Node).all(|node| node_condition(node, "Ready") != "True")
}

fn zone(node: &Object) -> Zone {
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"].map(|key| node.meta.label(key).to_owned())
}

/// Whether the turn has come of a node that its pods are to leave: of each zone one in ten seconds. Where not, it is looked
/// at again then.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoExecuteTaintingPass
fn may_evict(cluster: &mut Cluster, node: &Object) -> bool {
    let now = cluster.now();
    let next = cluster.controllers.node_lifecycle.next_eviction.entry(zone(node)).or_insert(now);
    if *next > now {
        let delay = next.since(now);
        cluster.enqueue_after(ACTOR, node.object_ref(), delay);
        return false;
    }
    *next = now + timing::NODE_EVICTION;
    true
}

/// Whether so many nodes of a zone are lost that none of it is emptied: at least three, and 55 of a hundred, but not all.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState
fn is_zone_partly_lost(cluster: &Cluster, node: &Object) -> bool {
    let own = zone(node);
    let (mut ready, mut lost) = (0, 0);
    for other in cluster.store().list(Kind::Node).filter(|other| zone(other) == own) {
        if node_condition(other, "Ready") == "True" { ready += 1 } else { lost += 1 }
    }
    ready > 0 && lost > 2 && lost * 100 >= (lost + ready) * 55
}

/// Gives a node the taints that follow from its conditions, and takes away those that do not any more.
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass
// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go processTaintBaseEviction
fn set_taints(cluster: &mut Cluster, node: &Arc<Object>, evict: bool) -> Result<(), Status> {
    // The effect that each of the controller's own taints is to have; nothing where it is to go.
    let mut wanted: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for (ty, status, key) in TAINT_OF_CONDITION {
        *wanted.entry((key, "NoSchedule")).or_default() |= node_condition(node, ty) == status;
    }
    wanted.insert((UNSCHEDULABLE, "NoSchedule"), node.spec.flag("unschedulable"));
    let held_back = is_zone_partly_lost(cluster, node);
    for (status, key) in [("False", NOT_READY), ("Unknown", UNREACHABLE)] {
        let lost = node_condition(node, "Ready") == status;
        let is_tainted = |taint: &Value| {
            taint.text("effect") == "NoExecute" && [NOT_READY, UNREACHABLE].contains(&taint.text("key"))
        };
        let waits = lost
            && (held_back || evict && !node.spec.list("taints").iter().any(is_tainted) && !may_evict(cluster, node));
        if waits {
            continue;
        }
        wanted.insert((key, "NoExecute"), lost && evict);
    }
    let key_of = |taint: &Value| (taint.text("key").to_owned(), taint.text("effect").to_owned());
    let mut taints: Vec<Value> = node.spec.list("taints").to_vec();
    taints.retain(|taint| {
        let (key, effect) = key_of(taint);
        wanted.get(&(key.as_str(), effect.as_str())) != Some(&false)
    });
    let time = cluster.now().timestamp().to_string();
    for ((key, effect), _) in wanted.iter().filter(|(_, wanted)| **wanted) {
        if !taints.iter().any(|taint| key_of(taint) == ((*key).to_owned(), (*effect).to_owned())) {
            taints.push(json!({"key": key, "effect": effect, "timeAdded": time}));
        }
    }
    if taints == node.spec.list("taints") {
        return Ok(());
    }
    let mut changed = Object::clone(node);
    if taints.is_empty() {
        changed.spec_mut().remove("taints");
    } else {
        changed.spec_mut().insert("taints".to_owned(), Value::Array(taints));
    }
    cluster.update_object(ACTOR, changed).map(drop)
}
