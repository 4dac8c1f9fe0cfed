//! Which nodes a pod may run on.
//!
//! Follows the filters below `pkg/scheduler/framework/plugins` of Kubernetes v1.37.2, Apache-2.0, in their order.

use serde_json::Value;

use super::cache::{Amounts, NodeUse, requests};
use super::topology::{REQUIRED, Topology};
use super::volumes;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{StringMap, string_map};
use crate::api::object::Object;
use crate::api::selector::{Requirement, Selector};
use crate::cluster::Cluster;
use crate::cluster::store::Index;
use crate::controllers::statefulset::stateful_set_utils::is_terminal_phase;

/// What can help a pod that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// Another node, or a change of one.
    Node,
    /// A pod that goes, or comes.
    Pod,
    /// A volume, a claim or a class.
    Volume,
}

/// Why a node does not suit a pod.
pub struct Rejection {
    /// Upstream's words.
    pub reasons: Vec<String>,
    /// Whether taking pods away from the node could help.
    pub preemption_may_help: bool,
    /// What can help.
    pub hint: Hint,
}

fn reject(reason: &str, preemption_may_help: bool, hint: Hint) -> Result<(), Rejection> {
    Err(Rejection { reasons: vec![reason.to_owned()], preemption_may_help, hint })
}

/// What a pod asks of any node.
pub struct Needs {
    selector: Selector,
    ports: Vec<HostPort>,
    requests: Amounts,
}

impl Needs {
    /// What a pod asks of any node.
    pub fn of(pod: &Object) -> Needs {
        Needs { selector: node_selector(pod), ports: host_ports(pod), requests: requests(&pod.spec) }
    }
}

/// Whether a pod may run on a node. The first filter that refuses ends the round.
// Models pkg/scheduler/framework/runtime/framework.go RunFilterPlugins
pub fn filter(
    cluster: &Cluster,
    topology: &Topology,
    pod: &Object,
    needs: &Needs,
    node: &Object,
) -> Result<(), Rejection> {
    if node.spec.flag("unschedulable") && !tolerates_unschedulable(pod) {
        return reject("node(s) were unschedulable", false, Hint::Node);
    }
    if untolerated_taint(pod, node).is_some() {
        return reject("node(s) had untolerated taint(s)", false, Hint::Node);
    }
    if !matches_node_selector(pod, &needs.selector, node) {
        return reject("node(s) didn't match Pod's node affinity/selector", false, Hint::Node);
    }
    if has_port_conflict(cluster, pod, &needs.ports, node) {
        return reject("node(s) didn't have free ports for the requested pod ports", true, Hint::Pod);
    }
    fits_resources(cluster.controllers.scheduler.cache.of(&node.meta.name), &needs.requests)?;
    volumes::fits_node(cluster, pod, node)?;
    match topology.violated(node) {
        Some((reason, preemption_may_help)) => reject(reason, preemption_may_help, Hint::Pod),
        None => Ok(()),
    }
}

/// Whether a toleration covers a taint.
// Models staging/src/k8s.io/api/core/v1/toleration.go ToleratesTaint
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration.text("effect");
    let key = toleration.text("key");
    (effect.is_empty() || effect == taint.text("effect"))
        && (key.is_empty() || key == taint.text("key"))
        && match toleration.text("operator") {
            "" | "Equal" => toleration.text("value") == taint.text("value"),
            "Exists" => true,
            _ => false,
        }
}

fn tolerates_any(pod: &Object, taint: &Value) -> bool {
    pod.spec.list("tolerations").iter().any(|toleration| tolerates(toleration, taint))
}

fn tolerates_unschedulable(pod: &Object) -> bool {
    tolerates_any(pod, &serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}))
}

/// The first taint that keeps a pod from a node.
// Models staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go FindMatchingUntoleratedTaint
pub fn untolerated_taint<'a>(pod: &Object, node: &'a Object) -> Option<&'a Value> {
    let mut taints = node.spec.list("taints").iter();
    taints.find(|taint| matches!(taint.text("effect"), "NoSchedule" | "NoExecute") && !tolerates_any(pod, taint))
}

/// How many taints a node has that a pod would rather not have.
pub fn unwanted_taints(pod: &Object, node: &Object) -> i64 {
    let taints = node.spec.list("taints").iter();
    taints.filter(|taint| taint.text("effect") == "PreferNoSchedule" && !tolerates_any(pod, taint)).count() as i64
}

/// The labels that a pod asks of nodes.
pub fn node_selector(pod: &Object) -> Selector {
    Selector::of_labels(&string_map(pod.spec.entries("nodeSelector")))
}

/// Whether a node has the labels that a pod asks for, which are its [`node_selector`] and its affinity.
// Models staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go RequiredNodeAffinity.Match
pub fn matches_node_selector(pod: &Object, selector: &Selector, node: &Object) -> bool {
    if !selector.matches(&node.meta.labels) {
        return false;
    }
    let required = pod.spec.field("affinity").field("nodeAffinity").field(REQUIRED);
    required.is_null() || matches_terms(required, node)
}

/// Whether a node satisfies one of the terms of a node selector.
pub fn matches_terms(selector: &Value, node: &Object) -> bool {
    selector.list("nodeSelectorTerms").iter().any(|term| matches_term(term, node))
}

/// Whether a node satisfies a term of a node selector; an empty term is satisfied by none.
pub fn matches_term(term: &Value, node: &Object) -> bool {
    let fields: StringMap = [("metadata.name".to_owned(), node.meta.name.clone())].into();
    let holds = |expressions: &[Value], labels: &StringMap| {
        expressions.iter().all(|e| Requirement::of_value(e).is_some_and(|requirement| requirement.matches(labels)))
    };
    let (expressions, by_field) = (term.list("matchExpressions"), term.list("matchFields"));
    (!expressions.is_empty() || !by_field.is_empty())
        && holds(expressions, &node.meta.labels)
        && holds(by_field, &fields)
}

