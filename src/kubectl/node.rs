//! `kubectl cordon`, `uncordon` and `drain`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/drain` and `pkg/drain` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Error, usage};
use super::flags::{Flags, parse_duration};
use super::request::{DryRun, find_args, patch, value_of};
use super::resources::Info;
use super::wait::{Progress, Wait};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::{Reason, Status};
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::{DeleteOptions, PatchType};

/// The flags of `cordon` and `uncordon`.
pub const CORDON_FLAGS: &str = "selector/l string;dry-run string=none?unchanged";
/// The flags of `drain`.
pub const DRAIN_FLAGS: &str = "force bool;ignore-daemonsets bool;delete-emptydir-data bool;delete-local-data bool;\
    grace-period int=-1;timeout duration;selector/l string;pod-selector string;disable-eviction bool;\
    skip-wait-for-delete-timeout int=0;chunk-size int=500;dry-run string=none?unchanged";

/// How long it is waited until an eviction that was refused is tried again.
const RETRY: Millis = Millis::from_secs(5);

// Models staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go Complete
fn find_nodes(context: &mut Context<'_>, flags: &Flags, command: &str) -> Result<(Vec<Info>, DryRun), Error> {
    let selector = flags.text("selector");
    if flags.args.is_empty() && selector.is_empty() {
        return Err(usage(command, format!("USAGE: {command} NODE [flags]")));
    }
    if !flags.args.is_empty() && !selector.is_empty() {
        return Err(usage(command, "error: cannot specify both a node name and a --selector option"));
    }
    let dry_run = DryRun::of(context, flags)?;
    let mut args: Vec<String> = vec!["nodes".to_owned()];
    if selector.is_empty() {
        let with_type = |name: &String| if name.contains('/') { name.clone() } else { format!("nodes/{name}") };
        args = flags.args.iter().map(with_type).collect();
    }
    let infos = find_args(context, flags, &args, &|query| query.single_type = true)?.infos()?;
    if let Some(info) = infos.iter().find(|info| info.reference.kind != Kind::Node) {
        let resource = info.reference.kind.resource();
        let shown = format!("{}/{}, Resource={}", resource.group, resource.versions[0], resource.plural);
        return Err(format!("error: expected resource of type node, got {shown:?}").into());
    }
    Ok((infos, dry_run))
}

/// Runs `kubectl cordon`.
///
/// # Errors
/// Where there is no such node.
pub fn cordon(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let (infos, dry_run) = find_nodes(context, flags, "cordon")?;
    set_unschedulable(context, &infos, dry_run, true);
    Ok(())
}

