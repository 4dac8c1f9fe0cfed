//! What kubectl reads from a file: the objects, what it makes of each before it asks the server, and what stops it.
//!
//! Follows `staging/src/k8s.io/cli-runtime/pkg/resource` of Kubernetes v1.37.2, Apache-2.0.

use serde_json::{Map, Value};

use super::Error;
use super::validation::{kind_errors, list_errors};
use crate::api::decode::{decode, json_kind};
use crate::api::fields::{Fields, as_map};
use crate::api::json;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::schema::Schema;
use crate::api::status::quote;
use crate::api::validate::path_segment;
use crate::cluster::FieldValidation;
use crate::command::Diagnostic;
use crate::manifest::{Entry, Manifest};

const STOP_VALIDATION: &str = "if you choose to ignore these errors, turn validation off with --validate=false";

/// An object that a file holds, ready to be sent.
pub struct Info<'a> {
    /// Where it stands in the text.
    pub entry: Entry<'a>,
    /// What it is called; the kind is that which its resource holds, however the manifest spells it.
    pub reference: ObjectRef,
    /// The object, with its namespace set.
    pub object: Value,
}

/// How a file is read.
pub struct Reading<'a> {
    /// Its name, as messages have it.
    pub file: &'a str,
    /// The namespace of objects that name none.
    pub namespace: &'a str,
    /// What is checked before anything is sent; `None` where the command checks nothing.
    pub validation: Option<FieldValidation>,
}

impl<'a> Reading<'a> {
    /// As `create` and `apply` read a file.
    pub fn of(file: &'a str) -> Reading<'a> {
        Reading { file, namespace: "default", validation: Some(FieldValidation::Strict) }
    }
}

/// What a file has next.
pub enum Step {
    /// An object.
    Info(usize),
    /// Something that is no object.
    Failure(Error),
    /// What a list has.
    List(Vec<Step>),
}

/// What came of reading a file.
#[derive(Default)]
pub struct Visit<'a> {
    /// The objects that can be sent, in the order of the text.
    pub infos: Vec<Info<'a>>,
    /// The objects, by their number, and what went wrong between them; nothing after a failure that stops the reading was
    /// read.
    pub steps: Vec<Step>,
    /// The same with its places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the objects of a manifest as kubectl does when it goes on after an error.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go StreamVisitor.Visit
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go FlattenListVisitor.Visit
pub fn visit<'a>(manifest: &'a Manifest, reading: &Reading<'_>) -> Visit<'a> {
    let mut visit = Visit::default();
    let stopped = manifest.documents().any(|entry| match visit.document(entry, reading) {
        Ok(step) => {
            visit.steps.push(step);
            false
        }
        Err(stop) => {
            visit.steps.push(Step::Failure(stop));
            true
        }
    });
    if let (Some(error), false) = (&manifest.error, stopped) {
        let sentence = format!("error parsing {}: {}", reading.file, error.message);
        visit.steps.push(Step::Failure(Error::Plain(sentence)));
        let message = error.message.clone();
        visit.diagnostics.push(Diagnostic { span: Some(error.span), ..Diagnostic::of(message, "") });
    }
    visit
}

/// What went wrong, in the order of the text, with what `of` says of the objects; that of a list in one.
pub fn failures(steps: &[Step], of: &mut dyn FnMut(usize) -> Option<Error>) -> Vec<Error> {
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Info(number) => out.extend(of(*number)),
            Step::Failure(error) => out.push(error.clone()),
            Step::List(steps) => {
                let inner = failures(steps, of);
                out.extend((!inner.is_empty()).then_some(Error::Many(inner)));
            }
        }
    }
    out
}

impl Visit<'_> {
    /// What could not be read, in one.
    pub fn failure(&self) -> Option<Error> {
        let failures = failures(&self.steps, &mut |_| None);
        (!failures.is_empty()).then_some(Error::Many(failures))
    }
}

impl<'a> Visit<'a> {
    /// Reads one document. An error ends the reading.
    fn document(&mut self, entry: Entry<'a>, reading: &Reading<'_>) -> Result<Step, Error> {
        let value = entry.value;
        let file = quote(reading.file);
        if let Some(validation) = reading.validation {
            let mut wrong = kind_errors(value);
            if !wrong.is_empty() {
                self.diagnose(&entry, &one_sentence(&wrong), "");
            } else if validation == FieldValidation::Strict {
                for problem in list_errors(value) {
                    self.diagnose(&entry, &problem.sentence, &problem.path);
                    wrong.push(problem.sentence);
                }
            }
            if !wrong.is_empty() {
                let sentence = one_sentence(&wrong);
                return Err(Error::Plain(format!(
                    "error validating {file}: error validating data: {sentence}; {STOP_VALIDATION}"
                )));
            }
        } else if value.text("kind").is_empty() {
            let sentence = match value {
                Value::Object(_) => format!("Object 'Kind' is missing in '{}'", json::to_string(value)),
                other => {
                    let kind = json_kind(other);
                    format!("json: cannot unmarshal {kind} into Go value of type unstructured.detector")
                }
            };
            self.diagnose(&entry, &sentence, "kind");
            return Ok(Step::Failure(Error::Plain(format!("unable to decode {file}: {sentence}"))));
        }
        if let Err((sentence, path)) = check_metadata(value) {
            self.diagnose(&entry, &sentence, &path);
            return Ok(Step::Failure(Error::Plain(format!("unable to decode {file}: {sentence}"))));
        }
        if value.as_object().is_some_and(|fields| fields.contains_key("items")) {
            return Ok(self.list(entry, reading.namespace));
        }
        let (kind, version) = (value.text("kind"), value.text("apiVersion"));
        let meta = value.field("metadata");
        match Kind::of_manifest(version, kind).or_else(|| Kind::of_lower_case(version, kind)) {
            Some(kind) => Ok(self.push(info(entry, kind, value.clone(), reading.namespace))),
            None => {
                let sentence = no_match(version, kind);
                self.diagnose(&entry, &sentence, "kind");
                let (name, namespace) = (quote(meta.text("name")), quote(meta.text("namespace")));
                Ok(Step::Failure(Error::Plain(format!(
                    "resource mapping not found for name: {name} namespace: {namespace} from {file}: {sentence}\n\
                     ensure CRDs are installed first"
                ))))
            }
        }
    }

