//! `kubectl set image`, `set resources`, `set serviceaccount` and `set selector`; what they and `set env` have in common.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/set` of Kubernetes v1.37.2, Apache-2.0.

pub mod env;

use serde_json::{Map, Value};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::request::{DryRun, Say, change_flags, find_args, parse_pairs, patch, resources_and_pairs, value_of};
use super::resources::Info;
use super::run::parse_labels;
use crate::api::decode::decode;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::quantity::Quantity;
use crate::api::schema::Schema;
use crate::cluster::PatchType;

/// The flags of `image`.
pub const IMAGE_FLAGS: &str = concat!(change_flags!(), ";all bool;selector/l string;local bool;record bool");
/// The flags of `resources`.
pub const RESOURCES_FLAGS: &str = concat!(
    change_flags!(),
    ";all bool;selector/l string;containers/c string=*;local bool;limits string;requests string;record bool"
);

/// The flags of `serviceaccount`.
pub const ACCOUNT_FLAGS: &str = concat!(change_flags!(), ";all bool;local bool;record bool");
/// The flags of `selector`.
pub const SELECTOR_FLAGS: &str = concat!(change_flags!(), ";all bool;local bool;record bool;resource-version string");

/// Where an object of a kind has its pod specification; `None` where it has none.
// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers/updatepodspec.go
fn pod_spec_path(kind: Kind) -> Option<&'static [&'static str]> {
    match kind {
        Kind::Pod => Some(&["spec"]),
        Kind::StatefulSet
        | Kind::Deployment
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::Job => Some(&["spec", "template", "spec"]),
        Kind::CronJob => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// The pod specification of an object, to change.
fn pod_spec(value: &mut Value, kind: Kind) -> Result<&mut Map<String, Value>, String> {
    let missing = || format!("the object is not a pod or does not have a pod template: *v1.{}", kind.name());
    let path = pod_spec_path(kind).ok_or_else(missing)?;
    let mut fields = as_map(value);
    for name in path {
        fields = map_in(fields, name);
    }
    Ok(fields)
}

/// Whether a name matches a pattern of names and `*`.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/helper.go selectString
fn selects(pattern: &str, name: &str) -> bool {
    crate::shell::matches(pattern, name)
}

type ChangeContainer<'a> = &'a mut dyn FnMut(&mut Map<String, Value>) -> Result<(), String>;
type ChangePodSpec<'a> = &'a mut dyn FnMut(&mut Context<'_>, &Info, &mut Map<String, Value>) -> Result<(), String>;

/// The containers of a pod specification whose name matches, init containers last; and what is done with each.
fn each_container(spec: &mut Map<String, Value>, pattern: &str, work: ChangeContainer<'_>) -> Result<usize, String> {
    let mut count = 0;
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if selects(pattern, container.text("name")) {
                work(as_map(container))?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn check_selection(flags: &Flags) -> Result<(), Error> {
    if flags.flag("all") && !flags.text("selector").is_empty() {
        return Err("cannot set --all and --selector at the same time".into());
    }
    Ok(())
}

/// The objects that a line names: as the cluster has them, or with `--local` as files do.
fn objects(context: &Context<'_>, flags: &Flags, args: &[String]) -> Result<Vec<Info>, Error> {
    let local = flags.flag("local");
    if local && flags.text("dry-run") == "server" {
        return Err("cannot specify --local and --dry-run=server - did you mean --dry-run=client?".into());
    }
    let args = if local { &[] } else { args };
    let found = find_args(context, flags, args, &|query| {
        query.allow_empty_selector = flags.flag("all");
        query.latest = !local;
    })?;
    let mut infos = found.infos_or_errors()?;
    for info in infos.iter_mut().filter(|_| local) {
        info.object = None;
        if let (Some(ty), Some(manifest)) = (Schema::get().of_kind(info.reference.kind), &mut info.manifest) {
            if !flags.is_set("namespace") {
                map_in(as_map(manifest), "metadata").remove("namespace");
            }
            *manifest = decode(ty, manifest).map_err(|error| Error::Plain(error.message))?.value;
        }
    }
    Ok(infos)
}

/// Changes each object's pod specification, and sends what has changed. `what` is what is said of success, what failed
/// otherwise, and whether nothing is said of an object that is as it should be.
fn change(
    context: &mut Context<'_>,
    say: &mut Say,
    infos: Vec<Info>,
    what: (&str, &str, bool),
    errors: &mut Vec<Error>,
    work: ChangePodSpec<'_>,
) -> Result<(), Error> {
    for info in infos {
        let old = value_of(&info);
        let mut new = old.clone();
        let kind = info.reference.kind;
        if let Err(why) = pod_spec(&mut new, kind).and_then(|spec| work(context, &info, spec)) {
            let word = if info.is_local() { kind.name().to_lowercase() } else { kind.resource().plural.to_owned() };
            let name = format!("{word}/{}", info.reference.name);
            errors.push(Error::Plain(format!("error: {name} {why}\n")));
            continue;
        }
        if new == old && what.2 {
            continue;
        }
        if say.dry_run == DryRun::Client || info.is_local() {
            say.done(context, &new, what.0)?;
            continue;
        }
        let body = two_way(&old, &new);
        match patch(context, &info.reference, PatchType::Merge, &body, say.dry_run) {
            Ok(patched) => say.done(context, &patched.object.to_value(), what.0)?,
            Err(error) => {
                errors.push(Error::Plain(format!("failed to patch {} {}", what.1, error.sentence())));
            }
        }
    }
    Ok(())
}

/// The merge patch that makes the one object of the other. Lists are sent whole, which comes to the same here.
fn two_way(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut out = Map::new();
            for (key, value) in new {
                match old.get(key) {
                    Some(before) if before == value => {}
                    Some(before) if before.is_object() && value.is_object() => {
                        out.insert(key.clone(), two_way(before, value));
                    }
                    _ => drop(out.insert(key.clone(), value.clone())),
                }
            }
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                out.insert(key.clone(), Value::Null);
            }
            Value::Object(out)
        }
        (_, new) => new.clone(),
    }
}

/// Runs `kubectl set image`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_image.go Run
pub fn image(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let (resources, args) = resources_and_pairs(&flags.args, "image")?;
    let images = parse_pairs(&args, "image", false)?.set;
    let searched = objects(context, flags, &resources)?;
    let mut errors = Vec::new();
    if let Err(error) = check_selection(flags) {
        errors.push(error);
    }
    if images.is_empty() {
        errors.push("at least one image update is required".into());
    } else if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        errors.push(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs"
                .into(),
        );
    }
    Error::collect(std::mem::take(&mut errors))?;
    let mut missing = Vec::new();
    change(
        context,
        &mut say,
        searched,
        ("image updated", "image update to pod template:", true),
        &mut errors,
        &mut |_, _, spec| {
            for (name, image) in &images {
                let found = each_container(spec, name, &mut |container| {
                    container.insert("image".to_owned(), Value::from(image.as_str()));
                    Ok(())
                })?;
                if found == 0 {
                    missing.push(Error::Plain(format!("error: unable to find container named {name:?}")));
                }
            }
            Ok(())
        },
    )?;
    missing.extend(errors);
    Error::collect(missing)
}

/// Runs `kubectl set resources`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_resources.go Run
pub fn resources(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let infos = objects(context, flags, &flags.args)?;
    check_selection(flags)?;
    let (limits, requests) = (flags.text("limits"), flags.text("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err("you must specify an update to requests or limits (in the form of --requests/--limits)".into());
    }
    let lists = [("limits", quantities(limits)?), ("requests", quantities(requests)?)];
    let pattern = flags.text("containers");
    let (mut errors, mut missing) = (Vec::new(), Vec::new());
    change(
        context,
        &mut say,
        infos,
        ("resource requirements updated", "resources update to pod template", true),
        &mut errors,
        &mut |_, _, spec| {
            let found = each_container(spec, pattern, &mut |container| {
                let resources = map_in(container, "resources");
                for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
                    map_in(resources, name).extend(list.clone());
                }
                Ok(())
            })?;
            if found == 0 {
                missing.push(Error::Plain(format!("error: unable to find container named {pattern}")));
            }
            Ok(())
        },
    )?;
    missing.extend(errors);
    Error::collect(missing)
}

fn quantities(text: &str) -> Result<Map<String, Value>, Error> {
    let mut out = Map::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let pair: Vec<&str> = part.split('=').collect();
        let [name, quantity] = pair.as_slice() else {
            return Err(format!("invalid argument syntax {part}, expected <resource>=<value>").into());
        };
        let parsed = Quantity::parse(quantity).map_err(Error::from)?;
        out.insert((*name).to_owned(), Value::from(parsed.canonical()));
    }
    Ok(out)
}

