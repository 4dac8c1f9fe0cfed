//! Who manages which field of an object: what `metadata.managedFields` tells, and server-side apply goes by.
//!
//! Follows `pkg/util/managedfields` of `k8s.io/apimachinery` v0.37.2 and `merge/update.go` of
//! `sigs.k8s.io/structured-merge-diff/v6`, Apache-2.0. Who wrote an object is noted with every write, and what of it that
//! made theirs is worked out when somebody asks, or when there are more than a few such notes.

pub mod fields;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::decode::decode;
use super::fields::as_map;
use super::kind::Kind;
use super::object::Object;
use super::schema::{Schema, Type};
use super::time::Timestamp;
use fields::{
    Comparison, FieldSet, SEPARATOR, Shape, merge, set_of, steps, walking_order, with_parents, without, written,
};

/// Who manages fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The name: `kubectl-edit`.
    pub name: Cow<'static, str>,
    /// Whether by server-side apply, and not by writing the object.
    pub applies: bool,
    /// The part of the object that was written, as `status`; empty for the object itself.
    pub subresource: &'static str,
}

impl Manager {
    /// One that writes objects.
    pub fn updating(name: impl Into<Cow<'static, str>>) -> Manager {
        Manager { name: name.into(), applies: false, subresource: "" }
    }

    /// One that applies them.
    pub fn applying(name: impl Into<Cow<'static, str>>) -> Manager {
        Manager { applies: true, ..Manager::updating(name) }
    }

    /// The field at the top that this one cannot write.
    // Models the `GetResetFields` of the strategies below pkg/registry
    fn cannot_write(&self) -> &'static str {
        if self.subresource == "status" { "\u{1}f:spec" } else { "\u{1}f:status" }
    }

    /// As conflicts name it.
    // Models pkg/util/managedfields/internal/conflict.go printManager
    fn written(&self, kind: Kind) -> String {
        let mut out = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            out.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if !self.applies {
            out.push_str(&format!(" using {}", kind.api_version()));
        }
        out
    }
}

/// What one manager manages.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Who.
    pub manager: Manager,
    /// Since when it is so.
    pub time: Option<Timestamp>,
    /// Which fields.
    pub fields: FieldSet,
}

/// A write that is not worked out yet.
#[derive(Clone, Debug)]
struct Write {
    /// By whom; `None` for what nobody is held to account for, as the binding of a pod.
    manager: Option<Manager>,
    time: Timestamp,
    /// The object before; `None` where this one created it.
    before: Option<Arc<Object>>,
}

#[derive(Clone, Debug, Default)]
struct Notes {
    entries: Arc<Vec<Entry>>,
    writes: Vec<Write>,
}

/// Who manages the fields of an object.
#[derive(Clone, Debug, Default)]
pub struct Managed(Option<Arc<Notes>>);

impl PartialEq for Managed {
    /// Who wrote what is no part of what an object is.
    fn eq(&self, _: &Managed) -> bool {
        true
    }
}

impl Eq for Managed {}

impl Managed {
    /// How many writes are kept before they are worked out.
    const KEPT: usize = 4;

    /// What is known for sure.
    pub fn known(entries: Vec<Entry>) -> Managed {
        Managed(Some(Arc::new(Notes { entries: Arc::new(entries), writes: Vec::new() })))
    }

    /// This, with a write noted. Writes of the same manager one after the other count as one.
    pub fn after(&self, manager: Option<Manager>, time: Timestamp, before: Option<&Arc<Object>>) -> Managed {
        let mut notes = self.0.as_deref().cloned().unwrap_or_default();
        match notes.writes.last_mut() {
            Some(last) if last.manager == manager && last.before.is_some() => last.time = time,
            _ => {
                if let Some(before) = before.filter(|_| notes.writes.len() >= Managed::KEPT) {
                    notes = Notes { entries: Arc::new(self.entries(before)), writes: Vec::new() };
                }
                notes.writes.push(Write { manager, time, before: before.cloned() });
            }
        }
        Managed(Some(Arc::new(notes)))
    }

    /// Who manages what of the object that this belongs to.
    pub fn entries(&self, object: &Object) -> Vec<Entry> {
        let Some(notes) = &self.0 else { return Vec::new() };
        let mut entries = Vec::clone(&notes.entries);
        let Some(ty) = Schema::get().of_kind(object.kind) else { return entries };
        for (at, write) in notes.writes.iter().enumerate() {
            let after = notes.writes.get(at + 1).and_then(|next| next.before.as_deref()).unwrap_or(object);
            let before = write.before.as_ref().map_or_else(|| zero(ty), |before| before.to_value());
            update(&mut entries, ty, &before, &after.to_value(), write);
        }
        entries
    }

