//! An object of the API.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::kind::Kind;
use super::meta::{ObjectMeta, ObjectRef};

/// An object: typed metadata, and the rest as decoded JSON.
///
/// Specification and status are shared between the versions of an object, so that a change of the one copies nothing
/// of the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// `metadata`.
    pub meta: ObjectMeta,
    /// `spec`; `null` for kinds that have none.
    pub spec: Arc<Value>,
    /// `status`; `null` for kinds that have none.
    pub status: Arc<Value>,
    /// Every other field at the top: `data`, `provisioner`, `endpoints`.
    pub rest: Arc<Map<String, Value>>,
}

impl Object {
    /// An object with nothing but a kind and metadata.
    pub fn new(kind: Kind, meta: ObjectMeta) -> Object {
        Object { kind, meta, spec: Arc::default(), status: Arc::default(), rest: Arc::default() }
    }

    /// Takes a decoded JSON object apart.
    pub fn from_value(kind: Kind, value: Value) -> Object {
        let mut fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.remove("apiVersion");
        fields.remove("kind");
        let meta = fields.remove("metadata").map(|meta| ObjectMeta::from_value(&meta)).unwrap_or_default();
        Object {
            kind,
            meta,
            spec: Arc::new(fields.remove("spec").unwrap_or_default()),
            status: Arc::new(fields.remove("status").unwrap_or_default()),
            rest: Arc::new(fields),
        }
    }

    /// The whole object as JSON, with `apiVersion` and `kind`.
    pub fn to_value(&self) -> Value {
        let mut out = self.body();
        out.insert("apiVersion".to_owned(), Value::from(self.kind.api_version()));
        out.insert("kind".to_owned(), Value::from(self.kind.name()));
        Value::Object(out)
    }

    /// The object as JSON without `apiVersion` and `kind`, as Go writes an object whose type is known.
    pub fn body(&self) -> Map<String, Value> {
        let mut out = Map::clone(&self.rest);
        out.insert("metadata".to_owned(), self.meta.to_value());
        for (name, part) in [("spec", &self.spec), ("status", &self.status)] {
            if !part.is_null() {
                out.insert(name.to_owned(), Value::clone(part));
            }
        }
        out
    }

    /// The object's kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(self.kind, self.meta.namespace.as_str(), self.meta.name.as_str())
    }

    /// The specification, to change.
    pub fn spec_mut(&mut self) -> &mut Map<String, Value> {
        super::fields::as_map(Arc::make_mut(&mut self.spec))
    }

    /// The status, to change.
    pub fn status_mut(&mut self) -> &mut Map<String, Value> {
        super::fields::as_map(Arc::make_mut(&mut self.status))
    }

    /// The other fields, to change.
    pub fn rest_mut(&mut self) -> &mut Map<String, Value> {
        Arc::make_mut(&mut self.rest)
    }
}
