//! `kubectl create`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::apply::{noted, with_annotation};
use super::context::Context;
use super::error::{Error, usage};
use super::flags::Flags;
use super::request::{
    DryRun, Say, dry_run_flags, file_flags, find, print_flags, told, validate_flags, validates, validation, visit, warn,
};
use super::resource::usable_path;
use super::resources::{manifest_kind, namespace};
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::selector::Selector;
use crate::api::status::quote;
use crate::api::validate::format;
use crate::cluster::actor::Actor;
use crate::cluster::{CreateOptions, FieldValidation};

macro_rules! create_flags {
    () => {
        concat!(print_flags!(), ";", dry_run_flags!(), ";", validate_flags!(), ";save-config bool")
    };
}
pub(super) use create_flags;

/// The flags of `create -f`.
pub const FLAGS: &str = concat!(
    create_flags!(),
    ";",
    file_flags!(),
    ";selector/l string;edit bool;raw string;record bool;windows-line-endings bool"
);
/// The flags of the commands that need only a name.
pub const NAME_FLAGS: &str = create_flags!();
/// The flags of `configmap` and `secret generic`.
pub const DATA_FLAGS: &str =
    concat!(create_flags!(), ";from-literal array;from-file slice;from-env-file slice;append-hash bool;type string");
/// The flags of `service …`.
pub const SERVICE_FLAGS: &str = concat!(create_flags!(), ";tcp slice;clusterip string;node-port int=0");
/// The flags of `service externalname`.
pub const EXTERNAL_NAME_FLAGS: &str = concat!(create_flags!(), ";tcp slice;external-name string!");
/// The flags of `poddisruptionbudget`.
pub const PDB_FLAGS: &str = concat!(create_flags!(), ";min-available string;max-unavailable string;selector string");

/// Sends an object to be created.
///
/// # Errors
/// The API server's refusal.
pub fn send(
    context: &mut Context<'_>,
    value: &Value,
    dry_run: DryRun,
    validation: FieldValidation,
) -> Result<Value, Error> {
    let kind = manifest_kind(value, "")?;
    usable_path(value.field("metadata").text("namespace"), None)?;
    let options = CreateOptions { dry_run: dry_run != DryRun::None, validation };
    let created = context.cluster.request_create(Actor::User, kind, value, &options);
    let created = told(context, created)?;
    warn(context, &created.warnings);
    Ok(created.object.to_value())
}

/// Runs `kubectl create -f`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create.go RunCreate
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if !flags.args.is_empty() {
        return Err(usage("create", format!("Unexpected args: [{}]", flags.args.join(" "))));
    }
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err("must specify one of -f and -k".into());
    }
    let mut say = Say::of(context, flags)?;
    let validation = validation(flags)?;
    let found = find(context, flags, &|query| {
        query.latest = false;
        query.validation = validates(validation);
    })?;
    if found.items.is_empty() {
        return Err("no objects passed to create".into());
    }
    visit(context, found, &mut |context, info| {
        let value = info.manifest.clone().unwrap_or_default();
        let value = noted(value, flags.flag("save-config"));
        let created = match say.dry_run {
            DryRun::Client => value,
            dry_run => {
                send(context, &value, dry_run, validation).map_err(|error| error.when("creating", &info.source))?
            }
        };
        say.done(context, &created, "created")
    })
}

/// The one name that the line has.
pub(super) fn name(flags: &Flags, command: &str) -> Result<String, Error> {
    let count = flags.before_dash.unwrap_or(flags.args.len());
    match flags.args.first() {
        Some(name) if count == 1 => Ok(name.clone()),
        _ => Err(usage(&format!("create {command}"), format!("exactly one NAME is required, got {count}"))),
    }
}

/// Creates one object that the line describes, and says so.
pub(super) fn create(context: &mut Context<'_>, flags: &Flags, mut value: Value, doing: &str) -> Result<(), Error> {
    let mut say = Say::of_made(context, flags)?;
    let (namespace, enforced) = namespace(context, flags);
    let namespaced = manifest_kind(&value, "")?.resource().namespaced;
    if namespaced && (enforced || say.dry_run != DryRun::Client) {
        let metadata = map_in(as_map(&mut value), "metadata");
        metadata.insert("namespace".to_owned(), Value::from(namespace));
    }
    if flags.flag("save-config") {
        value = with_annotation(value);
    }
    let created = match say.dry_run {
        DryRun::Client => value,
        dry_run => send(context, &value, dry_run, FieldValidation::Strict).map_err(|error| match doing {
            "" => error,
            // kubectl's sentence about a secret lacks the colon.
            "secret" => Error::Plain(format!("failed to create secret {}", error.sentence())),
            doing => Error::Plain(format!("failed to create {doing}: {}", error.sentence())),
        })?,
    };
    say.done(context, &created, "created")
}

