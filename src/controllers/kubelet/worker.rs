//! A pod's worker: from its assignment to a node until its containers are gone.
//!
//! Follows what `pkg/kubelet/kuberuntime` and `pkg/kubelet/images` of Kubernetes v1.37.2, Apache-2.0, do and say.

use std::sync::Arc;

use serde_json::Value;

use super::ACTOR;
use super::admission::{Failure, rejection};
use super::container::{Container, Ended, Role, State, next_back_off};
use super::faults::PodFaults;
use super::images::FAILED;
use super::probe::Verdict;
use super::stop::Manners;
use crate::api::fields::Fields;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::{Instant, Millis};
use crate::cluster::{Cluster, timing};

/// The worker of one pod.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The pod's uid: another pod of its name has another worker.
    pub uid: String,
    /// The node that it runs on.
    pub node: String,
    /// The pod's address.
    pub address: String,
    /// When the kubelet saw the pod.
    pub started: Instant,
    /// When the sandbox and the volumes are set up.
    pub set_up: Instant,
    /// The init containers, then the main ones.
    pub containers: Vec<Container>,
    /// When everything will have stopped, and since when it is being stopped.
    pub stopping: Option<(Instant, Instant)>,
    /// Whether a main container has been started: from then on the pod counts as initialized.
    pub has_started: bool,
    /// Why the pod has failed for good, where it has.
    pub failed: Option<Failure>,
    /// When the pod has been active for as long as it may be.
    pub deadline: Option<Instant>,
    /// What the pod needs and is not there, and how often that was looked for.
    pub missing: (Vec<ObjectRef>, u32),
    /// `spec.restartPolicy`.
    pub restart_policy: Arc<str>,
}

/// Something in a pod that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What.
    pub what: Activity,
    /// Since when.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
}

/// What takes time in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// An image is being pulled.
    Pulling,
    /// Sandbox and volumes are being set up, or a container is being started.
    Starting,
    /// A pause before an image or a container is tried again.
    BackOff,
    /// The containers are ending.
    Stopping,
}

impl Worker {
    /// A worker for a pod that has just been assigned.
    pub fn new(pod: &Object, address: String, now: Instant) -> Worker {
        let init = pod.spec.list("initContainers").iter().map(|spec| Container::new(spec, true));
        let main = pod.spec.list("containers").iter().map(|spec| Container::new(spec, false));
        Worker {
            uid: pod.meta.uid.clone(),
            node: pod.spec.text("nodeName").to_owned(),
            address,
            started: now,
            set_up: now + timing::POD_SETUP,
            containers: init.chain(main).collect(),
            stopping: None,
            has_started: false,
            failed: None,
            deadline: None,
            missing: (Vec::new(), 0),
            restart_policy: pod.spec.text("restartPolicy").into(),
        }
    }

    /// What in the pod takes time now, and until when.
    pub fn progress(&self) -> Option<Progress> {
        if let Some((since, until)) = self.stopping {
            return Some(Progress { what: Activity::Stopping, since, until });
        }
        let mut found: Option<Progress> = None;
        for container in &self.containers {
            let progress = match &container.state {
                State::PullBackOff { until, .. } | State::BackOff { until } => {
                    let crashed = matches!(container.state, State::BackOff { .. });
                    let pause = if crashed { container.back_off } else { container.pull_back_off };
                    let since = Instant(until.0 - pause.0);
                    Progress { what: Activity::BackOff, since, until: *until }
                }
                State::Pulling { since, until } => Progress { what: Activity::Pulling, since: *since, until: *until },
                State::Starting { since, until } => Progress { what: Activity::Starting, since: *since, until: *until },
                _ => continue,
            };
            if found.is_none_or(|found| found.until < progress.until) {
                found = Some(progress);
            }
        }
        let before_containers = self.containers.iter().all(|c| c.state == State::Waiting);
        let setup = Progress { what: Activity::Starting, since: self.started, until: self.set_up };
        found.or_else(|| before_containers.then_some(setup))
    }

    /// Whether every init container has done its part, now or before the main ones were started.
    pub fn is_initialized(&self) -> bool {
        self.has_started || self.containers.iter().filter(|c| c.role != Role::Main).all(Container::lets_next_start)
    }

    /// Ends the running containers as by SIGKILL.
    pub fn kill_containers(&mut self, now: Instant) {
        self.end_containers(now, 137, |_| true);
    }

