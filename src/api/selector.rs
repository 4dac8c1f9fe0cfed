//! Label selectors.

use serde_json::Value;

use super::fields::Fields;
use super::meta::StringMap;

/// A selector: all of its requirements must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// What must hold of the labels; nothing at all selects everything.
    pub requirements: Vec<Requirement>,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How the label is compared.
    pub operator: Operator,
    /// With what.
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label has none of the values, or is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The label is a whole number above the value.
    Gt,
    /// The label is a whole number below the value.
    Lt,
}

impl Operator {
    /// The operator of this name in the API.
    pub fn parse(name: &str) -> Option<Operator> {
        Some(match name {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => return None,
        })
    }
}

impl Selector {
    /// A selector that wants each of these labels to have its value, as a Service's does.
    pub fn of_labels(labels: &StringMap) -> Selector {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement { key: key.clone(), operator: Operator::In, values: vec![value.clone()] })
            .collect();
        Selector { requirements }
    }

    /// The selector as a `LabelSelector`. What asks for one value of a label stands in `matchLabels`.
    ///
    /// # Errors
    /// Where the API has no word for a requirement.
    // Models k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go ParseToLabelSelector
    pub fn to_value(&self) -> Result<Value, String> {
        let (mut labels, mut expressions) = (serde_json::Map::new(), Vec::new());
        for Requirement { key, operator, values } in &self.requirements {
            let operator = match (operator, values.as_slice()) {
                (Operator::In, [value]) => {
                    labels.insert(key.clone(), Value::from(value.as_str()));
                    continue;
                }
                (Operator::In, _) => "In",
                (Operator::NotIn, _) => "NotIn",
                (Operator::Exists, _) => "Exists",
                (Operator::DoesNotExist, _) => "DoesNotExist",
                (Operator::Gt, _) => return Err("\"gt\" isn't supported in label selectors".to_owned()),
                (Operator::Lt, _) => return Err("\"lt\" isn't supported in label selectors".to_owned()),
            };
            let mut expression = serde_json::json!({"key": key, "operator": operator});
            if !values.is_empty() {
                expression["values"] = serde_json::json!(values);
            }
            expressions.push(expression);
        }
        let mut out = serde_json::Map::new();
        if !labels.is_empty() {
            out.insert("matchLabels".to_owned(), Value::Object(labels));
        }
        if !expressions.is_empty() {
            out.insert("matchExpressions".to_owned(), Value::Array(expressions));
        }
        Ok(Value::Object(out))
    }

    /// A selector from a `LabelSelector`. `None` where it is `null`, which selects nothing, or names an operator that
    /// there is not.
    // Models k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
    pub fn of_value(value: &Value) -> Option<Selector> {
        if value.is_null() {
            return None;
        }
        let mut selector = Selector::of_labels(&super::meta::string_map(value.entries("matchLabels")));
        for expression in value.list("matchExpressions") {
            selector.requirements.push(Requirement::of_value(expression)?);
        }
        Some(selector)
    }

    /// Whether the labels satisfy every requirement.
    pub fn matches(&self, labels: &StringMap) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    /// A requirement from a label or node selector requirement.
    pub fn of_value(value: &Value) -> Option<Requirement> {
        Some(Requirement {
            key: value.text("key").to_owned(),
            operator: Operator::parse(value.text("operator"))?,
            values: value.list("values").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// Whether the labels satisfy this requirement.
    // Models k8s.io/apimachinery/pkg/labels/selector.go Matches
    pub fn matches(&self, labels: &StringMap) -> bool {
        let label = labels.get(&self.key);
        let listed = |value: &String| self.values.contains(value);
        let compared = |accept: fn(&i64, &i64) -> bool| {
            let left = label.and_then(|value| value.parse::<i64>().ok());
            let right = self.values.first().and_then(|value| value.parse::<i64>().ok());
            left.zip(right).is_some_and(|(left, right)| accept(&left, &right))
        };
        match self.operator {
            Operator::In => label.is_some_and(listed),
            Operator::NotIn => !label.is_some_and(listed),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::Gt => compared(i64::gt),
            Operator::Lt => compared(i64::lt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels(pairs: &[(&str, &str)]) -> StringMap {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_requirement_must_hold() {
        let selector = Selector::of_value(&json!({
            "matchLabels": {"app": "nginx"},
            "matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["test"]},
                {"key": "zone", "operator": "Exists"},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        }))
        .unwrap();
        assert!(selector.matches(&labels(&[("app", "nginx"), ("zone", "a")])));
        assert!(!selector.matches(&labels(&[("app", "nginx"), ("zone", "a"), ("tier", "test")])));
        assert!(!selector.matches(&labels(&[("app", "nginx")])));
        assert!(!selector.matches(&labels(&[("app", "nginx"), ("zone", "a"), ("old", "")])));
    }

    #[test]
    fn null_selects_nothing_and_empty_selects_everything() {
        assert_eq!(Selector::of_value(&Value::Null), None);
        assert!(Selector::of_value(&json!({})).unwrap().matches(&labels(&[])));
        assert_eq!(Selector::of_value(&json!({"matchExpressions": [{"key": "a", "operator": "Near"}]})), None);
    }
}
