//! What kubectl's tables say about objects.
//!
//! `columns.txt` has a line for each kind: its columns, separated by `|`. A column is `HEADER=cell`, with `+` after the
//! header where only `-o wide` shows it. A cell is `@name`, which [`cells`] computes, or text with fields in braces:
//!
//! | in braces | what it becomes |
//! |---|---|
//! | `path` | the value; a list's items with commas |
//! | `path?text` | the same, or the text where there is none |
//! | `#path` | how many items or entries |
//! | `*path.field` | the field of each item, with commas |
//! | `=path` | labels |
//! | `~path` | a label selector |
//! | `%path` | access modes, shortened |
//! | `!path` | `True` or `False` |
//! | `-path` | how long ago |
//! | `$path` | a time, written long |
//!
//! The columns are those of `pkg/printers/internalversion/printers.go` of Kubernetes v1.37.2, Apache-2.0, and of the
//! API server's default (`rest.NewDefaultTableConvertor`) for kinds that have none there.

mod cells;
pub mod duration;
pub mod labels;
pub mod pod;
pub mod table;
pub mod tabwriter;

pub(super) use cells::{host_port, node_roles};

use std::sync::Arc;

use serde_json::Value;

use super::describe::writer;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{self, StringMap};
use crate::api::object::Object;
use crate::api::time::{Instant, Timestamp};

/// A table of objects of one kind, as the API server makes it.
#[derive(Clone, Debug)]
pub struct Table {
    /// The kind.
    pub kind: Kind,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, one for each object.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The header, in capitals.
    pub header: String,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<String>,
    /// What the row is about.
    pub object: Arc<Object>,
}

/// What cells are computed from, besides their object.
struct Context<'a> {
    now: Instant,
    /// The storage class that claims get by default, where a list of classes is printed.
    default_class: Option<&'a str>,
}

/// The columns of a kind that `columns.txt` lacks.
const DEFAULT_COLUMNS: &str = "NAME|AGE";

/// The columns of a kind as `columns.txt` writes them.
fn definition(kind: Kind) -> &'static str {
    let name = kind.name();
    include_str!("columns.txt")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap_or(DEFAULT_COLUMNS)
}

/// Header, whether it is wide, and cell, of each column.
fn columns(definition: &'static str) -> impl Iterator<Item = (&'static str, bool, &'static str)> {
    definition.split('|').map(|column| {
        let (header, cell) = column.split_once('=').unwrap_or((column, ""));
        match header.strip_suffix('+') {
            Some(header) => (header, true, cell),
            None => (header, false, cell),
        }
    })
}

/// The table of a list of objects of one kind.
pub fn list_table(kind: Kind, objects: &[Arc<Object>], now: Instant) -> Table {
    let default_class = if kind == Kind::StorageClass { effective_default(objects) } else { None };
    table_of(kind, objects, &Context { now, default_class })
}

/// The table of one object, as `get` by name and watches have it.
pub fn object_table(object: &Arc<Object>, now: Instant) -> Table {
    table_of(object.kind, std::slice::from_ref(object), &Context { now, default_class: None })
}

/// The table of an object that kubectl makes itself, which knows nothing of kinds.
pub fn plain_table(kind: Kind, objects: &[Arc<Object>], now: Instant) -> Table {
    table_with(DEFAULT_COLUMNS, kind, objects, &Context { now, default_class: None })
}

/// The table of an object's `Scale`.
// Models pkg/printers/internalversion/printers.go printScale
pub fn scale_table(object: &Arc<Object>, now: Instant) -> Table {
    const COLUMNS: &str = "NAME|DESIRED={spec.replicas}|AVAILABLE={status.replicas}|AGE";
    table_with(COLUMNS, object.kind, std::slice::from_ref(object), &Context { now, default_class: None })
}

fn table_of(kind: Kind, objects: &[Arc<Object>], context: &Context<'_>) -> Table {
    table_with(definition(kind), kind, objects, context)
}

fn table_with(definition: &'static str, kind: Kind, objects: &[Arc<Object>], context: &Context<'_>) -> Table {
    let headers = columns(definition).map(|(header, wide, _)| Column { header: header.to_owned(), wide }).collect();
    let rows = objects.iter().map(|object| {
        let cells = columns(definition).map(|(header, _, text)| cell(header, text, object, context)).collect();
        Row { cells, object: Arc::clone(object) }
    });
    Table { kind, columns: headers, rows: rows.collect() }
}

