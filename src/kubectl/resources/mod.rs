//! Which objects a command is about: `TYPE NAME…`, `TYPE/NAME`, `TYPE1,TYPE2`, selectors, and files.
//!
//! Follows `staging/src/k8s.io/cli-runtime/pkg/resource/builder.go` of Kubernetes v1.37.2, Apache-2.0.

mod args;
mod field_selector;
mod stored;

use args::{Named, read_args};
pub use args::{has_names, kind_for};
use field_selector::{check_field, matches_fields};
pub use stored::{event_object, find_object, list_objects};

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use super::flags::Flags;
use super::resource::{self, Reading};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::selector_text::{FieldTerm, parse_fields};
use crate::api::status::{Status, quote};
use crate::cluster::{Cluster, FieldValidation};
use crate::manifest;

/// An object that a command is about.
#[derive(Clone, Debug)]
pub struct Info {
    /// Its kind, namespace and name.
    pub reference: ObjectRef,
    /// The object as it is stored; `None` where it was not looked up, or comes from a file.
    pub object: Option<Arc<Object>>,
    /// The object as a file has it.
    pub manifest: Option<Value>,
    /// The file that it comes from; empty for objects of the cluster.
    pub source: String,
}

impl Info {
    /// Whether this is only what a file has, and nothing of the cluster.
    pub fn is_local(&self) -> bool {
        self.object.is_none() && self.manifest.is_some()
    }
}

/// A file's name, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name as messages have it; `STDIN` for standard input.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    /// The namespace; empty for all.
    pub namespace: &'a str,
    /// Whether the namespace was given on the line, so that files must agree with it.
    pub enforce_namespace: bool,
    /// Whether `-A` was given.
    pub all_namespaces: bool,
    /// `-l`
    pub selector: &'a str,
    /// `--field-selector`
    pub field_selector: &'a str,
    /// `--all`
    pub all: bool,
    /// Whether a type without names means all of that type.
    pub allow_empty_selector: bool,
    /// Whether more than one type is refused.
    pub single_type: bool,
    /// Whether named objects are not looked up, so that the caller meets their absence itself.
    pub lazy: bool,
    /// The arguments.
    pub args: &'a [String],
    /// What `-f` named.
    pub sources: Vec<Source>,
    /// Whether objects of files are looked up in the cluster.
    pub latest: bool,
    /// What is checked of files; `None` where nothing is.
    pub validation: Option<FieldValidation>,
}

/// Tells which objects are meant.
#[derive(Clone, Debug)]
pub struct Filter {
    kind: Kind,
    /// The namespace; empty for all.
    namespace: String,
    labels: Selector,
    fields: Vec<FieldTerm>,
}

impl Filter {
    /// Whether an object is one of them.
    pub fn selects(&self, object: &Object) -> bool {
        object.kind == self.kind
            && (self.namespace.is_empty() || object.meta.namespace == self.namespace)
            && self.labels.matches(&object.meta.labels)
            && matches_fields(object, &self.fields)
    }
}

/// What was found, in order: objects, and what went wrong between them.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The objects and errors.
    pub items: Vec<Result<Info, Error>>,
    /// Whether exactly one object was asked for by name, so that it is not printed as a list.
    pub single: bool,
    /// Whether objects were asked for by name or file, not by a selector.
    pub by_name: bool,
    /// The types that were listed, where objects were not asked for by name.
    pub listed: Vec<Kind>,
}

