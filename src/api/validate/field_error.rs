//! Field errors: what is wrong, at which field.

use std::fmt;

use serde_json::Value;

use crate::api::status::quote;

/// One rule that an object breaks, as `k8s.io/apimachinery/pkg/util/validation/field` words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path: `spec.template.spec.containers[0].name`.
    pub path: String,
    kind: &'static str,
    value: Option<String>,
    detail: String,
}

impl FieldError {
    fn new(
        path: impl Into<String>,
        kind: &'static str,
        value: Option<String>,
        detail: impl Into<String>,
    ) -> FieldError {
        FieldError { path: path.into(), kind, value, detail: detail.into() }
    }

    /// The field must have a value.
    pub fn required(path: impl Into<String>, detail: impl Into<String>) -> FieldError {
        FieldError::new(path, "Required value", None, detail)
    }

    /// The field's value is malformed or out of range.
    pub fn invalid(path: impl Into<String>, value: &Value, detail: impl Into<String>) -> FieldError {
        FieldError::new(path, "Invalid value", Some(go_value(value)), detail)
    }

    /// The same, with the value as the message is to show it.
    pub fn invalid_shown(path: impl Into<String>, shown: String, detail: impl Into<String>) -> FieldError {
        FieldError::new(path, "Invalid value", Some(shown), detail)
    }

    /// The value stands there twice.
    pub fn duplicate(path: impl Into<String>, value: &Value) -> FieldError {
        FieldError::new(path, "Duplicate value", Some(go_value(value)), "")
    }

    /// The same, with the value as the message is to show it.
    pub fn duplicate_shown(path: impl Into<String>, shown: String) -> FieldError {
        FieldError::new(path, "Duplicate value", Some(shown), "")
    }

    /// The value names something that is not there.
    pub fn not_found(path: impl Into<String>, value: &Value) -> FieldError {
        FieldError::new(path, "Not found", Some(go_value(value)), "")
    }

    /// The value is none of those known.
    pub fn not_supported(path: impl Into<String>, value: &Value, supported: &[&str]) -> FieldError {
        FieldError::not_supported_shown(path, go_value(value), supported)
    }

    /// The same, with the value as the message is to show it.
    pub fn not_supported_shown(path: impl Into<String>, shown: String, supported: &[&str]) -> FieldError {
        let quoted: Vec<String> = supported.iter().map(|s| quote(s)).collect();
        let detail = if quoted.is_empty() { String::new() } else { format!("supported values: {}", quoted.join(", ")) };
        FieldError::new(path, "Unsupported value", Some(shown), detail)
    }

    /// The value is not allowed here.
    pub fn forbidden(path: impl Into<String>, detail: impl Into<String>) -> FieldError {
        FieldError::new(path, "Forbidden", None, detail)
    }

    /// The value is too long; `max` is in bytes.
    pub fn too_long(path: impl Into<String>, max: usize) -> FieldError {
        FieldError::new(path, "Too long", None, format!("may not be more than {max} bytes"))
    }

    /// The list has more than `max` items.
    pub fn too_many(path: impl Into<String>, actual: usize, max: usize) -> FieldError {
        let items = if max == 1 { "item" } else { "items" };
        FieldError::new(path, "Too many", Some(actual.to_string()), format!("must have at most {max} {items}"))
    }

    /// The error with another explanation.
    pub fn with_detail(mut self, detail: String) -> FieldError {
        self.detail = detail;
        self
    }

    /// Shows a list or a map that was given empty as it was given; decoding leaves such out.
    pub fn show_empty(&mut self, empty: &[(String, &'static str)]) {
        if self.value.as_deref() == Some("null")
            && let Some((_, shown)) = empty.iter().find(|(path, _)| *path == self.path)
        {
            self.value = Some((*shown).to_owned());
        }
    }

    /// The error without its path, as kubectl lists it below a field.
    pub fn body(&self) -> String {
        let mut text = self.kind.to_owned();
        for part in [self.value.as_deref().unwrap_or(""), &self.detail] {
            if !part.is_empty() {
                text.push_str(": ");
                text.push_str(part);
            }
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

/// A value as a field error shows it: strings quoted as Go does, the rest as JSON.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        other => crate::api::json::to_string(other),
    }
}