/// Runs `kubectl uncordon`.
///
/// # Errors
/// Where there is no such node.
pub fn uncordon(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let (infos, dry_run) = find_nodes(context, flags, "uncordon")?;
    set_unschedulable(context, &infos, dry_run, false);
    Ok(())
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go RunCordonOrUncordon
fn set_unschedulable(context: &mut Context<'_>, infos: &[Info], dry_run: DryRun, desired: bool) {
    let word = if desired { "cordon" } else { "uncordon" };
    for info in infos {
        let present = value_of(info).field("spec").flag("unschedulable");
        let name = &info.reference.name;
        let mut operation = format!("already {word}ed");
        if present != desired {
            operation = format!("{word}ed");
            let body = json!({"spec": {"unschedulable": if desired { Value::from(true) } else { Value::Null }}});
            if dry_run != DryRun::Client
                && let Err(error) = patch(context, &info.reference, PatchType::Strategic, &body, dry_run)
            {
                context.out.complain(&format!("error: unable to {word} node {name:?}: {}", error.sentence()));
                continue;
            }
        }
        context.out.print(&format!("node/{name} {operation}{}", dry_run.suffix()));
    }
}

/// How a pod that is to be evicted stands.
#[derive(Clone, Debug)]
enum Stage {
    /// It is to be evicted now, or at this moment again.
    Evict(Instant),
    /// It is to go.
    Goes,
    /// It is gone, or it could not be evicted.
    Done,
}

/// Draining nodes, one after the other.
#[derive(Clone, Debug)]
pub struct Drain {
    nodes: Vec<ObjectRef>,
    pods: Vec<(Arc<Object>, Stage)>,
    started: bool,
    flags: Flags,
    dry_run: DryRun,
    deadline: Option<Instant>,
    /// When it was looked last whether pods are gone, which is done once a second.
    fatal: Vec<Error>,
    errors: Vec<Error>,
    remaining: Vec<String>,
}

/// Runs `kubectl drain`.
///
/// # Errors
/// Where there is no such node.
// Models staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go RunDrain
pub fn drain(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if flags.is_set("delete-local-data") {
        let name = "Flag --delete-local-data has been deprecated, This option is deprecated and will be deleted. Use --delete-emptydir-data.";
        context.out.complain(name);
    }
    if Selector::parse(flags.text("pod-selector")).is_err() {
        return Err("--pod-selector=<pod_selector> must be a valid label selector".into());
    }
    let (infos, dry_run) = find_nodes(context, flags, "drain")?;
    set_unschedulable(context, &infos, dry_run, true);
    context.wait = Some(Wait::Drain(Box::new(Drain {
        nodes: infos.into_iter().map(|info| info.reference).rev().collect(),
        pods: Vec::new(),
        started: false,
        flags: flags.clone(),
        dry_run,
        deadline: None,
        fatal: Vec::new(),
        errors: Vec::new(),
        remaining: Vec::new(),
    })));
    Ok(())
}

impl Drain {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        while let Some(node) = self.nodes.last().cloned() {
            let result = if self.started { Ok(()) } else { self.begin(context, &node.name) };
            if result.is_ok()
                && let Some(until) = self.go_on(context)
            {
                return Ok(Progress::Until(Some(until)));
            }
            let result = result.and_then(|()| Error::collect(std::mem::take(&mut self.errors)));
            self.finish(context, &node.name, result);
            self.nodes.pop();
            self.started = false;
        }
        if !self.remaining.is_empty() {
            context.out.complain("There are pending nodes to be drained:");
            for name in &self.remaining {
                context.out.complain(&format!(" {name}"));
            }
        }
        let fatal = std::mem::take(&mut self.fatal);
        if fatal.is_empty() { Ok(Progress::Done(0)) } else { Err(Error::Many(fatal)) }
    }

    fn begin(&mut self, context: &mut Context<'_>, node: &str) -> Result<(), Error> {
        self.started = true;
        let now = context.cluster.now();
        let timeout = self.flags.millis("timeout");
        self.deadline = (timeout > 0).then(|| now + Millis(timeout));
        let (mut pods, warnings) = self.pods_for_deletion(context, node)?;
        if !warnings.is_empty() {
            context.out.complain(&format!("Warning: {warnings}"));
        }
        if self.dry_run == DryRun::Client {
            for pod in &pods {
                let place = format!("{}/{}", pod.meta.namespace, pod.meta.name);
                context.out.print(&format!("evicting pod {place} (dry run)"));
            }
            self.pods.clear();
            return Ok(());
        }
        // kubectl starts a goroutine for each eviction, and Go runs the newest one first.
        if !self.flags.flag("disable-eviction") && !pods.is_empty() {
            pods.rotate_right(1);
        }
        self.pods = pods.into_iter().map(|pod| (pod, Stage::Evict(now))).collect();
        Ok(())
    }

    /// Evicts what can be evicted. Gives the time to look again, where pods are left.
    // Models staging/src/k8s.io/kubectl/pkg/drain/drain.go evictPods
    fn go_on(&mut self, context: &mut Context<'_>) -> Option<Instant> {
        let now = context.cluster.now();
        let mut until: Option<Instant> = None;
        let mut wait = |moment: Instant| until = Some(until.map_or(moment, |until: Instant| until.min(moment)));
        for (pod, stage) in &mut self.pods {
            let reference = pod.object_ref();
            let (name, namespace) = (&pod.meta.name, &pod.meta.namespace);
            let over = self.deadline.is_some_and(|deadline| deadline <= now);
            let deletes = self.flags.flag("disable-eviction");
            if let Stage::Evict(due) = stage {
                if *due > now {
                    wait(*due);
                    continue;
                }
                let suffix = if self.dry_run == DryRun::Server { self.dry_run.suffix() } else { "" };
                if !deletes {
                    context.out.print(&format!("evicting pod {namespace}/{name}{suffix}"));
                }
                if over {
                    let timeout = go_duration(&self.flags);
                    self.errors.push(Error::Plain(format!(
                        "error when evicting pods/{name:?} -n {namespace:?}: global timeout reached: {timeout}"
                    )));
                    *stage = Stage::Done;
                    continue;
                }
                match remove(context, &self.flags, &reference, self.dry_run) {
                    Ok(()) if self.dry_run == DryRun::Server => *stage = Stage::Done,
                    Ok(()) => *stage = Stage::Goes,
                    Err(status) if status.is_not_found() => *stage = Stage::Done,
                    Err(status) if status.reason == Reason::TooManyRequests => {
                        context.out.complain(&format!(
                            "error when evicting pods/{name:?} -n {namespace:?} (will retry after 5s): {}",
                            status.message
                        ));
                        *stage = Stage::Evict(now + RETRY);
                        wait(now + RETRY);
                    }
                    Err(status) => {
                        self.errors.push(Error::Plain(format!(
                            "error when evicting pods/{name:?} -n {namespace:?}: {}",
                            status.message
                        )));
                        *stage = Stage::Done;
                    }
                }
            }
            if let Stage::Goes = stage {
                let gone = context.cluster.store().find(&reference).is_none_or(|found| found.meta.uid != pod.meta.uid);
                if gone {
                    context.out.print(&format!("pod/{name} {}", if deletes { "deleted" } else { "evicted" }));
                    *stage = Stage::Done;
                } else if over {
                    let timeout = go_duration(&self.flags);
                    self.errors.push(Error::Plain(format!(
                        "error when waiting for pod {name:?} in namespace {namespace:?} to terminate: global timeout \
                         reached: {timeout}"
                    )));
                    *stage = Stage::Done;
                } else {
                    wait(self.deadline.map_or(now + Millis::from_secs(1), |end| end.min(now + Millis::from_secs(1))));
                }
            }
        }
        until
    }

    fn finish(&mut self, context: &mut Context<'_>, node: &str, result: Result<(), Error>) {
        let Err(error) = result else {
            context.out.print(&format!("node/{node} drained{}", self.dry_run.suffix()));
            return;
        };
        if !self.pods.is_empty()
            && let Ok((pods, _)) = self.pods_for_deletion(context, node)
            && !pods.is_empty()
        {
            let why = error.sentence();
            context.out.complain(&format!("There are pending pods in node {node:?} when an error occurred: {why}"));
            for pod in pods {
                context.out.complain(&format!("pod/{}", pod.meta.name));
            }
        }
        let why = error.sentence();
        context
            .out
            .complain(&format!("error: unable to drain node {node:?} due to error: {why}, continuing command..."));
        self.pods.clear();
        self.fatal.push(error);
        self.remaining.push(node.to_owned());
    }

    /// The pods that are to go, and what is to be said about them.
    // Models staging/src/k8s.io/kubectl/pkg/drain/drain.go GetPodsForDeletion
    fn pods_for_deletion(&self, context: &Context<'_>, node: &str) -> Result<(Vec<Arc<Object>>, String), Error> {
        let selector = Selector::parse(self.flags.text("pod-selector")).map_err(Error::Plain)?;
        let mut pods = Vec::new();
        let (mut warnings, mut failed) = (Notes::new(), Notes::new());
        for pod in context.cluster.store().list(Kind::Pod) {
            if pod.spec.text("nodeName") != node || !selector.matches(&pod.meta.labels) {
                continue;
            }
            let place = format!("{}/{}", pod.meta.namespace, pod.meta.name);
            match self.judge(context, pod) {
                Verdict::Go => pods.push(Arc::clone(pod)),
                Verdict::GoWith(warning) => {
                    note(&mut warnings, warning, place);
                    pods.push(Arc::clone(pod));
                }
                Verdict::StayWith(warning) => note(&mut warnings, warning, place),
                Verdict::Fail(why) => note(&mut failed, &why, place),
                Verdict::Skip => {}
            }
        }
        let sentence = |(why, pods): (String, String)| Error::Plain(format!("cannot delete {why}: {pods}"));
        let errors: Vec<Error> = failed.into_iter().map(sentence).collect();
        if !errors.is_empty() {
            return Err(Error::Many(errors));
        }
        let warnings: Vec<String> = warnings.into_iter().map(|(why, pods)| format!("{why}: {pods}")).collect();
        Ok((pods, warnings.join("; ")))
    }

    /// What the filters say of a pod; the last one that warns is heard.
    // Models staging/src/k8s.io/kubectl/pkg/drain/filters.go makeFilters
    fn judge(&self, context: &Context<'_>, pod: &Object) -> Verdict {
        let ended = matches!(pod.status.text("phase"), "Succeeded" | "Failed");
        let owner = pod.meta.controller_of();
        let skip = self.flags.int("skip-wait-for-delete-timeout");
        let overdue = |end: crate::api::time::Timestamp| context.cluster.now().timestamp().0 - end.0 > skip;
        if skip > 0 && pod.meta.deletion_timestamp.is_some_and(overdue) {
            return Verdict::Skip;
        }
        if let Some(owner) = owner.filter(|owner| owner.kind == "DaemonSet" && owner.api_version == "apps/v1" && !ended)
        {
            if context.cluster.store().get(Kind::DaemonSet, &pod.meta.namespace, &owner.name).is_none() {
                let missing = Status::not_found(Kind::DaemonSet, &owner.name).message;
                if !self.flags.flag("force") {
                    return Verdict::Fail(missing);
                }
            } else if self.flags.flag("ignore-daemonsets") {
                return Verdict::StayWith("ignoring DaemonSet-managed Pods");
            } else {
                return Verdict::Fail("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".to_owned());
            }
        }
        if pod.meta.annotations.contains_key("kubernetes.io/config.mirror") {
            return Verdict::Skip;
        }
        let local = pod.spec.list("volumes").iter().any(|volume| volume.has("emptyDir"));
        let deletes = self.flags.flag("delete-emptydir-data") || self.flags.flag("delete-local-data");
        if local && !ended && !deletes {
            return Verdict::Fail("Pods with local storage (use --delete-emptydir-data to override)".to_owned());
        }
        match (ended || owner.is_some(), self.flags.flag("force")) {
            (true, _) => Verdict::Go,
            (false, true) => Verdict::GoWith("deleting Pods that declare no controller"),
            (false, false) => Verdict::Fail("Pods that declare no controller (use --force to override)".to_owned()),
        }
    }
}

