//! Trying again where somebody else was faster.

use super::error::Error;
use crate::api::status::Status;

/// How often a write is tried.
// Models k8s.io/client-go/util/retry/util.go DefaultBackoff
const STEPS: usize = 4;
/// How often a set's status is.
// Models k8s.io/client-go/util/retry/util.go DefaultRetry
pub const STATUS_STEPS: usize = 5;

/// What retrying looks at.
pub trait Conflicting {
    /// Whether the API server said that the object had changed.
    fn is_conflict(&self) -> bool;
}

impl Conflicting for Status {
    fn is_conflict(&self) -> bool {
        Status::is_conflict(self)
    }
}

impl Conflicting for Error {
    fn is_conflict(&self) -> bool {
        self.status().is_some_and(Status::is_conflict)
    }
}

/// Tries as often as the object has changed in between, at most four times. The pauses of milliseconds that upstream
/// makes are left out.
// Models k8s.io/client-go/util/retry/util.go RetryOnConflict
pub fn on_conflict<T, E: Conflicting>(attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    on_conflict_at_most(STEPS, attempt)
}

/// Tries as often as the object has changed in between, at most so many times.
pub fn on_conflict_at_most<T, E: Conflicting>(steps: usize, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for _ in 1..steps {
        match attempt() {
            Err(error) if error.is_conflict() => {}
            answer => return answer,
        }
    }
    attempt()
}
