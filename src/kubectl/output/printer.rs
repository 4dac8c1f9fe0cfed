//! What `-o` and `--template` ask for.
//!
//! Follows `staging/src/k8s.io/cli-runtime/pkg/genericclioptions/*_flags.go` and `pkg/printers` of Kubernetes v1.37.2,
//! Apache-2.0.

use serde_json::Value;

use super::columns::CustomColumns;
use super::jsonpath::JsonPath;
use super::template::Template;
use super::{go, json, kyaml, yaml};
use crate::api::fields::Fields;
use crate::api::json as compact;
use crate::kubectl::context::{Files, Output};
use crate::kubectl::error::Error;
use crate::kubectl::printers::tabwriter::TabWriter;

/// The formats of every command that prints objects.
pub const FORMATS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
/// The formats of `kubectl get`.
pub const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,\
                               jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// What a line asks for.
pub struct Request<'a> {
    /// `-o`, empty where it is not given.
    pub output: &'a str,
    /// `--template`, empty where it is not given.
    pub template: &'a str,
    /// `--allow-missing-template-keys`
    pub allow_missing_keys: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// The formats that the command knows, sorted, with commas between.
    pub formats: &'a str,
    /// Where templates in files are.
    pub files: &'a dyn Files,
}

/// Prints objects in one of the formats.
#[derive(Clone, Debug)]
pub struct Printer {
    format: Format,
    printed: usize,
    /// Whether what is printed was made by kubectl itself, and is typed.
    pub typed: bool,
}

#[derive(Clone, Debug)]
enum Format {
    Yaml,
    Kyaml,
    Json,
    Name,
    JsonPath(String, JsonPath, bool),
    Template(String, Template, bool),
    Columns(CustomColumns, TabWriter),
}

impl Printer {
    /// The printer that a line asks for.
    ///
    /// # Errors
    /// kubectl's sentence where there is no such format, or its template cannot be read.
    pub fn new(request: &Request<'_>) -> Result<Printer, Error> {
        Ok(Printer { format: format_of(request)?, printed: 0, typed: false })
    }

    /// Prints an object or a list. What was printed before an error stays printed.
    ///
    /// # Errors
    /// Where a template does not fit the object.
    pub fn print(&mut self, value: &Value, out: &mut Output) -> Result<(), Error> {
        self.printed += 1;
        match &mut self.format {
            Format::Yaml => {
                if self.printed > 1 {
                    out.write("---\n");
                }
                out.write(&yaml::to_string(value));
            }
            Format::Kyaml => out.write(&kyaml::to_string(value)),
            Format::Json if self.typed => out.print(&json::indented_as_typed(value)),
            Format::Json => out.print(&json::indented(value)),
            Format::Name => {
                for object in objects(value) {
                    out.print(&name(object));
                }
            }
            Format::JsonPath(text, path, as_json) => match path.execute(value, *as_json) {
                Ok(text) => out.write(&text),
                Err(why) => {
                    let object = go::syntax(value);
                    return Err(Error::Plain(format!(
                        "error executing jsonpath {text:?}: Error executing template: {why}. Printing more information \
                         for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine \
                         was:\n\t\t{object}\n\n\n"
                    )));
                }
            },
            Format::Template(text, template, allow_missing_keys) => {
                let mut printed = String::new();
                let result = template.execute(value, *allow_missing_keys, &mut printed);
                out.write(&printed);
                if let Err(why) = result {
                    let (raw, object) = (compact::to_string(value), go::sprint(value));
                    out.write(&format!(
                        "Error executing template: {why}. Printing more information for debugging the template:\n\
                         \ttemplate was:\n\t\t{text}\n\traw data was:\n\t\t{raw}\n\tobject given to template engine \
                         was:\n\t\t{object}\n\n"
                    ));
                    return Err(Error::Plain(format!("error executing template {text:?}: {why}")));
                }
            }
            Format::Columns(columns, writer) => {
                let mut lines = String::new();
                let result = columns.lines(&objects(value), &mut lines);
                out.write(&writer.write(&lines));
                result.map_err(Error::Plain)?;
            }
        }
        Ok(())
    }
}

/// The items of a list, or the object itself.
fn objects(value: &Value) -> Vec<&Value> {
    match value.field("items") {
        Value::Array(items) if value.text("kind").ends_with("List") => items.iter().collect(),
        _ => vec![value],
    }
}

/// `pod/web-0`
// Models staging/src/k8s.io/cli-runtime/pkg/printers/name.go printObj
fn name(object: &Value) -> String {
    let kind = object.text("kind").to_lowercase();
    let group = object.text("apiVersion").split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    format!("{kind}{group}/{}", object.field("metadata").text("name"))
}

fn format_of(request: &Request<'_>) -> Result<Format, Error> {
    let output = match (request.output, request.template) {
        ("", template) if !template.is_empty() => "go-template",
        (output, _) => output,
    };
    match output.to_lowercase().as_str() {
        "yaml" => return Ok(Format::Yaml),
        "kyaml" => return Ok(Format::Kyaml),
        "json" => return Ok(Format::Json),
        "name" => return Ok(Format::Name),
        _ => {}
    }
    let (format, value) = match request.template {
        "" => output.split_once('=').unwrap_or((output, "")),
        template => (output, template),
    };
    let known = request.formats.split(',').any(|known| known == format) && format != "wide";
    if !known {
        return Err(Error::Plain(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: {}",
            request.formats
        )));
    }
    let is_columns = format.starts_with("custom-columns");
    if value.is_empty() {
        let why = if is_columns {
            "custom-columns format specified but no custom columns given"
        } else {
            "template format specified but no template given"
        };
        return Err(why.into());
    }
    let text = if format.ends_with("file") {
        request.files.read(value).ok_or_else(|| {
            let missing = format!("open {value}: no such file or directory");
            Error::Plain(if is_columns {
                format!("error reading template {value}, {missing}\n")
            } else {
                format!("error reading --template {value}, {missing}")
            })
        })?
    } else {
        value.to_owned()
    };
    match format {
        "custom-columns" => {
            let columns = CustomColumns::parse(&text, request.no_headers).map_err(Error::Plain)?;
            Ok(Format::Columns(columns, TabWriter::for_tables()))
        }
        "custom-columns-file" => {
            Ok(Format::Columns(CustomColumns::parse_file(&text).map_err(Error::Plain)?, TabWriter::for_tables()))
        }
        "jsonpath" | "jsonpath-file" | "jsonpath-as-json" => {
            let mut path =
                JsonPath::parse(&text).map_err(|why| Error::Plain(format!("error parsing jsonpath {text}, {why}")))?;
            path.allow_missing_keys = request.allow_missing_keys;
            Ok(Format::JsonPath(text, path, format == "jsonpath-as-json"))
        }
        _ => {
            let template =
                Template::parse(&text).map_err(|why| Error::Plain(format!("error parsing template {text}, {why}")))?;
            Ok(Format::Template(text, template, request.allow_missing_keys))
        }
    }
}
