//! What happened: the trace of a run.

use crate::api::meta::ObjectRef;
use crate::api::time::Instant;

use super::actor::Actor;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// To what.
    pub object: ObjectRef,
    /// What.
    pub what: What,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was stored.
    Created,
    /// It was changed.
    Updated,
    /// It is to go; it stays until its grace period and finalizers are over.
    Terminating,
    /// It is gone.
    Deleted,
    /// A Kubernetes event was recorded about it.
    Event {
        /// Whether somebody should look at it.
        warning: bool,
        /// The reason in one word.
        reason: String,
        /// The sentence.
        message: String,
    },
}
