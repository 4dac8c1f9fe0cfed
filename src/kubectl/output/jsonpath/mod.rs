//! kubectl's dialect of JSONPath.
//!
//! Follows `staging/src/k8s.io/client-go/util/jsonpath` of Kubernetes v1.37.2, Apache-2.0, also where it is odd: a text
//! after a closing brace belongs to the top, `range` and `end` are identifiers, and `-1` alone as an index counts from
//! the end. Entries of an object come in the order of their names where Go has no order.

mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{go, json};
use crate::api::json as compact;

/// How many values one evaluation may touch, so that `..` inside `..` ends.
const BUDGET: usize = 1_000_000;

/// A template that has been read.
#[derive(Clone, Debug)]
pub struct JsonPath {
    nodes: Vec<Node>,
    /// Whether a field that is missing is no error.
    pub allow_missing_keys: bool,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Field(String),
    Identifier(String),
    Array([Param; 3]),
    Filter(Vec<Node>, Vec<Node>, String),
    Literal(Value),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
}

/// Start, end or step of a slice.
#[derive(Clone, Copy, Debug, Default)]
struct Param {
    value: i64,
    known: bool,
    derived: bool,
}

type Found<'a> = Vec<Cow<'a, Value>>;

impl JsonPath {
    /// Reads a template.
    ///
    /// # Errors
    /// client-go's sentence about what is wrong.
    // Models staging/src/k8s.io/client-go/util/jsonpath/parser.go Parse
    pub fn parse(text: &str) -> Result<JsonPath, String> {
        Ok(JsonPath { nodes: parse::parse(text, 0)?, allow_missing_keys: true })
    }

    /// The values that each part of the template finds.
    ///
    /// # Errors
    /// client-go's sentence about what is wrong.
    pub fn find<'a>(&'a self, data: &'a Value) -> Result<Vec<Found<'a>>, String> {
        let mut walk = Walk { allow_missing_keys: self.allow_missing_keys, ..Walk::default() };
        walk.results(Some(Cow::Borrowed(data)), &self.nodes)
    }

    /// What the template prints.
    ///
    /// # Errors
    /// client-go's sentence about what is wrong.
    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go Execute
    pub fn execute(&self, data: &Value, as_json: bool) -> Result<String, String> {
        let mut out = String::new();
        for results in self.find(data)? {
            if as_json {
                let list = results.iter().map(|value| Value::clone(value)).collect();
                out.push_str(&json::indented(&Value::Array(list)));
                out.push('\n');
                continue;
            }
            for (i, value) in results.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                match &**value {
                    Value::Object(_) | Value::Array(_) => compact::write(value, &mut out),
                    Value::Null if matches!(value, Cow::Owned(_)) => out.push_str("<no value>"),
                    Value::Null => out.push_str("null"),
                    scalar => out.push_str(&go::sprint(scalar)),
                }
            }
        }
        Ok(out)
    }
}

/// A walk through an object.
// Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go JSONPath
#[derive(Default)]
struct Walk {
    allow_missing_keys: bool,
    begin_range: usize,
    in_range: usize,
    end_range: usize,
    /// Where the last `end` stood, counted from the back of the template.
    last_end: Option<usize>,
    touched: usize,
}

