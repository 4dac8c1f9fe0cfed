//! Sets of fields, and how objects are compared and merged field by field, with list items told apart by their keys.
//!
//! Follows `typed` of `sigs.k8s.io/structured-merge-diff/v6`, Apache-2.0, over the schema table.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::api::fields::Fields;
use crate::api::json;
use crate::api::schema::{Field, Schema, Ty, Type};

/// Fields by their paths: [`SEPARATOR`] stands before each step, which is written as in `fieldsV1`.
pub type FieldSet = BTreeSet<String>;

/// What stands before each step of a path.
pub const SEPARATOR: char = '\u{1}';

/// The steps of a path.
pub fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(SEPARATOR).skip(1)
}

/// Structs that have one owner as a whole.
// Read off the OpenAPI document: `x-kubernetes-map-type: atomic`.
const ATOMIC: [&str; 18] = [
    "ConfigMapKeySelector",
    "EndpointAddress",
    "EndpointPort",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "ScopeSelector",
    "SecretKeySelector",
    "SecretReference",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
    "discovery.EndpointPort",
];

/// Maps that have one owner as a whole: `struct.field`.
const ATOMIC_MAPS: [(&str, &str); 3] = [
    ("PersistentVolumeClaimStatus", "allocatedResourceStatuses"),
    ("PodSpec", "nodeSelector"),
    ("ServiceSpec", "selector"),
];

/// How a value is divided among owners.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Not at all.
    Leaf,
    /// By its fields.
    Struct(&'static Type),
    /// By its keys.
    Map(&'static Ty),
    /// By its items, which these fields tell apart; an empty name says that the items themselves do.
    List(&'static Ty, &'static [&'static str]),
}

impl Shape {
    fn of(ty: &'static Ty, place: Option<(&Type, &'static Field)>) -> Shape {
        match (ty.pointee(), place) {
            (Ty::Struct(name), _) if !ATOMIC.contains(name) => Shape::Struct(Schema::get().struct_named(name)),
            (Ty::Map(inner), Some((owner, field))) if !ATOMIC_MAPS.contains(&(owner.name, field.name)) => {
                Shape::Map(inner)
            }
            (Ty::List(inner), Some((_, field))) if !field.map_keys.is_empty() => Shape::List(inner, &field.map_keys),
            _ => Shape::Leaf,
        }
    }

    fn field(self, name: &str) -> Shape {
        match self {
            Shape::Struct(ty) => ty.field(name).map_or(Shape::Leaf, |field| Shape::of(&field.ty, Some((ty, field)))),
            Shape::Map(inner) | Shape::List(inner, _) => Shape::of(inner, None),
            Shape::Leaf => Shape::Leaf,
        }
    }
}

/// A part of one or two values.
struct Child<'a> {
    step: String,
    shape: Shape,
    left: Option<&'a Value>,
    right: Option<&'a Value>,
}

impl Child<'_> {
    fn path(&self, parent: &str) -> String {
        format!("{parent}{SEPARATOR}{}", self.step)
    }
}

/// The parts of two values of a shape: those of the left one, then those that only the right one has.
fn children<'a>(shape: Shape, left: Option<&'a Value>, right: Option<&'a Value>) -> Vec<Child<'a>> {
    let mut out: Vec<Child<'a>> = Vec::new();
    for (is_left, side) in [(true, left), (false, right)] {
        let parts: Vec<(String, Shape, &Value)> = match (shape, side) {
            (Shape::Struct(_) | Shape::Map(_), Some(Value::Object(fields))) => {
                fields.iter().map(|(name, value)| (format!("f:{name}"), shape.field(name), value)).collect()
            }
            (Shape::List(inner, keys), Some(Value::Array(items))) => {
                items.iter().map(|item| (step_of(item, inner, keys), shape.field(""), item)).collect()
            }
            _ => Vec::new(),
        };
        for (step, shape, value) in parts {
            match out.iter_mut().find(|child| child.step == step) {
                Some(child) if !is_left && child.right.is_none() => child.right = Some(value),
                Some(_) => {}
                None if is_left => out.push(Child { step, shape, left: Some(value), right: None }),
                None => out.push(Child { step, shape, left: None, right: Some(value) }),
            }
        }
    }
    out
}

/// The step to an item of a list.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/helpers.go listItemToPathElement
fn step_of(item: &Value, ty: &'static Ty, keys: &[&str]) -> String {
    if keys == [""] {
        return format!("v:{}", json::to_string(item));
    }
    let mut key = Map::new();
    for name in keys {
        let field = if let Ty::Struct(of) = ty { Schema::get().struct_named(of).field(name) } else { None };
        let default = match (*name, field) {
            ("protocol", _) => Value::from("TCP"),
            (_, Some(Field { ty: Ty::Int(..), always: true, .. })) => Value::from(0),
            (_, Some(Field { ty: Ty::String(_), always: true, .. })) => Value::from(""),
            _ => Value::Null,
        };
        let value = Some(item.field(name)).filter(|value| !value.is_null()).cloned().unwrap_or(default);
        if !value.is_null() {
            key.insert((*name).to_owned(), value);
        }
    }
    format!("k:{}", json::to_string(&Value::Object(key)))
}

