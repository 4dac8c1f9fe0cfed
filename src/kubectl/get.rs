//! `kubectl get`.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/get/get.go` of Kubernetes v1.37.2, Apache-2.0.

use std::sync::Arc;

use serde_json::{Value, json};

use super::output::columns::{relaxed_path, sort_order};
use super::output::printer::{GET_FORMATS, Printer, Request};
use super::patch;
use super::printers::table::{Options, TablePrinter};
use super::printers::tabwriter::TabWriter;
use super::printers::{Table, list_table, object_table, plain_table, scale_table};
use super::resources::{self, Found, Query};
use super::scale;
use super::watch::Watch;
use super::{Context, Error, Flags, error};
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::cluster::Cluster;

/// The flags.
pub const FLAGS: &str = "output/o string;template string;allow-missing-template-keys bool=true;show-managed-fields bool;\
    no-headers bool;show-labels bool;label-columns/L slice;sort-by string;show-kind bool;raw string;watch/w bool;\
    watch-only bool;output-watch-events bool;ignore-not-found bool;field-selector string;all-namespaces/A bool;\
    server-print bool=true;filename/f slice;kustomize/k string;recursive/R bool;chunk-size int=500;selector/l string;\
    subresource string";

/// What the server says about kinds that are old.
// Models pkg/registry/core/rest/storage_core.go, by way of the warnings in `prerelease_lifecycle.go`
pub fn deprecation(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Endpoints => Some("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
        Kind::ComponentStatus => Some("Warning: v1 ComponentStatus is deprecated in v1.19+"),
        _ => None,
    }
}

/// Runs the command.
///
/// # Errors
/// What kubectl refuses, or could not find.
// Models staging/src/k8s.io/kubectl/pkg/cmd/get/get.go Complete, Validate, Run
pub fn run(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let (output, template) = (flags.text("output"), flags.text("template"));
    let watches = flags.flag("watch") || flags.flag("watch-only");
    if watches && !flags.text("sort-by").is_empty() {
        let events = if flags.flag("watch") { " for watch events received" } else { "" };
        let flag = if flags.flag("watch") { "watch" } else { "watch-only" };
        context.out.complain(&format!("warning: --{flag} requested, --sort-by will be ignored{events}"));
    }
    let has_files = !flags.list("filename").is_empty() || !flags.text("kustomize").is_empty();
    if !watches && flags.args.is_empty() && !has_files {
        context.out.complain(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of \
             supported resources.\n",
        );
        return Err(error::usage(
            "get",
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that \
             resource (e.g. kubectl explain pods).",
        ));
    }
    if flags.flag("show-labels") && !matches!(output, "" | "wide") {
        return Err(Error::Plain(format!("--show-labels option cannot be used with {output} printer")));
    }
    if !flags.list("label-columns").is_empty() && output.starts_with("custom-columns") {
        return Err(Error::Plain(format!("--label-columns option cannot be used with {output} printer")));
    }
    if flags.flag("output-watch-events") && !watches {
        return Err("--output-watch-events option can only be used with --watch or --watch-only".into());
    }
    if !flags.text("raw").is_empty() {
        return Err("--raw is not available: there is no server to send a request to".into());
    }
    let (namespace, explicit) = resources::namespace(context, flags);
    let all_namespaces = flags.flag("all-namespaces");
    let query = Query {
        namespace: &namespace,
        enforce_namespace: explicit && !all_namespaces,
        all_namespaces,
        selector: flags.text("selector"),
        field_selector: flags.text("field-selector"),
        allow_empty_selector: true,
        single_type: watches,
        latest: true,
        sources: resources::sources(context, flags)?,
        args: &flags.args,
        ..Query::default()
    };
    let mut found = query.find(context.cluster)?;
    let subresource = subresource(flags, &mut found)?;
    for kind in found.kinds() {
        if let Some(warning) = deprecation(kind) {
            context.out.complain(warning);
        }
    }
    let human = matches!((output, template), ("", "") | ("wide", _));
    if watches {
        let watch = Watch::start(context, flags, &query, found)?;
        return watch.map_or(Ok(()), |watch| super::watch::wait(context, watch));
    }
    if human {
        return print_tables(context, flags, &namespace, found);
    }
    let shown = |object: &Object| match subresource {
        "scale" => patch::scale_of(&object.to_value()),
        _ => shown_value(object, flags),
    };
    print_objects(context, flags, found, &shown)
}

