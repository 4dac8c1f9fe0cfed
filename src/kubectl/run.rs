//! `kubectl run`, and what runs in a container for it and for `kubectl exec`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/run/run.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::apply::with_annotation;
use super::context::Context;
use super::create::send;
use super::delete::message;
use super::error::Error;
use super::flags::Flags;
use super::request::{DryRun, Say, change_flags, parse_pairs};
use super::resources::namespace;
use super::wait::{Progress, Wait};
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::patch;
use crate::api::schema::Schema;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::{DeleteOptions, FieldValidation, Propagation};
use crate::disks::Container;

/// The command's flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
    ";annotations array;image string!;image-pull-policy string;rm bool;env array;port string;labels/l string;stdin/i bool;\
     tty/t bool;attach bool;leave-stdin-open bool;restart string=Always;command bool;expose bool;quiet/q bool;\
     privileged bool;detach-keys string;overrides string;override-type string=merge;save-config bool;\
     pod-running-timeout duration=1m0s;cascade string=background?background;force bool;grace-period int=-1;\
     timeout duration;wait bool;record bool"
);

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/run/run.go Complete, Validate, Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let annotations = parse_pairs(flags.list("annotations"), "annotations", false)?.set;
    let labels = parse_labels(flags.text("labels"))?;
    let environment = parse_environment(flags.list("env"))?;
    let (stdin, tty) = (flags.flag("stdin"), flags.flag("tty"));
    let restart = match flags.text("restart") {
        "" if stdin => "OnFailure",
        "" => "Always",
        policy @ ("Always" | "OnFailure" | "Never") => policy,
        other => {
            return Err(format!("invalid restart policy: {other}, valid values are: Always, OnFailure, Never").into());
        }
    };
    let pull = flags.text("image-pull-policy");
    if !matches!(pull, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(format!("invalid image pull policy: {pull}, valid values are: Always, IfNotPresent, Never").into());
    }
    let attach = if flags.is_set("attach") { flags.flag("attach") } else { stdin };
    let mut say = Say::of_made(context, flags)?;
    let (image, port) = (flags.text("image"), flags.text("port"));
    let Some(name) = flags.args.first().filter(|_| flags.before_dash != Some(0)) else {
        return Err("NAME is required for run".into());
    };
    if image.is_empty() {
        return Err("--image is required".into());
    }
    if !crate::api::image::is_reference(image) {
        return Err(format!("invalid image name {image:?}: invalid reference format").into());
    }
    if tty && !stdin {
        return Err("-i/--stdin is required for containers with -t/--tty=true".into());
    }
    if flags.flag("expose") && port.is_empty() {
        return Err("--port must be set when exposing a service".into());
    }
    if !port.is_empty() && port.parse::<i64>().is_err() {
        return Err("--port must be a number".into());
    }
    if !attach && flags.flag("rm") {
        return Err("--rm should only be used for attached containers".into());
    }
    if attach && say.dry_run != DryRun::None {
        return Err(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"
                .into(),
        );
    }
    let mut own_labels = labels.clone();
    if own_labels.is_empty() {
        own_labels.insert("run".to_owned(), Value::from(name.as_str()));
    }
    let mut container = json!({"image": image, "name": name, "resources": {}});
    let fields = as_map(&mut container);
    let mut set = |key: &str, value: Value, wanted: bool| {
        if wanted {
            fields.insert(key.to_owned(), value);
        }
    };
    let has_environment = !environment.is_empty();
    set("env", Value::Array(environment), has_environment);
    set("stdin", Value::from(true), stdin);
    set("stdinOnce", Value::from(true), stdin && !flags.flag("leave-stdin-open"));
    set("tty", Value::from(true), tty);
    set("imagePullPolicy", Value::from(pull), !pull.is_empty());
    set("securityContext", json!({"privileged": true}), flags.flag("privileged"));
    let key = if flags.flag("command") { "command" } else { "args" };
    set(key, Value::from(flags.args[1..].to_vec()), flags.args.len() > 1);
    set("ports", json!([{"containerPort": port.parse::<i64>().unwrap_or_default()}]), !port.is_empty());
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": own_labels, "name": name},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart}, "status": {},
    });
    if !annotations.is_empty() {
        let entries = map_in(map_in(as_map(&mut pod), "metadata"), "annotations");
        entries.extend(annotations.into_iter().map(|(key, value)| (key, Value::from(value))));
    }
    if !flags.text("overrides").is_empty() {
        pod = override_with(pod, flags.text("overrides"), flags.text("override-type"))?;
    }
    let created = generate(context, flags, pod, say.dry_run)?;
    let mut objects = vec![created];
    let mut errors = Vec::new();
    if flags.flag("expose") {
        let number = port.parse::<i64>().unwrap_or_default();
        let mut service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": [{"port": number, "protocol": "TCP", "targetPort": number}], "selector": own_labels},
            "status": {"loadBalancer": {}},
        });
        if !labels.is_empty() {
            map_in(as_map(&mut service), "metadata").insert("labels".to_owned(), Value::Object(labels));
        }
        match generate(context, flags, service, say.dry_run) {
            Ok(service) => objects.push(service),
            Err(error) => errors.push(error),
        }
    }
    if attach {
        let references = objects.iter().map(reference_of).collect();
        let timeout = Millis(flags.millis("pod-running-timeout"));
        context.wait = Some(Wait::Start(Start {
            objects: references,
            container: name.clone(),
            stdin,
            tty,
            quiet: flags.flag("quiet"),
            remove: flags.flag("rm"),
            deadline: context.cluster.now() + timeout,
        }));
        return Ok(());
    }
    for object in &objects {
        say.done(context, object, "created")?;
    }
    Error::collect(errors)
}

