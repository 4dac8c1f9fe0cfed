//! `kubectl patch`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::request::{DryRun, Say, dry_run_flags, file_flags, find, patch, print_flags, visit};
use crate::api::status::Status;
use crate::cluster::PatchType;
use crate::manifest;

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    dry_run_flags!(),
    ";patch/p string;patch-file string;type string=strategic;local bool;subresource string;record bool"
);

/// Runs the command.
///
/// # Errors
/// Everything that went wrong.
// Models staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go RunPatch
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut say = Say::of(context, flags)?;
    let (text, file, ty) = (flags.text("patch"), flags.text("patch-file"), flags.text("type"));
    if !text.is_empty() && !file.is_empty() {
        return Err("cannot specify --patch and --patch-file together".into());
    }
    if text.is_empty() && file.is_empty() {
        return Err("must specify --patch or --patch-file containing the contents of the patch".into());
    }
    if flags.flag("local") && !flags.args.is_empty() {
        return Err("cannot specify --local and server resources".into());
    }
    let patch_type = match ty.to_lowercase().as_str() {
        "" | "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => return Err(format!("--type must be one of [json merge strategic], not {ty:?}").into()),
    };
    let content = match file {
        "" => text.to_owned(),
        file => context.files.read(file).ok_or_else(|| {
            Error::Plain(format!("unable to read patch file: open {file}: no such file or directory"))
        })?,
    };
    let body = read(&content, text)?;
    let found = find(context, flags, &|query| query.latest = false)?;
    if found.items.is_empty() {
        return Err("no objects passed to patch".into());
    }
    visit(context, found, &mut |context, info| {
        let body = body.as_ref().ok_or_else(|| Error::from(Status::bad_request("invalid JSON patch")))?;
        // What kubectl computes itself with --dry-run=client is what the server would answer, but for defaults.
        let dry_run = if say.dry_run == DryRun::Client { DryRun::Server } else { say.dry_run };
        let patched = patch(context, &info.reference, patch_type, body, dry_run)?;
        let operation = if patched.changed { "patched" } else { "patched (no change)" };
        // The printer of this command does not say that it is a dry run.
        let dry_run = std::mem::replace(&mut say.dry_run, DryRun::None);
        let done = say.done(context, &patched.object.to_value(), operation);
        say.dry_run = dry_run;
        done
    })
}

/// A patch in JSON or YAML; `None` where it is JSON that the server cannot read.
///
/// # Errors
/// kubectl's sentence where it is no YAML.
fn read(content: &str, shown: &str) -> Result<Option<Value>, Error> {
    // What begins like JSON is sent as it is.
    // Models k8s.io/apimachinery/pkg/util/yaml/decoder.go ToJSON
    if content.trim_start().starts_with('{') {
        return Ok(serde_json::from_str(content).ok());
    }
    let read = manifest::read(content);
    if let Some(error) = read.error {
        return Err(format!("unable to parse {shown:?}: {}", error.message).into());
    }
    Ok(Some(read.documents.into_iter().next().map(|document| document.value).unwrap_or_default()))
}
