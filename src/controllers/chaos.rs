//! Chaos: faults at random moments, from a seed, until an invariant breaks.
//!
//! Upstream has nothing like it. What happens, and when, depends on the seed and on what is there at each moment alone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kubelet;
use super::statefulset::stateful_set_utils::is_pod_ready;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::faults::ApiFault;
use crate::cluster::random::Random;
use crate::cluster::store::Index;
use crate::cluster::{Cluster, DeleteOptions};

const ACTOR: Actor = Actor::Chaos;

/// What is to go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chaos {
    /// Where chance begins.
    pub seed: u64,
    /// How many seconds lie between two faults, on average.
    pub every_seconds: u32,
    /// The set whose pods are hit.
    pub set: ObjectRef,
    /// The invariant: so many pods of the set are Ready. It counts from when it first holds.
    pub at_least: u32,
}

/// What has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// When the invariant broke.
    pub at: Instant,
    /// How many pods were Ready then.
    pub ready: u32,
    /// What the last fault was.
    pub last: String,
}

/// A fault that ends by itself.
#[derive(Clone, Debug)]
enum Heal {
    Node(String),
    Pod(ObjectRef),
    Provisioner(String),
}

/// The chaos that is on, and how the last one ended.
#[derive(Clone, Debug, Default)]
pub struct State {
    running: Option<Running>,
    /// How the last one ended, where its invariant broke.
    pub broken: Option<Broken>,
}

#[derive(Clone, Debug)]
struct Running {
    chaos: Chaos,
    random: Random,
    next: Instant,
    heals: Vec<(Instant, Heal)>,
    /// Whether the invariant has held.
    armed: bool,
    last: String,
}

impl State {
    /// What is on.
    pub fn running(&self) -> Option<&Chaos> {
        self.running.as_ref().map(|running| &running.chaos)
    }
}

impl Running {
    /// When the next fault comes: after half to one and a half of the average.
    fn plan(&mut self, now: Instant) {
        let mean = u64::from(self.chaos.every_seconds.max(1)) * 1000;
        self.next = now + Millis((mean / 2 + self.random.below(mean + 1)) as i64);
    }
}

/// Begins, or ends where nothing is said. Faults that would end by themselves end with it.
pub(crate) fn set(cluster: &mut Cluster, chaos: Option<Chaos>) {
    if let Some(running) = cluster.controllers.chaos.running.take() {
        for (_, heal) in running.heals {
            end(cluster, heal);
        }
    }
    cluster.controllers.chaos.broken = None;
    let Some(chaos) = chaos else {
        return;
    };
    let now = cluster.now();
    let set = chaos.set.clone();
    let random = Random::new(chaos.seed);
    let mut running = Running { chaos, random, next: now, heals: Vec::new(), armed: false, last: String::new() };
    running.plan(now);
    let wait = running.next.since(now);
    cluster.controllers.chaos.running = Some(running);
    cluster.enqueue_after(ACTOR, set, wait);
}

/// Does what is due: ends faults, begins the next one.
pub(crate) fn sync(cluster: &mut Cluster, _: &ObjectRef) {
    let now = cluster.now();
    // It is put back below, where nothing has ended it meanwhile.
    let Some(mut running) = cluster.controllers.chaos.running.take() else {
        return;
    };
    let (due, later): (Vec<_>, Vec<_>) = running.heals.drain(..).partition(|(at, _)| *at <= now);
    running.heals = later;
    for (_, heal) in due {
        end(cluster, heal);
    }
    if running.next <= now {
        if let Some(last) = begin(cluster, &mut running) {
            running.last = last;
        }
        running.plan(now);
    }
    let next = running.heals.iter().map(|(at, _)| *at).fold(running.next, Instant::min);
    let set = running.chaos.set.clone();
    cluster.controllers.chaos.running = Some(running);
    cluster.enqueue_after(ACTOR, set, next.since(now));
}

fn end(cluster: &mut Cluster, heal: Heal) {
    match heal {
        Heal::Node(node) => kubelet::set_node_down(cluster, &node, false),
        Heal::Pod(pod) => {
            let faults = kubelet::PodFaults { not_ready: false, ..cluster.controllers.kubelet.faults(&pod) };
            kubelet::set_faults(cluster, &pod, faults);
        }
        Heal::Provisioner(provisioner) => cluster.set_provisioner_down(&provisioner, false),
    }
}

