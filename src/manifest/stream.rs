//! A text with any number of documents, cut and read as kubectl does.

use std::collections::BTreeMap;

use libyaml_safer::{Error, ErrorKind, EventData, Mark, Parser};
use serde_json::Value;

use super::budget;
use super::node::{Document, Id, Kind, Node, Nodes, Refusal, Span};
use super::resolve;
use super::tags::{self, Checked};
use crate::api::fields::Fields;
use crate::api::json_scan as json;

/// What a text holds.
#[derive(Debug, Default)]
pub struct Manifest {
    /// The documents before the first one that cannot be read.
    pub documents: Vec<Document>,
    /// Why the rest was not read.
    pub error: Option<SyntaxError>,
}

/// An object of a manifest: a document, or an item of a list.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The object, as it stands in the text.
    pub value: &'a Value,
    document: &'a Document,
    /// Where in the document it stands: empty, or `items[2].`.
    prefix: String,
}

impl Manifest {
    /// The documents, in order.
    pub fn documents(&self) -> impl Iterator<Item = Entry<'_>> {
        self.documents.iter().map(|document| Entry { value: &document.value, document, prefix: String::new() })
    }

    /// The objects, the items of lists in their place.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut out = Vec::new();
        for entry in self.documents() {
            if entry.value.field("items").is_array() {
                out.extend(entry.items());
            } else {
                out.push(entry);
            }
        }
        out
    }
}

impl<'a> Entry<'a> {
    /// The items of a list.
    pub fn items(&self) -> Vec<Entry<'a>> {
        let mut out = Vec::new();
        for (i, value) in self.value.list("items").iter().enumerate() {
            let prefix = format!("{}items[{i}].", self.prefix);
            out.push(Entry { value, document: self.document, prefix });
        }
        out
    }

    /// Where the value at a path of the object stands. See [`Document::locate`].
    pub fn locate(&self, path: &str) -> Span {
        self.document.locate(&format!("{}{path}", self.prefix))
    }

    /// Where the key at the end of a path of the object stands.
    pub fn locate_key(&self, path: &str) -> Span {
        self.document.locate_key(&format!("{}{path}", self.prefix))
    }
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The sentence, as kubectl has it after `error: error parsing FILE: `.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Reads a text of YAML documents, which may be JSON.
pub fn read(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    if text.len() > budget::BYTES {
        let limit = budget::BYTES >> 20;
        manifest.error = Some(SyntaxError {
            message: format!("the text has {} bytes; the API server takes {limit} MiB at most", text.len()),
            span: Span::default(),
        });
        return manifest;
    }
    if let Some(at) = too_many_pieces(text) {
        manifest.error = Some(SyntaxError {
            message: format!("the text has more than {} lines and list items; apply it in parts", budget::PIECES),
            span: line_span(text[..at].matches('\n').count()),
        });
        return manifest;
    }
    let mut reading = Reading { manifest, nodes_left: budget::NODES };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let end = if text.trim_start().starts_with('{') { reading.json(text) } else { reading.yaml(text, 0) };
    let mut manifest = reading.manifest;
    manifest.error = end.err();
    manifest.documents.retain(|document| !document.value.is_null());
    manifest
}

/// Where a text has its last line or comma but one too many.
fn too_many_pieces(text: &str) -> Option<usize> {
    text.match_indices([',', '\n']).map(|(at, _)| at).nth(budget::PIECES)
}

/// The reading of a text.
struct Reading {
    manifest: Manifest,
    nodes_left: usize,
}