/// Runs `kubectl set serviceaccount`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_serviceaccount.go Run
pub fn service_account(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let Some((account, resources)) = flags.args.split_last() else {
        return Err("serviceaccount is required".into());
    };
    let infos = objects(context, flags, resources)?;
    let mut errors = Vec::new();
    let what = ("serviceaccount updated", "ServiceAccountName", false);
    change(context, &mut say, infos, what, &mut errors, &mut |_, _, spec| {
        for name in ["serviceAccountName", "serviceAccount"] {
            spec.insert(name.to_owned(), Value::from(account.as_str()));
        }
        Ok(())
    })?;
    Error::collect(errors)
}

/// Runs `kubectl set selector`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_selector.go RunSelector
pub fn selector(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let is_expression = |arg: &&String| arg.contains('=') || arg.contains(' ');
    let (texts, resources): (Vec<&String>, Vec<&String>) = flags.args.iter().partition(is_expression);
    let [text] = texts.as_slice() else {
        return Err(if texts.is_empty() { "one selector is required" } else { "only one selector is permitted" }.into());
    };
    let labels = parse_labels(text)?;
    let resources: Vec<String> = resources.into_iter().cloned().collect();
    for info in objects(context, flags, &resources)? {
        let kind = info.reference.kind;
        if kind != Kind::Service {
            return Err("setting a selector is only supported for Services".into());
        }
        let mut new = value_of(&info);
        map_in(as_map(&mut new), "spec").insert("selector".to_owned(), Value::Object(labels.clone()));
        if say.dry_run != DryRun::Client && !info.is_local() {
            let body = two_way(&value_of(&info), &new);
            new = patch(context, &info.reference, PatchType::Merge, &body, say.dry_run)?.object.to_value();
        }
        say.done(context, &new, "selector updated")?;
    }
    Ok(())
}
