//! RFC 6902 JSON patches, as lenient and as strict as the library that the API server uses: replacing a field that is
//! not there adds it, removing one that is not there is refused.
//!
//! Follows `patch.go` of gopkg.in/evanphx/json-patch.v4 4.13.0 (BSD-3-Clause).

use serde_json::Value;

use super::PatchError;
use crate::api::fields::Fields;
use crate::api::status::Reason;

/// Applies a JSON patch: a list of operations, each on a JSON pointer.
///
/// # Errors
/// What the first operation that fails says. The API server answers all of them with one sentence; kubectl prints this
/// one where it patches itself.
// Models gopkg.in/evanphx/json-patch.v4/patch.go Patch.ApplyIndent
pub fn json_patch(target: &mut Value, operations: &[Value]) -> Result<(), PatchError> {
    operations.iter().try_for_each(|operation| apply(target, operation))
}

fn failed<T>(text: impl Into<String>) -> Result<T, PatchError> {
    Err(PatchError(text.into(), Reason::Invalid))
}

const NO_PATH: &str = "operation missing path field: missing value";

fn apply(target: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let value = operation.field("value");
    let kind = operation.field("op").as_str().unwrap_or("unknown");
    let path = operation.field("path").as_str();
    let Some(path) = path.or((kind == "copy" || kind == "move").then_some("")) else {
        return match kind {
            "add" | "remove" => failed(format!("{kind} operation failed to decode path: missing value")),
            "replace" | "test" => failed(format!("{kind} operation failed to decode path: {NO_PATH}")),
            other => failed(format!("Unexpected kind: {other}")),
        };
    };
    match kind {
        "add" => match find(target, path) {
            None => failed(format!("add operation does not apply: doc is missing path: \"{path}\": missing value")),
            Some(place) => within(place.add(value.clone()), &format!("error in add for path: '{path}'")),
        },
        "remove" => match find(target, path) {
            None => failed(format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")),
            Some(place) => within(place.remove().map(drop), &format!("error in remove for path: '{path}'")),
        },
        "replace" if path.is_empty() => match value {
            Value::Object(_) | Value::Array(_) => {
                *target = value.clone();
                Ok(())
            }
            _ => failed("replace operation value must be object or array: %!w(<nil>)"),
        },
        "replace" => {
            let missing = |what: &str| {
                failed(format!("replace operation does not apply: doc is missing {what}: {path}: missing value"))
            };
            match find(target, path) {
                None => missing("path"),
                Some(place) if place.get().is_err() => missing("key"),
                Some(place) => place.set(value.clone()),
            }
        }
        "test" => test(target, path, operation),
        "move" | "copy" => transfer(target, kind, operation),
        other => failed(format!("Unexpected kind: {other}")),
    }
}

// Models gopkg.in/evanphx/json-patch.v4/patch.go Patch.test
fn test(target: &mut Value, path: &str, operation: &Value) -> Result<(), PatchError> {
    let wanted = operation.field("value");
    let found = if path.is_empty() {
        Some(target.clone())
    } else {
        match find(target, path) {
            None => {
                return failed(format!("test operation does not apply: is missing path: {path}: missing value"));
            }
            Some(place) => within(place.get(), &format!("error in test for path: '{path}'"))?,
        }
    };
    if found.unwrap_or_default() == *wanted {
        return Ok(());
    }
    failed(format!("testing value {path} failed: test failed"))
}

// Models gopkg.in/evanphx/json-patch.v4/patch.go Patch.move
// Models gopkg.in/evanphx/json-patch.v4/patch.go Patch.copy
fn transfer(target: &mut Value, kind: &str, operation: &Value) -> Result<(), PatchError> {
    let Some(from) = operation.field("from").as_str() else {
        return failed(format!("{kind} operation failed to decode from: operation, missing from field: missing value"));
    };
    let moves = kind == "move";
    let Some(place) = find(target, from) else {
        return failed(format!("{kind} operation does not apply: doc is missing from path: {from}: missing value"));
    };
    let (doing, removing) = if moves {
        let doing = format!("error in move for path: '{}'", place.step);
        (doing.clone(), doing)
    } else {
        (format!("error in copy for from: '{from}'"), String::new())
    };
    let mut value = within(place.get(), &doing)?;
    if moves {
        value = Some(within(place.remove(), &removing)?);
    }
    let Some(path) = operation.field("path").as_str() else {
        let why = if moves { NO_PATH } else { "missing value" };
        return failed(format!("{kind} operation failed to decode path: {why}"));
    };
    match find(target, path) {
        None => {
            failed(format!("{kind} operation does not apply: doc is missing destination path: {path}: missing value"))
        }
        Some(place) => {
            let doing = if moves {
                format!("error in move for path: '{path}'")
            } else {
                "error while adding value during copy".to_owned()
            };
            within(place.add(value.unwrap_or_default()), &doing)
        }
    }
}

fn within<T>(result: Result<T, PatchError>, doing: &str) -> Result<T, PatchError> {
    result.map_err(|error| PatchError(format!("{doing}: {}", error.0), error.1))
}

/// A place that a pointer names: an object or an array, and the last step.
struct Place<'a> {
    container: &'a mut Value,
    step: String,
}

