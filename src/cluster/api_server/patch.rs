//! Patching an object.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FieldValidation, Refusal};
use crate::api::decode::{Decoded, convert, decode, json_kind};
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::schema::Schema;
use crate::api::status::{Reason, Status, quote};
use crate::api::validate::FieldError;
use crate::api::warnings::warnings as api_warnings;
use crate::api::{defaults, patch};
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;

/// The three forms of a patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchType {
    /// In the shape of the object, lists merged by the API's keys.
    #[default]
    Strategic,
    /// In the shape of the object, lists replaced.
    Merge,
    /// A list of operations.
    Json,
}

/// How an object is patched.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatchOptions<'a> {
    /// The form of the patch.
    pub ty: PatchType,
    /// What becomes of fields that no type has.
    pub validation: FieldValidation,
    /// The fields that the patch's text has twice.
    pub duplicates: &'a [String],
    /// Whether only the status is meant.
    pub status: bool,
}

/// What a patch came to.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The object after it.
    pub object: Arc<Object>,
    /// Whether anything changed.
    pub changed: bool,
    /// What the server says besides; first about fields that no type has, which it drops.
    pub warnings: Vec<String>,
}

impl Cluster {
    /// Patches an object. Fields that no type has are dropped, and told of in a warning.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn patch(
        &mut self,
        actor: Actor,
        reference: &ObjectRef,
        ty: PatchType,
        body: &Value,
    ) -> Result<Patched, Refusal> {
        let options = PatchOptions { ty, validation: FieldValidation::Warn, ..PatchOptions::default() };
        self.request_patch(actor, reference, body, &options)
    }

    /// Patches an object.
    ///
    /// # Errors
    /// The API server's refusal.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go patcher.applyPatch
    pub fn request_patch(
        &mut self,
        actor: Actor,
        reference: &ObjectRef,
        body: &Value,
        options: &PatchOptions<'_>,
    ) -> Result<Patched, Refusal> {
        let (kind, name) = (reference.kind, reference.name.as_str());
        let old = Arc::clone(self.store.find(reference).ok_or_else(|| Status::not_found(kind, name))?);
        let patch = Patch { kind, old: old.to_value(), stored: &old, body, options };
        let Decoded { mut value, unknown, empty } = match options.ty {
            PatchType::Strategic => patch.strategic()?,
            PatchType::Merge | PatchType::Json => patch.json()?,
        };
        // What is unknown is told even where the result is refused for another reason.
        let mut warnings = unknown;
        let refuse = |status: Status, warnings: &[String]| Refusal::after(status.showing_empty(&empty), warnings);
        // A strategic merge patch never was text, and has its defaults set as if it had been.
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        check_identity(reference, &mut value).map_err(|status| refuse(status, &warnings))?;
        let mut object = Object::from_value(kind, value);
        warnings.extend(super::deduplicate_owners(&mut object, super::AFTER_ADMISSION));
        if object.meta.uid.is_empty() {
            object.meta.uid.clone_from(&old.meta.uid);
        }
        let updated = if options.status {
            self.update_status_of(actor, object, &old)
        } else {
            self.update_patched(actor, object)
        };
        let new = updated.map_err(|status| refuse(status, &warnings))?;
        let changed = new.meta.resource_version != old.meta.resource_version;
        if !options.status {
            warnings.extend(api_warnings(kind, &new.to_value(), &old.to_value(), new.spec != old.spec));
        }
        Ok(Patched { object: new, changed, warnings })
    }
}

/// Checks that a patched object still is the one that was asked for.
// Models k8s.io/apiserver/pkg/registry/rest/meta.go EnsureObjectNamespaceMatchesRequestNamespace
// Models k8s.io/apiserver/pkg/endpoints/handlers/rest.go checkName
fn check_identity(reference: &ObjectRef, value: &mut Value) -> Result<(), Status> {
    let (name, namespace) = (&reference.name, &reference.namespace);
    let meta = map_in(as_map(value), "metadata");
    match meta.text("namespace") {
        "" if namespace.is_empty() => {}
        given if given == namespace => {}
        given if !given.is_empty() && !namespace.is_empty() => {
            let sentence = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(sentence));
        }
        _ => drop(meta.insert("namespace".to_owned(), Value::from(namespace.as_str()))),
    }
    match meta.text("name") {
        "" => Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        given if given != name => Err(Status::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        ))),
        _ => super::check_version(meta.text("resourceVersion")),
    }
}

/// A patch, and what it is applied to.
struct Patch<'a> {
    kind: Kind,
    old: Value,
    stored: &'a Object,
    body: &'a Value,
    options: &'a PatchOptions<'a>,
}