impl Found {
    /// The kinds that the objects are of, or would be of, each once.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds = self.listed.clone();
        for info in self.items.iter().flatten() {
            if !kinds.contains(&info.reference.kind) {
                kinds.push(info.reference.kind);
            }
        }
        kinds
    }

    /// The objects before the first error.
    ///
    /// # Errors
    /// The first error.
    pub fn infos(self) -> Result<Vec<Info>, Error> {
        self.items.into_iter().collect()
    }

    /// All objects, where nothing went wrong.
    ///
    /// # Errors
    /// Everything that went wrong.
    pub fn infos_or_errors(self) -> Result<Vec<Info>, Error> {
        let (infos, errors) = self.split();
        Error::collect(errors)?;
        Ok(infos)
    }

    /// The objects, and every error.
    pub fn split(self) -> (Vec<Info>, Vec<Error>) {
        let (mut infos, mut errors) = (Vec::new(), Vec::new());
        for item in self.items {
            match item {
                Ok(info) => infos.push(info),
                Err(error) => errors.push(error),
            }
        }
        (infos, errors)
    }
}

/// The namespace that a line is about, and whether the line names it.
pub fn namespace(context: &Context<'_>, flags: &Flags) -> (String, bool) {
    match flags.text("namespace") {
        "" if context.config.namespace.is_empty() => ("default".to_owned(), false),
        "" => (context.config.namespace.clone(), false),
        given => (given.to_owned(), true),
    }
}

/// The texts that `-f` names.
///
/// # Errors
/// kubectl's sentence where there is no such file.
pub fn sources(context: &Context<'_>, flags: &Flags) -> Result<Vec<Source>, Error> {
    if !flags.text("kustomize").is_empty() {
        if !flags.list("filename").is_empty() {
            return Err("only one of -f or -k can be specified".into());
        }
        return Err(kustomize(&context.files.names(), flags.text("kustomize")));
    }
    let mut out = Vec::new();
    let mut errors = Vec::new();
    for name in flags.list("filename") {
        if name == "-" {
            let text = context.stdin.unwrap_or_default().to_owned();
            out.push(Source { name: "STDIN".to_owned(), text });
        } else if let Some(text) = context.files.read(name) {
            out.push(Source { name: name.clone(), text });
        } else {
            let names = in_folder(&context.files.names(), name, flags.flag("recursive"));
            match names {
                None => errors.push(Error::Plain(format!("the path {name:?} does not exist"))),
                Some(names) if names.is_empty() => {
                    let why = format!("error reading [{name}]: recognized file extensions are [.json .yaml .yml]");
                    errors.push(Error::Plain(why));
                }
                Some(names) => {
                    let read = |name: String| context.files.read(&name).map(|text| Source { name, text });
                    out.extend(names.into_iter().filter_map(read));
                }
            }
        }
    }
    Error::collect(errors)?;
    Ok(out)
}

/// What kustomize says of a folder, which it would build.
// Models sigs.k8s.io/kustomize/api/internal/target/errmissingkustomization.go
pub fn kustomize(names: &[String], folder: &str) -> Error {
    const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let inside = folder.trim_end_matches('/').trim_start_matches("./");
    let prefix = if matches!(inside, "." | "") { String::new() } else { format!("{inside}/") };
    if names.iter().any(|name| FILES.iter().any(|file| *name == format!("{prefix}{file}"))) {
        return "kustomize is not simulated: apply the files that it would build with -f".into();
    }
    let place = format!("{HOME}/{inside}").trim_end_matches(['/', '.']).to_owned();
    if !names.iter().any(|name| name.starts_with(&prefix)) && !prefix.is_empty() {
        return format!(
            "must build at directory: not a valid directory: evalsymlink failure on '{folder}' : lstat {place}: no such file \
             or directory"
        )
        .into();
    }
    format!("unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{place}'")
        .into()
}

/// The folder that files are in, as messages have it.
const HOME: &str = "/home/user";

/// The manifests in a folder, where there is one of this name.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go ExpandPathsToFileVisitors
fn in_folder(names: &[String], folder: &str, recursive: bool) -> Option<Vec<String>> {
    let folder = folder.trim_end_matches('/').trim_start_matches("./");
    let prefix = if matches!(folder, "." | "") { String::new() } else { format!("{folder}/") };
    let inside: Vec<&String> = names.iter().filter(|name| name.starts_with(&prefix)).collect();
    if inside.is_empty() && !prefix.is_empty() {
        return None;
    }
    let is_manifest = |name: &&String| {
        let deep = name[prefix.len()..].contains('/');
        [".json", ".yaml", ".yml"].iter().any(|end| name.ends_with(end)) && (recursive || !deep)
    };
    Some(inside.into_iter().filter(is_manifest).cloned().collect())
}