/// The place that a pointer names, where there is what holds it.
// Models gopkg.in/evanphx/json-patch.v4/patch.go findObject
fn find<'a>(target: &'a mut Value, path: &str) -> Option<Place<'a>> {
    let mut steps: Vec<String> =
        path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let step = steps.pop()?;
    let mut container = target;
    for step in steps {
        container = match container {
            Value::Object(fields) => fields.get_mut(&step)?,
            Value::Array(items) => {
                let at = index(&step, items.len()).ok()?;
                &mut items[at]
            }
            _ => return None,
        };
    }
    (container.is_object() || container.is_array()).then_some(Place { container, step })
}

impl Place<'_> {
    /// What is there; an object may have nothing there.
    fn get(&self) -> Result<Option<Value>, PatchError> {
        match &*self.container {
            Value::Array(items) => index(&self.step, items.len()).map(|at| Some(items[at].clone())),
            fields => Ok(fields.as_object().and_then(|fields| fields.get(&self.step)).cloned()),
        }
    }

    fn set(self, value: Value) -> Result<(), PatchError> {
        match self.container {
            Value::Array(items) => {
                let at = index(&self.step, items.len())?;
                items[at] = value;
            }
            fields => drop(crate::api::fields::as_map(fields).insert(self.step, value)),
        }
        Ok(())
    }

    fn add(self, value: Value) -> Result<(), PatchError> {
        match self.container {
            Value::Array(items) if self.step == "-" => items.push(value),
            Value::Array(items) => {
                let whole = format!("value was not a proper array index: '{}'", self.step);
                let at = match self.step.parse::<i64>() {
                    Ok(_) => index(&self.step, items.len() + 1)?,
                    Err(_) => within(index(&self.step, items.len() + 1), &whole)?,
                };
                items.insert(at, value);
            }
            fields => drop(crate::api::fields::as_map(fields).insert(self.step, value)),
        }
        Ok(())
    }

    fn remove(self) -> Result<Value, PatchError> {
        match self.container {
            Value::Array(items) => index(&self.step, items.len()).map(|at| items.remove(at)),
            fields => match crate::api::fields::as_map(fields).remove(&self.step) {
                Some(value) => Ok(value),
                None => failed(format!("Unable to remove nonexistent key: {}: missing value", self.step)),
            },
        }
    }
}

/// An index below `length`; negative ones count from the end.
fn index(step: &str, length: usize) -> Result<usize, PatchError> {
    let Ok(at) = step.parse::<i64>() else {
        let why = if step.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit()) && step.len() > 1 {
            "value out of range"
        } else {
            "invalid syntax"
        };
        return failed(format!("strconv.Atoi: parsing {}: {why}", crate::api::status::quote(step)));
    };
    let counted = if at < 0 { at + length as i64 } else { at };
    match usize::try_from(counted).ok().filter(|at| *at < length) {
        Some(at) => Ok(at),
        None => failed(format!("Unable to access invalid index: {at}: invalid index referenced")),
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
            Err("add operation does not apply: doc is missing path: \"/no/where\": missing value"),
        );
        check(
            json!([{"op": "remove", "path": "/spec/list/3"}]),
            Err(
                "error in remove for path: '/spec/list/3': Unable to access invalid index: 3: invalid index referenced",
            ),
        );
        check(json!([{"op": "swap", "path": "/spec"}]), Err("Unexpected kind: swap"));
        check(json!([{"op": "add"}]), Err("add operation failed to decode path: missing value"));
        check(
            json!([{"op": "test", "path": "/no/where"}]),
            Err("test operation does not apply: is missing path: /no/where: missing value"),
        );
    }
}
