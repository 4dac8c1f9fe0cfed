//! English.

use crate::controllers::reason::{ClaimTrouble, Reason};
use crate::controllers::statefulset::wait::Wait;

/// The sentence of a reason; its braces are numbered as [`crate::explain::arguments`] fills them.
pub(super) fn sentence(reason: &Reason) -> &'static str {
    match reason {
        Reason::StatefulSet(wait) => of_wait(wait),
        Reason::NoStorageClass => {
            "The claim names no storage class, the cluster has no default one, and no volume that is there fits."
        }
        Reason::StorageClassMissing { .. } => "There is no storage class {0}.",
        Reason::NoVolumeFits { .. } => {
            "Nobody makes volumes for the class {0}, and no volume that is there fits the claim. {1}"
        }
        Reason::WaitForFirstConsumer { .. } => {
            "The class {0} binds claims when a pod that uses them is scheduled, and there is none yet."
        }
        Reason::WaitForPodScheduled { .. } => {
            "The volume is chosen together with the node, once a node is found for {0}."
        }
        Reason::WaitForProvisioner { down: true, .. } => "{0} was asked for a volume, but it does not run.",
        Reason::WaitForProvisioner { .. } => "{0} has been asked for a volume and is making it.",
        Reason::VolumeMissing { .. } => "The claim asks for the volume {0} by name, and there is none.",
        Reason::VolumeMismatch { .. } => "The claim asks for the volume {0} by name, which does not suit it ({1}).",
        Reason::VolumeTaken { .. } => "The claim asks for the volume {0} by name, which belongs to {1}.",
        Reason::ClaimLost { .. } => "The claim's volume {0} is gone. What was on it is lost.",
        Reason::Resizing { on_node: true, .. } => {
            "The volume has grown from {0} to {1}; the file system follows on the pod's node."
        }
        Reason::Resizing { .. } => "The volume is growing from {0} to {1}.",
        Reason::ClaimInUse { .. } => "The claim is deleted, and stays while a pod uses it: {0}.",
        Reason::VolumeInUse { .. } => "The volume is deleted, and stays while it is bound to {0}.",
        Reason::VolumeRetained { .. } => {
            "The claim {0} is gone. The volume is kept with its data until somebody decides (Retain), and no new claim gets it."
        }
        Reason::ServiceMissing { .. } => {
            "The set names the Service {0}, and there is none. Nobody looks for it before the pods start; they only have no DNS names."
        }
        Reason::ServiceNotHeadless { .. } => {
            "The Service {0} has an address of its own. Only below a headless one (clusterIP: None) have pods DNS names."
        }
        Reason::ServiceSelectsOthers { .. } => {
            "The selector of the Service {0} does not match the pod's labels, so it has no endpoint and no DNS name for it."
        }
        Reason::SchedulingGated { .. } => "The pod is not scheduled before these scheduling gates are removed: {0}.",
        Reason::ClaimNotUsable { why: ClaimTrouble::Missing, .. } => "The pod's claim {0} is not there.",
        Reason::ClaimNotUsable { why: ClaimTrouble::Lost, .. } => "The pod's claim {0} has lost its volume.",
        Reason::ClaimNotUsable { why: ClaimTrouble::Deleting, .. } => "The pod's claim {0} is being deleted.",
        Reason::ClaimNotUsable { why: ClaimTrouble::Unbound, .. } => "The pod's claim {0} has no volume yet.",
        Reason::Unschedulable { .. } => "No node suits the pod. {0}",
        Reason::BindingVolumes { .. } => "The pod waits for its claims: {0}. {1}",
        Reason::NodeLost { .. } => {
            "The node {0} does not answer. Nobody knows whether the pod still runs there, so no second pod of its name is created: the node has to come back, be deleted, or the pod be deleted by force."
        }
        Reason::SettingUp => "The pod's sandbox and volumes are being set up on its node.",
        Reason::Missing { .. } => "The pod waits for what it refers to and what is not there: {0}.",
        Reason::ImagePullBackOff { .. } => {
            "The image {1} of the container {0} cannot be pulled. The next try is at {2}."
        }
        Reason::CrashLoopBackOff { .. } => {
            "The container {0} ended with exit code {1} after {2} restarts. The next start is at {3}."
        }
        Reason::InitContainerNotDone { .. } => {
            "The init container {0} has not finished, and the containers after it wait."
        }
        Reason::ProbeFailing { .. } => "The {1} probe of the container {0} has not succeeded.",
        Reason::ReadinessGate { .. } => "The pod's readiness gate {0} is not satisfied.",
        Reason::Ending { .. } => "The pod is ending. Its grace period is over at {0}.",
        Reason::TaintEviction { .. } => {
            "The node {0} has a taint that the pod tolerates only until {1}; then it is deleted."
        }
        Reason::BudgetRefuses { .. } => {
            "The pod was to be evicted, and the budget {0} refuses: it wants {1} healthy pods, and there are {2}."
        }
        Reason::NoDisruptionAllowed { .. } => {
            "The budget allows no disruption now: it wants {0} healthy pods, and there are {1}. It limits evictions, not rolling updates."
        }
        Reason::BudgetFailed { .. } => "The budget's status cannot be computed: {0}",
        Reason::Finalizers { .. } => "The object is deleted, and stays until these finalizers are removed: {0}.",
        Reason::Dependents { .. } => "The object is deleted in the foreground, and waits for its dependents: {0}.",
        Reason::NamespaceContents { .. } => "The namespace is deleted, and these objects are still in it: {0}.",
        Reason::Failed { .. } => "The last try failed, and another follows: {0}",
    }
}

