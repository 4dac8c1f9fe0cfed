//! Labels and selectors as text.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::meta::StringMap;
use crate::api::order;

const NONE: &str = "<none>";

/// Labels with commas between, `<none>` where there are none.
// Models k8s.io/apimachinery/pkg/labels/labels.go FormatLabels
pub fn format_labels(labels: &StringMap) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { NONE.to_owned() } else { pairs.join(",") }
}

/// A `LabelSelector`, `<none>` where it selects everything or nothing.
// Models k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go FormatLabelSelector
pub fn format_selector(selector: &Value) -> String {
    let text = selector_text(selector);
    if text.is_empty() { NONE.to_owned() } else { text }
}

/// A `LabelSelector`, as it would be written after `-l`.
// Models k8s.io/apimachinery/pkg/labels/selector.go internalSelector.String
pub fn selector_text(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (key, value) in selector.entries("matchLabels") {
        parts.push((key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for expression in selector.list("matchExpressions") {
        let key = expression.text("key");
        let mut values: Vec<&str> = expression.list("values").iter().filter_map(Value::as_str).collect();
        order::sort_by_key(&mut values, |value| *value);
        let values = values.join(",");
        let text = match expression.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_owned(), text));
    }
    order::sort_by_key(&mut parts, |(key, _)| key.clone());
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_is_written_as_after_the_flag() {
        let selector = json!({"matchLabels": {"b": "1"}, "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["y", "x"]},
            {"key": "c", "operator": "NotIn", "values": ["z"]},
            {"key": "d", "operator": "Exists"}, {"key": "e", "operator": "DoesNotExist"},
        ]});
        assert_eq!(format_selector(&selector), "a in (x,y),b=1,c notin (z),d,!e");
        assert_eq!(format_selector(&Value::Null), "<none>");
        assert_eq!(format_labels(&StringMap::new()), "<none>");
    }
}