impl Walk {
    /// `nodes` is what is left of the template from here on, so that a place in it counts from the back.
    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go FindResults
    fn results<'a>(&mut self, data: Option<Cow<'a, Value>>, nodes: &'a [Node]) -> Result<Vec<Found<'a>>, String> {
        let current: Found<'a> = vec![data.unwrap_or(Cow::Owned(Value::Null))];
        let mut full = Vec::new();
        let mut i = 0;
        while i < nodes.len() {
            let results = self.walk(current.clone(), &nodes[i])?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = Some(nodes.len() - i);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                let rest = &nodes[i + 1..];
                if results.is_empty() {
                    self.results(None, rest)?;
                } else {
                    for value in results {
                        self.touch(1)?;
                        // Go loses a null that it goes on from, and prints it in another way.
                        let value = if value.is_null() { None } else { Some(value) };
                        full.extend(self.results(value, rest)?);
                    }
                }
                self.in_range -= 1;
                if let Some(end) = self.last_end
                    && end < nodes.len() - i
                {
                    i = nodes.len() - end;
                }
                i += 1;
                continue;
            }
            full.push(results);
            i += 1;
        }
        Ok(full)
    }

    fn touch(&mut self, count: usize) -> Result<(), String> {
        self.touched += count;
        if self.touched > BUDGET { Err("the template finds too many values".to_owned()) } else { Ok(()) }
    }

    fn walk<'a>(&mut self, values: Found<'a>, node: &'a Node) -> Result<Found<'a>, String> {
        self.touch(values.len())?;
        match node {
            Node::Text(text) => Ok(vec![Cow::Owned(Value::String(text.clone()))]),
            Node::List(nodes) => self.list(values, nodes),
            Node::Field(name) => self.field(values, name),
            Node::Identifier(name) => self.identifier(values, name),
            Node::Array(params) => array(values, params),
            Node::Filter(left, right, operator) => self.filter(values, left, right, operator),
            Node::Literal(value) => Ok(vec![Cow::Borrowed(value); values.len()]),
            Node::Wildcard => {
                let mut out = Vec::new();
                for value in values {
                    out.extend(children(value));
                }
                self.touch(out.len())?;
                Ok(out)
            }
            Node::Recursive => {
                let mut out = Vec::new();
                for value in values {
                    self.recurse(value, &mut out)?;
                }
                Ok(out)
            }
            Node::Union(lists) => {
                let mut out = Vec::new();
                for nodes in lists {
                    out.extend(self.list(values.clone(), nodes)?);
                }
                Ok(out)
            }
        }
    }

    fn list<'a>(&mut self, mut values: Found<'a>, nodes: &'a [Node]) -> Result<Found<'a>, String> {
        for node in nodes {
            values = self.walk(values, node)?;
        }
        Ok(values)
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go evalIdentifier
    fn identifier<'a>(&mut self, values: Found<'a>, name: &str) -> Result<Found<'a>, String> {
        match name {
            "range" => {
                self.begin_range += 1;
                Ok(values)
            }
            "end" if self.in_range > 0 => {
                self.end_range += 1;
                Ok(Vec::new())
            }
            "end" => Err("not in range, nothing to end".to_owned()),
            other => Err(format!("unrecognized identifier {other}")),
        }
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go evalField
    fn field<'a>(&self, values: Found<'a>, name: &str) -> Result<Found<'a>, String> {
        let had_values = !values.is_empty();
        let mut out = Vec::new();
        for value in values {
            match value {
                Cow::Borrowed(value) => out.extend(value.get(name).map(Cow::Borrowed)),
                Cow::Owned(mut value) => out.extend(value.get_mut(name).map(|value| Cow::Owned(value.take()))),
            }
        }
        if out.is_empty() && had_values && !self.allow_missing_keys {
            return Err(format!("{name} is not found"));
        }
        Ok(out)
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go evalRecursive
    fn recurse<'a>(&mut self, value: Cow<'a, Value>, out: &mut Found<'a>) -> Result<(), String> {
        let below: Found<'a> = children(value.clone()).into_iter().collect();
        if below.is_empty() {
            return Ok(());
        }
        self.touch(below.len())?;
        out.push(value);
        for child in below {
            self.recurse(child, out)?;
        }
        Ok(())
    }

    // Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go evalFilter
    fn filter<'a>(
        &mut self,
        values: Found<'a>,
        left: &'a [Node],
        right: &'a [Node],
        operator: &str,
    ) -> Result<Found<'a>, String> {
        let mut out = Vec::new();
        for value in values {
            if !value.is_array() {
                let text = if value.is_null() { "<nil>".to_owned() } else { go::sprint(&value) };
                return Err(format!("{text} is not array or slice and cannot be filtered"));
            }
            for item in children(value) {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        out.push(item);
                    }
                    continue;
                }
                let lefts = lefts?;
                let Some(left) = only(&lefts)? else { continue };
                let rights = self.list(vec![item.clone()], right)?;
                let Some(right) = only(&rights)? else { continue };
                if holds(left, right, operator)? {
                    out.push(item);
                }
            }
        }
        Ok(out)
    }
}

