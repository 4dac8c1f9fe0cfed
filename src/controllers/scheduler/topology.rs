//! Pods near or far from others: affinity, anti-affinity and spread, counted once for a decision.
//!
//! Follows `pkg/scheduler/framework/plugins/{podtopologyspread,interpodaffinity}` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::filters::{matches_node_selector, node_selector, untolerated_taint};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::StringMap;
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::cluster::Cluster;
use crate::cluster::store::Index;
use crate::controllers::statefulset::stateful_set_utils::is_terminal_phase;

/// The field of terms that must hold.
pub const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// The field of terms that should hold.
pub const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// How many pods of a kind each domain of a topology has.
#[derive(Clone, Debug, Default)]
struct Domains {
    key: String,
    counts: BTreeMap<String, i64>,
}

impl Domains {
    fn of(&self, node: &Object) -> Option<i64> {
        let value = node.meta.labels.get(&self.key)?;
        Some(self.counts.get(value).copied().unwrap_or_default())
    }
}

/// A constraint on how evenly pods are spread.
struct Spread {
    domains: Domains,
    /// Whether the pod itself counts.
    own: i64,
    max_skew: i64,
    min_domains: i64,
}

/// What the pods that are there say about where a new one may run.
pub struct Topology {
    spreads: Vec<Spread>,
    affinity: Vec<Domains>,
    /// Whether nobody is there that the pod wants to be near, but the pod itself would be such a one.
    first_of_its_kind: bool,
    anti_affinity: Vec<Domains>,
    /// The domains that pods which are there keep the new one out of.
    repelled: BTreeSet<(String, String)>,
}

impl Topology {
    /// Looks at the pods that are there, as far as the new one's rules or theirs ask for it.
    pub fn new(cluster: &Cluster, pod: &Object) -> Topology {
        let affinity = pod.spec.field("affinity");
        let near = affinity.field("podAffinity").list(REQUIRED);
        let far = affinity.field("podAntiAffinity").list(REQUIRED);
        let affinity = near_domains(cluster, pod, near);
        let anti_affinity = far.iter().map(|term| {
            let selects = |other: &Object| selects(cluster, term, pod, other);
            domains(cluster, term.text("topologyKey"), &selects, &|_| true)
        });
        let alone = affinity.iter().all(|domains| domains.counts.values().all(|count| *count == 0));
        Topology {
            spreads: spreads(cluster, pod, "DoNotSchedule"),
            first_of_its_kind: alone && near.iter().all(|term| selects(cluster, term, pod, pod)),
            anti_affinity: anti_affinity.collect(),
            affinity,
            repelled: repelled(cluster, pod),
        }
    }

    /// What of this makes a node unfit, and whether taking pods away would help.
    // Models pkg/scheduler/framework/plugins/podtopologyspread/filtering.go Filter
    // Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go Filter
    pub fn violated(&self, node: &Object) -> Option<(&'static str, bool)> {
        for spread in &self.spreads {
            let Some(here) = spread.domains.of(node) else {
                return Some(("node(s) didn't match pod topology spread constraints (missing required label)", false));
            };
            let counts = &spread.domains.counts;
            let too_few = (counts.len() as i64) < spread.min_domains;
            let least = if too_few { 0 } else { counts.values().min().copied().unwrap_or_default() };
            if here + spread.own - least > spread.max_skew {
                return Some(("node(s) didn't match pod topology spread constraints", true));
            }
        }
        let labelled = self.affinity.iter().all(|domains| node.meta.labels.contains_key(&domains.key));
        let near = labelled && self.affinity.iter().all(|domains| domains.of(node) > Some(0));
        if !(near || labelled && self.first_of_its_kind) {
            return Some(("node(s) didn't match pod affinity rules", false));
        }
        if self.anti_affinity.iter().any(|domains| domains.of(node) > Some(0)) {
            return Some(("node(s) didn't match pod anti-affinity rules", true));
        }
        if !self.repelled.is_empty()
            && node.meta.labels.iter().any(|(key, value)| self.repelled.contains(&(key.clone(), value.clone())))
        {
            return Some(("node(s) didn't satisfy existing pods anti-affinity rules", true));
        }
        None
    }
}

