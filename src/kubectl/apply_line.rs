//! `kubectl apply`, as a line in a terminal.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::apply::{LAST_APPLIED, create_or_patch, locally, missing_note};
use super::context::Context;
use super::create::send;
use super::error::{Error, usage};
use super::flags::Flags;
use super::request::{
    DryRun, Say, dry_run_flags, file_flags, find, print_flags, told, validate_flags, validates, validation, value_of,
    warn,
};
use super::resources::Info;
use crate::api::fields::Fields;
use crate::api::managed::{Entry, Manager};
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Reason;
use crate::cluster::actor::Actor;
use crate::cluster::{Accepted, Cluster, FieldValidation, Refusal};

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    dry_run_flags!(),
    ";",
    validate_flags!(),
    ";",
    file_flags!(),
    ";selector/l string;prune bool;prune-allowlist array;all bool;overwrite bool=true;openapi-patch bool=true;\
     server-side bool;force-conflicts bool;subresource string;record bool;cascade string=background?background;\
     force bool;grace-period int=-1;timeout duration;wait bool"
);

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go ToOptions, Validate, Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if !flags.args.is_empty() {
        return Err(usage("apply", format!("Unexpected args: [{}]", flags.args.join(" "))));
    }
    let mut say = Say::of(context, flags)?;
    let server_side = flags.flag("server-side");
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err("must specify one of -f and -k".into());
    }
    let validation = validation(flags)?;
    if flags.flag("force-conflicts") && !server_side {
        return Err("--force-conflicts only works with --server-side".into());
    }
    if say.dry_run == DryRun::Client && server_side {
        return Err("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)".into());
    }
    if server_side && flags.flag("force") {
        return Err("--force cannot be used with --server-side".into());
    }
    if say.dry_run == DryRun::Server && flags.flag("force") {
        return Err("--dry-run=server cannot be used with --force".into());
    }
    if flags.flag("all") && !flags.text("selector").is_empty() {
        return Err("cannot set --all and --selector at the same time".into());
    }
    if flags.flag("prune") && !flags.flag("all") && flags.text("selector").is_empty() {
        return Err(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the \
                    --all flag. If you did not mean to prune all resources, specify a label selector"
                .into(),
        );
    }
    if flags.flag("prune") && server_side {
        return Err("--prune is in alpha and doesn't currently work on objects created by server-side apply".into());
    }
    if flags.flag("prune") {
        return Err("--prune is not simulated: delete what is no longer in the files by its name".into());
    }
    let (infos, mut errors) = find(context, flags, &|query| {
        query.latest = false;
        query.validation = validates(validation);
    })?
    .split();
    if infos.is_empty() && errors.is_empty() {
        return Err("no objects passed to apply".into());
    }
    let how = ServerSide::of(flags);
    // Objects themselves are printed at the end, several as a list, where nothing went wrong.
    let as_list = say.prints_objects() && flags.text("output") != "name";
    let mut shown = Vec::new();
    for info in infos {
        let result = if server_side {
            apply_on_server(context, say.dry_run, &info, &how)
        } else {
            apply_one(context, say.dry_run, &info, validation)
        };
        match result {
            Ok((object, _)) if as_list => shown.push(object),
            Ok((object, operation)) => say.done(context, &object, operation)?,
            Err(error) => errors.push(error),
        }
    }
    Error::collect(errors)?;
    match shown.len() {
        0 => Ok(()),
        1 => say.done(context, &shown[0], ""),
        _ => {
            let list = serde_json::json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": shown});
            say.made();
            say.done(context, &list, "")
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go applyOneObject
fn apply_one(
    context: &mut Context<'_>,
    dry_run: DryRun,
    info: &Info,
    validation: FieldValidation,
) -> Result<(Value, &'static str), Error> {
    let value = info.manifest.clone().unwrap_or_default();
    let reference = &info.reference;
    let result = if dry_run == DryRun::Client {
        locally(context.cluster, reference, value.clone())
    } else {
        dry_run.send(context.cluster, |cluster| {
            let done = create_or_patch(cluster, reference, value.clone(), validation)?;
            let object = cluster.store().find(reference).map_or_else(|| value.clone(), |object| object.to_value());
            Ok((object, done))
        })
    };
    let has_note = |object: &Object| object.meta.annotations.contains_key(LAST_APPLIED);
    if result.is_err() && info.object.as_ref().is_some_and(|object| !has_note(object)) {
        context.out.complain(&format!("Warning: {}", missing_note(reference)));
    }
    if let Err(failure) = &result {
        failure.lines().iter().for_each(|line| context.out.complain(line));
    }
    let (object, done) = result.map_err(|failure| failure.into_error(reference, &value, &info.source, Error::from))?;
    warn(context, &done.warnings);
    if info.object.is_some() {
        warn_if_deleting(context, info);
    }
    Ok((object, done.operation))
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go WarnIfDeleting
fn warn_if_deleting(context: &mut Context<'_>, info: &Info) {
    let found = context.cluster.store().find(&info.reference);
    if found.is_some_and(|object| object.meta.is_terminating()) {
        let name = &info.reference.name;
        context
            .out
            .complain(&format!("Warning: Detected changes to resource {name} which is currently being deleted."));
    }
}

/// How a file is applied by the server.
#[derive(Clone)]
struct ServerSide {
    /// In whose name.
    manager: Manager,
    /// Whether fields are taken over from others.
    force: bool,
}

impl ServerSide {
    fn of(flags: &Flags) -> ServerSide {
        let name = if flags.text("field-manager").is_empty() { "kubectl" } else { flags.text("field-manager") };
        ServerSide { manager: Manager::applying(name.to_owned()), force: flags.flag("force-conflicts") }
    }

    fn request(&self, cluster: &mut Cluster, reference: &ObjectRef, value: &Value) -> Result<Accepted, Refusal> {
        cluster.request_apply(Actor::User, reference, value, &self.manager, self.force)
    }

    /// Applies an object, and moves what was applied on the client's side over to the server's.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go applyOneObject
    fn apply(
        &self,
        cluster: &mut Cluster,
        reference: &ObjectRef,
        value: &Value,
        before: Option<&mut Cluster>,
    ) -> Result<Accepted, Refusal> {
        let mut accepted = self.request(cluster, reference, value)?;
        if self.manager.name == "kubectl"
            && let Err(refusal) = self.keep_note(before.unwrap_or(cluster), &accepted.object)
        {
            accepted.warnings.push(format!(
                "failed to migrate {LAST_APPLIED} for Server-Side Apply. This is non-fatal and will be retried next time you \
                 apply. Error: {}",
                refusal.status.message
            ));
        }
        let migrated = self.migrate(cluster, reference);
        if migrated && let Ok(again) = self.request(cluster, reference, value) {
            return Ok(Accepted { object: again.object, warnings: accepted.warnings });
        }
        Ok(accepted)
    }

    /// Has the note of what was applied last be managed by kubectl, so that it stays.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go saveLastApplyAnnotationIfNecessary
    fn keep_note(&self, cluster: &mut Cluster, object: &Object) -> Result<(), Refusal> {
        let Some(note) = object.meta.annotations.get(LAST_APPLIED) else { return Ok(()) };
        if object.meta.managed.entries(object).iter().any(|entry| entry.manager.applies && owns_note(entry)) {
            return Ok(());
        }
        let reference = object.object_ref();
        let mut metadata = serde_json::json!({"name": reference.name, "annotations": {LAST_APPLIED: note}});
        if !reference.namespace.is_empty() {
            metadata["namespace"] = Value::from(reference.namespace.as_str());
        }
        let (version, kind) = (reference.kind.api_version(), reference.kind.name());
        let value = serde_json::json!({"apiVersion": version, "kind": kind, "metadata": metadata});
        let keeper = Manager::applying("kubectl-last-applied");
        cluster.request_apply(Actor::User, &reference, &value, &keeper, false).map(drop)
    }

    /// Makes the fields of those who applied on the client's side this manager's. Says whether there were any.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go migrateToSSAIfNecessary
    // Models k8s.io/client-go/util/csaupgrade/upgrade.go UpgradeManagedFields
    fn migrate(&self, cluster: &mut Cluster, reference: &ObjectRef) -> bool {
        let Some(object) = cluster.store().find(reference) else { return false };
        let entries = object.meta.managed.entries(object);
        let names: Vec<_> = entries.iter().filter(|entry| !entry.manager.applies && owns_note(entry)).collect();
        let names: Vec<String> = names.iter().map(|entry| entry.manager.name.to_string()).collect();
        let moves = |entry: &Entry| {
            let manager = &entry.manager;
            !manager.applies && manager.subresource.is_empty() && names.iter().any(|name| *name == manager.name)
        };
        let (old, mut kept): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(moves);
        if old.is_empty() {
            return false;
        }
        for mut entry in old {
            match kept.iter_mut().find(|kept| kept.manager == self.manager) {
                Some(own) => own.fields.append(&mut entry.fields),
                None => kept.push(Entry { manager: self.manager.clone(), ..entry }),
            }
        }
        cluster.set_managers(Actor::User, reference, kept);
        true
    }
}

/// Whether an entry has the note of what was applied last.
fn owns_note(entry: &Entry) -> bool {
    entry.fields.contains(&format!("\u{1}f:metadata\u{1}f:annotations\u{1}f:{LAST_APPLIED}"))
}

/// What kubectl adds to a conflict.
const RESOLVE: &str = "
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

fn apply_on_server(
    context: &mut Context<'_>,
    dry_run: DryRun,
    info: &Info,
    how: &ServerSide,
) -> Result<(Value, &'static str), Error> {
    let value = info.manifest.clone().unwrap_or_default();
    let reference = &info.reference;
    // Each request of a dry run meets the cluster as it is.
    let mut before = (dry_run == DryRun::Server).then(|| context.cluster.trial());
    let applied = dry_run.send(context.cluster, |cluster| how.apply(cluster, reference, &value, before.as_mut()));
    let applied = match applied {
        Err(refusal) if refusal.status.reason == Reason::Conflict => {
            return Err(Error::Plain(format!("{}{RESOLVE}", refusal.status.message)));
        }
        other => told(context, other)?,
    };
    warn(context, &applied.warnings);
    warn_if_deleting(context, info);
    Ok((applied.object.to_value(), "serverside-applied"))
}

/// What applying an object would make of it, for `diff`.
///
/// # Errors
/// The API server's refusal.
// Models staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go Merged
pub fn merged(context: &mut Context<'_>, flags: &Flags, info: &Info) -> Result<Value, Error> {
    let value = info.manifest.clone().unwrap_or_default();
    let reference = &info.reference;
    let on_server = flags.flag("server-side");
    if info.object.is_none() && !on_server {
        return send(context, &value, DryRun::Server, FieldValidation::Warn);
    }
    let mut copy = context.cluster.clone();
    if on_server {
        ServerSide::of(flags).request(&mut copy, reference, &value)?;
    } else {
        let applied = create_or_patch(&mut copy, reference, value.clone(), FieldValidation::Warn)
            .map_err(|failure| failure.into_error(reference, &value, &info.source, Error::from))?;
        let unknown = applied.warnings.iter().filter(|warning| warning.starts_with("unknown field "));
        warn(context, &unknown.cloned().collect::<Vec<_>>());
    }
    let mut merged = copy.store().find(reference).map_or(Value::Null, |object| object.to_value());
    // The comparison does not note what was applied, and its version is of a request that is thrown away.
    let live = value_of(&Info { manifest: None, ..info.clone() });
    if let Some(metadata) = merged.get_mut("metadata").and_then(Value::as_object_mut)
        && info.object.is_some()
    {
        let old = live.field("metadata");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            match old.field("annotations").get(LAST_APPLIED) {
                _ if on_server => {}
                Some(text) => drop(annotations.insert(LAST_APPLIED.to_owned(), text.clone())),
                None => drop(annotations.remove(LAST_APPLIED)),
            }
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        metadata.insert("resourceVersion".to_owned(), old.field("resourceVersion").clone());
    }
    Ok(merged)
}