impl Query<'_> {
    /// Finds the objects.
    ///
    /// # Errors
    /// Where the arguments make no sense; errors about single objects are among [`Found::items`].
    // Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go visitorResult
    pub fn find(&self, cluster: &Cluster) -> Result<Found, Error> {
        let selector = self.selector.trim();
        let field_selector = self.field_selector.trim();
        if self.all && !(selector.is_empty() && field_selector.is_empty()) {
            return Err("setting 'all' parameter but found a non empty selector. ".into());
        }
        let named = read_args(self.args, self.allow_empty_selector)?;
        if !self.sources.is_empty() {
            return self.find_in_sources(cluster, &named);
        }
        if !selector.is_empty() || !field_selector.is_empty() || self.all || named.select_everything {
            return self.find_by_selector(cluster, &named);
        }
        if !named.tuples.is_empty() {
            let mut kinds = Vec::new();
            for (ty, _) in &named.tuples {
                let kind = kind_for(ty)?;
                kinds.push(kind);
            }
            if self.single_type && kinds.iter().any(|kind| *kind != kinds[0]) {
                return Err(multiple_types());
            }
            let items = kinds.iter().zip(&named.tuples).map(|(kind, (_, name))| self.named(cluster, *kind, name));
            let items: Result<Vec<_>, Error> = items.collect();
            return Ok(Found { items: items?, single: named.tuples.len() == 1, by_name: true, listed: Vec::new() });
        }
        if !named.names.is_empty() {
            let [ty] = named.types.as_slice() else {
                return Err("you must specify only one resource".into());
            };
            let kind = kind_for(ty)?;
            let items: Result<Vec<_>, Error> = named.names.iter().map(|name| self.named(cluster, kind, name)).collect();
            return Ok(Found { items: items?, single: named.names.len() == 1, by_name: true, listed: Vec::new() });
        }
        if named.types.is_empty() {
            return Err(missing_resource());
        }
        for ty in &named.types {
            kind_for(ty)?;
        }
        Err("resource(s) were provided, but no name was specified".into())
    }

    /// One named object. The outer error ends the whole search.
    fn named(&self, cluster: &Cluster, kind: Kind, name: &str) -> Result<Result<Info, Error>, Error> {
        let namespaced = kind.resource().namespaced;
        if namespaced && (self.namespace.is_empty() || self.all_namespaces) {
            let why = if self.all_namespaces {
                "a resource cannot be retrieved by name across all namespaces"
            } else {
                "namespace may not be empty when retrieving a resource by name"
            };
            return Err(why.into());
        }
        let reference = ObjectRef::new(kind, if namespaced { self.namespace } else { "" }, name);
        if let Err(why) = resource::usable_path(&reference.namespace, Some(name)) {
            return Ok(Err(Error::Plain(why)));
        }
        let object = find_object(cluster, &reference);
        if object.is_none() && !self.lazy {
            // One that is read in a namespace that there is not is missed less than the namespace is.
            let no_namespace = namespaced && cluster.store().get(Kind::Namespace, "", self.namespace).is_none();
            return Ok(Err(if no_namespace {
                Status::not_found(Kind::Namespace, self.namespace).into()
            } else {
                Status::not_found(kind, name).into()
            }));
        }
        Ok(Ok(Info { reference, object, manifest: None, source: String::new() }))
    }

    // Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go visitBySelector
    fn find_by_selector(&self, cluster: &Cluster, named: &Named<'_>) -> Result<Found, Error> {
        if !named.names.is_empty() {
            return Err("name cannot be provided when a selector is specified".into());
        }
        if !named.tuples.is_empty() {
            return Err("selectors and the all flag cannot be used when passing resource/name arguments".into());
        }
        if named.types.is_empty() {
            return Err("at least one resource must be specified to use a selector".into());
        }
        if self.single_type && named.types.len() > 1 {
            return Err(multiple_types());
        }
        let mut kinds = Vec::new();
        for ty in &named.types {
            let kind = kind_for(ty)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut found = Found { listed: kinds.clone(), ..Found::default() };
        for kind in kinds {
            match self.list(cluster, kind) {
                Ok(objects) => found.items.extend(objects.into_iter().map(|object| {
                    let reference = object.object_ref();
                    Ok(Info { reference, object: Some(object), manifest: None, source: String::new() })
                })),
                Err(error) => found.items.push(Err(error)),
            }
        }
        Ok(found)
    }

    /// The objects of a kind that the query selects.
    ///
    /// # Errors
    /// What the API server says of a selector that it cannot read.
    pub fn list(&self, cluster: &Cluster, kind: Kind) -> Result<Vec<Arc<Object>>, Error> {
        let filter = self.filter(kind)?;
        let mut objects = list_objects(cluster, kind, &filter.namespace);
        objects.retain(|object| filter.selects(object));
        Ok(objects)
    }

    /// What tells whether the query selects an object of a kind.
    ///
    /// # Errors
    /// What the API server says of a selector that it cannot read.
    pub fn filter(&self, kind: Kind) -> Result<Filter, Error> {
        let (selector, field_selector) = (self.selector.trim(), self.field_selector.trim());
        let refuse = |why: String| {
            let resource = kind.resource();
            let subject = format!("{}/{}, Resource={}", resource.group, resource.versions[0], resource.plural);
            let sentence = format!(
                "Unable to find {} that match label selector {}, field selector {}: {why}",
                quote(&subject),
                quote(selector),
                quote(field_selector)
            );
            Error::from(Status::bad_request(sentence))
        };
        if matches!(kind, Kind::Binding) || kind.name().ends_with("Review") {
            return Err(Status::method_not_allowed().into());
        }
        let labels = Selector::parse(selector).map_err(refuse)?;
        let fields = parse_fields(field_selector).map_err(refuse)?;
        for term in &fields {
            check_field(kind, &term.field).map_err(refuse)?;
        }
        let namespace = if self.all_namespaces || !kind.resource().namespaced { "" } else { self.namespace };
        resource::usable_path(namespace, None)?;
        Ok(Filter { kind, namespace: namespace.to_owned(), labels, fields })
    }

    // Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go visitByPaths
    fn find_in_sources(&self, cluster: &Cluster, named: &Named<'_>) -> Result<Found, Error> {
        if !named.names.is_empty() {
            return Err("name cannot be provided when a path is specified".into());
        }
        if !named.types.is_empty() {
            let why = "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well";
            return Err(why.into());
        }
        if !named.tuples.is_empty() {
            return Err("resource/name arguments cannot be provided when a path is specified".into());
        }
        let selector = Selector::parse(self.selector.trim())
            .map_err(|why| Error::Plain(format!("the provided selector {:?} is not valid: {why}", self.selector)))?;
        let mut found = Found { by_name: true, ..Found::default() };
        let mut failures = Vec::new();
        for source in &self.sources {
            let manifest = manifest::read(&source.text);
            let reading = Reading { file: &source.name, namespace: self.namespace, validation: self.validation };
            let visit = resource::visit(&manifest, &reading);
            let mut missing: Vec<Option<Error>> = Vec::new();
            for info in visit.infos {
                let labels = crate::api::meta::string_map(info.object.field("metadata").entries("labels"));
                // What is not in the cluster is missed while the file is read.
                let is_missing = self.latest && find_object(cluster, &info.reference).is_none();
                missing.push(is_missing.then(|| Status::not_found(info.reference.kind, &info.reference.name).into()));
                if !is_missing && selector.matches(&labels) {
                    found.items.push(self.of_manifest(cluster, info, &source.name));
                }
            }
            failures.extend(resource::failures(&visit.steps, &mut |number| missing.get_mut(number)?.take()));
        }
        // What could not be read is told after what came of the rest.
        found.items.extend((!failures.is_empty()).then_some(Err(Error::Many(failures))));
        found.single = self.sources.len() == 1 && found.items.len() == 1 && self.sources[0].name != "STDIN";
        Ok(found)
    }

    // Models staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go RequireNamespace
    fn of_manifest(&self, cluster: &Cluster, info: resource::Info<'_>, source: &str) -> Result<Info, Error> {
        let resource::Info { reference, object: value, .. } = info;
        let namespace = &reference.namespace;
        if self.enforce_namespace && !namespace.is_empty() && namespace != self.namespace {
            return Err(format!(
                "the namespace from the provided object {namespace:?} does not match the namespace {:?}. You must pass \
                 '--namespace={namespace}' to perform this operation.",
                self.namespace
            )
            .into());
        }
        let object = find_object(cluster, &reference);
        Ok(Info { reference, object, manifest: Some(value), source: source.to_owned() })
    }
}

