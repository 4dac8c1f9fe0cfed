//! What a cluster begins with.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::api::fields::{as_map, map_in};
use crate::api::gates::FeatureGates;
use crate::api::kind::Kind;
use crate::api::meta::StringMap;
use crate::api::object::Object;
use crate::controllers::kubelet::node::offer;

/// The settings of a cluster: everything that a run depends on besides its commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// Where uids and other generated names begin.
    pub seed: u64,
    /// The nodes, by name and zone.
    #[serde(deserialize_with = "few")]
    pub nodes: Vec<NodeConfig>,
    /// Namespaces besides those that every cluster has.
    #[serde(deserialize_with = "few")]
    pub namespaces: Vec<String>,
    /// The storage classes.
    #[serde(deserialize_with = "few")]
    pub storage_classes: Vec<StorageClassConfig>,
    /// Whether kubelet and provisioners do no more than those of the recorded cluster, which are stand-ins: a pod has no
    /// address and no conditions of its own until it runs, volumes stay whose claims are gone, neither records events,
    /// and nobody looks for the accounts of pods.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stand_ins: bool,
    /// The feature gates.
    pub feature_gates: FeatureGates,
    /// What is merged into the spec of every StatefulSet that is written, as a mutating webhook would.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub stateful_set_spec: Map<String, Value>,
}

/// How many nodes, namespaces or classes a cluster may begin with: the work for that grows with the square of the nodes.
const MOST_AT_FIRST: usize = 500;

/// Reads a list that is not too long.
fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.len() <= MOST_AT_FIRST {
        return Ok(list);
    }
    Err(D::Error::custom(format!(
        "{} nodes, namespaces or classes, and at most {MOST_AT_FIRST} can be there at first",
        list.len()
    )))
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeConfig {
    /// Its name.
    pub name: String,
    /// Its zone, which becomes the label `topology.kubernetes.io/zone`; none where it is empty.
    pub zone: String,
    /// Labels besides those.
    #[serde(skip_serializing_if = "StringMap::is_empty")]
    pub labels: StringMap,
    /// Its taints, each as `key=value:effect` or `key:effect`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<String>,
    /// What it offers (`cpu`, `memory`, `pods`, …), where that is not the usual.
    #[serde(skip_serializing_if = "StringMap::is_empty")]
    pub capacity: StringMap,
}

/// A storage class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageClassConfig {
    /// Its name.
    pub name: String,
    /// Who makes volumes; `kubernetes.io/no-provisioner` for nobody.
    pub provisioner: String,
    /// Whether claims without a class get this one.
    #[serde(skip_serializing_if = "is_off")]
    pub default: bool,
    /// Whether volumes are deleted with their claims, rather than kept.
    #[serde(skip_serializing_if = "is_off")]
    pub delete: bool,
    /// Whether a volume is bound only when a pod that uses it is scheduled.
    #[serde(skip_serializing_if = "is_off")]
    pub wait_for_first_consumer: bool,
    /// Whether claims may grow.
    #[serde(skip_serializing_if = "is_off")]
    pub allow_volume_expansion: bool,
    /// The zones that volumes can be used in; any where nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
}

/// Where nothing is said of a setting, it is off.
fn is_off(setting: &bool) -> bool {
    !setting
}

impl Default for Config {
    /// Three nodes in three zones, the namespaces `default` and `julin`, and two storage classes.
    fn default() -> Config {
        let node = |name: &str, zone: &str| NodeConfig {
            name: name.to_owned(),
            zone: zone.to_owned(),
            ..NodeConfig::default()
        };
        let class = |name: &str, provisioner: &str, default| StorageClassConfig {
            name: name.to_owned(),
            provisioner: provisioner.to_owned(),
            default,
            ..StorageClassConfig::default()
        };
        Config {
            seed: 1,
            nodes: vec![node("node1", "zone-a"), node("node2", "zone-b"), node("node3", "zone-c")],
            namespaces: vec!["julin".to_owned()],
            storage_classes: vec![
                class("localhostpath", "kubernetes.io/no-provisioner", false),
                class("nfs-storage", "fuseim.pri/ifs", true),
            ],
            stand_ins: false,
            feature_gates: FeatureGates::default(),
            stateful_set_spec: Map::new(),
        }
    }
}

impl Config {
    /// The objects that the cluster begins with.
    pub(super) fn objects(&self) -> Vec<Object> {
        let built_in = ["default", "kube-node-lease", "kube-public", "kube-system"].map(str::to_owned);
        let namespaces = built_in.iter().chain(&self.namespaces).map(|name| namespace(name));
        let nodes = self.nodes.iter().enumerate().map(|(i, config)| node(i, config));
        let classes = self.storage_classes.iter().map(storage_class);
        let service = Object::from_value(Kind::Service, kubernetes_service());
        namespaces.chain(nodes).chain(classes).chain([service]).collect()
    }
}

fn namespace(name: &str) -> Object {
    let value = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    });
    Object::from_value(Kind::Namespace, value)
}

fn node(index: usize, config: &NodeConfig) -> Object {
    let time = crate::api::time::Instant::START.timestamp().to_string();
    let mut value = json!({
        "metadata": {"name": config.name, "annotations": {"node.alpha.kubernetes.io/ttl": "0"}, "labels": {
            "kubernetes.io/hostname": config.name,
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/os": "linux",
        }},
        "spec": {},
        "status": {
            "conditions": [{
                "lastHeartbeatTime": time, "lastTransitionTime": time, "message": "kubelet is posting ready status",
                "reason": "KubeletReady", "status": "True", "type": "Ready",
            }],
        },
    });
    if !config.zone.is_empty() {
        value["metadata"]["labels"][ZONE] = json!(config.zone);
    }
    for (key, label) in &config.labels {
        value["metadata"]["labels"][key] = json!(label);
    }
    let taints: Vec<Value> = config.taints.iter().map(|taint| parse_taint(taint)).collect();
    if !taints.is_empty() {
        value["spec"]["taints"] = Value::Array(taints);
    }
    let status = as_map(&mut value["status"]);
    offer(status, index + 1);
    for (resource, quantity) in &config.capacity {
        for list in ["capacity", "allocatable"] {
            map_in(status, list).insert(resource.clone(), json!(quantity));
        }
    }
    Object::from_value(Kind::Node, value)
}

const ZONE: &str = "topology.kubernetes.io/zone";

/// A taint from `key=value:effect`, as kubectl writes it.
fn parse_taint(text: &str) -> Value {
    let (what, effect) = text.rsplit_once(':').unwrap_or((text, "NoSchedule"));
    match what.split_once('=') {
        Some((key, value)) => json!({"key": key, "value": value, "effect": effect}),
        None => json!({"key": what, "effect": effect}),
    }
}

fn storage_class(config: &StorageClassConfig) -> Object {
    let mut value = json!({
        "metadata": {"name": config.name},
        "provisioner": config.provisioner,
        "reclaimPolicy": if config.delete { "Delete" } else { "Retain" },
        "volumeBindingMode": if config.wait_for_first_consumer { "WaitForFirstConsumer" } else { "Immediate" },
    });
    if config.default {
        value["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    }
    if config.allow_volume_expansion {
        value["allowVolumeExpansion"] = json!(true);
    }
    if !config.zones.is_empty() {
        value["allowedTopologies"] = json!([{"matchLabelExpressions": [{"key": ZONE, "values": config.zones}]}]);
    }
    Object::from_value(Kind::StorageClass, value)
}

/// The Service of the API server.
pub(crate) fn kubernetes_service() -> Value {
    json!({
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 26443}],
            "sessionAffinity": "None", "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    })
}
