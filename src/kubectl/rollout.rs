//! `kubectl rollout`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/rollout` and `pkg/polymorphichelpers` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::apply::LAST_APPLIED;
use super::context::Context;
use super::describe::workload::pod_template;
use super::describe::writer::Writer;
use super::error::Error;
use super::flags::Flags;
use super::request::{DryRun, Say, change_flags, file_flags, find, patch, print_flags, value_of, visit};
use super::resources::{Found, namespace};
use super::wait::{Progress, Wait};
use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::order::sort_by_key;
use crate::api::patch::strategic_merge;
use crate::api::schema::Schema;
use crate::api::selector::Selector;
use crate::api::time::{Instant, Millis};
use crate::cluster::{Cluster, PatchType};

/// The flags of `status`.
pub const STATUS_FLAGS: &str =
    concat!(file_flags!(), ";watch/w bool=true;revision int=0;timeout duration;selector/l string");
/// The flags of `history`.
pub const HISTORY_FLAGS: &str = concat!(print_flags!(), ";", file_flags!(), ";revision int=0;selector/l string");
/// The flags of `undo`.
pub const UNDO_FLAGS: &str = concat!(change_flags!(), ";to-revision int=0;selector/l string");
/// The flags of `restart`, `pause` and `resume`.
pub const CHANGE_FLAGS: &str = concat!(print_flags!(), ";", file_flags!(), ";field-manager string;selector/l string");

fn find_targets(context: &Context<'_>, flags: &Flags) -> Result<Found, Error> {
    if flags.args.is_empty() && flags.list("filename").is_empty() {
        return Err("required resource not specified".into());
    }
    find(context, flags, &|query| query.allow_empty_selector = true)
}

/// The group and kind as Go prints them: `Service`, `ReplicaSet.apps`.
fn group_kind(kind: Kind) -> String {
    match kind.resource().group {
        "" => kind.name().to_owned(),
        group => format!("{}.{group}", kind.name()),
    }
}

/// Whether upstream visits the kind at all when it looks for something that such objects can do.
// Models staging/src/k8s.io/kubectl/pkg/apps/kind_visitor.go Accept
fn is_visited(kind: Kind) -> bool {
    use Kind::{CronJob, DaemonSet, Deployment, Job, Pod, ReplicaSet, ReplicationController, StatefulSet};
    matches!(kind, CronJob | DaemonSet | Deployment | Job | Pod | ReplicaSet | ReplicationController | StatefulSet)
}

/// Watching a rollout.
#[derive(Clone, Debug)]
pub struct Rollout {
    targets: Vec<ObjectRef>,
    /// The version of the store that was seen last; 0 before the first look.
    seen: u64,
    watch: bool,
    deadline: Option<Instant>,
    errors: Vec<Error>,
}

/// Runs `kubectl rollout status`.
///
/// # Errors
/// Where the line makes no sense.
pub fn status(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if flags.int("revision") < 0 {
        return Err(format!("revision must be a positive integer: {}", flags.int("revision")).into());
    }
    let (infos, errors) = find_targets(context, flags)?.split();
    if infos.is_empty() && errors.is_empty() {
        let (namespace, _) = namespace(context, flags);
        context.out.complain(&format!("No resources found in {namespace} namespace."));
        return Ok(());
    }
    let millis = flags.millis("timeout");
    context.wait = Some(Wait::Rollout(Rollout {
        targets: infos.into_iter().map(|info| info.reference).rev().collect(),
        seen: 0,
        watch: flags.flag("watch"),
        deadline: (millis > 0).then(|| context.cluster.now() + Millis(millis)),
        errors,
    }));
    Ok(())
}

