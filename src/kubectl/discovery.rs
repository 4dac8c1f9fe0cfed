//! `kubectl api-resources`, `api-versions`, `version`, `cluster-info`, and the parts of `config` that show something.
//!
//! Follows `staging/src/k8s.io/kubectl/pkg/cmd/{apiresources,version,clusterinfo,config}` of Kubernetes v1.37.2,
//! Apache-2.0.

use serde_json::{Value, json};

use super::output::printer::{FORMATS, Printer, Request};
use super::output::{json as indented, yaml};
use super::printers::tabwriter::TabWriter;
use super::{Context, Error, Flags, error};
use crate::api::kind::Kind;
use crate::api::order;

/// The version of Kubernetes that is simulated.
const VERSION: &str = "v1.37.2";
/// The version of kustomize in kubectl.
const KUSTOMIZE: &str = "v5.8.1";
/// Where the API server says that it is.
const SERVER: &str = "https://127.0.0.1:26443";
/// As whom kubectl speaks to it.
const USER: &str = "admin";

/// The flags of `api-resources`.
pub const RESOURCES_FLAGS: &str = "output/o string;api-group string;namespaced bool=true;verbs slice;no-headers bool;\
    cached bool;sort-by string;categories slice;show-managed-fields bool";
/// The flags of `version`.
pub const VERSION_FLAGS: &str = "output/o string;client bool";
/// The flags of `config view`.
pub const VIEW_FLAGS: &str = "output/o string=yaml;template string;allow-missing-template-keys bool=true;\
    show-managed-fields bool;raw bool;flatten bool;minify bool;merge bool=true";
/// The flags of `config get-contexts`.
pub const CONTEXTS_FLAGS: &str = "output/o string;no-headers bool";

/// A resource as discovery lists it.
struct Entry {
    plural: &'static str,
    short_names: String,
    group: &'static str,
    api_version: String,
    namespaced: bool,
    kind: &'static str,
}

const VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch";

impl Entry {
    fn of(kind: Kind) -> Entry {
        let resource = kind.resource();
        Entry {
            plural: resource.plural,
            short_names: resource.short_names.join(","),
            group: resource.group,
            api_version: kind.api_version(),
            namespaced: resource.namespaced,
            kind: resource.kind,
        }
    }

    fn verbs(&self) -> &'static str {
        match self.kind {
            "ComponentStatus" => "get,list",
            "Namespace" => "create,delete,get,list,patch,update,watch",
            "Binding" => "create",
            kind if kind.ends_with("Review") => "create",
            _ => VERBS,
        }
    }

    fn category(&self) -> &'static str {
        match (self.group, self.kind) {
            ("admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io", _) => "api-extensions",
            ("", "Pod" | "ReplicationController" | "Service") => "all",
            ("apps", kind) if kind != "ControllerRevision" => "all",
            ("autoscaling" | "batch", _) => "all",
            _ => "",
        }
    }
}

/// Every resource, in the order of discovery. Events are served by two groups.
fn entries() -> Vec<Entry> {
    let mut out = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        out.push(Entry::of(kind));
        if kind == Kind::EndpointSlice {
            let group = "events.k8s.io";
            out.push(Entry { group, api_version: format!("{group}/v1"), ..Entry::of(Kind::Event) });
        }
    }
    out
}

/// `kubectl api-resources`
///
/// # Errors
/// What kubectl refuses.
// Models staging/src/k8s.io/kubectl/pkg/cmd/apiresources/apiresources.go RunAPIResources
pub fn api_resources(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if !flags.args.is_empty() {
        let why = format!("unexpected arguments: [{}]", flags.args.join(" "));
        return Err(error::usage("api-resources", why));
    }
    let sort_by = flags.text("sort-by");
    if !matches!(sort_by, "" | "name" | "kind") {
        return Err("--sort-by accepts only name or kind".into());
    }
    let output = flags.text("output");
    if !matches!(output, "" | "wide" | "name" | "yaml" | "json") {
        return Err(Error::Plain(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: \
             json,kyaml,name,wide,yaml"
        )));
    }
    let mut list = entries();
    list.retain(|entry| {
        (!flags.is_set("api-group") || entry.group == flags.text("api-group"))
            && (!flags.is_set("namespaced") || entry.namespaced == flags.flag("namespaced"))
            && flags.list("verbs").iter().all(|verb| entry.verbs().split(',').any(|known| known == verb))
            && flags.list("categories").iter().all(|category| entry.category() == category)
    });
    match sort_by {
        "name" => order::sort_by_key(&mut list, |entry| entry.plural),
        "kind" => order::sort_by_key(&mut list, |entry| entry.kind),
        _ => {}
    }
    match output {
        "name" => {
            for entry in &list {
                let group = if entry.group.is_empty() { String::new() } else { format!(".{}", entry.group) };
                context.out.print(&format!("{}{group}", entry.plural));
            }
        }
        "yaml" | "json" => print_list(context, output, &list),
        _ => print_table(context, output == "wide", flags.flag("no-headers"), &list),
    }
    Ok(())
}

