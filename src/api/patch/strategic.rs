//! Strategic merge: a patch in the shape of the object, with lists merged by the API's keys.
//!
//! Follows `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::{
    DELETE_FROM_PRIMITIVE_LIST, DIRECTIVE, Meta, PatchError, RETAIN_KEYS, SET_ELEMENT_ORDER, as_array, as_object,
    error, go_print, go_print_map, index_of, items_are_maps, no_merge_key, normalize_slice_order,
};
use crate::api::order::IntoOrdered;
use crate::api::schema::Type;

/// How two patches, or an object and a patch, are merged.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// Whether the directives are carried out, or carried over because the target is itself a patch.
    pub carry_out: bool,
    /// Whether `null` for a key that the target lacks is forgotten.
    pub ignore_unmatched_nulls: bool,
}

/// Applies a strategic merge patch to an object of type `schema`.
///
/// # Errors
/// Where the patch is not of the form that the API's merge keys and the directives ask.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go StrategicMergeMapPatch
pub fn strategic_merge(
    target: Map<String, Value>,
    patch: Map<String, Value>,
    schema: Option<&'static Type>,
) -> Result<Map<String, Value>, PatchError> {
    merge_map(target, patch, schema, Options { carry_out: true, ignore_unmatched_nulls: true })
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeMap
pub(super) fn merge_map(
    mut original: Map<String, Value>,
    mut patch: Map<String, Value>,
    schema: Option<&'static Type>,
    options: Options,
) -> Result<Map<String, Value>, PatchError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => {
                patch.insert(DIRECTIVE.to_owned(), directive.clone());
                error(format!("unknown patch type: {} in map: {}", go_print(&directive), go_print_map(&patch)))
            }
        };
    }
    apply_retain_keys_directive(&mut original, &mut patch, options)?;
    merge_patch_into_original(&mut original, &mut patch, schema, options)?;

    for (key, value) in patch {
        let (key, is_delete_list) = match key.strip_prefix(DELETE_FROM_PRIMITIVE_LIST) {
            Some(_) if !options.carry_out => {
                original.insert(key, value);
                continue;
            }
            Some(rest) => match rest.strip_prefix('/') {
                Some(name) => (name.to_owned(), true),
                None => return error("invalid patch format of primitive list"),
            },
            None => (key, false),
        };
        if value.is_null() {
            original.remove(&key);
            if options.ignore_unmatched_nulls {
                continue;
            }
        }
        let meta = Meta::of(schema, &key);
        let merged = match (original.remove(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                Some(Value::Object(merge_map(old, new, meta.schema, options)?))
            }
            (Some(Value::Array(old)), Value::Array(new)) if meta.merge || is_delete_list => {
                Some(Value::Array(merge_slice(old, new, meta, options, is_delete_list)?))
            }
            (Some(Value::Array(_)), Value::Array(new)) => Some(Value::Array(new)),
            (old, _) if is_delete_list => old,
            (_, new) => {
                let new = if options.ignore_unmatched_nulls { discard_nulls(new) } else { new };
                remove_directives(new)
            }
        };
        original.extend(merged.map(|merged| (key, merged)));
    }
    Ok(original)
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go applyRetainKeysDirective
fn apply_retain_keys_directive(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    options: Options,
) -> Result<(), PatchError> {
    const BAD: &str = "invalid patch format of retainKeys";
    let Some(retained) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    if !options.carry_out {
        original.entry(RETAIN_KEYS).or_insert(retained);
        return Ok(());
    }
    let Value::Array(retained) = retained else {
        return error(BAD);
    };
    let is_retained = |key: &String| retained.iter().any(|kept| kept == key.as_str());
    for (key, value) in patch.iter() {
        let is_directive = key.starts_with(DELETE_FROM_PRIMITIVE_LIST) || key.starts_with(SET_ELEMENT_ORDER);
        if !value.is_null() && !is_directive && !is_retained(key) {
            return error(BAD);
        }
    }
    original.retain(|key, _| is_retained(key));
    Ok(())
}