impl Rollout {
    // Models staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_status.go Run
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        while let Some(target) = self.targets.last() {
            let target = target.clone();
            let result = self.look(context, &target);
            match result {
                Ok(false) if self.deadline.is_some_and(|deadline| deadline <= context.cluster.now()) => {
                    self.errors.push("timed out waiting for the condition".into());
                }
                Ok(false) => return Ok(Progress::Until(self.deadline)),
                Ok(true) => {}
                Err(error) => self.errors.push(error),
            }
            self.seen = 0;
            self.targets.pop();
        }
        Error::collect(std::mem::take(&mut self.errors))?;
        Ok(Progress::Done(0))
    }
}

impl Rollout {
    /// Looks at an object as it is, the first time, and then at every write of it. Says whether that was all.
    fn look(&mut self, context: &mut Context<'_>, target: &ObjectRef) -> Result<bool, Error> {
        if self.seen == 0 {
            self.seen = context.cluster.store().resource_version();
            let found = super::resources::find_object(context.cluster, target);
            return found.map_or(Ok(false), |object| viewed(&object, context, self.watch));
        }
        for (version, write) in context.writes {
            if *version <= self.seen || write.object().object_ref() != *target {
                continue;
            }
            self.seen = *version;
            match &write.new {
                None => return Err("object has been deleted".into()),
                Some(object) if viewed(object, context, self.watch)? => return Ok(true),
                Some(_) => {}
            }
        }
        Ok(false)
    }
}

fn viewed(object: &Object, context: &mut Context<'_>, watch: bool) -> Result<bool, Error> {
    let (text, done) = match object.kind {
        Kind::StatefulSet => stateful_set_status(object)?,
        Kind::Deployment => deployment_status(object),
        Kind::DaemonSet => daemon_set_status(object)?,
        kind => return Err(format!("no status viewer has been implemented for {}", group_kind(kind)).into()),
    };
    context.out.print(&text);
    Ok(done || !watch)
}

// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go StatefulSetStatusViewer.Status
fn stateful_set_status(set: &Object) -> Result<(String, bool), Error> {
    let (spec, status) = (&set.spec, &set.status);
    let strategy = spec.field("updateStrategy");
    if strategy.text("type") != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    let number = |name: &str| status.int(name).unwrap_or_default();
    let observed = number("observedGeneration");
    if observed == 0 || set.meta.generation > observed {
        return Ok(("Waiting for statefulset spec update to be observed...".to_owned(), false));
    }
    let replicas = spec.int("replicas");
    if let Some(missing) = replicas.map(|replicas| replicas - number("readyReplicas")).filter(|missing| *missing > 0) {
        return Ok((format!("Waiting for {missing} pods to be ready..."), false));
    }
    let updated = number("updatedReplicas");
    if strategy.has("rollingUpdate") {
        let wanted = replicas.zip(strategy.field("rollingUpdate").int("partition"));
        if let Some(wanted) =
            wanted.map(|(replicas, partition)| replicas - partition).filter(|wanted| updated < *wanted)
        {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
            );
            return Ok((text, false));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated..."), true));
    }
    let revision = status.text("updateRevision");
    if revision != status.text("currentRevision") {
        let text =
            format!("waiting for statefulset rolling update to complete {updated} pods at revision {revision}...");
        return Ok((text, false));
    }
    let current = number("currentReplicas");
    Ok((format!("statefulset rolling update complete {current} pods at revision {revision}..."), true))
}

// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go DeploymentStatusViewer.Status
fn deployment_status(deployment: &Object) -> (String, bool) {
    let (name, status) = (&deployment.meta.name, &deployment.status);
    let number = |field: &str| status.int(field).unwrap_or_default();
    if deployment.meta.generation > number("observedGeneration") {
        return ("Waiting for deployment spec update to be observed...".to_owned(), false);
    }
    let (updated, replicas, available) = (number("updatedReplicas"), number("replicas"), number("availableReplicas"));
    let head = format!("Waiting for deployment {name:?} rollout to finish: ");
    if let Some(wanted) = deployment.spec.int("replicas").filter(|wanted| updated < *wanted) {
        return (format!("{head}{updated} out of {wanted} new replicas have been updated..."), false);
    }
    if replicas > updated {
        return (format!("{head}{} old replicas are pending termination...", replicas - updated), false);
    }
    if available < updated {
        return (format!("{head}{available} of {updated} updated replicas are available..."), false);
    }
    (format!("deployment {name:?} successfully rolled out"), true)
}

// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go DaemonSetStatusViewer.Status
fn daemon_set_status(set: &Object) -> Result<(String, bool), Error> {
    let (name, status) = (&set.meta.name, &set.status);
    let number = |field: &str| status.int(field).unwrap_or_default();
    if set.spec.field("updateStrategy").text("type") != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    if set.meta.generation > number("observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...".to_owned(), false));
    }
    let (desired, updated) = (number("desiredNumberScheduled"), number("updatedNumberScheduled"));
    let available = number("numberAvailable");
    let head = format!("Waiting for daemon set {name:?} rollout to finish: ");
    if updated < desired {
        return Ok((format!("{head}{updated} out of {desired} new pods have been updated..."), false));
    }
    if available < desired {
        return Ok((format!("{head}{available} of {desired} updated pods are available..."), false));
    }
    Ok((format!("daemon set {name:?} successfully rolled out"), true))
}

/// The revisions of a set, the oldest first.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/history.go statefulSetHistory
fn history_of(cluster: &Cluster, set: &Object) -> Vec<Arc<Object>> {
    let selector = Selector::of_value(set.spec.field("selector"));
    let mut revisions: Vec<Arc<Object>> = cluster
        .store()
        .list_in(Kind::ControllerRevision, &set.meta.namespace)
        .filter(|revision| revision.meta.controller_of().is_some_and(|owner| owner.uid == set.meta.uid))
        .filter(|revision| selector.as_ref().is_some_and(|selector| selector.matches(&revision.meta.labels)))
        .cloned()
        .collect();
    sort_by_key(&mut revisions, |revision| number_of(revision));
    revisions
}

fn number_of(revision: &Object) -> i64 {
    revision.rest.int("revision").unwrap_or_default()
}

/// The set as it was at a revision.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollback.go applyRevision
fn at_revision(set: &Object, revision: &Object) -> Result<Value, Error> {
    let empty = Map::new();
    let value = set.to_value();
    let (current, data) = (value.as_object().unwrap_or(&empty), revision.rest.entries("data"));
    let merged = strategic_merge(current.clone(), &mut data.clone(), Schema::get().of_kind(set.kind));
    let mut merged = merged.map(Value::Object).map_err(|error| Error::Plain(error.0))?;
    // What the server sends in protocol buffers does not say of what kind an embedded object is.
    let claims = merged.pointer_mut("/spec/volumeClaimTemplates").and_then(Value::as_array_mut);
    for claim in claims.into_iter().flatten() {
        as_map(claim).retain(|name, _| !matches!(name.as_str(), "apiVersion" | "kind"));
    }
    Ok(merged)
}

