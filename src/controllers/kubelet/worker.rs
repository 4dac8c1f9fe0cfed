//! A pod's worker: from its assignment to a node until its containers are gone.

use serde_json::Value;

use super::ACTOR;
use super::container::{Container, Ended, Role, State};
use super::faults::PodFaults;
use super::probe::Verdict;
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
    restart_policy: String,
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
    /// Sandbox, images, start.
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
            restart_policy: pod.spec.text("restartPolicy").to_owned(),
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
                    let since = Instant(until.0 - container.back_off.0);
                    Progress { what: Activity::BackOff, since, until: *until }
                }
                State::Pulling { until } | State::Starting { until } => {
                    Progress { what: Activity::Starting, since: self.started, until: *until }
                }
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

    /// Whether every init container has done its part.
    pub fn is_initialized(&self) -> bool {
        self.containers.iter().filter(|c| c.role != Role::Main).all(Container::lets_next_start)
    }

    /// Ends the running containers as by SIGKILL.
    pub fn kill_containers(&mut self, now: Instant) {
        for container in &mut self.containers {
            if let State::Running { ends, .. } = &mut container.state {
                *ends = Some((now, 137));
            }
        }
    }

    /// When something is next to happen.
    pub fn next_due(&self) -> Option<Instant> {
        if let Some((_, until)) = self.stopping {
            return Some(until);
        }
        if self.containers.iter().all(|c| c.state == State::Waiting) {
            return Some(self.set_up);
        }
        self.containers.iter().filter_map(Container::next_due).min()
    }

    /// Does what is due. Says whether the pod has stopped and can be taken away.
    pub fn run(&mut self, cluster: &mut Cluster, pod: &Object) -> bool {
        let now = cluster.now();
        let faults = cluster.controllers.kubelet.faults(&pod.object_ref());
        if pod.meta.is_terminating() {
            self.begin_to_stop(cluster, pod, &faults);
        }
        if let Some((_, until)) = self.stopping {
            return until <= now;
        }
        if self.set_up > now {
            return false;
        }
        for at in 0..self.containers.len() {
            while self.containers[at].next_due().is_some_and(|due| due <= now) {
                self.advance(cluster, pod, at, &faults);
            }
        }
        self.start_next(cluster, pod, &faults);
        self.apply_readiness_fault(&faults);
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

    /// Pulls a container's image where the node lacks it, and starts the container.
    fn pull(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let node = pod.spec.text("nodeName").to_owned();
        let container = &mut self.containers[at];
        let image = container.image.clone();
        let key = (node, image.clone());
        let present = cluster.controllers.kubelet.images.contains(&key);
        if present && !faults.image_pull {
            container.state = State::Starting { until: now + start_time(faults) };
            let message =
                format!("Container image {image:?} already present on machine and can be accessed by the pod");
            cluster.record_event(ACTOR, pod, false, "Pulled", &message);
        } else {
            container.state = State::Pulling { until: now + timing::IMAGE_PULL };
            cluster.record_event(ACTOR, pod, false, "Pulling", &format!("Pulling image {image:?}"));
        }
    }

    /// Does the one thing that is due in a container.
    fn advance(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let state = self.containers[at].state.clone();
        match state {
            State::Pulling { .. } => self.pulled(cluster, pod, at, faults),
            State::PullBackOff { first: true, .. } => {
                let container = &mut self.containers[at];
                let pause = container.next_back_off(Millis(0));
                container.state = State::PullBackOff { until: now + pause, first: false };
                let message = format!("Back-off pulling image {:?}", container.image);
                cluster.record_event(ACTOR, pod, false, "BackOff", &message);
                cluster.record_event(ACTOR, pod, true, "Failed", "Error: ImagePullBackOff");
            }
            State::PullBackOff { .. } => self.pull(cluster, pod, at, faults),
            State::Starting { .. } => self.start(cluster, pod, at, faults),
            State::Running { since, ends: Some((when, exit_code)) } if when <= now => {
                self.ended(cluster, pod, at, Ended { exit_code, started: since, finished: now });
            }
            State::Running { .. } => self.probe(cluster, pod, at, faults),
            State::BackOff { .. } => {
                self.containers[at].restarts += 1;
                self.pull(cluster, pod, at, faults);
            }
            State::Waiting | State::Ended(_) => {}
        }
    }

    fn pulled(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        let image = container.image.clone();
        if faults.image_pull || container.image_is_broken() {
            container.state = State::PullBackOff { until: now + Millis::from_secs(1), first: true };
            let message = format!("Failed to pull image {image:?}: not found");
            cluster.record_event(ACTOR, pod, true, "Failed", &message);
            cluster.record_event(ACTOR, pod, true, "Failed", "Error: ErrImagePull");
            return;
        }
        container.back_off = Millis(0);
        container.state = State::Starting { until: now + start_time(faults) };
        let message =
            format!("Successfully pulled image {image:?} in 1s (1s including waiting). Image size: 70000000 bytes.");
        cluster.record_event(ACTOR, pod, false, "Pulled", &message);
        cluster.controllers.kubelet.images.insert((pod.spec.text("nodeName").to_owned(), image));
    }

    fn start(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        let ends = match container.role {
            _ if faults.crash => Some((now + timing::CRASH, 1)),
            Role::Init => Some((now + timing::INIT_CONTAINER_RUN, 0)),
            _ => None,
        };
        container.state = State::Running { since: now, ends };
        container.reset_probes(now);
        cluster.record_event(ACTOR, pod, false, "Created", "Container created");
        cluster.record_event(ACTOR, pod, false, "Started", "Container started");
    }

    fn ended(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, ended: Ended) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        container.last = Some(ended.clone());
        let restarts = match (container.role, self.restart_policy.as_str()) {
            (Role::Sidecar, _) => true,
            (Role::Init, "Never") => false,
            (Role::Init, _) => ended.exit_code != 0,
            (Role::Main, "Always") => true,
            (Role::Main, "OnFailure") => ended.exit_code != 0,
            (Role::Main, _) => false,
        };
        if !restarts {
            container.state = State::Ended(ended);
            return;
        }
        // The first restart is made at once.
        if container.restarts == 0 && container.back_off.0 == 0 {
            container.back_off = Millis(timing::BACK_OFF.0 / 2);
            container.state = State::BackOff { until: now };
            return;
        }
        let pause = container.next_back_off(ended.finished.since(ended.started));
        container.state = State::BackOff { until: now + pause };
        let ObjectRef { namespace, name, .. } = pod.object_ref();
        let message = format!(
            "Back-off restarting failed container {} in pod {name}_{namespace}({})",
            container.name, pod.meta.uid
        );
        cluster.record_event(ACTOR, pod, true, "BackOff", &message);
    }

    /// Asks the probes that are due.
    fn probe(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        let name = container.name.clone();
        let unhealthy = |cluster: &mut Cluster, probe: &str| {
            let message = format!("{probe} probe failed: HTTP probe failed with statuscode: 503");
            cluster.record_event(ACTOR, pod, true, "Unhealthy", &message);
        };
        let mut killed_by = None;
        if !container.is_started() {
            if let Some(probe) = container.startup.as_mut().filter(|probe| probe.next <= now) {
                let success = !faults.not_ready;
                if !success {
                    unhealthy(cluster, "Startup");
                }
                if probe.answer(success, now) == Verdict::Failed {
                    killed_by = Some("startup");
                }
            }
        } else {
            if let Some(probe) = container.readiness.as_mut().filter(|probe| probe.next <= now) {
                let success = !faults.not_ready;
                if !success {
                    unhealthy(cluster, "Readiness");
                }
                probe.answer(success, now);
            }
            if let Some(probe) = container.liveness.as_mut().filter(|probe| probe.next <= now) {
                let success = !faults.liveness;
                if !success {
                    unhealthy(cluster, "Liveness");
                }
                if probe.answer(success, now) == Verdict::Failed {
                    killed_by = Some("liveness");
                }
            }
        }
        if let (Some(probe), State::Running { ends, .. }) = (killed_by, &mut container.state) {
            *ends = Some((now, 137));
            let message = format!("Container {name} failed {probe} probe, will be restarted");
            cluster.record_event(ACTOR, pod, false, "Killing", &message);
        }
    }

    /// A container without a readiness probe is made unready as if it had one that failed.
    fn apply_readiness_fault(&mut self, faults: &PodFaults) {
        for container in self.containers.iter_mut().filter(|c| c.role != Role::Init) {
            if faults.not_ready && container.readiness.is_none() {
                container.readiness = Some(super::probe::Probe::new(&Value::Null));
                if let State::Running { since, .. } = container.state {
                    container.readiness.iter_mut().for_each(|probe| probe.reset(since));
                }
            }
        }
    }

    /// Has the containers end: their preStop hooks first, then SIGTERM, at the end of the grace period SIGKILL.
    // Models pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer
    fn begin_to_stop(&mut self, cluster: &mut Cluster, pod: &Object, faults: &PodFaults) {
        let now = cluster.now();
        let grace = Millis::from_secs(pod.meta.deletion_grace_period_seconds.unwrap_or(30));
        let began = self.stopping.map_or(now, |(since, _)| since);
        let running: Vec<String> = self.containers.iter().filter(|c| c.is_running()).map(|c| c.name.clone()).collect();
        let wanted = if running.is_empty() {
            timing::WATCH
        } else if faults.ignore_sigterm {
            grace
        } else {
            Millis(pre_stop_time(&pod.spec).0 + timing::CONTAINER_STOP.0)
        };
        let until = began + wanted.min(grace);
        if self.stopping.is_none() {
            for name in running {
                cluster.record_event(ACTOR, pod, false, "Killing", &format!("Stopping container {name}"));
            }
        }
        self.stopping = Some((began, until));
    }
}

fn start_time(faults: &PodFaults) -> Millis {
    Millis(timing::CONTAINER_START.0 + i64::from(faults.slow_start_seconds) * 1000)
}

/// How long the longest preStop hook takes.
fn pre_stop_time(spec: &Value) -> Millis {
    let hooks = spec.list("containers").iter().map(|container| container.field("lifecycle").field("preStop"));
    let seconds = hooks.filter(|hook| hook.is_object()).map(|hook| match hook.field("sleep").int("seconds") {
        Some(seconds) => Millis::from_secs(seconds),
        None => sleep_in_command(hook).unwrap_or(Millis(500)),
    });
    seconds.max().unwrap_or_default()
}

/// The seconds of a `sleep` in a hook's command.
fn sleep_in_command(hook: &Value) -> Option<Millis> {
    let command: Vec<&str> = hook.field("exec").list("command").iter().filter_map(Value::as_str).collect();
    let text = command.join(" ");
    let rest = text.split("sleep ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Millis::from_secs)
}