/// The pods that are assigned to a node and have not ended.
fn pods_on<'a>(cluster: &'a Cluster, node: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
    cluster.store().indexed(Index::Node, node).filter(|pod| !is_terminal_phase(pod))
}

/// Counts the pods that are selected, in each domain of the nodes that count.
fn domains(
    cluster: &Cluster,
    key: &str,
    selects: &dyn Fn(&Object) -> bool,
    counts_in: &dyn Fn(&Object) -> bool,
) -> Domains {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for node in cluster.store().list(Kind::Node).filter(|node| counts_in(node)) {
        if let Some(value) = node.meta.labels.get(key) {
            let here = pods_on(cluster, &node.meta.name).filter(|pod| selects(pod)).count();
            *counts.entry(value.clone()).or_default() += here as i64;
        }
    }
    Domains { key: key.to_owned(), counts }
}

/// Where the pods are that satisfy every required affinity at once: only those count.
// Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go podMatchesAllAffinityTerms
fn near_domains(cluster: &Cluster, pod: &Object, terms: &[Value]) -> Vec<Domains> {
    let all = |other: &Object| terms.iter().all(|term| selects(cluster, term, pod, other));
    terms.iter().map(|term| domains(cluster, term.text("topologyKey"), &all, &|_| true)).collect()
}

/// Where pods are whose anti-affinity the new one would violate.
// Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go getExistingAntiAffinityCounts
fn repelled(cluster: &Cluster, pod: &Object) -> BTreeSet<(String, String)> {
    let mut repelled = BTreeSet::new();
    for reference in &cluster.controllers.scheduler.cache.repelling {
        let Some(other) = cluster.store().find(reference) else { continue };
        let Some(node) = cluster.store().get(Kind::Node, "", other.spec.text("nodeName")) else { continue };
        for term in other.spec.field("affinity").field("podAntiAffinity").list(REQUIRED) {
            let key = term.text("topologyKey");
            if let Some(value) = node.meta.labels.get(key)
                && selects(cluster, term, other, pod)
            {
                repelled.insert((key.to_owned(), value.clone()));
            }
        }
    }
    repelled
}

/// Whether a term of `owner` selects a pod: by labels, with the owner's own values for the keys that it is to match or
/// not to match on, in the owner's namespace, in those that are named, or in those with the labels asked for.
// Models staging/src/k8s.io/kube-scheduler/framework/types.go AffinityTerm.Matches
fn selects(cluster: &Cluster, term: &Value, owner: &Object, pod: &Object) -> bool {
    let Some(mut selector) = Selector::of_value(term.field("labelSelector")) else {
        return false;
    };
    require_own(&mut selector, term, owner, "matchLabelKeys", "In");
    require_own(&mut selector, term, owner, "mismatchLabelKeys", "NotIn");
    selector.matches(&pod.meta.labels) && in_namespaces(cluster, term, owner, pod)
}

fn in_namespaces(cluster: &Cluster, term: &Value, owner: &Object, pod: &Object) -> bool {
    let named = term.list("namespaces");
    if named.is_empty() && !term.has("namespaceSelector") {
        return owner.meta.namespace == pod.meta.namespace;
    }
    let by_labels = || {
        let labels = cluster.store().get(Kind::Namespace, "", &pod.meta.namespace).map(|n| n.meta.labels.clone());
        let selector = Selector::of_value(term.field("namespaceSelector"));
        selector.zip(labels).is_some_and(|(selector, labels)| selector.matches(&labels))
    };
    named.iter().any(|name| name == pod.meta.namespace.as_str()) || by_labels()
}

