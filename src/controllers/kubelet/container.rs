//! One container of a pod, and what happens to it.

use serde_json::Value;

use super::probe::Probe;
use crate::api::fields::Fields;
use crate::api::time::{Instant, Millis};
use crate::cluster::timing;

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs to its end before the next one starts.
    Init,
    /// An init container that keeps running: the next one starts when it has started.
    Sidecar,
    /// It runs beside the others.
    Main,
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub role: Role,
    pub state: State,
    /// How it ended the last time.
    pub last: Option<Ended>,
    pub restarts: u32,
    /// The back-off that it had last.
    pub back_off: Millis,
    /// The back-off that its image had last.
    pub pull_back_off: Millis,
    pub startup: Option<Probe>,
    pub readiness: Option<Probe>,
    pub liveness: Option<Probe>,
    /// Whether a fault keeps it from becoming ready.
    pub held_unready: bool,
}

/// What a container is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// Its image is being pulled.
    Pulling { since: Instant, until: Instant },
    /// Its image did not pull; it is tried again.
    PullBackOff { until: Instant, reason: &'static str },
    /// It is being created and started.
    Starting { since: Instant, until: Instant },
    /// It runs; `ends` says when it will end by itself or by a signal, and with which exit code.
    Running { since: Instant, ends: Option<(Instant, i64)> },
    /// It has ended, and the kubelet has yet to decide what follows.
    Exited { until: Instant },
    /// It has ended, and is started again later.
    BackOff { until: Instant },
    /// It has ended for good.
    Ended,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub exit_code: i64,
    pub started: Instant,
    pub finished: Instant,
}

impl Ended {
    /// The reason that the status gives.
    pub fn reason(&self) -> &'static str {
        if self.exit_code == 0 { "Completed" } else { "Error" }
    }
}

impl Container {
    /// A container that waits for its turn.
    pub fn new(spec: &Value, is_init: bool) -> Container {
        let role = match (is_init, spec.text("restartPolicy")) {
            (true, "Always") => Role::Sidecar,
            (true, _) => Role::Init,
            (false, _) => Role::Main,
        };
        let probe = |name: &str| spec.get(name).filter(|probe| probe.is_object()).map(Probe::new);
        Container {
            name: spec.text("name").to_owned(),
            image: spec.text("image").to_owned(),
            role,
            state: State::Waiting,
            last: None,
            restarts: 0,
            back_off: Millis(0),
            pull_back_off: Millis(0),
            startup: probe("startupProbe"),
            readiness: probe("readinessProbe"),
            liveness: probe("livenessProbe"),
            held_unready: false,
        }
    }

    /// Whether the container runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether the container has ended and does not run again yet.
    pub fn ended(&self) -> Option<&Ended> {
        match self.state {
            State::Exited { .. } | State::Ended => self.last.as_ref(),
            _ => None,
        }
    }

    /// Whether the container runs and its startup probe, if it has one, has succeeded.
    pub fn is_started(&self) -> bool {
        self.is_running() && self.startup.as_ref().is_none_or(|probe| probe.passed)
    }

    /// Whether the container is ready to serve.
    pub fn is_ready(&self) -> bool {
        match self.role {
            Role::Init => self.has_completed(),
            _ => self.is_started() && !self.held_unready && self.readiness.as_ref().is_none_or(|probe| probe.passed),
        }
    }

    fn has_completed(&self) -> bool {
        self.ended().is_some_and(|ended| ended.exit_code == 0)
    }

    /// Whether the next init container, or the main ones, may start as far as this one is concerned.
    pub fn lets_next_start(&self) -> bool {
        match self.role {
            Role::Init => self.has_completed(),
            Role::Sidecar => self.is_started(),
            Role::Main => true,
        }
    }

    /// Whether a container with this end is started again.
    // Models pkg/api/v1/pod/util.go ContainerShouldRestart
    pub fn restarts_after(&self, exit_code: i64, restart_policy: &str) -> bool {
        match (self.role, restart_policy) {
            (Role::Sidecar, _) => true,
            (Role::Init, "Never") => false,
            (Role::Init, _) => exit_code != 0,
            (Role::Main, "Always") => true,
            (Role::Main, "OnFailure") => exit_code != 0,
            (Role::Main, _) => false,
        }
    }

    /// Whether an image of this name never pulls.
    pub fn image_is_broken(&self) -> bool {
        self.image == "broken" || crate::api::image::tag(&self.image) == "broken"
    }

    /// Starts the probes anew, since the container has just started.
    pub fn reset_probes(&mut self, now: Instant) {
        for probe in [&mut self.startup, &mut self.readiness, &mut self.liveness].into_iter().flatten() {
            probe.reset(now);
        }
    }

    /// When something is next to happen to the container.
    pub fn next_due(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting | State::Ended => None,
            State::Pulling { until, .. }
            | State::PullBackOff { until, .. }
            | State::Starting { until, .. }
            | State::Exited { until }
            | State::BackOff { until } => Some(*until),
            State::Running { ends, .. } => {
                let mut due = ends.map(|(at, _)| at);
                let started = self.is_started();
                let probes = if started {
                    [self.readiness.as_ref(), self.liveness.as_ref()]
                } else {
                    [self.startup.as_ref(), None]
                };
                for probe in probes.into_iter().flatten() {
                    due = Some(due.map_or(probe.next, |due| due.min(probe.next)));
                }
                due
            }
        }
    }
}

/// The back-off after this one: ten seconds at first, then twice as long each time, at most five minutes.
// Models k8s.io/client-go/util/flowcontrol/backoff.go Next
pub fn next_back_off(last: &mut Millis) -> Millis {
    *last = if last.0 == 0 { timing::BACK_OFF } else { (*last * 2).min(timing::MAX_BACK_OFF) };
    *last
}
