//! Which nodes a pod may run on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{requests, volumes};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{StringMap, string_map};
use crate::api::object::Object;
use crate::api::order::IntoOrdered;
use crate::api::quantity::Quantity;
use crate::api::selector::{Requirement, Selector};
use crate::cluster::Cluster;
use crate::controllers::statefulset::stateful_set_utils::is_terminal_phase;

/// The assigned pods of every node, gathered once for a decision.
pub struct View {
    pods: BTreeMap<String, Vec<Arc<Object>>>,
    nodes: BTreeMap<String, StringMap>,
}

impl View {
    /// Gathers the pods that are assigned and have not ended.
    pub fn new(cluster: &Cluster) -> View {
        let mut pods: BTreeMap<String, Vec<Arc<Object>>> = BTreeMap::new();
        for pod in cluster.store().list(Kind::Pod) {
            let node = pod.spec.text("nodeName");
            if !node.is_empty() && !is_terminal_phase(pod) {
                pods.entry(node.to_owned()).or_default().push(Arc::clone(pod));
            }
        }
        let nodes = cluster.store().list(Kind::Node).map(|n| (n.meta.name.clone(), n.meta.labels.clone())).into_map();
        View { pods, nodes }
    }

    fn on(&self, node: &str) -> &[Arc<Object>] {
        self.pods.get(node).map_or(&[], Vec::as_slice)
    }
}

/// How little a node is wanted: by the pods of the same owner that it runs, then by all that it runs.
pub fn spread_penalty(view: &View, pod: &Object, node: &Object) -> (usize, usize) {
    let owner = pod.meta.controller_of().map(|owner| owner.uid.as_str());
    let siblings = view
        .on(&node.meta.name)
        .iter()
        .filter(|other| owner.is_some() && other.meta.controller_of().map(|o| o.uid.as_str()) == owner)
        .count();
    (siblings, view.on(&node.meta.name).len())
}

/// Whether a pod may run on a node; upstream's reasons where it may not. The first filter that refuses ends the round.
pub fn filter(cluster: &Cluster, view: &View, pod: &Object, node: &Object) -> Result<(), Vec<String>> {
    let one = |reason: &str| Err(vec![reason.to_owned()]);
    if node.spec.flag("unschedulable") && !tolerates_unschedulable(pod) {
        return one("node(s) were unschedulable");
    }
    if let Some(taint) = untolerated_taint(pod, node) {
        let (key, value) = (taint.text("key"), taint.text("value"));
        return one(&format!("node(s) had untolerated taint(s) {{{key}: {value}}}").replace("taint(s)", "taint"));
    }
    if !matches_node_selector(pod, node) {
        return one("node(s) didn't match Pod's node affinity/selector");
    }
    if has_port_conflict(view, pod, node) {
        return one("node(s) didn't have free ports for the requested pod ports");
    }
    fits_resources(view, pod, node)?;
    volumes::fits_node(cluster, pod, node).map_err(|reason| vec![reason])?;
    if let Some(reason) = violates_spread(view, pod, node) {
        return one(reason);
    }
    if let Some(reason) = violates_pod_affinity(view, pod, node) {
        return one(reason);
    }
    Ok(())
}

/// Whether a toleration covers a taint.
// Models staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go ToleratesTaint
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

fn tolerates_unschedulable(pod: &Object) -> bool {
    let taint = serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    pod.spec.list("tolerations").iter().any(|toleration| tolerates(toleration, &taint))
}

fn untolerated_taint<'a>(pod: &Object, node: &'a Object) -> Option<&'a Value> {
    node.spec.list("taints").iter().find(|taint| {
        matches!(taint.text("effect"), "NoSchedule" | "NoExecute")
            && !pod.spec.list("tolerations").iter().any(|toleration| tolerates(toleration, taint))
    })
}

fn matches_node_selector(pod: &Object, node: &Object) -> bool {
    let selector = string_map(pod.spec.entries("nodeSelector"));
    if !Selector::of_labels(&selector).matches(&node.meta.labels) {
        return false;
    }
    let required =
        pod.spec.field("affinity").field("nodeAffinity").field("requiredDuringSchedulingIgnoredDuringExecution");
    required.is_null() || matches_terms(required, node)
}

/// Whether a node satisfies one of the terms of a node selector.
pub fn matches_terms(selector: &Value, node: &Object) -> bool {
    let fields: StringMap = [("metadata.name".to_owned(), node.meta.name.clone())].into();
    let holds = |expressions: &[Value], labels: &StringMap| {
        expressions.iter().all(|e| Requirement::of_value(e).is_some_and(|requirement| requirement.matches(labels)))
    };
    selector.list("nodeSelectorTerms").iter().any(|term| {
        let (expressions, by_field) = (term.list("matchExpressions"), term.list("matchFields"));
        (!expressions.is_empty() || !by_field.is_empty())
            && holds(expressions, &node.meta.labels)
            && holds(by_field, &fields)
    })
}

fn has_port_conflict(view: &View, pod: &Object, node: &Object) -> bool {
    let ports = |pod: &Object| -> Vec<(i64, String)> {
        let ports = pod.spec.list("containers").iter().flat_map(|container| container.list("ports"));
        ports.filter_map(|p| Some((p.int("hostPort").filter(|n| *n != 0)?, p.text("protocol").to_owned()))).collect()
    };
    let wanted = ports(pod);
    !wanted.is_empty()
        && view.on(&node.meta.name).iter().any(|other| ports(other).iter().any(|port| wanted.contains(port)))
}

