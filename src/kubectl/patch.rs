//! `kubectl patch`
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeSet;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::printers::labels::selector_text;
use super::request::{DryRun, Say, change_flags, find, patch, told, value_of, visit, warn};
use super::resources::Info;
use super::scale::is_scalable;
use crate::api::decode;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::patch::{PatchError, json_merge, json_patch, strategic_merge};
use crate::api::schema::Schema;
use crate::api::status::{Reason, Status, quote};
use crate::cluster::actor::Actor;
use crate::cluster::{Cluster, FieldValidation, PatchOptions, PatchType};
use crate::manifest;

/// The command's flags.
pub const FLAGS: &str = concat!(
    change_flags!(),
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
    let patch = Patch { text: Text::read(&content, text)?, ty: patch_type };
    let (local, subresource) = (flags.flag("local"), flags.text("subresource"));
    if local && say.dry_run == DryRun::Server {
        let sentence = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";
        return Err(sentence.into());
    }
    let found = find(context, flags, &|query| query.latest = false)?;
    if found.items.is_empty() {
        return Err("no objects passed to patch".into());
    }
    visit(context, found, &mut |context, info| {
        let (patched, changed) = if local || say.dry_run == DryRun::Client {
            let old = value_of(&info);
            let patched = patch.apply(&info, &old)?;
            let changed = patched != old;
            (patched, changed)
        } else if matches!(subresource, "" | "status") {
            patch.send(context, &info, say.dry_run, subresource == "status")?
        } else {
            patch.scale(context, &info, say.dry_run, subresource)?
        };
        let operation = if changed { "patched" } else { "patched (no change)" };
        // The printer of this command does not say that it is a dry run.
        let dry_run = std::mem::replace(&mut say.dry_run, DryRun::None);
        let done = say.done(context, &patched, operation);
        say.dry_run = dry_run;
        done
    })
}

/// A patch as a line gives it.
struct Patch {
    text: Text,
    ty: PatchType,
}

/// What a patch says.
struct Text {
    /// Its value; `None` where it is JSON that the server cannot read.
    body: Option<Value>,
    /// The fields that it has twice.
    duplicates: Vec<String>,
}

impl Text {
    /// Reads a patch in JSON or YAML.
    ///
    /// # Errors
    /// kubectl's sentence where it is no YAML.
    fn read(content: &str, shown: &str) -> Result<Text, Error> {
        // What begins like JSON is sent as it is.
        // Models k8s.io/apimachinery/pkg/util/yaml/decoder.go ToJSON
        if content.trim_start().starts_with('{') {
            return Ok(Text { body: serde_json::from_str(content).ok(), duplicates: duplicates(content) });
        }
        let read = manifest::read(content);
        if let Some(error) = read.error {
            let why = error.message.strip_prefix("error converting YAML to JSON: ").unwrap_or(&error.message);
            return Err(format!("unable to parse {}: {why}", quote(shown)).into());
        }
        let body = read.documents.into_iter().next().map(|document| document.value).unwrap_or_default();
        Ok(Text { body: Some(body), duplicates: Vec::new() })
    }
}

impl Patch {
    fn body(&self) -> Result<&Value, Error> {
        self.text.body.as_ref().ok_or_else(|| Status::bad_request("invalid JSON patch").into())
    }

    /// Has the server apply the patch.
    fn send(
        &self,
        context: &mut Context<'_>,
        info: &Info,
        dry_run: DryRun,
        status: bool,
    ) -> Result<(Value, bool), Error> {
        if status && !has_status(info.reference.kind) {
            return Err(no_such_resource());
        }
        let body = self.body()?;
        let options =
            PatchOptions { ty: self.ty, validation: FieldValidation::Warn, duplicates: &self.text.duplicates, status };
        let request = |cluster: &mut Cluster| cluster.request_patch(Actor::User, &info.reference, body, &options);
        let patched = dry_run.send(context.cluster, request);
        let patched = told(context, patched)?;
        warn(context, &patched.warnings);
        Ok((patched.object.to_value(), patched.changed))
    }

    /// Has the server apply the patch to an object's scale.
    // Models pkg/registry/apps/statefulset/storage/storage.go ScaleREST.Update
    fn scale(
        &self,
        context: &mut Context<'_>,
        info: &Info,
        dry_run: DryRun,
        subresource: &str,
    ) -> Result<(Value, bool), Error> {
        if subresource != "scale" || !is_scalable(info.reference.kind) {
            return Err(no_such_resource());
        }
        let old = scale_of(&value_of(info));
        let mut new = self.apply(info, &old)?;
        let spec = map_in(as_map(&mut new), "spec");
        let unknown: Vec<String> = spec.keys().filter(|name| *name != "replicas").cloned().collect();
        for name in unknown {
            spec.remove(&name);
            warn(context, &[format!("unknown field \"spec.{name}\"")]);
        }
        let replicas = new.field("spec").int("replicas").unwrap_or_default();
        if replicas < 0 {
            let (name, sentence) = (quote(&info.reference.name), "must be greater than or equal to 0");
            let head = format!("The Scale {name} is invalid: spec.replicas: Invalid value: {replicas}");
            return Err(Error::Text(format!("{head}: {sentence}\n")));
        }
        if replicas != old.field("spec").int("replicas").unwrap_or_default() {
            let body = json!({"spec": {"replicas": replicas}});
            patch(context, &info.reference, PatchType::Merge, &body, dry_run)?;
        }
        let changed = new != old;
        Ok((new, changed))
    }

