//! `kubectl exec`, `attach` and `cp`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/{exec,attach,cp}` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use super::context::Context;
use super::error::{Error, usage};
use super::flags::Flags;
use super::request::find_args;
use super::resources::{self, Found};
use super::run::Exec;
use super::wait::Wait;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::Status;
use crate::disks::{Container, container_spec};

/// The flags of `exec`.
pub const EXEC_FLAGS: &str =
    "container/c string;stdin/i bool;tty/t bool;quiet/q bool;pod-running-timeout duration=1m0s;filename/f slice";
/// The flags of `attach`.
pub const ATTACH_FLAGS: &str =
    "container/c string;stdin/i bool;tty/t bool;quiet/q bool;pod-running-timeout duration=1m0s;detach-keys string";
/// The flags of `cp`.
pub const CP_FLAGS: &str = "container/c string;no-preserve bool;retries int=0";

/// The pod behind an object: itself, or the first of those that it selects.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/attachablepodforobject.go
fn pod_of(context: &Context<'_>, found: Found) -> Result<Arc<Object>, Error> {
    let info = found.infos()?.into_iter().next().ok_or_else(resources::missing_resource)?;
    let Some(object) = info.object else {
        return Err(Status::not_found(info.reference.kind, &info.reference.name).into());
    };
    if object.kind == Kind::Pod {
        return Ok(object);
    }
    Ok(pods_of(context, &object)?.remove(0))
}

/// The pods that an object selects, at least one, the ones that are best to look at first.
pub(super) fn pods_of(context: &Context<'_>, object: &Object) -> Result<Vec<Arc<Object>>, Error> {
    let selector = match object.kind {
        Kind::Service | Kind::ReplicationController => object
            .spec
            .field("selector")
            .as_object()
            .map(|labels| Selector::of_labels(&crate::api::meta::string_map(labels))),
        Kind::StatefulSet | Kind::Deployment | Kind::DaemonSet | Kind::ReplicaSet | Kind::Job => {
            Selector::of_value(object.spec.field("selector"))
        }
        kind => {
            let name = kind.name();
            return Err(format!("cannot attach to *v1.{name}: selector for *v1.{name} not implemented").into());
        }
    };
    let selector = selector.ok_or_else(|| Error::from("invalid service: no pod selector"))?;
    let mut pods: Vec<Arc<Object>> = context
        .cluster
        .store()
        .list_in(Kind::Pod, &object.meta.namespace)
        .filter(|pod| selector.matches(&pod.meta.labels))
        .cloned()
        .collect();
    // Running ones first, then ready ones.
    let rank = |pod: &Arc<Object>| {
        let ready =
            pod.status.list("conditions").iter().any(|c| c.text("type") == "Ready" && c.text("status") == "True");
        (pod.status.text("phase") != "Running", !ready)
    };
    crate::api::order::sort_by_key(&mut pods, rank);
    if pods.is_empty() { Err("timed out waiting for the condition".into()) } else { Ok(pods) }
}

/// The names of all containers, as messages list them.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd/podcmd.go AllContainerNames
fn all_names(pod: &Object) -> String {
    let mut names = Vec::new();
    for (list, mark) in [("containers", ""), ("ephemeralContainers", " (ephem)"), ("initContainers", " (init)")] {
        names.extend(pod.spec.list(list).iter().map(|container| format!("{}{mark}", container.text("name"))));
    }
    names.join(", ")
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd/podcmd.go FindOrDefaultContainerByName
pub(super) fn container_of(
    context: &mut Context<'_>,
    pod: &Object,
    name: &str,
    quiet: bool,
) -> Result<Container, Error> {
    let annotated = pod.meta.annotations.get("kubectl.kubernetes.io/default-container").map_or("", String::as_str);
    let wanted = if name.is_empty() { annotated } else { name };
    let container = |name: &str| Container { pod: pod.object_ref(), uid: pod.meta.uid.clone(), name: name.to_owned() };
    if !wanted.is_empty() {
        if container_spec(pod, wanted).is_null() {
            let (pod_name, names) = (&pod.meta.name, all_names(pod));
            return Err(format!("container {wanted} is not valid for pod {pod_name} out of: {names}").into());
        }
        return Ok(container(wanted));
    }
    let first = pod.spec.list("containers").first().map_or("", |container| container.text("name"));
    let several = ["containers", "initContainers", "ephemeralContainers"].iter().map(|list| pod.spec.list(list).len());
    if !quiet && several.sum::<usize>() > 1 {
        context.out.complain(&format!("Defaulted container {first:?} out of: {}", all_names(pod)));
    }
    Ok(container(first))
}

/// Runs `kubectl exec`.
///
/// # Errors
/// Everything that went wrong before the command runs.
// Models staging/src/k8s.io/kubectl/pkg/cmd/exec/exec.go Complete, Validate, Run
pub fn exec(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let args = &flags.args;
    let files = flags.list("filename");
    let resource = args.first().filter(|_| flags.before_dash != Some(0));
    let command = match flags.before_dash {
        Some(at @ (0 | 1)) => args[at..].to_vec(),
        _ if args.len() > 1 || (!args.is_empty() && !files.is_empty()) => {
            let why = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead";
            return Err(usage("exec", why));
        }
        _ => Vec::new(),
    };
    if resource.is_none() && files.is_empty() {
        return Err("pod, type/name or --filename must be specified".into());
    }
    if command.is_empty() {
        return Err("you must specify at least one command for the container".into());
    }
    let named: Vec<String> = resource.map(|name| with_type(name)).into_iter().collect();
    let found = find_args(context, flags, &named, &|_| {})?;
    let pod = pod_of(context, found)?;
    let phase = pod.status.text("phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(format!("cannot exec into a container in a completed pod; current phase is {phase}").into());
    }
    let container = container_of(context, &pod, flags.text("container"), flags.flag("quiet"))?;
    if pod.spec.text("nodeName").is_empty() {
        let name = &pod.meta.name;
        return Err(Status::bad_request(format!("pod {name} does not have a host assigned")).into());
    }
    if !is_running(&pod, &container.name) {
        let sentence = format!("unable to upgrade connection: container not found ({:?})", container.name);
        return Err(Status::internal_error(&sentence).into());
    }
    let stdin = flags.flag("stdin");
    context.wait =
        Some(Wait::Exec(Exec { container, command, stdin, attached: false, remove: Vec::new(), ended: None }));
    Ok(())
}

pub(super) fn with_type(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("pods/{name}") }
}