/// The nodes that a pod's affinity names, where every term names some.
// Models pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go PreFilter
pub fn named_nodes(pod: &Object) -> Option<Vec<String>> {
    let terms = pod.spec.field("affinity").field("nodeAffinity").field(REQUIRED).list("nodeSelectorTerms");
    let mut named: Vec<String> = Vec::new();
    for term in terms {
        let mut of_term: Option<Vec<String>> = None;
        for field in term.list("matchFields").iter().filter(|field| field.text("operator") == "In") {
            let values = field.list("values").iter().filter_map(Value::as_str).map(str::to_owned);
            let values: Vec<String> = values.collect();
            of_term = Some(match of_term {
                None => values,
                Some(known) => known.into_iter().filter(|name| values.contains(name)).collect(),
            });
        }
        named.extend(of_term?);
    }
    (!terms.is_empty()).then_some(named)
}

// Models pkg/scheduler/framework/plugins/nodeports/node_ports.go fitsPorts
fn has_port_conflict(cluster: &Cluster, pod: &Object, wanted: &[HostPort], node: &Object) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let any = |address: &str| address.is_empty() || address == "0.0.0.0";
    let conflicts = |a: &HostPort, b: &HostPort| a.0 == b.0 && a.1 == b.1 && (a.2 == b.2 || any(&a.2) || any(&b.2));
    let mut others = cluster
        .store()
        .indexed(Index::Node, &node.meta.name)
        .filter(|other| !is_terminal_phase(other) && other.meta.uid != pod.meta.uid);
    others.any(|other| host_ports(other).iter().any(|used| wanted.iter().any(|port| conflicts(port, used))))
}

/// A port of a pod on its node: number, protocol, address.
type HostPort = (i64, String, String);

fn host_ports(pod: &Object) -> Vec<HostPort> {
    let sidecars = pod.spec.list("initContainers").iter().filter(|c| c.text("restartPolicy") == "Always");
    let ports = pod.spec.list("containers").iter().chain(sidecars).flat_map(|container| container.list("ports"));
    ports
        .filter_map(|port| {
            let number = port.int("hostPort").filter(|number| *number != 0)?;
            Some((number, port.text("protocol").to_owned(), port.text("hostIP").to_owned()))
        })
        .collect()
}

/// A resource that a node has too little of.
struct Insufficient {
    resource: String,
    requested: i64,
    used: i64,
    capacity: i64,
}

/// The resources that a node has too little of for one more pod: the number of pods, then CPU, memory and storage, then
/// the others.
// Models pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
fn insufficient(used: &NodeUse, requested: &Amounts) -> Vec<Insufficient> {
    let amount = |amounts: &Amounts, resource: &str| amounts.get(resource).copied().unwrap_or_default();
    let mut found = Vec::new();
    let mut check = |resource: &str, requested: i64, used_now: i64| {
        let capacity = amount(&used.allocatable, resource);
        if requested > 0 && requested > capacity - used_now {
            found.push(Insufficient { resource: resource.to_owned(), requested, used: used_now, capacity });
        }
    };
    check("pods", 1, used.pods);
    let first = ["cpu", "memory", "ephemeral-storage"];
    let others = requested.keys().map(String::as_str).filter(|resource| !first.contains(resource));
    for resource in first.into_iter().chain(others) {
        check(resource, amount(requested, resource), amount(&used.requested, resource));
    }
    found
}

fn fits_resources(used: &NodeUse, requested: &Amounts) -> Result<(), Rejection> {
    let found = insufficient(used, requested);
    if found.is_empty() {
        return Ok(());
    }
    let preemption_may_help = found.iter().all(|lack| lack.resource == "pods" || lack.requested <= lack.capacity);
    let words = |lack: &Insufficient| match lack.resource.as_str() {
        "pods" => "Too many pods".to_owned(),
        resource => format!("Insufficient {resource}"),
    };
    Err(Rejection { reasons: found.iter().map(words).collect(), preemption_may_help, hint: Hint::Pod })
}

/// What a kubelet says of a pod on its node that does not fit there: a reason and a sentence.
// Models pkg/kubelet/lifecycle/predicate.go predicateAdmitHandler.Admit, generalFilter
// Models pkg/scheduler/eventhandlers.go AdmissionCheck
pub fn admission_check(cluster: &Cluster, pod: &Object) -> Option<(String, String)> {
    let node = cluster.get(Kind::Node, "", pod.spec.text("nodeName"))?;
    let mut needs = Needs::of(pod);
    let mut others = cluster.controllers.scheduler.cache.of(&node.meta.name).clone();
    others.pods -= 1;
    for (resource, amount) in &needs.requests {
        *others.requested.entry(resource.clone()).or_default() -= amount;
    }
    // A kubelet that knows nothing of a resource leaves it to others.
    needs.requests.retain(|resource, _| !resource.contains('/') || others.allocatable.contains_key(resource));
    if let Some(Insufficient { resource, requested, used, capacity }) =
        insufficient(&others, &needs.requests).into_iter().next()
    {
        let message = format!(
            "Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: {capacity}"
        );
        return Some((format!("OutOf{resource}"), message));
    }
    let evicts = |taint: &Value| taint.text("effect") == "NoExecute" && !tolerates_any(pod, taint);
    let (name, why) = if !matches_node_selector(pod, &needs.selector, &node) {
        ("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    } else if has_port_conflict(cluster, pod, &needs.ports, &node) {
        ("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    } else if node.spec.list("taints").iter().any(evicts) {
        ("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    } else {
        return None;
    };
    Some((name.to_owned(), format!("Predicate {name} failed: {why}")))
}
