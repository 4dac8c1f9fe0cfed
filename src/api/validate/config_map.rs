//! Rules about ConfigMaps and Secrets.
//!
//! Follows `pkg/apis/core/validation/validation.go` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::Value;

use super::{Errors, format};
use crate::api::fields::Fields;
use crate::api::path::Path;
use crate::api::{base64, json_scan};

/// What a ConfigMap or a Secret may hold, in bytes.
const MAX_SIZE: usize = 1 << 20;

fn keys(object: &Value, field: &str, errors: &mut Errors) {
    for key in object.entries(field).keys() {
        errors.malformed(&Path::ROOT.field(field).key(key), key, format::config_key(key));
        if field == "data" && object.entries("binaryData").contains_key(key) {
            let detail = "duplicate of key present in binaryData";
            errors.invalid(&Path::ROOT.field("data").key(key), key.as_str().into(), detail);
        }
    }
}

/// The size of values in base64, unpacked.
fn unpacked_size(object: &Value, field: &str) -> usize {
    let values = object.entries(field).values().filter_map(Value::as_str);
    values.map(|text| base64::decode(text).map_or(0, |bytes| bytes.len())).sum()
}

// Models pkg/apis/core/validation/validation.go ValidateConfigMap
pub(super) fn validate_config_map(config: &Value, errors: &mut Errors) {
    keys(config, "data", errors);
    keys(config, "binaryData", errors);
    let data = config.entries("data").values().filter_map(Value::as_str).map(str::len).sum::<usize>();
    if data + unpacked_size(config, "binaryData") > MAX_SIZE {
        // A path without a name is written so.
        errors.add(super::FieldError::too_long("[]", MAX_SIZE));
    }
}

// Models pkg/apis/core/validation/validation.go ValidateSecret
pub(super) fn validate_secret(secret: &Value, errors: &mut Errors) {
    const SERVICE_ACCOUNT: &str = "kubernetes.io/service-account.name";
    let data_path = Path::ROOT.field("data");
    keys(secret, "data", errors);
    if unpacked_size(secret, "data") > MAX_SIZE {
        errors.too_long(&data_path, MAX_SIZE);
    }
    let data = secret.entries("data");
    let json = |key: &str, errors: &mut Errors| match data.get(key) {
        None => errors.required(&data_path.key(key), ""),
        Some(value) => {
            let bytes = base64::decode(value.as_str().unwrap_or_default()).unwrap_or_default();
            if let Some(why) = not_an_object(&String::from_utf8_lossy(&bytes)) {
                errors.invalid(&data_path.key(key), "<secret contents redacted>".into(), &why);
            }
        }
    };
    let required = |keys: &[&str], errors: &mut Errors| {
        for key in keys.iter().filter(|key| !data.contains_key(**key)) {
            errors.required(&data_path.key(key), "");
        }
    };
    match secret.text("type") {
        "kubernetes.io/service-account-token"
            if secret.field("metadata").field("annotations").text(SERVICE_ACCOUNT).is_empty() =>
        {
            let meta = Path::ROOT.field("metadata");
            errors.required(&meta.field("annotations").key(SERVICE_ACCOUNT), "");
        }
        "kubernetes.io/dockercfg" => json(".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => json(".dockerconfigjson", errors),
        "kubernetes.io/basic-auth" if !data.contains_key("username") && !data.contains_key("password") => {
            required(&["username", "password"], errors);
        }
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|key| key.as_str() == Some("")) => {
            errors.required(&data_path.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => required(&["tls.crt", "tls.key"], errors),
        _ => {}
    }
}

/// Go's sentence where a text is no JSON object.
fn not_an_object(text: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_) | Value::Null) => None,
        Ok(other) => {
            let kind = crate::api::decode::json_kind(&other);
            Some(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"))
        }
        Err(_) => json_scan::refusal(text),
    }
}

// Models pkg/apis/core/validation/validation.go ValidateSecretUpdate
// Models pkg/apis/core/validation/validation.go ValidateConfigMapUpdate
pub(super) fn immutable_data(object: &Value, old: &Value, errors: &mut Errors) {
    if !old.flag("immutable") {
        return;
    }
    const DETAIL: &str = "field is immutable when `immutable` is set";
    if !object.flag("immutable") {
        errors.forbidden(&Path::ROOT.field("immutable"), DETAIL);
    }
    for name in ["data", "binaryData"] {
        if object.field(name) != old.field(name) {
            errors.forbidden(&Path::ROOT.field(name), DETAIL);
        }
    }
}
