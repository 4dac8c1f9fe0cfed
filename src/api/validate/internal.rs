//! The server's internal types, which some refusals show: they have the fields of the API's types, but Go's names, and
//! write every one of them.
//!
//! `internal.txt` holds facts of `pkg/apis/{core,apps,policy}/types.go` of Kubernetes v1.37.2, Apache-2.0: a line for each
//! type with its fields in Go's order, `Go[=json][suffix]`. Without `=` the JSON name is the same but for capitals. The
//! suffix says what a missing value is: `$` an empty text, `#` 0, `!` false, `0` the quantity 0, `@Type` an empty struct;
//! null otherwise. `*Type` points to a struct, `+Type` is a list of them, `&` stands for embedded metadata.

use serde_json::{Map, Value};

use crate::api::fields::Fields;
use crate::api::schema::Schema;
use crate::api::{go_order, json};

const TYPES: &str = include_str!("internal.txt");

/// A value as a field error shows it when the server holds it as this internal type.
pub(super) fn shown(ty: &str, value: &Value) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let ty = ty.strip_prefix("core.").unwrap_or(ty);
    let line = TYPES.lines().find(|line| line.split(' ').next() == Some(ty)).unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    for field in line.split(' ').skip(1) {
        if field == "&" {
            // The metadata keep the names and manners of the API.
            parts.extend(go_order::fields(Schema::get().struct_named("ObjectMeta"), value.field("metadata")));
            continue;
        }
        let end = field.find(['$', '#', '!', '0', '@', '*', '+']).unwrap_or(field.len());
        let (names, suffix) = field.split_at(end);
        let (go, name) = names.split_once('=').unwrap_or((names, names));
        let found = value.as_object().into_iter().flatten().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let child = found.map_or(&Value::Null, |(_, child)| child);
        let inner = suffix.get(1..).unwrap_or_default();
        let text = match (suffix.chars().next(), child) {
            (Some('@'), Value::Null) => shown(inner, &Value::Object(Map::new())),
            (Some('@' | '*'), child) => shown(inner, child),
            (Some('+'), Value::Array(items)) => shown_list(inner, items),
            (Some('$'), Value::Null) => "\"\"".to_owned(),
            (Some('#'), Value::Null) => "0".to_owned(),
            (Some('0'), Value::Null) => "\"0\"".to_owned(),
            (Some('!'), Value::Null) => "false".to_owned(),
            (_, child) if name.ends_with("elector") && name != "NodeSelector" => shown_selector(child),
            (_, child) => json::to_string(child),
        };
        parts.push(format!("\"{go}\":{text}"));
    }
    format!("{{{}}}", parts.join(","))
}

/// A label selector, which keeps the names of the API, as Go writes it.
pub(super) fn shown_selector(selector: &Value) -> String {
    let Value::Object(fields) = selector else { return json::to_string(selector) };
    let parts = ["matchLabels", "matchExpressions"].into_iter().filter(|name| fields.has(name));
    let parts: Vec<String> = parts.map(|name| format!("\"{name}\":{}", json::to_string(fields.field(name)))).collect();
    format!("{{{}}}", parts.join(","))
}

/// A list of such values.
pub(super) fn shown_list(ty: &str, values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(|value| shown(ty, value)).collect();
    format!("[{}]", texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_is_written_with_its_go_name() {
        assert_eq!(
            shown("StatefulSetUpdateStrategy", &json!({"type": "X", "rollingUpdate": {"maxUnavailable": 1}})),
            r#"{"Type":"X","RollingUpdate":{"Partition":0,"MaxUnavailable":1}}"#
        );
        let claim =
            json!({"apiVersion": "v1", "metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"]}});
        let text = shown("PersistentVolumeClaim", &claim);
        assert!(
            text.starts_with(r#"{"name":"www","Spec":{"AccessModes":["ReadWriteOnce"],"Selector":null,"Resources":"#)
        );
        assert!(text.contains(r#""Status":{"Phase":"","AccessModes":null,"Capacity":null,"#), "{text}");
    }

    #[test]
    fn every_type_that_a_line_names_has_a_line() {
        for field in TYPES.split_whitespace() {
            if let Some((_, ty)) = field.split_once(['@', '*', '+']) {
                assert!(TYPES.lines().any(|line| line.split(' ').next() == Some(ty)), "{field}");
            }
        }
    }
}
