//! `kubectl replace`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::apply::noted;
use super::context::Context;
use super::create::send;
use super::delete::{Deletion, propagation};
use super::error::Error;
use super::flags::Flags;
use super::request::{
    DryRun, Say, dry_run_flags, file_flags, find_args, print_flags, told, validate_flags, validates, validation, visit,
    warn,
};
use super::wait::{Progress, Target, Wait};
use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, FieldValidation};

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    dry_run_flags!(),
    ";",
    validate_flags!(),
    ";",
    file_flags!(),
    ";save-config bool;raw string;subresource string;cascade string=background?background;force bool;\
     grace-period int=-1;timeout duration;wait bool;record bool"
);

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let validation = validation(flags)?;
    let mut say = Say::of(context, flags)?;
    let propagation = propagation(context, flags.text("cascade"))?;
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err("must specify one of -f and -k".into());
    }
    let (force, mut grace_period) = (flags.flag("force"), flags.int("grace-period"));
    if grace_period == 0 {
        grace_period = 1;
    }
    if grace_period >= 0 && !force {
        return Err("--grace-period must have --force specified".into());
    }
    if flags.millis("timeout") != 0 && !force {
        return Err("--timeout must have --force specified".into());
    }
    if force && say.dry_run != DryRun::None {
        return Err("--dry-run can not be used when --force is set".into());
    }
    // What stands on the line besides is not looked at.
    let found = find_args(context, flags, &[], &|query| {
        query.latest = false;
        query.validation = validates(validation);
    })?;
    if force {
        let deletion = Deletion { propagation, grace_period, names_only: false, dry_run: DryRun::None };
        return begin(context, flags, found, &deletion);
    }
    visit(context, found, &mut |context, info| {
        let value = info.manifest.clone().unwrap_or_default();
        let value = noted(value, flags.flag("save-config"));
        if say.dry_run == DryRun::Client {
            return say.done(context, &value, "replaced");
        }
        let replaced = update(context, &info.reference, &value, say.dry_run, validation);
        let replaced = replaced.map_err(|error| error.when("replacing", &info.source))?;
        say.done(context, &replaced, "replaced")
    })
}

/// Replaces a stored object by one that a person wrote.
///
/// # Errors
/// The API server's refusal.
pub fn update(
    context: &mut Context<'_>,
    reference: &ObjectRef,
    value: &Value,
    dry_run: DryRun,
    validation: FieldValidation,
) -> Result<Value, Error> {
    let request = |cluster: &mut Cluster| cluster.update(Actor::User, reference, value, validation);
    let updated = dry_run.send(context.cluster, request);
    let updated = told(context, updated)?;
    warn(context, &updated.warnings);
    Ok(updated.object.to_value())
}

/// What is left to do after objects were deleted: to wait until they are gone, and to create them.
#[derive(Clone, Debug)]
pub struct Replace {
    gone: Vec<Target>,
    objects: Vec<Value>,
    flags: Flags,
    deadline: Instant,
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go forceReplace
fn begin(
    context: &mut Context<'_>,
    flags: &Flags,
    found: super::resources::Found,
    deletion: &Deletion,
) -> Result<(), Error> {
    const TIMEOUT: i64 = 5 * 60 * 1000;
    let (mut gone, mut objects) = (Vec::new(), Vec::new());
    let mut errors = Vec::new();
    for item in found.items {
        let result = item.and_then(|info| {
            objects.push(noted(info.manifest.clone().unwrap_or_default(), flags.flag("save-config")));
            deletion.delete(context, &info)
        });
        match result {
            Ok(target) => gone.push(target),
            Err(error) if error.is_not_found() => {}
            Err(error) => errors.push(error),
        }
    }
    Error::collect(errors)?;
    let millis = Some(flags.millis("timeout")).filter(|millis| *millis > 0).unwrap_or(TIMEOUT);
    let deadline = context.cluster.now() + Millis(millis);
    context.wait = Some(Wait::Replace(Box::new(Replace { gone, objects, flags: flags.clone(), deadline })));
    Ok(())
}

impl Replace {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let store = context.cluster.store();
        self.gone.retain(|target| store.find(&target.reference).is_some());
        if !self.gone.is_empty() {
            if self.deadline <= context.cluster.now() {
                return Err("timed out waiting for the condition".into());
            }
            return Ok(Progress::Until(Some(self.deadline)));
        }
        let mut say = Say::of(context, &self.flags)?;
        let mut errors = Vec::new();
        for value in std::mem::take(&mut self.objects) {
            match send(context, &value, DryRun::None, validation(&self.flags)?) {
                Ok(created) => say.done(context, &created, "replaced")?,
                Err(error) => errors.push(error),
            }
        }
        Error::collect(errors)?;
        Ok(Progress::Done(0))
    }
}
