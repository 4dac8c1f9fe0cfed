//! Validation: what the API server refuses, and in which words.
//!
//! Follows `pkg/apis/*/validation` of Kubernetes v1.37.2, Apache-2.0. Objects come here decoded and defaulted.

mod field_error;
pub mod format;
mod meta;
mod pod;
mod service;
mod stateful_set;

use serde_json::Value;

pub use field_error::{FieldError, go_value};

use super::fields::Fields;
use super::gates::FeatureGates;
use super::kind::Kind;
use super::path::Path;

/// The rules that a new object breaks.
pub fn validate(kind: Kind, object: &Value, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate_object_meta(kind, object.field("metadata"), &Path::ROOT.field("metadata"), &mut errors);
    let spec = object.field("spec");
    let spec_path = Path::ROOT.field("spec");
    match kind {
        Kind::StatefulSet => stateful_set::validate_spec(spec, &spec_path, gates, true, &mut errors),
        Kind::Pod => pod::validate_pod_spec(spec, &spec_path, &mut errors),
        Kind::Service => service::validate_service(spec, &spec_path, &mut errors),
        _ => {}
    }
    errors.0
}

/// The rules that a changed object breaks.
pub fn validate_update(kind: Kind, object: &Value, old: &Value, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Errors::default();
    meta::validate_object_meta_update(object.field("metadata"), &Path::ROOT.field("metadata"), &mut errors);
    let (spec, old_spec) = (object.field("spec"), old.field("spec"));
    let spec_path = Path::ROOT.field("spec");
    match kind {
        Kind::StatefulSet => {
            stateful_set::validate_spec(spec, &spec_path, gates, false, &mut errors);
            stateful_set::validate_immutable(spec, old_spec, &spec_path, &mut errors);
        }
        Kind::Service => service::validate_service(spec, &spec_path, &mut errors),
        _ => {}
    }
    errors.0
}

/// The errors found so far.
#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, error: FieldError) {
        self.0.push(error);
    }

    fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.add(FieldError::required(path, detail));
    }

    fn invalid(&mut self, path: &Path<'_>, value: &Value, detail: &str) {
        self.add(FieldError::invalid(path, value, detail));
    }

    fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.add(FieldError::forbidden(path, detail));
    }

    fn not_supported(&mut self, path: &Path<'_>, value: &Value, supported: &[&str]) {
        self.add(FieldError::not_supported(path, value, supported));
    }

    /// One error for each sentence that a format has about the value.
    fn malformed(&mut self, path: &Path<'_>, value: &str, sentences: Vec<String>) {
        for sentence in sentences {
            self.add(FieldError::invalid(path, &Value::from(value), sentence));
        }
    }

    // Models pkg/apis/core/validation/validation.go ValidateNonnegativeField
    fn nonnegative(&mut self, path: &Path<'_>, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }

    // Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateImmutableField
    fn immutable(&mut self, path: &Path<'_>, value: &Value, old: &Value) {
        if value != old {
            self.invalid(path, value, "field is immutable");
        }
    }
}