fn require_own(selector: &mut Selector, term: &Value, owner: &Object, field: &str, operator: &str) {
    for key in term.list(field).iter().filter_map(Value::as_str) {
        if let Some(value) = owner.meta.labels.get(key) {
            let mut own = Selector::of_labels(&StringMap::from([(key.to_owned(), value.clone())]));
            for requirement in &mut own.requirements {
                requirement.operator = crate::api::selector::Operator::parse(operator).unwrap_or(requirement.operator);
            }
            selector.requirements.extend(own.requirements);
        }
    }
}

/// A pod's spread constraints with this effect, with the counts of each domain.
// Models pkg/scheduler/framework/plugins/podtopologyspread/filtering.go calPreFilterState
fn spreads(cluster: &Cluster, pod: &Object, when: &str) -> Vec<Spread> {
    let all: Vec<&Value> =
        pod.spec.list("topologySpreadConstraints").iter().filter(|c| c.text("whenUnsatisfiable") == when).collect();
    all.iter()
        .map(|constraint| {
            let mut selector = Selector::of_value(constraint.field("labelSelector"));
            if let Some(selector) = &mut selector {
                require_own(selector, constraint, pod, "matchLabelKeys", "In");
            }
            // An empty selector counts nobody.
            let counts = selector.as_ref().is_some_and(|selector| !selector.requirements.is_empty());
            let matches = |other: &Object| selector.as_ref().is_some_and(|s| s.matches(&other.meta.labels));
            let selects = |other: &Object| {
                counts && other.meta.namespace == pod.meta.namespace && !other.meta.is_terminating() && matches(other)
            };
            let counts_in = |node: &Object| {
                all.iter().all(|other| node.meta.labels.contains_key(other.text("topologyKey")))
                    && (constraint.text("nodeAffinityPolicy") == "Ignore"
                        || matches_node_selector(pod, &node_selector(pod), node))
                    && (constraint.text("nodeTaintsPolicy") != "Honor" || untolerated_taint(pod, node).is_none())
            };
            Spread {
                domains: domains(cluster, constraint.text("topologyKey"), &selects, &counts_in),
                own: i64::from(matches(pod)),
                max_skew: constraint.int("maxSkew").unwrap_or(1),
                min_domains: constraint.int("minDomains").unwrap_or(1),
            }
        })
        .collect()
}

/// What speaks for a node by where other pods are: the pod's preferred affinities, less its anti-affinities and less
/// what spreads it worse.
pub struct Preference {
    terms: Vec<(Domains, i64)>,
}

impl Preference {
    /// Looks at the pods that are there, as far as the new one prefers anything.
    // Models pkg/scheduler/framework/plugins/interpodaffinity/scoring.go PreScore
    pub fn of_affinity(cluster: &Cluster, pod: &Object) -> Preference {
        let affinity = pod.spec.field("affinity");
        let mut terms = Vec::new();
        for (field, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
            for weighted in affinity.field(field).list(PREFERRED) {
                let term = weighted.field("podAffinityTerm");
                let selects = |other: &Object| selects(cluster, term, pod, other);
                let domains = domains(cluster, term.text("topologyKey"), &selects, &|_| true);
                terms.push((domains, sign * weighted.int("weight").unwrap_or_default()));
            }
        }
        Preference { terms }
    }

    /// The pod's spread constraints that may be violated.
    // Models pkg/scheduler/framework/plugins/podtopologyspread/scoring.go PreScore
    pub fn of_spread(cluster: &Cluster, pod: &Object) -> Preference {
        let spreads = spreads(cluster, pod, "ScheduleAnyway").into_iter();
        Preference { terms: spreads.map(|spread| (spread.domains, -1)).collect() }
    }

    /// Whether there is nothing to prefer.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// How much speaks for a node.
    pub fn score(&self, node: &Object) -> i64 {
        self.terms.iter().map(|(domains, weight)| domains.of(node).unwrap_or_default() * weight).sum()
    }
}
