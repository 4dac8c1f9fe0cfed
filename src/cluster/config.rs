//! What a cluster begins with.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::gates::FeatureGates;
use crate::api::kind::Kind;
use crate::api::object::Object;

/// The settings of a cluster: everything that a run depends on besides its commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// Where uids and other generated names begin.
    pub seed: u64,
    /// The nodes, by name and zone.
    pub nodes: Vec<NodeConfig>,
    /// Namespaces besides those that every cluster has.
    pub namespaces: Vec<String>,
    /// The storage classes.
    pub storage_classes: Vec<StorageClassConfig>,
    /// The feature gates.
    pub feature_gates: FeatureGates,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeConfig {
    /// Its name.
    pub name: String,
    /// Its zone, which becomes the label `topology.kubernetes.io/zone`.
    pub zone: String,
}

/// A storage class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageClassConfig {
    /// Its name.
    pub name: String,
    /// Who makes volumes; `kubernetes.io/no-provisioner` for nobody.
    pub provisioner: String,
    /// Whether claims without a class get this one.
    #[serde(default)]
    pub default: bool,
}

impl Default for Config {
    /// Three nodes in three zones, the namespaces `default` and `julin`, and two storage classes.
    fn default() -> Config {
        let node = |name: &str, zone: &str| NodeConfig { name: name.to_owned(), zone: zone.to_owned() };
        let class = |name: &str, provisioner: &str, default| StorageClassConfig {
            name: name.to_owned(),
            provisioner: provisioner.to_owned(),
            default,
        };
        Config {
            seed: 1,
            nodes: vec![node("node1", "zone-a"), node("node2", "zone-b"), node("node3", "zone-c")],
            namespaces: vec!["julin".to_owned()],
            storage_classes: vec![
                class("localhostpath", "kubernetes.io/no-provisioner", false),
                class("nfs-storage", "fuseim.pri/ifs", true),
            ],
            feature_gates: FeatureGates::default(),
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
        namespaces.chain(nodes).chain(classes).chain([kubernetes_service()]).collect()
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
    let resources = json!({"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"});
    let time = crate::api::time::Instant::START.timestamp().to_string();
    let value = json!({
        "metadata": {"name": config.name, "labels": {
            "kubernetes.io/hostname": config.name,
            "kubernetes.io/os": "linux",
            "topology.kubernetes.io/zone": config.zone,
        }},
        "spec": {},
        "status": {
            "addresses": [{"address": format!("192.168.{}.{}", (index + 1) / 256, (index + 1) % 256), "type": "InternalIP"}],
            "allocatable": resources,
            "capacity": resources,
            "conditions": [{
                "lastHeartbeatTime": time, "lastTransitionTime": time, "message": "kubelet is posting ready status",
                "reason": "KubeletReady", "status": "True", "type": "Ready",
            }],
            "nodeInfo": {"architecture": "amd64", "kubeletVersion": "v1.37.2", "operatingSystem": "linux"},
        },
    });
    Object::from_value(Kind::Node, value)
}

fn storage_class(config: &StorageClassConfig) -> Object {
    let mut value = json!({
        "metadata": {"name": config.name},
        "provisioner": config.provisioner,
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "Immediate",
    });
    if config.default {
        value["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    }
    Object::from_value(Kind::StorageClass, value)
}

fn kubernetes_service() -> Object {
    let value: Value = json!({
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
            "sessionAffinity": "None", "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    });
    Object::from_value(Kind::Service, value)
}