fn reference_of(object: &Value) -> ObjectRef {
    let kind = if object.text("kind") == "Service" { Kind::Service } else { Kind::Pod };
    let metadata = object.field("metadata");
    ObjectRef::new(kind, metadata.text("namespace"), metadata.text("name"))
}

fn generate(context: &mut Context<'_>, flags: &Flags, mut value: Value, dry_run: DryRun) -> Result<Value, Error> {
    let (namespace, enforced) = namespace(context, flags);
    if enforced || dry_run != DryRun::Client {
        map_in(as_map(&mut value), "metadata").insert("namespace".to_owned(), Value::from(namespace));
    }
    if dry_run == DryRun::Client {
        return Ok(value);
    }
    if flags.flag("save-config") {
        value = with_annotation(value);
    }
    send(context, &value, dry_run, FieldValidation::Warn)
}

/// Changes a generated pod by `--overrides`, in one of the forms of a patch.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/override_options.go NewOverrider
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go Merge, StrategicMerge, JSONPatch
fn override_with(mut pod: Value, text: &str, ty: &str) -> Result<Value, Error> {
    let overrides = serde_json::from_str::<Value>(text).ok();
    match (ty, overrides) {
        ("merge", Some(overrides)) => patch::json_merge(&mut pod, overrides),
        ("merge", None) => return Err("Invalid JSON Patch".into()),
        ("strategic", Some(Value::Object(mut overrides))) => {
            let fields = pod.as_object().cloned().unwrap_or_default();
            let merged = patch::strategic_merge(fields, &mut overrides, Schema::get().of_kind(Kind::Pod));
            pod = Value::Object(merged.map_err(|error| Error::Plain(error.0))?);
        }
        ("json", Some(Value::Array(operations))) => {
            patch::json_patch(&mut pod, &operations).map_err(|error| Error::Plain(error.to_string()))?;
        }
        ("strategic" | "json", _) => return Err("invalid JSON document".into()),
        (other, _) => return Err(format!("invalid override type: {other}").into()),
    }
    Ok(pod)
}

/// Reads `a=b,c=d`.
///
/// # Errors
/// kubectl's sentence about what is no pair.
pub(super) fn parse_labels(text: &str) -> Result<Map<String, Value>, Error> {
    let mut out = Map::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let pair: Vec<&str> = part.split('=').collect();
        match pair.as_slice() {
            ["", _] => return Err("unexpected empty label key".into()),
            [key, value] => drop(out.insert((*key).to_owned(), Value::from(*value))),
            _ => return Err(format!("unexpected label spec: {part}").into()),
        }
    }
    Ok(out)
}

