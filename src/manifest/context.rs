//! What a place in a manifest is about, while somebody is still writing it: completion and hover text for the editor.
//!
//! A text that is being written is seldom YAML that can be read, so this looks at lines and their indentation alone. A
//! place that cannot be made sense of gets no answer, never a wrong one.

use crate::api::kind::Kind;
use crate::api::schema::{Field, Schema, Ty, Type};

/// A word that could stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The word.
    pub label: String,
    /// Its type, as `kubectl explain` writes it; empty for values.
    pub detail: String,
    /// Whether the API requires the field.
    pub required: bool,
    /// What follows the word when it is taken: `: `, or a new line for what has fields of its own.
    pub apply: String,
}

/// What is known of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its path from the object's top.
    pub path: String,
    /// Its type, as `kubectl explain` writes it.
    pub ty: String,
    /// Whether the API requires it.
    pub required: bool,
    /// The values that it may have, where the API enumerates them.
    pub values: Vec<&'static str>,
}

/// A line of a document, as far as it matters here.
struct Line<'a> {
    /// The column of the key, or of the value of an item that has no key. What follows dashes counts as deeper.
    indent: usize,
    /// The column of the first dash, where the line begins an item of a list.
    dash: Option<usize>,
    /// The key, without quotes; empty where the line has none.
    key: &'a str,
    /// Where the key ends, in bytes.
    key_end: usize,
    /// What stands behind the colon.
    value: &'a str,
}

impl<'a> Line<'a> {
    /// Reads a line; `None` for an empty one or a comment.
    fn read(text: &'a str) -> Option<Line<'a>> {
        let mut rest = text.trim_start_matches(' ');
        let mut dash = None;
        while let Some(behind) = rest.strip_prefix('-').filter(|behind| behind.is_empty() || behind.starts_with(' ')) {
            dash = dash.or(Some(text.len() - rest.len()));
            rest = behind.trim_start_matches(' ');
        }
        if (rest.is_empty() && dash.is_none()) || rest.starts_with('#') {
            return None;
        }
        let indent = text.len() - rest.len();
        let colon = rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len));
        let (key, value) = match colon {
            Some(at) => (&rest[..at], rest[at + 1..].trim()),
            None => ("", rest.trim()),
        };
        let key_end = indent + colon.unwrap_or(0);
        Some(Line { indent, dash, key: key.trim_matches(['"', '\'']), key_end, value })
    }
}

/// The lines of the document that a line is in, and the line's number among them.
fn document(text: &str, line: usize) -> (Vec<&str>, usize) {
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let is_mark = |text: &str| text == "---" || text.starts_with("--- ");
    let line = line.min(lines.len().saturating_sub(1));
    let first = (0..line).rev().find(|at| is_mark(lines[*at])).map_or(0, |at| at + 1);
    let last = (line..lines.len()).find(|at| *at > line && is_mark(lines[*at])).unwrap_or(lines.len());
    (lines[first..last].to_vec(), line - first)
}

/// The type of the objects of a document, from its `apiVersion` and `kind`.
fn object_type(lines: &[&str]) -> Option<&'static Type> {
    let top = |name: &str| {
        let found = lines.iter().filter_map(|line| Line::read(line)).find(|line| line.indent == 0 && line.key == name);
        found.map(|line| line.value.trim_matches(['"', '\'']).to_owned()).unwrap_or_default()
    };
    Schema::get().of_kind(Kind::of_manifest(&top("apiVersion"), &top("kind"))?)
}

/// A block that a line is a part of: what its lines have in common is the column.
#[derive(Clone, Copy)]
enum Block {
    /// A mapping, by the column of its keys.
    Mapping(usize),
    /// A sequence, by the column of its dashes.
    Sequence(usize),
}

impl Block {
    fn of(line: &Line<'_>) -> Block {
        line.dash.map_or(Block::Mapping(line.indent), Block::Sequence)
    }
}