    /// `metadata.managedFields` of the object that this belongs to; `None` where nobody manages anything.
    // Models pkg/util/managedfields/internal/managedfields.go encodeManagedFields, sortEncodedManagedFields
    pub fn to_value(&self, object: &Object) -> Option<Value> {
        let mut entries = self.entries(object);
        super::order::sort_by_key(&mut entries, |entry| {
            let seconds = entry.time.map_or(0, |time| time.0);
            (!entry.manager.applies, seconds, entry.manager.name.clone(), entry.manager.subresource)
        });
        let version = object.kind.api_version();
        let list: Vec<Value> = entries.iter().map(|entry| entry.to_value(&version)).collect();
        (!list.is_empty()).then_some(Value::Array(list))
    }
}

impl Entry {
    fn to_value(&self, version: &str) -> Value {
        let operation = if self.manager.applies { "Apply" } else { "Update" };
        let mut out = json!({
            "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": tree(&self.fields),
            "manager": self.manager.name, "operation": operation,
        });
        let fields = as_map(&mut out);
        if !self.manager.subresource.is_empty() {
            fields.insert("subresource".to_owned(), Value::from(self.manager.subresource));
        }
        if let Some(time) = self.time {
            fields.insert("time".to_owned(), Value::from(time.to_string()));
        }
        out
    }
}

/// A set as `fieldsV1` has it.
// Models sigs.k8s.io/structured-merge-diff/v6/fieldpath/serialize.go Set.ToJSON
fn tree(set: &FieldSet) -> Value {
    let mut out = Map::new();
    for path in set {
        let mut at = &mut out;
        for step in steps(path) {
            at = super::fields::map_in(at, step);
        }
        let below = format!("{path}{SEPARATOR}");
        if set.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below)) {
            at.insert(".".to_owned(), Value::Object(Map::new()));
        }
    }
    Value::Object(out)
}

/// An object of which nothing is set, as Go has it.
fn zero(ty: &Type) -> Value {
    decode(ty, &Value::Null).map_or(Value::Null, |decoded| decoded.value)
}

/// Whether nobody is said to manage this field: who and what an object is.
// Models pkg/util/managedfields/internal/stripmeta.go NewStripMetaManager
fn is_stripped(path: &str) -> bool {
    const NAMES: [&str; 9] = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    match path.strip_prefix("\u{1}f:metadata") {
        Some("") => true,
        Some(rest) => rest.strip_prefix("\u{1}f:").is_some_and(|name| NAMES.contains(&name)),
        None => matches!(path, "\u{1}f:apiVersion" | "\u{1}f:kind" | ""),
    }
}

/// Whether a path is this one or below it.
fn is_within(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATOR))
}

/// What differs between two objects, without what the manager cannot write.
fn compare(ty: &'static Type, old: &Value, new: &Value, manager: &Manager) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.add(Shape::Struct(ty), Some(old), Some(new), "");
    let reset = manager.cannot_write();
    comparison.removed.retain(|path| !is_within(path, reset));
    comparison.changed.retain(|path| !is_within(path, reset));
    comparison
}

/// Makes what a write changed the writer's.
// Models sigs.k8s.io/structured-merge-diff/v6/merge/update.go Updater.Update
// Models pkg/util/managedfields/internal/managedfieldsupdater.go managedFieldsUpdater.Update
fn update(entries: &mut Vec<Entry>, ty: &'static Type, old: &Value, new: &Value, write: &Write) {
    let Some(manager) = &write.manager else { return };
    let mut comparison = compare(ty, old, new, manager);
    take_away(entries, &comparison);
    comparison.changed.retain(|path| !is_stripped(path));
    if comparison.changed.is_empty() {
        return;
    }
    // A write of the scale alone is passed on without its time.
    let time = (manager.subresource != "scale").then_some(write.time);
    match entries.iter_mut().find(|entry| entry.manager == *manager) {
        Some(entry) => {
            entry.fields.append(&mut comparison.changed);
            entry.time = time;
        }
        None => entries.push(Entry { manager: manager.clone(), time, fields: comparison.changed }),
    }
}

/// Takes from everybody what was changed and removed.
fn take_away(entries: &mut Vec<Entry>, comparison: &Comparison) {
    for entry in entries.iter_mut() {
        entry.fields.retain(|path| !comparison.changed.contains(path) && !comparison.removed.contains(path));
    }
    entries.retain(|entry| !entry.fields.is_empty());
}

/// What is applied to an object, and by whom.
pub struct Application<'a> {
    /// The type of the object.
    pub ty: &'static Type,
    /// Its kind.
    pub kind: Kind,
    /// The object as it is; `None` where there is none.
    pub live: Option<&'a Object>,
    /// What is applied.
    pub config: &'a Value,
    /// Who applies it.
    pub manager: &'a Manager,
    /// Whether fields of others are taken over.
    pub force: bool,
    /// When.
    pub time: Timestamp,
}

