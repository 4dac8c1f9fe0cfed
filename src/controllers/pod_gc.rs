//! Deletes by force the pods that no kubelet will end.
//!
//! Follows `pkg/controller/podgc/gc_controller.go` of Kubernetes v1.37.2, Apache-2.0. Upstream looks at everything each
//! twenty seconds; here what can matter is looked at when it changes, and so much later.

use serde_json::json;

use super::node_lifecycle::{OUT_OF_SERVICE, node_condition};
use super::statefulset::stateful_set_utils::is_terminal_phase;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::cluster::actor::Actor;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, set_condition, timing};

const ACTOR: Actor = Actor::PodGarbageCollector;

/// Has the pods looked at whose node went or is out of service, and those that go without ever having had one.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match (object.kind, &event.new) {
        (Kind::Node, None) => cluster.enqueue_after(ACTOR, object.object_ref(), timing::NODE_QUARANTINE),
        (Kind::Node, Some(node)) if is_out_of_service(node) => {
            cluster.enqueue_after(ACTOR, object.object_ref(), timing::POD_GC_PERIOD);
        }
        (Kind::Pod, Some(pod)) if pod.meta.is_terminating() => {
            let node = pod.spec.text("nodeName");
            let delay = match cluster.get(Kind::Node, "", node) {
                None if !node.is_empty() => timing::NODE_QUARANTINE,
                Some(node) if !is_out_of_service(&node) => return,
                _ => timing::POD_GC_PERIOD,
            };
            cluster.enqueue_after(ACTOR, pod.object_ref(), delay);
        }
        (Kind::Pod, Some(pod)) => {
            // Bound to a node that is not there.
            let node = pod.spec.text("nodeName");
            let is_new = event.old.as_ref().is_none_or(|old| old.spec.text("nodeName") != node);
            if is_new && !node.is_empty() && cluster.get(Kind::Node, "", node).is_none() {
                cluster.enqueue_after(ACTOR, pod.object_ref(), timing::NODE_QUARANTINE);
            }
        }
        _ => {}
    }
}

fn is_out_of_service(node: &Object) -> bool {
    node_condition(node, "Ready") != "True"
        && node.spec.list("taints").iter().any(|taint| taint.text("key") == OUT_OF_SERVICE)
}

/// Looks at the pods of a node, or at one pod.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let pods: Vec<ObjectRef> = if reference.kind == Kind::Node {
        cluster.store().indexed(Index::Node, &reference.name).map(|pod| pod.object_ref()).collect()
    } else {
        vec![reference.clone()]
    };
    for pod in pods {
        let result = collect(cluster, &pod);
        cluster.settle(ACTOR, &pod, result);
    }
}

// Models pkg/controller/podgc/gc_controller.go gc
fn collect(cluster: &mut Cluster, reference: &ObjectRef) -> Result<(), Status> {
    let Some(pod) = cluster.store().find(reference).cloned() else {
        return Ok(());
    };
    let node = pod.spec.text("nodeName");
    match cluster.get(Kind::Node, "", node) {
        None if !node.is_empty() => mark_failed_and_delete(cluster, &pod, true),
        None if pod.meta.is_terminating() => mark_failed_and_delete(cluster, &pod, false),
        Some(node) if pod.meta.is_terminating() && is_out_of_service(&node) => {
            mark_failed_and_delete(cluster, &pod, false)
        }
        _ => Ok(()),
    }
}

// Models pkg/controller/podgc/gc_controller.go markFailedAndDeletePodWithCondition
fn mark_failed_and_delete(cluster: &mut Cluster, pod: &Object, is_orphan: bool) -> Result<(), Status> {
    if !is_terminal_phase(pod) {
        let mut failed = pod.clone();
        let status = failed.status_mut();
        status.insert("phase".to_owned(), json!("Failed"));
        if is_orphan {
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists", "lastProbeTime": null,
                "observedGeneration": pod.meta.generation,
                "lastTransitionTime": cluster.now().timestamp().to_string(),
            });
            set_condition(status, condition);
        }
        cluster.update_object_status(ACTOR, failed)?;
    }
    let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    cluster.delete(ACTOR, &pod.object_ref(), &options)
}
