//! `kubectl set env`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/set/set_env.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::error::Error;
use super::super::flags::Flags;
use super::super::request::{Pairs, Say, change_flags, find_args, value_of};
use super::{change, check_selection, each_container, objects};
use crate::api::base64;
use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::status::Status;
use crate::cluster::Cluster;

/// The command's flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
    ";containers/c string=*;from string;prefix string;env/e array;keys slice;list bool;resolve bool;local bool;all bool;\
     overwrite bool=true;selector/l string"
);
/// The arguments before the first variable, and the variables.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/env/env_parse.go SplitEnvironmentFromResources
fn split_environment(args: &[String]) -> Result<(&[String], &[String]), Error> {
    let is_variable = |arg: &String| {
        (arg.contains('=') && !arg.starts_with('=')) || (arg.ends_with('-') && !arg.starts_with('-')) || arg == "-"
    };
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
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
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
    let infos = objects(context, flags, resources)?;
    let mut errors = Vec::new();
    let pattern = flags.text("containers");
    let nothing = variables.is_empty() && args.is_empty();
    let mut changed = false;
    change(
        context,
        &mut say,
        infos,
        ("env updated", "env update to pod template:", true),
        &mut errors,
        &mut |context, info, spec| {
            let before = spec.clone();
            let (kind, name) = (info.reference.kind.name(), info.reference.name.as_str());
            let namespace = info.reference.namespace.as_str();
            let mut listed = String::new();
            let mut unresolved = Unresolved::new();
            let found = each_container(spec, pattern, &mut |container| {
                let present = container.list("env").to_vec();
                if !flags.flag("overwrite") {
                    check_no_overwrites(&present, &variables)?;
                }
                let updated = update_environment(&present, &variables, &pairs.remove);
                if list {
                    let resolve = flags.flag("resolve").then_some((&*context.cluster, namespace));
                    list_environment(
                        kind,
                        name,
                        container.text("name"),
                        &updated,
                        resolve,
                        &mut listed,
                        &mut unresolved,
                    );
                } else if updated.is_empty() {
                    container.remove("env");
                } else {
                    container.insert("env".to_owned(), Value::Array(updated));
                }
                Ok(())
            })?;
            context.out.write(&listed);
            for (why, mut names) in unresolved {
                crate::api::order::sort_by_key(&mut names, String::clone);
                context.out.complain(&format!("error retrieving reference for {}: {why}", names.join(", ")));
            }
            if found == 0 {
                context
                    .out
                    .complain(&format!("Warning: {kind}/{name} does not have any containers matching {pattern:?}"));
            }
            changed |= *spec != before;
            Ok(())
        },
    )?;
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

/// Where references are looked up: the cluster and the namespace.
type Resolve<'a> = Option<(&'a Cluster, &'a str)>;

/// Why variables have no value, and which.
type Unresolved = BTreeMap<String, Vec<String>>;

fn list_environment(
    kind: &str,
    name: &str,
    container: &str,
    variables: &[Value],
    at: Resolve<'_>,
    out: &mut String,
    unresolved: &mut Unresolved,
) {
    out.push_str(&format!("# {kind} {name}, container {container}\n"));
    for variable in variables {
        let (name, from) = (variable.text("name"), variable.field("valueFrom"));
        if from.is_null() {
            out.push_str(&format!("{name}={}\n", variable.text("value")));
            continue;
        }
        match at.map(|(cluster, namespace)| resolved(cluster, namespace, from)) {
            Some(Ok(value)) => out.push_str(&format!("{name}={value}\n")),
            other => {
                out.push_str(&format!("# {name} from {}\n", reference_text(from)));
                if let Some(Err(why)) = other {
                    unresolved.entry(why).or_default().push(name.to_owned());
                }
            }
        }
    }
}

/// What a reference to a key of a ConfigMap or a Secret stands for.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/env/env_resolve.go GetEnvVarRefValue
fn resolved(cluster: &Cluster, namespace: &str, from: &Value) -> Result<String, String> {
    let (field, kind, word) = match from.has("secretKeyRef") {
        true => ("secretKeyRef", Kind::Secret, "secret"),
        false => ("configMapKeyRef", Kind::ConfigMap, "config map"),
    };
    let (name, key) = (from.field(field).text("name"), from.field(field).text("key"));
    if name.is_empty() {
        return Err("invalid valueFrom".to_owned());
    }
    let object = cluster.store().get(kind, namespace, name);
    let object = object.ok_or_else(|| Status::not_found(kind, name).message)?;
    let value = object.rest.entries("data").get(key).and_then(Value::as_str);
    let value = value.ok_or_else(|| format!("key {key} not found in {word} {name}"))?;
    Ok(if kind == Kind::Secret { base64::decode_text(value) } else { value.to_owned() })
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