/// The printer that the flags ask for, for anything but tables.
///
/// # Errors
/// kubectl's sentence where there is no such format.
pub fn printer(context: &Context<'_>, flags: &Flags) -> Result<Printer, Error> {
    Printer::new(&Request {
        output: flags.text("output"),
        template: flags.text("template"),
        allow_missing_keys: flags.flag("allow-missing-template-keys"),
        no_headers: flags.flag("no-headers"),
        formats: GET_FORMATS,
        files: context.files,
    })
}

/// How tables of a kind are printed.
pub fn table_options(flags: &Flags, kind: Kind, with_kind: bool) -> Options {
    Options {
        no_headers: flags.flag("no-headers"),
        wide: flags.text("output") == "wide",
        with_kind: with_kind || flags.flag("show-kind"),
        with_namespace: flags.flag("all-namespaces") && kind.resource().namespaced,
        show_labels: flags.flag("show-labels"),
        label_columns: flags.list("label-columns").to_vec(),
    }
}

/// Checks that the objects have the subresource that is asked for, and gives its name.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go visitBySelector
fn subresource<'a>(flags: &'a Flags, found: &mut Found) -> Result<&'a str, Error> {
    let wanted = flags.text("subresource");
    if !wanted.is_empty() && !found.by_name {
        return Err("subresource cannot be used when bulk resources are specified".into());
    }
    let has = |kind: Kind| match wanted {
        "" | "status" => true,
        "scale" => scale::is_scalable(kind),
        "resize" | "ephemeralcontainers" => kind == Kind::Pod,
        _ => false,
    };
    for item in &mut found.items {
        if item.as_ref().is_ok_and(|info| !has(info.reference.kind)) {
            *item = Err(patch::no_such_resource());
        }
    }
    Ok(wanted)
}