/// A path as messages write it: `.spec.ports[port=80,protocol="TCP"].name`.
// Models sigs.k8s.io/structured-merge-diff/v6/fieldpath/element.go PathElement.String
pub fn written(path: &str) -> String {
    let mut out = String::new();
    for step in steps(path) {
        match step.split_once(':').unwrap_or_default() {
            ("f", name) => out.push_str(&format!(".{name}")),
            ("k", key) => {
                let key: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
                let pairs: Vec<String> =
                    key.iter().map(|(name, value)| format!("{name}={}", json::to_string(value))).collect();
                out.push_str(&format!("[{}]", pairs.join(",")));
            }
            (_, value) => out.push_str(&format!("[={value}]")),
        }
    }
    out
}

/// By what paths are sorted where upstream walks through a set: what is in the set itself stands before what is below.
// Models sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go Set.Iterate
pub fn walking_order(path: &str) -> String {
    let steps: Vec<&str> = steps(path).collect();
    let last = steps.len().saturating_sub(1);
    steps.iter().enumerate().map(|(at, step)| format!("{}{step}{SEPARATOR}", i32::from(at < last))).collect()
}

/// Whether a value holds nothing: absent, `null`, or without parts.
fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    })
}

/// The fields that a value sets.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go toFieldSet
pub fn set_of(shape: Shape, value: &Value, path: &str, out: &mut FieldSet) {
    if let Shape::Leaf = shape {
        out.insert(path.to_owned());
        return;
    }
    for child in children(shape, Some(value), None) {
        let Some(value) = child.left else { continue };
        let path = child.path(path);
        set_of(child.shape, value, &path, out);
        let undeclared = !matches!(shape, Shape::Struct(_));
        if undeclared || value.is_null() || value.as_object().is_some_and(Map::is_empty) {
            out.insert(path);
        }
    }
}

/// What differs between two objects.
#[derive(Default)]
pub struct Comparison {
    /// Fields that only the first has.
    pub removed: FieldSet,
    /// Fields that differ, and those that only the second has.
    pub changed: FieldSet,
}

impl Comparison {
    /// Compares two values.
    // Models sigs.k8s.io/structured-merge-diff/v6/typed/compare.go compareWalker.compare
    pub fn add(&mut self, shape: Shape, left: Option<&Value>, right: Option<&Value>, path: &str) {
        let alone = match (left, right) {
            (None, _) => Some(&mut self.changed),
            (_, None) => Some(&mut self.removed),
            _ => None,
        };
        let is_leaf = matches!(shape, Shape::Leaf) || (is_empty(left) && is_empty(right));
        match alone {
            Some(set) => drop(set.insert(path.to_owned())),
            None if is_leaf && left != right => drop(self.changed.insert(path.to_owned())),
            None => {}
        }
        if !is_leaf && left != right {
            for child in children(shape, left, right) {
                self.add(child.shape, child.left, child.right, &child.path(path));
            }
        }
    }
}

