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

/// Tells every controller of a write.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    statefulset::stateful_set::observe(cluster, event);
    persistent_volume::observe(cluster, event);
    provisioner::observe(cluster, event);
    scheduler::observe(cluster, event);
    kubelet::observe(cluster, event);
    protection::observe(cluster, event);
    endpointslice::observe(cluster, event);
    garbage_collector::observe(cluster, event);
    namespace::observe(cluster, event);
    disruption::observe(cluster, event);
    node_lifecycle::observe(cluster, event);
    taint_eviction::observe(cluster, event);
    pod_gc::observe(cluster, event);
    volume_expand::observe(cluster, event);
}

/// Has a controller look at an object.
pub(crate) fn run(cluster: &mut Cluster, actor: Actor, object: &ObjectRef) {
    match actor {
        Actor::StatefulSetController => statefulset::stateful_set::sync(cluster, object),
        Actor::PersistentVolumeController => persistent_volume::sync(cluster, object),
        Actor::Provisioner => provisioner::sync(cluster, object),
        Actor::Scheduler => scheduler::schedule_one(cluster, object),
        Actor::Kubelet => kubelet::sync(cluster, object),
        Actor::PvcProtectionController | Actor::PvProtectionController => protection::sync(cluster, object),
        Actor::EndpointSliceController => endpointslice::sync_service(cluster, object),
        Actor::GarbageCollector => garbage_collector::sync(cluster, object),
        Actor::NamespaceController => namespace::sync(cluster, object),
        Actor::DisruptionController => disruption::sync(cluster, object),
        Actor::NodeLifecycleController => node_lifecycle::sync(cluster, object),
        Actor::TaintEvictionController => taint_eviction::sync(cluster, object),
        Actor::PodGarbageCollector => pod_gc::sync(cluster, object),
        Actor::EndpointsController => {}
        Actor::VolumeExpandController => volume_expand::announce(cluster, object),
        Actor::Resizer => volume_expand::sync(cluster, object),
        Actor::Chaos => chaos::sync(cluster, object),
        Actor::User => {}
    }
}
