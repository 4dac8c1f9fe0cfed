//! `kubectl events`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/events` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::describe::event_age;
use super::output::printer::{FORMATS, Printer, Request};
use super::printers::table::escape;
use super::printers::tabwriter::TabWriter;
use super::wait::{Progress, Wait};
use super::{Context, Error, Flags, resources};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::order;
use crate::api::time::{Instant, Timestamp};

/// The flags.
pub const FLAGS: &str = "output/o string;template string;allow-missing-template-keys bool=true;\
    show-managed-fields bool;watch/w bool;all-namespaces/A bool;for string;types slice;no-headers bool;\
    chunk-size int=500";

/// Runs the command.
///
/// # Errors
/// What kubectl refuses.
// Models staging/src/k8s.io/kubectl/pkg/cmd/events/events.go Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let mut events = matching(context, flags)?;
    if flags.flag("watch") {
        let mut watch = Watch { flags: flags.clone(), writer: TabWriter::for_tables(), seen: BTreeMap::new() };
        watch.poll(context)?;
        context.wait = Some(Wait::Events(Box::new(watch)));
        return Ok(());
    }
    let all_namespaces = flags.flag("all-namespaces");
    if events.is_empty() {
        let (namespace, _) = resources::namespace(context, flags);
        let place = if all_namespaces { ".".to_owned() } else { format!(" in {namespace} namespace.") };
        context.out.complain(&format!("No events found{place}"));
        return Ok(());
    }
    order::sort_by_key(&mut events, |event| time_of(event));
    if !flags.text("output").is_empty() || !flags.text("template").is_empty() {
        return print_objects(context, flags, &events);
    }
    let lines = table(&events, all_namespaces, flags.flag("no-headers"), context.cluster.now());
    context.out.write(&TabWriter::for_tables().write(&lines));
    Ok(())
}

/// `events --watch`
#[derive(Clone, Debug)]
pub struct Watch {
    flags: Flags,
    writer: TabWriter,
    /// How often each event has been recorded, by its namespace and name.
    seen: BTreeMap<(String, String), Option<i64>>,
}

impl Watch {
    /// Prints the events that are new, and those that were recorded again.
    ///
    /// # Errors
    /// None once the line was understood.
    // Models staging/src/k8s.io/kubectl/pkg/cmd/events/events.go runWatch
    pub fn poll(&mut self, context: &mut Context<'_>) -> Result<Progress, Error> {
        let mut events = matching(context, &self.flags)?;
        let headed = !self.seen.is_empty() || self.flags.flag("no-headers");
        events.retain(|event| {
            let key = (event.meta.namespace.clone(), event.meta.name.clone());
            let count = event.rest.int("count");
            self.seen.insert(key, count) != Some(count)
        });
        if !events.is_empty() {
            let lines = table(&events, self.flags.flag("all-namespaces"), headed, context.cluster.now());
            context.out.write(&self.writer.write(&lines));
        }
        Ok(Progress::Until(None))
    }
}

/// The events that a line asks for.
fn matching(context: &Context<'_>, flags: &Flags) -> Result<Vec<Arc<Object>>, Error> {
    let (namespace, _) = resources::namespace(context, flags);
    let about = subject(flags.text("for"))?;
    let types = flags.list("types");
    if types.iter().any(|ty| !ty.eq_ignore_ascii_case("Normal") && !ty.eq_ignore_ascii_case("Warning")) {
        return Err("valid --types are Normal or Warning".into());
    }
    let place = if flags.flag("all-namespaces") { "" } else { &namespace };
    let mut events = resources::list_objects(context.cluster, Kind::Event, place);
    events.retain(|event| {
        let involved = event.rest.field("involvedObject");
        let is_about = about.as_ref().is_none_or(|(kind, name)| {
            involved.text("kind") == kind.name()
                && involved.text("name") == name
                && involved.text("apiVersion") == kind.api_version()
        });
        let ty = event.rest.text("type");
        is_about && (types.is_empty() || types.iter().any(|wanted| wanted.eq_ignore_ascii_case(ty)))
    });
    Ok(events)
}

/// The kind and name after `--for`.
// Models staging/src/k8s.io/kubectl/pkg/cmd/events/events.go decodeResourceTypeName
fn subject(text: &str) -> Result<Option<(Kind, String)>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some((ty, name)) = text.split_once('/') else {
        return Err("--for must be in resource/name form".into());
    };
    if name.contains('/') {
        return Err("arguments in resource/name form may not have more than one slash".into());
    }
    Ok(Some((resources::kind_for(&ty.to_lowercase())?, name.to_owned())))
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/events/events.go eventTime
fn time_of(event: &Object) -> Option<Timestamp> {
    let rest = &event.rest;
    let series = rest.field("series").text("lastObservedTime");
    [series, rest.text("lastTimestamp"), rest.text("eventTime")].into_iter().find_map(Timestamp::parse)
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/events/event_printer.go
fn table(events: &[Arc<Object>], with_namespace: bool, no_headers: bool, now: Instant) -> String {
    let mut lines = String::new();
    if !no_headers {
        lines.push_str(if with_namespace { "NAMESPACE\t" } else { "" });
        lines.push_str("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
    }
    for event in events {
        let rest = &event.rest;
        if with_namespace {
            lines.push_str(&format!("{}\t", event.meta.namespace));
        }
        let involved = rest.field("involvedObject");
        let (kind, name) = (involved.text("kind"), involved.text("name"));
        let cells = [rest.text("type"), rest.text("reason"), &format!("{kind}/{name}"), rest.text("message").trim()];
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        lines.push_str(&format!("{}\t{}\n", event_age(event, now), cells.join("\t")));
    }
    lines
}

fn print_objects(context: &mut Context<'_>, flags: &Flags, events: &[Arc<Object>]) -> Result<(), Error> {
    let mut printer = Printer::new(&Request {
        output: flags.text("output"),
        template: flags.text("template"),
        allow_missing_keys: flags.flag("allow-missing-template-keys"),
        no_headers: flags.flag("no-headers"),
        formats: FORMATS,
        files: context.files,
    })?;
    let items: Vec<Value> = events.iter().map(|event| event.to_value()).collect();
    printer.print(&json!({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": items}), context.out)
}