/// The keys that a line of a block stands below, from the top; `None` inside a text of several lines.
fn ancestors<'a>(lines: &[&'a str], at: usize, mut block: Block) -> Option<Vec<&'a str>> {
    let mut path = Vec::new();
    for text in lines[..at].iter().rev() {
        let Some(line) = Line::read(text) else { continue };
        let is_parent = match block {
            Block::Mapping(0) => break,
            // The first line of the item that the mapping is.
            Block::Mapping(column) if line.dash.is_some() && line.indent == column => {
                block = Block::of(&line);
                continue;
            }
            Block::Mapping(column) => match line.dash {
                // A dash alone: the item begins in the next line.
                Some(dash) if line.key.is_empty() && line.value.is_empty() && dash < column => {
                    block = Block::Sequence(dash);
                    continue;
                }
                _ => line.indent < column,
            },
            // A sequence may stand in the column of its key.
            Block::Sequence(column) => line.indent <= column,
        };
        if !is_parent || line.key.is_empty() {
            continue;
        }
        if line.value.starts_with(['|', '>']) {
            return None;
        }
        if line.value.is_empty() || line.value.starts_with(['#', '&', '!']) {
            path.push(line.key);
            block = Block::of(&line);
        }
    }
    path.reverse();
    Some(path)
}

/// The type without its pointers, lists and maps.
fn inner(ty: &Ty) -> &Ty {
    match ty {
        Ty::Pointer(ty) | Ty::List(ty) | Ty::Map(ty) => inner(ty),
        ty => ty,
    }
}

