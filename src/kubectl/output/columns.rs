//! `-o custom-columns` and `--sort-by`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/get/customcolumn.go` and `sorter.go` of Kubernetes v1.37.2, Apache-2.0.

use std::cmp::Ordering;

use serde_json::Value;

use super::go;
use super::jsonpath::JsonPath;
use crate::api::order;
use crate::api::quantity::Quantity;
use crate::kubectl::printers::table::escape;

/// A path as people write it (`metadata.name`, `.metadata.name`, `{.metadata.name}`), as JSONPath.
///
/// # Errors
/// kubectl's sentence where it is none of these.
// Models staging/src/k8s.io/kubectl/pkg/cmd/get/customcolumn.go RelaxedJSONPathExpression
pub fn relaxed_path(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let inner = match inner.strip_prefix('.') {
        Some(rest) if !rest.is_empty() => rest,
        _ => inner,
    };
    if inner.is_empty() || inner.contains(['{', '}']) {
        return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
                    '{.name1.name2}'"
            .to_owned());
    }
    Ok(format!("{{.{inner}}}"))
}

/// Columns that a person names.
#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, String)>,
    no_headers: bool,
    header_printed: bool,
}

impl CustomColumns {
    /// Columns from `HEADER:path,HEADER:path`.
    ///
    /// # Errors
    /// kubectl's sentence about what is wrong.
    pub fn parse(spec: &str, no_headers: bool) -> Result<CustomColumns, String> {
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return Err(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"));
            };
            columns.push((header.to_owned(), relaxed_path(path)?));
        }
        Ok(CustomColumns { columns, no_headers, header_printed: false })
    }

    /// Columns from a file: a line of headers, and a line of paths.
    ///
    /// # Errors
    /// kubectl's sentence about what is wrong.
    pub fn parse_file(text: &str) -> Result<CustomColumns, String> {
        let mut lines = text.lines();
        let mut line = |what: &str| {
            lines.next().ok_or_else(|| {
                format!(
                    "invalid template, missing {what} line. Expected format is one line of space separated headers, \
                     one line of space separated column specs."
                )
            })
        };
        let headers: Vec<&str> = line("header")?.split_whitespace().collect();
        let specs: Vec<&str> = line("spec")?.split_whitespace().collect();
        if headers.len() != specs.len() {
            let (headers, specs) = (headers.len(), specs.len());
            return Err(format!("number of headers ({headers}) and field specifications ({specs}) don't match"));
        }
        let mut columns = Vec::new();
        for (header, spec) in headers.into_iter().zip(specs) {
            columns.push((header.to_owned(), relaxed_path(spec)?));
        }
        Ok(CustomColumns { columns, no_headers: false, header_printed: false })
    }

    /// The lines for an object, or for each object of a list, with tabs between the cells. What was printed before an
    /// error stays in `out`.
    ///
    /// # Errors
    /// client-go's sentence about a path.
    pub fn lines(&mut self, objects: &[&Value], out: &mut String) -> Result<(), String> {
        if !self.no_headers && !self.header_printed {
            let headers: Vec<&str> = self.columns.iter().map(|(header, _)| header.as_str()).collect();
            out.push_str(&headers.join("\t"));
            out.push('\n');
            self.header_printed = true;
        }
        let paths: Vec<JsonPath> =
            self.columns.iter().map(|(_, path)| JsonPath::parse(path)).collect::<Result<_, _>>()?;
        for object in objects {
            let mut cells = Vec::new();
            for path in &paths {
                let found = path.find(object)?;
                let mut texts: Vec<String> = Vec::new();
                if found.first().is_none_or(|first| first.is_empty()) {
                    texts.push("<none>".to_owned());
                }
                texts.extend(found.iter().flatten().map(|value| escape(&go::sprint(value))));
                cells.push(texts.join(","));
            }
            out.push_str(&cells.join("\t"));
            out.push('\n');
        }
        Ok(())
    }
}

/// The order in which `--sort-by` puts objects: for each place the index of the object that goes there.
///
/// # Errors
/// kubectl's sentence where no object has the field, or the path cannot be read.
// Models staging/src/k8s.io/kubectl/pkg/cmd/get/sorter.go SortObjects, NewTableSorter
pub fn sort_order(objects: &[Value], path: &str) -> Result<Vec<usize>, String> {
    let parser = JsonPath::parse(path)?;
    let mut keys: Vec<Option<Value>> = Vec::new();
    for object in objects {
        let found = parser.find(object)?;
        keys.push(found.into_iter().next().and_then(|first| first.into_iter().next()).map(|value| value.into_owned()));
    }
    if !objects.is_empty() && keys.iter().all(Option::is_none) {
        return Err(format!("couldn't find any field with path {path:?} in the list of objects"));
    }
    let mut indices: Vec<usize> = (0..objects.len()).collect();
    let less = |a: usize, b: usize| match (&keys[a], &keys[b]) {
        (None, _) => Ok(true),
        (_, None) => Ok(false),
        (Some(a), Some(b)) => is_less(a, b),
    };
    // Short lists are sorted by insertion, as Go does it, which shows where the order is none.
    if indices.len() <= 12 {
        for i in 1..indices.len() {
            let mut at = i;
            while at > 0 && less(indices[at], indices[at - 1])? {
                indices.swap(at, at - 1);
                at -= 1;
            }
        }
        return Ok(indices);
    }
    order::sort_by(&mut indices, |a, b| match (&keys[*a], &keys[*b]) {
        (Some(a), Some(b)) if is_less(a, b).unwrap_or_default() => Ordering::Less,
        (Some(a), Some(b)) if is_less(b, a).unwrap_or_default() => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Equal,
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    Ok(indices)
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/get/sorter.go isLess
fn is_less(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Null, Value::Null) | (_, Value::Null) => Ok(false),
        (Value::Null, _) => Ok(true),
        (Value::Number(a), Value::Number(b)) => Ok(match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a < b,
            _ => a.as_f64() < b.as_f64(),
        }),
        (Value::String(a), Value::String(b)) => Ok(match (Quantity::parse(a), Quantity::parse(b)) {
            (Ok(a), Ok(b)) => a < b,
            _ => a < b,
        }),
        (a, _) => Err(format!("unsortable type: {}", go::type_name(a))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_may_be_written_in_four_ways() {
        for text in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
            assert_eq!(relaxed_path(text).unwrap(), "{.a.b}");
        }
        assert!(relaxed_path("{a").is_err() && relaxed_path("").unwrap().is_empty());
    }

    #[test]
    fn quantities_are_sorted_by_size_and_what_lacks_the_field_comes_first() {
        let objects = [json!({"a": "2Gi"}), json!({"a": "10Mi"}), json!({}), json!({"a": "1"})];
        assert_eq!(sort_order(&objects, "{.a}").unwrap(), [2, 3, 1, 0]);
        assert!(sort_order(&objects, "{.b}").unwrap_err().starts_with("couldn't find any field with path \"{.b}\""));
    }

    #[test]
    fn columns_are_filled_with_every_value_found() {
        let mut columns = CustomColumns::parse("N:.n,X:x[*].y", false).unwrap();
        let mut out = String::new();
        columns.lines(&[&json!({"n": null, "x": [{"y": 1}, {"y": 2}]}), &json!({"x": []})], &mut out).unwrap();
        assert_eq!(out, "N\tX\n<nil>\t1,2\n<none>\t<none>\n");
        let error = CustomColumns::parse("N", false).unwrap_err();
        assert_eq!(error, "unexpected custom-columns spec: N, expected <header>:<json-path-expr>");
    }
}