    /// Has what runs fail soon, but for init containers.
    pub fn crash(&mut self, now: Instant) {
        self.end_containers(now + timing::CRASH, 1, |role| role != Role::Init);
    }

    fn end_containers(&mut self, at: Instant, code: i64, which: fn(Role) -> bool) {
        for container in self.containers.iter_mut().filter(|container| which(container.role)) {
            if let State::Running { ends, .. } = &mut container.state {
                *ends = Some((at, code));
            }
        }
    }

    /// Ends everything for good, since the node runs short of memory.
    // Models pkg/kubelet/eviction/eviction_manager.go evictPod
    pub fn evict(&mut self, cluster: &mut Cluster, pod: &Object) {
        let now = cluster.now();
        self.fail("Evicted", EVICTED);
        self.end_all(137, now);
        cluster.record_event(ACTOR, pod, true, "Evicted", EVICTED);
    }

    fn fail(&mut self, reason: &str, message: &str) {
        let (reason, message) = (reason.to_owned(), message.to_owned());
        self.failed = Some(Failure { reason, message, is_rejection: false });
    }

    /// Notes that every container has ended for good.
    fn end_all(&mut self, exit_code: i64, now: Instant) {
        for container in &mut self.containers {
            if let State::Running { since, .. } = container.state {
                container.last = Some(Ended { exit_code, started: since, finished: now });
            }
            container.state = State::Ended;
        }
    }

    /// Rejects the pod where it does not fit on its node.
    pub fn admit(&mut self, cluster: &mut Cluster, pod: &Object) {
        self.failed = rejection(cluster, pod);
        if let Some(Failure { reason, message, .. }) = &self.failed {
            cluster.record_event(ACTOR, pod, true, reason, message);
        }
    }

    /// Has the containers end when the pod has been active for as long as it may be.
    // Models pkg/kubelet/active_deadline.go ShouldEvict
    fn check_deadline(&mut self, cluster: &mut Cluster, pod: &Object, faults: &PodFaults) {
        const MESSAGE: &str = "Pod was active on the node longer than the specified deadline";
        let deadline = pod.spec.int("activeDeadlineSeconds").map(|seconds| self.started + Millis::from_secs(seconds));
        self.deadline = deadline.filter(|_| self.failed.is_none() && !self.has_ended());
        if self.deadline.is_some_and(|deadline| deadline <= cluster.now()) {
            cluster.record_event(ACTOR, pod, false, "DeadlineExceeded", MESSAGE);
            self.fail("DeadlineExceeded", MESSAGE);
            self.deadline = None;
            self.begin_to_stop(cluster, pod, faults);
        }
    }

    /// Whether every main container has ended for good.
    fn has_ended(&self) -> bool {
        self.containers.iter().filter(|c| c.role == Role::Main).all(|c| c.state == State::Ended)
    }

    /// When something is next to happen.
    pub fn next_due(&self) -> Option<Instant> {
        if let Some((_, until)) = self.stopping {
            return Some(until);
        }
        if self.containers.iter().all(|c| c.state == State::Waiting) {
            return if self.failed.is_some() { None } else { Some(self.set_up) };
        }
        self.containers.iter().filter_map(Container::next_due).chain(self.deadline).min()
    }

    /// Does what is due. Says whether the pod has stopped and can be taken away.
    pub fn run(&mut self, cluster: &mut Cluster, pod: &Object) -> bool {
        let now = cluster.now();
        let faults = cluster.controllers.kubelet.faults(&pod.object_ref());
        if pod.meta.is_terminating() {
            self.begin_to_stop(cluster, pod, &faults);
        } else if self.stopping.is_none() {
            self.check_deadline(cluster, pod, &faults);
        }
        if let Some((_, until)) = self.stopping {
            if pod.meta.is_terminating() || until > now {
                return until <= now;
            }
            self.end_all(if faults.ignore_sigterm { 137 } else { 0 }, now);
            self.stopping = None;
        }
        if self.failed.is_some() {
            return false;
        }
        if self.set_up > now || !self.mounts(cluster, pod) {
            return false;
        }
        for container in &mut self.containers {
            // Without a probe that could say so, the fault itself does.
            container.held_unready = faults.not_ready && container.readiness.is_none();
        }
        for at in 0..self.containers.len() {
            while self.containers[at].next_due().is_some_and(|due| due <= now) {
                self.advance(cluster, pod, at, &faults);
            }
        }
        self.start_next(cluster, pod, &faults);
        false
    }