/// The tables that the server sends: one for each type that is listed, and one for each object that is named.
fn tables(cluster: &Cluster, flags: &Flags, found: &Found) -> Vec<Table> {
    let now = cluster.now();
    let object_table = |object: &Arc<Object>, now| match flags.text("subresource") {
        "scale" => scale_table(object, now),
        _ if !flags.flag("server-print") => plain_table(object.kind, std::slice::from_ref(object), now),
        _ => object_table(object, now),
    };
    let list_table = if flags.flag("server-print") { list_table } else { plain_table };
    let objects = found.items.iter().flatten().filter_map(|info| info.object.clone());
    if found.by_name {
        return objects.map(|object| object_table(&object, now)).collect();
    }
    let objects: Vec<Arc<Object>> = objects.collect();
    let of_kind = |kind: Kind| objects.iter().filter(|object| object.kind == kind).cloned().collect::<Vec<_>>();
    found.listed.iter().map(|kind| list_table(*kind, &of_kind(*kind), now)).collect()
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/get/get.go Run
fn print_tables(context: &mut Context<'_>, flags: &Flags, namespace: &str, found: Found) -> Result<(), Error> {
    let ignore_not_found = flags.flag("ignore-not-found");
    let mut tables = tables(context.cluster, flags, &found);
    let (_, mut errors) = found.split();
    errors.retain(|error| !(ignore_not_found && error.is_not_found()));
    let with_kind = tables.iter().any(|table| table.kind != tables[0].kind);
    sort_tables(&mut tables, flags.text("sort-by"))?;
    for table in &mut tables {
        sort_rows(table, flags.text("sort-by"));
    }
    let mut writer = TabWriter::for_tables();
    let mut printed = false;
    let mut groups = tables.chunk_by(|a, b| a.kind == b.kind);
    for group in groups.by_ref() {
        let mut printer = TablePrinter::new(table_options(flags, group[0].kind, with_kind));
        let lines: String = group.iter().map(|table| printer.lines(table, "")).collect();
        if lines.is_empty() {
            continue;
        }
        if printed && !flags.flag("no-headers") {
            context.out.write("\n");
        }
        printed = true;
        writer.forget_widths();
        context.out.write(&writer.write(&lines));
    }
    if !printed && !ignore_not_found && errors.is_empty() {
        let namespaced = !flags.flag("all-namespaces") && tables.iter().all(|table| table.kind.resource().namespaced);
        let place = if namespaced { format!(" in {namespace} namespace.") } else { String::new() };
        context.out.complain(&format!("No resources found{place}"));
    }
    Error::collect(errors)
}

/// Sorts the rows of a table. Where that fails, upstream prints nothing of it, and does not say why.
// Models staging/src/k8s.io/kubectl/pkg/cmd/get/sorter.go SortingPrinter.PrintObj
fn sort_rows(table: &mut Table, sort_by: &str) {
    if sort_by.is_empty() || table.rows.len() < 2 {
        return;
    }
    let path = relaxed_path(sort_by).unwrap_or_else(|_| sort_by.to_owned());
    let objects: Vec<Value> = table.rows.iter().map(|row| row.object.to_value()).collect();
    let order = sort_order(&objects, &path).unwrap_or_default();
    table.rows = order.into_iter().map(|index| table.rows[index].clone()).collect();
}

/// Sorts the answers of the server where there are several. They are tables, so what is sorted by is a field of a table.
///
/// # Errors
/// Where tables have no such field, as they lack those of the objects in them.
// Models staging/src/k8s.io/kubectl/pkg/cmd/get/get.go RuntimeSorter.Sort
fn sort_tables(tables: &mut Vec<Table>, sort_by: &str) -> Result<(), Error> {
    if sort_by.is_empty() || tables.len() < 2 {
        return Ok(());
    }
    let as_value = |table: &Table| {
        let rows: Vec<Value> = table.rows.iter().map(|row| json!({"object": row.object.to_value()})).collect();
        json!({"apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": {}, "rows": rows})
    };
    let values: Vec<Value> = tables.iter().map(as_value).collect();
    let order = sort_order(&values, &relaxed_path(sort_by)?)?;
    *tables = order.into_iter().map(|index| tables[index].clone()).collect();
    Ok(())
}

/// An object as it is printed: with who manages its fields, unless it is printed as a whole and this is not asked for.
// Models staging/src/k8s.io/cli-runtime/pkg/printers/omitmanagedfields.go
pub fn shown_value(object: &Object, flags: &Flags) -> Value {
    let as_a_whole = matches!(flags.text("output"), "yaml" | "json" | "kyaml" | "name");
    if !as_a_whole || flags.flag("show-managed-fields") { object.to_managed_value() } else { object.to_value() }
}

// Models staging/src/k8s.io/kubectl/pkg/cmd/get/get.go printGeneric
fn print_objects(
    context: &mut Context<'_>,
    flags: &Flags,
    found: Found,
    shown: &dyn Fn(&Object) -> Value,
) -> Result<(), Error> {
    let single = found.single;
    let ignore_not_found = flags.flag("ignore-not-found");
    let (infos, mut errors) = found.split();
    errors.retain(|error| !(ignore_not_found && error.is_not_found()));
    if single && !errors.is_empty() {
        return Error::collect(errors);
    }
    if infos.is_empty() && ignore_not_found {
        return Error::collect(errors);
    }
    let mut printer = printer(context, flags)?;
    let objects = infos.iter().filter_map(|info| info.object.as_ref());
    let mut objects: Vec<Value> = objects.map(|object| shown(object)).collect();
    let value = match (single, objects.len()) {
        (true, 1) => objects.remove(0),
        _ => {
            if !flags.text("sort-by").is_empty() && !objects.is_empty() {
                let path = relaxed_path(flags.text("sort-by"))?;
                let order = sort_order(&objects, &path)?;
                objects = order.into_iter().map(|index| objects[index].clone()).collect();
            }
            json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects})
        }
    };
    if let Err(error) = printer.print(&value, context.out) {
        errors.push(error);
    }
    Error::collect(errors)
}
