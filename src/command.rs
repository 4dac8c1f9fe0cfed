//! Everything that a person can do to a cluster.
//!
//! A command is data: the log of commands is the undo history, the scenario file, the share link and the test.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::status::Status;
use crate::api::time::Millis;
use crate::cluster::actor::Actor;
use crate::cluster::faults::ApiFault;
use crate::cluster::{Cluster, CreateOptions, DeleteOptions, PatchType, Propagation};
use crate::controllers::chaos::Chaos;
use crate::controllers::kubelet::{self, PodFaults};
use crate::kubectl;
use crate::manifest::Span;

/// Something that a person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Applies a manifest, as `kubectl apply -f` does.
    Apply {
        /// The text, as it was written.
        manifest: String,
    },
    /// Creates a namespace.
    CreateNamespace {
        /// Its name.
        name: String,
    },
    /// Sets the replicas of a set.
    Scale {
        /// The set.
        object: ObjectRef,
        /// How many.
        replicas: i64,
    },
    /// Patches an object.
    #[serde(rename_all = "camelCase")]
    Patch {
        /// The object.
        object: ObjectRef,
        /// The form of the patch.
        #[serde(default)]
        patch_type: PatchType,
        /// The patch, as it was written.
        patch: String,
    },
    /// Sets the image of a container of a set's template.
    SetImage {
        /// The set.
        object: ObjectRef,
        /// The container.
        container: String,
        /// The image.
        image: String,
    },
    /// Deletes an object.
    #[serde(rename_all = "camelCase")]
    Delete {
        /// The object.
        object: ObjectRef,
        /// What becomes of its dependents.
        #[serde(default)]
        cascade: Propagation,
        /// For pods: how long they may take, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_period_seconds: Option<i64>,
    },
    /// Makes something go wrong in a pod, or go right again.
    SetFaults {
        /// The pod.
        pod: ObjectRef,
        /// What goes wrong.
        faults: PodFaults,
    },
    /// Types a line into a terminal: to run it, or for what runs there and reads it.
    Run {
        /// The terminal's number, from 0.
        terminal: usize,
        /// The line, which may have several lines.
        line: String,
    },
    /// Presses Ctrl+C in a terminal.
    Interrupt {
        /// The terminal's number.
        terminal: usize,
    },
    /// Presses Ctrl+D in a terminal.
    EndInput {
        /// The terminal's number.
        terminal: usize,
    },
    /// Presses Ctrl+L in a terminal.
    Clear {
        /// The terminal's number.
        terminal: usize,
    },
    /// Saves what `kubectl edit` has opened in a terminal, and closes it.
    Edited {
        /// The terminal's number.
        terminal: usize,
        /// The text as it was saved.
        text: String,
    },
    /// Saves a file that `-f` can name.
    SaveFile {
        /// Its name.
        name: String,
        /// What is in it.
        text: String,
    },
    /// Removes such a file.
    RemoveFile {
        /// Its name.
        name: String,
    },
    /// Ends the containers of a pod.
    KillContainers {
        /// The pod.
        pod: ObjectRef,
    },
    /// Cuts a node off, or connects it again.
    SetNodeDown {
        /// The node's name.
        node: String,
        /// Whether it does not answer.
        down: bool,
    },
    /// Has the kubelet take a pod away, as if its node had run short of memory.
    EvictForPressure {
        /// The pod.
        pod: ObjectRef,
    },
    /// Evicts a pod: deletes it, if its disruption budget allows that.
    Evict {
        /// The pod.
        pod: ObjectRef,
    },
    /// Stops a provisioner, or has it run again.
    SetProvisionerDown {
        /// The provisioner's name, as classes have it.
        provisioner: String,
        /// Whether it does not run.
        down: bool,
    },
    /// Has writes of controllers go wrong; a fault that hits nothing takes all earlier ones back.
    InjectFault {
        /// Which, how often, how long.
        fault: ApiFault,
    },
    /// Has things go wrong at random moments, from a seed; or no longer, where nothing is said.
    SetChaos {
        /// What, how often, until when.
        chaos: Option<Chaos>,
    },
    /// Has controllers learn of each write up to so much later than they would.
    SetLatency {
        /// In milliseconds.
        latency: Millis,
    },
}

/// What a command answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What kubectl would print.
    pub output: Vec<Line>,
    /// What is wrong with the manifest, and where.
    pub diagnostics: Vec<Diagnostic>,
}

/// A line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether it goes to standard error.
    pub is_error: bool,
    /// The text, which may have several lines.
    pub text: String,
}

/// Something wrong with a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// The sentence.
    pub message: String,
    /// The field that it is about, where it is about one.
    pub path: String,
    /// Where in the text.
    pub span: Option<Span>,
    /// What would help, where that is safe to offer.
    pub fix: Option<Fix>,
}

/// Something to do about a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Create the namespace that is missing.
    CreateNamespace(String),
}

impl Diagnostic {
    /// A sentence about a field, whose place in the text is not known.
    pub fn of(message: impl Into<String>, path: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), path: path.into(), ..Diagnostic::default() }
    }
}

/// How the server's warnings begin.
const WARNING: &str = "Warning: ";

impl Answer {
    /// Adds a line of standard output.
    pub fn print(&mut self, text: impl Into<String>) {
        self.output.push(Line { is_error: false, text: text.into() });
    }

