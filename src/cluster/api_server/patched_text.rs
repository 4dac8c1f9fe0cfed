//! The text of a patched object that its type cannot hold, as the API server's refusal shows it.

use serde_json::Value;

use super::patch::PatchType;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::object::Object;
use crate::api::schema::{Schema, Ty};
use crate::api::{go_order, json};

/// The patched object as refusals show it: what the patch has gone into has its fields in order of their names, what it
/// has left alone in that of Go's structs.
// Models gopkg.in/evanphx/json-patch.v4/patch.go lazyNode.MarshalJSON
pub(super) fn shown(stored: &Object, ty: PatchType, body: &Value, patched: &Value) -> String {
    let mut patched = patched.clone();
    if let Some(managed) = stored.meta.managed.to_value(stored) {
        map_in(as_map(&mut patched), "metadata").entry("managedFields").or_insert(managed);
    }
    let mut opened = vec![Vec::new()];
    let mut given = Vec::new();
    match (ty, body) {
        (PatchType::Json, body) => {
            for operation in body.as_array().into_iter().flatten() {
                for name in ["path", "from"] {
                    let steps: Vec<String> = operation.text(name).split('/').skip(1).map(unescape).collect();
                    opened.extend((0..steps.len()).map(|end| steps[..end].to_vec()));
                    given.push(steps);
                }
            }
        }
        (_, body) => open_merged(body, &stored.to_value(), &mut Vec::new(), &mut opened, &mut given),
    }
    let ty = Schema::get().of_kind(stored.kind).map(|ty| Ty::Struct(ty.name));
    let mut out = String::new();
    write_opened(&patched, ty.as_ref(), &mut Vec::new(), &Opened { opened, given }, &mut out);
    out
}

/// A step of a JSON pointer.
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Where a patch has gone into an object, and what it brought.
struct Opened {
    opened: Vec<Vec<String>>,
    given: Vec<Vec<String>>,
}

/// Notes what a merge patch goes into, and what it brings.
fn open_merged(
    body: &Value,
    old: &Value,
    path: &mut Vec<String>,
    opened: &mut Vec<Vec<String>>,
    given: &mut Vec<Vec<String>>,
) {
    for (key, value) in body.as_object().into_iter().flatten() {
        path.push(key.clone());
        if value.is_object() && old.field(key).is_object() {
            opened.push(path.clone());
            open_merged(value, old.field(key), path, opened, given);
        } else {
            given.push(path.clone());
        }
        path.pop();
    }
}

fn write_opened(value: &Value, ty: Option<&Ty>, path: &mut Vec<String>, patch: &Opened, out: &mut String) {
    let of = |name: &str| match ty.map(Ty::pointee) {
        Some(Ty::Struct(struct_name)) => Schema::get().find(struct_name)?.field(name).map(|field| &field.ty),
        Some(Ty::List(inner) | Ty::Map(inner)) => Some(&**inner),
        _ => None,
    };
    match (value, ty) {
        (Value::Object(fields), _) if patch.opened.contains(path) => {
            out.push('{');
            for (i, (key, value)) in fields.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                json::write_string(key, out);
                out.push(':');
                path.push(key.clone());
                write_opened(value, of(key), path, patch, out);
                path.pop();
            }
            out.push('}');
        }
        (Value::Array(items), _) if patch.opened.contains(path) => {
            out.push('[');
            for (i, value) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                path.push(i.to_string());
                write_opened(value, of(""), path, patch, out);
                path.pop();
            }
            out.push(']');
        }
        (value, Some(ty)) if !patch.given.contains(path) => out.push_str(&go_order::to_string(ty, value)),
        (value, _) => json::write(value, out),
    }
}
