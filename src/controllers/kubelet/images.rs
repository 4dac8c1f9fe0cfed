//! Images: pulled where a node lacks them, tried again where they do not pull.
//!
//! Follows `pkg/kubelet/images/image_manager.go` of Kubernetes v1.37.2, Apache-2.0.

use super::ACTOR;
use super::container::{State, next_back_off};
use super::faults::PodFaults;
use super::worker::{Worker, spec_of, start_time};
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::api::time::Millis;
use crate::cluster::{Cluster, timing};

/// The reason of a container whose image has just not pulled.
pub const FAILED: &str = "ErrImagePull";
/// The reason of a container whose image is not there and not to be pulled.
const NEVER: &str = "ErrImageNeverPull";

/// What the container runtime says of an image that no registry has.
pub fn pull_error(image: &str) -> String {
    let image = if crate::api::image::tag(image) == "latest" && !image.ends_with(":latest") {
        format!("{image}:latest")
    } else {
        image.to_owned()
    };
    let has_host = image.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost");
    let full = match (has_host, image.contains('/')) {
        (true, _) => image,
        (false, true) => format!("docker.io/{image}"),
        (false, false) => format!("docker.io/library/{image}"),
    };
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image {full:?}: failed to resolve reference {full:?}: \
         {full}: not found"
    )
}

impl Worker {
    /// Pulls a container's image where the node lacks it or the policy wants it anew, and starts the container.
    // Models pkg/kubelet/images/image_manager.go EnsureImageExists
    pub(super) fn pull(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let policy = spec_of(pod, &self.containers[at].name).text("imagePullPolicy").to_owned();
        let container = &mut self.containers[at];
        let image = container.image.clone();
        let key = (self.node.clone(), image.clone());
        let broken = faults.image_pull || container.image_is_broken();
        let present = cluster.controllers.kubelet.images.contains(&key) && !broken;
        if present && policy != "Always" {
            container.state = State::Starting { since: now, until: now + start_time(faults) };
            let message =
                format!("Container image {image:?} already present on machine and can be accessed by the pod");
            cluster.record_event(ACTOR, pod, false, "Pulled", &message);
        } else if policy == "Never" {
            let pause = next_back_off(&mut container.pull_back_off);
            container.state = State::PullBackOff { until: now + pause, reason: NEVER };
            let message = format!("Container image {image:?} is not present with pull policy of Never");
            cluster.record_event(ACTOR, pod, true, NEVER, &message);
            cluster.record_event(ACTOR, pod, true, "Failed", &format!("Error: {NEVER}"));
        } else {
            let time = if present { timing::IMAGE_CHECK } else { timing::IMAGE_PULL };
            container.state = State::Pulling { since: now, until: now + time };
            cluster.record_event(ACTOR, pod, false, "Pulling", &format!("Pulling image {image:?}"));
        }
    }

    /// Goes on with an image that has been pulled, or not.
    pub(super) fn pulled(&mut self, cluster: &mut Cluster, pod: &Object, at: usize, faults: &PodFaults) {
        let now = cluster.now();
        let container = &mut self.containers[at];
        let image = container.image.clone();
        if faults.image_pull || container.image_is_broken() {
            container.state = State::PullBackOff { until: now + timing::EXIT_NOTICED, reason: FAILED };
            let message = format!("Failed to pull image {image:?}: {}", pull_error(&image));
            cluster.record_event(ACTOR, pod, true, "Failed", &message);
            cluster.record_event(ACTOR, pod, true, "Failed", "Error: ErrImagePull");
            return;
        }
        container.pull_back_off = Millis(0);
        container.state = State::Starting { since: now, until: now + start_time(faults) };
        let message =
            format!("Successfully pulled image {image:?} in 1s (1s including waiting). Image size: 70000000 bytes.");
        cluster.record_event(ACTOR, pod, false, "Pulled", &message);
        cluster.controllers.kubelet.images.insert((self.node.clone(), image));
    }
}