fn parse_environment(args: &[String]) -> Result<Vec<Value>, Error> {
    let mut out = Vec::new();
    for arg in args {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let pair = arg.split_once('=').filter(|(name, _)| {
            !name.is_empty() && name.chars().all(is_name) && !name.starts_with(|c: char| c.is_ascii_digit())
        });
        let Some((name, value)) = pair else {
            return Err(format!("invalid env: {arg}").into());
        };
        out.push(if value.is_empty() { json!({"name": name}) } else { json!({"name": name, "value": value}) });
    }
    Ok(out)
}

/// Waiting for a pod to run, to attach to it.
#[derive(Clone, Debug)]
pub struct Start {
    objects: Vec<ObjectRef>,
    container: String,
    stdin: bool,
    tty: bool,
    quiet: bool,
    remove: bool,
    deadline: Instant,
}

impl Start {
    // Models staging/src/k8s.io/kubectl/pkg/cmd/run/run.go handleAttachPod
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let Some(reference) = self.objects.first() else {
            return Ok(Progress::Done(0));
        };
        let Some(pod) = context.cluster.store().find(reference).cloned() else {
            return Err(Status::not_found(Kind::Pod, "").into());
        };
        let ready = pod
            .status
            .list("conditions")
            .iter()
            .any(|condition| condition.text("type") == "Ready" && condition.text("status") == "True");
        let ended = matches!(pod.status.text("phase"), "Succeeded" | "Failed");
        if pod.status.text("phase") == "Running" && ready {
            if !self.quiet && self.tty {
                context.out.complain(
                    "All commands and output from this session will be recorded in container logs, including credentials \
                     and sensitive information passed through the command prompt.",
                );
            }
            if !self.quiet && self.stdin {
                context.out.complain("If you don't see a command prompt, try pressing enter.");
            }
            let spec = crate::disks::container_spec(&pod, &self.container);
            let words = spec.list("command").iter().chain(spec.list("args")).filter_map(Value::as_str);
            let mut command: Vec<String> = words.map(str::to_owned).collect();
            if command.is_empty() {
                command.push("sh".to_owned());
            }
            let container =
                Container { pod: reference.clone(), uid: pod.meta.uid.clone(), name: self.container.clone() };
            context.wait = Some(Wait::Exec(Exec {
                container,
                command,
                stdin: self.stdin,
                attached: true,
                remove: if self.remove { self.objects.clone() } else { Vec::new() },
                ended: None,
            }));
            return Ok(Progress::Done(0));
        }
        let over = self.deadline <= context.cluster.now();
        if ended || over {
            if self.remove {
                remove(context, &self.objects);
            }
            return if ended { Ok(Progress::Done(0)) } else { Err("timed out waiting for the condition".into()) };
        }
        Ok(Progress::Until(Some(self.deadline)))
    }
}

/// Something that runs in a container, and what is done about it afterwards.
#[derive(Clone, Debug)]
pub struct Exec {
    /// The container.
    pub container: Container,
    /// The command.
    pub command: Vec<String>,
    /// Whether standard input is passed on.
    pub stdin: bool,
    /// Whether it is the container's own program, and not one more.
    pub attached: bool,
    /// What is deleted afterwards.
    pub remove: Vec<ObjectRef>,
    /// The code it ended with.
    pub ended: Option<i32>,
}

impl Exec {
    // Models staging/src/k8s.io/kubectl/pkg/cmd/run/run.go removeCreatedObjects
    pub(super) fn finish(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let code = self.ended.unwrap_or_default();
        remove(context, &self.remove);
        if code == 0 {
            return Ok(Progress::Done(0));
        }
        if self.attached {
            let pod = &self.container.pod;
            context.out.complain(&format!("pod {}/{} terminated (Error)", pod.namespace, pod.name));
        } else {
            context.out.complain(&format!("command terminated with exit code {code}"));
        }
        Ok(Progress::Done(code))
    }
}

fn remove(context: &mut Context<'_>, objects: &[ObjectRef]) {
    for object in objects {
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        if context.cluster.delete(Actor::User, object, &options).is_ok() {
            context.out.print(&message(object, false));
        }
    }
}