/// Has something go wrong, and says what.
fn begin(cluster: &mut Cluster, running: &mut Running) -> Option<String> {
    let now = cluster.now();
    let random = &mut running.random;
    let pods: Vec<Arc<Object>> = pods(cluster, &running.chaos.set).cloned().collect();
    let nodes: Vec<Arc<Object>> = cluster.store().list(Kind::Node).cloned().collect();
    let which = random.below(100);
    let pod = (!pods.is_empty()).then(|| &pods[random.below(pods.len() as u64) as usize]);
    let node = (!nodes.is_empty()).then(|| &nodes[random.below(nodes.len() as u64) as usize]);
    let lasts = Millis(10_000 + random.below(50_000) as i64);
    let (object, what) = match (which, pod, node) {
        (0..30, Some(pod), _) => {
            kubelet::kill_containers(cluster, &pod.object_ref());
            (pod, "the containers are killed")
        }
        (30..50, Some(pod), _) => {
            // A pod that is gone meanwhile is gone.
            let _ = cluster.delete(ACTOR, &pod.object_ref(), &DeleteOptions::default());
            (pod, "the pod is deleted")
        }
        (50..70, Some(pod), _) => {
            let reference = pod.object_ref();
            let faults = kubelet::PodFaults { not_ready: true, ..cluster.controllers.kubelet.faults(&reference) };
            kubelet::set_faults(cluster, &reference, faults);
            running.heals.push((now + lasts, Heal::Pod(reference)));
            (pod, "readiness fails for a while")
        }
        (70..90, _, Some(node)) => {
            kubelet::set_node_down(cluster, &node.meta.name, true);
            running.heals.push((now + lasts, Heal::Node(node.meta.name.clone())));
            (node, "the node does not answer for a while")
        }
        (90..95, _, Some(node)) => {
            let class = cluster.store().list(Kind::StorageClass).next()?;
            let provisioner = class.rest.text("provisioner").to_owned();
            cluster.set_provisioner_down(&provisioner, true);
            running.heals.push((now + lasts, Heal::Provisioner(provisioner)));
            (node, "a provisioner does not run for a while")
        }
        (_, _, Some(node)) => {
            let duration_ms = u32::try_from(lasts.0).unwrap_or_default();
            cluster.inject_fault(ApiFault { per_mille: 300, duration_ms, ..ApiFault::default() });
            (node, "some writes are refused with a conflict for a while")
        }
        _ => return None,
    };
    cluster.record_event(ACTOR, object, true, "Chaos", what);
    Some(format!("{}: {what}", object.object_ref()))
}

fn pods<'a>(cluster: &'a Cluster, set: &ObjectRef) -> impl Iterator<Item = &'a Arc<Object>> {
    let uid = cluster.store().find(set).map_or("", |set| set.meta.uid.as_str());
    cluster.store().indexed(Index::Owner, uid).filter(|object| object.kind == Kind::Pod)
}

/// Looks whether the invariant still holds, and stops where it does not.
pub(crate) fn check(cluster: &mut Cluster) {
    let Some(running) = &cluster.controllers.chaos.running else {
        return;
    };
    let Chaos { set, at_least, .. } = &running.chaos;
    let ready = pods(cluster, set).filter(|pod| is_pod_ready(pod) && !pod.meta.is_terminating()).count() as u32;
    let holds = ready >= *at_least;
    if holds || !running.armed {
        if let Some(running) = &mut cluster.controllers.chaos.running {
            running.armed |= holds;
        }
        return;
    }
    let (last, at_least, set) = (running.last.clone(), *at_least, cluster.store().find(set).cloned());
    cluster.controllers.chaos.running = None;
    cluster.controllers.chaos.broken = Some(Broken { at: cluster.now(), ready, last });
    if let Some(set) = set {
        let message = format!("{ready} pods are Ready, not {at_least}");
        cluster.record_event(ACTOR, &set, true, STOPPED, &message);
    }
}

/// The reason of the event that says that the invariant broke.
pub const STOPPED: &str = "InvariantBroken";