    /// Whether the config maps and secrets that the pod's volumes are made of are there. Where not, it is looked again
    /// later, each time twice as late.
    // Models pkg/kubelet/volumemanager/volume_manager.go WaitForAttachAndMount
    fn mounts(&mut self, cluster: &mut Cluster, pod: &Object) -> bool {
        let now = cluster.now();
        if self.containers.iter().any(|container| container.state != State::Waiting) {
            return true;
        }
        let missing = super::needs::missing_volumes(cluster, pod);
        let tries = self.missing.1;
        self.missing = (missing.iter().map(|(_, object)| object.clone()).collect(), tries + 1);
        if missing.is_empty() {
            return true;
        }
        for (volume, object) in missing {
            let what = object.kind.name().to_lowercase();
            let message =
                format!("MountVolume.SetUp failed for volume {volume:?} : {what} {:?} not found", object.name);
            cluster.record_event(ACTOR, pod, true, "FailedMount", &message);
        }
        self.set_up = now + Millis(timing::MOUNT_RETRY.0 << tries.min(8)).min(timing::MAX_MOUNT_RETRY);
        false
    }

    /// Starts the containers whose turn it is.
    fn start_next(&mut self, cluster: &mut Cluster, pod: &Object, faults: &PodFaults) {
        for at in 0..self.containers.len() {
            let before = &self.containers[..at];
            let may_start = before.iter().filter(|c| c.role != Role::Main).all(Container::lets_next_start);
            if may_start && self.containers[at].state == State::Waiting {
                self.pull(cluster, pod, at, faults);
            }
        }
    }

    /// Does the one thing that is due in a container.
    fn advance(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        match self.containers[at].state {
            State::Pulling { .. } => self.pulled(cluster, pod, at, faults),
            State::PullBackOff { reason: FAILED, .. } => {
                let container = &mut self.containers[at];
                let pause = next_back_off(&mut container.pull_back_off);
                container.state = State::PullBackOff { until: now + pause, reason: "ImagePullBackOff" };
                let message = format!("Back-off pulling image {:?}", container.image);
                cluster.record_event(ACTOR, pod, false, "BackOff", &message);
                cluster.record_event(ACTOR, pod, true, "Failed", "Error: ImagePullBackOff");
            }
            State::PullBackOff { .. } => self.pull(cluster, pod, at, faults),
            State::Starting { .. } => self.start(cluster, pod, at, faults),
            State::Running { since, ends: Some((when, exit_code)) } if when <= now => {
                let container = &mut self.containers[at];
                container.last = Some(Ended { exit_code, started: since, finished: when });
                container.state = State::Exited { until: now + timing::EXIT_NOTICED };
            }
            State::Running { .. } => self.probe(cluster, pod, at, faults),
            State::Exited { .. } => self.exited(cluster, pod, at, faults),
            State::BackOff { .. } => self.restart(cluster, pod, at, faults),
            State::Waiting | State::Ended => {}
        }
    }

    /// Starts a container, unless what its environment is made of is missing.
    // Models pkg/kubelet/kuberuntime/kuberuntime_container.go startContainer
    fn start(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let spec = spec_of(pod, &self.containers[at].name);
        if let Some(message) = super::needs::missing_environment(cluster, pod, &spec) {
            cluster.record_event(ACTOR, pod, true, "Failed", &format!("Error: {message}"));
            self.missing = (super::needs::missing_of_environment(cluster, pod, &spec), 1);
            self.containers[at].state = State::Starting { since: now, until: now + timing::CONFIG_RETRY };
            return;
        }
        self.missing.0.clear();
        let container = &mut self.containers[at];
        let ends = match container.role {
            Role::Init if faults.init_crash => Some((now + timing::CRASH, 1)),
            Role::Init => Some((now + timing::INIT_CONTAINER_RUN, 0)),
            _ if faults.crash => Some((now + timing::CRASH, 1)),
            Role::Main if faults.complete => Some((now + timing::CRASH, 0)),
            _ => None,
        };
        self.has_started |= container.role == Role::Main;
        container.state = State::Running { since: now, ends };
        container.reset_probes(now);
        cluster.record_event(ACTOR, pod, false, "Created", "Container created");
        cluster.record_event(ACTOR, pod, false, "Started", "Container started");
    }

