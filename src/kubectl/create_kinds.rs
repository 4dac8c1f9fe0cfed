//! `kubectl create` for kinds of which this cluster keeps the objects and does nothing with them.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::create::{create, create_flags, name};
use super::error::Error;
use super::flags::Flags;
use super::request::{dry_run_flags, print_flags, validate_flags};
use super::resources::kind_for;
use crate::api::fields::{as_map, map_in};
use crate::api::quantity::Quantity;

/// The flags of `deployment`, `job` and `cronjob`.
pub const WORKLOAD_FLAGS: &str =
    concat!(create_flags!(), ";image slice;port int=0;replicas/r int=1;schedule string;restart string;from string");
/// The flags of `quota`.
pub const QUOTA_FLAGS: &str = concat!(create_flags!(), ";hard string;scopes string");
/// The flags of `role` and `clusterrole`.
pub const ROLE_FLAGS: &str = concat!(
    create_flags!(),
    ";verb slice;resource slice;resource-name array;non-resource-url slice;aggregation-rule string"
);
/// The flags of `rolebinding` and `clusterrolebinding`.
pub const BINDING_FLAGS: &str =
    concat!(create_flags!(), ";role string;clusterrole string;user array;group array;serviceaccount array");

/// The words of a command that stand after `--`.
fn command(flags: &Flags) -> &[String] {
    flags.before_dash.map_or(&[], |at| &flags.args[at..])
}

/// A container, with what runs in it.
fn container(name: &str, image: &str, words: &[String]) -> Value {
    let mut value = json!({"name": name, "image": image, "resources": {}});
    if !words.is_empty() {
        as_map(&mut value).insert("command".to_owned(), Value::from(words.to_vec()));
    }
    value
}

/// Runs `kubectl create deployment`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_deployment.go createDeployment
pub fn deployment(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "deployment")?;
    let (images, words) = (flags.list("image"), command(flags));
    if images.is_empty() {
        return Err("required flag(s) \"image\" not set".into());
    }
    if images.len() > 1 && !words.is_empty() {
        return Err("cannot specify multiple --image options and command".into());
    }
    let mut containers = Vec::new();
    for image in images {
        // The name of the image, without where it comes from and which one it is.
        let short = image.rsplit('/').next().unwrap_or(image);
        let short = short.split(['@', ':']).next().unwrap_or(short);
        let mut container = container(&short.replace('_', "-").to_lowercase(), image, words);
        if flags.int("port") > 0 {
            as_map(&mut container).insert("ports".to_owned(), json!([{"containerPort": flags.int("port")}]));
        }
        containers.push(container);
    }
    let labels = json!({"app": name});
    let value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": flags.int("replicas"), "selector": {"matchLabels": labels}, "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    });
    create(context, flags, value, "deployment")
}

/// The specification of a job.
fn job_spec(name: &str, flags: &Flags, restart: &str) -> Value {
    let image = flags.list("image").first().map_or("", String::as_str);
    let containers = [container(name, image, command(flags))];
    json!({"template": {"metadata": {}, "spec": {"containers": containers, "restartPolicy": restart}}})
}

/// Runs `kubectl create job`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_job.go createJob
pub fn job(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "job")?;
    if flags.list("image").is_empty() == flags.text("from").is_empty() {
        return Err("either --image or --from must be specified".into());
    }
    if !flags.text("from").is_empty() {
        return Err("--from is not simulated: cron jobs do nothing here".into());
    }
    let spec = job_spec(&name, flags, "Never");
    let value =
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec, "status": {}});
    create(context, flags, value, "job")
}

/// Runs `kubectl create cronjob`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_cronjob.go createCronJob
pub fn cron_job(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "cronjob")?;
    for flag in ["image", "schedule"] {
        if !flags.is_set(flag) {
            return Err(format!("required flag(s) {flag:?} not set").into());
        }
    }
    let restart = if flags.text("restart").is_empty() { "OnFailure" } else { flags.text("restart") };
    let template = json!({"metadata": {"name": name}, "spec": job_spec(&name, flags, restart)});
    let value = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {"jobTemplate": template, "schedule": flags.text("schedule")}, "status": {},
    });
    create(context, flags, value, "cronjob")
}

/// Runs `kubectl create quota`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_quota.go createQuota
pub fn quota(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "quota")?;
    let mut value = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {}, "status": {},
    });
    let mut hard = Map::new();
    for pair in flags.text("hard").split(',').filter(|pair| !pair.is_empty()) {
        let Some((resource, quantity)) = pair.split_once('=') else {
            return Err(format!("Invalid argument syntax {pair}, expected <resource>=<value>").into());
        };
        hard.insert(resource.to_owned(), Value::from(Quantity::parse(quantity).map_err(Error::from)?.canonical()));
    }
    let spec = map_in(as_map(&mut value), "spec");
    if !hard.is_empty() {
        spec.insert("hard".to_owned(), Value::Object(hard));
    }
    let scopes: Vec<&str> = flags.text("scopes").split(',').filter(|scope| !scope.is_empty()).collect();
    if !scopes.is_empty() {
        spec.insert("scopes".to_owned(), Value::from(scopes));
    }
    create(context, flags, value, "quota")
}

/// Runs `kubectl create role`.
///
/// # Errors
/// Everything that went wrong.
pub fn role(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    role_of(context, flags, "Role")
}

/// Runs `kubectl create clusterrole`.
///
/// # Errors
/// Everything that went wrong.
pub fn cluster_role(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    role_of(context, flags, "ClusterRole")
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_role.go generateResourcePolicyRules
fn role_of(context: &mut Context<'_>, flags: &Flags, kind: &str) -> Result<(), Error> {
    let name = name(flags, &kind.to_lowercase())?;
    let verbs = flags.list("verb");
    if verbs.is_empty() {
        return Err("at least one verb must be specified".into());
    }
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for text in flags.list("resource") {
        let (resource, part) =
            text.split_once('/').map_or((text.as_str(), String::new()), |(r, p)| (r, format!("/{p}")));
        let (group, plural) = if resource == "*" {
            ("*".to_owned(), "*".to_owned())
        } else {
            let resource = kind_for(resource)?.resource();
            (resource.group.to_owned(), format!("{}{part}", resource.plural))
        };
        match groups.iter_mut().find(|known| known.0 == group) {
            Some((_, plurals)) => plurals.push(plural),
            None => groups.push((group, vec![plural])),
        }
    }
    if groups.is_empty() {
        return Err("at least one resource must be specified".into());
    }
    let names = flags.list("resource-name");
    let mut rules = Vec::new();
    for (group, plurals) in groups {
        let mut rule = json!({"apiGroups": [group], "resources": plurals, "verbs": verbs});
        if !names.is_empty() {
            as_map(&mut rule).insert("resourceNames".to_owned(), Value::from(names.to_vec()));
        }
        rules.push(rule);
    }
    let value = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "rules": rules,
    });
    create(context, flags, value, &kind.to_lowercase())
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
    const GROUP: &str = "rbac.authorization.k8s.io";
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