/// The struct that the keys lead to, from the top.
fn walk(mut ty: &'static Type, path: &[&str]) -> Option<&'static Type> {
    let mut keys = path.iter();
    while let Some(key) = keys.next() {
        let field = ty.fields.iter().find(|field| field.name == *key)?;
        if let Ty::Map(_) = field.ty {
            // The next key is the map's own.
            keys.next()?;
        }
        let Ty::Struct(name) = inner(&field.ty) else { return None };
        ty = Schema::get().struct_named(name);
    }
    Some(ty)
}

/// The words that could stand at a place. Lines and columns count from 0, columns in bytes.
pub fn complete(text: &str, line: usize, column: usize) -> Vec<Suggestion> {
    let (lines, at) = document(text, line);
    let written = lines.get(at).copied().unwrap_or_default();
    let Some(before) = written.get(..column.min(written.len())) else { return Vec::new() };
    let here = Line::read(before);
    if written.trim_start().starts_with('#') {
        return Vec::new();
    }
    if let Some(line) = here.as_ref().filter(|line| !line.key.is_empty()) {
        return values(&lines, at, line);
    }
    let block = here.as_ref().map_or(Block::Mapping(before.len()), Block::of);
    if matches!(block, Block::Mapping(0)) && object_type(&lines).is_none() {
        return ["apiVersion", "kind", "metadata"].iter().map(|name| plain(name, ": ")).collect();
    }
    let path = ancestors(&lines, at, block);
    let ty = object_type(&lines).and_then(|ty| walk(ty, &path?));
    ty.map(|ty| ty.fields.iter().map(suggestion).collect()).unwrap_or_default()
}

fn plain(label: &str, apply: &str) -> Suggestion {
    Suggestion { label: label.to_owned(), detail: String::new(), required: false, apply: format!("{label}{apply}") }
}

fn suggestion(field: &Field) -> Suggestion {
    let has_fields = matches!(inner(&field.ty), Ty::Struct(_)) || matches!(field.ty, Ty::Map(_) | Ty::List(_));
    let apply = format!("{}:{}", field.name, if has_fields { "" } else { " " });
    Suggestion { label: field.name.to_owned(), detail: field.ty.name(), required: field.required, apply }
}

/// The values that a key may have.
fn values(lines: &[&str], at: usize, line: &Line<'_>) -> Vec<Suggestion> {
    if line.indent == 0 && line.key == "kind" {
        return Kind::ALL.iter().map(|kind| plain(kind.name(), "")).collect();
    }
    let Some(field) = field_at(lines, at, line) else { return Vec::new() };
    match inner(&field.ty) {
        Ty::Bool(_) => ["true", "false"].iter().map(|value| plain(value, "")).collect(),
        _ => field.values.iter().map(|value| plain(value, "")).collect(),
    }
}

fn field_at(lines: &[&str], at: usize, line: &Line<'_>) -> Option<&'static Field> {
    let ty = walk(object_type(lines)?, &ancestors(lines, at, Block::of(line))?)?;
    ty.fields.iter().find(|field| field.name == line.key)
}

/// What is known of the field whose key stands at a place; `None` where none does.
pub fn hover(text: &str, line: usize, column: usize) -> Option<Known> {
    let (lines, at) = document(text, line);
    let here = Line::read(lines.get(at)?)?;
    if here.key.is_empty() || !(here.indent..=here.key_end).contains(&column) {
        return None;
    }
    let field = field_at(&lines, at, &here)?;
    let mut path = ancestors(&lines, at, Block::of(&here))?;
    path.push(here.key);
    let values = field.values.clone();
    Some(Known { path: path.join("."), ty: field.ty.name(), required: field.required, values })
}

/// Whether any type has a field of this name.
pub fn is_field(name: &str) -> bool {
    Schema::get().types().any(|ty| ty.fields.iter().any(|field| field.name == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = "\
kind: Service
apiVersion: v1
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
  labels:
    app: web
spec:
  podManagementPolicy: P
  template:
    spec:
      containers:
      - name: nginx
        image: nginx
        imagePullPolicy: A
        env:
          - name: A
            valueFrom:
              fieldRef:
                fieldPath: x
        p
  volumeClaimTemplates:
    -
      spec:
        resources:
          requests:
            storage: 1Gi
  r
";

    /// The line that is this text, and the column behind it.
    fn place(line: &str) -> (usize, usize) {
        let at = SET.lines().position(|text| text == line).expect("the line is in the text");
        (at, line.len())
    }

    fn labels(line: &str) -> Vec<String> {
        let (line, column) = place(line);
        complete(SET, line, column).into_iter().map(|suggestion| suggestion.label).collect()
    }

    #[test]
    fn fields_of_the_struct_at_the_place_are_offered() {
        let spec = labels("  r");
        assert!(spec.contains(&"replicas".to_owned()) && spec.contains(&"serviceName".to_owned()), "{spec:?}");
        let container = labels("        p");
        assert!(container.contains(&"ports".to_owned()) && !container.contains(&"replicas".to_owned()));
    }

    #[test]
    fn values_that_the_api_enumerates_are_offered() {
        assert_eq!(labels("  podManagementPolicy: P"), ["OrderedReady", "Parallel"]);
        assert_eq!(labels("        imagePullPolicy: A"), ["Always", "IfNotPresent", "Never"]);
    }

    #[test]
    fn a_key_tells_what_it_is() {
        let known = |text: &str, word: &str| {
            let (line, _) = place(text);
            hover(SET, line, text.find(word).unwrap())
        };
        let env = known("          - name: A", "name").unwrap();
        assert_eq!(env.path, "spec.template.spec.containers.env.name");
        assert!(env.required);
        let field_path = known("                fieldPath: x", "fieldPath").unwrap();
        assert_eq!(field_path.path, "spec.template.spec.containers.env.valueFrom.fieldRef.fieldPath");
        let requests = known("          requests:", "requests").unwrap();
        assert_eq!(
            (requests.path.as_str(), requests.ty.as_str()),
            ("spec.volumeClaimTemplates.spec.resources.requests", "map[string]Quantity")
        );
        let image = known("        image: nginx", "image").unwrap();
        assert_eq!((image.path.as_str(), image.ty.as_str()), ("spec.template.spec.containers.image", "string"));
        assert_eq!(known("    app: web", "app"), None);
    }

    #[test]
    fn nothing_is_offered_where_nothing_is_known() {
        assert_eq!(complete("", 0, 0).len(), 3);
        assert_eq!(complete("kind: Widget\napiVersion: x/v1\nspec:\n  a", 3, 3), []);
        assert_eq!(complete("# comment", 0, 9), []);
        assert_eq!(complete("ä", 7, 1), []);
    }
}
