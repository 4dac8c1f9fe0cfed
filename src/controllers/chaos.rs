//! Chaos: faults at random moments, from a seed, until an invariant breaks.
//!
//! Upstream has nothing like it. What happens, and when, depends on the seed and on what is there at each moment alone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::statefulset::stateful_set_utils::{is_pod_ready, parent_name_and_ordinal};
use super::{endpointslice, kubelet};
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
    /// The number in the invariant.
    pub at_least: u32,
    /// The invariant. It counts from when it first holds.
    #[serde(default, skip_serializing_if = "Invariant::is_usual")]
    pub invariant: Invariant,
}

/// What is to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Invariant {
    /// So many pods of the set are Ready.
    #[default]
    Ready,
    /// The pod of this ordinal is Ready.
    Pod,
    /// So many DNS names of the set's pods have an address.
    Names,
}

impl Invariant {
    /// Every one.
    pub const ALL: [Invariant; 3] = [Invariant::Ready, Invariant::Pod, Invariant::Names];

    /// Its name, as a line has it.
    pub fn name(self) -> &'static str {
        match self {
            Invariant::Ready => "ready",
            Invariant::Pod => "pod",
            Invariant::Names => "names",
        }
    }

    fn is_usual(&self) -> bool {
        *self == Invariant::Ready
    }
}

/// What has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// When the invariant broke.
    pub at: Instant,
    /// What was to hold.
    pub invariant: Invariant,
    /// The number in it.
    pub at_least: u32,
    /// How many pods were Ready, or how many names had an address.
    pub count: u32,
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
    let Chaos { set, at_least, invariant, .. } = &running.chaos;
    let (count, holds) = looked(cluster, &running.chaos);
    if holds || !running.armed {
        if let Some(running) = &mut cluster.controllers.chaos.running {
            running.armed |= holds;
        }
        return;
    }
    let (last, at_least, invariant) = (running.last.clone(), *at_least, *invariant);
    let set = cluster.store().find(set).cloned();
    cluster.controllers.chaos.running = None;
    cluster.controllers.chaos.broken = Some(Broken { at: cluster.now(), invariant, at_least, count, last });
    if let Some(set) = set {
        let message = match invariant {
            Invariant::Ready => format!("{count} pods are Ready, not {at_least}"),
            Invariant::Pod => format!("{}-{at_least} is not Ready", set.meta.name),
            Invariant::Names => format!("{count} DNS names have an address, not {at_least}"),
        };
        cluster.record_event(ACTOR, &set, true, STOPPED, &message);
    }
}

/// How many there are of what is to be there, and whether that is enough.
fn looked(cluster: &Cluster, Chaos { set, at_least, invariant, .. }: &Chaos) -> (u32, bool) {
    let is_up = |pod: &&Arc<Object>| is_pod_ready(pod) && !pod.meta.is_terminating();
    let up = pods(cluster, set).filter(is_up);
    match invariant {
        Invariant::Ready => counted(up, *at_least),
        Invariant::Pod => {
            let is_it =
                |pod: &&Arc<Object>| i64::from(parent_name_and_ordinal(&pod.meta.name).1) == i64::from(*at_least);
            counted(up.filter(is_it), 1)
        }
        Invariant::Names => counted(named(cluster, set), *at_least),
    }
}

fn counted<T>(of: impl Iterator<Item = T>, at_least: u32) -> (u32, bool) {
    let count = of.count() as u32;
    (count, count >= at_least)
}

/// The endpoints of a set's Service that have a host name and are ready: the names that DNS answers.
fn named<'a>(cluster: &'a Cluster, set: &ObjectRef) -> impl Iterator<Item = &'a serde_json::Value> {
    let service = cluster.store().find(set).map_or("", |set| set.spec.text("serviceName"));
    let service = ObjectRef::new(Kind::Service, &set.namespace, service);
    let headless = cluster.store().find(&service).is_some_and(|service| service.spec.text("clusterIP") == "None");
    let endpoints = if headless { endpointslice::endpoints_of(cluster, &service) } else { Vec::new() };
    let answers = |endpoint: &&serde_json::Value| {
        !endpoint.text("hostname").is_empty() && endpoint.field("conditions").flag("ready")
    };
    endpoints.into_iter().filter(answers)
}

/// The reason of the event that says that the invariant broke.
pub const STOPPED: &str = "InvariantBroken";
