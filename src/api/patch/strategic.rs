//! Strategic merge: a patch in the shape of the object, with lists merged by the API's keys.
//!
//! Follows `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::{
    DELETE_FROM_PRIMITIVE_LIST, DIRECTIVE, Meta, PatchError, RETAIN_KEYS, SET_ELEMENT_ORDER, as_array, as_object,
    discard_nulls, error, go_print, index_of, items_are_maps, malformed, no_merge_key, normalize_slice_order, unknown,
    unknown_directive,
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

/// Applies a strategic merge patch to an object of type `schema`. The patch is left without the directives that were
/// carried out, and without the lists that were merged in a given order: refusals show it so.
///
/// # Errors
/// Where the patch is not of the form that the API's merge keys and the directives ask.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go StrategicMergeMapPatch
pub fn strategic_merge(
    target: Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: Option<&'static Type>,
) -> Result<Map<String, Value>, PatchError> {
    merge_map(target, patch, schema, Options { carry_out: true, ignore_unmatched_nulls: true })
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeMap
pub(super) fn merge_map(
    mut original: Map<String, Value>,
    patch: &mut Map<String, Value>,
    schema: Option<&'static Type>,
    options: Options,
) -> Result<Map<String, Value>, PatchError> {
    // Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go handleDirectiveInMergeMap
    match patch.get(DIRECTIVE).map(|directive| (directive, directive.as_str())) {
        None => {}
        Some((_, Some("replace"))) => {
            patch.remove(DIRECTIVE);
            return Ok(patch.clone());
        }
        Some((_, Some("delete"))) => return Ok(Map::new()),
        Some((directive, _)) => return Err(unknown_directive(directive, patch)),
    }
    apply_retain_keys_directive(&mut original, patch, options)?;
    merge_patch_into_original(&mut original, patch, schema, options)?;

    for (key, value) in patch.iter_mut() {
        let (key, is_delete_list) = match key.strip_prefix(DELETE_FROM_PRIMITIVE_LIST) {
            Some(_) if !options.carry_out => {
                original.insert(key.clone(), value.clone());
                continue;
            }
            Some(rest) => match rest.strip_prefix('/') {
                Some(name) => (name, true),
                None => return Err(malformed("invalid patch format of primitive list")),
            },
            None => (key.as_str(), false),
        };
        if value.is_null() {
            original.remove(key);
            if options.ignore_unmatched_nulls {
                continue;
            }
        }
        let merged = match (original.remove(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                let meta = Meta::of(schema, key);
                let merged = if meta.replace { new.clone() } else { merge_map(old, new, meta.schema, options)? };
                Some(Value::Object(merged))
            }
            (Some(Value::Array(old)), Value::Array(new)) => {
                let meta = Meta::of_list(schema, key)?;
                let merges = meta.merge || is_delete_list;
                let merged = if merges { merge_slice(old, new, meta, options, is_delete_list)? } else { new.clone() };
                Some(Value::Array(merged))
            }
            (old, _) if is_delete_list => old,
            (_, new) => {
                if options.ignore_unmatched_nulls {
                    discard_nulls(new);
                }
                remove_directives(new.clone())
            }
        };
        original.extend(merged.map(|merged| (key.to_owned(), merged)));
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
        return Err(malformed(BAD));
    };
    let is_retained = |key: &String| retained.iter().any(|kept| kept == key.as_str());
    for (key, value) in patch.iter() {
        let is_directive = key.starts_with(DELETE_FROM_PRIMITIVE_LIST) || key.starts_with(SET_ELEMENT_ORDER);
        if !value.is_null() && !is_directive && !is_retained(key) {
            return Err(malformed(BAD));
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
    const BAD: &str = "invalid patch format of setElementOrder list";
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ELEMENT_ORDER)).cloned().collect();
    for directive in directives {
        let Some(order_value) = patch.remove(&directive) else {
            continue;
        };
        if !options.carry_out {
            let kept = original.entry(directive.clone()).or_insert_with(|| order_value.clone());
            if *kept != order_value {
                return Err(malformed(BAD));
            }
        }
        let order = as_array(&order_value)?;
        let Some(key) = directive.strip_prefix(SET_ELEMENT_ORDER).and_then(|rest| rest.strip_prefix('/')) else {
            return Err(malformed(BAD));
        };
        let old = original.get(key).map(as_array).transpose()?.cloned();
        let new = patch.get(key).map(as_array).transpose()?.cloned();
        let meta = Meta::of_list(schema, key)?;
        validate_patch_with_set_order_list(new.as_deref().unwrap_or_default(), order, meta.merge_key)?;
        let merged = match (old.clone(), new.clone()) {
            (Some(old), None) => old,
            (None, Some(new)) => match remove_directives(Value::Array(new)) {
                Some(Value::Array(new)) => new,
                _ => continue,
            },
            (Some(old), Some(mut new)) if meta.merge => merge_slice(old, &mut new, meta, options, false)?,
            (Some(_), Some(new)) => new,
            (None, None) => continue,
        };
        let old = old.unwrap_or_default();
        let both = normalize_element_order(merged, order, &old, meta.merge_key)?;
        items_are_maps([&old, new.as_deref().unwrap_or_default()])?;
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
    if !merge_key.is_empty() {
        patch.iter().try_for_each(|item| as_object(item).map(drop))?;
    }
    let mut wanted = patch.iter().filter(|item| item.get(DIRECTIVE).is_none()).peekable();
    for place in order {
        let Some(item) = wanted.peek() else { break };
        let equal = if merge_key.is_empty() {
            *item == place
        } else {
            let (item, place) = (as_object(item)?, as_object(place)?);
            merge_key_in(item, merge_key)? == merge_key_in(place, merge_key)?
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
    merge_key_in(as_object(item)?, merge_key)
}

fn merge_key_in<'a>(fields: &'a Map<String, Value>, merge_key: &str) -> Result<&'a Value, PatchError> {
    fields.get(merge_key).ok_or_else(|| no_merge_key(fields, merge_key))
}

// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeSlice
fn merge_slice(
    original: Vec<Value>,
    patch: &mut [Value],
    meta: Meta,
    options: Options,
    is_delete_list: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if !items_are_maps([&original, patch])? {
        if options.carry_out && is_delete_list {
            return Ok(original.into_iter().filter(|item| !patch.contains(item)).collect());
        }
        let mut both = original.clone();
        both.extend(patch.iter().cloned());
        return normalize_element_order(deduplicate(both), patch, &original, meta.merge_key);
    }
    if meta.merge_key.is_empty() {
        return error("cannot merge lists without merge key for struct");
    }
    let (original, mut patch) = merge_slice_with_special_elements(original, patch, meta.merge_key)?;
    let mut merged = original.clone();
    for item in &mut patch {
        let Value::Object(item) = item else { continue };
        match find_by_key(&merged, meta.merge_key, merge_key_in(item, meta.merge_key)?)? {
            Some(at) => {
                let old = as_object(&merged[at])?.clone();
                merged[at] = Value::Object(merge_map(old, item, meta.schema, options)?);
            }
            None => merged.push(Value::Object(item.clone())),
        }
    }
    let order: Vec<Value> = patch.iter().map(|item| Value::clone(item)).collect();
    normalize_element_order(merged, &order, &original, meta.merge_key)
}

/// The place of the item that has this value at the merge key.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go findMapInSliceBasedOnKeyValue
fn find_by_key(list: &[Value], merge_key: &str, key: &Value) -> Result<Option<usize>, PatchError> {
    for (at, item) in list.iter().enumerate() {
        let fields = item.as_object().ok_or_else(|| unknown(format!("value for key {at} is not a map")))?;
        if fields.get(merge_key) == Some(key) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Carries out the `$patch` directives among the items, and returns both lists without them.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go mergeSliceWithSpecialElements
fn merge_slice_with_special_elements<'a>(
    mut original: Vec<Value>,
    patch: &'a mut [Value],
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<&'a mut Value>), PatchError> {
    let mut plain = Vec::with_capacity(patch.len());
    let mut replace = false;
    for item in patch {
        let Some(directive) = item.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let key = merge_key_of(item, merge_key)?;
                original.retain(|old| old.get(merge_key) != Some(key));
            }
            Some("replace") => replace = true,
            Some("merge") => return error("merging lists cannot yet be specified in the patch"),
            _ => return Err(unknown_directive(directive, as_object(item)?)),
        }
    }
    if replace {
        return Ok((plain.into_iter().map(|item| item.clone()).collect(), Vec::new()));
    }
    Ok((original, plain))
}

/// Puts the items that `order` names in its order, and the others between them where the old list had them.
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go partitionMapsByPresentInList
// Models k8s.io/apimachinery/pkg/util/strategicpatch/patch.go normalizeElementOrder
fn normalize_element_order(
    list: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    merge_key: &str,
) -> Result<Vec<Value>, PatchError> {
    if !merge_key.is_empty() {
        for item in &list {
            find_by_key(order, merge_key, merge_key_of(item, merge_key)?)?;
        }
        for item in order.iter().chain(server_order) {
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
        let (Value::Object(target), Value::Object(mut patch)) = (target, patch) else { panic!("two objects") };
        strategic_merge(target, &mut patch, Schema::get().find("StatefulSet")).map(Value::Object)
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
