//! What helps with the usual mistakes: a word about what is wrong, and where it is safe, what to write instead.

use super::{Span, context};
use crate::api::kind::Kind;

/// A word of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// What is wrong.
    pub mistake: Mistake,
    /// What to write instead, and where.
    pub edit: Option<(Span, String)>,
}

/// The usual mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A word is spelt almost like one that Kubernetes knows.
    Misspelt {
        /// The word that it knows.
        known: String,
    },
    /// The field exists, in another place: these are its fields here.
    Elsewhere {
        /// The field's name.
        field: String,
    },
    /// A line is indented with tabs.
    Tab,
    /// A text stands where a number or a flag belongs.
    Quoted,
    /// A number or a flag stands where a text belongs.
    Unquoted,
    /// The kind is served in another version.
    Version {
        /// The version.
        version: String,
    },
    /// The template lacks a label of the selector.
    Selector,
    /// A field cannot be changed once the object is there.
    Immutable,
}

/// How far a word may be from the one that is meant, in letters.
fn reach(word: &str) -> usize {
    1 + word.len() / 6
}

/// What helps with a sentence about a place in a text; `None` where nothing is known to.
pub fn of(text: &str, message: &str, span: Span) -> Option<Help> {
    let plain = |mistake| Some(Help { mistake, edit: None });
    if let Some(path) = between(message, "unknown field \"", "\"") {
        return unknown_field(text, path.rsplit(['.', ']']).next().unwrap_or(path), span);
    }
    if message.contains("cannot unmarshal ") {
        return wrong_type(text, message, span);
    }
    if message.contains("found character that cannot start any token") {
        return tab(text, span);
    }
    if let Some(kind) = between(message, "no matches for kind \"", "\"") {
        return unknown_kind(kind, span);
    }
    if message.contains("`selector` does not match template `labels`") {
        return plain(Mistake::Selector);
    }
    if message.contains("field is immutable") {
        return plain(Mistake::Immutable);
    }
    None
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let end = start + text[start..].find(behind)?;
    Some(&text[start..end])
}

fn unknown_field(text: &str, name: &str, span: Span) -> Option<Help> {
    let line = text.split('\n').nth(span.line)?;
    let column = line.chars().take(span.column).map(char::len_utf8).sum();
    let fields = context::complete(text, span.line, column);
    let known = nearest(name, fields.iter().map(|field| field.label.as_str()));
    match known {
        Some(known) => {
            let end = Span { end_line: span.line, end_column: span.column + name.chars().count(), ..span };
            let is_here = line.chars().skip(span.column).collect::<String>().starts_with(name);
            let edit = is_here.then(|| (end, known.to_owned()));
            Some(Help { mistake: Mistake::Misspelt { known: known.to_owned() }, edit })
        }
        None if context::is_field(name) => {
            Some(Help { mistake: Mistake::Elsewhere { field: name.to_owned() }, edit: None })
        }
        None => None,
    }
}

fn unknown_kind(name: &str, span: Span) -> Option<Help> {
    if let Some(kind) = Kind::ALL.iter().find(|kind| kind.name() == name) {
        return Some(Help { mistake: Mistake::Version { version: kind.api_version().to_owned() }, edit: None });
    }
    let known = nearest(name, Kind::ALL.iter().map(|kind| kind.name()))?.to_owned();
    Some(Help { mistake: Mistake::Misspelt { known: known.clone() }, edit: Some((span, known)) })
}

/// Quotes that are missing, or that are too many.
fn wrong_type(text: &str, message: &str, span: Span) -> Option<Help> {
    let line = text.split('\n').nth(span.line)?;
    let written: String = line.chars().skip(span.column).take(span.end_column.saturating_sub(span.column)).collect();
    if span.line != span.end_line || written.is_empty() {
        return None;
    }
    if message.contains("unmarshal string") {
        let inner = written.trim_matches(['"', '\'']);
        let wants_number = message.contains(" of type int");
        let fits = if wants_number { inner.parse::<i64>().is_ok() } else { matches!(inner, "true" | "false") };
        let wants = wants_number || message.ends_with(" of type bool");
        return (fits && wants && inner != written)
            .then(|| Help { mistake: Mistake::Quoted, edit: Some((span, inner.to_owned())) });
    }
    let is_scalar = message.contains("unmarshal number") || message.contains("unmarshal bool");
    (is_scalar && message.ends_with(" of type string"))
        .then(|| Help { mistake: Mistake::Unquoted, edit: Some((span, format!("\"{written}\""))) })
}

fn tab(text: &str, span: Span) -> Option<Help> {
    let line = text.split('\n').nth(span.line)?;
    let blank: &str = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    blank.contains('\t').then(|| {
        let whole = Span { column: 0, end_line: span.line, end_column: blank.chars().count(), ..span };
        Help { mistake: Mistake::Tab, edit: Some((whole, blank.replace('\t', "  "))) }
    })
}

/// The word that is spelt most like this one, where one is near enough.
fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for known in words {
        let distance = distance(&lower, &known.to_lowercase());
        if distance <= reach(word) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

/// How many letters have to be added, taken away or replaced to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The text with something else in a place.
pub fn replace(text: &str, span: Span, by: &str) -> String {
    let (start, end) = (offset(text, span.line, span.column), offset(text, span.end_line, span.end_column));
    format!("{}{by}{}", &text[..start], &text[end.max(start)..])
}

/// Where a line and a column stand in a text, in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let rest = text.get(start..).unwrap_or_default();
    let within: usize = rest.chars().take_while(|c| *c != '\n').take(column).map(char::len_utf8).sum();
    start + within
}