fn only<'v>(values: &'v [Cow<'_, Value>]) -> Result<Option<&'v Value>, String> {
    match values {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err("can only compare one element at a time".to_owned()),
    }
}

/// The values inside a value.
fn children(value: Cow<'_, Value>) -> Found<'_> {
    match value {
        Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(fields)) => fields.values().map(Cow::Borrowed).collect(),
        // Go indexes the bytes of a text, and a byte has no children.
        Cow::Borrowed(Value::String(text)) => text.bytes().map(|byte| Cow::Owned(Value::from(byte))).collect(),
        Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Object(fields)) => fields.into_iter().map(|(_, value)| Cow::Owned(value)).collect(),
        Cow::Owned(Value::String(text)) => text.bytes().map(|byte| Cow::Owned(Value::from(byte))).collect(),
        _ => Vec::new(),
    }
}

// Models staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go evalArray
fn array<'a>(values: Found<'a>, params: &[Param; 3]) -> Result<Found<'a>, String> {
    let mut out = Vec::new();
    for value in values {
        if value.is_null() {
            continue;
        }
        let Value::Array(items) = &*value else {
            return Err(format!("{} is not array or slice", go::type_name(&value)));
        };
        let length = items.len() as i64;
        let [mut start, mut end, step] = *params;
        if !start.known {
            start.value = 0;
        }
        if start.value < 0 {
            start.value += length;
        }
        if !end.known {
            end.value = length;
        }
        if end.value < 0 || (end.value == 0 && end.derived) {
            end.value += length;
        }
        let (start, end) = (start.value, end.value);
        if start == end {
            // Go ends here also where more values would follow.
            return Ok(out);
        }
        if start >= length || start < 0 {
            return Err(format!("array index out of bounds: index {start}, length {length}"));
        }
        if end > length || end < 0 {
            return Err(format!("array index out of bounds: index {}, length {length}", end - 1));
        }
        if start > end {
            return Err(format!("starting index {start} is greater than ending index {end}"));
        }
        if step.known && step.value <= 0 {
            return Err("step must be > 0".to_owned());
        }
        let step = if step.known { step.value as usize } else { 1 };
        let (start, end) = (start as usize, end as usize);
        out.extend(children(value).into_iter().take(end).skip(start).step_by(step));
    }
    Ok(out)
}

