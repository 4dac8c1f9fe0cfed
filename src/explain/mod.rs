//! Why is it so? What an object waits for, from the reasons that the components noted, and on to the objects that those
//! are about; with the rule behind each, and what would change it.
//!
//! Nothing is guessed here: where no component noted a reason, there is no finding.

mod about;
mod names;
pub mod relation;
mod remedy;
mod rule;

pub use about::arguments;
pub use rule::Rule;

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::cluster::Cluster;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::stateful_set_utils::parent_name_and_ordinal;

/// How far a chain of reasons is followed: a set waits for a pod, the pod for a claim, the claim for a volume.
const MAX_DEPTH: usize = 4;

/// One reason in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How many steps it is away from the object that was asked about.
    pub depth: usize,
    /// What stands still.
    pub object: ObjectRef,
    /// Why.
    pub reason: Reason,
    /// The objects that the reason is about.
    pub objects: Vec<ObjectRef>,
    /// Where the rule stands.
    pub rule: Rule,
    /// kubectl's commands that would change it.
    pub remedies: Vec<String>,
}

/// Why an object is as it is: its own reasons first, each followed by those of the objects that it is about. A pod that
/// is missing gets the reasons of its set.
/// At the end stands why it has no DNS name, which holds nothing up.
pub fn explain(cluster: &Cluster, object: &ObjectRef) -> Vec<Finding> {
    let mut chain = Chain { cluster, seen: Vec::new(), findings: Vec::new() };
    chain.follow(object, 0);
    if let Some(reason) = names::missing(cluster, object) {
        chain.add(object, reason, 0);
    }
    chain.findings
}

/// The reason that all others of an object lead to, where it stands still.
pub fn bottom(cluster: &Cluster, object: &ObjectRef) -> Option<Reason> {
    let mut chain = Chain { cluster, seen: Vec::new(), findings: Vec::new() };
    chain.follow(object, 0);
    chain.findings.into_iter().max_by_key(|finding| finding.depth).map(|finding| finding.reason)
}

struct Chain<'a> {
    cluster: &'a Cluster,
    seen: Vec<ObjectRef>,
    findings: Vec<Finding>,
}

impl Chain<'_> {
    fn follow(&mut self, object: &ObjectRef, depth: usize) {
        if depth > MAX_DEPTH || self.seen.contains(object) {
            return;
        }
        self.seen.push(object.clone());
        for reason in self.cluster.reasons(object) {
            self.add(object, reason, depth);
        }
        if object.kind == Kind::Pod {
            self.follow_set(object, depth);
        }
    }

    /// What the set of a pod has to say about it.
    fn follow_set(&mut self, pod: &ObjectRef, depth: usize) {
        let set = ObjectRef::new(Kind::StatefulSet, &pod.namespace, parent_name_and_ordinal(&pod.name).0);
        if self.seen.contains(&set) {
            return;
        }
        let is_missing = self.cluster.store().find(pod).is_none();
        for reason in self.cluster.reasons(&set) {
            if is_missing || about::objects(&reason, &set).contains(pod) {
                self.add(&set, reason, depth);
            }
        }
    }

    fn add(&mut self, object: &ObjectRef, reason: Reason, depth: usize) {
        if self.findings.iter().any(|known| known.object == *object && known.reason == reason) {
            return;
        }
        let objects = about::objects(&reason, object);
        self.findings.push(Finding {
            depth,
            object: object.clone(),
            rule: rule::of(&reason),
            remedies: remedy::of(self.cluster, &reason, object),
            objects: objects.clone(),
            reason,
        });
        for next in &objects {
            self.follow(next, depth + 1);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
