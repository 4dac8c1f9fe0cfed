//! The patch that `kubectl apply` sends: what is new in the manifest, and what was in the last one and is gone.
//!
//! Follows `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go` of Kubernetes v1.37.2, Apache-2.0.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::strategic::{Options, deduplicate, merge_map};
use super::{
    DELETE_FROM_PRIMITIVE_LIST, Meta, PatchError, RETAIN_KEYS, SET_ELEMENT_ORDER, as_object, go_print, items_are_maps,
    no_merge_key, normalize_slice_order,
};
use crate::api::fields::Fields;
use crate::api::order::sort_by_key;
use crate::api::schema::Type;

#[derive(Clone, Copy)]
struct DiffOptions {
    /// Leave out what the first object has and the second lacks.
    ignore_deletions: bool,
    /// Leave out everything but that.
    ignore_changes_and_additions: bool,
    build_retain_keys: bool,
}

/// The strategic merge patch from `current` to `modified`, with the deletion of what `original`, the manifest applied
/// before, had and `modified` has not.
///
/// # Errors
/// Where a list that is merged by a key has items without it.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go CreateThreeWayMergePatch
pub fn three_way_merge_patch(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    current: &Map<String, Value>,
    schema: Option<&'static Type>,
) -> Result<Map<String, Value>, PatchError> {
    let options = DiffOptions { ignore_deletions: true, ignore_changes_and_additions: false, build_retain_keys: false };
    let mut delta = diff_maps(current, modified, schema, options)?;
    let options = DiffOptions { ignore_deletions: false, ignore_changes_and_additions: true, build_retain_keys: false };
    let deletions = diff_maps(original, modified, schema, options)?;
    merge_map(deletions, &mut delta, schema, Options { carry_out: false, ignore_unmatched_nulls: false })
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go diffMaps
fn diff_maps(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    schema: Option<&'static Type>,
    options: DiffOptions,
) -> Result<Map<String, Value>, PatchError> {
    let mut patch = Map::new();
    let mut retain_keys: Vec<Value> = Vec::new();
    for (key, new) in modified {
        if options.build_retain_keys && !new.is_null() {
            retain_keys.push(Value::from(key.as_str()));
        }
        let meta = Meta::of(schema, key);
        let below = DiffOptions { build_retain_keys: meta.retain_keys, ..options };
        match (original.get(key), new) {
            (Some(Value::Object(_)), Value::Object(_)) if meta.replace => {
                if !options.ignore_changes_and_additions {
                    patch.insert(key.clone(), new.clone());
                }
            }
            (Some(Value::Object(old)), Value::Object(new)) => {
                let value = diff_maps(old, new, meta.schema, below)?;
                if !value.is_empty() {
                    patch.insert(key.clone(), Value::Object(value));
                }
            }
            (Some(Value::Array(old)), Value::Array(new)) if meta.merge => {
                let lists = diff_lists(old, new, meta, below)?;
                for (prefix, list) in
                    [("", lists.patch), (DELETE_FROM_PRIMITIVE_LIST, lists.delete), (SET_ELEMENT_ORDER, lists.order)]
                {
                    if !list.is_empty() {
                        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}/{key}") };
                        patch.insert(key, Value::Array(list));
                    }
                }
            }
            (old, new) => {
                if old != Some(new) && !options.ignore_changes_and_additions {
                    patch.insert(key.clone(), new.clone());
                }
            }
        }
    }
    if !options.ignore_deletions {
        for key in original.keys().filter(|key| !modified.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let has_more = original.keys().any(|key| !modified.contains_key(key));
    if !retain_keys.is_empty() && (!patch.is_empty() || has_more) {
        patch.insert(RETAIN_KEYS.to_owned(), Value::Array(retain_keys));
    }
    Ok(patch)
}

#[derive(Default)]
struct ListDiff {
    patch: Vec<Value>,
    delete: Vec<Value>,
    order: Vec<Value>,
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go diffLists
fn diff_lists(old: &[Value], new: &[Value], meta: Meta, options: DiffOptions) -> Result<ListDiff, PatchError> {
    if old.is_empty() {
        let patch = if options.ignore_changes_and_additions { Vec::new() } else { new.to_vec() };
        return Ok(ListDiff { patch, ..ListDiff::default() });
    }
    if !items_are_maps([old, new])? {
        let (mut patch, mut delete) = (Vec::new(), Vec::new());
        for side in merge_walk(sorted(old, go_print), sorted(new, go_print)) {
            match side {
                Side::Both(..) => {}
                Side::Old(item) if !options.ignore_deletions => delete.push(item.clone()),
                Side::New(item) if !options.ignore_changes_and_additions => patch.push(item.clone()),
                _ => {}
            }
        }
        let patch = normalize_slice_order(patch, new, "");
        let delete = deduplicate(delete);
        let changed = !options.ignore_changes_and_additions && old != new;
        let order = if !delete.is_empty() || changed { new.to_vec() } else { Vec::new() };
        return Ok(ListDiff { patch, delete, order });
    }
    let key = meta.merge_key;
    let (patch, deletions) = diff_lists_of_maps(old, new, meta, options)?;
    let mut patch = normalize_slice_order(patch, new, key);
    let mut order_same = old.len() == new.len();
    for (a, b) in old.iter().zip(new) {
        order_same = order_same && merge_key_of(a, key)? == merge_key_of(b, key)?;
    }
    patch.extend(deletions);
    let reordered = !options.ignore_changes_and_additions && (!patch.is_empty() || !order_same);
    let order = if reordered || (!options.ignore_deletions && !patch.is_empty()) {
        new.iter().map(|item| Ok(json!({ key: merge_key_of(item, key)? }))).collect::<Result<_, PatchError>>()?
    } else {
        Vec::new()
    };
    Ok(ListDiff { patch, delete: Vec::new(), order })
}

/// What is to be merged into the list, and the directives that delete from it, each sorted by merge key.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go diffListsOfMaps
fn diff_lists_of_maps(
    old: &[Value],
    new: &[Value],
    meta: Meta,
    options: DiffOptions,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let key = meta.merge_key;
    let text = |item: &Value| go_print(item.field(key));
    let (mut patch, mut deletions) = (Vec::new(), Vec::new());
    let (old, new) = (sorted(old, text), sorted(new, text));
    check_merge_keys(&old, &new, key)?;
    for side in merge_walk(old, new) {
        match side {
            Side::Both(old, new) => {
                let mut value = diff_maps(as_object(old)?, as_object(new)?, meta.schema, options)?;
                if !value.is_empty() {
                    value.insert(key.to_owned(), merge_key_of(new, key)?.clone());
                    patch.push(Value::Object(value));
                }
            }
            Side::Old(item) if !options.ignore_deletions => {
                deletions.push(json!({ "$patch": "delete", key: merge_key_of(item, key)? }));
            }
            Side::New(item) if !options.ignore_changes_and_additions => patch.push(item.clone()),
            _ => {}
        }
    }
    Ok((patch, deletions))
}

/// Items with the texts that they are sorted and compared by. Those with the same text come in the other order, since
/// upstream's order calls each of two equal ones the lesser.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go SortableSliceOfMaps.Less
fn sorted(list: &[Value], text: impl Fn(&Value) -> String) -> Vec<(String, &Value)> {
    let mut items: Vec<(String, &Value)> = list.iter().rev().map(|item| (text(item), item)).collect();
    sort_by_key(&mut items, |(text, _)| text.clone());
    items
}

/// Checks that every item has its merge key, in the order in which a walk through both lists meets them.
fn check_merge_keys(old: &[(String, &Value)], new: &[(String, &Value)], key: &str) -> Result<(), PatchError> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let (a, b) = (old.peek().copied(), new.peek().copied());
        for (_, item) in a.into_iter().chain(b) {
            merge_key_of(item, key)?;
        }
        let order = match (a, b) {
            (None, None) => return Ok(()),
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        old.next_if(|_| order.is_le());
        new.next_if(|_| order.is_ge());
    }
}

/// Where an item stands that a walk through two sorted lists meets.
enum Side<'a> {
    Both(&'a Value, &'a Value),
    Old(&'a Value),
    New(&'a Value),
}

/// Walks through two sorted lists at once. Of items with the same text, the first is met with the first, and so on.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go compareListValuesAtIndex
fn merge_walk<'a>(old: Vec<(String, &'a Value)>, new: Vec<(String, &'a Value)>) -> Vec<Side<'a>> {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        let (a, b) = (old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge()));
        out.extend(match (a, b) {
            (Some((_, a)), Some((_, b))) => Some(Side::Both(a, b)),
            (Some((_, a)), None) => Some(Side::Old(a)),
            (None, Some((_, b))) => Some(Side::New(b)),
            (None, None) => None,
        });
    }
}

fn merge_key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let fields = as_object(item)?;
    fields.get(key).ok_or_else(|| no_merge_key(fields, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::patch::strategic_merge;
    use crate::api::schema::Schema;

    #[track_caller]
    fn check(original: Value, modified: Value, current: Value, patch: Value, result: Value) {
        let schema = Schema::get().find("StatefulSet");
        let map = |value: &Value| value.as_object().unwrap().clone();
        let made = three_way_merge_patch(&map(&original), &map(&modified), &map(&current), schema).unwrap();
        assert_eq!(Value::Object(made.clone()), patch);
        assert_eq!(Value::Object(strategic_merge(map(&current), &mut made.clone(), schema).unwrap()), result);
    }

    #[test]
    fn what_the_last_manifest_had_is_removed_and_what_others_set_stays() {
        check(
            json!({"spec": {"replicas": 2, "minReadySeconds": 5}}),
            json!({"spec": {"replicas": 3}}),
            json!({"spec": {"replicas": 2, "minReadySeconds": 5, "podManagementPolicy": "Parallel"}}),
            json!({"spec": {"replicas": 3, "minReadySeconds": null}}),
            json!({"spec": {"replicas": 3, "podManagementPolicy": "Parallel"}}),
        );
    }

    #[test]
    fn an_item_that_left_the_manifest_leaves_the_list() {
        let pod = |containers: Value| json!({"spec": {"template": {"spec": {"containers": containers}}}});
        check(
            pod(json!([{"name": "a"}, {"name": "b"}])),
            pod(json!([{"name": "b", "image": "b"}])),
            pod(json!([{"name": "a", "x": 1}, {"name": "b", "x": 2}, {"name": "injected"}])),
            json!({"spec": {"template": {"spec": {
                "containers": [{"name": "b", "image": "b"}, {"$patch": "delete", "name": "a"}],
                "$setElementOrder/containers": [{"name": "b"}],
            }}}}),
            pod(json!([{"name": "b", "image": "b", "x": 2}, {"name": "injected"}])),
        );
    }

    #[test]
    fn nothing_new_is_an_empty_patch() {
        let spec = json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a"}]}}}});
        check(spec.clone(), spec.clone(), spec.clone(), json!({}), spec);
    }
}