/// Runs `kubectl rollout history`.
///
/// # Errors
/// Everything that went wrong.
pub fn history(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let wanted = flags.int("revision");
    if wanted < 0 {
        return Err(format!("revision must be a positive integer: {wanted}").into());
    }
    let mut say = Say::of(context, flags)?;
    let found = find_targets(context, flags)?;
    visit(context, found, &mut |context, info| {
        let kind = info.reference.kind;
        let Some(object) = info.object.clone().filter(|_| kind == Kind::StatefulSet || kind == Kind::DaemonSet) else {
            let shown = group_kind(kind);
            return Err(Error::Plain(match kind {
                Kind::Deployment => return say.done(context, &value_of(&info), "\nNo rollout history found.\n"),
                kind if is_visited(kind) => format!("no history viewer has been implemented for {shown:?}"),
                _ => {
                    let element = element(kind);
                    format!("error retrieving history for {shown:?}, no visitor method exists for {element}")
                }
            }));
        };
        let revisions = history_of(context.cluster, &object);
        let at = revisions.iter().find(|revision| number_of(revision) == wanted);
        if say.prints_objects() {
            if wanted > 0 {
                let revision = at.ok_or_else(|| Error::from("unable to find the specified revision"))?;
                return say.done(context, &at_revision(&object, revision)?, "");
            }
            for revision in &revisions {
                say.done(context, &at_revision(&object, revision)?, "")?;
            }
            return Ok(());
        }
        let mut operation = String::new();
        if wanted > 0 {
            operation = format!("with revision #{wanted}");
        }
        operation.push('\n');
        if revisions.is_empty() {
            operation.push_str("No rollout history found.");
        } else if wanted > 0 {
            let revision = at.ok_or_else(|| Error::from("unable to find the specified revision"))?;
            let set = at_revision(&object, revision)?;
            operation.push_str(&pod_template_text(set.field("spec").field("template")));
        } else {
            operation.push_str(&overview(&revisions));
        }
        say.done(context, &value_of(&info), &operation)
    })
}

/// Go's text of a kind that no visitor knows.
fn element(kind: Kind) -> String {
    let resource = kind.resource();
    format!("{{{} {}}}", resource.group, resource.kind)
}

/// The table of revisions.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/history.go printHistory
fn overview(revisions: &[Arc<Object>]) -> String {
    let mut out = "REVISION  CHANGE-CAUSE\n".to_owned();
    for revision in revisions {
        let cause = revision.meta.annotations.get("kubernetes.io/change-cause").map_or("<none>", String::as_str);
        out.push_str(&format!("{:<10}{cause}\n", number_of(revision)));
    }
    out
}

/// Runs `kubectl rollout undo`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_undo.go RunUndo
pub fn undo(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let wanted = flags.int("to-revision");
    let found = find_targets(context, flags)?;
    visit(context, found, &mut |context, info| {
        let value = value_of(&info);
        let resource = format!("{}/{}", info.reference.kind.resource().plural, info.reference.name);
        if value.field("metadata").field("annotations").has(LAST_APPLIED) {
            context.out.complain(&format!(
                "Warning: resource {resource} was previously managed with 'kubectl apply'. Rolling back will not update \
                 the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. \
                 Consider using 'kubectl apply' with your previous configuration file instead."
            ));
        }
        let kind = info.reference.kind;
        let Some(object) = info.object.clone().filter(|_| matches!(kind, Kind::StatefulSet | Kind::DaemonSet)) else {
            let shown = group_kind(kind);
            return Err(Error::Plain(if kind == Kind::Deployment {
                // Nobody makes ReplicaSets of a Deployment here, so there is none to go back to.
                format!("no rollout history found for deployment {:?}", info.reference.name)
            } else if is_visited(kind) {
                format!("no rollbacker has been implemented for {shown:?}")
            } else {
                let element = element(kind);
                format!("error retrieving rollbacker for {shown:?}, no visitor method exists for {element}")
            }));
        };
        let operation = roll_back(context, &object, wanted, say.dry_run)?;
        say.done(context, &value, &operation)
    })
}

// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollback.go StatefulSetRollbacker.Rollback
fn roll_back(context: &mut Context<'_>, set: &Object, wanted: i64, dry_run: DryRun) -> Result<String, Error> {
    let missing = || Error::Plain(format!("unable to find specified revision {wanted} in history"));
    if wanted < 0 {
        return Err(missing());
    }
    let revisions = history_of(context.cluster, set);
    if wanted == 0 && revisions.len() <= 1 {
        return Err("no last revision to roll back to".into());
    }
    let target = if wanted == 0 {
        revisions.get(revisions.len() - 2)
    } else {
        revisions.iter().find(|revision| number_of(revision) == wanted)
    };
    let target = target.ok_or_else(missing)?;
    if dry_run == DryRun::Client {
        let restored = at_revision(set, target)?;
        let text = pod_template_text(restored.field("spec").field("template"));
        return Ok(format!("will roll back to {text}"));
    }
    let mut template = set.spec.field("template").clone();
    if let Value::Object(template) = &mut template {
        template.insert("$patch".to_owned(), Value::from("replace"));
    }
    let data = target.rest.field("data").clone();
    if data == json!({"spec": {"template": template}}) {
        return Ok(format!("skipped rollback (current template already matches revision {wanted})"));
    }
    patch(context, &set.object_ref(), PatchType::Strategic, &data, dry_run)
        .map_err(|error| Error::Plain(format!("failed restoring revision {wanted}: {}", error.sentence())))?;
    Ok("rolled back".to_owned())
}

