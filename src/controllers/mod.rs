//! The controllers of the cluster: who looks at which write, and what each then does.

pub mod chaos;
pub mod disruption;
pub mod endpoints;
pub mod endpointslice;
pub mod garbage_collector;
pub mod kubelet;
pub mod namespace;
pub mod node_lifecycle;
pub mod persistent_volume;
pub mod pod_gc;
pub mod protection;
pub mod provisioner;
pub mod reason;
pub mod scheduler;
pub mod statefulset;
pub mod taint_eviction;
pub mod volume_expand;

use crate::api::meta::ObjectRef;
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, WatchEvent};

/// What the controllers remember from one item of work to the next.
#[derive(Clone, Debug, Default)]
pub struct Controllers {
    pub(crate) statefulset: statefulset::stateful_set::State,
    pub(crate) kubelet: kubelet::State,
    pub(crate) scheduler: scheduler::State,
    pub(crate) endpoints: endpointslice::State,
    pub(crate) node_lifecycle: node_lifecycle::State,
    pub(crate) taint_eviction: taint_eviction::State,
    pub(crate) reasons: reason::Reasons,
    pub(crate) chaos: chaos::State,
}

/// What is told of every write. As values these functions stay apart in the wasm: one function that holds them all takes
/// the browser long to make fast.
const OBSERVERS: [fn(&mut Cluster, &WatchEvent); 14] = [
    statefulset::stateful_set::observe,
    persistent_volume::observe,
    provisioner::observe,
    scheduler::observe,
    kubelet::observe,
    protection::observe,
    endpointslice::observe,
    garbage_collector::observe,
    namespace::observe,
    disruption::observe,
    node_lifecycle::observe,
    taint_eviction::observe,
    pod_gc::observe,
    volume_expand::observe,
];

/// Tells every controller of a write.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    for observe in OBSERVERS {
        observe(cluster, event);
    }
}

/// Has a controller look at an object.
pub(crate) fn run(cluster: &mut Cluster, actor: Actor, object: &ObjectRef) {
    let sync: fn(&mut Cluster, &ObjectRef) = match actor {
        Actor::StatefulSetController => statefulset::stateful_set::sync,
        Actor::PersistentVolumeController => persistent_volume::sync,
        Actor::Provisioner => provisioner::sync,
        Actor::Scheduler => scheduler::schedule_one,
        Actor::Kubelet => kubelet::sync,
        Actor::PvcProtectionController | Actor::PvProtectionController => protection::sync,
        Actor::EndpointSliceController => endpointslice::sync_service,
        Actor::GarbageCollector => garbage_collector::sync,
        Actor::NamespaceController => namespace::sync,
        Actor::DisruptionController => disruption::sync,
        Actor::NodeLifecycleController => node_lifecycle::sync,
        Actor::TaintEvictionController => taint_eviction::sync,
        Actor::PodGarbageCollector => pod_gc::sync,
        Actor::VolumeExpandController => volume_expand::announce,
        Actor::Resizer => volume_expand::sync,
        Actor::Chaos => chaos::sync,
        Actor::EndpointsController | Actor::User => return,
    };
    sync(cluster, object);
}
