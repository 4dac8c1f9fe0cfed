//! `kubectl create` for kinds of which this cluster keeps the objects and does nothing with them.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/create` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::create::{create, create_flags, name};
use super::error::Error;
use super::flags::Flags;
use super::request::{dry_run_flags, find_args, print_flags, validate_flags};
use super::resources::Info;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::quantity::Quantity;

/// The flags of `deployment`.
pub const DEPLOYMENT_FLAGS: &str = concat!(create_flags!(), ";image slice!;port int32=0;replicas/r int32=1");
/// The flags of `job`.
pub const JOB_FLAGS: &str = concat!(create_flags!(), ";image slice;from string");
/// The flags of `cronjob`.
pub const CRON_JOB_FLAGS: &str = concat!(create_flags!(), ";image slice!;schedule string!;restart string");
/// The flags of `quota`.
pub const QUOTA_FLAGS: &str = concat!(create_flags!(), ";hard string;scopes string");

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
        return job_from(context, flags, &name);
    }
    let spec = job_spec(&name, flags, "Never");
    let value =
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec, "status": {}});
    create(context, flags, value, "job")
}

/// Creates the job that a cron job would create.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_job.go createJobFromCronJob
fn job_from(context: &mut Context<'_>, flags: &Flags, name: &str) -> Result<(), Error> {
    if !command(flags).is_empty() {
        return Err("cannot specify --from and command".into());
    }
    let infos = find_args(context, flags, &[flags.text("from").to_owned()], &|_| {})?.infos()?;
    let [Info { object: Some(cron_job), .. }] = infos.as_slice() else {
        return Err("from must be an existing cronjob".into());
    };
    if cron_job.kind != Kind::CronJob {
        return Err(format!("unknown object type {}", cron_job.kind.name()).into());
    }
    let template = cron_job.spec.field("jobTemplate");
    let mut annotations = template.field("metadata").entries("annotations").clone();
    annotations.entry("cronjob.kubernetes.io/instantiate").or_insert(Value::from("manual"));
    let owner = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "name": cron_job.meta.name, "uid": cron_job.meta.uid,
        "controller": true,
    });
    let mut metadata = json!({"name": name, "annotations": annotations, "ownerReferences": [owner]});
    if template.field("metadata").has("labels") {
        metadata["labels"] = template.field("metadata").field("labels").clone();
    }
    let spec = template.field("spec");
    let value = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec, "status": {}});
    create(context, flags, value, "job")
}

/// Runs `kubectl create cronjob`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/create/create_cronjob.go createCronJob
pub fn cron_job(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = name(flags, "cronjob")?;
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