/// Runs `kubectl rollout restart`.
///
/// # Errors
/// Everything that went wrong.
pub fn restart(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
    let now = context.cluster.now().timestamp().to_string();
    change(context, flags, "restarted", &|object| {
        let template = object.spec.field("template");
        match object.kind {
            Kind::Deployment if object.spec.flag("paused") => {
                Err("can't restart paused deployment (run rollout resume first)".to_owned())
            }
            Kind::StatefulSet | Kind::DaemonSet | Kind::Deployment => {
                if template.field("metadata").field("annotations").text(RESTARTED_AT) == now {
                    return Ok(None);
                }
                Ok(Some(json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}})))
            }
            _ => Err("restarting is not supported".to_owned()),
        }
    })
}

/// Runs `kubectl rollout pause`.
///
/// # Errors
/// Everything that went wrong.
pub fn pause(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    change(context, flags, "paused", &|object| match object.kind {
        Kind::Deployment if object.spec.flag("paused") => Err("is already paused".to_owned()),
        Kind::Deployment => Ok(Some(json!({"spec": {"paused": true}}))),
        _ => Err("pausing is not supported".to_owned()),
    })
}

/// Runs `kubectl rollout resume`.
///
/// # Errors
/// Everything that went wrong.
pub fn resume(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    change(context, flags, "resumed", &|object| match object.kind {
        Kind::Deployment if !object.spec.flag("paused") => Err("is not paused".to_owned()),
        Kind::Deployment => Ok(Some(json!({"spec": {"paused": null}}))),
        _ => Err("resuming is not supported".to_owned()),
    })
}

type MakePatch<'a> = &'a dyn Fn(&Object) -> Result<Option<Value>, String>;

/// Patches each object with what `make` gives for it.
// Models staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_restart.go RunRestart
fn change(context: &mut Context<'_>, flags: &Flags, done: &str, make: MakePatch<'_>) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let (infos, mut errors) = find_targets(context, flags)?.split();
    if infos.is_empty() && errors.is_empty() {
        let (namespace, _) = namespace(context, flags);
        context.out.complain(&format!("No resources found in {namespace} namespace."));
        return Ok(());
    }
    for info in infos {
        let Some(object) = &info.object else { continue };
        let name = &info.reference.name;
        match make(object) {
            Err(why) => {
                let resource = info.reference.kind.group_resource();
                errors.push(Error::Plain(format!("error: {resource} {name:?} {why}")));
            }
            Ok(None) => errors.push(Error::Plain(format!(
                "failed to create patch for {name}: if restart has already been triggered within the past second, please \
                 wait before attempting to trigger another"
            ))),
            Ok(Some(body)) => match patch(context, &info.reference, PatchType::Strategic, &body, DryRun::None) {
                Err(error) => errors.push(Error::Plain(format!("failed to patch: {}", error.sentence()))),
                Ok(patched) => say.done(context, &patched.object.to_value(), done)?,
            },
        }
    }
    Error::collect(errors)
}

/// The template as `describe` shows it, with its tabs.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/history.go printTemplate
fn pod_template_text(template: &Value) -> String {
    let mut writer = Writer::default();
    writer.text(0, "Pod Template:\n");
    pod_template(&mut writer, template);
    writer.into_text()
}
