//! What the arguments of a line name: `TYPE NAME…`, `TYPE/NAME`, `TYPE1,TYPE2`.

use super::Error;
use crate::api::kind::Kind;

/// What `all` stands for.
// Models the categories in the `storage.go` files below pkg/registry
const ALL: &str = "pods,replicationcontrollers,services,daemonsets.apps,deployments.apps,replicasets.apps,\
                   statefulsets.apps,horizontalpodautoscalers.autoscaling,cronjobs.batch,jobs.batch";

/// The kind that an argument names: plural, singular, short name or kind, with a group and a version if need be.
///
/// # Errors
/// kubectl's sentence where there is no such resource.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go mappingFor
pub fn kind_for(argument: &str) -> Result<Kind, Error> {
    let parts: Vec<&str> = argument.splitn(3, '.').collect();
    if let [resource, version, group] = parts.as_slice()
        && let Some(kind) = find_kind(resource, group, version)
    {
        return Ok(kind);
    }
    let (resource, group) = argument.split_once('.').unwrap_or((argument, ""));
    find_kind(resource, group, "").ok_or_else(|| {
        let in_group = if group.is_empty() { String::new() } else { format!(" in group {group:?}") };
        Error::Plain(format!("the server doesn't have a resource type {resource:?}{in_group}"))
    })
}

/// The first kind of this resource name. A group may be given by its beginning, unless another has exactly that name.
fn find_kind(name: &str, group: &str, version: &str) -> Option<Kind> {
    let lower = name.to_lowercase();
    let named = |kind: &Kind| {
        let resource = kind.resource();
        resource.plural == lower || resource.kind.to_lowercase() == lower || resource.short_names.contains(&name)
    };
    let served = |kind: &Kind| version.is_empty() || kind.resource().versions.contains(&version);
    let mut kinds = Kind::ALL.iter().copied().filter(|kind| named(kind) && served(kind));
    if group.is_empty() {
        return kinds.next();
    }
    let exact = kinds.clone().find(|kind| kind.resource().group == group);
    exact.or_else(|| kinds.find(|kind| kind.resource().group.starts_with(group)))
}

/// The parts of a comma-separated argument, each once.
fn split_argument(argument: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for part in argument.split(',') {
        if !out.contains(&part) {
            out.push(part);
        }
    }
    out
}

/// What the arguments name.
#[derive(Default)]
pub(super) struct Named<'a> {
    pub types: Vec<String>,
    pub names: Vec<&'a str>,
    pub tuples: Vec<(String, String)>,
    pub select_everything: bool,
}

/// Whether arguments name objects, and not only types.
///
/// # Errors
/// kubectl's sentence where they mix both forms.
// Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go HasNames
pub fn has_names(args: &[String]) -> Result<bool, Error> {
    let named = read_args(args, false)?;
    Ok(!named.tuples.is_empty() || !named.names.is_empty())
}

// Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go ResourceTypeOrNameArgs
pub(super) fn read_args(args: &[String], allow_empty_selector: bool) -> Result<Named<'_>, Error> {
    let mut named = Named::default();
    let Some(first) = args.first() else {
        return Ok(named);
    };
    let types = split_argument(first);
    if args.len() >= 2 && types.len() > 1 {
        for ty in types {
            for name in &args[1..] {
                named.tuples.push(split_tuple(&format!("{ty}/{name}"))?);
            }
        }
        return Ok(named);
    }
    let slashes = args.iter().filter(|arg| arg.contains('/')).count();
    if slashes > 0 && slashes < args.len() {
        return Err("there is no need to specify a resource type as a separate argument when passing arguments in \
                    resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource \
                    resource/<resource_name>'"
            .into());
    }
    if slashes > 0 {
        for arg in args {
            named.tuples.push(split_tuple(arg)?);
        }
        return Ok(named);
    }
    let expanded = first.split(',').map(|part| if part == "all" { ALL } else { part }).collect::<Vec<_>>().join(",");
    named.types = split_argument(&expanded).into_iter().map(str::to_owned).collect();
    named.names = args[1..].iter().map(String::as_str).collect();
    named.select_everything = args.len() == 1 && allow_empty_selector;
    Ok(named)
}

// Models staging/src/k8s.io/cli-runtime/pkg/resource/builder.go splitResourceTypeName
fn split_tuple(arg: &str) -> Result<(String, String), Error> {
    let parts: Vec<&str> = arg.split('/').collect();
    match parts.as_slice() {
        [ty, name] if !ty.is_empty() && !name.is_empty() && split_argument(ty).len() == 1 => {
            Ok(((*ty).to_owned(), (*name).to_owned()))
        }
        [_, _] => Err("arguments in resource/name form must have a single resource and name".into()),
        _ => Err("arguments in resource/name form may not have more than one slash".into()),
    }
}