    /// Adds a line of standard error.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.output.push(Line { is_error: true, text: text.into() });
    }

    /// Adds the server's warnings, each once.
    pub fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            let text = [WARNING, warning].concat();
            if !self.output.iter().any(|line| line.is_error && line.text == text) {
                self.complain(text);
            }
        }
    }

    /// Adds a refusal, as kubectl prints it.
    pub fn refuse(&mut self, status: &Status) {
        self.complain(kubectl::error::message(status).trim_end_matches('\n'));
    }

    /// What was refused, in kubectl's words: what goes to standard error but for the server's warnings, with which a thing is
    /// done.
    pub fn refusals(&self) -> impl Iterator<Item = &str> {
        let lines = self.output.iter().filter(|line| line.is_error && !line.text.starts_with(WARNING));
        lines.map(|line| line.text.as_str())
    }

    /// Whether something was refused.
    pub fn is_refused(&self) -> bool {
        self.refusals().next().is_some() || !self.diagnostics.is_empty()
    }
}

impl Cluster {
    /// Does what a command says, at the cluster's present moment.
    pub fn execute(&mut self, command: &Command) -> Answer {
        let mut answer = Answer::default();
        match command {
            Command::Apply { manifest } => return kubectl::apply::apply(self, manifest, "manifest.yaml"),
            Command::CreateNamespace { name } => {
                let value = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                match self.create(Actor::User, Kind::Namespace, &value, &CreateOptions::default()) {
                    Ok(_) => answer.print(format!("namespace/{name} created")),
                    Err(refusal) => answer.refuse(&refusal.status),
                }
            }
            Command::Scale { object, replicas } => {
                let patch = serde_json::json!({"spec": {"replicas": replicas}});
                self.patch_and_say(&mut answer, object, PatchType::Merge, &patch, "scaled");
            }
            Command::Patch { object, patch_type, patch } => match serde_json::from_str::<Value>(patch) {
                Ok(patch) => self.patch_and_say(&mut answer, object, *patch_type, &patch, "patched"),
                Err(_) => answer.refuse(&Status::bad_request("invalid JSON patch")),
            },
            Command::SetImage { object, container, image } => {
                let containers = serde_json::json!([{"name": container, "image": image}]);
                let patch = serde_json::json!({"spec": {"template": {"spec": {"containers": containers}}}});
                if self.has_container(object, container) {
                    self.patch_and_say(&mut answer, object, PatchType::Strategic, &patch, "image updated");
                } else {
                    answer.complain(format!("error: unable to find container named {container:?}"));
                }
            }
            Command::Delete { object, cascade, grace_period_seconds } => {
                let options = DeleteOptions {
                    grace_period_seconds: *grace_period_seconds,
                    propagation: Some(*cascade),
                    ..DeleteOptions::default()
                };
                match self.delete(Actor::User, object, &options) {
                    Ok(()) => answer.print(kubectl::delete::message(object, *grace_period_seconds == Some(0))),
                    Err(status) => answer.refuse(&status),
                }
            }
            // What is about terminals and files is done by the workbench, which has them.
            Command::Run { .. }
            | Command::Interrupt { .. }
            | Command::EndInput { .. }
            | Command::Clear { .. }
            | Command::Edited { .. }
            | Command::SaveFile { .. }
            | Command::RemoveFile { .. } => {}
            Command::SetFaults { pod, faults } => kubelet::set_faults(self, pod, faults.clone()),
            Command::KillContainers { pod } => kubelet::kill_containers(self, pod),
            Command::SetNodeDown { node, down } => kubelet::set_node_down(self, node, *down),
            Command::EvictForPressure { pod } => kubelet::evict_for_pressure(self, pod),
            Command::Evict { pod } => match self.evict(Actor::User, pod, &DeleteOptions::default()) {
                Ok(()) => answer.print(format!("{pod} evicted")),
                Err(status) => answer.refuse(&status),
            },
            Command::SetProvisionerDown { provisioner, down } => self.set_provisioner_down(provisioner, *down),
            Command::InjectFault { fault } => self.inject_fault(fault.clone()),
            Command::SetChaos { chaos } => crate::controllers::chaos::set(self, chaos.clone()),
            Command::SetLatency { latency } => self.set_latency(*latency),
        }
        answer
    }

    fn has_container(&self, object: &ObjectRef, container: &str) -> bool {
        self.store().find(object).is_some_and(|object| {
            let containers = object.spec.field("template").field("spec").list("containers");
            containers.iter().any(|known| known.text("name") == container)
        })
    }

    fn patch_and_say(&mut self, answer: &mut Answer, object: &ObjectRef, ty: PatchType, patch: &Value, done: &str) {
        match self.patch(Actor::User, object, ty, patch) {
            Ok(patched) => {
                answer.warn(&patched.warnings);
                let unchanged = if patched.changed || done == "scaled" { "" } else { " (no change)" };
                answer.print(format!("{object} {done}{unchanged}"));
            }
            Err(refusal) => answer.refuse(&refusal.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;

    #[test]
    fn a_warning_is_no_refusal() {
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: nginx\n    env: [{name: A, value: a}, {name: A, value: b}]\n";
        let apply = |manifest: &str| {
            let command = Command::Apply { manifest: manifest.to_owned() };
            Cluster::new(Config::default()).execute(&command)
        };
        let warned = apply(manifest);
        assert!(warned.output[0].is_error && warned.output[0].text.starts_with("Warning: "), "{:?}", warned.output);
        assert!(!warned.is_refused());
        let refused = apply(&manifest.replace("image: nginx", "image: 7"));
        assert!(refused.is_refused() && refused.refusals().count() > 0);
    }
}
