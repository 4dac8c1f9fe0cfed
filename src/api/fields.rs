//! Reading JSON values by field name, with the zero value where there is nothing, as Go reads a struct.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Reading a JSON object as a struct.
pub trait Fields {
    /// The field's value; `null` where it is absent or this is no object.
    fn field(&self, name: &str) -> &Value;

    /// The field's text; empty where it has none.
    fn text(&self, name: &str) -> &str {
        self.field(name).as_str().unwrap_or_default()
    }

    /// The field's whole number, where it has one.
    fn int(&self, name: &str) -> Option<i64> {
        self.field(name).as_i64()
    }

    /// The field's flag; false where it has none.
    fn flag(&self, name: &str) -> bool {
        self.field(name).as_bool().unwrap_or_default()
    }

    /// The field's items; none where it has no list.
    fn list(&self, name: &str) -> &[Value] {
        self.field(name).as_array().map_or(&[], Vec::as_slice)
    }

    /// The field's entries; none where it has no object.
    fn entries(&self, name: &str) -> &Map<String, Value> {
        static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        self.field(name).as_object().unwrap_or(&EMPTY)
    }

    /// Whether the field holds anything but `null`.
    fn has(&self, name: &str) -> bool {
        !self.field(name).is_null()
    }
}

impl Fields for Value {
    fn field(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.as_object().and_then(|fields| fields.get(name)).unwrap_or(&NULL)
    }
}

impl Fields for Map<String, Value> {
    fn field(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.get(name).unwrap_or(&NULL)
    }
}

/// The object's map, made an empty one first where the value is none.
pub fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("the value has just been made an object")
}

/// The map in a field, made where it is missing.
pub fn map_in<'a>(fields: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    as_map(fields.entry(name).or_insert(Value::Null))
}

/// The list in a field, made where it is missing.
pub fn list_in<'a>(fields: &'a mut Map<String, Value>, name: &str) -> &'a mut Vec<Value> {
    let slot = fields.entry(name).or_insert(Value::Null);
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut().expect("the value has just been made a list")
}

/// Sets a field where it has no value yet.
pub fn set_default(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let slot = fields.entry(name).or_insert(Value::Null);
    let unset = match slot {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    if unset {
        *slot = value.into();
    }
}
