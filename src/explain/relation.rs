//! What connects two objects: the lines of both manifests that make it so.

use serde_json::{Map, Value, json};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, StringMap, map_value};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::cluster::Cluster;
use crate::cluster::store::{Index, claim_key};
use crate::controllers::endpointslice;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::set::service_account;
use crate::controllers::statefulset::stateful_set_utils::parent_name_and_ordinal;
use crate::kubectl::output::yaml;

/// How one object is connected with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// A selector that matches labels.
    Selector,
    /// An owner reference.
    Owner,
    /// `serviceName`.
    ServiceName,
    /// `hostname` and `subdomain`: the name below the Service.
    HostName,
    /// A pod's volume that names a claim.
    ClaimName,
    /// A claim's name: template, set and ordinal.
    ClaimTemplate,
    /// A claim and a volume that name each other.
    VolumeName,
    /// `storageClassName`.
    ClassName,
    /// `nodeName`.
    NodeName,
    /// What a pod refers to and does not start without.
    Need,
    /// `serviceAccountName`.
    Account,
}

/// A connection, from the object that names the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// How.
    pub tie: Tie,
    /// The one that names.
    pub from: ObjectRef,
    /// The one that is named.
    pub to: ObjectRef,
    /// The lines of `from` that make it, as YAML.
    pub from_lines: String,
    /// The lines of `to`; nothing where it is not there.
    pub to_lines: Option<String>,
}

/// How many objects of a kind are looked at for one that may have very many.
const MOST: usize = 6;

