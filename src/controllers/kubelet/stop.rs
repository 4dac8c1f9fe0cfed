//! How the containers of a pod end: preStop hooks, SIGTERM, and SIGKILL at the end of the grace period.

use serde_json::Value;

use super::container::{Container, Role};
use crate::api::fields::Fields;
use crate::api::time::{Instant, Millis};
use crate::cluster::timing;

/// What a container does between SIGTERM and SIGKILL.
pub struct Manners {
    /// Whether it does not end at SIGTERM.
    pub ignores_sigterm: bool,
}

impl Manners {
    /// When a container ends that may take so long from SIGTERM on, and its exit code. Everybody gets two seconds.
    fn end(&self, sigterm: Instant, left: Millis) -> (Instant, i64) {
        let left = left.max(timing::MINIMUM_GRACE);
        if self.ignores_sigterm || timing::CONTAINER_STOP > left {
            (sigterm + left, 137)
        } else {
            (sigterm + timing::CONTAINER_STOP, 0)
        }
    }

    /// When a container ends that is stopped now by itself, and its exit code.
    // Models pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer
    pub fn stop_one(&self, spec: &Value, grace: Millis, now: Instant) -> (Instant, i64) {
        let hook = pre_stop_time(spec).min(grace);
        self.end(now + hook, Millis(grace.0 - hook.0))
    }

    /// When everything will have ended in a pod that is stopped now: the main containers at once, then the sidecars from
    /// the last to the first.
    // Models pkg/kubelet/kuberuntime/kuberuntime_termination_order.go
    pub fn stop_all(&self, pod: &Value, containers: &[Container], grace: Millis, now: Instant) -> Instant {
        let spec_of = |container: &Container| {
            let all = pod.list("containers").iter().chain(pod.list("initContainers"));
            all.into_iter().find(|spec| spec.text("name") == container.name).cloned().unwrap_or_default()
        };
        let running = |role: Role| containers.iter().filter(move |c| c.role == role && c.is_running());
        let mut end = now;
        for container in running(Role::Main).chain(running(Role::Init)) {
            end = end.max(self.stop_one(&spec_of(container), grace, now).0);
        }
        let sidecars: Vec<&Container> = running(Role::Sidecar).collect();
        for container in sidecars.into_iter().rev() {
            let hook = pre_stop_time(&spec_of(container)).min(grace);
            let sigterm = end.max(now + hook).min(now + grace).max(now + hook);
            end = end.max(self.end(sigterm, Millis(grace.0 - sigterm.since(now).0)).0);
        }
        end
    }
}

/// How long a container's preStop hook takes.
fn pre_stop_time(container: &Value) -> Millis {
    let hook = container.field("lifecycle").field("preStop");
    if !hook.is_object() {
        return Millis(0);
    }
    match hook.field("sleep").int("seconds") {
        Some(seconds) => Millis::from_secs(seconds),
        None => sleep_in_command(hook).unwrap_or(timing::HOOK),
    }
}

/// The seconds of a `sleep` in a hook's command.
fn sleep_in_command(hook: &Value) -> Option<Millis> {
    let command: Vec<&str> = hook.field("exec").list("command").iter().filter_map(Value::as_str).collect();
    let text = command.join(" ");
    let rest = text.split("sleep ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Millis::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::kubelet::container::State;
    use serde_json::json;

    fn running(spec: &Value, is_init: bool) -> Container {
        let mut container = Container::new(spec, is_init);
        container.state = State::Running { since: Instant(0), ends: None };
        container
    }

    #[test]
    fn hooks_come_first_and_sidecars_end_last() {
        let main = json!({"name": "main", "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 5"]}}}});
        let sidecar = json!({"name": "sidecar", "restartPolicy": "Always"});
        let pod = json!({"containers": [main], "initContainers": [sidecar]});
        let containers = [running(&sidecar, true), running(&main, false)];
        let polite = Manners { ignores_sigterm: false };
        assert_eq!(polite.stop_all(&pod, &containers, Millis::from_secs(30), Instant(0)), Instant(6400));
        let rude = Manners { ignores_sigterm: true };
        assert_eq!(rude.stop_all(&pod, &containers, Millis::from_secs(30), Instant(0)), Instant(32_000));
        // A hook that takes longer than there is time is cut off, and two seconds are left for the container.
        assert_eq!(rude.stop_all(&pod, &containers[1..], Millis::from_secs(3), Instant(0)), Instant(5000));
        assert_eq!(polite.stop_one(&main, Millis::from_secs(30), Instant(0)), (Instant(5700), 0));
    }
}
