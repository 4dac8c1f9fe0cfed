//! Whether a kubelet takes a pod: one that somebody has put on a node himself may not fit there.
//!
//! Follows `pkg/kubelet/lifecycle/predicate.go` of Kubernetes v1.37.2, Apache-2.0.

use crate::api::object::Object;
use crate::cluster::Cluster;
use crate::controllers::scheduler;

/// Why a pod has failed for good, whatever its containers do.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The reason in one word.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// Whether the pod was never started.
    pub is_rejection: bool,
}

/// Why the kubelet of its node does not take a pod.
// Models pkg/kubelet/lifecycle/predicate.go predicateAdmitHandler.Admit
// Models pkg/kubelet/kubelet.go rejectPod
pub fn rejection(cluster: &Cluster, pod: &Object) -> Option<Failure> {
    let (reason, message) = scheduler::admission_check(cluster, pod)?;
    Some(Failure { reason, message, is_rejection: true })
}
