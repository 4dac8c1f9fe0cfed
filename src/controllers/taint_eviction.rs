//! Deletes pods from nodes with taints that they do not tolerate, at once or when their toleration ends.
//!
//! Follows `pkg/controller/tainteviction/taint_eviction.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reason::Reason;
use super::scheduler::tolerates;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

const ACTOR: Actor = Actor::TaintEvictionController;

/// The pods that are to go: since when they have tolerated the taints, and when they go.
#[derive(Clone, Debug, Default)]
pub struct State {
    due: BTreeMap<ObjectRef, (Instant, Instant)>,
}

/// Has the pods looked at whose node got or lost taints, and those that are new on one.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match (object.kind, &event.old, &event.new) {
        (Kind::Node, old, Some(new)) => {
            let before = old.as_ref().map_or(&[][..], |old| old.spec.list("taints"));
            if before != new.spec.list("taints") {
                cluster.enqueue(ACTOR, new.object_ref(), timing::WATCH);
            }
        }
        (Kind::Pod, old, Some(new)) => {
            let concerns = |name: &str| old.as_ref().is_none_or(|old| old.spec.field(name) != new.spec.field(name));
            if concerns("nodeName") || concerns("tolerations") {
                cluster.enqueue(ACTOR, new.object_ref(), timing::WATCH);
            }
        }
        (Kind::Pod, _, None) => {
            cluster.controllers.taint_eviction.due.remove(&object.object_ref());
        }
        _ => {}
    }
}

/// Looks at the pods of a node, or at one pod; deletes it where its time has come.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    if reference.kind == Kind::Node {
        let pods = cluster.store().indexed(Index::Node, &reference.name);
        let pods: Vec<ObjectRef> = pods.map(|pod| pod.object_ref()).collect();
        for pod in pods {
            process_pod(cluster, &pod);
        }
    } else {
        process_pod(cluster, reference);
    }
}

// Models pkg/controller/tainteviction/taint_eviction.go processPodOnNode
fn process_pod(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(pod) = cluster.store().find(reference).cloned().filter(|pod| !pod.meta.is_terminating()) else {
        cluster.controllers.taint_eviction.due.remove(reference);
        return;
    };
    let now = cluster.now();
    let known = cluster.controllers.taint_eviction.due.get(reference).copied();
    let Some(tolerated) = tolerated_for(cluster, &pod) else {
        if known.is_some() {
            cancel(cluster, &pod);
        }
        return;
    };
    let since = known.map_or(now, |(since, _)| since);
    let at = known.map_or(now + tolerated, |(since, at)| at.min(since + tolerated));
    if at > now {
        cluster.controllers.taint_eviction.due.insert(reference.clone(), (since, at));
        let node = pod.spec.text("nodeName").to_owned();
        cluster.note(ACTOR, reference, vec![Reason::TaintEviction { node, at }]);
        cluster.enqueue_after(ACTOR, reference.clone(), at.since(now));
        return;
    }
    cluster.controllers.taint_eviction.due.remove(reference);
    let result = delete_pod(cluster, &pod);
    cluster.note(ACTOR, reference, Vec::new());
    cluster.settle(ACTOR, reference, result);
}

fn cancel(cluster: &mut Cluster, pod: &Object) {
    let reference = pod.object_ref();
    cluster.controllers.taint_eviction.due.remove(&reference);
    cluster.note(ACTOR, &reference, Vec::new());
    let message = format!("Cancelling deletion of Pod {}/{}", reference.namespace, reference.name);
    cluster.record_event(ACTOR, pod, false, "TaintManagerEviction", &message);
}

/// How long a pod may stay where it is; `None` for ever.
// Models pkg/controller/tainteviction/taint_eviction.go getMinTolerationTime
fn tolerated_for(cluster: &Cluster, pod: &Object) -> Option<Millis> {
    let node = cluster.get(Kind::Node, "", pod.spec.text("nodeName"))?;
    let mut least: Option<i64> = None;
    for taint in node.spec.list("taints").iter().filter(|taint| taint.text("effect") == "NoExecute") {
        let toleration: Option<&Value> =
            pod.spec.list("tolerations").iter().find(|toleration| tolerates(toleration, taint));
        let Some(toleration) = toleration else {
            return Some(Millis(0));
        };
        if let Some(seconds) = toleration.int("tolerationSeconds") {
            least = Some(least.map_or(seconds, |least| least.min(seconds)).max(0));
        }
    }
    least.map(Millis::from_secs)
}

// Models pkg/controller/tainteviction/taint_eviction.go deletePodHandler
fn delete_pod(cluster: &mut Cluster, pod: &Object) -> Result<(), Status> {
    let message = format!("Marking for deletion Pod {}/{}", pod.meta.namespace, pod.meta.name);
    cluster.record_event(ACTOR, pod, false, "TaintManagerEviction", &message);
    let message = "Taint manager: deleting due to NoExecute taint";
    cluster.set_disruption_target(ACTOR, pod, "DeletionByTaintManager", message)?;
    let options = DeleteOptions { uid: Some(pod.meta.uid.clone()), ..DeleteOptions::default() };
    cluster.delete(ACTOR, &pod.object_ref(), &options)
}