fn print_table(context: &mut Context<'_>, wide: bool, no_headers: bool, list: &[Entry]) {
    let mut lines = String::new();
    if !no_headers {
        lines.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        lines.push_str(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for entry in list {
        let Entry { plural, short_names, api_version, namespaced, kind, .. } = entry;
        lines.push_str(&format!("{plural}\t{short_names}\t{api_version}\t{namespaced}\t{kind}"));
        if wide {
            lines.push_str(&format!("\t{}\t{}", entry.verbs(), entry.category()));
        }
        lines.push('\n');
    }
    context.out.write(&TabWriter::for_tables().write(&lines));
}

fn print_list(context: &mut Context<'_>, output: &str, list: &[Entry]) {
    let resource = |entry: &Entry| {
        let (group, version) = entry.api_version.split_once('/').unwrap_or(("", &entry.api_version));
        let verbs: Vec<&str> = entry.verbs().split(',').collect();
        let mut value = json!({
            "name": entry.plural, "singularName": entry.kind.to_lowercase(), "namespaced": entry.namespaced,
            "version": version, "kind": entry.kind, "verbs": verbs,
        });
        if !group.is_empty() {
            value["group"] = Value::from(group);
        }
        if !entry.short_names.is_empty() {
            value["shortNames"] = entry.short_names.split(',').collect();
        }
        if !entry.category().is_empty() {
            value["categories"] = json!([entry.category()]);
        }
        value
    };
    let resources: Vec<Value> = list.iter().map(resource).collect();
    let value = json!({"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "", "resources": resources});
    print_value(context, output, &value);
}

fn print_value(context: &mut Context<'_>, output: &str, value: &Value) {
    match output {
        "json" => context.out.print(&indented::indented(value)),
        _ => context.out.write(&yaml::to_string(value)),
    }
}

/// `kubectl api-versions`
///
/// # Errors
/// What kubectl refuses.
pub fn api_versions(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if !flags.args.is_empty() {
        return Err(error::usage("api-versions", format!("unexpected arguments: [{}]", flags.args.join(" "))));
    }
    let mut versions: Vec<String> = vec!["events.k8s.io/v1".to_owned()];
    for kind in Kind::ALL {
        let resource = kind.resource();
        let group = if resource.group.is_empty() { String::new() } else { format!("{}/", resource.group) };
        versions.extend(resource.versions.iter().map(|version| format!("{group}{version}")));
    }
    order::sort_by_key(&mut versions, String::clone);
    versions.dedup();
    for version in versions {
        context.out.print(&version);
    }
    Ok(())
}

/// What a program of Kubernetes says of how it was built; the API server says besides what it is compatible with.
// Models k8s.io/apimachinery/pkg/version/types.go Info
fn build(server: bool) -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![("major", "1"), ("minor", "37")];
    if server {
        fields.extend([("emulationMajor", "1"), ("emulationMinor", "37")]);
        fields.extend([("minCompatibilityMajor", "1"), ("minCompatibilityMinor", "36")]);
    }
    fields.extend([
        ("gitVersion", VERSION),
        ("gitCommit", "$Format:%H$"),
        ("gitTreeState", ""),
        ("buildDate", "1970-01-01T00:00:00Z"),
        ("goVersion", "go1.26.8"),
        ("compiler", "gc"),
        ("platform", "linux/amd64"),
    ]);
    fields
}

/// `kubectl kustomize`: there is nothing to build.
///
/// # Errors
/// Always.
pub fn kustomize(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let folder = flags.args.first().map_or(".", String::as_str);
    Err(super::resources::kustomize(&context.files.names(), folder))
}

/// `kubectl version`
///
/// # Errors
/// What kubectl refuses.
pub fn version(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    if !flags.args.is_empty() {
        return Err(Error::Plain(format!("extra arguments: [{}]", flags.args.join(" "))));
    }
    let client_only = flags.flag("client");
    match flags.text("output") {
        "" => {
            context.out.print(&format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}"));
            if !client_only {
                context.out.print(&format!("Server Version: {VERSION}"));
            }
        }
        output @ ("yaml" | "json") => {
            let server = (!client_only).then(|| build(true));
            if output == "yaml" {
                let object = |fields: Vec<(&str, &str)>| {
                    let fields = fields.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text)));
                    Value::Object(fields.collect())
                };
                let mut value = json!({"clientVersion": object(build(false)), "kustomizeVersion": KUSTOMIZE});
                if let Some(server) = server {
                    value["serverVersion"] = object(server);
                }
                context.out.write(&format!("{}\n", yaml::to_string(&value)));
                return Ok(());
            }
            // The fields stand in the order of their structs.
            let object = |name: &str, fields: Vec<(&str, &str)>| {
                let lines = fields.into_iter().map(|(name, text)| format!("    \"{name}\": \"{text}\""));
                format!("  \"{name}\": {{\n{}\n  }}", lines.collect::<Vec<_>>().join(",\n"))
            };
            let mut parts = vec![object("clientVersion", build(false))];
            parts.push(format!("  \"kustomizeVersion\": \"{KUSTOMIZE}\""));
            parts.extend(server.map(|server| object("serverVersion", server)));
            context.out.print(&format!("{{\n{}\n}}", parts.join(",\n")));
        }
        _ => return Err("--output must be 'yaml' or 'json'".into()),
    }
    Ok(())
}

