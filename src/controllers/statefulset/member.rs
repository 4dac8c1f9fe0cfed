//! A pod of a set, with the answers to what every sync asks of every pod.

use std::ops::Deref;
use std::sync::Arc;

use super::set::StatefulSet;
use super::stateful_set_utils::{
    has_been_ready_for, identity_matches, is_pod_ready, ordinal, persistent_volume_claim_name, phase, pod_revision,
    ready_since, storage_matches,
};
use crate::api::object::Object;
use crate::api::time::Instant;

/// A pod of a set. What is here follows from the pod's stored version and the set's name and specification.
#[derive(Debug)]
pub struct Member {
    object: Arc<Object>,
    /// The number in its name; -1 where that has none.
    pub ordinal: i32,
    /// How far it has got.
    pub phase: Phase,
    /// Whether it has the condition `Ready`.
    pub is_ready: bool,
    /// Since when, where it is.
    pub ready_since: Option<Instant>,
    /// Whether it has the name and label of a member of the set.
    pub identity_matches: bool,
    /// Whether its volumes name the claims that the set's templates give it.
    pub storage_matches: bool,
    /// The names of those claims, one for each template.
    pub claims: Vec<String>,
    revision: String,
}

/// How far a pod has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the API's own phases
pub enum Phase {
    /// It is not stored.
    Missing,
    Pending,
    Running,
    /// `Failed` or `Succeeded`.
    Ended,
    /// Anything else.
    Unknown,
}

impl Member {
    /// Looks at a pod as a member of a set.
    pub fn of(set: &StatefulSet, object: Arc<Object>) -> Member {
        let ordinal = ordinal(&object);
        Member {
            ordinal,
            phase: match phase(&object) {
                "" => Phase::Missing,
                "Pending" => Phase::Pending,
                "Running" => Phase::Running,
                "Failed" | "Succeeded" => Phase::Ended,
                _ => Phase::Unknown,
            },
            is_ready: is_pod_ready(&object),
            ready_since: ready_since(&object).map(|since| since.instant()),
            identity_matches: identity_matches(set, &object),
            storage_matches: storage_matches(set, &object),
            claims: claim_names(set, ordinal),
            revision: pod_revision(&object).to_owned(),
            object,
        }
    }

    /// The pod.
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// The pod's revision, empty where it has none.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Whether the pod is Running and Ready.
    // Models pkg/controller/statefulset/stateful_set_utils.go isRunningAndReady
    pub fn is_running_and_ready(&self) -> bool {
        self.phase == Phase::Running && self.is_ready
    }

    /// Whether the pod has been ready for `min_ready_seconds`.
    // Models pkg/api/v1/pod/util.go IsPodAvailable
    pub fn is_available(&self, min_ready_seconds: i32, now: Instant) -> bool {
        has_been_ready_for(min_ready_seconds, self.is_ready, self.ready_since, now)
    }
}

impl Deref for Member {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.object
    }
}

/// The names of the claims of the set's pod with this ordinal, one for each template.
pub fn claim_names(set: &StatefulSet, ordinal: i32) -> Vec<String> {
    let templates = set.volume_claim_templates.iter();
    templates.map(|template| persistent_volume_claim_name(set, &template.meta.name, ordinal)).collect()
}