/// Whether a container of a pod runs.
fn is_running(pod: &Object, container: &str) -> bool {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut statuses = lists.iter().flat_map(|list| pod.status.list(list));
    statuses.any(|status| status.text("name") == container && status.field("state").has("running"))
}

/// Runs `kubectl attach`.
///
/// # Errors
/// Everything that went wrong before it is attached.
// Models staging/src/k8s.io/kubectl/pkg/cmd/attach/attach.go
pub fn attach(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if flags.args.is_empty() {
        return Err("at least 1 argument is required for attach".into());
    }
    let named: Vec<String> = if flags.args.len() == 1 { vec![with_type(&flags.args[0])] } else { flags.args.clone() };
    let found = find_args(context, flags, &named, &|_| {})?;
    let pod = pod_of(context, found)?;
    let container = container_of(context, &pod, flags.text("container"), flags.flag("quiet"))?;
    let spec = container_spec(&pod, &container.name);
    let words = spec.list("command").iter().chain(spec.list("args")).filter_map(|word| word.as_str());
    let mut command: Vec<String> = words.map(str::to_owned).collect();
    if command.is_empty() {
        // A server writes nothing; a shell waits for lines.
        let shell = spec.flag("stdin");
        command = if shell { vec!["sh".to_owned()] } else { vec!["sleep".to_owned(), "infinity".to_owned()] };
    }
    let stdin = flags.flag("stdin");
    context.wait =
        Some(Wait::Exec(Exec { container, command, stdin, attached: true, remove: Vec::new(), ended: None }));
    Ok(())
}

/// A file of a container, or a local one.
struct Place {
    /// `namespace/pod`, empty where it is local.
    pod: String,
    file: String,
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/cp/cp.go extractFileSpec
fn place(text: &str) -> Result<Place, Error> {
    match text.split_once(':') {
        None => Ok(Place { pod: String::new(), file: text.to_owned() }),
        Some((pod, file)) if !pod.is_empty() => Ok(Place { pod: pod.to_owned(), file: file.to_owned() }),
        Some(_) => Err("filespec must match the canonical format: [[namespace/]pod:]file/path".into()),
    }
}

/// Runs `kubectl cp`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/cp/cp.go Run
pub fn cp(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let [source, target] = flags.args.as_slice() else {
        return Err("source and destination are required".into());
    };
    let (source, target) = (place(source)?, place(target)?);
    if !source.pod.is_empty() && !target.pod.is_empty() {
        return Err("one of src or dest must be a local file specification".into());
    }
    if source.file.is_empty() || target.file.is_empty() {
        return Err("filepath can not be empty".into());
    }
    if source.pod.is_empty() && target.pod.is_empty() {
        return Err("one of src or dest must be a remote file specification".into());
    }
    let remote = if source.pod.is_empty() { &target.pod } else { &source.pod };
    let (own_namespace, _) = resources::namespace(context, flags);
    let (namespace, name) = remote.split_once('/').unwrap_or((&own_namespace, remote));
    let reference = ObjectRef::new(Kind::Pod, namespace, name);
    let pod = context.cluster.store().find(&reference).cloned();
    let pod = pod.ok_or_else(|| Error::from(Status::not_found(Kind::Pod, name)))?;
    let container = container_of(context, &pod, flags.text("container"), false)?;
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    if source.pod.is_empty() {
        let Some(text) = context.files.read(&source.file) else {
            return Err(format!("{} doesn't exist in local filesystem", source.file).into());
        };
        let mut path = target.file.clone();
        if context.disks.is_folder(context.cluster, &container, &path) {
            path = format!("{}/{}", path.trim_end_matches('/'), base(&source.file));
        }
        return context.disks.write(context.cluster, &container, &path, &text, false).map_err(|why| {
            context.out.complain(&format!("tar: {path}: Cannot open: {why}"));
            context.out.complain("command terminated with exit code 2");
            Error::Exit(2)
        });
    }
    match context.disks.read(context.cluster, &container, &source.file) {
        Ok(text) => {
            let name = if target.file == "." { base(&source.file) } else { target.file.clone() };
            context.saves.push((name, text));
            context.out.complain("tar: Removing leading `/' from member names");
            Ok(())
        }
        Err(why) => {
            context.out.complain(&format!("tar: {}: Cannot stat: {why}", source.file.trim_start_matches('/')));
            context.out.complain("tar: Exiting with failure status due to previous errors");
            context.out.complain("command terminated with exit code 2");
            Err(Error::Exit(1))
        }
    }
}
