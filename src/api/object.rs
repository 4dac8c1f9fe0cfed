//! An object of the API.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::fields::{as_map, map_in};
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
    pub rest: Rest,
}

impl Object {
    /// An object with nothing but a kind and metadata.
    pub fn new(kind: Kind, meta: ObjectMeta) -> Object {
        Object { kind, meta, spec: Arc::default(), status: Arc::default(), rest: Rest::default() }
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
        Object::of_fields(kind, meta, fields)
    }

    fn of_fields(kind: Kind, meta: ObjectMeta, mut fields: Map<String, Value>) -> Object {
        Object {
            kind,
            meta,
            spec: Arc::new(fields.remove("spec").unwrap_or_default()),
            status: Arc::new(fields.remove("status").unwrap_or_default()),
            rest: Rest::from(fields),
        }
    }

    /// The whole object as JSON, with `apiVersion` and `kind`.
    pub fn to_value(&self) -> Value {
        let mut out = self.body();
        out.insert("apiVersion".to_owned(), Value::from(self.kind.api_version()));
        out.insert("kind".to_owned(), Value::from(self.kind.name()));
        Value::Object(out)
    }

    /// The whole object as the server sends it, with who manages its fields.
    pub fn to_managed_value(&self) -> Value {
        let mut value = self.to_value();
        if let Some(managed) = self.meta.managed.to_value(self) {
            map_in(as_map(&mut value), "metadata").insert("managedFields".to_owned(), managed);
        }
        value
    }

    /// Takes everything but the metadata out, as JSON. What nobody else shares is not copied.
    pub fn take_fields(&mut self) -> Map<String, Value> {
        let mut out = std::mem::take(self.rest.make_mut());
        for (name, part) in [("spec", &mut self.spec), ("status", &mut self.status)] {
            if !part.is_null() {
                out.insert(name.to_owned(), Arc::unwrap_or_clone(std::mem::take(part)));
            }
        }
        out
    }

    /// Puts everything but the metadata back in.
    pub fn give_fields(&mut self, value: Value) {
        if let Value::Object(mut fields) = value {
            fields.remove("metadata");
            *self = Object::of_fields(self.kind, std::mem::take(&mut self.meta), fields);
        }
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
        self.rest.make_mut()
    }
}

/// The fields of an object besides its specification and status, which its versions share.
///
/// A controller that writes a long list again and again gives what makes the fields instead; they are made when somebody
/// first reads them, which of most versions nobody does.
#[derive(Clone)]
pub struct Rest(Arc<LazyLock<Map<String, Value>, Make>>);

type Make = Box<dyn FnOnce() -> Map<String, Value> + Send + Sync>;

impl Rest {
    /// Fields that are made when somebody first reads them.
    pub fn made_by(make: impl FnOnce() -> Map<String, Value> + Send + Sync + 'static) -> Rest {
        Rest(Arc::new(LazyLock::new(Box::new(make))))
    }

    /// Whether these are the same fields, not only equal ones.
    pub fn is_same(&self, other: &Rest) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The fields, to change.
    fn make_mut(&mut self) -> &mut Map<String, Value> {
        if Arc::get_mut(&mut self.0).is_none() {
            *self = Rest::from(Map::clone(self));
        }
        LazyLock::force_mut(Arc::get_mut(&mut self.0).expect("the fields have just been copied"))
    }
}

impl From<Map<String, Value>> for Rest {
    fn from(fields: Map<String, Value>) -> Rest {
        Rest::made_by(move || fields)
    }
}

impl Default for Rest {
    fn default() -> Rest {
        Rest::from(Map::new())
    }
}

impl Deref for Rest {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl PartialEq for Rest {
    fn eq(&self, other: &Rest) -> bool {
        self.is_same(other) || **self == **other
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::IntoOrdered;

    fn fields(text: &str) -> Map<String, Value> {
        [("text".to_owned(), Value::from(text))].into_iter().into_fields()
    }

    #[test]
    fn fields_that_are_made_late_are_as_if_they_had_been_there() {
        let late = Rest::made_by(|| fields("a"));
        let copy = late.clone();
        assert_eq!(late, Rest::from(fields("a")));
        let mut changed = copy.clone();
        changed.make_mut().insert("text".to_owned(), Value::from("b"));
        assert_eq!((copy, changed), (late, Rest::from(fields("b"))));
    }
}