/// `kubectl cluster-info`
///
/// # Errors
/// None.
pub fn cluster_info(context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    context.out.print(&format!("Kubernetes control plane is running at {SERVER}"));
    for service in context.cluster.store().list_in(Kind::Service, "kube-system") {
        if service.meta.label("kubernetes.io/cluster-service") == "true" {
            let name = match service.meta.label("kubernetes.io/name") {
                "" => &service.meta.name,
                name => name,
            };
            let path = format!("{SERVER}/api/v1/namespaces/kube-system/services/{}", service.meta.name);
            context.out.print(&format!("{name} is running at {path}:dns/proxy"));
        }
    }
    context.out.print("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(())
}

/// `kubectl config view`
///
/// # Errors
/// Where the format is unknown.
pub fn view(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = context.config.context.clone();
    let mut current = json!({"cluster": name, "user": USER});
    if !context.config.namespace.is_empty() {
        current["namespace"] = Value::from(context.config.namespace.as_str());
    }
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": {"insecure-skip-tls-verify": true, "server": SERVER}}],
        "contexts": [{"name": name, "context": current}],
        "users": [{"name": USER, "user": {"token": "REDACTED"}}],
    });
    let mut printer = Printer::new(&Request {
        output: flags.text("output"),
        template: flags.text("template"),
        allow_missing_keys: flags.flag("allow-missing-template-keys"),
        no_headers: false,
        formats: FORMATS,
        files: context.files,
    })?;
    printer.print(&config, context.out)
}

/// `kubectl config get-contexts`
///
/// # Errors
/// Where a context is named that there is not.
// Models staging/src/k8s.io/kubectl/pkg/cmd/config/get_contexts.go RunGetContexts
pub fn get_contexts(context: &mut Context<'_>, flags: &Flags) -> Result<(), Error> {
    let name = &context.config.context;
    let unknown = flags.args.iter().filter(|arg| *arg != name);
    let errors: Vec<Error> = unknown.map(|arg| Error::Plain(format!("context {arg} not found"))).collect();
    let shown = flags.args.is_empty() || flags.args.contains(name);
    match flags.text("output") {
        "name" if shown => context.out.print(&name.clone()),
        "name" => {}
        "" => {
            let mut lines = String::new();
            if !flags.flag("no-headers") {
                lines.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
            }
            if shown {
                lines.push_str(&format!("*\t{name}\t{name}\t{USER}\t{}\n", context.config.namespace));
            }
            context.out.write(&TabWriter::for_tables().write(&lines));
        }
        other => return Err(Error::Plain(format!("output must be one of '' or 'name': {other}"))),
    }
    Error::collect(errors)
}

/// `kubectl config get-clusters`: one, with the name of the context.
///
/// # Errors
/// None.
pub fn get_clusters(context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    let name = context.config.context.clone();
    context.out.print(&format!("NAME\n{name}"));
    Ok(())
}

/// `kubectl config get-users`
///
/// # Errors
/// None.
pub fn get_users(context: &mut Context<'_>, _flags: &Flags) -> Result<(), Error> {
    context.out.print(&format!("NAME\n{USER}"));
    Ok(())
}
