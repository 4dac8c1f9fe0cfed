//! Why a sync stopped: the places where upstream logs that it waits, and returns.

use serde::{Deserialize, Serialize};

/// What a StatefulSet is waiting for. Pods and claims are named; they are in the set's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Wait {
    /// The set itself is being deleted: the controller only counts.
    SetTerminating,
    /// The pod has been created; the next one comes when it is available (OrderedReady).
    PodCreated {
        /// The new pod.
        pod: String,
    },
    /// The pod has ended (Failed or Succeeded) and is deleted before it comes again.
    PodEnded {
        /// The pod that ended.
        pod: String,
    },
    /// The pod is going; its successor and every later ordinal wait (OrderedReady).
    PodTerminating {
        /// The pod that is going.
        pod: String,
    },
    /// The pod is not Running and Ready; every later ordinal waits (OrderedReady).
    PodNotReady {
        /// The pod that is not ready.
        pod: String,
        /// Whether its revision is not the one that the set is being updated to: a corrected template does not replace
        /// it, since updates come after this rule (kubernetes/kubernetes#67250).
        outdated: bool,
    },
    /// The pod is ready, but not yet for `minReadySeconds`; every later ordinal waits (OrderedReady).
    PodNotAvailable {
        /// The pod that is ready.
        pod: String,
        /// `spec.minReadySeconds`.
        min_ready_seconds: i32,
    },
    /// The pod cannot be created: its claim belongs to a pod of an earlier life, which takes the claim along
    /// (`whenScaled: Delete`).
    ClaimStale {
        /// The pod that is to come.
        pod: String,
    },
    /// A claim that a pending pod needs is being deleted: the sync fails until it is gone, and then makes a new one.
    ClaimTerminating {
        /// The claim that is going.
        claim: String,
    },
    /// The API server refused what the sync asked for: a quota is used up, a name is taken, a rule is broken.
    Refused {
        /// The kind of the object that it was about.
        kind: String,
        /// The object's name.
        name: String,
        /// The refusal's reason: `Forbidden`.
        reason: String,
        /// The server's words.
        message: String,
    },
    /// A condemned pod is going; the next lower one waits (OrderedReady).
    CondemnedTerminating {
        /// The pod that is going.
        pod: String,
    },
    /// A condemned pod is not ready, and it is not the first unhealthy one: scaling down waits for that one
    /// (OrderedReady).
    CondemnedNotReady {
        /// The pod that would be deleted.
        pod: String,
        /// The first pod that is not available.
        blocked_by: String,
    },
    /// The same, for a pod that is ready but not yet available.
    CondemnedNotAvailable {
        /// The pod that would be deleted.
        pod: String,
        /// The first pod that is not available.
        blocked_by: String,
    },
    /// A condemned pod has been deleted; the next lower one comes when it is gone (OrderedReady).
    CondemnedDeleted {
        /// The pod that has been deleted.
        pod: String,
    },
    /// Pods of another revision stay until somebody deletes them (OnDelete).
    OnDelete {
        /// The pods that the update would replace.
        pods: Vec<String>,
    },
    /// Pods of another revision stay since their ordinals are below the partition.
    Partition {
        /// `spec.updateStrategy.rollingUpdate.partition`.
        partition: i32,
        /// The pods that the partition keeps.
        pods: Vec<String>,
    },
    /// The update may take no further pod away: as many are unavailable as may be.
    MaxUnavailable {
        /// How many may be.
        max_unavailable: i32,
        /// The pods that are.
        unavailable: Vec<String>,
        /// The pods that the update has yet to replace.
        remaining: Vec<String>,
    },
    /// The update waits for this pod to be available (without `maxUnavailable`, one pod at a time).
    Updating {
        /// The pod that is not available.
        pod: String,
    },
    /// New pods come when every pod of an older revision is gone (Recreate).
    Recreating {
        /// The pods of older revisions.
        pods: Vec<String>,
    },
    /// The set asks for more pods than are simulated: it is valid, but nothing is done for it.
    TooManyReplicas {
        /// `spec.replicas`.
        replicas: i32,
        /// How many are simulated at most.
        simulated: i32,
    },
    /// The sync failed, and is tried again, each time later.
    Failed {
        /// The error's text.
        error: String,
    },
}
