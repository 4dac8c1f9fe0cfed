//! `kubectl diff`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::apply_line::merged;
use super::context::Context;
use super::diff_text::unified;
use super::error::Error;
use super::flags::Flags;
use super::output::yaml;
use super::request::{file_flags, find};
use super::resources::Info;
use crate::api::fields::Fields;
use crate::api::kind::Kind;

/// The command's flags.
pub const FLAGS: &str = concat!(
    file_flags!(),
    ";prune-allowlist array;prune bool;show-managed-fields bool;show-secrets bool;concurrency int=1;server-side bool;\
     force-conflicts bool;field-manager string;selector/l string"
);

/// Runs the command. It ends with 1 where something differs, and with more where something goes wrong.
///
/// # Errors
/// Everything that went wrong.
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    match compare(context, flags) {
        Ok(false) => Ok(()),
        Ok(true) => Err(Error::Exit(1)),
        Err(error) => {
            let (text, code) = error.report();
            context.out.write_error(&text);
            Err(Error::Exit(code + 1))
        }
    }
}

/// The number in the names of the folders that kubectl makes.
const FOLDER: &str = "3141592653";

// Models staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go Run
fn compare(context: &mut Context<'_>, flags: &Flags) -> Result<bool, Error> {
    if !flags.args.is_empty() {
        return Err(super::error::usage("diff", format!("Unexpected args: [{}]", flags.args.join(" "))));
    }
    if flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err("must specify one of -f and -k".into());
    }
    let found = find(context, flags, &|query| query.latest = false)?;
    let mut pairs: Vec<(String, String, String)> = Vec::new();
    let (infos, errors) = found.split();
    // What cannot be read ends it before anything is compared.
    Error::collect(errors)?;
    for info in infos {
        let (mut live, mut new) =
            (info.object.as_ref().map_or(Value::Null, |object| object.to_value()), merged(context, flags, &info)?);
        if info.reference.kind == Kind::Secret && !flags.flag("show-secrets") {
            mask(&mut live, &mut new);
        }
        pairs.push((name_of(&info), text_of(&live), text_of(&new)));
    }
    crate::api::order::sort_by_key(&mut pairs, |pair| pair.0.clone());
    let time = context.cluster.now().timestamp().to_string();
    let time = format!("{} {}.000000000 +0000", &time[..10], &time[11..19]);
    let mut differs = false;
    for (name, live, new) in pairs {
        let text = unified(&live, &new);
        if text.is_empty() {
            continue;
        }
        differs = true;
        let (from, to) = (format!("/tmp/LIVE-{FOLDER}/{name}"), format!("/tmp/MERGED-{FOLDER}/{name}"));
        context.out.print(&format!("diff -u -N {from} {to}\n--- {from}\t{time}\n+++ {to}\t{time}"));
        context.out.write(&text);
    }
    Ok(differs)
}

fn text_of(value: &Value) -> String {
    if value.is_null() { String::new() } else { yaml::to_string(value) }
}

/// `apps.v1.StatefulSet.default.web`
fn name_of(info: &Info) -> String {
    let reference = &info.reference;
    let resource = reference.kind.resource();
    let group = if resource.group.is_empty() { String::new() } else { format!("{}.", resource.group) };
    format!("{group}{}.{}.{}.{}", resource.versions[0], resource.kind, reference.namespace, reference.name)
}

/// Hides the values of a Secret; two that differ still do.
// Models staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go Masker
fn mask(from: &mut Value, to: &mut Value) {
    let (old, new) = (from.field("data").as_object().cloned(), to.field("data").as_object().cloned());
    let empty = Map::new();
    let hide = |own: &Map<String, Value>, other: &Map<String, Value>, changed: &str| {
        let mut out = Map::new();
        for (key, value) in own {
            let differs = other.get(key).is_some_and(|other| other != value);
            out.insert(key.clone(), Value::from(if differs { changed } else { "***" }));
        }
        Value::Object(out)
    };
    for (value, own, other, changed) in [(from, &old, &new, "*** (before)"), (to, &new, &old, "*** (after)")] {
        if let (Some(own), Some(fields)) = (own, value.as_object_mut()) {
            fields.insert("data".to_owned(), hide(own, other.as_ref().unwrap_or(&empty), changed));
        }
    }
}
