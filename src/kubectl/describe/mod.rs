//! `kubectl describe`.
//!
//! `describe.txt` says for each kind what stands below one another. A line is `Label=cell`, as cells are in the columns of
//! [`super::printers`]; `Label?=cell` is left out where the cell is empty; `"text` is text of its own; `>` before a line
//! indents it; `@name` is a section of [`sections`]. Kinds that are not in it are described field by field.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/describe/describe.go` of Kubernetes v1.37.2, Apache-2.0.

mod generic;
mod network;
mod node;
mod pod;
mod sections;
mod storage;
pub mod workload;
pub mod writer;

use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::cluster::Cluster;

use super::printers;
use super::resources::{self, Query};
use super::{Context, Error, Flags};
pub use sections::event_age;
pub use workload::pod_template;
pub use writer::Writer;

/// The flags.
pub const FLAGS: &str = "filename/f slice;kustomize/k string;recursive/R bool;all-namespaces/A bool;\
    show-events bool=true;chunk-size int=500;selector/l string";

/// Runs the command.
///
/// # Errors
/// What kubectl refuses, or could not find.
// Models staging/src/k8s.io/kubectl/pkg/cmd/describe/describe.go Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if flags.args.is_empty() && flags.list("filename").is_empty() && flags.text("kustomize").is_empty() {
        return Err(Error::Plain(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of \
             supported resources.\n"
                .to_owned(),
        ));
    }
    let (namespace, explicit) = resources::namespace(context, flags);
    let all_namespaces = flags.flag("all-namespaces");
    let query = Query {
        namespace: &namespace,
        enforce_namespace: explicit,
        all_namespaces,
        selector: flags.text("selector"),
        allow_empty_selector: true,
        sources: resources::sources(context, flags)?,
        args: &flags.args,
        ..Query::default()
    };
    let found = query.find(context.cluster)?;
    for kind in found.kinds() {
        if let Some(warning) = super::get::deprecation(kind) {
            context.out.complain(warning);
        }
    }
    let (infos, mut errors) = found.split();
    let several = !errors.is_empty() || infos.len() > 1;
    let show_events = flags.flag("show-events") && (flags.is_set("show-events") || !several);
    if errors.first().is_some_and(Error::is_not_found) && flags.args.len() == 2 {
        return matching(context, &query, show_events, errors.remove(0));
    }
    let mut first = true;
    for info in &infos {
        match &info.object.clone().or_else(|| resources::find_object(context.cluster, &info.reference)) {
            Some(object) => {
                if !std::mem::take(&mut first) {
                    context.out.write("\n\n");
                }
                let text = describe(context.cluster, object, show_events);
                context.out.write(&text);
            }
            None => {
                let status = crate::api::status::Status::not_found(info.reference.kind, &info.reference.name);
                errors.push(status.into());
            }
        }
    }
    if infos.is_empty() && errors.is_empty() {
        let place = if all_namespaces { String::new() } else { format!(" in {namespace} namespace.") };
        context.out.complain(&format!("No resources found{place}"));
    }
    Error::collect(errors)
}

/// Describes every object whose name begins with the word that is no name.
// Models staging/src/k8s.io/kubectl/pkg/cmd/describe/describe.go DescribeMatchingResources
fn matching(context: &mut Context<'_>, query: &Query<'_>, show_events: bool, original: Error) -> Result<(), Error> {
    let (ty, prefix) = (&query.args[..1], &query.args[1]);
    let query = Query {
        namespace: query.namespace,
        allow_empty_selector: true,
        single_type: true,
        args: ty,
        ..Query::default()
    };
    let mut is_found = false;
    for info in query.find(context.cluster)?.infos()? {
        if let Some(object) = info.object.filter(|object| object.meta.name.starts_with(prefix.as_str())) {
            is_found = true;
            let text = describe(context.cluster, &object, show_events);
            context.out.print(&text);
        }
    }
    if is_found { Ok(()) } else { Err(original) }
}

/// The lines of a kind in `describe.txt`.
fn lines_of(kind: Kind) -> Option<impl Iterator<Item = &'static str>> {
    let mut lines = include_str!("describe.txt").lines();
    lines.by_ref().find(|line| !line.starts_with(' ') && line.split(',').any(|name| name == kind.name()))?;
    Some(lines.map_while(|line| line.strip_prefix(' ')))
}

/// The description of an object.
pub fn describe(cluster: &Cluster, object: &Object, show_events: bool) -> String {
    let mut w = Writer::default();
    let subject = Subject { cluster, object, show_events };
    match lines_of(object.kind) {
        None => generic::describe(&mut w, &subject),
        Some(lines) => {
            for line in lines {
                subject.line(&mut w, line);
            }
        }
    }
    w.finish()
}

/// What is described.
struct Subject<'a> {
    cluster: &'a Cluster,
    object: &'a Object,
    show_events: bool,
}

impl Subject<'_> {
    fn line(&self, w: &mut Writer, line: &'static str) {
        let rest = line.trim_start_matches('>');
        let level = line.len() - rest.len();
        if let Some(section) = rest.strip_prefix('@') {
            sections::write(w, section, self);
        } else if let Some(text) = rest.strip_prefix('"') {
            w.text(level, &(self.value(text) + "\n"));
        } else if let Some((label, cell)) = rest.split_once('=') {
            let value = match cell.strip_prefix('@') {
                Some(name) => sections::value(name, self),
                None => self.value(cell),
            };
            match label.strip_suffix('?') {
                Some(_) if value.is_empty() => {}
                Some(label) => w.line(level, label, &value),
                None => w.line(level, label, &value),
            }
        }
    }

    fn value(&self, text: &str) -> String {
        printers::cell_text(text, self.object, self.cluster.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_in_the_table_is_one_and_every_line_is_understood() {
        let table = include_str!("describe.txt");
        for line in table.lines() {
            match line.strip_prefix(' ') {
                None => {
                    for name in line.split(',') {
                        assert!(Kind::ALL.iter().any(|kind| kind.name() == name), "{name}");
                    }
                }
                Some(line) => {
                    let line = line.trim_start_matches('>');
                    assert!(line.starts_with(['@', '"']) || line.contains('='), "{line}");
                }
            }
        }
    }
}
