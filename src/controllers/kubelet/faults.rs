//! What can be made to go wrong in a pod.

use serde::{Deserialize, Serialize};

/// What goes wrong in a pod, in this life and the next ones under its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFaults {
    /// The containers never become ready, or stop being so: startup and readiness probes fail, and containers without any
    /// are not ready either.
    pub not_ready: bool,
    /// The liveness probes fail.
    pub liveness: bool,
    /// The containers end soon after their start.
    pub crash: bool,
    /// The init containers end soon after their start, with an error.
    pub init_crash: bool,
    /// The containers end by themselves without an error.
    pub complete: bool,
    /// The images do not pull.
    pub image_pull: bool,
    /// The containers take this much longer to start, in seconds.
    pub slow_start_seconds: u32,
    /// The containers do not end at SIGTERM, but only when the grace period is over.
    pub ignore_sigterm: bool,
}