impl Patch<'_> {
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go strategicPatchObject
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go applyPatchToObject
    fn strategic(self) -> Result<Decoded, Refusal> {
        let Value::Object(old) = &self.old else { return Err(Status::bad_request("").into()) };
        let mut fields = as_fields(self.body, "")?.unwrap_or_default();
        let schema = Schema::get().of_kind(self.kind);
        let patched = patch::strategic_merge(old.clone(), &mut fields, schema);
        let patched = Value::Object(patched.map_err(refusal_of)?);
        // Refusals show what is left of the patch when it has been applied.
        let shown = || patch::go_print(&Value::Object(fields.clone()));
        let Some(schema) = schema else { return Ok(Decoded { value: patched, ..Decoded::default() }) };
        let decoded = convert(schema, &patched)
            .map_err(|error| invalid_patch(shown(), error.conversion).about(vec![error.path], error.message))?;
        self.check_fields(decoded, Vec::new(), &shown)
    }

    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go jsonPatcher.applyPatchToCurrentObject
    fn json(mut self) -> Result<Decoded, Refusal> {
        let mut patched = std::mem::take(&mut self.old);
        let unknown = self.apply_json(&mut patched)?;
        let shown = || super::patched_text::shown(self.stored, self.options.ty, self.body, &patched);
        let (version, given) = (patched.text("apiVersion"), patched.text("kind"));
        let is_other = |text: &str, own: &str| !text.is_empty() && text != own;
        if is_other(version, &self.kind.api_version()) || is_other(given, self.kind.name()) {
            return Err(invalid_patch(shown(), super::not_registered(given, version)));
        }
        let Some(schema) = Schema::get().of_kind(self.kind) else {
            return Ok(Decoded { value: patched, ..Decoded::default() });
        };
        let decoded = decode(schema, &patched)
            .map_err(|error| invalid_patch(shown(), error.message.clone()).about(vec![error.path], error.message))?;
        self.check_fields(decoded, unknown, &shown)
    }

    /// Applies a JSON patch or a JSON merge patch, and gives what is wrong with the fields of its operations.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go jsonPatcher.applyJSPatch
    fn apply_json(&self, value: &mut Value) -> Result<Vec<String>, Refusal> {
        if self.options.ty == PatchType::Merge {
            let fields = as_fields(self.body, DECODING)?.ok_or_else(|| Status::bad_request("Invalid JSON Patch"))?;
            patch::json_merge(value, Value::Object(fields));
            return Ok(Vec::new());
        }
        let operations = match self.body {
            Value::Null => &[][..],
            Value::Array(operations) => operations,
            other => return Err(cannot_unmarshal(other, &format!("value of type []{OPERATION}"))),
        };
        let mut unknown = Vec::new();
        for (i, operation) in operations.iter().enumerate() {
            match operation {
                Value::Object(fields) => unknown.extend(check_operation(i, fields)?),
                Value::Null => {}
                other => return Err(cannot_unmarshal(other, &format!("value of type {OPERATION}"))),
            }
        }
        patch::json_patch(value, operations).map_err(refusal_of)?;
        Ok(unknown)
    }

    /// Refuses unknown fields, or makes warnings of them.
    fn check_fields(
        &self,
        decoded: Decoded,
        operations: Vec<String>,
        shown: &dyn Fn() -> String,
    ) -> Result<Decoded, Refusal> {
        let Decoded { value, unknown: paths, empty } = decoded;
        let mut unknown = operations;
        unknown.extend(self.options.duplicates.iter().map(|path| format!("duplicate field {}", quote(path))));
        unknown.extend(paths.iter().map(|path| match self.options.ty {
            PatchType::Strategic => format!("unknown field \"{path}\""),
            _ => format!("unknown field {}", quote(path)),
        }));
        match self.options.validation {
            FieldValidation::Ignore => unknown.clear(),
            FieldValidation::Strict if !unknown.is_empty() => {
                let why = format!("strict decoding error: {}", unknown.join(", "));
                return Err(invalid_patch(shown(), why).about(paths, String::new()));
            }
            FieldValidation::Strict | FieldValidation::Warn => {}
        }
        Ok(Decoded { value, unknown, empty })
    }
}

/// Checks the types of an operation's fields; gives those that no operation has.
fn check_operation(at: usize, fields: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let mut unknown = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("value", _) | ("from" | "op" | "path", Value::Null | Value::String(_)) => {}
            ("from" | "op" | "path", other) => {
                return Err(cannot_unmarshal(other, &format!("struct field jsonPatchOp.{name} of type string")));
            }
            _ => unknown.push(format!("json patch unknown field \"[{at}].{name}\"")),
        }
    }
    Ok(unknown)
}

const OPERATION: &str = "handlers.jsonPatchOp";
const DECODING: &str = "error decoding patch: ";

/// The fields of a patch that must be an object; nothing for `null`.
fn as_fields(body: &Value, doing: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    match body {
        Value::Object(fields) => Ok(Some(fields.clone())),
        Value::Null => Ok(None),
        other => {
            let kind = json_kind(other);
            let why = format!("{doing}json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
            Err(Status::bad_request(why).into())
        }
    }
}

fn cannot_unmarshal(value: &Value, target: &str) -> Refusal {
    Status::bad_request(format!("{DECODING}json: cannot unmarshal {} into Go {target}", json_kind(value))).into()
}

/// The answer to a patch that cannot be applied. What the client has to answer for is told without its reason.
// Models k8s.io/apimachinery/pkg/api/errors/errors.go NewGenericServerResponse
fn refusal_of(error: patch::PatchError) -> Refusal {
    let patch::PatchError(message, reason) = error;
    match reason {
        Reason::Invalid => request_is_invalid("the server rejected our request due to an error in our request"),
        reason => Status { reason, message, about: None, causes: Vec::new() },
    }
    .into()
}

/// The refusal that kubectl prints as `The request is invalid: …`.
fn request_is_invalid(message: impl Into<String>) -> Status {
    Status { reason: Reason::Invalid, message: message.into(), about: None, causes: Vec::new() }
}

/// The refusal of a patch whose result cannot be held by the object's type.
fn invalid_patch(shown: String, why: String) -> Refusal {
    let cause = FieldError::invalid("patch", &Value::from(shown), why);
    Status { causes: vec![cause.clone()], ..request_is_invalid(format!(" \"\" is invalid: {cause}")) }.into()
}