// Models staging/src/k8s.io/client-go/third_party/forked/golang/template/funcs.go Equal, Less
fn holds(left: &Value, right: &Value, operator: &str) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) if left.is_f64() == right.is_f64() => {
            match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64().partial_cmp(&right.as_f64()),
            }
        }
        _ => {
            let basic = |value: &Value| matches!(value, Value::Bool(_) | Value::String(_) | Value::Number(_));
            let both = basic(left) && basic(right);
            let why = if both { "incompatible types for comparison" } else { "invalid type for comparison" };
            return Err(why.to_owned());
        }
    };
    if left.is_boolean() && !matches!(operator, "==" | "!=") {
        return Err("invalid type for comparison".to_owned());
    }
    Ok(match operator {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        other => return Err(format!("unrecognized filter operator {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(template: &str) -> Result<String, String> {
        let data = json!({
            "kind": "List",
            "items": [
                {"metadata": {"name": "web-0", "labels": {"a.b/c": "x"}}, "n": 1, "list": [1, 2, 3]},
                {"metadata": {"name": "web-1"}, "n": 2, "list": []},
                {"metadata": {"name": "db"}, "n": 3, "ready": true, "nothing": null},
            ],
        });
        JsonPath::parse(template)?.execute(&data, false)
    }

    #[test]
    fn fields_lists_and_texts_are_printed() {
        assert_eq!(run("{.kind}").unwrap(), "List");
        assert_eq!(run("kind is {.kind}!").unwrap(), "kind is List!");
        assert_eq!(run("{.items[*].metadata.name}").unwrap(), "web-0 web-1 db");
        assert_eq!(run("{.items[0].metadata}").unwrap(), r#"{"labels":{"a.b/c":"x"},"name":"web-0"}"#);
        assert_eq!(run("{.items[0].metadata.labels.a\\.b/c}").unwrap(), "x");
        assert_eq!(run("{.items[0]['metadata']['name']}").unwrap(), "web-0");
        assert_eq!(run("{.items[2].ready} {.items[2].nothing}").unwrap(), "true null");
        assert_eq!(run("{.nosuch}{.items[0].nosuch.deeper}").unwrap(), "");
        assert_eq!(run("{..name}").unwrap(), "web-0 web-1 db");
        assert_eq!(run("{.items[0:2].metadata['name','nosuch']}").unwrap(), "web-0 web-1");
        assert_eq!(run("{'\\t'}{\"a\\nb\"}").unwrap(), "\ta\nb");
    }

    #[test]
    fn indices_count_from_both_ends() {
        assert_eq!(run("{.items[-1].metadata.name}").unwrap(), "db");
        assert_eq!(run("{.items[-2:].n} {.items[:1].n} {.items[::2].n} {.items[0,2].n}").unwrap(), "2 3 1 1 3 1 3");
        assert_eq!(run("{.items[3]}").unwrap_err(), "array index out of bounds: index 3, length 3");
        assert_eq!(run("{.items[2:1]}").unwrap_err(), "starting index 2 is greater than ending index 1");
        assert_eq!(run("{.items[0:3:0]}").unwrap_err(), "step must be > 0");
        assert_eq!(run("{.kind[0]}").unwrap_err(), "string is not array or slice");
        assert_eq!(run("{.items[x]}").unwrap_err(), "invalid array index x");
    }

    #[test]
    fn filters_compare_values_of_one_type() {
        assert_eq!(run("{.items[?(@.n>1)].metadata.name}").unwrap(), "web-1 db");
        assert_eq!(run("{.items[?(@.metadata.name==\"db\")].n}").unwrap(), "3");
        assert_eq!(run("{.items[?(@.metadata.name != 'db')].n}").unwrap(), "1 2");
        assert_eq!(run("{.items[?(@.ready)].n}{.items[?(@.ready==true)].n}").unwrap(), "33");
        assert_eq!(run("{.items[?(@.n==\"1\")]}").unwrap_err(), "incompatible types for comparison");
        assert_eq!(run("{.kind[?(@.a==1)]}").unwrap_err(), "List is not array or slice and cannot be filtered");
        assert_eq!(run("{.items[?(@.n=>1)]}").unwrap_err(), "unrecognized filter operator =>");
    }

    #[test]
    fn ranges_repeat_what_is_inside() {
        assert_eq!(run("{range .items[*]}{.metadata.name}={.n};{end}.").unwrap(), "web-0=1;web-1=2;db=3;.");
        let nested = "{range .items[*]}{.n}:{range .list[*]}{@},{end}{\"\\n\"}{end}";
        assert_eq!(run(nested).unwrap(), "1:1,2,3,\n2:\n3:\n");
        assert_eq!(run("{end}").unwrap_err(), "not in range, nothing to end");
        assert_eq!(run("{range .items[*]}{.n}").unwrap(), "123");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(run("{.kind").unwrap_err(), "unclosed action");
        assert_eq!(run("{foo}").unwrap_err(), "unrecognized identifier foo");
        assert_eq!(run("{.items[0}").unwrap_err(), "unterminated array");
        assert_eq!(run("{'a}").unwrap_err(), "unterminated quoted string");
        assert_eq!(run("{....}").unwrap_err(), "invalid multiple recursive descent");
        assert_eq!(run("{.items[?(@.n>1}").unwrap_err(), "unterminated filter");
        assert_eq!(run("{%}").unwrap_err(), "unrecognized character in action: U+0025 '%'");
    }

    #[test]
    fn json_output_is_a_list() {
        let path = JsonPath::parse("{.a}").unwrap();
        assert_eq!(path.execute(&json!({"a": {"b": 1}}), true).unwrap(), "[\n    {\n        \"b\": 1\n    }\n]\n");
    }
}
