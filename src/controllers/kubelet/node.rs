//! The kubelets' nodes: whether they answer, and what they say of themselves.

use serde_json::{Value, json};

use super::{ACTOR, State};
use crate::api::fields::{Fields, set_default};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Instant;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, set_condition, timing};
use crate::controllers::node_lifecycle::node_condition;

/// Since when nothing has been heard of a node's kubelet; `None` where it answers.
pub fn silent_since(cluster: &Cluster, node: &str) -> Option<Instant> {
    cluster.controllers.kubelet.silent.get(node).copied()
}

/// Whether a node's kubelet answers.
pub fn is_answering(cluster: &Cluster, node: &str) -> bool {
    silent_since(cluster, node).is_none()
}

impl State {
    /// Whether a node does not answer.
    pub fn is_down(&self, node: &str) -> bool {
        self.silent.contains_key(node)
    }
}

/// Cuts a node off, or connects it again. What runs on it runs on; its kubelet hears and says nothing meanwhile.
pub(crate) fn set_node_down(cluster: &mut Cluster, node: &str, down: bool) {
    let reference = ObjectRef::new(Kind::Node, "", node);
    let now = cluster.now();
    let silent = &mut cluster.controllers.kubelet.silent;
    if down {
        silent.entry(node.to_owned()).or_insert(now);
        cluster.enqueue(crate::cluster::actor::Actor::NodeLifecycleController, reference, timing::WATCH);
        return;
    }
    if silent.remove(node).is_none() {
        return;
    }
    cluster.enqueue(ACTOR, reference, timing::NODE_STATUS);
    let pods: Vec<ObjectRef> = cluster.store().indexed(Index::Node, node).map(|pod| pod.object_ref()).collect();
    // Pods that were taken out of the store meanwhile are still there.
    let state = &cluster.controllers.kubelet;
    let left: Vec<ObjectRef> =
        state.workers.iter().filter(|(_, worker)| worker.node == node).map(|(pod, _)| pod.clone()).collect();
    for pod in pods.into_iter().chain(left) {
        cluster.enqueue(ACTOR, pod, timing::NODE_STATUS);
    }
}

/// Has a node say that it is ready, with what it offers.
// Models pkg/kubelet/kubelet_node_status.go updateNodeStatus
pub(super) fn sync_node(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(node) = cluster.store().find(reference).cloned() else {
        return;
    };
    if cluster.controllers.kubelet.is_down(&reference.name) || node_condition(&node, "Ready") == "True" {
        return;
    }
    let now = cluster.now().timestamp().to_string();
    let mut changed = Object::clone(&node);
    let number = cluster.store().list(Kind::Node).position(|n| n.meta.name == node.meta.name).unwrap_or_default() + 1;
    let status = changed.status_mut();
    offer(status, number);
    let known: Vec<String> = status.list("conditions").iter().map(|c| c.text("type").to_owned()).collect();
    for (ty, holds, reason, message) in [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ] {
        // A node says of itself what it said before.
        if ty == "Ready" || known.is_empty() || known.iter().any(|known| known == ty) {
            let condition = json!({
                "type": ty, "status": holds, "reason": reason, "message": message, "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            });
            set_condition(status, condition);
        }
    }
    let result = cluster.update_object_status(ACTOR, changed);
    if let Ok(node) = &result {
        let message = format!("Node {} status is now: NodeReady", node.meta.name);
        cluster.record_event(ACTOR, node, false, "NodeReady", &message);
    }
    cluster.settle(ACTOR, reference, result.map(drop));
}

/// Fills in what a node offers where nothing is said.
pub fn offer(status: &mut serde_json::Map<String, Value>, number: usize) {
    let resources = json!({"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"});
    if !status.has("capacity") {
        let known = status.field("allocatable").clone();
        status.insert("capacity".to_owned(), if known.is_object() { known } else { resources });
    }
    let capacity = status.field("capacity").clone();
    set_default(status, "allocatable", capacity);
    let address = format!("192.168.{}.{}", number / 256, number % 256);
    set_default(status, "addresses", json!([{"address": address, "type": "InternalIP"}]));
    let info = json!({"architecture": "amd64", "kubeletVersion": "v1.37.2", "operatingSystem": "linux"});
    set_default(status, "nodeInfo", info);
}
