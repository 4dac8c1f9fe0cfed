//! Patches: strategic merge with the API's merge keys, JSON merge, JSON patch, and what `kubectl apply` sends.

mod diff;
mod json_patch;
mod strategic;

use serde_json::{Map, Value};

pub use diff::three_way_merge_patch;
pub use json_patch::json_patch;
pub use strategic::strategic_merge;

use super::order::sort_by_key;
use super::schema::{Schema, Ty, Type};
use super::status::Reason;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";
const SET_ELEMENT_ORDER: &str = "$setElementOrder";

/// Why a patch cannot be applied, in the words of `k8s.io/apimachinery`, and the reason that the API server answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError(pub String, pub Reason);

impl std::fmt::Display for PatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A refusal that the API server does not give a reason for.
fn error<T>(text: impl Into<String>) -> Result<T, PatchError> {
    Err(unknown(text))
}

fn unknown(text: impl Into<String>) -> PatchError {
    PatchError(text.into(), Reason::Unknown)
}

/// A directive that is not of its form.
// Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go interpretStrategicMergePatchError
fn malformed(text: &str) -> PatchError {
    PatchError(text.to_owned(), Reason::BadRequest)
}

/// What the table says of a field that a patch meets.
#[derive(Clone, Copy, Default)]
struct Meta {
    /// The struct below, where there is one.
    schema: Option<&'static Type>,
    /// Whether lists are merged, not replaced.
    merge: bool,
    /// The key that tells the items of a merged list apart; empty for scalars.
    merge_key: &'static str,
    retain_keys: bool,
    /// Whether a struct is replaced, not merged.
    replace: bool,
}

impl Meta {
    /// Looks a field up. Fields that the table lacks, and the entries of maps, are merged as plain JSON is.
    fn of(schema: Option<&'static Type>, name: &str) -> Meta {
        let Some(field) = schema.and_then(|ty| ty.field(name)) else {
            return Meta::default();
        };
        Meta {
            schema: struct_below(&field.ty),
            merge: field.merge.is_some(),
            merge_key: field.merge.unwrap_or_default(),
            retain_keys: field.retain_keys,
            replace: field.replace,
        }
    }

    /// Looks a list up.
    // Models k8s.io/apimachinery/pkg/util/strategicpatch/meta.go LookupPatchMetadataForSlice
    fn of_list(schema: Option<&'static Type>, name: &str) -> Result<Meta, PatchError> {
        let Some(ty) = schema else { return Ok(Meta::default()) };
        match ty.field(name).map(|field| &field.ty) {
            None => {
                let name = super::status::quote(name);
                let ty = ty.name.rsplit('.').next().unwrap_or(ty.name);
                error(format!("unable to find api field in struct {ty} for the json field {name}"))
            }
            Some(Ty::List(_) | Ty::Pointer(_) | Ty::Bytes) => Ok(Meta::of(schema, name)),
            Some(_) => error("expected slice or array type, but got: struct"),
        }
    }
}

fn struct_below(ty: &Ty) -> Option<&'static Type> {
    match ty {
        Ty::Pointer(inner) | Ty::List(inner) => struct_below(inner),
        Ty::Struct(name) => Schema::get().find(name),
        _ => None,
    }
}

/// Applies an RFC 7396 merge patch.
// Models gopkg.in/evanphx/json-patch.v4/merge.go merge
pub fn json_merge(target: &mut Value, mut patch: Value) {
    match (target, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    fields.remove(&key);
                } else {
                    json_merge(fields.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (target @ Value::Object(_), other) => *target = other,
        (target, other) => {
            patch = other;
            discard_nulls(&mut patch);
            *target = patch;
        }
    }
}

/// Takes the fields without a value out, at every depth.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go discardNullValuesFromPatch
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// A value as Go's `%v` prints it: `map[spec:map[replicas:x]]`.
pub fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => go_print_map(fields),
        other => super::json::to_string(other),
    }
}