/// A conflict: whose field, and which.
type Conflict<'a> = (&'a Manager, &'a str);

impl Application<'_> {
    /// What comes of it: the object, and who manages it. What is equal to what there was has kept its times.
    ///
    /// # Errors
    /// The message about the conflicts that there are.
    // Models sigs.k8s.io/structured-merge-diff/v6/merge/update.go Updater.Apply
    pub fn run(&self) -> Result<(Value, Vec<Entry>), String> {
        let shape = Shape::Struct(self.ty);
        let live = self.live.map_or_else(|| zero(self.ty), Object::to_value);
        let mut entries = self.live.map(|live| live.meta.managed.entries(live)).unwrap_or_default();
        let merged = merge(shape, Some(&live), Some(self.config)).unwrap_or_default();
        let mut set = FieldSet::new();
        set_of(shape, self.config, "", &mut set);
        let reset = self.manager.cannot_write();
        set.retain(|path| !is_within(path, reset));
        let at = entries.iter().position(|entry| entry.manager == *self.manager);
        let last = at.map(|at| entries.remove(at));
        let new = match &last {
            Some(last) => prune(shape, &merged, &last.fields, &set, &entries),
            None => merged,
        };
        let comparison = compare(self.ty, &live, &new, self.manager);
        if !self.force {
            self.check_conflicts(&entries, &comparison, &live)?;
        }
        take_away(&mut entries, &comparison);
        set.retain(|path| !is_stripped(path) && !comparison.removed.contains(path));
        let changed = !comparison.changed.is_empty() || !comparison.removed.is_empty();
        let time = if changed { Some(self.time) } else { last.and_then(|last| last.time) };
        if !set.is_empty() {
            entries.push(Entry { manager: self.manager.clone(), time, fields: set });
        }
        Ok((new, entries))
    }

    /// Fields of others that would be changed. Of these, kubectl takes over what it applied itself in the other way.
    // Models pkg/util/managedfields/internal/lastappliedmanager.go lastAppliedManager.Apply
    fn check_conflicts(&self, entries: &[Entry], comparison: &Comparison, live: &Value) -> Result<(), String> {
        let mut conflicts: Vec<Conflict<'_>> = Vec::new();
        for entry in entries {
            let taken = entry.fields.iter().filter(|path| comparison.changed.contains(*path));
            conflicts.extend(taken.map(|path| (&entry.manager, path.as_str())));
        }
        if self.manager.name == "kubectl" && !conflicts.is_empty() {
            let allowed = self.applied_before(live);
            conflicts.retain(|(_, path)| !allowed.contains(*path));
        }
        if conflicts.is_empty() { Ok(()) } else { Err(self.message(conflicts)) }
    }

    /// The fields that client-side apply set, and that are as it set them.
    // Models pkg/util/managedfields/internal/lastappliedmanager.go allowedConflictsFromLastApplied
    fn applied_before(&self, live: &Value) -> FieldSet {
        let text = self.live.and_then(|live| live.meta.annotations.get(LAST_APPLIED));
        let Some(applied) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return FieldSet::new();
        };
        let shape = Shape::Struct(self.ty);
        let mut set = FieldSet::new();
        set_of(shape, &applied, "", &mut set);
        let mut comparison = Comparison::default();
        comparison.add(shape, Some(&applied), Some(live), "");
        set.retain(|path| !comparison.changed.contains(path) && !comparison.removed.contains(path));
        set
    }

    // Models pkg/util/managedfields/internal/conflict.go getConflictMessage
    fn message(&self, mut conflicts: Vec<Conflict<'_>>) -> String {
        if let [(manager, path)] = conflicts.as_slice() {
            let manager = manager.written(self.kind);
            return format!("Apply failed with 1 conflict: conflict with {manager}: {}", written(path));
        }
        super::order::sort_by_key(&mut conflicts, |(manager, path)| (manager.written(self.kind), walking_order(path)));
        let mut lines = Vec::new();
        let mut last = None;
        for (manager, path) in &conflicts {
            if last != Some(*manager) {
                lines.push(format!("conflicts with {}:", manager.written(self.kind)));
                last = Some(*manager);
            }
            lines.push(format!("- {}", written(path)));
        }
        format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
    }
}

/// Where kubectl keeps the manifest that it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Removes what the manager applied last time, not this time, and nobody else has.
// Models sigs.k8s.io/structured-merge-diff/v6/merge/update.go Updater.prune
fn prune(shape: Shape, merged: &Value, last: &FieldSet, now: &FieldSet, others: &[Entry]) -> Value {
    let mut gone = with_parents(last);
    for set in others.iter().map(|entry| &entry.fields).chain([now]) {
        let kept = with_parents(set);
        gone.retain(|path| !kept.contains(path));
    }
    without(shape, merged, "", &gone).unwrap_or_default()
}
