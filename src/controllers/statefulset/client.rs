//! The seam between the controller's decisions and the cluster: every read and write that a sync makes.

use std::sync::Arc;

use super::member::Member;
use super::set::{StatefulSet, StatefulSetStatus};
use crate::api::object::Object;
use crate::api::status::Status;

/// What the controller asks of the API server, and where it records events. Upstream has an object manager, a status
/// updater, a history and a recorder; one trait holds them here.
// Models pkg/controller/statefulset/stateful_pod_control.go StatefulPodControlObjectManager
pub trait Client {
    /// Creates a pod.
    fn create_pod(&mut self, pod: Object) -> Result<(), Status>;
    /// The pod of this name in the set's namespace.
    fn get_pod(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status>;
    /// Writes a pod back.
    fn update_pod(&mut self, pod: Object) -> Result<(), Status>;
    /// Deletes a pod gracefully.
    fn delete_pod(&mut self, pod: &Object) -> Result<(), Status>;
    /// Creates a claim.
    fn create_claim(&mut self, claim: Object) -> Result<(), Status>;
    /// The claim of this name.
    fn get_claim(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status>;
    /// Writes a claim back.
    fn update_claim(&mut self, claim: Object) -> Result<(), Status>;
    /// Whether neither this version of a pod nor its claims have changed since they were found to match. Whoever keeps no
    /// notes says no.
    fn claims_are_known_to_match(&self, _pod: &Member) -> bool {
        false
    }
    /// Notes that the claims of a pod have the owners that the retention policy asks for.
    fn note_that_claims_match(&mut self, _pod: &Member) {}
    /// Writes the set's status.
    fn update_stateful_set_status(&mut self, set: &StatefulSet, status: &StatefulSetStatus) -> Result<(), Status>;
    /// The revisions that the set's selector catches and that no other controller owns, by name.
    fn list_controller_revisions(&self, set: &StatefulSet) -> Vec<Arc<Object>>;
    /// Creates a revision.
    fn create_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status>;
    /// The revision of this name.
    fn get_controller_revision(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status>;
    /// Writes a revision back.
    fn update_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status>;
    /// Deletes a revision.
    fn delete_controller_revision(&mut self, revision: &Object) -> Result<(), Status>;
    /// Records an event about the set.
    fn event(&mut self, set: &StatefulSet, ty: EventType, reason: &str, message: String);
}

/// The two types of Kubernetes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// Nothing to worry about.
    Normal,
    /// Something that somebody should look at.
    Warning,
}

impl EventType {
    /// The type as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}
