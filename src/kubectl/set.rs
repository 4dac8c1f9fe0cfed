//! `kubectl set image`, `set env` and `set resources`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/set` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::request::{
    DryRun, Pairs, Say, dry_run_flags, file_flags, find_args, parse_pairs, patch, print_flags, resources_and_pairs,
    value_of,
};
use super::resources::Info;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::quantity::Quantity;
use crate::cluster::PatchType;

/// The flags of `image`.
pub const IMAGE_FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    dry_run_flags!(),
    ";all bool;selector/l string;local bool;record bool"
);
/// The flags of `env`.
pub const ENV_FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    dry_run_flags!(),
    ";containers/c string=*;from string;prefix string;env/e array;keys slice;list bool;resolve bool;local bool;all bool;\
     overwrite bool=true;selector/l string"
);
/// The flags of `resources`.
pub const RESOURCES_FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    dry_run_flags!(),
    ";all bool;selector/l string;containers/c string=*;local bool;limits string;requests string;record bool"
);

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
    let path = pod_spec_path(kind).ok_or("the object is not a pod or does not have a pod template")?;
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

/// Changes each object's pod specification, and sends what has changed.
fn change(
    context: &mut Context<'_>,
    say: &mut Say,
    infos: Vec<Info>,
    what: (&str, &str),
    errors: &mut Vec<Error>,
    work: ChangePodSpec<'_>,
) -> Result<(), Error> {
    for info in infos {
        let old = value_of(&info);
        let mut new = old.clone();
        let kind = info.reference.kind;
        if let Err(why) = pod_spec(&mut new, kind).and_then(|spec| work(context, &info, spec)) {
            let name = format!("{}/{}", kind.resource().plural, info.reference.name);
            errors.push(Error::Plain(format!("error: {name} {why}\n")));
            continue;
        }
        if new == old {
            continue;
        }
        if say.dry_run == DryRun::Client {
            say.done(context, &new, what.0)?;
            continue;
        }
        let body = two_way(&old, &new);
        match patch(context, &info.reference, PatchType::Merge, &body, say.dry_run) {
            Ok(patched) => say.done(context, &patched.object.to_value(), what.0)?,
            Err(error) => {
                errors.push(Error::Plain(format!(
                    "failed to patch {} update to pod template{} {}",
                    what.1,
                    if what.1 == "resources" { "" } else { ":" },
                    error.sentence()
                )));
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
    let searched = if resources.is_empty() && flags.list("filename").is_empty() {
        Vec::new()
    } else {
        find_args(context, flags, &resources, &|query| query.allow_empty_selector = flags.flag("all"))?
            .infos_or_errors()?
    };
    let mut errors = Vec::new();
    if let Err(error) = check_selection(flags) {
        errors.push(error);
    }
    if resources.is_empty() && flags.list("filename").is_empty() {
        errors.push("one or more resources must be specified as <resource> <name> or <resource>/<name>".into());
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
    change(context, &mut say, searched, ("image updated", "image"), &mut errors, &mut |_, _, spec| {
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
    })?;
    missing.extend(errors);
    Error::collect(missing)
}

/// The arguments before the first variable, and the variables.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/env/env_parse.go SplitEnvironmentFromResources
fn split_environment(args: &[String]) -> Result<(&[String], &[String]), Error> {
    let is_variable = |arg: &String| arg.contains('=') || (arg.ends_with('-') && !arg.starts_with('-')) || arg == "-";
    let at = args.iter().position(is_variable).unwrap_or(args.len());
    if args[at..].iter().any(|arg| !is_variable(arg)) {
        return Err(format!("all resources must be specified before environment changes: {}", args.join(" ")).into());
    }
    Ok(args.split_at(at))
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/util/env/env_parse.go parseIntoEnvVar
fn parse_environment(args: &[String], stdin: &str) -> Result<Pairs, Error> {
    let mut pairs = Pairs { set: Vec::new(), remove: Vec::new() };
    let mut lines: Vec<String> = Vec::new();
    for arg in args {
        if arg == "-" {
            lines.extend(
                stdin
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(str::to_owned),
            );
        } else {
            lines.push(arg.clone());
        }
    }
    for line in lines {
        match (line.split_once('='), line.strip_suffix('-')) {
            (Some((name, value)), _) => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(format!(
                        "{name:?} is not a valid key name: a valid environment variable name must consist of alphabetic \
                         characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or \
                         'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
                    )
                    .into());
                }
                pairs.set.push((name.to_owned(), value.to_owned()));
            }
            (None, Some(name)) => pairs.remove.push(name.to_owned()),
            (None, None) => return Err(format!("unknown: {line}").into()),
        }
    }
    let both = pairs.remove.iter().find(|name| pairs.set.iter().any(|(set, _)| set == *name));
    match both {
        Some(name) => {
            Err(format!("can not both modify and remove an environment variable in the same command: {name}").into())
        }
        None => Ok(pairs),
    }
}

/// Runs `kubectl set env`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_env.go RunEnv
pub fn env(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    check_selection(flags)?;
    let (resources, args) = split_environment(&flags.args)?;
    let mut say = Say::of(context, flags)?;
    if flags.list("filename").is_empty() && resources.is_empty() {
        return Err("one or more resources must be specified as <resource> <name> or <resource>/<name>".into());
    }
    let list = flags.flag("list");
    if list && !flags.text("output").is_empty() {
        return Err("--list and --output may not be specified together".into());
    }
    if !flags.list("keys").is_empty() && flags.text("from").is_empty() {
        return Err("when specifying --keys, a configmap or secret must be provided with --from".into());
    }
    let all_args: Vec<String> = flags.list("env").iter().chain(args).cloned().collect();
    let pairs = parse_environment(&all_args, context.stdin.unwrap_or_default())?;
    let mut variables: Vec<Value> =
        pairs.set.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    for variable in &mut variables {
        // Go leaves an empty value out.
        if variable.text("value").is_empty() {
            as_map(variable).remove("value");
        }
    }
    if !flags.text("from").is_empty() {
        variables.extend(variables_from(context, flags)?);
    }
    let prefix = flags.text("prefix");
    for variable in &mut variables {
        let name = format!("{prefix}{}", variable.text("name"));
        as_map(variable).insert("name".to_owned(), Value::from(name));
    }
    let found = find_args(context, flags, resources, &|query| query.allow_empty_selector = flags.flag("all"))?;
    let infos = found.infos_or_errors()?;
    let mut errors = Vec::new();
    let pattern = flags.text("containers");
    let nothing = variables.is_empty() && args.is_empty();
    let mut changed = false;
    change(context, &mut say, infos, ("env updated", "env"), &mut errors, &mut |context, info, spec| {
        let before = spec.clone();
        let (kind, name) = (info.reference.kind.name(), info.reference.name.as_str());
        let mut listed = String::new();
        let found = each_container(spec, pattern, &mut |container| {
            let present = container.list("env").to_vec();
            if !flags.flag("overwrite") {
                check_no_overwrites(&present, &variables)?;
            }
            let updated = update_environment(&present, &variables, &pairs.remove);
            if list {
                list_environment(kind, name, container.text("name"), &updated, &mut listed);
            } else if updated.is_empty() {
                container.remove("env");
            } else {
                container.insert("env".to_owned(), Value::Array(updated));
            }
            Ok(())
        })?;
        context.out.write(&listed);
        if found == 0 {
            context.out.complain(&format!("Warning: {kind}/{name} does not have any containers matching {pattern:?}"));
        }
        changed |= *spec != before;
        Ok(())
    })?;
    if changed && nothing && !list {
        return Err("at least one environment variable must be provided".into());
    }
    Error::collect(errors)
}

fn check_no_overwrites(present: &[Value], variables: &[Value]) -> Result<(), String> {
    for variable in variables {
        let name = variable.text("name");
        let old = present.iter().find(|known| known.text("name") == name).map(|known| known.text("value"));
        if let Some(old) = old.filter(|old| *old != variable.text("value")) {
            return Err(format!("'{name}' already has a value ({old}), and --overwrite is false"));
        }
    }
    Ok(())
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/set/helper.go updateEnv
fn update_environment(present: &[Value], new: &[Value], remove: &[String]) -> Vec<Value> {
    let mut out = Vec::new();
    let mut covered: Vec<&str> = remove.iter().map(String::as_str).collect();
    for variable in present {
        let name = variable.text("name");
        if covered.contains(&name) {
            continue;
        }
        match new.iter().find(|newer| newer.text("name") == name) {
            Some(newer) => {
                covered.push(name);
                out.push(newer.clone());
            }
            None => out.push(variable.clone()),
        }
    }
    for variable in new {
        if !covered.contains(&variable.text("name")) {
            covered.push(variable.text("name"));
            out.push(variable.clone());
        }
    }
    out
}

fn list_environment(kind: &str, name: &str, container: &str, variables: &[Value], out: &mut String) {
    out.push_str(&format!("# {kind} {name}, container {container}\n"));
    for variable in variables {
        let (name, from) = (variable.text("name"), variable.field("valueFrom"));
        if from.is_null() {
            out.push_str(&format!("{name}={}\n", variable.text("value")));
            continue;
        }
        out.push_str(&format!("# {name} from {}\n", reference_text(from)));
    }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/util/env/env_resolve.go GetEnvVarRefString
fn reference_text(from: &Value) -> String {
    for (field, word) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        if from.has(field) {
            let reference = from.field(field);
            return format!("{word} {}, key {}", reference.text("name"), reference.text("key"));
        }
    }
    if from.has("fieldRef") {
        return format!("field path {}", from.field("fieldRef").text("fieldPath"));
    }
    if from.has("resourceFieldRef") {
        let reference = from.field("resourceFieldRef");
        let place = match reference.text("containerName") {
            "" => String::new(),
            container => format!("{container}/"),
        };
        return format!("resource field {place}{}", reference.text("resource"));
    }
    "invalid valueFrom".to_owned()
}

fn variables_from(context: &mut Context<'_>, flags: &Flags) -> Result<Vec<Value>, Error> {
    let from = [flags.text("from").to_owned()];
    let infos = find_args(context, flags, &from, &|query| query.sources = Vec::new())?.infos_or_errors()?;
    let mut out = Vec::new();
    for info in infos {
        let source = match info.reference.kind {
            Kind::ConfigMap => "configMapKeyRef",
            Kind::Secret => "secretKeyRef",
            _ => return Err("unsupported resource specified in --from".into()),
        };
        let keys = flags.list("keys");
        for key in value_of(&info).entries("data").keys() {
            if !keys.is_empty() && !keys.contains(key) {
                continue;
            }
            let clean = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' };
            let name: String = key.chars().map(clean).collect();
            if name != *key {
                context.out.complain(&format!("Warning: key {key} transferred to {name}"));
            }
            out.push(json!({"name": name, "valueFrom": {source: {"name": info.reference.name, "key": key}}}));
        }
    }
    Ok(out)
}

/// Runs `kubectl set resources`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/set/set_resources.go Run
pub fn resources(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let found = find_args(context, flags, &flags.args, &|query| query.allow_empty_selector = flags.flag("all"))?;
    let infos = found.infos_or_errors()?;
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
        ("resource requirements updated", "resources"),
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