/// Merges the lists that come with an order.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergePatchIntoOriginal
fn merge_patch_into_original(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: Option<&'static Type>,
    options: Options,
) -> Result<(), PatchError> {
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ELEMENT_ORDER)).cloned().collect();
    for directive in directives {
        let Some(order_value) = patch.remove(&directive) else {
            continue;
        };
        if !options.carry_out {
            let kept = original.entry(directive.clone()).or_insert_with(|| order_value.clone());
            if *kept != order_value {
                return error("invalid patch format of setElementOrder list");
            }
        }
        let order = as_array(&order_value)?;
        let Some(key) = directive.strip_prefix(SET_ELEMENT_ORDER).and_then(|rest| rest.strip_prefix('/')) else {
            return error("invalid patch format of setElementOrder list");
        };
        let old = original.get(key).map(as_array).transpose()?.cloned();
        let new = patch.get(key).map(as_array).transpose()?.cloned();
        let meta = Meta::of(schema, key);
        validate_patch_with_set_order_list(new.as_deref().unwrap_or_default(), order, meta.merge_key)?;
        let merged = match (old.clone(), new.clone()) {
            (Some(old), None) => old,
            (None, Some(new)) => match remove_directives(Value::Array(new)) {
                Some(Value::Array(new)) => new,
                _ => continue,
            },
            (Some(old), Some(new)) if meta.merge => merge_slice(old, new, meta, options, false)?,
            (Some(_), Some(new)) => new,
            (None, None) => continue,
        };
        let old = old.unwrap_or_default();
        items_are_maps([&old, new.as_deref().unwrap_or_default()])?;
        let both = normalize_element_order(merged, order, &old, meta.merge_key)?;
        original.insert(key.to_owned(), Value::Array(both));
        patch.remove(key);
    }
    Ok(())
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go validatePatchWithSetOrderList
fn validate_patch_with_set_order_list(patch: &[Value], order: &[Value], merge_key: &str) -> Result<(), PatchError> {
    if order.is_empty() || patch.is_empty() {
        return Ok(());
    }
    let mut wanted = patch.iter().filter(|item| item.get(DIRECTIVE).is_none()).peekable();
    for place in order {
        let Some(item) = wanted.peek() else { break };
        let equal = if merge_key.is_empty() {
            *item == place
        } else {
            merge_key_of(item, merge_key)? == merge_key_of(place, merge_key)?
        };
        if equal {
            wanted.next();
        }
    }
    if wanted.peek().is_some() {
        let list = |items: &[Value]| go_print(&Value::Array(items.to_vec()));
        return error(format!(
            "The order in patch list:\n{}\n doesn't match {SET_ELEMENT_ORDER} list:\n{}\n",
            list(patch),
            list(order)
        ));
    }
    Ok(())
}

fn merge_key_of<'a>(item: &'a Value, merge_key: &str) -> Result<&'a Value, PatchError> {
    let fields = as_object(item)?;
    fields.get(merge_key).ok_or_else(|| no_merge_key(fields, merge_key))
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeSlice
fn merge_slice(
    original: Vec<Value>,
    patch: Vec<Value>,
    meta: Meta,
    options: Options,
    is_delete_list: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if !items_are_maps([&original, &patch])? {
        if options.carry_out && is_delete_list {
            return Ok(original.into_iter().filter(|item| !patch.contains(item)).collect());
        }
        let mut both = original.clone();
        both.extend(patch.iter().cloned());
        return normalize_element_order(deduplicate(both), &patch, &original, meta.merge_key);
    }
    if meta.merge_key.is_empty() {
        let name = meta.schema.map_or("", |ty| ty.name);
        return error(format!("cannot merge lists without merge key for {name}"));
    }
    let (original, patch) = merge_slice_with_special_elements(original, patch, meta.merge_key)?;
    let mut merged = original.clone();
    for item in &patch {
        let key = merge_key_of(item, meta.merge_key)?;
        let mut found = None;
        for (at, candidate) in merged.iter().enumerate() {
            if as_object(candidate)
                .map_err(|_| PatchError(format!("value for key {at} is not a map")))?
                .get(meta.merge_key)
                == Some(key)
            {
                found = Some(at);
                break;
            }
        }
        match found {
            Some(at) => {
                let old = as_object(&merged[at])?.clone();
                merged[at] = Value::Object(merge_map(old, as_object(item)?.clone(), meta.schema, options)?);
            }
            None => merged.push(item.clone()),
        }
    }
    normalize_element_order(merged, &patch, &original, meta.merge_key)
}

/// Carries out the `$patch` directives among the items, and returns both lists without them.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeSliceWithSpecialElements
fn merge_slice_with_special_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut plain = Vec::with_capacity(patch.len());
    let mut replace = false;
    for item in patch {
        let Some(directive) = item.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let key = merge_key_of(&item, merge_key)?;
                original.retain(|old| old.get(merge_key) != Some(key));
            }
            Some("replace") => replace = true,
            Some("merge") => return error("merging lists cannot yet be specified in the patch"),
            _ => {
                return error(format!("unknown patch type: {} in map: {}", go_print(directive), go_print(&item)));
            }
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (original, plain) })
}

