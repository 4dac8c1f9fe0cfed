//! The kubelets of all nodes: they start pods, watch over their containers, and end them.
//!
//! A pod that is assigned to a node has a worker, which goes from one moment at which something happens in the pod to the
//! next. The words of its events and statuses are those of `pkg/kubelet` of Kubernetes v1.37.2.

mod admission;
mod container;
mod faults;
mod images;
mod needs;
pub mod node;
mod probe;
mod status;
mod stop;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::node_lifecycle::node_condition;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Instant;
use crate::cluster::actor::Actor;
use crate::cluster::shared_map::SharedMap;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

pub use faults::PodFaults;
pub(crate) use node::{set_node_down, silent_since};
use worker::Worker;

const ACTOR: Actor = Actor::Kubelet;

/// What the kubelets remember.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The pods that run, or are to run.
    workers: SharedMap<ObjectRef, Arc<Worker>>,
    /// How many addresses each node has given out.
    addresses: BTreeMap<String, u32>,
    /// The images that each node has.
    images: BTreeSet<(String, String)>,
    /// The nodes that do not answer, and since when.
    silent: BTreeMap<String, Instant>,
    /// What is made to go wrong in a pod.
    faults: BTreeMap<ObjectRef, PodFaults>,
    /// The address that a pod of a name had in its last life.
    former: SharedMap<ObjectRef, String>,
}

impl State {
    /// What is made to go wrong in a pod.
    pub fn faults(&self, pod: &ObjectRef) -> PodFaults {
        self.faults.get(pod).cloned().unwrap_or_default()
    }

    /// The address that the pod of this name had before the one that it has now.
    pub fn former_address(&self, pod: &ObjectRef) -> Option<&str> {
        self.former.get(pod).map(String::as_str)
    }

    /// Takes a worker away whose pod has ended, and keeps its address in mind.
    fn retire(&mut self, pod: &ObjectRef) {
        if let Some(worker) = self.workers.remove(pod) {
            self.former.insert(pod.clone(), worker.address.clone());
        }
    }

    /// What a pod's worker is doing that takes time, and until when: for the picture.
    pub fn progress(&self, pod: &ObjectRef) -> Option<worker::Progress> {
        self.workers.get(pod).and_then(|worker| worker.progress())
    }
}

pub use worker::{Activity, Progress};

/// Has a pod looked at that was assigned to a node, or that is going.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    if object.kind == Kind::Node && event.old.is_none() && node_condition(object, "Ready").is_empty() {
        cluster.enqueue(ACTOR, object.object_ref(), timing::NODE_STATUS);
    }
    if object.kind != Kind::Pod || object.spec.text("nodeName").is_empty() {
        return;
    }
    let relevant = match (&event.old, &event.new) {
        (Some(old), Some(new)) => {
            old.spec.text("nodeName").is_empty()
                || old.meta.deletion_timestamp != new.meta.deletion_timestamp
                || old.meta.deletion_grace_period_seconds != new.meta.deletion_grace_period_seconds
                || old.spec.field("activeDeadlineSeconds") != new.spec.field("activeDeadlineSeconds")
                // Somebody else wrote the conditions that its readiness waits for.
                || (!new.spec.list("readinessGates").is_empty()
                    && old.status.list("conditions") != new.status.list("conditions"))
        }
        _ => true,
    };
    if relevant {
        cluster.enqueue(ACTOR, object.object_ref(), timing::WATCH);
    }
}

/// Makes something go wrong in a pod, now and in its later lives, or makes it go right again.
pub(crate) fn set_faults(cluster: &mut Cluster, pod: &ObjectRef, faults: PodFaults) {
    let now = cluster.now();
    let kubelet = &mut cluster.controllers.kubelet;
    // What runs already does not wait for its next start.
    if faults.crash
        && !kubelet.faults.get(pod).is_some_and(|known| known.crash)
        && let Some(worker) = kubelet.workers.get_mut(pod)
    {
        Arc::make_mut(worker).crash(now);
    }
    let known = &mut kubelet.faults;
    if faults == PodFaults::default() {
        known.remove(pod);
    } else {
        known.insert(pod.clone(), faults);
    }
    cluster.enqueue(ACTOR, pod.clone(), timing::WATCH);
}

/// Ends the containers of a pod, as if their processes had been killed.
pub(crate) fn kill_containers(cluster: &mut Cluster, pod: &ObjectRef) {
    let now = cluster.now();
    if let Some(worker) = cluster.controllers.kubelet.workers.get_mut(pod) {
        Arc::make_mut(worker).kill_containers(now);
    }
    cluster.enqueue(ACTOR, pod.clone(), timing::WATCH);
}

