//! What runs on each node, in sums that are kept up as pods come and go.
//!
//! Follows `pkg/scheduler/framework/types.go` NodeInfo of Kubernetes v1.37.2, Apache-2.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::fields::Fields;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::quantity::Quantity;
use crate::cluster::WatchEvent;
use crate::controllers::statefulset::stateful_set_utils::is_terminal_phase;

/// The resources that are counted; others are asked for by name.
const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
/// What a container without requests counts with when nodes are ranked.
// Models pkg/scheduler/util/pod_resources.go DefaultMilliCPURequest, DefaultMemoryRequest
const USUAL: [i64; 3] = [100, 200 * 1024 * 1024, 0];

/// Amounts by resource: CPU in thousandths, the rest in its own unit.
pub type Amounts = BTreeMap<String, i64>;

/// What the pods of a node use together.
#[derive(Clone, Debug, Default)]
pub struct NodeUse {
    /// How many there are.
    pub pods: i64,
    /// How much the node has for pods.
    pub allocatable: Amounts,
    /// What they request.
    pub requested: Amounts,
    /// The same with usual amounts where nothing is requested, for ranking.
    pub ranked: [i64; 3],
    /// How many of them each controller has.
    pub owners: BTreeMap<String, i64>,
}

/// All nodes' use, and the pods that keep others away from themselves.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    nodes: BTreeMap<String, NodeUse>,
    /// The pods with a required anti-affinity.
    pub repelling: BTreeSet<ObjectRef>,
}

impl Cache {
    /// What is used of a node.
    pub fn of(&self, node: &str) -> &NodeUse {
        static NOTHING: NodeUse = NodeUse {
            pods: 0,
            allocatable: Amounts::new(),
            requested: Amounts::new(),
            ranked: [0; 3],
            owners: BTreeMap::new(),
        };
        self.nodes.get(node).unwrap_or(&NOTHING)
    }

    /// Notes what a node has.
    pub fn observe_node(&mut self, event: &WatchEvent) {
        let node = self.nodes.entry(event.object().meta.name.clone()).or_default();
        node.allocatable.clear();
        if let Some(new) = &event.new {
            add(&mut node.allocatable, new.status.field("allocatable"));
        }
    }

    /// Counts a pod's change.
    pub fn observe(&mut self, event: &WatchEvent) {
        let counted = |pod: &&std::sync::Arc<Object>| !pod.spec.text("nodeName").is_empty() && !is_terminal_phase(pod);
        let (old, new) = (event.old.as_ref().filter(counted), event.new.as_ref().filter(counted));
        if let (Some(old), Some(new)) = (old, new)
            && old.spec == new.spec
            && old.meta.owner_references == new.meta.owner_references
        {
            return;
        }
        for (pod, sign) in [(old, -1), (new, 1)] {
            if let Some(pod) = pod {
                self.count(pod, sign);
            }
        }
    }

    fn count(&mut self, pod: &Object, sign: i64) {
        let node = self.nodes.entry(pod.spec.text("nodeName").to_owned()).or_default();
        node.pods += sign;
        for (resource, amount) in requests(&pod.spec) {
            *node.requested.entry(resource).or_default() += sign * amount;
        }
        for (sum, amount) in node.ranked.iter_mut().zip(ranked(&pod.spec)) {
            *sum += sign * amount;
        }
        if let Some(owner) = pod.meta.controller_of() {
            *node.owners.entry(owner.uid.clone()).or_default() += sign;
        }
        let repels = !pod.spec.field("affinity").field("podAntiAffinity").list(super::topology::REQUIRED).is_empty();
        if repels && sign > 0 {
            self.repelling.insert(pod.object_ref());
        } else if repels {
            self.repelling.remove(&pod.object_ref());
        }
    }
}

/// An amount of a resource: CPU in thousandths, the rest in its own unit.
pub fn amount(list: &Value, resource: &str) -> i64 {
    let Some(text) = list.get(resource) else { return 0 };
    // A quantity may be written as a number.
    let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
    let quantity = Quantity::parse(&text).ok();
    quantity.map_or(0, |quantity| if resource == "cpu" { quantity.milli_value() } else { quantity.value() })
}

/// What a pod requests: its containers and sidecars together, or an init container with the sidecars before it, if that
/// is more.
// Models staging/src/k8s.io/component-helpers/resource/helpers.go PodRequests
pub fn requests(pod: &Value) -> Amounts {
    let mut sum = Amounts::new();
    let of = |container: &Value| container.field("resources").field("requests").clone();
    for container in pod.list("containers") {
        add(&mut sum, &of(container));
    }
    let mut sidecars = Amounts::new();
    let mut most = Amounts::new();
    for container in pod.list("initContainers") {
        if container.text("restartPolicy") == "Always" {
            add(&mut sidecars, &of(container));
            add(&mut sum, &of(container));
            continue;
        }
        let mut at_once = sidecars.clone();
        add(&mut at_once, &of(container));
        for (resource, amount) in at_once {
            let known = most.entry(resource).or_default();
            *known = (*known).max(amount);
        }
    }
    for (resource, amount) in most {
        let known = sum.entry(resource).or_default();
        *known = (*known).max(amount);
    }
    add(&mut sum, pod.field("overhead"));
    sum
}

fn add(sum: &mut Amounts, list: &Value) {
    for resource in list.as_object().into_iter().flat_map(|list| list.keys()) {
        *sum.entry(resource.clone()).or_default() += amount(list, resource);
    }
}

/// What a pod counts with when nodes are ranked.
pub fn ranked(pod: &Value) -> [i64; 3] {
    let mut sums = [0; 3];
    for container in pod.list("containers") {
        let requests = container.field("resources").field("requests");
        for ((sum, resource), usual) in sums.iter_mut().zip(RESOURCES).zip(USUAL) {
            *sum += if requests.has(resource) { amount(requests, resource) } else { usual };
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn init_containers_run_before_the_others_and_sidecars_beside_them() {
        let container = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        let mut sidecar = container("300m");
        sidecar["restartPolicy"] = json!("Always");
        let pod = json!({
            "containers": [container("1"), container("500m")], "initContainers": [container("1"), sidecar, container("2")],
        });
        assert_eq!(requests(&pod)["cpu"], 2300);
        let small =
            json!({"containers": [container("2"), container("1")], "initContainers": [sidecar, container("2")]});
        assert_eq!(requests(&small)["cpu"], 3300);
    }
}
