//! One document: its nodes as they stand in the text.

use serde_json::{Map, Value};

use super::resolve;
use crate::api::order;

/// A stretch of text. Lines and columns count from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The line that the first character is in.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The line that the last character is in.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

/// A node's place in [`Nodes`].
pub(super) type Id = usize;

#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar; `implicit` says that it is plain, so that its look decides its type.
    Scalar {
        text: String,
        tag: Option<String>,
        implicit: bool,
    },
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
    Alias(Id),
}

#[derive(Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub span: Span,
}

/// The nodes of a document.
#[derive(Debug, Default)]
pub(super) struct Nodes(pub Vec<Node>);

/// What cannot be made into JSON, in the words of the YAML library that kubectl uses; and where it stands.
pub(super) struct Refusal {
    pub message: String,
    pub span: Span,
}

/// A document that has been read.
#[derive(Debug, Default)]
pub struct Document {
    /// The object, as kubectl would send it.
    pub value: Value,
    pub(super) nodes: Nodes,
    pub(super) root: Option<Id>,
}

impl Document {
    pub(super) fn new(nodes: Nodes, root: Option<Id>) -> Result<Document, Refusal> {
        let value = match root {
            Some(root) => nodes.value(root)?,
            None => Value::Null,
        };
        Ok(Document { value, nodes, root })
    }

    /// Where the document begins.
    pub fn span(&self) -> Span {
        self.root.map(|root| self.nodes.0[root].span).unwrap_or_default()
    }

    /// Where the value at a path stands, such as `spec.template.spec.containers[0].image` or `metadata.labels[app]`;
    /// for a path that leads nowhere, the last value on the way there.
    pub fn locate(&self, path: &str) -> Span {
        let Some(mut at) = self.root else {
            return Span::default();
        };
        let mut key = None;
        for step in steps(path) {
            let Some((found_key, value)) = self.nodes.child(at, &step) else {
                break;
            };
            (at, key) = (value, found_key);
        }
        let span = self.nodes.0[self.nodes.resolve_alias(at)].span;
        // A mapping or sequence is shown by its key, not by its many lines.
        match key {
            Some(key) if span.line != span.end_line || span.line != self.nodes.0[key].span.line => {
                self.nodes.0[key].span
            }
            _ => span,
        }
    }

    /// Where the key at the end of a path stands; where there is none, the value.
    pub fn locate_key(&self, path: &str) -> Span {
        let Some(mut at) = self.root else {
            return Span::default();
        };
        let mut key = None;
        for step in steps(path) {
            let Some((found_key, value)) = self.nodes.child(at, &step) else {
                return self.locate(path);
            };
            (at, key) = (value, found_key);
        }
        self.nodes.0[key.unwrap_or(at)].span
    }
}

/// A step of a path.
enum Step {
    Key(String),
    Index(usize),
}

/// Splits `a.b[0][c.d]` into its steps. What stands in brackets is an index where it is a number, else a key.
fn steps(path: &str) -> Vec<Step> {
    let mut out = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(bracketed) = rest.strip_prefix('[') {
            let (inner, after) = bracketed.split_once(']').unwrap_or((bracketed, ""));
            out.push(inner.parse().map_or_else(|_| Step::Key(inner.to_owned()), Step::Index));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end > 0 {
                out.push(Step::Key(rest[..end].to_owned()));
            }
            rest = &rest[end..];
        }
    }
    out
}

impl Nodes {
    /// Replaces a piece of text wherever a scalar has it.
    pub(super) fn replace(&mut self, from: &str, to: &str) {
        for node in &mut self.0 {
            if let Kind::Scalar { text, .. } = &mut node.kind {
                *text = text.replace(from, to);
            }
        }
    }