    /// Decides what follows the end of a container.
    // Models pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff
    fn exited(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let policy = Arc::clone(&self.restart_policy);
        let container = &mut self.containers[at];
        let Some(ended) = container.last.clone() else { return };
        if !container.restarts_after(ended.exit_code, &policy) {
            container.state = State::Ended;
            return;
        }
        // The first restart is made at once, and the first after a long run.
        let ran = ended.finished.since(ended.started);
        if container.back_off.0 == 0 || ran >= timing::BACK_OFF_RESET {
            container.back_off = Millis(timing::BACK_OFF.0 / 2);
            self.restart(cluster, pod, at, faults);
            return;
        }
        let until = ended.finished + next_back_off(&mut container.back_off);
        container.state = State::BackOff { until: until.max(now) };
        let ObjectRef { namespace, name, .. } = pod.object_ref();
        let message = format!(
            "Back-off restarting failed container {} in pod {name}_{namespace}({})",
            container.name, pod.meta.uid
        );
        cluster.record_event(ACTOR, pod, true, "BackOff", &message);
    }

    fn restart(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        self.containers[at].restarts += 1;
        self.pull(cluster, pod, at, faults);
    }

    /// Asks the probes that are due.
    // Models pkg/kubelet/prober/prober.go probe
    fn probe(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        let asked = if container.is_started() {
            [
                ("Readiness", container.readiness.as_mut(), !faults.not_ready),
                ("Liveness", container.liveness.as_mut(), !faults.liveness),
            ]
        } else {
            [("Startup", container.startup.as_mut(), !faults.not_ready), ("", None, true)]
        };
        let mut killed_by = None;
        for (name, probe, success) in asked {
            let Some(probe) = probe.filter(|probe| probe.next <= now) else { continue };
            let verdict = probe.answer(success, now);
            if !success {
                let message = format!("{name} probe failed: {}", probe.complaint);
                cluster.record_event(ACTOR, pod, true, "Unhealthy", &message);
            }
            if verdict == Verdict::Failed && name != "Readiness" {
                killed_by = Some((name.to_lowercase(), probe.grace_period));
            }
        }
        let Some((probe, grace)) = killed_by else { return };
        let name = container.name.clone();
        let grace = grace.unwrap_or_else(|| grace_period(&pod.spec));
        if let State::Running { ends: ends @ None, .. } = &mut container.state {
            let manners = Manners { ignores_sigterm: faults.ignore_sigterm };
            *ends = Some(manners.stop_one(&spec_of(pod, &name), grace, now));
            let kind = if container.role == Role::Sidecar { "Init container" } else { "Container" };
            let message = format!("{kind} {name} failed {probe} probe, will be restarted");
            cluster.record_event(ACTOR, pod, false, "Killing", &message);
        }
    }

    /// Has the containers end: their preStop hooks first, then SIGTERM, at the end of the grace period SIGKILL.
    // Models pkg/kubelet/kubelet.go SyncTerminatingPod
    fn begin_to_stop(&mut self, cluster: &mut Cluster, pod: &Object, faults: &PodFaults) {
        let grace = pod.meta.deletion_grace_period_seconds.map_or_else(|| grace_period(&pod.spec), Millis::from_secs);
        let began = self.stopping.map_or(cluster.now(), |(since, _)| since);
        let running: Vec<String> = self.containers.iter().filter(|c| c.is_running()).map(|c| c.name.clone()).collect();
        let manners = Manners { ignores_sigterm: faults.ignore_sigterm };
        let until = if running.is_empty() {
            began + timing::WATCH
        } else {
            manners.stop_all(&pod.spec, &self.containers, grace, began)
        };
        if self.stopping.is_none() {
            for name in running {
                cluster.record_event(ACTOR, pod, false, "Killing", &format!("Stopping container {name}"));
            }
        }
        self.stopping = Some((began, until));
    }
}

/// What is said of a pod that was taken away since the node ran short of memory.
// Models pkg/kubelet/eviction/helpers.go evictionMessage
pub const EVICTED: &str = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. ";
/// The container of this name in a pod's specification.
pub(super) fn spec_of(pod: &Object, name: &str) -> Value {
    let all = pod.spec.list("containers").iter().chain(pod.spec.list("initContainers"));
    all.into_iter().find(|spec| spec.text("name") == name).cloned().unwrap_or_default()
}

fn grace_period(pod: &Value) -> Millis {
    Millis::from_secs(pod.int("terminationGracePeriodSeconds").unwrap_or(30))
}

/// How long a container takes to start.
pub(super) fn start_time(faults: &PodFaults) -> Millis {
    Millis(timing::CONTAINER_START.0 + i64::from(faults.slow_start_seconds) * 1000)
}
