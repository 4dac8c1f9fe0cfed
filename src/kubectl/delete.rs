//! `kubectl delete`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go` of Kubernetes v1.37.2, Apache-2.0.

use super::context::Context;
use super::error::Error;
use super::flags::{Flags, parse_bool};
use super::request::{DryRun, file_flags, find};
use super::resources::Info;
use super::wait::{Awaited, For, Target, Wait};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::cluster::actor::Actor;
use crate::cluster::{DeleteOptions, Propagation};

/// The command's flags.
pub const FLAGS: &str = concat!(
    file_flags!(),
    ";cascade string=background?background;force bool;grace-period int=-1;timeout duration;wait bool=true;all bool;\
     all-namespaces/A bool;ignore-not-found bool;now bool;output/o string;selector/l string;field-selector string;\
     raw string;interactive/i bool;dry-run string=none?unchanged"
);

/// What kubectl prints about an object that it deleted.
// Models staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go PrintObj
pub fn message(object: &ObjectRef, forced: bool) -> String {
    let operation = if forced { "force deleted" } else { "deleted" };
    let place = match object.namespace.as_str() {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    format!("{} {:?} {operation}{place}", object.kind.group_kind(), object.name)
}

/// How the objects of a line are deleted.
pub struct Deletion {
    /// What becomes of dependents.
    pub propagation: Propagation,
    /// In seconds; below 0 for what the object says.
    pub grace_period: i64,
    /// Whether only the name is printed.
    pub names_only: bool,
    /// Whether nothing is really deleted.
    pub dry_run: DryRun,
}

/// What `--cascade` says.
///
/// # Errors
/// kubectl's sentence where it is none of the modes.
// Models staging/src/k8s.io/kubectl/pkg/cmd/delete/delete_flags.go parseCascadingFlag
pub fn propagation(context: &mut Context<'_>, value: &str) -> Result<Propagation, Error> {
    match (parse_bool(value), value) {
        (Some(all), _) => {
            let (name, mode) =
                if all { ("background", Propagation::Background) } else { ("orphan", Propagation::Orphan) };
            context.out.complain(&format!(
                "warning: --cascade={value} is deprecated (boolean value) and can be replaced with --cascade={name}."
            ));
            Ok(mode)
        }
        (None, "orphan") => Ok(Propagation::Orphan),
        (None, "foreground") => Ok(Propagation::Foreground),
        (None, "background") => Ok(Propagation::Background),
        (None, _) => {
            Err(format!("invalid cascade value ({value}). Must be \"background\", \"foreground\", or \"orphan\"")
                .into())
        }
    }
}

impl Deletion {
    /// Deletes one object, and says so.
    ///
    /// # Errors
    /// The API server's refusal.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go deleteResource
    pub fn delete(&self, context: &mut Context<'_>, info: &Info) -> Result<Target, Error> {
        let options = DeleteOptions {
            grace_period_seconds: (self.grace_period >= 0).then_some(self.grace_period),
            propagation: Some(self.propagation),
            ..DeleteOptions::default()
        };
        let found = context.cluster.store().find(&info.reference);
        let uid = found.map_or(String::new(), |object| object.meta.uid.clone());
        if self.dry_run != DryRun::Client {
            let reference = &info.reference;
            let delete = |cluster: &mut crate::cluster::Cluster| match reference.kind {
                Kind::Event => cluster.delete_event(&reference.namespace, &reference.name),
                _ => cluster.delete(Actor::User, reference, &options),
            };
            self.dry_run
                .send(context.cluster, delete)
                .map_err(|status| Error::from(status).when("deleting", &info.source))?;
        }
        if self.names_only {
            context.out.print(&info.reference.to_string());
        } else {
            let text = message(&info.reference, self.grace_period == 0);
            context.out.print(&format!("{text}{}", self.dry_run.suffix()));
        }
        Ok(Target { uid, ..Target::new(info.reference.clone()) })
    }
}

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go Complete, DeleteResult
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let all = flags.flag("all");
    let selects = all || !flags.text("selector").is_empty() || !flags.text("field-selector").is_empty();
    let ignore_not_found = if flags.is_set("ignore-not-found") { flags.flag("ignore-not-found") } else { selects };
    let force = flags.flag("force");
    let mut grace_period = flags.int("grace-period");
    let propagation = propagation(context, flags.text("cascade"))?;
    if flags.flag("now") {
        if grace_period != -1 {
            return Err("--now and --grace-period cannot be specified together".into());
        }
        grace_period = 1;
    }
    if grace_period == 0 && !force {
        grace_period = 1;
    }
    if force && grace_period < 0 {
        grace_period = 0;
    }
    let dry_run = DryRun::of(context, flags)?;
    let found = find(context, flags, &|query| {
        query.all = all;
        query.lazy = true;
        query.latest = false;
    })?;
    let output = flags.text("output");
    if !matches!(output, "" | "name") {
        return Err(format!("unexpected -o output mode: {output}. We only support '-o name'").into());
    }
    if all && !flags.text("selector").is_empty() {
        return Err("cannot set --all and --selector at the same time".into());
    }
    if all && !flags.text("field-selector").is_empty() {
        return Err("cannot set --all and --field-selector at the same time".into());
    }
    if force && grace_period > 0 {
        return Err("--force and --grace-period greater than 0 cannot be specified together".into());
    }
    if force {
        context.out.complain(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. \
             The resource may continue to run on the cluster indefinitely.",
        );
    }
    let deletion = Deletion { propagation, grace_period, names_only: output == "name", dry_run };
    let mut warns = flags.is_set("namespace") && !flags.flag("all-namespaces");
    let mut deleted = Vec::new();
    let (mut count, mut errors) = (0, Vec::new());
    for item in found.items {
        let result = item.and_then(|info| {
            count += 1;
            if warns && !info.reference.kind.resource().namespaced {
                warns = false;
                context
                    .out
                    .complain("Warning: deleting cluster-scoped resources, not scoped to the provided namespace");
            }
            deletion.delete(context, &info)
        });
        match result {
            Ok(target) => deleted.push(target),
            Err(error) if ignore_not_found && error.is_not_found() => {}
            Err(error) => errors.push(error),
        }
    }
    Error::collect(errors)?;
    if count == 0 {
        context.out.print("No resources found");
        return Ok(());
    }
    if flags.flag("wait") && dry_run == DryRun::None {
        let timeout = Some(flags.millis("timeout")).filter(|millis| *millis > 0);
        context.wait = Some(Wait::For(For::new(context, deleted, vec![Awaited::Deleted], timeout)));
    }
    Ok(())
}
