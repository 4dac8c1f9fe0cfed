//! `kubectl label` and `kubectl annotate`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/{label,annotate}` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::request::{
    DryRun, Pairs, Say, change_flags, find_args, parse_pairs, patch, resources_and_pairs, value_of, visit,
};
use super::resources::Info;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::status::quote;
use crate::api::validate::format;
use crate::cluster::PatchType;

/// The commands' flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
    ";overwrite bool;list bool;local bool;field-selector string;all bool;all-namespaces/A bool;\
     resource-version string;selector/l string;record bool"
);

/// Which of the two commands runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Labels,
    Annotations,
}

/// Runs `kubectl label`.
///
/// # Errors
/// Everything that went wrong.
pub fn label(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    run(context, flags, What::Labels)
}

/// Runs `kubectl annotate`.
///
/// # Errors
/// Everything that went wrong.
pub fn annotate(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    run(context, flags, What::Annotations)
}

impl What {
    fn field(self) -> &'static str {
        if self == What::Labels { "labels" } else { "annotations" }
    }

    fn pairs(self, args: &[String]) -> Result<Pairs, Error> {
        if self == What::Labels {
            return parse_labels(args);
        }
        parse_pairs(args, "annotation", true)
    }

    /// That nothing is both set and removed.
    fn check_both(self, pairs: &Pairs) -> Result<(), Error> {
        let both: Vec<&str> = pairs
            .remove
            .iter()
            .filter(|key| pairs.set.iter().any(|(set, _)| set == *key))
            .map(String::as_str)
            .collect();
        match (both.is_empty(), self) {
            (true, _) => Ok(()),
            (false, What::Labels) => Err("can not both modify and remove a label in the same command".into()),
            (false, What::Annotations) => Err(format!(
                "can not both modify and remove the following annotation(s) in the same command: {}",
                both.join(", ")
            )
            .into()),
        }
    }

    /// That nothing is overwritten.
    fn check_overwrites(self, present: &Map<String, Value>, pairs: &Pairs) -> Result<(), Error> {
        const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
        let mut said = Vec::new();
        for (key, value) in &pairs.set {
            let old = present.get(key).and_then(Value::as_str);
            if let Some(old) = old.filter(|old| *old != value)
                && !(self == What::Annotations && key == CHANGE_CAUSE)
            {
                said.push(format!("'{key}' already has a value ({old})"));
            }
        }
        match (said.is_empty(), self) {
            (true, _) => Ok(()),
            (false, What::Labels) => Error::collect(
                said.into_iter().map(|text| Error::Plain(format!("{text}, and --overwrite is false"))).collect(),
            ),
            (false, What::Annotations) => {
                Err(format!("--overwrite is false but found the following declared annotation(s): {}", said.join("; "))
                    .into())
            }
        }
    }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/label/label.go parseLabels