// Models pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
fn fits_resources(view: &View, pod: &Object, node: &Object) -> Result<(), Vec<String>> {
    let allocatable = |resource: &str| {
        let text = node.status.field("allocatable").text(resource).to_owned();
        Quantity::parse(&text).ok().map_or(0, |q| if resource == "cpu" { q.milli_value() } else { q.value() })
    };
    let others = view.on(&node.meta.name);
    let mut reasons = Vec::new();
    if others.len() as i64 + 1 > allocatable("pods") {
        reasons.push("Too many pods".to_owned());
    }
    for resource in ["cpu", "memory", "ephemeral-storage"] {
        let wanted = requests(&pod.spec, resource);
        if wanted == 0 {
            continue;
        }
        let used: i64 = others.iter().map(|other| requests(&other.spec, resource)).sum();
        if wanted + used > allocatable(resource) {
            reasons.push(format!("Insufficient {resource}"));
        }
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// The label selector of a spread constraint or an affinity term, with the pod's own values for the keys that it is to
/// match on.
fn term_selector(term: &Value, pod: &Object) -> Selector {
    let mut selector = Selector::of_value(term.field("labelSelector")).unwrap_or_default();
    for key in term.list("matchLabelKeys").iter().filter_map(Value::as_str) {
        if let Some(value) = pod.meta.labels.get(key) {
            selector.requirements.extend(Selector::of_labels(&[(key.to_owned(), value.clone())].into()).requirements);
        }
    }
    selector
}

// Models pkg/scheduler/framework/plugins/podtopologyspread/filtering.go Filter
fn violates_spread(view: &View, pod: &Object, node: &Object) -> Option<&'static str> {
    for constraint in pod.spec.list("topologySpreadConstraints") {
        if constraint.text("whenUnsatisfiable") != "DoNotSchedule" {
            continue;
        }
        let key = constraint.text("topologyKey");
        let Some(domain) = node.meta.labels.get(key) else {
            return Some("node(s) didn't match pod topology spread constraints (missing required label)");
        };
        let selector = term_selector(constraint, pod);
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for (name, labels) in &view.nodes {
            let Some(value) = labels.get(key) else { continue };
            let matching = view.on(name).iter().filter(|other| {
                other.meta.namespace == pod.meta.namespace
                    && !other.meta.is_terminating()
                    && selector.matches(&other.meta.labels)
            });
            *counts.entry(value.as_str()).or_default() += matching.count() as i64;
        }
        let own = i64::from(selector.matches(&pod.meta.labels));
        let least = counts.values().min().copied().unwrap_or_default();
        let least = match constraint.int("minDomains") {
            Some(domains) if (counts.len() as i64) < domains => 0,
            _ => least,
        };
        let here = counts.get(domain.as_str()).copied().unwrap_or_default();
        if here + own - least > constraint.int("maxSkew").unwrap_or(1) {
            return Some("node(s) didn't match pod topology spread constraints");
        }
    }
    None
}

// Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go Filter
fn violates_pod_affinity(view: &View, pod: &Object, node: &Object) -> Option<&'static str> {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let affinity = pod.spec.field("affinity");
    for term in affinity.field("podAffinity").list(REQUIRED) {
        let found = in_domain(view, pod, node, term);
        // The first pod of a group may run anywhere, if it belongs to the group itself.
        let alone = !any_matches(view, pod, term) && term_selector(term, pod).matches(&pod.meta.labels);
        let has_domain = node.meta.labels.contains_key(term.text("topologyKey"));
        let satisfied = found || (alone && has_domain);
        if !satisfied {
            return Some("node(s) didn't match pod affinity rules");
        }
    }
    for term in affinity.field("podAntiAffinity").list(REQUIRED) {
        if in_domain(view, pod, node, term) {
            return Some("node(s) didn't match pod anti-affinity rules");
        }
    }
    for other in view.pods.values().flatten() {
        for term in other.spec.field("affinity").field("podAntiAffinity").list(REQUIRED) {
            let key = term.text("topologyKey");
            let there = view.nodes.get(other.spec.text("nodeName")).and_then(|labels| labels.get(key));
            let same_domain = there.is_some() && there == node.meta.labels.get(key);
            let concerns = in_namespaces(term, other, pod) && term_selector(term, other).matches(&pod.meta.labels);
            if same_domain && concerns {
                return Some("node(s) didn't satisfy existing pods anti-affinity rules");
            }
        }
    }
    None
}

/// Whether a term of `owner` looks at the namespace of `other`.
fn in_namespaces(term: &Value, owner: &Object, other: &Object) -> bool {
    let namespaces = term.list("namespaces");
    if namespaces.is_empty() && !term.has("namespaceSelector") {
        return owner.meta.namespace == other.meta.namespace;
    }
    term.has("namespaceSelector") || namespaces.iter().any(|name| name == other.meta.namespace.as_str())
}

fn any_matches(view: &View, pod: &Object, term: &Value) -> bool {
    let selector = term_selector(term, pod);
    view.pods.values().flatten().any(|other| in_namespaces(term, pod, other) && selector.matches(&other.meta.labels))
}

/// Whether a pod that the term selects runs in the node's domain.
fn in_domain(view: &View, pod: &Object, node: &Object, term: &Value) -> bool {
    let key = term.text("topologyKey");
    let Some(domain) = node.meta.labels.get(key) else {
        return false;
    };
    let selector = term_selector(term, pod);
    view.nodes.iter().filter(|(_, labels)| labels.get(key) == Some(domain)).any(|(name, _)| {
        view.on(name).iter().any(|other| in_namespaces(term, pod, other) && selector.matches(&other.meta.labels))
    })
}
