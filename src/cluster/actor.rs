//! Who does things in a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A component of the cluster, or the person in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // the components' own names
pub enum Actor {
    User,
    StatefulSetController,
    Scheduler,
    Kubelet,
    PersistentVolumeController,
    Provisioner,
    PvcProtectionController,
    PvProtectionController,
    EndpointSliceController,
    GarbageCollector,
    DisruptionController,
    NamespaceController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    VolumeExpandController,
    Resizer,
    EndpointsController,
    Chaos,
}

impl Actor {
    /// The component's name, as Kubernetes events have it.
    pub fn component(self) -> &'static str {
        match self {
            Actor::User => "kubectl",
            Actor::StatefulSetController => "statefulset-controller",
            Actor::Scheduler => "default-scheduler",
            Actor::Kubelet => "kubelet",
            Actor::PersistentVolumeController => "persistentvolume-controller",
            Actor::Provisioner => "provisioner",
            Actor::PvcProtectionController => "pvc-protection-controller",
            Actor::PvProtectionController => "pv-protection-controller",
            Actor::EndpointSliceController => "endpoint-slice-controller",
            Actor::GarbageCollector => "garbage-collector",
            Actor::DisruptionController => "controllermanager",
            Actor::NamespaceController => "namespace-controller",
            Actor::NodeLifecycleController => "node-controller",
            Actor::TaintEvictionController => "taint-eviction-controller",
            Actor::PodGarbageCollector => "pod-garbage-collector-controller",
            Actor::VolumeExpandController => "volume_expand",
            Actor::EndpointsController => "endpoint-controller",
            Actor::Resizer => "external-resizer",
            Actor::Chaos => "chaos",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.component())
    }
}