fn of_wait(wait: &Wait) -> &'static str {
    match wait {
        Wait::SetTerminating => "The set is being deleted, so its controller only counts.",
        Wait::PodCreated { .. } => {
            "Pod {0} has just been created. In OrderedReady the next ordinal begins once it is Running and Ready."
        }
        Wait::PodEnded { .. } => "Pod {0} has ended. It is deleted first, and then created again under the same name.",
        Wait::PodTerminating { .. } => {
            "Pod {0} is Terminating. Until it is gone no other pod of its name may exist, and later ordinals wait (OrderedReady)."
        }
        Wait::PodNotReady { outdated: true, .. } => {
            "Pod {0} is not Running and Ready, and it has an older revision. The controller waits for it before it updates anything, so a corrected template does not replace it: somebody has to delete it (kubernetes/kubernetes#67250)."
        }
        Wait::PodNotReady { .. } => "Pod {0} is not Running and Ready. In OrderedReady everything after it waits.",
        Wait::PodNotAvailable { .. } => "Pod {0} is Ready, but has not yet been so for minReadySeconds ({1} s).",
        Wait::ClaimStale { .. } => {
            "Pod {0} cannot be created yet: its claim belongs to a pod of an earlier life and goes with it (whenScaled: Delete)."
        }
        Wait::ClaimTerminating { .. } => {
            "Claim {0} is being deleted. The controller waits until it is gone, and then creates a new one."
        }
        Wait::Refused { .. } => "The API server refused {0} {1}: {2}",
        Wait::CondemnedTerminating { .. } => {
            "Scaling down: Pod {0} is Terminating; the next lower ordinal follows when it is gone."
        }
        Wait::CondemnedNotReady { .. } => {
            "Scaling down stops before Pod {0}: it is not Running and Ready, and Pod {1} is the first that is not available."
        }
        Wait::CondemnedNotAvailable { .. } => {
            "Scaling down stops before Pod {0}: it is not yet available, and Pod {1} is the first that is not available."
        }
        Wait::CondemnedDeleted { .. } => {
            "Scaling down: Pod {0} has been deleted; the next lower ordinal follows when it is gone."
        }
        Wait::OnDelete { .. } => {
            "With the strategy OnDelete these pods keep their older revision until somebody deletes them: {0}."
        }
        Wait::Partition { .. } => "{0}: the ordinal is below the partition {1}, so the pod keeps the current revision.",
        Wait::MaxUnavailable { .. } => {
            "{0} must wait: at most {1} may be unavailable during the update, and these are: {2}."
        }
        Wait::Updating { .. } => "The update waits for Pod {0} to be available; it takes one pod at a time.",
        Wait::Recreating { .. } => {
            "With the strategy Recreate new pods come once all of an older revision are gone: {0}."
        }
        Wait::TooManyReplicas { .. } => {
            "The set asks for {0} pods. That is valid, but at most {1} are simulated here, so nothing is done for it."
        }
        Wait::Failed { .. } => "The last sync failed and is tried again: {0}",
    }
}