    /// Applies the patch without the server.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go getPatchedJSON
    fn apply(&self, info: &Info, old: &Value) -> Result<Value, Error> {
        let plain = |error: PatchError| Error::Plain(error.0);
        let mut value = old.clone();
        let kind = |value: &Value| decode::json_kind(value);
        let Some(body) = &self.text.body else { return Err("invalid JSON patch".into()) };
        match (self.ty, body) {
            (PatchType::Strategic, Value::Object(body)) => {
                let (fields, schema) = (as_map(&mut value), Schema::get().of_kind(info.reference.kind));
                let merged = strategic_merge(std::mem::take(fields), &mut body.clone(), schema).map_err(plain)?;
                value = Value::Object(merged);
            }
            (PatchType::Strategic, _) => return Err("invalid JSON document".into()),
            (PatchType::Merge, Value::Object(_)) => json_merge(&mut value, body.clone()),
            (PatchType::Merge, Value::Array(_)) => {
                return Err("json: cannot unmarshal array into Go value of type unstructured.detector".into());
            }
            (PatchType::Merge, _) => return Err("Invalid JSON Patch".into()),
            (PatchType::Json, Value::Null) => {}
            (PatchType::Json, Value::Array(operations)) => {
                if let Some(other) = operations.iter().find(|operation| !operation.is_object()) {
                    let kind = kind(other);
                    let ty = "jsonpatch.Operation";
                    return Err(format!("json: cannot unmarshal {kind} into Go value of type {ty}").into());
                }
                json_patch(&mut value, operations).map_err(|error| missing_field(error.0))?;
            }
            (PatchType::Json, other) => {
                let kind = kind(other);
                return Err(format!("json: cannot unmarshal {kind} into Go value of type jsonpatch.Patch").into());
            }
        }
        Ok(value)
    }
}

/// Whether a kind's status can be changed by itself.
fn has_status(kind: Kind) -> bool {
    let without = [
        Kind::ConfigMap,
        Kind::Secret,
        Kind::ServiceAccount,
        Kind::StorageClass,
        Kind::Endpoints,
        Kind::EndpointSlice,
        Kind::Event,
        Kind::ControllerRevision,
    ];
    !without.contains(&kind)
}

/// A sentence about a patch of its own, where a field is missing.
fn missing_field(sentence: String) -> Error {
    match sentence.split_once("doc is missing key: ") {
        Some((_, key)) => format!("Object to be patched is missing field ({key})").into(),
        None => sentence.into(),
    }
}

/// What the server answers where an object has no such subresource.
pub(super) fn no_such_resource() -> Error {
    let message = "the server could not find the requested resource".to_owned();
    Status { reason: Reason::NotFound, message, about: None, causes: Vec::new() }.into()
}

/// An object's scale.
// Models pkg/registry/apps/statefulset/storage/storage.go scaleFromStatefulSet
pub(super) fn scale_of(object: &Value) -> Value {
    let mut metadata = Map::new();
    for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata.insert(name.to_owned(), object.field("metadata").field(name).clone());
    }
    let count = |part: &str| object.field(part).int("replicas").unwrap_or_default();
    let selector = selector_text(object.field("spec").field("selector"));
    let spec = if count("spec") == 0 { json!({}) } else { json!({"replicas": count("spec")}) };
    json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec,
        "status": {"replicas": count("status"), "selector": selector},
    })
}

/// The fields that a JSON text has twice, each once: `spec.replicas`.
// Models sigs.k8s.io/json/internal/golang/encoding/json/decode.go saveStrictError
fn duplicates(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // What is no JSON is refused by the server.
    let _ = Keys { path: String::new(), found: &mut found }.deserialize(&mut deserializer);
    found
}

/// Notes the keys that come twice, below a path.
struct Keys<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut at = 0;
        while items.next_element_seed(Keys { path: format!("{}[{at}]", self.path), found: self.found })?.is_some() {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            let dot = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{key}", self.path);
            if !seen.insert(key) && !self.found.contains(&path) {
                self.found.push(path.clone());
            }
            fields.next_value_seed(Keys { path, found: self.found })?;
        }
        Ok(())
    }
}
