//! `kubectl create` for roles and their bindings. Nobody is held to them in this cluster.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::Context;
use super::create::{create, create_flags, name};
use super::error::Error;
use super::flags::Flags;
use super::request::{dry_run_flags, print_flags, validate_flags};
use super::resources::kind_for;
use crate::api::fields::as_map;

/// The flags of `role`.
pub const ROLE_FLAGS: &str = concat!(create_flags!(), ";verb slice;resource slice;resource-name array");
/// The flags of `clusterrole`.
pub const CLUSTER_ROLE_FLAGS: &str = concat!(
    create_flags!(),
    ";verb slice;resource slice;resource-name array;non-resource-url slice;aggregation-rule slice"
);
/// The flags of `rolebinding`.
pub const BINDING_FLAGS: &str =
    concat!(create_flags!(), ";role string;clusterrole string;user array;group array;serviceaccount array");
/// The flags of `clusterrolebinding`.
pub const CLUSTER_BINDING_FLAGS: &str =
    concat!(create_flags!(), ";clusterrole string!;user array;group array;serviceaccount array");

const GROUP: &str = "rbac.authorization.k8s.io";

/// What can be done to resources.
const VERBS: [&str; 14] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];

/// What can be done to URLs of no resource.
const URL_VERBS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// Runs `kubectl create role`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_role.go Validate, RunCreateRole
pub fn role(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "role")?;
    let verbs = verbs(flags)?;
    warn_of_verbs(context, &verbs);
    if flags.list("resource").is_empty() {
        return Err("at least one resource must be specified".into());
    }
    let rules = resource_rules(flags, &verbs)?;
    let value =
        json!({"apiVersion": format!("{GROUP}/v1"), "kind": "Role", "metadata": {"name": name}, "rules": rules});
    create(context, flags, value, "")
}

/// Runs `kubectl create clusterrole`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_clusterrole.go Validate, RunCreateRole
pub fn cluster_role(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "clusterrole")?;
    let mut value = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": null,
    });
    let fields = as_map(&mut value);
    let (resources, urls) = (flags.list("resource"), flags.list("non-resource-url"));
    if flags.is_set("aggregation-rule") {
        if ["verb", "resource", "resource-name", "non-resource-url"].into_iter().any(|flag| flags.is_set(flag)) {
            return Err(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames".into(),
            );
        }
        let mut labels = serde_json::Map::new();
        for pair in flags.list("aggregation-rule") {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(format!("malformed pair, expect string=string: {pair}").into());
            };
            labels.insert(key.trim().to_owned(), Value::from(value.trim()));
        }
        fields.insert("aggregationRule".to_owned(), json!({"clusterRoleSelectors": [{"matchLabels": labels}]}));
        return create(context, flags, value, "");
    }
    let verbs = verbs(flags)?;
    if resources.is_empty() && urls.is_empty() {
        return Err("one of resource or nonResourceURL must be specified".into());
    }
    let mut rules = Vec::new();
    if !resources.is_empty() {
        warn_of_verbs(context, &verbs);
        rules = resource_rules(flags, &verbs)?;
    }
    if !urls.is_empty() {
        check_urls(urls, &verbs)?;
        rules.push(json!({"nonResourceURLs": once(urls), "verbs": verbs}));
    }
    fields.insert("rules".to_owned(), Value::Array(rules));
    create(context, flags, value, "")
}

/// The texts of a list, each once.
fn once(list: &[String]) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for text in list {
        if !out.contains(&text.as_str()) {
            out.push(text);
        }
    }
    out
}

fn verbs(flags: &Flags) -> Result<Vec<&str>, Error> {
    let verbs = once(flags.list("verb"));
    match verbs {
        verbs if verbs.is_empty() => Err("at least one verb must be specified".into()),
        verbs if verbs.contains(&"*") => Ok(vec!["*"]),
        verbs => Ok(verbs),
    }
}

fn warn_of_verbs(context: &mut Context<'_>, verbs: &[&str]) {
    for verb in verbs.iter().filter(|verb| !VERBS.contains(verb)) {
        context.out.complain(&format!("Warning: '{verb}' is not a standard resource verb"));
    }
}

fn check_urls(urls: &[String], verbs: &[&str]) -> Result<(), Error> {
    if let Some(verb) = verbs.iter().find(|verb| !URL_VERBS.contains(verb)) {
        return Err(format!("invalid verb: '{verb}' for nonResourceURL").into());
    }
    for url in urls.iter().filter(|url| *url != "*") {
        if !url.starts_with('/') {
            return Err("nonResourceURL should start with /".into());
        }
        if url.trim_end_matches('*').contains('*') || url.ends_with("**") {
            return Err("nonResourceURL only supports wildcard matches when '*' is at the end".into());
        }
    }
    Ok(())
}

/// A rule for each group of resources.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_role.go generateResourcePolicyRules
fn resource_rules(flags: &Flags, verbs: &[&str]) -> Result<Vec<Value>, Error> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for text in flags.list("resource") {
        let (resource, part) = text.split_once('/').map_or((text.as_str(), ""), |(resource, part)| (resource, part));
        if resource.is_empty() {
            return Err("resource must be specified if apiGroup/subresource specified".into());
        }
        let (group, plural) = if resource == "*" {
            ("", "*")
        } else {
            // kubectl prints this error of its mapper without a word before it.
            let known = kind_for(resource).map_err(|error| Error::Text(error.sentence()))?.resource();
            (known.group, known.plural)
        };
        let plural = if part.is_empty() { plural.to_owned() } else { format!("{plural}/{part}") };
        let plurals = groups.entry(group).or_default();
        if !plurals.contains(&plural) {
            plurals.push(plural);
        }
    }
    let names = once(flags.list("resource-name"));
    let rule = |(group, plurals): (&str, Vec<String>)| {
        let mut rule = json!({"apiGroups": [group], "resources": plurals, "verbs": verbs});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    };
    Ok(groups.into_iter().map(rule).collect())
}

/// Runs `kubectl create rolebinding`.
///
/// # Errors
/// Everything that went wrong.
pub fn role_binding(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    binding(context, flags, "RoleBinding")
}

/// Runs `kubectl create clusterrolebinding`.
///
/// # Errors
/// Everything that went wrong.
pub fn cluster_role_binding(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    binding(context, flags, "ClusterRoleBinding")
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_rolebinding.go createRoleBinding
fn binding(context: &mut Context<'_>, flags: &Flags, kind: &str) -> Result<(), Error> {
    let name = name(flags, &kind.to_lowercase())?;
    let (role, cluster_role) = (flags.text("role"), flags.text("clusterrole"));
    if role.is_empty() == cluster_role.is_empty() {
        return Err("exactly one of clusterrole or role must be specified".into());
    }
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        subjects.extend(flags.list(flag).iter().map(|name| json!({"apiGroup": GROUP, "kind": kind, "name": name})));
    }
    for account in flags.list("serviceaccount") {
        let Some((namespace, name)) = account.split_once(':').filter(|(a, b)| !a.is_empty() && !b.is_empty()) else {
            return Err("serviceaccount must be <namespace>:<name>".into());
        };
        subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    let (role_kind, role) = if role.is_empty() { ("ClusterRole", cluster_role) } else { ("Role", role) };
    let mut value = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role},
    });
    if !subjects.is_empty() {
        as_map(&mut value).insert("subjects".to_owned(), Value::Array(subjects));
    }
    create(context, flags, value, &kind.to_lowercase())
}