impl Reading {
    /// Reads a stream of JSON values. What turns out not to be JSON after one value at most is read as YAML from there on.
    // Models k8s.io/apimachinery/pkg/util/yaml/decoder.go YAMLOrJSONDecoder.Decode
    fn json(&mut self, text: &str) -> Result<(), SyntaxError> {
        let mut at = 0;
        let mut count = 0;
        loop {
            let rest = &text[at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            if blank == rest.len() {
                return Ok(());
            }
            let error = match json::scan(&rest[blank..]) {
                Ok(extent) => {
                    let first_line = text[..at + blank].matches('\n').count();
                    self.room_for_another(first_line)?;
                    let text = rest[blank..blank + extent.length].to_owned();
                    let chunk = Chunk { text, first_line, separator_error: None };
                    self.json_document(&chunk, &extent)?;
                    count += 1;
                    at += blank + extent.length;
                    continue;
                }
                Err(error) => error,
            };
            // The library counts from where the value that failed could begin.
            let offset = at + blank + error.offset;
            let span = place_of(text, offset.min(text.len()));
            if count > 1 {
                return Err(SyntaxError { message: error.message, span });
            }
            // What is blank up to the end of the line belongs to what came before.
            let skip = rest.find(|c: char| !c.is_whitespace() || c == '\n').unwrap_or(rest.len());
            let skip = if rest[skip..].starts_with('\n') { skip + 1 } else { skip };
            let line = text[..at + skip].matches('\n').count();
            return self.yaml(&rest[skip..], line).map_err(|_| {
                let place = if error.is_end { String::new() } else { format!("json: offset {}: ", offset + 1) };
                SyntaxError { message: format!("{place}{}", error.message), span }
            });
        }
    }

    /// Reads a JSON value. Its places are those that the YAML reader finds, where it can read the value too.
    fn json_document(&mut self, chunk: &Chunk, extent: &json::Extent) -> Result<(), SyntaxError> {
        let span = line_span(chunk.first_line);
        if extent.depth > budget::DEPTH {
            return Err(SyntaxError { message: too_deep(), span });
        }
        if extent.values > self.nodes_left {
            return Err(SyntaxError { message: too_many_values(), span });
        }
        let mut value = serde_json::from_str(&chunk.text)
            .map_err(|error: serde_json::Error| SyntaxError { message: error.to_string(), span })?;
        resolve::shorten_numbers(&mut value);
        let document = match read_document(chunk, &mut self.nodes_left) {
            Ok(document) => Document { value, ..document },
            Err(_) => Document { value, ..Document::default() },
        };
        self.manifest.documents.push(document);
        Ok(())
    }

    /// Reads YAML documents.
    fn yaml(&mut self, text: &str, first_line: usize) -> Result<(), SyntaxError> {
        for mut chunk in chunks(text) {
            chunk.first_line += first_line;
            self.room_for_another(chunk.first_line)?;
            if let Some(message) = chunk.separator_error {
                return Err(SyntaxError { message, span: line_span(chunk.first_line) });
            }
            let document = read_document(&chunk, &mut self.nodes_left)?;
            self.manifest.documents.push(document);
        }
        Ok(())
    }

    fn room_for_another(&self, line: usize) -> Result<(), SyntaxError> {
        if self.manifest.documents.len() < budget::DOCUMENTS {
            return Ok(());
        }
        let message = format!("there are more than {} documents; apply them in parts", budget::DOCUMENTS);
        Err(SyntaxError { message, span: line_span(line) })
    }
}

/// The place of a byte.
fn place_of(text: &str, offset: usize) -> Span {
    let before: &str = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    Span { line, column, end_line: line, end_column: column + 1 }
}

fn too_deep() -> String {
    format!("the document is nested more than {} levels deep", budget::DEPTH)
}

fn too_many_values() -> String {
    format!("the document expands to more than {} values", budget::NODES)
}

fn line_span(line: usize) -> Span {
    Span { line, column: 0, end_line: line, end_column: usize::MAX }
}

/// A document's text, and the line of the whole text that it begins in.
struct Chunk {
    text: String,
    first_line: usize,
    separator_error: Option<String>,
}

/// Cuts a text at the lines that begin with `---`.
// Models k8s.io/apimachinery/pkg/util/yaml/decoder.go YAMLReader.Read
fn chunks(text: &str) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut current = Chunk { text: String::new(), first_line: 0, separator_error: None };
    let lines = text.strip_suffix('\n').unwrap_or(text);
    for (number, line) in lines.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message = format!("invalid Yaml document separator: {rest}");
                out.push(Chunk { text: String::new(), first_line: number, separator_error: Some(message) });
                return out;
            }
            if !current.text.is_empty() {
                out.push(current);
                current = Chunk { text: String::new(), first_line: number + 1, separator_error: None };
                continue;
            }
        }
        current.text.push_str(line);
        current.text.push('\n');
    }
    out.push(current);
    out
}

