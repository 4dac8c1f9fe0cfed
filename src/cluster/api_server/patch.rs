//! Patching an object.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Refusal;
use crate::api::decode::decode;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::schema::Schema;
use crate::api::status::{Reason, Status};
use crate::api::validate::FieldError;
use crate::api::warnings::warnings;
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

/// What a patch came to.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The object after it.
    pub object: Arc<Object>,
    /// Whether anything changed.
    pub changed: bool,
    /// Fields that no type has: the server drops them, and kubectl warns.
    pub unknown: Vec<String>,
    /// What the server says besides.
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
        self.request_patch(actor, reference, ty, body, false)
    }

    /// Patches an object. With `strict`, fields that no type has are refused.
    ///
    /// # Errors
    /// The API server's refusal.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go
    pub fn request_patch(
        &mut self,
        actor: Actor,
        reference: &ObjectRef,
        ty: PatchType,
        body: &Value,
        strict: bool,
    ) -> Result<Patched, Refusal> {
        let (kind, name) = (reference.kind, reference.name.as_str());
        let old = Arc::clone(self.store.find(reference).ok_or_else(|| Status::not_found(kind, name))?);
        let mut value = old.to_value();
        apply(&mut value, ty, body, kind)?;
        let mut unknown = Vec::new();
        if let Some(schema) = Schema::get().of_kind(kind) {
            let shown = || match ty {
                PatchType::Strategic => patch::go_print(&left_over(body)),
                _ => crate::api::json::to_string(&value),
            };
            let decoded = decode(schema, &value).map_err(|error| {
                let why = if ty == PatchType::Strategic { error.conversion } else { error.message.clone() };
                Refusal {
                    status: invalid_patch(shown(), why),
                    paths: [error.path].into(),
                    detail: error.message.into(),
                }
            })?;
            if strict && !decoded.unknown.is_empty() {
                let fields: Vec<String> = decoded.unknown.iter().map(|f| format!("unknown field {f:?}")).collect();
                let why = format!("strict decoding error: {}", fields.join(", "));
                let status = invalid_patch(shown(), why);
                return Err(Refusal { paths: decoded.unknown.into(), ..status.into() });
            }
            value = decoded.value;
            unknown = decoded.unknown;
        }
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        let mut object = Object::from_value(kind, value);
        if object.meta.name != old.meta.name || object.meta.namespace != old.meta.namespace {
            let sentence = "the name of the object (based on URL) and the name in the patch must be the same";
            return Err(Status::bad_request(sentence).into());
        }
        object.meta.uid.clone_from(&old.meta.uid);
        let new = self.update_object(actor, object)?;
        let changed = new.meta.resource_version != old.meta.resource_version;
        let spec_changed = new.spec != old.spec;
        let warnings = warnings(kind, &new.to_value(), &old.to_value(), spec_changed);
        Ok(Patched { object: new, changed, unknown, warnings })
    }
}

/// What is left of a strategic merge patch when it has been applied, as refusals show it: lists that were merged in a
/// given order are taken out.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergePatchIntoOriginal
fn left_over(patch: &Value) -> Value {
    let Value::Object(fields) = patch else { return patch.clone() };
    let ordered = |name: &str| fields.contains_key(&format!("$setElementOrder/{name}"));
    let left = fields.iter().filter(|(name, _)| !name.starts_with("$setElementOrder/") && !ordered(name));
    Value::Object(left.map(|(name, value)| (name.clone(), left_over(value))).collect())
}

fn apply(value: &mut Value, ty: PatchType, body: &Value, kind: crate::api::kind::Kind) -> Result<(), Refusal> {
    let current = value.as_object().cloned().unwrap_or_default();
    match ty {
        PatchType::Strategic => {
            let fields = as_fields(body, "")?.unwrap_or_default();
            let merged = patch::strategic_merge(current, fields, Schema::get().of_kind(kind))
                .map_err(|error| Refusal::from(request_is_invalid(error.0)))?;
            *value = Value::Object(merged);
        }
        PatchType::Merge => {
            let fields = as_fields(body, DECODING)?.ok_or_else(|| Status::bad_request("Invalid JSON Patch"))?;
            patch::json_merge(value, Value::Object(fields));
        }
        PatchType::Json => {
            const OPERATION: &str = "handlers.jsonPatchOp";
            let operations = match body {
                Value::Null => &[][..],
                Value::Array(operations) => operations,
                other => return Err(cannot_unmarshal(other, &format!("[]{OPERATION}"), DECODING)),
            };
            if let Some(other) = operations.iter().find(|operation| !operation.is_object()) {
                return Err(cannot_unmarshal(other, OPERATION, DECODING));
            }
            patch::json_patch(value, operations).map_err(|_| {
                let sentence = "the server rejected our request due to an error in our request";
                Refusal::from(request_is_invalid(sentence))
            })?;
        }
    }
    Ok(())
}

const DECODING: &str = "error decoding patch: ";

/// The fields of a patch that must be an object; nothing for `null`.
fn as_fields(body: &Value, doing: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    match body {
        Value::Object(fields) => Ok(Some(fields.clone())),
        Value::Null => Ok(None),
        other => Err(cannot_unmarshal(other, "map[string]interface {}", doing)),
    }
}

fn cannot_unmarshal(value: &Value, ty: &str, doing: &str) -> Refusal {
    let found = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) | Value::Null => "bool",
    };
    Status::bad_request(format!("{doing}json: cannot unmarshal {found} into Go value of type {ty}")).into()
}

/// The refusal that kubectl prints as `The request is invalid: …`.
fn request_is_invalid(message: impl Into<String>) -> Status {
    Status { reason: Reason::Invalid, message: message.into(), about: None, causes: Vec::new() }
}

/// The refusal of a patch whose result cannot be held by the object's type.
fn invalid_patch(shown: String, why: String) -> Status {
    let cause = FieldError::invalid("patch", &Value::from(shown), why);
    Status { causes: vec![cause.clone()], ..request_is_invalid(format!(" \"\" is invalid: {cause}")) }
}