/// Runs `kubectl create namespace`.
///
/// # Errors
/// Everything that went wrong.
pub fn namespace_command(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "namespace")?;
    let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}, "status": {}});
    create(context, flags, value, "")
}

/// Runs `kubectl create serviceaccount`.
///
/// # Errors
/// Everything that went wrong.
pub fn service_account(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "serviceaccount")?;
    let value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    create(context, flags, value, "serviceaccount")
}

/// Runs `kubectl create configmap`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_configmap.go
pub fn config_map(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "configmap")?;
    let data = data(context, flags, "ConfigMap", &name)?;
    let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    if !data.is_empty() {
        as_map(&mut value).insert("data".to_owned(), Value::Object(data));
    }
    create(context, flags, value, "configmap")
}

/// Runs `kubectl create secret generic`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_secret.go
pub fn secret(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "secret generic")?;
    let mut data = data(context, flags, "Secret", &name)?;
    for value in data.values_mut() {
        *value = Value::from(crate::api::base64::encode(value.as_str().unwrap_or_default().as_bytes()));
    }
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    let fields = as_map(&mut value);
    if !data.is_empty() {
        fields.insert("data".to_owned(), Value::Object(data));
    }
    if !flags.text("type").is_empty() {
        fields.insert("type".to_owned(), Value::from(flags.text("type")));
    }
    create(context, flags, value, "secret")
}

/// What the line's sources hold.
fn data(context: &Context<'_>, flags: &Flags, kind: &str, name: &str) -> Result<Map<String, Value>, Error> {
    let (literals, files, env_files) =
        (flags.list("from-literal"), flags.list("from-file"), flags.list("from-env-file"));
    let others = !literals.is_empty() || !files.is_empty();
    if !env_files.is_empty() && others {
        return Err("from-env-file cannot be combined with from-file or from-literal".into());
    }
    let mut out = Map::new();
    let mut add = |key: &str, text: &str| -> Result<(), Error> {
        let valid = !key.is_empty()
            && key.len() <= 253
            && !matches!(key, "." | "..")
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        if !valid {
            return Err(format!(
                "{key:?} is not a valid key name for a {kind}: a valid config key must consist of alphanumeric characters, \
                 '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
                 '[-._a-zA-Z0-9]+')"
            )
            .into());
        }
        if out.contains_key(key) {
            return Err(match kind {
                "ConfigMap" => format!(
                    "cannot add key {key:?}, another key by that name already exists in Data for ConfigMap {name:?}"
                ),
                _ => format!("cannot add key {key}, another key by that name already exists"),
            }
            .into());
        }
        out.insert(key.to_owned(), Value::from(text));
        Ok(())
    };
    add_files(context, files, &mut add)?;
    for source in literals {
        let Some((key, value)) = source.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(format!("invalid literal source {source}, expected key=value").into());
        };
        let quoted = value.len() >= 2
            && ((value.starts_with('"') && value.ends_with('"')) || (value.starts_with('\'') && value.ends_with('\'')));
        add(key, if quoted { &value[1..value.len() - 1] } else { value })?;
    }
    for path in env_files {
        let text = context.files.read(path);
        let text = text.ok_or_else(|| Error::Plain(format!("error reading {path}: no such file or directory")))?;
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(key, value)?;
        }
    }
    Ok(out)
}

/// Adds what files hold, under the names that the line gives, or their own.
// Models staging/src/k8s.io/kubectl/pkg/util/util.go ParseFileSource
pub(super) fn add_files(
    context: &Context<'_>,
    files: &[String],
    add: &mut dyn FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    for source in files {
        let (key, path) = match source.split_once('=') {
            None => (source.rsplit('/').next().unwrap_or(source), source.as_str()),
            Some(("", _)) => return Err(format!("key name for file path {} missing", &source[1..]).into()),
            Some((key, "")) => return Err(format!("file path for key name {key} missing").into()),
            Some(pair) => pair,
        };
        let text = context.files.read(path);
        let text = text.ok_or_else(|| Error::Plain(format!("error reading {path}: no such file or directory")))?;
        add(key, &text)?;
    }
    Ok(())
}