fn read_document(chunk: &Chunk, nodes_left: &mut usize) -> Result<Document, SyntaxError> {
    let mut reader = Reader { nodes: Nodes::default(), anchors: BTreeMap::new(), sizes: Vec::new(), nodes_left, chunk };
    let (marked, spaced);
    // A byte order mark that does not begin a text is content to Go's reader, and none to ours.
    let has_mark = chunk.text.trim_start_matches(MARK).contains(MARK);
    let text = if has_mark {
        let begin = chunk.text.len() - chunk.text.trim_start_matches(MARK).len();
        marked = format!("{}{}", &chunk.text[..begin], chunk.text[begin..].replace(MARK, INSTEAD));
        &marked
    } else {
        &chunk.text
    };
    let text = match tags::check(text) {
        Checked::AsItIs => text,
        Checked::Spaced(text) => {
            spaced = text;
            &spaced
        }
        Checked::TagBeforeComma(line) => {
            let message = format!(
                "error converting YAML to JSON: yaml: line {}: did not find expected whitespace or line break",
                line + 1
            );
            return Err(SyntaxError { message, span: line_span(chunk.first_line + line) });
        }
    };
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let root = reader.document(&mut parser)?;
    if has_mark {
        reader.nodes.replace(INSTEAD, MARK);
    }
    Document::new(reader.nodes, root).map_err(|Refusal { message, span }| SyntaxError {
        // What JSON cannot hold is noticed when the YAML has been read.
        message: match message.strip_prefix("json: ") {
            Some(_) => format!("error converting YAML to JSON: {message}"),
            None => format!("error converting YAML to JSON: yaml: {message}"),
        },
        span,
    })
}

/// The byte order mark.
const MARK: &str = "\u{feff}";
/// What stands for one while a text is read: as long, and no character that a text can mean.
const INSTEAD: &str = "\u{fdd0}";

/// Builds the nodes of one document from the parser's events.
struct Reader<'a> {
    nodes: Nodes,
    anchors: BTreeMap<String, Id>,
    /// How many values each node stands for when its aliases are expanded.
    sizes: Vec<usize>,
    nodes_left: &'a mut usize,
    chunk: &'a Chunk,
}

/// A sequence or mapping whose end has not come yet.
struct Open {
    id: Id,
    children: Vec<Id>,
}

type Events<'r, 'b> = Parser<&'b mut &'r [u8]>;