/// What becomes of a value when another is applied to it.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/merge.go mergingWalker.merge
pub fn merge(shape: Shape, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    let (Some(left), Some(right)) = (live, applied) else {
        return applied.or(live).cloned();
    };
    if matches!(shape, Shape::Leaf) || (is_empty(live) && is_empty(applied)) {
        return Some(right.clone());
    }
    if let Shape::List(inner, keys) = shape {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let items = merge_lists(shape, &items(left), &items(right), &|item| step_of(item, inner, keys));
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    let mut out = Map::new();
    for child in children(shape, live, applied) {
        if let Some(value) = merge(child.shape, child.left, child.right) {
            out.insert(child.step[2..].to_owned(), value);
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// The items of both lists: in the order of the applied one where it says one, and otherwise of the one that was there.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/merge.go mergingWalker.visitListItems
fn merge_lists(shape: Shape, live: &[Value], applied: &[Value], step: &dyn Fn(&Value) -> String) -> Vec<Value> {
    let steps = |items: &[Value]| items.iter().map(step).collect::<Vec<String>>();
    let (lefts, rights) = (steps(live), steps(applied));
    let mut shared = rights.iter().filter(|step| lefts.contains(step));
    let mut next = shared.next();
    let (mut out, mut merged) = (Vec::new(), Vec::new());
    let (mut l, mut r) = (0, 0);
    while l < lefts.len() || r < rights.len() {
        if let (Some(left), Some(right)) = (lefts.get(l), rights.get(r)) {
            if left == right {
                merged.push(left);
                out.extend(merge(shape.field(""), Some(&live[l]), Some(&applied[r])));
                (l, r) = (l + 1, r + 1);
                next = shared.next();
                continue;
            }
            if rights.contains(left) && next.is_some_and(|next| next != left) {
                l += 1;
                continue;
            }
        }
        if let Some(left) = lefts.get(l) {
            if !rights.contains(left) {
                out.push(live[l].clone());
                l += 1;
                continue;
            } else if merged.contains(&left) {
                l += 1;
            }
        }
        if let Some(right) = rights.get(r) {
            merged.push(right);
            let left = lefts.iter().position(|left| left == right).map(|at| &live[at]);
            out.extend(merge(shape.field(""), left, Some(&applied[r])));
            r += 1;
            if next == Some(right) {
                next = shared.next();
            }
        }
    }
    out
}

/// A value without these fields; nothing where nothing is left.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/remove.go removeItemsWithSchema
pub fn without(shape: Shape, value: &Value, path: &str, fields: &FieldSet) -> Option<Value> {
    let has_below = |path: &str| {
        let below = format!("{path}{SEPARATOR}");
        fields.range(below.clone()..).next().is_some_and(|found| found.starts_with(&below))
    };
    let mut left = Vec::new();
    for child in children(shape, Some(value), None) {
        let (path, Some(part)) = (child.path(path), child.left) else { continue };
        if fields.contains(&path) {
            continue;
        }
        let part = if has_below(&path) { without(child.shape, part, &path, fields) } else { Some(part.clone()) };
        left.push((child.step, part.unwrap_or_default()));
    }
    match shape {
        Shape::Leaf => Some(value.clone()),
        _ if left.is_empty() => None,
        Shape::List(..) => Some(Value::Array(left.into_iter().map(|(_, part)| part).collect())),
        Shape::Struct(_) | Shape::Map(_) => {
            let mut out = Map::new();
            for (step, part) in left {
                out.insert(step[2..].to_owned(), part);
            }
            Some(Value::Object(out))
        }
    }
}

/// The set with every field on the way to one of its own.
// Models sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go Set.EnsureNamedFieldsAreMembers
pub fn with_parents(set: &FieldSet) -> FieldSet {
    let mut out = set.clone();
    for path in set {
        for (at, _) in path.match_indices(SEPARATOR).skip(1) {
            let parent = &path[..at];
            if parent.rsplit(SEPARATOR).next().is_some_and(|step| step.starts_with("f:")) {
                out.insert(parent.to_owned());
            }
        }
    }
    out
}

/// What keeps a value from being applied, each with its path.
// Models sigs.k8s.io/structured-merge-diff/v6/typed/validate.go validatingObjectWalker.validate
pub fn check(
    ty: &'static Ty,
    place: Option<(&Type, &'static Field)>,
    value: &Value,
    path: &str,
    out: &mut Vec<String>,
) {
    let got = || match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Number(number) if number.is_f64() => "float64",
        _ => "int64",
    };
    let shown = || json::to_string(value);
    let wrong = match (ty.pointee(), value) {
        (_, Value::Null) => None,
        (Ty::Int(..) | Ty::Float(_), value) if !value.is_number() => {
            Some(format!("expected numeric (int or float), got {}", got()))
        }
        (Ty::String(_) | Ty::Bytes, value) if !value.is_string() => {
            Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", shown()))
        }
        (Ty::Bool(_), value) if !value.is_boolean() => Some(format!("expected boolean, got &{{{}}}", shown())),
        (Ty::List(_), value) if !value.is_array() => Some(format!("expected list, got &{{{}}}", shown())),
        (Ty::Map(_) | Ty::Struct(_), value) if !value.is_object() => {
            Some(format!("expected map, got &{{{}}}", shown()))
        }
        (Ty::Quantity | Ty::IntOrString | Ty::Time, Value::Array(_) | Value::Object(_)) => {
            Some(format!("expected any scalar, got &{{{}}}", shown()))
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        out.push(format!("{}: {wrong}", written(path)));
        return;
    }
    match (ty.pointee(), value) {
        (Ty::Struct(name), Value::Object(fields)) => check_fields(Schema::get().struct_named(name), fields, path, out),
        (Ty::Map(inner), Value::Object(fields)) => {
            for (name, value) in fields {
                check(inner, None, value, &format!("{path}{SEPARATOR}f:{name}"), out);
            }
        }
        (Ty::List(inner), Value::Array(items)) => {
            let mut seen: Vec<String> = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let step = match Shape::of(ty, place) {
                    Shape::List(inner, keys) => step_of(item, inner, keys),
                    _ => format!("v:{at}"),
                };
                if seen.contains(&step) && step.starts_with("k:") {
                    let step = written(&format!("{SEPARATOR}{step}"));
                    out.push(format!("{}: duplicate entries for key {step}", written(path)));
                }
                check(inner, None, item, &format!("{path}{SEPARATOR}{step}"), out);
                seen.push(step);
            }
        }
        _ => {}
    }
}

/// The same for the fields of a struct. What comes after one that the struct has not is not looked at.
pub fn check_fields(ty: &'static Type, fields: &Map<String, Value>, path: &str, out: &mut Vec<String>) {
    for (name, value) in fields {
        let path = format!("{path}{SEPARATOR}f:{name}");
        let Some(field) = ty.field(name) else {
            out.push(format!("{}: field not declared in schema", written(&path)));
            return;
        };
        check(&field.ty, Some((ty, field)), value, &path, out);
    }
}
