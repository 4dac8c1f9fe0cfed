//! `kubectl create ingress` and `priorityclass`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::create::{create, create_flags, name};
use super::error::Error;
use super::flags::Flags;
use super::request::{dry_run_flags, print_flags, validate_flags};
use crate::api::fields::{Fields, as_map, list_in};

/// The flags of `priorityclass`.
pub const PRIORITY_FLAGS: &str = concat!(
    create_flags!(),
    ";value int32=0;global-default bool;description string;preemption-policy string=PreemptLowerPriority"
);
/// The flags of `ingress`.
pub const INGRESS_FLAGS: &str =
    concat!(create_flags!(), ";class string;rule array;default-backend string;annotation array");

/// Runs `kubectl create priorityclass`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_priorityclass.go createPriorityClass
pub fn priority_class(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "priorityclass")?;
    let mut value = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
        "value": flags.int("value"), "preemptionPolicy": flags.text("preemption-policy"),
    });
    let fields = as_map(&mut value);
    if flags.flag("global-default") {
        fields.insert("globalDefault".to_owned(), Value::from(true));
    }
    if !flags.text("description").is_empty() {
        fields.insert("description".to_owned(), Value::from(flags.text("description")));
    }
    create(context, flags, value, "priorityclass")
}

/// A rule as a line gives it: `HOST/PATH=SERVICE:PORT[,tls[=SECRET]]`.
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    backend: &'a str,
    /// The secret, where there is TLS; empty for the default one.
    tls: Option<&'a str>,
}

impl<'a> Rule<'a> {
    /// Reads a rule, where it is one by kubectl's regular expression, which does not look at what follows.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go ruleRegex
    fn parse(text: &'a str) -> Option<Rule<'a>> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let (host, _) = text.split_once('/')?;
        let is_host = host.chars().all(|c| is_word(c) || c == '*' || c == '.');
        // Some `=` must stand between a path and a service with its port.
        let names_service = |(at, _): (usize, &str)| {
            let Some((service, port)) = text[at + 1..].split_once(':') else { return false };
            !service.is_empty() && service.chars().all(is_word) && port.starts_with(is_word)
        };
        if !is_host || !text[host.len()..].match_indices('=').any(|(at, s)| names_service((at + host.len(), s))) {
            return None;
        }
        let mut parts = text.split(',');
        let route = parts.next().unwrap_or_default();
        let tls = parts.next().filter(|_| parts.next().is_none());
        let tls = tls.map(|tls| tls.split('=').nth(1).unwrap_or_default());
        let mut route = route[host.len() + 1..].split('=');
        let path = route.next().unwrap_or_default();
        let backend = route.next().filter(|backend| backend.contains(':'))?;
        Some(Rule { host, path, backend, tls })
    }
}

/// A service and its port.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go buildIngressBackendSvc
fn backend(text: &str) -> Value {
    let mut parts = text.split(':');
    let (service, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let port = match port.parse::<i32>() {
        Ok(0) => json!({}),
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": service, "port": port}})
}

/// Adds an entry to the one of a list that has the same value of a key, or a new one.
fn add(list: &mut Vec<Value>, key: &str, value: &str, new: Value, merge: impl FnOnce(&mut Map<String, Value>)) {
    match list.iter_mut().find(|entry| entry.text(key) == value) {
        Some(entry) => merge(as_map(entry)),
        None => list.push(new),
    }
}

/// Runs `kubectl create ingress`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go Validate, createIngress
pub fn ingress(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "ingress")?;
    let (given, default_backend) = (flags.list("rule"), flags.text("default-backend"));
    if default_backend.is_empty() && given.is_empty() {
        return Err(
            "not enough information provided: every ingress has to either specify a default-backend (which catches \
                    all traffic) or a list of rules (which catch specific paths)"
                .into(),
        );
    }
    let mut read = Vec::new();
    for rule in given {
        let wrong =
            || format!("rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]");
        read.push(Rule::parse(rule).ok_or_else(wrong)?);
    }
    let mut annotations = Map::new();
    for annotation in flags.list("annotation") {
        let Some((key, value)) = annotation.split_once('=') else {
            return Err(format!("annotation {annotation} is invalid and should be in format key=[value]").into());
        };
        annotations.insert(key.to_owned(), Value::from(value));
    }
    if !default_backend.is_empty() && default_backend.split(':').count() != 2 {
        return Err("default-backend should be in format servicename:serviceport".into());
    }
    let mut spec = Map::new();
    if !flags.text("class").is_empty() {
        spec.insert("ingressClassName".to_owned(), Value::from(flags.text("class")));
    }
    if !default_backend.is_empty() {
        spec.insert("defaultBackend".to_owned(), backend(default_backend));
    }
    for (field, list) in [("tls", tls(&read)), ("rules", rules(&read))] {
        if !list.is_empty() {
            spec.insert(field.to_owned(), Value::Array(list));
        }
    }
    let mut value = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": spec,
        "status": {"loadBalancer": {}},
    });
    if !annotations.is_empty() {
        as_map(&mut value["metadata"]).insert("annotations".to_owned(), Value::Object(annotations));
    }
    create(context, flags, value, "ingress")
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go buildIngressRules
fn rules(read: &[Rule<'_>]) -> Vec<Value> {
    let mut out = Vec::new();
    for rule in read {
        let path = format!("/{}", rule.path);
        let (path, ty) = path.strip_suffix('*').map_or((path.as_str(), "Exact"), |path| (path, "Prefix"));
        let path = json!({"path": path, "pathType": ty, "backend": backend(rule.backend)});
        let mut new = json!({"http": {"paths": [path]}});
        if !rule.host.is_empty() {
            new["host"] = Value::from(rule.host);
        }
        add(&mut out, "host", rule.host, new, |entry| {
            list_in(as_map(entry.entry("http").or_insert(Value::Null)), "paths").push(path);
        });
    }
    out
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go buildTLSRules
fn tls(read: &[Rule<'_>]) -> Vec<Value> {
    let mut out = Vec::new();
    let mut hosts: Vec<&str> = Vec::new();
    for rule in read {
        let Some(secret) = rule.tls.filter(|_| !hosts.contains(&rule.host)) else { continue };
        hosts.push(rule.host);
        let mut new = json!({});
        if !rule.host.is_empty() {
            new["hosts"] = json!([rule.host]);
        }
        if !secret.is_empty() {
            new["secretName"] = Value::from(secret);
        }
        let known = out.len();
        add(&mut out, "secretName", secret, new, |entry| list_in(entry, "hosts").push(Value::from(rule.host)));
        // A host without a name and a secret says nothing.
        if out.len() > known && out[known].as_object().is_some_and(Map::is_empty) {
            out.pop();
        }
    }
    out
}