/// The class that claims without one get: the youngest of those that are marked as default.
// Models pkg/printers/internalversion/printers.go getEffectiveDefaultStorageClass
fn effective_default(classes: &[Arc<Object>]) -> Option<&str> {
    let mut best: Option<&Arc<Object>> = None;
    for class in classes.iter().filter(|class| is_default_class(class)) {
        let order = |class: &Object| (class.meta.creation_timestamp, std::cmp::Reverse(class.meta.name.clone()));
        if best.is_none_or(|best| order(class) > order(best)) {
            best = Some(class);
        }
    }
    best.map(|class| class.meta.name.as_str())
}

/// Whether a storage class is marked as the default one.
// Models k8s.io/kubectl/pkg/util/storage/storage.go IsDefaultAnnotationText
pub(super) fn is_default_class(class: &Object) -> bool {
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|name| class.meta.annotations.get(*name).is_some_and(|value| value == "true"))
}

/// A cell's text, as `columns.txt` writes it, for one object.
pub(super) fn cell_text(text: &str, object: &Object, now: Instant) -> String {
    fill(text, object, &Context { now, default_class: None })
}

/// The cell that is computed under this name.
pub(super) fn computed(name: &str, object: &Object, now: Instant) -> String {
    cells::compute(name, object, &Context { now, default_class: None })
}

fn cell(header: &str, text: &'static str, object: &Object, context: &Context<'_>) -> String {
    match (header, text) {
        ("NAME", "") => object.meta.name.clone(),
        ("AGE", "") => duration::since(object.meta.creation_timestamp, context.now),
        (_, text) => match text.strip_prefix('@') {
            Some(name) => cells::compute(name, object, context),
            None => fill(text, object, context),
        },
    }
}

/// The text with the fields in it filled in.
fn fill(text: &str, object: &Object, context: &Context<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (expression, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&evaluate(expression, object, context));
        rest = after;
    }
    out + rest
}

fn evaluate(expression: &str, object: &Object, context: &Context<'_>) -> String {
    let operators = ['#', '*', '=', '~', '%', '!', '-', '$'];
    let (operator, path) = match expression.strip_prefix(operators) {
        Some(path) => (&expression[..1], path),
        None => ("", expression),
    };
    let (path, default) = path.split_once('?').unwrap_or((path, ""));
    let (path, item_field) = match (operator, path.rsplit_once('.')) {
        ("*", Some(parts)) => parts,
        _ => (path, ""),
    };
    let value = find(object, path);
    match operator {
        "#" => count(value).to_string(),
        "=" => labels::format_labels(&labels_of(value)),
        "~" => labels::format_selector(value),
        _ if value.is_null() => default.to_owned(),
        "*" => join(value.as_array().into_iter().flatten().map(|item| plain(item.field(item_field)))),
        "%" => access_modes(value),
        "!" => capitalized_bool(*value == Value::Bool(true)).to_owned(),
        "$" => writer::long_time(Timestamp::parse(value.as_str().unwrap_or_default())),
        "-" => duration::since(Timestamp::parse(value.as_str().unwrap_or_default()), context.now),
        _ => match (plain(value).as_str(), default) {
            ("", default) => default.to_owned(),
            (text, _) => text.to_owned(),
        },
    }
}

/// The value at a path of field names with dots between.
fn find<'a>(object: &'a Object, path: &str) -> &'a Value {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let mut value = match first {
        "spec" => &*object.spec,
        "status" => &*object.status,
        other => object.rest.field(other),
    };
    for name in rest.split('.').filter(|name| !name.is_empty()) {
        value = value.field(name);
    }
    value
}

/// A JSON object of strings as a map.
pub(super) fn labels_of(value: &Value) -> StringMap {
    value.as_object().map(meta::string_map).unwrap_or_default()
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        _ => 0,
    }
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// A value in a cell: text as it is, a list's items with commas between.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => join(items.iter().map(plain)),
        other => other.to_string(),
    }
}

/// `True` or `False`.
// Models k8s.io/kubectl/pkg/describe/describe.go printBool
pub(super) fn capitalized_bool(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

/// Access modes in short, in a fixed order: `RWO,ROX`.
// Models pkg/apis/core/helper/helpers.go GetAccessModesAsString
pub(super) fn access_modes(modes: &Value) -> String {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let listed = |name: &str| modes.as_array().is_some_and(|modes| modes.iter().any(|mode| mode == name));
    join(SHORT.iter().filter(|(name, _)| listed(name)).map(|(_, short)| (*short).to_owned()))
}