/// Has the kubelet take a pod away, as if its node had run short of memory.
pub(crate) fn evict_for_pressure(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(pod) = cluster.store().find(reference).cloned().filter(|pod| !pod.meta.is_terminating()) else {
        return;
    };
    let Some(mut worker) = cluster.controllers.kubelet.workers.remove(reference) else {
        return;
    };
    Arc::make_mut(&mut worker).evict(cluster, &pod);
    cluster.controllers.kubelet.workers.insert(reference.clone(), worker);
    cluster.enqueue(ACTOR, reference.clone(), timing::WATCH);
}

/// Does what is due on a node or in a pod.
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    if reference.kind == Kind::Node {
        node::sync_node(cluster, reference);
    } else {
        sync_pod(cluster, reference);
    }
}

/// Does what is due in a pod, writes its status, and asks to be called for what comes next.
fn sync_pod(cluster: &mut Cluster, reference: &ObjectRef) {
    let pod = cluster.store().find(reference).cloned();
    let state = &cluster.controllers.kubelet;
    let known = state.workers.get(reference).map(|worker| worker.node.as_str());
    let node = pod.as_ref().map(|pod| pod.spec.text("nodeName")).or(known);
    if node.is_some_and(|node| state.is_down(node)) {
        return;
    }
    let Some(pod) = pod.filter(|pod| !pod.spec.text("nodeName").is_empty()) else {
        cluster.controllers.kubelet.retire(reference);
        return;
    };
    let known = &mut cluster.controllers.kubelet;
    let mut worker = match known.workers.remove(reference) {
        Some(worker) if worker.uid == pod.meta.uid => worker,
        former => {
            if let Some(former) = former {
                known.former.insert(reference.clone(), former.address.clone());
            }
            let address = next_address(cluster, pod.spec.text("nodeName"));
            let mut worker = Worker::new(&pod, address, cluster.now());
            if !cluster.config().stand_ins {
                worker.admit(cluster, &pod);
            }
            Arc::new(worker)
        }
    };
    let gone = Arc::make_mut(&mut worker).run(cluster, &pod);
    if gone {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(pod.meta.uid.clone()),
            ..DeleteOptions::default()
        };
        let result = cluster.delete(ACTOR, reference, &options);
        // Where that went wrong it is done again. Deleted by force meanwhile: then there is nothing left to do.
        if result.as_ref().is_err_and(|status| !status.is_not_found()) || cluster.store().find(reference).is_some() {
            cluster.controllers.kubelet.workers.insert(reference.clone(), worker);
        } else {
            cluster.controllers.kubelet.former.insert(reference.clone(), worker.address.clone());
        }
        cluster.settle(ACTOR, reference, result);
        return;
    }
    write_status(cluster, &pod, &worker);
    if let Some(next) = worker.next_due() {
        let delay = next.since(cluster.now());
        cluster.enqueue_after(ACTOR, reference.clone(), delay);
    }
    cluster.controllers.kubelet.workers.insert(reference.clone(), worker);
}

fn write_status(cluster: &mut Cluster, pod: &Object, worker: &Worker) {
    let node = cluster.get(Kind::Node, "", &worker.node);
    let addresses = node.as_ref().map_or(&[][..], |node| node.status.list("addresses"));
    let host =
        addresses.iter().find(|address| address.text("type") == "InternalIP").map(|address| address.text("address"));
    let mut status = status::pod_status(pod, worker, host.unwrap_or_default(), cluster.now());
    if cluster.config().stand_ins {
        status::leave_out(&mut status, pod);
    }
    cluster.note(ACTOR, &pod.object_ref(), status::reasons(pod, worker, cluster.now()));
    if status != *pod.status {
        let reference = pod.object_ref();
        let mut pod = pod.clone();
        pod.status = std::sync::Arc::new(status);
        let result = cluster.update_object_status(ACTOR, pod);
        cluster.settle(ACTOR, &reference, result.map(drop));
    }
}

/// The next address of a node's range: 10.244.NODE.2 and up. An address is not given out again soon, so that a pod that
/// comes back has a new one.
fn next_address(cluster: &mut Cluster, node: &str) -> String {
    let number = cluster.store().list(Kind::Node).position(|n| n.meta.name == node).unwrap_or_default() as u32 + 1;
    let given = cluster.controllers.kubelet.addresses.entry(node.to_owned()).or_default();
    *given += 1;
    let last = 1 + *given % 250;
    let third = number + 16 * (*given / 250) % 240;
    format!("10.{}.{}.{last}", 244 + third / 256, third % 256)
}