    fn resolve_alias(&self, id: Id) -> Id {
        match self.0[id].kind {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    /// The key (where there is one) and value below a node. Of equal keys the last one counts.
    fn child(&self, id: Id, step: &Step) -> Option<(Option<Id>, Id)> {
        match (&self.0[self.resolve_alias(id)].kind, step) {
            (Kind::Sequence(items), Step::Index(index)) => items.get(*index).map(|item| (None, *item)),
            (Kind::Mapping(entries), step) => {
                let wanted = match step {
                    Step::Key(key) => key.clone(),
                    Step::Index(index) => index.to_string(),
                };
                entries
                    .iter()
                    .rev()
                    .find(|(key, _)| self.is_key(*key, &wanted))
                    .map(|(key, value)| (Some(*key), *value))
            }
            _ => None,
        }
    }

    fn is_key(&self, id: Id, wanted: &str) -> bool {
        matches!(&self.0[id].kind, Kind::Scalar { text, .. } if text == wanted)
    }

    fn refuse<T>(&self, id: Id, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal { message: message.into(), span: self.0[id].span })
    }

    /// The node as JSON.
    fn value(&self, id: Id) -> Result<Value, Refusal> {
        match &self.0[id].kind {
            Kind::Alias(target) => self.value(*target),
            Kind::Scalar { .. } => self.scalar(id),
            Kind::Sequence(items) => {
                Ok(Value::Array(items.iter().map(|item| self.value(*item)).collect::<Result<_, _>>()?))
            }
            Kind::Mapping(_) => {
                let mut fields = Map::new();
                self.fill(id, &mut fields)?;
                Ok(Value::Object(fields))
            }
        }
    }

    fn scalar(&self, id: Id) -> Result<Value, Refusal> {
        match &self.0[id].kind {
            Kind::Scalar { text, tag: None, implicit: false } => Ok(Value::String(text.clone())),
            Kind::Scalar { text, tag, .. } => {
                resolve::resolve(tag.as_deref(), text).or_else(|message| self.refuse(id, message))
            }
            _ => Ok(Value::Null),
        }
    }

    /// Puts a mapping's entries into `fields`, in order: a later key overwrites an earlier one, and so does a merge.
    fn fill(&self, id: Id, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
        let Kind::Mapping(entries) = &self.0[self.resolve_alias(id)].kind else {
            return Ok(());
        };
        for (key, value) in entries {
            if self.is_merge(*key) {
                self.merge(*value, fields)?;
                continue;
            }
            let name = self.key(*key, *value)?;
            fields.insert(name, self.value(*value)?);
        }
        Ok(())
    }

    fn is_merge(&self, key: Id) -> bool {
        match &self.0[key].kind {
            Kind::Scalar { text, tag, implicit } => {
                text == "<<" && (*implicit || tag.as_deref() == Some(resolve::MERGE_TAG))
            }
            _ => false,
        }
    }

    /// Merges mappings into another: of several in a list the first takes precedence.
    fn merge(&self, value: Id, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
        let is_mapping = |id: Id| matches!(self.0[self.resolve_alias(id)].kind, Kind::Mapping(_));
        let sources = match &self.0[value].kind {
            Kind::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(&value),
        };
        for source in sources.iter().rev() {
            if !is_mapping(*source) {
                return self.refuse(value, "map merge requires map or sequence of maps as the value");
            }
            self.fill(*source, fields)?;
        }
        Ok(())
    }

    /// A key as JSON has it: text. Numbers and booleans are written out.
    fn key(&self, key: Id, value: Id) -> Result<String, Refusal> {
        let resolved = self.resolve_alias(key);
        if !matches!(self.0[resolved].kind, Kind::Scalar { .. }) {
            return self.refuse(key, format!("invalid map key: {}", self.go_syntax(resolved)?));
        }
        match self.scalar(resolved)? {
            Value::String(text) => Ok(text),
            Value::Null => {
                let value = self.go_syntax(value)?;
                self.refuse(key, format!("unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}"))
            }
            Value::Number(number) if number.is_f64() => Ok(resolve::go_float_key(number.as_f64().unwrap_or_default())),
            other => Ok(other.to_string()),
        }
    }

    /// A node as Go's `%#v` prints it, which is how kubectl shows a key that is a mapping, such as `{{ .Values.name }}`.
    fn go_syntax(&self, id: Id) -> Result<String, Refusal> {
        Ok(match &self.0[id].kind {
            Kind::Alias(target) => self.go_syntax(*target)?,
            Kind::Scalar { .. } => match self.scalar(id)? {
                Value::Null => "interface {}(nil)".to_owned(),
                Value::String(text) => crate::api::status::quote(&text),
                other => other.to_string(),
            },
            Kind::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.go_syntax(*item)).collect::<Result<_, _>>()?;
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            Kind::Mapping(entries) => {
                let mut shown: Vec<String> = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let inner = self.resolve_alias(*key);
                    let key_text = self.go_syntax(inner)?;
                    if !matches!(self.0[inner].kind, Kind::Scalar { .. }) {
                        return self.refuse(*key, format!("invalid map key: {key_text}"));
                    }
                    shown.push(format!("{key_text}:{}", self.go_syntax(*value)?));
                }
                order::sort_by(&mut shown, String::cmp);
                format!("map[interface {{}}]interface {{}}{{{}}}", shown.join(", "))
            }
        })
    }
}