enum Verdict {
    Go,
    GoWith(&'static str),
    StayWith(&'static str),
    Skip,
    Fail(String),
}

/// Sentences, and the pods that each is about.
type Notes = Vec<(String, String)>;

fn note(list: &mut Notes, why: &str, pod: String) {
    match list.iter_mut().find(|(known, _)| known == why) {
        Some((_, pods)) => {
            pods.push_str(", ");
            pods.push_str(&pod);
        }
        None => list.push((why.to_owned(), pod)),
    }
}

/// Evicts a pod, or deletes it where that was asked for.
fn remove(context: &mut Context<'_>, flags: &Flags, pod: &ObjectRef, dry_run: DryRun) -> Result<(), Status> {
    let grace = flags.int("grace-period");
    let options = DeleteOptions { grace_period_seconds: (grace >= 0).then_some(grace), ..DeleteOptions::default() };
    let disable = flags.flag("disable-eviction");
    dry_run.send(context.cluster, |cluster| match disable {
        true => cluster.delete(Actor::User, pod, &options),
        false => cluster.evict(Actor::User, pod, &options),
    })
}

/// The timeout as Go prints a duration.
// Models time.Duration.String
fn go_duration(flags: &Flags) -> String {
    let nanos = parse_duration(flags.text("timeout")).unwrap_or_default();
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let fraction = format!("{rest:09}");
    let fraction = fraction.trim_end_matches('0');
    let mut text = String::new();
    if seconds >= 3600 {
        text.push_str(&format!("{}h", seconds / 3600));
    }
    if seconds >= 60 {
        text.push_str(&format!("{}m", seconds / 60 % 60));
    }
    text.push_str(&(seconds % 60).to_string());
    if !fraction.is_empty() {
        text.push_str(&format!(".{fraction}"));
    }
    text.push('s');
    text
}