/// The kind of an object in a file.
///
/// # Errors
/// kubectl's sentence where it says none, or one that there is not.
pub fn manifest_kind(value: &Value, source: &str) -> Result<Kind, Error> {
    let (api_version, kind) = (value.text("apiVersion"), value.text("kind"));
    let meta = value.field("metadata");
    Kind::of_manifest(api_version, kind).ok_or_else(|| {
        Error::Plain(format!(
            "resource mapping not found for name: {:?} namespace: {:?} from {source:?}: no matches for kind {kind:?} in \
             version {api_version:?}\nensure CRDs are installed first",
            meta.text("name"),
            meta.text("namespace")
        ))
    })
}

fn multiple_types() -> Error {
    "you may only specify a single resource type".into()
}

/// Nothing was named at all.
pub fn missing_resource() -> Error {
    "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn find(line: &str) -> Result<Vec<String>, String> {
        let args = words(line);
        let query = Query { namespace: "default", args: &args, allow_empty_selector: true, ..Query::default() };
        let found = query.find(&Cluster::new(Config::default())).map_err(|error| error.report().0)?;
        Ok(found
            .items
            .into_iter()
            .map(|item| item.map_or_else(|error| error.report().0, |info| info.reference.to_string()))
            .collect())
    }

    #[test]
    fn a_resource_has_many_names() {
        for name in ["sts", "statefulset", "StatefulSets", "statefulsets.apps", "statefulsets.v1.apps", "sts.ap"] {
            assert_eq!(kind_for(name).unwrap(), Kind::StatefulSet, "{name}");
        }
        assert_eq!(kind_for("foo").unwrap_err().report().0, "error: the server doesn't have a resource type \"foo\"\n");
        assert_eq!(
            kind_for("sts.foo").unwrap_err().report().0,
            "error: the server doesn't have a resource type \"sts\" in group \"foo\"\n"
        );
    }

    #[test]
    fn arguments_name_objects_in_several_forms() {
        assert_eq!(find("svc").unwrap(), ["service/kubernetes"]);
        assert_eq!(find("svc/kubernetes no/node1").unwrap(), ["service/kubernetes", "node/node1"]);
        assert_eq!(find("node,ns node1").unwrap()[1], "Error from server (NotFound): namespaces \"node1\" not found\n");
        assert_eq!(find("all").unwrap(), ["service/kubernetes"]);
        assert!(find("pod pod/x").unwrap_err().starts_with("error: there is no need to specify a resource type"));
        assert_eq!(
            find("a/b/c").unwrap_err(),
            "error: arguments in resource/name form may not have more than one slash\n"
        );
    }
}