/// Puts the items that `order` names in its order, and the others between them where the old list had them.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go normalizeElementOrder
fn normalize_element_order(
    list: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    merge_key: &str,
) -> Result<Vec<Value>, PatchError> {
    if !merge_key.is_empty() {
        for item in list.iter().chain(order) {
            merge_key_of(item, merge_key)?;
        }
    }
    let (in_patch, server_only): (Vec<Value>, Vec<Value>) =
        list.into_iter().partition(|item| index_of(order, item, merge_key).is_some());
    let in_patch = normalize_slice_order(in_patch, order, merge_key);
    let server_only = normalize_slice_order(server_only, server_order, merge_key);
    Ok(merge_sorted_slice(server_only, in_patch, server_order, merge_key))
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeSortedSlice
fn merge_sorted_slice(left: Vec<Value>, right: Vec<Value>, server_order: &[Value], merge_key: &str) -> Vec<Value> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let left_first = match (left.peek(), right.peek()) {
            (None, None) => return out,
            (None, Some(_)) => false,
            (Some(_), None) => true,
            (Some(l), Some(r)) => {
                let place = |item| index_of(server_order, item, merge_key);
                place(l).zip(place(r)).is_some_and(|(l, r)| l < r)
            }
        };
        out.extend(if left_first { left.next() } else { right.next() });
    }
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go deduplicateScalars
pub(super) fn deduplicate(mut list: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i + 1 < list.len() {
        let mut j = i + 1;
        while j < list.len() {
            if list[i] == list[j] {
                list.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    list
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go discardNullValuesFromPatch
fn discard_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k, discard_nulls(v))).into_fields(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(discard_nulls).collect()),
        other => other,
    }
}

/// The value without objects that hold a directive; `None` where it is such an object itself.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go removeDirectives
fn remove_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept = fields.into_iter().filter_map(|(key, value)| Some((key, remove_directives(value)?)));
            Some(Value::Object(kept.into_fields()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(remove_directives).collect())),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::schema::Schema;
    use serde_json::json;

    fn merge(target: Value, patch: Value) -> Result<Value, PatchError> {
        let (Value::Object(target), Value::Object(patch)) = (target, patch) else { panic!("two objects") };
        strategic_merge(target, patch, Schema::get().find("StatefulSet")).map(Value::Object)
    }

    fn containers(containers: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": containers}}}})
    }

    #[test]
    fn containers_are_merged_by_name() {
        let target = containers(json!([{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]));
        let patch = containers(json!([{"name": "b", "image": "b:2"}]));
        let merged = containers(json!([{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]));
        assert_eq!(merge(target, patch).unwrap(), merged);
    }

    #[test]
    fn new_items_follow_the_order_of_the_patch() {
        let target = containers(json!([{"name": "a"}, {"name": "b"}]));
        let patch = containers(json!([{"name": "c"}, {"name": "a"}]));
        assert_eq!(merge(target, patch).unwrap(), containers(json!([{"name": "c"}, {"name": "a"}, {"name": "b"}])));
    }

    #[test]
    fn directives_delete_and_replace() {
        let target = containers(json!([{"name": "a"}, {"name": "b"}]));
        let patch = containers(json!([{"name": "a", "$patch": "delete"}]));
        assert_eq!(merge(target.clone(), patch).unwrap(), containers(json!([{"name": "b"}])));
        let patch = containers(json!([{"$patch": "replace"}, {"name": "c"}]));
        assert_eq!(merge(target.clone(), patch).unwrap(), containers(json!([{"name": "c"}])));
        let patch = json!({"spec": {"$patch": "replace", "replicas": 1}});
        assert_eq!(merge(target, patch).unwrap(), json!({"spec": {"replicas": 1}}));
    }

    #[test]
    fn an_order_can_be_asked_for() {
        let target = containers(json!([{"name": "a"}, {"name": "b"}]));
        let patch =
            json!({"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}}});
        assert_eq!(merge(target, patch).unwrap(), containers(json!([{"name": "b"}, {"name": "a"}])));
    }

    #[test]
    fn lists_without_a_merge_key_are_replaced() {
        let target = json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "a"}}]}});
        let patch = json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "b"}}]}});
        assert_eq!(merge(target, patch.clone()).unwrap(), patch);
    }

    #[test]
    fn null_removes_and_finalizers_are_a_set() {
        let target = json!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "1"}}});
        let patch =
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "labels": {"x": null, "y": "2"}}});
        assert_eq!(merge(target, patch).unwrap(), json!({"metadata": {"finalizers": ["b"], "labels": {"y": "2"}}}));
    }

    #[test]
    fn an_item_without_its_merge_key_is_refused() {
        let error = merge(containers(json!([{"name": "a"}])), containers(json!([{"image": "x"}]))).unwrap_err();
        assert_eq!(error.0, "map: map[image:x] does not contain declared merge key: name");
    }
}