impl Reader<'_> {
    fn document(&mut self, parser: &mut Events<'_, '_>) -> Result<Option<Id>, SyntaxError> {
        let mut open: Vec<Open> = Vec::new();
        let mut started = false;
        loop {
            let event = parser.parse().map_err(|error| self.syntax_error(&error))?;
            let span = self.span(event.start_mark, event.end_mark);
            let id = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart { .. } => {
                    started = true;
                    continue;
                }
                EventData::DocumentEnd { .. } if started => return Ok(None),
                EventData::DocumentEnd { .. } => continue,
                EventData::Alias { anchor } => {
                    let Some(target) = self.anchors.get(&anchor).copied() else {
                        return Err(self.refusal(span, &format!("unknown anchor '{anchor}' referenced")));
                    };
                    if open.iter().any(|open| open.id == target) {
                        return Err(self.refusal(span, &format!("anchor '{anchor}' value contains itself")));
                    }
                    let size = self.sizes[target];
                    self.add(Kind::Alias(target), span, None, size)?
                }
                EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                    let tag = tag.filter(|tag| !tag.is_empty() && tag != "!");
                    let kind = Kind::Scalar { text: value, tag, implicit: plain_implicit };
                    self.add(kind, span, anchor, 1)?
                }
                EventData::SequenceStart { anchor, .. } => {
                    let id = self.add(Kind::Sequence(Vec::new()), span, anchor, 1)?;
                    self.open(&mut open, id, span)?;
                    continue;
                }
                EventData::MappingStart { anchor, .. } => {
                    let id = self.add(Kind::Mapping(Vec::new()), span, anchor, 1)?;
                    self.open(&mut open, id, span)?;
                    continue;
                }
                EventData::SequenceEnd | EventData::MappingEnd => match open.pop() {
                    Some(done) => self.close(done, span),
                    None => continue,
                },
            };
            match open.last_mut() {
                Some(parent) => parent.children.push(id),
                None => {
                    // The library reads on to the end of the document, where what follows may be found wrong.
                    parser.parse().map_err(|error| self.syntax_error(&error))?;
                    return Ok(Some(id));
                }
            }
        }
    }

    fn add(&mut self, kind: Kind, span: Span, anchor: Option<String>, size: usize) -> Result<Id, SyntaxError> {
        *self.nodes_left =
            self.nodes_left.checked_sub(size).ok_or_else(|| SyntaxError { message: too_many_values(), span })?;
        let id = self.nodes.0.len();
        self.nodes.0.push(Node { kind, span });
        self.sizes.push(size);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    fn open(&self, open: &mut Vec<Open>, id: Id, span: Span) -> Result<(), SyntaxError> {
        if open.len() == budget::DEPTH {
            return Err(SyntaxError { message: too_deep(), span });
        }
        open.push(Open { id, children: Vec::new() });
        Ok(())
    }

    fn close(&mut self, done: Open, end: Span) -> Id {
        self.sizes[done.id] += done.children.iter().map(|child| self.sizes[*child]).sum::<usize>();
        let node = &mut self.nodes.0[done.id];
        (node.span.end_line, node.span.end_column) = (end.end_line, end.end_column);
        node.kind = match node.kind {
            Kind::Mapping(_) => Kind::Mapping(done.children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()),
            _ => Kind::Sequence(done.children),
        };
        done.id
    }

    fn span(&self, start: Mark, end: Mark) -> Span {
        let first = self.chunk.first_line;
        Span {
            line: first + start.line as usize,
            column: start.column as usize,
            end_line: first + end.line as usize,
            end_column: end.column as usize,
        }
    }

    fn refusal(&self, span: Span, message: &str) -> SyntaxError {
        SyntaxError { message: format!("error converting YAML to JSON: yaml: {message}"), span }
    }

    /// The library's sentence. Its line counts within the document, from 0 for the parser's errors and from 1 for the
    /// scanner's, and is left out where it is 0.
    // Models go.yaml.in/yaml/v2 decode.go parser.fail
    fn syntax_error(&self, error: &Error) -> SyntaxError {
        let mark = error.problem_mark().unwrap_or_default();
        let context = error.context_mark().unwrap_or_default();
        let line =
            if mark.line != 0 { mark.line + u64::from(error.kind() == ErrorKind::Scanner) } else { context.line };
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        let mut span = self.span(mark, mark);
        span.end_column += 1;
        // What is missing at the end of the text is shown on its last line.
        let last_line = self.chunk.first_line + self.chunk.text.lines().count().saturating_sub(1);
        if span.line > last_line {
            span = line_span(last_line);
        }
        self.refusal(span, &format!("{place}{}", error.problem()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, values: &[Value]) {
        let manifest = read(text);
        assert_eq!(manifest.error, None);
        assert_eq!(manifest.documents.iter().map(|d| d.value.clone()).collect::<Vec<_>>(), values);
    }

    #[track_caller]
    fn check_error(text: &str, message: &str, line: usize) {
        let error = read(text).error.unwrap();
        assert_eq!((error.message.as_str(), error.span.line), (message, line));
    }

    #[test]
    fn documents_are_cut_at_the_dashes() {
        check("a: 1\n---\nb: 2\n--- # c\n\n---\nc: 3", &[json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
        check("---\na: 1\r\n---\r\n", &[json!({"a": 1})]);
        check("\u{feff}a: 1", &[json!({"a": 1})]);
        check("{\"a\": [1, 2]}", &[json!({"a": [1, 2]})]);
        check("", &[]);
        check("# only a comment\n", &[]);
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_merges_are_made_in_order() {
        check("a: 1\na: 2", &[json!({"a": 2})]);
        check("x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3", &[json!({"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}})]);
        check("x: &x {a: 1}\nz:\n  a: 3\n  <<: *x", &[json!({"x": {"a": 1}, "z": {"a": 1}})]);
        check("1: a\ntrue: b\n1.5: c", &[json!({"1": "a", "true": "b", "1.5": "c"})]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_the_words_of_kubectl() {
        let prefix = "error converting YAML to JSON: yaml: ";
        check_error("a:\n\tb: 1", &format!("{prefix}line 2: found character that cannot start any token"), 1);
        check_error("a: *nope", &format!("{prefix}unknown anchor 'nope' referenced"), 0);
        check_error(
            "name: {{ .Values.name }}",
            &format!(
                "{prefix}invalid map key: map[interface {{}}]interface {{}}{{\".Values.name\":interface {{}}(nil)}}"
            ),
            0,
        );
        check_error("a: &x [*x]", &format!("{prefix}anchor 'x' value contains itself"), 0);
        check_error("a: 1\n--- b", "invalid Yaml document separator: b", 1);
    }

    #[test]
    fn a_byte_order_mark_is_content_where_it_does_not_begin_a_text() {
        let read = read("\u{feff}a: 1\n---\n\u{feff}b: x\u{feff}\n");
        assert_eq!(read.documents[0].value, json!({"a": 1}));
        assert_eq!(read.documents[1].value, json!({"b": "x\u{feff}"}));
        let error = super::read("a: 1\n\u{feff}\nb: 2\n").error.unwrap();
        assert_eq!(error.message, "error converting YAML to JSON: yaml: line 3: could not find expected ':'");
    }

    #[test]
    fn documents_before_the_error_are_kept() {
        let manifest = read("a: 1\n---\nb: [\n---\nc: 3");
        assert_eq!(manifest.documents.len(), 1);
        assert_eq!(manifest.error.unwrap().span.line, 2);
    }

    #[test]
    fn every_value_has_its_place() {
        let text = "# a comment\nspec:\n  replicas: 2\n  list:\n  - name: a\n    image: b\n---\nx: 1\n";
        let manifest = read(text);
        let place = |document: usize, path: &str| {
            let span = manifest.documents[document].locate(path);
            (span.line, span.column)
        };
        assert_eq!(place(0, "spec.replicas"), (2, 12));
        assert_eq!(place(0, "spec.list[0].image"), (5, 11));
        assert_eq!(place(0, "spec"), (1, 0));
        assert_eq!(place(0, "spec.missing"), (1, 0));
        assert_eq!(place(1, "x"), (7, 3));
        assert_eq!(manifest.documents[0].locate_key("spec.replicas").column, 2);
    }

    #[test]
    fn bombs_are_refused_before_they_are_expanded() {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..9 {
            let previous = format!("*a{}", i - 1);
            laughs.push_str(&format!("a{i}: &a{i} [{}]\n", vec![previous; 10].join(", ")));
        }
        assert!(read(&laughs).error.unwrap().message.contains("expands to more than"));
        assert!(read(&"[".repeat(1_000_000)).error.unwrap().message.contains("nested"));
        assert!(read(&"a: 1\n---\n".repeat(100_000)).error.unwrap().message.contains("documents"));
        assert!(read(&"a".repeat(4_000_000)).error.unwrap().message.contains("MiB"));
    }
}
