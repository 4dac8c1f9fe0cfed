//! Rules about Services.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Errors, FieldError, format};
use crate::api::fields::Fields;
use crate::api::path::Path;

// Models pkg/apis/core/validation/validation.go ValidateService
pub(super) fn validate_service(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let ports = spec.list("ports");
    let list = path.field("ports");
    let headless = spec.text("clusterIP") == "None";
    if ports.is_empty() && !headless && spec.text("type") != "ExternalName" {
        errors.required(&list, "");
    }
    let mut names = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let path = list.index(i);
        let name = port.text("name");
        if name.is_empty() {
            if ports.len() > 1 {
                errors.required(&path.field("name"), "");
            }
        } else {
            errors.malformed(&path.field("name"), name, format::dns1123_label(name));
            if !names.insert(name) {
                errors.add(FieldError::duplicate(path.field("name"), port.field("name")));
            }
        }
        for sentence in format::port_number(port.int("port").unwrap_or_default()) {
            errors.invalid(&path.field("port"), port.field("port"), &sentence);
        }
    }
    if !matches!(spec.text("type"), "ClusterIP" | "ExternalName" | "LoadBalancer" | "NodePort") {
        let supported = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        errors.not_supported(&path.field("type"), spec.field("type"), &supported);
    }
}
