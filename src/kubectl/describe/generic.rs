//! Kinds that kubectl knows nothing about: every field by its name.

use serde_json::{Map, Value};

use super::writer::Writer;
use super::{Subject, sections};
use crate::kubectl::output::go;

/// Fields that stand at the top already.
const SKIPPED: [&str; 4] = [".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];
const ACRONYMS: [&str; 4] = ["API", "URL", "UID", "GUID"];

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go genericDescriber.Describe
pub(super) fn describe(w: &mut Writer, subject: &Subject<'_>) {
    for section in ["head", "labels", "annotations"] {
        sections::write(w, section, subject);
    }
    if let Value::Object(fields) = subject.object.to_value() {
        content(w, 0, &fields, "");
    }
    sections::events(w, subject);
}

// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go printUnstructuredContent
fn content(w: &mut Writer, level: usize, fields: &Map<String, Value>, prefix: &str) {
    for (name, value) in fields {
        let path = format!("{prefix}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Object(fields) => {
                w.text(level, &format!("{label}:\n"));
                content(w, level + 1, fields, &path);
            }
            Value::Array(items) => {
                w.text(level, &format!("{label}:\n"));
                for item in items {
                    match item {
                        Value::Object(fields) => content(w, level + 1, fields, &path),
                        other => w.text(level + 1, &format!("{}\n", go::sprint(other))),
                    }
                }
            }
            other => w.line(level, &label, &go::sprint(other)),
        }
    }
}

/// `creationTimestamp` as `Creation Timestamp`; acronyms in capitals.
// Models staging/src/k8s.io/kubectl/pkg/describe/describe.go smartLabelFor
fn label(field: &str) -> String {
    if field.contains(|c: char| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let parts = words(field);
    let mut merged: Vec<String> = Vec::new();
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        let is_upper = part.chars().count() >= 2 && !part.contains(|c: char| c.is_alphabetic() && !c.is_uppercase());
        match parts.peek() {
            Some(next) if is_upper && next.starts_with(|c: char| c.is_ascii_uppercase()) => {
                merged.push(format!("{part}{next}"));
                parts.next();
            }
            _ => merged.push(part.clone()),
        }
    }
    let title = |part: String| {
        let upper = part.to_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        if part != part.to_lowercase() {
            return part;
        }
        let mut letters = part.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    merged.into_iter().map(title).collect::<Vec<_>>().join(" ")
}

/// The words of a name in camel case.
// Models github.com/fatih/camelcase Split
fn words(field: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_lowercase() {
            1
        } else if c.is_uppercase() {
            2
        } else {
            4
        }
    };
    let mut runs: Vec<(u8, String)> = Vec::new();
    for c in field.chars() {
        match runs.last_mut() {
            Some((last, run)) if *last == class(c) => run.push(c),
            _ => runs.push((class(c), c.to_string())),
        }
    }
    // The last capital of several belongs to the small letters after it.
    for i in 0..runs.len().saturating_sub(1) {
        if runs[i].0 == 2 && runs[i + 1].0 == 1 {
            let last = runs[i].1.pop();
            runs[i + 1].1.insert(0, last.unwrap_or_default());
        }
    }
    runs.into_iter().map(|(_, run)| run).filter(|run| !run.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        let cases = [
            ("creationTimestamp", "Creation Timestamp"),
            ("apiVersion", "API Version"),
            ("uid", "UID"),
            ("kind", "Kind"),
            ("podIPs", "Pod I Ps"),
            ("clusterIP", "Cluster IP"),
            ("controller-revision", "Controller - Revision"),
            ("a.b", "a.b"),
        ];
        for (field, expected) in cases {
            assert_eq!(label(field), expected);
        }
    }
}
