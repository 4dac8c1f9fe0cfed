//! `kubectl edit`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/util/editor/editoptions.go` of Kubernetes v1.37.2, Apache-2.0. The editor is
//! the page's: the command waits until its text is saved.

use serde_json::{Value, json};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::last_applied::store;
use super::output::{json as json_output, yaml};
use super::replace::update;
use super::request::{DryRun, Say, file_flags, find, print_flags, validate_flags, value_of};
use super::resources::manifest_kind;
use super::wait::{Progress, Wait};
use crate::api::fields::Fields;
use crate::api::meta::ObjectRef;
use crate::cluster::FieldValidation;
use crate::manifest;

/// The command's flags.
pub const FLAGS: &str = concat!(
    print_flags!(),
    ";",
    file_flags!(),
    ";",
    validate_flags!(),
    ";output-patch bool;windows-line-endings bool;field-manager string;subresource string;save-config bool;record bool"
);

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Objects.
    Objects,
    /// What was noted as applied last.
    LastApplied,
}

impl Mode {
    fn header(self) -> &'static str {
        match self {
            Mode::Objects => HEADER,
            Mode::LastApplied => HEADER_OF_NOTES,
        }
    }
}

const HEADER_OF_NOTES: &str = "# Please edit the 'last-applied-configuration' annotations below.\n\
    # Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n";

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n\
    # and an empty file will abort the edit. If an error occurs while saving this file will be\n\
    # reopened with the relevant failures.\n#\n";

/// An editor that is open.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What stands in it.
    pub text: String,
    /// What was saved; `None` as long as it is open.
    pub saved: Option<String>,
    original: Vec<Value>,
    mode: Mode,
    flags: Flags,
    /// Whether it is open again because of an error.
    again: bool,
}

/// Runs the command.
///
/// # Errors
/// Where there is nothing to edit.
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    Say::of(context, flags)?;
    let infos = find(context, flags, &|query| query.allow_empty_selector = true)?.infos_or_errors()?;
    if infos.is_empty() {
        return Err("edit cancelled, no objects found".into());
    }
    let original: Vec<Value> = infos.iter().map(value_of).collect();
    open(context, flags, original, Mode::Objects)
}

/// Opens the editor.
///
/// # Errors
/// Where the line asks for an output that there is not.
pub(super) fn open(context: &mut Context<'_>, flags: &Flags, original: Vec<Value>, mode: Mode) -> Result<(), Error> {
    Say::of(context, flags)?;
    let text = text_of(&original, flags);
    let text = if flags.text("output") == "json" { text } else { format!("{}{text}", mode.header()) };
    context.wait = Some(Wait::Edit(Edit { text, saved: None, original, mode, flags: flags.clone(), again: false }));
    Ok(())
}

fn text_of(objects: &[Value], flags: &Flags) -> String {
    let value = match objects {
        [one] => one.clone(),
        several => json!({"apiVersion": "v1", "items": several, "kind": "List", "metadata": {}}),
    };
    if flags.text("output") == "json" { json_output::indented(&value) + "\n" } else { yaml::to_string(&value) }
}

/// A text without comments.
fn stripped(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

impl Edit {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let Some(saved) = self.saved.take() else {
            return Ok(Progress::Until(None));
        };
        let edited = stripped(&saved);
        if self.again && edited == stripped(&self.text) {
            return Err("Edit cancelled, no valid changes were saved.".into());
        }
        if edited == stripped(&text_of(&self.original, &self.flags)) {
            context.out.complain("Edit cancelled, no changes made.");
            return Ok(Progress::Done(0));
        }
        if edited.trim().is_empty() {
            context.out.complain("Edit cancelled, saved file was empty.");
            return Ok(Progress::Done(0));
        }
        let read = manifest::read(&edited);
        if let Some(error) = &read.error {
            let why = format!("The edited file had a syntax error: error parsing edited-file: {}", error.message);
            return Ok(self.reopen(&[why], &edited));
        }
        let mut reasons = Vec::new();
        let mut say = Say::of(context, &self.flags)?;
        for entry in read.entries() {
            match self.store(context, entry.value) {
                Ok(Some(stored)) => say.done(context, &stored, "edited")?,
                Ok(None) => say.done(context, entry.value, "skipped")?,
                Err(error) => {
                    let (text, _) = error.report();
                    let text = text.trim_end().trim_start_matches("error: ").to_owned();
                    context.out.complain(&format!("error: {}", text));
                    reasons.push(text);
                }
            }
        }
        if reasons.is_empty() { Ok(Progress::Done(0)) } else { Ok(self.reopen(&reasons, &edited)) }
    }

    /// Opens the editor again, with what is wrong above the text.
    fn reopen(&mut self, reasons: &[String], edited: &str) -> Progress {
        let mut text = self.mode.header().to_owned();
        for reason in reasons {
            for line in reason.lines() {
                text.push_str(&format!("# {line}\n"));
            }
        }
        text.push_str("#\n");
        text.push_str(edited);
        self.text = text;
        self.again = true;
        Progress::Until(None)
    }

    /// Stores an edited object; gives nothing where it was not changed.
    fn store(&self, context: &mut Context<'_>, value: &Value) -> Result<Option<Value>, Error> {
        let kind = manifest_kind(value, "edited-file")?;
        let metadata = value.field("metadata");
        let reference = ObjectRef::new(kind, metadata.text("namespace"), metadata.text("name"));
        if self.mode == Mode::LastApplied {
            return if self.original.contains(value) { Ok(None) } else { store(context, &reference, value).map(Some) };
        }
        let same = |original: &&Value| original.field("metadata").text("uid") == metadata.text("uid");
        let Some(original) = self.original.iter().find(same) else {
            return Err("at least one of apiVersion, kind and name was changed".into());
        };
        if original == value {
            return Ok(None);
        }
        let mut value = value.clone();
        // The patch that kubectl makes of the two texts does not hold the version.
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        update(context, &reference, &value, DryRun::None, FieldValidation::Strict).map(Some)
    }
}
