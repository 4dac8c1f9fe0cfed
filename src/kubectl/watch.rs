//! `kubectl get --watch`: the rows that are printed as objects change.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/get/get.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::context::Output;
use super::get::{printer, table_options};
use super::output::printer::Printer;
use super::printers::table::TablePrinter;
use super::printers::tabwriter::TabWriter;
use super::printers::{list_table, object_table};
use super::resources::{Filter, Found, Query};
use super::{Context, Error, Flags};
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::cluster::{Cluster, WatchEvent};

/// A watch. It has no end but Ctrl+C.
#[derive(Clone, Debug)]
pub struct Watch {
    kind: Kind,
    namespace: String,
    all_namespaces: bool,
    selector: String,
    field_selector: String,
    /// The object that was named; empty where all are watched.
    name: String,
    /// Whether the word for what happened stands before each row.
    events: bool,
    printer: Rows,
    /// The objects as they were printed last.
    known: BTreeMap<(String, String), Arc<Object>>,
    /// The version of the store that was seen last.
    seen: u64,
}

#[derive(Clone, Debug)]
enum Rows {
    Table(TablePrinter, TabWriter),
    Objects(Box<Printer>),
}

impl Watch {
    /// Prints what is there, and watches from then on. Gives nothing where nothing is to be watched.
    ///
    /// # Errors
    /// Where nothing of this name is there, or the format is unknown.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/get/get.go watch
    pub fn start(
        context: &mut Context<'_>,
        flags: &Flags,
        query: &Query<'_>,
        found: Found,
    ) -> Result<Option<Watch>, Error> {
        let (by_name, kinds) = (found.by_name, found.kinds());
        let (infos, errors) = found.split();
        if flags.flag("ignore-not-found") && errors.iter().any(Error::is_not_found) {
            return Ok(None);
        }
        Error::collect(errors)?;
        let Some(&kind) = kinds.first() else {
            return Err(super::resources::missing_resource());
        };
        let (output, template) = (flags.text("output"), flags.text("template"));
        let rows = if matches!((output, template), ("", "") | ("wide", _)) {
            Rows::Table(TablePrinter::new(table_options(flags, kind, false)), TabWriter::for_tables())
        } else {
            Rows::Objects(Box::new(printer(context, flags)?))
        };
        let objects: Vec<Arc<Object>> = infos.into_iter().filter_map(|info| info.object).collect();
        let mut watch = Watch {
            kind,
            namespace: query.namespace.to_owned(),
            all_namespaces: query.all_namespaces,
            selector: query.selector.to_owned(),
            field_selector: query.field_selector.to_owned(),
            name: if by_name {
                objects.first().map(|o| o.meta.name.clone()).unwrap_or_default()
            } else {
                String::new()
            },
            events: flags.flag("output-watch-events"),
            printer: rows,
            known: BTreeMap::new(),
            seen: context.cluster.store().resource_version(),
        };
        if !flags.flag("watch-only") {
            watch.print_first(&objects, by_name, context.cluster, context.out)?;
        }
        if by_name && objects.len() > 1 {
            return Err("you may only watch a single resource or type of resource at a time".into());
        }
        for object in objects {
            watch.known.insert(key(&object), object);
        }
        Ok(Some(watch))
    }

    fn print_first(
        &mut self,
        objects: &[Arc<Object>],
        by_name: bool,
        cluster: &Cluster,
        out: &mut Output,
    ) -> Result<(), Error> {
        if let (Rows::Table(printer, writer), false, false) = (&mut self.printer, by_name, self.events) {
            let lines = printer.lines(&list_table(self.kind, objects, cluster.now()), "");
            out.write(&writer.write(&lines));
            return Ok(());
        }
        for object in objects {
            self.print(object, "ADDED", cluster, out)?;
        }
        Ok(())
    }

    /// Prints what has changed since the last time.
    ///
    /// # Errors
    /// Where a template does not fit an object.
    pub fn poll(&mut self, cluster: &Cluster, writes: &[(u64, WatchEvent)], out: &mut Output) -> Result<(), Error> {
        let query = Query {
            namespace: &self.namespace,
            all_namespaces: self.all_namespaces,
            selector: &self.selector,
            field_selector: &self.field_selector,
            ..Query::default()
        };
        let filter = query.filter(self.kind)?;
        let objects = query.list(cluster, self.kind)?;
        for (version, write) in writes {
            if *version > self.seen {
                self.seen = *version;
                self.print_write(write, &filter, cluster, out)?;
            }
        }
        // Kinds that are not stored are compared with what they were.
        let mut now = BTreeMap::new();
        for object in objects {
            if self.name.is_empty() || object.meta.name == self.name {
                now.insert(key(&object), object);
            }
        }
        let known = std::mem::take(&mut self.known);
        let mut changes: Vec<(u64, &str, &Arc<Object>)> = Vec::new();
        for (key, object) in &now {
            let version = object.meta.resource_version;
            match known.get(key) {
                None => changes.push((version, "ADDED", object)),
                Some(old) if old.meta.uid != object.meta.uid => {
                    changes.push((version.saturating_sub(1), "DELETED", old));
                    changes.push((version, "ADDED", object));
                }
                Some(old) if **old != **object => changes.push((version, "MODIFIED", object)),
                Some(_) => {}
            }
        }
        for (key, object) in &known {
            if !now.contains_key(key) {
                changes.push((object.meta.resource_version, "DELETED", object));
            }
        }
        order::sort_by_key(&mut changes, |change| change.0);
        for (_, event, object) in changes {
            self.print(object, event, cluster, out)?;
        }
        self.known = now;
        Ok(())
    }

    /// Prints one write, where it is about an object that is watched, or was.
    fn print_write(
        &mut self,
        write: &WatchEvent,
        filter: &Filter,
        cluster: &Cluster,
        out: &mut Output,
    ) -> Result<(), Error> {
        let object = write.object();
        let meant = object.kind == self.kind && (self.name.is_empty() || object.meta.name == self.name);
        if !meant {
            return Ok(());
        }
        let key = key(object);
        let known = self.known.contains_key(&key);
        match write.new.as_ref().filter(|new| filter.selects(new)) {
            Some(new) => {
                self.known.insert(key, Arc::clone(new));
                self.print(new, if known { "MODIFIED" } else { "ADDED" }, cluster, out)
            }
            None if known => {
                self.known.remove(&key);
                let last = write.old.as_ref().unwrap_or(object);
                self.print(last, "DELETED", cluster, out)
            }
            None => Ok(()),
        }
    }

    fn print(&mut self, object: &Arc<Object>, event: &str, cluster: &Cluster, out: &mut Output) -> Result<(), Error> {
        match &mut self.printer {
            Rows::Table(printer, writer) => {
                let event = if self.events { event } else { "" };
                let lines = printer.lines(&object_table(object, cluster.now()), event);
                out.write(&writer.write(&lines));
                Ok(())
            }
            Rows::Objects(printer) => {
                let value = object.to_value();
                let value = if self.events { json!({"type": event, "object": value}) } else { value };
                printer.print(&value, out)
            }
        }
    }
}

fn key(object: &Object) -> (String, String) {
    (object.meta.namespace.clone(), object.meta.name.clone())
}

/// Leaves a watch as what the command waits for.
///
/// # Errors
/// None; the form is that of a command's end.
pub fn wait(context: &mut Context<'_>, watch: Watch) -> Result<(), Error> {
    context.wait = Some(super::wait::Wait::Watch(Box::new(watch)));
    Ok(())
}