    /// Reads the items of a list, and of lists in it. Their metadata are left to the server.
    fn list(&mut self, entry: Entry<'a>, namespace: &str) -> Step {
        let mut steps = Vec::new();
        let mut lists = vec![entry];
        let mut next = 0;
        while let Some(list) = lists.get(next).cloned() {
            next += 1;
            let item_kind = list.value.text("kind").trim_end_matches("List").to_owned();
            let list_version = list.value.text("apiVersion");
            for item in list.items() {
                if item.value.as_object().is_some_and(|fields| fields.contains_key("items")) {
                    lists.push(item);
                    continue;
                }
                let mut value = item.value.clone();
                // Items of a typed list need not say what they are.
                if value.text("kind").is_empty() && value.text("apiVersion").is_empty() {
                    let fields = as_map(&mut value);
                    fields.insert("kind".to_owned(), Value::from(item_kind.as_str()));
                    fields.insert("apiVersion".to_owned(), Value::from(list_version));
                }
                let (version, kind) = (value.text("apiVersion").to_owned(), value.text("kind").to_owned());
                match Kind::of_manifest(&version, &kind).or_else(|| Kind::of_lower_case(&version, &kind)) {
                    Some(kind) => steps.push(self.push(info(item, kind, value, namespace))),
                    None => {
                        let sentence = no_match(&version, &kind);
                        self.diagnose(&item, &sentence, "kind");
                        steps.push(Step::Failure(Error::Plain(format!("unable to recognize {sentence}"))));
                    }
                }
            }
        }
        Step::List(steps)
    }

    fn push(&mut self, info: Info<'a>) -> Step {
        self.infos.push(info);
        Step::Info(self.infos.len() - 1)
    }

    fn diagnose(&mut self, entry: &Entry<'_>, sentence: &str, path: &str) {
        let span = Some(entry.locate(path));
        self.diagnostics.push(Diagnostic { span, ..Diagnostic::of(sentence, path) });
    }
}

fn no_match(version: &str, kind: &str) -> String {
    format!("no matches for kind {} in version {}", quote(kind), quote(version))
}

/// Several sentences as one, each once, as Go's `errors.NewAggregate` prints them.
fn one_sentence(sentences: &[String]) -> String {
    Error::Many(sentences.iter().cloned().map(Error::Plain).collect()).sentence()
}

/// Gives an object its namespace: the one that it names, `default` where it names none, none where its kind lives in
/// none.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go SetNamespace
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go FilterNamespace
fn info<'a>(entry: Entry<'a>, kind: Kind, mut object: Value, default: &str) -> Info<'a> {
    round_large_numbers(&mut object);
    let given = object.field("metadata").text("namespace").to_owned();
    let namespace = match (kind.resource().namespaced, given.as_str()) {
        (true, "") => default.to_owned(),
        (true, _) => given.clone(),
        (false, _) => String::new(),
    };
    if namespace != given {
        let meta = as_map(as_map(&mut object).entry("metadata").or_insert(Value::Null));
        match namespace.as_str() {
            "" => meta.remove("namespace"),
            namespace => meta.insert("namespace".to_owned(), Value::from(namespace)),
        };
    }
    let reference = ObjectRef::new(kind, namespace, object.field("metadata").text("name"));
    Info { entry, reference, object }
}

/// Makes numbers with a point of whole ones that are too large for Go's `int64`.
// Models k8s.io/apimachinery/pkg/util/json/json.go ConvertInterfaceNumbers
fn round_large_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.as_i64().is_none() => {
            *value = number.as_f64().map_or(Value::Null, Value::from);
        }
        Value::Array(items) => items.iter_mut().for_each(round_large_numbers),
        Value::Object(fields) => fields.values_mut().for_each(round_large_numbers),
        _ => {}
    }
}

/// Checks that the metadata has the types that metadata have, so that nothing of it is lost without a word. Gives the
/// sentence and the path of what has not.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/metadata_decoder.go metadataValidatingDecoder.Decode
fn check_metadata(value: &Value) -> Result<(), (String, String)> {
    let mut only = Map::new();
    if let Some(meta) = value.as_object().and_then(|fields| fields.get("metadata")) {
        only.insert("metadata".to_owned(), meta.clone());
    }
    let Some(ty) = Schema::get().find("metadataOnlyObject") else { return Ok(()) };
    decode(ty, &Value::Object(only)).map(drop).map_err(|error| (error.message, error.path))
}

/// Whether a request's path can hold a namespace and a name.
///
/// # Errors
/// Why it cannot.
// Models k8s.io/client-go/rest/request.go Request.Namespace, Request.Name
pub fn usable_path(namespace: &str, name: Option<&str>) -> Result<(), String> {
    for (what, part) in [("namespace", Some(namespace)), ("resource name", name)] {
        if part == name && name == Some("") {
            return Err("resource name may not be empty".to_owned());
        }
        let wrong = path_segment(part.unwrap_or_default());
        if !wrong.is_empty() {
            return Err(format!("invalid {what} {}: [{}]", quote(part.unwrap_or_default()), wrong.join(" ")));
        }
    }
    Ok(())
}