fn parse_labels(args: &[String]) -> Result<Pairs, Error> {
    let mut pairs = Pairs { set: Vec::new(), remove: Vec::new() };
    for arg in args {
        let parts: Vec<&str> = arg.split('=').collect();
        match (parts.as_slice(), arg.strip_suffix('-')) {
            ([key, value], _) => {
                let errors = format::label_value(value);
                if !errors.is_empty() {
                    return Err(format!("invalid label value: {}: {}", quote(arg), errors.join(";")).into());
                }
                pairs.set.retain(|(known, _)| known != key);
                pairs.set.push(((*key).to_owned(), (*value).to_owned()));
            }
            ([_], Some(key)) => pairs.remove.push(key.to_owned()),
            ([_], None) => return Err(format!("unknown label spec: {arg}").into()),
            _ => return Err(format!("invalid label spec: {arg}").into()),
        }
    }
    Ok(pairs)
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/label/label.go RunLabel
// Models staging/src/k8s.io/kubectl/pkg/cmd/annotate/annotate.go RunAnnotate
fn run(context: &mut Context<'_>, flags: &Flags, what: What) -> Result<(), Error> {
    let word = if what == What::Labels { "label" } else { "annotation" };
    let mut say = Say::of(context, flags)?;
    let (resources, args) = resources_and_pairs(&flags.args, word)?;
    let pairs = what.pairs(&args)?;
    if what == What::Labels {
        what.check_both(&pairs)?;
    }
    let (list, all) = (flags.flag("list"), flags.flag("all"));
    if list && !flags.text("output").is_empty() {
        return Err("--list and --output may not be specified together".into());
    }
    if all && !flags.text("selector").is_empty() {
        return Err("cannot set --all and --selector at the same time".into());
    }
    if all && !flags.text("field-selector").is_empty() {
        return Err("cannot set --all and --field-selector at the same time".into());
    }
    if resources.is_empty() && flags.list("filename").is_empty() {
        return Err("one or more resources must be specified as <resource> <name> or <resource>/<name>".into());
    }
    if pairs.set.is_empty() && pairs.remove.is_empty() && !list {
        return Err(format!("at least one {word} update is required").into());
    }
    what.check_both(&pairs)?;
    let found = find_args(context, flags, &resources, &|query| {
        if what == What::Labels {
            query.allow_empty_selector = all;
        } else {
            query.all = all;
        }
    })?;
    let single = found.single;
    let version = flags.text("resource-version");
    if !single && !version.is_empty() {
        return Err("--resource-version may only be used with a single resource".into());
    }
    visit(context, found, &mut |context, info| {
        let old = value_of(&info);
        let present = old.field("metadata").entries(what.field()).clone();
        if list {
            list_entries(context, &info, &present, what, single);
            return Ok(());
        }
        let client = say.dry_run == DryRun::Client;
        if what == What::Labels && !client {
            for key in pairs.remove.iter().filter(|key| !present.contains_key(*key)) {
                context.out.print(&format!("label {} not found.", quote(key)));
            }
        }
        if !flags.flag("overwrite") {
            what.check_overwrites(&present, &pairs)?;
        }
        let added = pairs.set.iter().any(|(key, value)| present.get(key).and_then(Value::as_str) != Some(value));
        let removed = pairs.remove.iter().any(|key| present.contains_key(key));
        let mut entries = Map::new();
        for (key, value) in &pairs.set {
            entries.insert(key.clone(), Value::from(value.as_str()));
        }
        for key in &pairs.remove {
            entries.insert(key.clone(), Value::Null);
        }
        let mut body = Value::Null;
        let metadata = map_in(as_map(&mut body), "metadata");
        metadata.insert(what.field().to_owned(), Value::Object(entries));
        if !version.is_empty() {
            metadata.insert("resourceVersion".to_owned(), Value::from(version));
        }
        let mut value = old;
        crate::api::patch::json_merge(&mut value, body.clone());
        if !client && (added || removed || what == What::Annotations) {
            value = patch(context, &info.reference, PatchType::Merge, &body, say.dry_run)?.object.to_value();
        }
        let operation = match (what, added, removed) {
            (What::Annotations, ..) => "annotated",
            (What::Labels, true, true) => "modified",
            (What::Labels, true, false) => "labeled",
            (What::Labels, false, true) => "unlabeled",
            (What::Labels, false, false) => "not labeled",
        };
        say.done(context, &value, operation)
    })
}

fn list_entries(context: &mut Context<'_>, info: &Info, entries: &Map<String, Value>, what: What, single: bool) {
    let indent = if single { "" } else { " " };
    if !single {
        let resource = info.reference.kind.resource();
        let head = format!("{}.{}/{}", resource.kind, resource.group, info.reference.name);
        context.out.print(&format!("Listing {} for {head}:", what.field()));
    }
    for (key, value) in entries {
        context.out.print(&format!("{indent}{key}={}", value.as_str().unwrap_or_default()));
    }
}
