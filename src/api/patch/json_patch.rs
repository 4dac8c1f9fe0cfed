//! RFC 6902 JSON patches, as lenient and as strict as the library that the API server uses: replacing a field that is
//! not there adds it, removing one that is not there is refused.

use serde_json::Value;

use super::PatchError;
use crate::api::fields::Fields;

/// Applies a JSON patch: a list of operations, each on a JSON pointer.
///
/// # Errors
/// What the first operation that fails says. The API server answers all of them with one sentence; this one is for
/// people.
pub fn json_patch(target: &mut Value, operations: &[Value]) -> Result<(), PatchError> {
    operations.iter().try_for_each(|operation| apply(target, operation))
}

fn apply(target: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let Some(path) = operation.field("path").as_str() else {
        return super::error("operation missing path field");
    };
    let value = operation.field("value");
    match operation.text("op") {
        "add" => add(target, path, value.clone()),
        "remove" => take(target, path, true).map(drop),
        "replace" if path.is_empty() => {
            *target = value.clone();
            Ok(())
        }
        "replace" => match parent(target, path)? {
            (Value::Array(items), step) => {
                let at = index(&step, items.len())?;
                items[at] = value.clone();
                Ok(())
            }
            (container, step) => {
                container[step] = value.clone();
                Ok(())
            }
        },
        "move" => {
            let moved = take(target, operation.text("from"), true)?;
            add(target, path, moved)
        }
        "copy" => {
            let copied = take(target, operation.text("from"), false)?;
            add(target, path, copied)
        }
        "test" => {
            let found = if path.is_empty() { target.clone() } else { take(target, path, false).unwrap_or_default() };
            if found == *value { Ok(()) } else { super::error(format!("testing value {path} failed: test failed")) }
        }
        other => super::error(format!("Unexpected kind: {other}")),
    }
}

/// The container that the last step of `path` is in, and that step.
fn parent<'a>(target: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), PatchError> {
    let missing = || PatchError(format!("operation does not apply: doc is missing path: {path}: missing value"));
    let mut steps: Vec<String> =
        path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let last = steps.pop().ok_or_else(missing)?;
    let mut container = target;
    for step in steps {
        container = match container {
            Value::Object(fields) => fields.get_mut(&step).ok_or_else(missing)?,
            Value::Array(items) => {
                let at = index(&step, items.len())?;
                &mut items[at]
            }
            _ => return Err(missing()),
        };
    }
    if container.is_object() || container.is_array() { Ok((container, last)) } else { Err(missing()) }
}

/// An index below `length`; negative ones count from the end.
fn index(step: &str, length: usize) -> Result<usize, PatchError> {
    let refused = |why: String| PatchError(why);
    let at: i64 =
        step.parse().map_err(|_| refused(format!("value was not a proper array index: '{step}': invalid syntax")))?;
    let at = if at < 0 { at + length as i64 } else { at };
    usize::try_from(at)
        .ok()
        .filter(|at| *at < length)
        .ok_or_else(|| refused(format!("Unable to access invalid index: {step}: invalid index referenced")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    match parent(target, path)? {
        (Value::Array(items), step) if step == "-" => items.push(value),
        (Value::Array(items), step) => {
            let at = index(&step, items.len() + 1)?;
            items.insert(at, value);
        }
        (container, step) => container[step] = value,
    }
    Ok(())
}

/// The value at `path`, taken out where `remove` says so.
fn take(target: &mut Value, path: &str, remove: bool) -> Result<Value, PatchError> {
    match parent(target, path)? {
        (Value::Array(items), step) => {
            let at = index(&step, items.len())?;
            Ok(if remove { items.remove(at) } else { items[at].clone() })
        }
        (container, step) => {
            let fields = super::super::fields::as_map(container);
            let found = if remove { fields.remove(&step) } else { fields.get(&step).cloned() };
            match found {
                Some(value) => Ok(value),
                None if remove => super::error(format!(
                    "error in remove for path: '{path}': Unable to remove nonexistent key: {step}: missing value"
                )),
                None => Ok(Value::Null),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(patch: Value, expected: Result<Value, &str>) {
        let mut target = json!({"spec": {"list": [1, 2, 3], "a/b": {"c": 1}}});
        let answer = json_patch(&mut target, patch.as_array().unwrap());
        assert_eq!(answer.map(|()| target).map_err(|e| e.0), expected.map_err(str::to_owned));
    }

    #[test]
    fn operations_change_the_place_that_the_pointer_names() {
        check(
            json!([{"op": "replace", "path": "/spec/list/0", "value": 9}]),
            Ok(json!({"spec": {"list": [9, 2, 3], "a/b": {"c": 1}}})),
        );
        check(
            json!([{"op": "add", "path": "/spec/list/-", "value": 4}]),
            Ok(json!({"spec": {"list": [1, 2, 3, 4], "a/b": {"c": 1}}})),
        );
        check(
            json!([{"op": "remove", "path": "/spec/list/-1"}]),
            Ok(json!({"spec": {"list": [1, 2], "a/b": {"c": 1}}})),
        );
        check(
            json!([{"op": "move", "from": "/spec/a~1b/c", "path": "/spec/d"}]),
            Ok(json!({"spec": {"list": [1, 2, 3], "a/b": {}, "d": 1}})),
        );
        check(
            json!([{"op": "copy", "from": "/spec/a~1b", "path": "/e"}, {"op": "test", "path": "/e/c", "value": 1}]),
            Ok(json!({"spec": {"list": [1, 2, 3], "a/b": {"c": 1}}, "e": {"c": 1}})),
        );
        check(
            json!([{"op": "replace", "path": "/spec/new", "value": 1}]),
            Ok(json!({"spec": {"list": [1, 2, 3], "a/b": {"c": 1}, "new": 1}})),
        );
    }

    #[test]
    fn what_does_not_apply_is_refused() {
        check(
            json!([{"op": "test", "path": "/spec/list/0", "value": 2}]),
            Err("testing value /spec/list/0 failed: test failed"),
        );
        check(
            json!([{"op": "add", "path": "/no/where", "value": 2}]),
            Err("operation does not apply: doc is missing path: /no/where: missing value"),
        );
        check(
            json!([{"op": "remove", "path": "/spec/list/3"}]),
            Err("Unable to access invalid index: 3: invalid index referenced"),
        );
        check(json!([{"op": "swap", "path": "/spec"}]), Err("Unexpected kind: swap"));
        check(json!([{"op": "add"}]), Err("operation missing path field"));
    }
}
