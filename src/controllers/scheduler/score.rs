//! Which of several nodes suits a pod best.
//!
//! Follows the scores below `pkg/scheduler/framework/plugins` of Kubernetes v1.37.2, Apache-2.0, with their weights. Of nodes
//! that are equal upstream takes any; here the one with the fewest pods, then the first by name.

use std::sync::Arc;

use super::cache::{NodeUse, ranked};
use super::filters::{matches_term, unwanted_taints};
use super::topology::{PREFERRED, Preference};
use crate::api::fields::Fields;
use crate::api::object::Object;
use crate::cluster::Cluster;

const MOST: i64 = 100;

/// The node that suits a pod best.
// Models pkg/scheduler/schedule_one.go prioritizeNodes
pub fn best(cluster: &Cluster, pod: &Object, nodes: Vec<Arc<Object>>) -> Option<Arc<Object>> {
    if nodes.len() < 2 {
        return nodes.into_iter().next();
    }
    let cache = &cluster.controllers.scheduler.cache;
    let mut totals = vec![0; nodes.len()];
    let mut add = |weight: i64, scores: Vec<i64>| {
        for (total, score) in totals.iter_mut().zip(scores) {
            *total += weight * score;
        }
    };
    let of_each = |score: &dyn Fn(&Object) -> i64| -> Vec<i64> { nodes.iter().map(|node| score(node)).collect() };
    add(3, reversed(of_each(&|node| unwanted_taints(pod, node))));
    add(2, scaled(of_each(&|node| node_preference(pod, node))));
    let wanted = ranked(&pod.spec);
    add(1, of_each(&|node| least_allocated(cache.of(&node.meta.name), wanted)));
    let spread = Preference::of_spread(cluster, pod);
    if spread.is_empty() {
        // Without constraints of its own, a pod keeps away from those of its controller.
        let owner = pod.meta.controller_of().map(|owner| owner.uid.clone()).unwrap_or_default();
        let siblings = |node: &Object| cache.of(&node.meta.name).owners.get(&owner).copied().unwrap_or_default();
        add(2, reversed(of_each(&siblings)));
    } else {
        add(2, scaled(of_each(&|node| spread.score(node))));
    }
    let affinity = Preference::of_affinity(cluster, pod);
    if !affinity.is_empty() {
        add(2, scaled(of_each(&|node| affinity.score(node))));
    }
    let pods = |at: usize| cache.of(&nodes[at].meta.name).pods;
    let best = (0..nodes.len()).min_by_key(|at| (-totals[*at], pods(*at), *at))?;
    Some(Arc::clone(&nodes[best]))
}

/// Scores from 0 to 100, the lowest to the highest.
fn scaled(scores: Vec<i64>) -> Vec<i64> {
    let least = scores.iter().min().copied().unwrap_or_default().min(0);
    let most = scores.iter().max().copied().unwrap_or_default();
    let range = most - least;
    scores.into_iter().map(|score| if range == 0 { 0 } else { (score - least) * MOST / range }).collect()
}

/// The same, where less is better.
fn reversed(scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().max().copied().unwrap_or_default();
    scores.into_iter().map(|score| if most == 0 { MOST } else { MOST - score * MOST / most }).collect()
}

// Models pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go Score
fn node_preference(pod: &Object, node: &Object) -> i64 {
    let terms = pod.spec.field("affinity").field("nodeAffinity").list(PREFERRED);
    let matching = terms.iter().filter(|weighted| matches_term(weighted.field("preference"), node));
    matching.map(|weighted| weighted.int("weight").unwrap_or_default()).sum()
}

// Models pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastResourceScorer
fn least_allocated(used: &NodeUse, wanted: [i64; 3]) -> i64 {
    let free = ["cpu", "memory"].iter().enumerate().map(|(at, resource)| {
        let there = used.allocatable.get(*resource).copied().unwrap_or_default();
        let taken = used.ranked[at] + wanted[at];
        if there == 0 || taken > there { 0 } else { (there - taken) * MOST / there }
    });
    free.sum::<i64>() / 2
}
