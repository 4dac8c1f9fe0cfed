//! The config maps and secrets that a pod cannot start without.

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::Cluster;

/// The volumes of a pod whose config map or secret is missing, with that object.
pub fn missing_volumes(cluster: &Cluster, pod: &Object) -> Vec<(String, ObjectRef)> {
    let mut missing = Vec::new();
    // A stand-in looks for none of them.
    if cluster.config().stand_ins {
        return missing;
    }
    for volume in pod.spec.list("volumes") {
        let projected = volume.field("projected").list("sources").iter();
        let sources = projected.flat_map(|source| {
            [(source.field("configMap"), "name", Kind::ConfigMap), (source.field("secret"), "name", Kind::Secret)]
        });
        let own = [
            (volume.field("configMap"), "name", Kind::ConfigMap),
            (volume.field("secret"), "secretName", Kind::Secret),
        ];
        for (source, name, kind) in own.into_iter().chain(sources) {
            missing.extend(
                absent(cluster, pod, kind, source, name).map(|object| (volume.text("name").to_owned(), object)),
            );
        }
    }
    missing
}

/// The object that a source names, where it is not there and not optional.
fn absent(cluster: &Cluster, pod: &Object, kind: Kind, source: &Value, name: &str) -> Option<ObjectRef> {
    let name = source.text(name);
    if name.is_empty() || source.flag("optional") {
        return None;
    }
    let object = ObjectRef::new(kind, pod.meta.namespace.as_str(), name);
    cluster.store().find(&object).is_none().then_some(object)
}

/// The config maps and secrets that a container's environment names.
fn sources_of_environment(container: &Value) -> impl Iterator<Item = (&Value, Kind)> {
    let whole = container.list("envFrom").iter();
    let whole =
        whole.flat_map(|from| [(from.field("configMapRef"), Kind::ConfigMap), (from.field("secretRef"), Kind::Secret)]);
    let single = container.list("env").iter().map(|variable| variable.field("valueFrom"));
    let single = single.flat_map(|from| {
        [(from.field("configMapKeyRef"), Kind::ConfigMap), (from.field("secretKeyRef"), Kind::Secret)]
    });
    whole.chain(single)
}

/// What a container's environment names and is not there.
pub fn missing_of_environment(cluster: &Cluster, pod: &Object, container: &Value) -> Vec<ObjectRef> {
    let sources = sources_of_environment(container).filter(|_| !cluster.config().stand_ins);
    sources.filter_map(|(source, kind)| absent(cluster, pod, kind, source, "name")).collect()
}

/// The sentence about the first thing that a container's environment lacks: an object, or a key of one.
// Models pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
pub fn missing_environment(cluster: &Cluster, pod: &Object, container: &Value) -> Option<String> {
    if cluster.config().stand_ins {
        return None;
    }
    for (source, kind) in sources_of_environment(container) {
        if let Some(object) = absent(cluster, pod, kind, source, "name") {
            return Some(format!("{} {:?} not found", kind.name().to_lowercase(), object.name));
        }
        let (name, key) = (source.text("name"), source.text("key"));
        if key.is_empty() || source.flag("optional") {
            continue;
        }
        let object = cluster.get(kind, &pod.meta.namespace, name)?;
        let has_key = ["data", "binaryData"].iter().any(|field| object.rest.entries(field).contains_key(key));
        if !has_key {
            let namespace = &pod.meta.namespace;
            return Some(format!("couldn't find key {key} in {} {namespace}/{name}", kind.name()));
        }
    }
    None
}