/// Runs `kubectl create service clusterip`.
///
/// # Errors
/// Everything that went wrong.
pub fn service_cluster_ip(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    service(context, flags, "ClusterIP", "clusterip")
}

/// Runs `kubectl create service nodeport`.
///
/// # Errors
/// Everything that went wrong.
pub fn service_node_port(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    service(context, flags, "NodePort", "nodeport")
}

/// Runs `kubectl create service loadbalancer`.
///
/// # Errors
/// Everything that went wrong.
pub fn service_load_balancer(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    service(context, flags, "LoadBalancer", "loadbalancer")
}

/// Runs `kubectl create service externalname`.
///
/// # Errors
/// Everything that went wrong.
pub fn service_external_name(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    service(context, flags, "ExternalName", "externalname")
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_service.go
fn service(context: &mut Context<'_>, flags: &Flags, ty: &str, command: &str) -> Result<(), Error> {
    let name = name(flags, &format!("service {command}"))?;
    let (cluster_ip, tcp, external) = (flags.text("clusterip"), flags.list("tcp"), flags.text("external-name"));
    if cluster_ip != "None" && tcp.is_empty() && ty != "ExternalName" {
        return Err("at least one tcp port specifier must be provided".into());
    }
    if ty == "ExternalName" && !format::dns1123_subdomain(external).is_empty() {
        return Err(format!("invalid service external name {external}").into());
    }
    let mut ports = Vec::new();
    for text in tcp {
        let mut parts = text.split(':');
        let port = parts.next().unwrap_or_default();
        let target = parts.next().unwrap_or(port);
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let why = if is_number { "value out of range" } else { "invalid syntax" };
            text.parse::<u16>().map_err(|_| Error::Plain(format!("strconv.ParseUint: parsing {text:?}: {why}")))
        };
        let target = target.parse::<u32>().map_or(Value::from(target), Value::from);
        let mut entry =
            json!({"name": text.replace(':', "-"), "port": number(port)?, "protocol": "TCP", "targetPort": target});
        if flags.int("node-port") != 0 {
            as_map(&mut entry).insert("nodePort".to_owned(), Value::from(flags.int("node-port")));
        }
        ports.push(entry);
    }
    let mut value = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"selector": {"app": name}, "type": ty}, "status": {"loadBalancer": {}},
    });
    let spec = map_in(as_map(&mut value), "spec");
    if !ports.is_empty() {
        spec.insert("ports".to_owned(), Value::Array(ports));
    }
    if !cluster_ip.is_empty() {
        spec.insert("clusterIP".to_owned(), Value::from(cluster_ip));
    }
    if ty == "ExternalName" {
        spec.insert("externalName".to_owned(), Value::from(external));
    }
    create(context, flags, value, &format!("{ty} service"))
}

/// Runs `kubectl create poddisruptionbudget`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_pdb.go
pub fn disruption_budget(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "poddisruptionbudget")?;
    let (min, max, selector) = (flags.text("min-available"), flags.text("max-unavailable"), flags.text("selector"));
    if selector.is_empty() {
        return Err("a selector must be specified".into());
    }
    if min.is_empty() && max.is_empty() {
        return Err("one of min-available or max-unavailable must be specified".into());
    }
    if !min.is_empty() && !max.is_empty() {
        return Err("min-available and max-unavailable cannot be both specified".into());
    }
    let is_valid = |text: &str| {
        let digits = text.strip_suffix('%').unwrap_or(text);
        text.is_empty() || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    for (flag, text) in [("min-available", min), ("max-unavailable", max)] {
        if !is_valid(text) {
            return Err(format!("invalid format specified for {flag}").into());
        }
    }
    let selector = Selector::parse(selector)
        .map_err(|why| Error::Plain(format!("couldn't parse the selector string {}: {why}", quote(selector))))?;
    let number = |text: &str| text.parse::<i64>().map_or(Value::from(text), Value::from);
    let mut value = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"selector": selector.to_value()?},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    });
    let spec = map_in(as_map(&mut value), "spec");
    if min.is_empty() {
        spec.insert("maxUnavailable".to_owned(), number(max));
    } else {
        spec.insert("minAvailable".to_owned(), number(min));
    }
    create(context, flags, value, "poddisruptionbudgets")
}