/// What connects two objects, the naming one first.
pub fn between(cluster: &Cluster, from: &ObjectRef, to: &ObjectRef) -> Vec<Relation> {
    let (Some(a), b) = (cluster.store().find(from), cluster.store().find(to)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut tie = |tie: Tie, left: Value, right: &dyn Fn(&Object) -> Value| {
        let to_lines = b.map(|b| yaml::to_string(&right(b)));
        let from_lines = yaml::to_string(&left);
        out.push(Relation { tie, from: from.clone(), to: to.clone(), from_lines, to_lines });
    };
    let name = |object: &Object| json!({"metadata": {"name": object.meta.name}});
    match (from.kind, to.kind) {
        (Kind::StatefulSet, Kind::Service) if a.spec.text("serviceName") == to.name => {
            tie(Tie::ServiceName, json!({"spec": {"serviceName": to.name}}), &name);
        }
        (Kind::Service | Kind::PodDisruptionBudget | Kind::StatefulSet, Kind::Pod) => {
            if let (Some((selector, keys)), Some(b)) = (selector_of(a), b)
                && selector.matches(&b.meta.labels)
            {
                let labels = |pod: &Object| json!({"metadata": {"labels": map_value(&only(&pod.meta.labels, &keys))}});
                tie(Tie::Selector, json!({"spec": {"selector": a.spec.field("selector")}}), &labels);
            }
            let owner = |pod: &Object| {
                let owners = pod.meta.owner_references.iter().filter(|owner| owner.uid == a.meta.uid);
                owners.map(crate::api::meta::OwnerReference::to_value).collect::<Vec<Value>>()
            };
            if b.is_some_and(|b| !owner(b).is_empty()) {
                let left = json!({"metadata": {"name": a.meta.name, "uid": a.meta.uid}});
                tie(Tie::Owner, left, &|pod| json!({"metadata": {"ownerReferences": owner(pod)}}));
            }
            if from.kind == Kind::Service && b.is_some_and(|b| b.spec.text("subdomain") == from.name) {
                let host = |pod: &Object| json!({"spec": {"hostname": pod.spec.text("hostname"), "subdomain": pod.spec.text("subdomain")}});
                tie(Tie::HostName, json!({"metadata": {"name": from.name}}), &host);
            }
        }
        (Kind::Pod, Kind::PersistentVolumeClaim) => {
            let volumes = a.spec.list("volumes").iter();
            let of_claim = |v: &&Value| v.field("persistentVolumeClaim").text("claimName") == to.name;
            let volumes: Vec<Value> = volumes.filter(of_claim).cloned().collect();
            if !volumes.is_empty() {
                tie(Tie::ClaimName, json!({"spec": {"volumes": volumes}}), &name);
            }
        }
        (Kind::StatefulSet, Kind::PersistentVolumeClaim) => {
            let mut templates = a.spec.list("volumeClaimTemplates").iter().map(|t| t.field("metadata").text("name"));
            let parent = parent_name_and_ordinal(&to.name).0;
            let made = |template: &&str| parent == format!("{template}-{}", a.meta.name);
            if let Some(template) = templates.find(|template| made(template)) {
                let templates = json!([{"metadata": {"name": template}}]);
                let left = json!({"metadata": {"name": a.meta.name}, "spec": {"volumeClaimTemplates": templates}});
                tie(Tie::ClaimTemplate, left, &name);
            }
        }
        (Kind::PersistentVolumeClaim, Kind::PersistentVolume) => {
            let claims = |volume: &Object| json!({"spec": {"claimRef": volume.spec.field("claimRef")}});
            tie(Tie::VolumeName, json!({"spec": {"volumeName": a.spec.text("volumeName")}}), &claims);
        }
        (Kind::PersistentVolumeClaim | Kind::PersistentVolume, Kind::StorageClass) => {
            tie(Tie::ClassName, json!({"spec": {"storageClassName": to.name}}), &name);
        }
        (Kind::Pod, Kind::Node) => tie(Tie::NodeName, json!({"spec": {"nodeName": to.name}}), &name),
        (Kind::Pod, _) => tie(Tie::Need, json!({"spec": needing(&a.spec, to)}), &name),
        (Kind::StatefulSet, Kind::ServiceAccount)
            if service_account(a).is_some_and(|account| account.name == to.name) =>
        {
            let left = json!({"spec": {"template": {"spec": {"serviceAccountName": to.name}}}});
            tie(Tie::Account, left, &name);
        }
        _ => {}
    }
    out
}

/// What of a pod's specification names a config map or a secret.
fn needing(spec: &Value, to: &ObjectRef) -> Value {
    let names = |value: &Value| mentions(value, &to.name);
    let some =
        |of: &Value, list: &str| of.list(list).iter().filter(|item| names(item)).cloned().collect::<Vec<Value>>();
    let mut out = Map::new();
    let volumes = some(spec, "volumes");
    if !volumes.is_empty() {
        out.insert("volumes".to_owned(), Value::from(volumes));
    }
    for list in ["initContainers", "containers"] {
        let containers = spec.list(list).iter().filter_map(|container| {
            let mut kept = Map::new();
            for field in ["env", "envFrom"] {
                let found = some(container, field);
                if !found.is_empty() {
                    kept.insert(field.to_owned(), Value::from(found));
                }
            }
            if kept.is_empty() {
                return None;
            }
            kept.insert("name".to_owned(), Value::from(container.text("name")));
            Some(Value::Object(kept))
        });
        let containers: Vec<Value> = containers.collect();
        if !containers.is_empty() {
            out.insert(list.to_owned(), Value::from(containers));
        }
    }
    Value::Object(out)
}

/// Whether a source of a volume or a variable names an object of this name.
fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(fields) => {
            let is_source = |key: &str| {
                matches!(
                    key,
                    "configMap" | "secret" | "configMapRef" | "secretRef" | "configMapKeyRef" | "secretKeyRef"
                )
            };
            fields.iter().any(|(key, value)| {
                (is_source(key) && (value.text("name") == name || value.text("secretName") == name))
                    || mentions(value, name)
            })
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}

/// The selector of an object, and the labels that it asks for.
fn selector_of(object: &Object) -> Option<(Selector, Vec<String>)> {
    let selector = object.spec.field("selector");
    if object.kind == Kind::Service {
        let keys = selector.as_object().map(|labels| labels.keys().cloned().collect()).unwrap_or_default();
        return endpointslice::selector(object).map(|selector| (selector, keys));
    }
    let mut keys: Vec<String> = selector.entries("matchLabels").keys().cloned().collect();
    keys.extend(selector.list("matchExpressions").iter().map(|expression| expression.text("key").to_owned()));
    Selector::of_value(selector).map(|selector| (selector, keys))
}

fn only(labels: &StringMap, keys: &[String]) -> StringMap {
    labels.iter().filter(|(key, _)| keys.contains(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Everything that an object names, and what names it, where that is not too much; what is named and is not there, too.
pub fn of(cluster: &Cluster, object: &ObjectRef) -> Vec<Relation> {
    let store = cluster.store();
    let namespace = object.namespace.as_str();
    let refer = |kind: Kind, name: &str| ObjectRef::new(kind, namespace, name);
    let wide = |kind: Kind, name: &str| ObjectRef::new(kind, "", name);
    let found = store.find(object);
    let text = |name: &str| found.map_or("", |found| found.spec.text(name));
    let mut pairs: Vec<(ObjectRef, ObjectRef)> = Vec::new();
    let mut names = |to: ObjectRef| {
        if !to.name.is_empty() {
            pairs.push((object.clone(), to));
        }
    };
    match object.kind {
        Kind::StatefulSet => {
            names(refer(Kind::Service, text("serviceName")));
            found.and_then(|set| service_account(set)).into_iter().for_each(names);
        }
        Kind::Pod => {
            for volume in found.map_or(&[][..], |pod| pod.spec.list("volumes")) {
                names(refer(Kind::PersistentVolumeClaim, volume.field("persistentVolumeClaim").text("claimName")));
            }
            names(wide(Kind::Node, text("nodeName")));
            for reason in cluster.reasons(object) {
                if let Reason::Missing { objects } = reason {
                    objects.into_iter().for_each(&mut names);
                }
            }
        }
        Kind::PersistentVolumeClaim => {
            names(wide(Kind::PersistentVolume, text("volumeName")));
            names(wide(Kind::StorageClass, text("storageClassName")));
        }
        Kind::PersistentVolume => names(wide(Kind::StorageClass, text("storageClassName"))),
        _ => {}
    }
    let mut named_by = |from: ObjectRef| pairs.push((from, object.clone()));
    match object.kind {
        Kind::Pod | Kind::PersistentVolumeClaim => {
            for kind in [Kind::StatefulSet, Kind::Service, Kind::PodDisruptionBudget] {
                store.list_in(kind, namespace).for_each(|from| named_by(from.object_ref()));
            }
            let key = claim_key(namespace, &object.name);
            store.indexed(Index::ClaimOfPod, &key).for_each(|pod| named_by(pod.object_ref()));
        }
        Kind::ConfigMap | Kind::Secret | Kind::ServiceAccount => {
            store.list_in(Kind::StatefulSet, namespace).for_each(|from| named_by(from.object_ref()));
            for (from, reason) in cluster.controllers.reasons.all() {
                if matches!(reason, Reason::Missing { objects } if objects.contains(object)) {
                    named_by(from.clone());
                }
            }
        }
        Kind::Service => {
            store.list_in(Kind::StatefulSet, namespace).for_each(|from| named_by(from.object_ref()));
            let pods = store.list_in(Kind::Pod, namespace).map(|pod| (object.clone(), pod.object_ref()));
            pairs.extend(pods);
        }
        Kind::PersistentVolume => {
            let claim = found.map(|volume| volume.spec.field("claimRef"));
            if let Some(claim) = claim {
                let (namespace, name) = (claim.text("namespace"), claim.text("name"));
                named_by(ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name));
            }
        }
        _ => {}
    }
    let mut relations = Vec::new();
    let mut counts: Map<String, Value> = Map::new();
    for (from, to) in pairs {
        for relation in between(cluster, &from, &to) {
            // Of very many pods that a Service selects the first are enough.
            let count = counts.entry(format!("{:?}{}", relation.tie, to.kind)).or_insert_with(|| json!(0));
            let number = count.as_u64().unwrap_or_default();
            *count = json!(number + 1);
            if (number as usize) < MOST {
                relations.push(relation);
            }
        }
    }
    relations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::time::Millis;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::timeline::Timeline;

    fn run(manifest: &str) -> Timeline {
        let mut timeline = Timeline::new(Config::default());
        timeline.dispatch(Command::Apply { manifest: manifest.to_owned() });
        timeline.advance(Millis::from_secs(60));
        timeline
    }

    fn object(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::new(kind, "julin", name)
    }

    const WEB: &str = include_str!("../../scenarios/web.yaml");

    #[test]
    fn a_pod_knows_what_selects_owns_and_holds_it_by_the_lines_of_both() {
        let timeline = run(WEB);
        let relations = of(timeline.cluster(), &object(Kind::Pod, "web-0"));
        let told: Vec<(Tie, String)> = relations
            .iter()
            .map(|relation| {
                let other = if relation.from.kind == Kind::Pod { &relation.to } else { &relation.from };
                (relation.tie, other.name.clone())
            })
            .collect();
        let node = relations[1].to.name.clone();
        let expected = [
            (Tie::ClaimName, "www-web-0"),
            (Tie::NodeName, &node),
            (Tie::Selector, "web"),
            (Tie::Owner, "web"),
            (Tie::Selector, "nginx"),
            (Tie::HostName, "nginx"),
        ];
        assert_eq!(told, expected.map(|(tie, name)| (tie, name.to_owned())));
        let selector = &relations[4];
        assert_eq!(selector.from_lines, "spec:\n  selector:\n    app: nginx\n");
        assert_eq!(selector.to_lines.as_deref(), Some("metadata:\n  labels:\n    app: nginx\n"));
        let host = relations[5].to_lines.as_deref();
        assert_eq!(host, Some("spec:\n  hostname: web-0\n  subdomain: nginx\n"));
        let claim = &relations[0];
        let lines = "spec:\n  volumes:\n  - name: www\n    persistentVolumeClaim:\n      claimName: www-web-0\n";
        assert_eq!(sorted(&claim.from_lines), sorted(lines));
    }

    fn sorted(text: &str) -> Vec<String> {
        let mut lines: Vec<String> = text.lines().map(|line| line.trim_start_matches(['-', ' ']).to_owned()).collect();
        lines.sort();
        lines
    }

    #[test]
    fn what_is_named_and_not_there_is_a_ghost() {
        let service_missing = WEB.split("---").nth(1).expect("two documents");
        let timeline = run(&service_missing.replace("accessModes", "storageClassName: fast\n      accessModes"));
        let of_set = of(timeline.cluster(), &object(Kind::StatefulSet, "web"));
        assert_eq!(of_set.len(), 1);
        assert_eq!((of_set[0].tie, of_set[0].to.name.as_str()), (Tie::ServiceName, "nginx"));
        assert_eq!(of_set[0].to_lines, None);
        let of_claim = of(timeline.cluster(), &object(Kind::PersistentVolumeClaim, "www-web-0"));
        let class = of_claim.iter().find(|relation| relation.tie == Tie::ClassName).expect("a class is named");
        assert_eq!((class.to.name.as_str(), &class.to_lines), ("fast", &None));
        assert!(of_claim.iter().any(|relation| relation.tie == Tie::ClaimTemplate));
    }
}