fn go_print_map(fields: &Map<String, Value>) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}:{}", go_print(value))).collect();
    format!("map[{}]", fields.join(" "))
}

fn no_merge_key(item: &Map<String, Value>, key: &str) -> PatchError {
    unknown(format!("map: {} does not contain declared merge key: {key}", go_print_map(item)))
}

/// A patch whose `$patch` is none.
// Models k8s.io/apimachinery/pkg/util/mergepatch/errors.go ErrBadPatchType
fn unknown_directive(directive: &Value, patch: &Map<String, Value>) -> PatchError {
    // The directive is printed with `%s`, which says so where it is no string.
    let shown = match directive {
        Value::String(text) => text.clone(),
        Value::Null => go_type(directive).to_owned(),
        other => format!("%!s({}={})", go_type(other), go_print(other)),
    };
    unknown(format!("unknown patch type: {shown} in map: {}", go_print_map(patch)))
}

/// What Go's `reflect` calls a JSON value's type.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn as_object(value: &Value) -> Result<&Map<String, Value>, PatchError> {
    let wanted = go_type(&Value::Object(Map::new()));
    value.as_object().ok_or_else(|| unknown(format!("expected a {wanted}, but received a {}", go_type(value))))
}

fn as_array(value: &Value) -> Result<&Vec<Value>, PatchError> {
    let wanted = go_type(&Value::Array(Vec::new()));
    value.as_array().ok_or_else(|| unknown(format!("expected a {wanted}, but received a {}", go_type(value))))
}

/// Whether the items of the lists are objects. They must all be of one type, and no list holds lists.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go sliceElementType
fn items_are_maps(lists: [&[Value]; 2]) -> Result<bool, PatchError> {
    let mut first: Option<&Value> = None;
    for item in lists.iter().flat_map(|list| list.iter()) {
        match first {
            None if item.is_array() => {
                return Err(PatchError("lists of lists are not supported".to_owned(), Reason::Invalid));
            }
            None => first = Some(item),
            Some(first) if go_type(first) != go_type(item) => {
                let lists: Vec<String> = lists.iter().map(|list| go_print(&Value::Array(list.to_vec()))).collect();
                return error(format!("list element types are not identical: [{}]", lists.join(" ")));
            }
            Some(_) => {}
        }
    }
    first.map(Value::is_object).ok_or_else(|| unknown("no elements in any of the given slices"))
}

/// The index of the item that is equal to `wanted`, or has the same merge key.
fn index_of(list: &[Value], wanted: &Value, merge_key: &str) -> Option<usize> {
    let key = |item: &Value| match item {
        Value::Object(fields) => fields.get(merge_key).cloned().unwrap_or_default(),
        other => other.clone(),
    };
    let wanted = key(wanted);
    list.iter().position(|item| key(item) == wanted)
}

/// Sorts a list by another, which has all of its items.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go normalizeSliceOrder
fn normalize_slice_order(list: Vec<Value>, order: &[Value], merge_key: &str) -> Vec<Value> {
    let is_deletion = |item: &Value| item.get(DIRECTIVE).is_some_and(|directive| directive == "delete");
    let (deletions, mut kept): (Vec<Value>, Vec<Value>) = list.into_iter().partition(is_deletion);
    sort_by_key(&mut kept, |item| index_of(order, item, merge_key));
    kept.extend(deletions);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_json_merge_patch_replaces_lists_and_removes_nulls() {
        let mut target = json!({"a": [1, 2], "b": {"c": 1, "d": 2}});
        json_merge(&mut target, json!({"a": [3], "b": {"c": null}, "e": {"f": null, "g": 1}}));
        assert_eq!(target, json!({"a": [3], "b": {"d": 2}, "e": {"g": 1}}));
    }

    #[test]
    fn values_print_as_go_prints_them() {
        assert_eq!(
            go_print(&json!({"spec": {"replicas": "x", "a": [1, null]}})),
            "map[spec:map[a:[1 <nil>] replicas:x]]"
        );
    }
}
