//! The note of what was applied last: `kubectl apply view-last-applied`, `set-last-applied`, `edit-last-applied`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/apply` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Value, json};

use super::apply::LAST_APPLIED;
use super::context::Context;
use super::edit;
use super::error::{Error, usage};
use super::flags::Flags;
use super::output::{json as json_output, yaml};
use super::request::{DryRun, Say, dry_run_flags, file_flags, find, patch, print_flags, validate_flags};
use super::resources::Info;
use crate::api::json::to_string;
use crate::api::meta::ObjectRef;
use crate::cluster::PatchType;

/// The flags of `view-last-applied`.
pub const VIEW_FLAGS: &str = concat!(file_flags!(), ";output/o string=yaml;selector/l string;all bool");
/// The flags of `set-last-applied`.
pub const SET_FLAGS: &str = concat!(print_flags!(), ";", dry_run_flags!(), ";filename/f slice;create-annotation bool");
/// The flags of `edit-last-applied`.
pub const EDIT_FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    validate_flags!(),
    ";windows-line-endings bool;field-manager string;record bool"
);

/// What is noted of an object.
fn note(info: &Info) -> Option<&String> {
    info.object.as_ref().and_then(|object| object.meta.annotations.get(LAST_APPLIED))
}

/// Runs `kubectl apply view-last-applied`.
///
/// # Errors
/// Where an object of a file has no note.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply_view_last_applied.go Complete, RunApplyViewLastApplied
pub fn view(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let infos = find(context, flags, &|query| query.all = flags.flag("all"))?.infos()?;
    let mut notes = Vec::new();
    for info in &infos {
        match note(info).map(|text| serde_json::from_str::<Value>(text)) {
            Some(Ok(value)) => notes.push(value),
            // Without a file, kubectl says nothing of an object without a note.
            _ if info.source.is_empty() => return Ok(()),
            _ => {
                let name = &info.reference.name;
                let doing = format!("no last-applied-configuration annotation found on resource: {name}\n");
                return Err(Error::Plain("<nil>".to_owned()).when(&doing, &info.source));
            }
        }
    }
    for value in notes {
        match flags.text("output") {
            "json" => context.out.write(&json_output::indented_by_two(&value)),
            "yaml" => context.out.write(&yaml::to_string(&value)),
            output => {
                let why = format!("Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json");
                return Err(usage("apply view-last-applied", why));
            }
        }
    }
    Ok(())
}

/// Runs `kubectl apply set-last-applied`.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apply/apply_set_last_applied.go Validate, RunSetLastApplied
pub fn set(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let infos = find(context, flags, &|_| {})?.infos()?;
    let mut changed = Vec::new();
    for info in infos {
        let text = to_string(&info.manifest.clone().unwrap_or_default());
        let name = &info.reference.name;
        match note(&info) {
            None if !flags.flag("create-annotation") => {
                return Err(format!(
                    "no last-applied-configuration annotation found on resource: {name}, to create the annotation, run the \
                     command with --create-annotation"
                )
                .into());
            }
            Some(old) if old.trim_end() == text => {
                context.out.print(&format!("set-last-applied {name}: no changes required."));
            }
            _ => changed.push((info.reference, text, info.object)),
        }
    }
    for (reference, text, object) in changed {
        let stored = match say.dry_run {
            DryRun::Client => object.map_or(Value::Null, |object| object.to_value()),
            dry_run => write(context, &reference, &text, dry_run)?,
        };
        say.done(context, &stored, "configured")?;
    }
    Ok(())
}

/// Notes what was applied to an object.
fn write(context: &mut Context<'_>, reference: &ObjectRef, text: &str, dry_run: DryRun) -> Result<Value, Error> {
    let body = json!({"metadata": {"annotations": {LAST_APPLIED: text}}});
    Ok(patch(context, reference, PatchType::Merge, &body, dry_run)?.object.to_value())
}

/// Runs `kubectl apply edit-last-applied`: the editor opens with what is noted.
///
/// # Errors
/// Where nothing is.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/editor/editoptions.go EditOptions.Run
pub fn edit(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let infos = find(context, flags, &|query| query.allow_empty_selector = true)?.infos_or_errors()?;
    let read = |info: &Info| note(info).and_then(|text| serde_json::from_str(text).ok());
    let notes: Vec<Value> = infos.iter().filter_map(read).collect();
    if notes.is_empty() {
        return Err(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command \
                    `kubectl apply set-last-applied --create-annotation`"
                .into(),
        );
    }
    edit::open(context, flags, notes, edit::Mode::LastApplied)
}

/// Stores a note that was edited.
///
/// # Errors
/// The API server's refusal.
// Models staging/src/k8s.io/kubectl/pkg/cmd/util/editor/editoptions.go visitToApplyEditPatch
pub(super) fn store(context: &mut Context<'_>, reference: &ObjectRef, edited: &Value) -> Result<Value, Error> {
    write(context, reference, &to_string(edited), DryRun::None)
}
