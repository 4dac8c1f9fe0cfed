//! `kubectl scale`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/scale` and `pkg/scale` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Value, json};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::patch::no_such_resource;
use super::request::{DryRun, Say, change_flags, find, patch, value_of};
use super::resources::Info;
use super::wait::{Awaited, For, Target, Wait};
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::status::Status;
use crate::cluster::PatchType;

/// The command's flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
    ";all bool;selector/l string;resource-version string;current-replicas int=-1;replicas int=0!;timeout duration;record bool"
);

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go RunScale
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let (replicas, current) = (flags.int("replicas"), flags.int("current-replicas"));
    if replicas < 0 {
        return Err("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into());
    }
    if current < -1 {
        return Err("The --current-replicas must specify an integer of -1 or greater".into());
    }
    let found = find(context, flags, &|query| {
        query.allow_empty_selector = flags.flag("all");
        query.latest = false;
    })?;
    let (infos, errors) = found.split();
    let version = flags.text("resource-version");
    if !version.is_empty() && infos.len() > 1 {
        return Err("cannot use --resource-version with multiple resources".into());
    }
    if infos.is_empty() {
        Error::collect(errors)?;
        return Err("no objects passed to scale".into());
    }
    let waits = flags.millis("timeout") > 0 && say.dry_run == DryRun::None && errors.is_empty();
    let mut scaled = Vec::new();
    for info in infos {
        let mut value = value_of(&info);
        if say.dry_run != DryRun::Client {
            check(&info, current, version)?;
            let body = json!({"spec": {"replicas": replicas}});
            patch(context, &info.reference, PatchType::Merge, &body, say.dry_run)?;
        }
        // What is printed is the object as it was found, with the new number.
        map_in(as_map(&mut value), "spec").insert("replicas".to_owned(), Value::from(replicas));
        if waits {
            scaled.push(Target { shown: Some(value), ..Target::new(info.reference) });
        } else {
            say.done(context, &value, "scaled")?;
        }
    }
    if waits {
        let mut wait = For::new(context, scaled, vec![Awaited::Replicas(replicas)], Some(flags.millis("timeout")));
        wait.say = Some((say, "scaled"));
        context.wait = Some(Wait::For(wait));
    }
    Error::collect(errors)
}

/// Whether objects of a kind can be scaled.
pub fn is_scalable(kind: Kind) -> bool {
    matches!(kind, Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController)
}

/// Whether an object can be scaled, and is as the line says.
fn check(info: &Info, current: i64, version: &str) -> Result<(), Error> {
    let reference = &info.reference;
    if !is_scalable(reference.kind) {
        return Err(no_such_resource());
    }
    let Some(object) = &info.object else {
        return Err(Status::not_found(reference.kind, &reference.name).into());
    };
    let replicas = object.spec.int("replicas").unwrap_or_default();
    if current != -1 && replicas != current {
        return Err(format!("Expected replicas to be {current}, was {replicas}").into());
    }
    let present = object.meta.resource_version.to_string();
    if !version.is_empty() && present != version {
        return Err(format!("Expected resource version to be {version}, was {present}").into());
    }
    Ok(())
}
