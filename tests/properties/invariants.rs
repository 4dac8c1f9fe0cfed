//! What holds after every event, as worded in the comments: I1 to I7 and I10. I8 and I9 are about a run's end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::object::Object;
use statefulscope::cluster::Cluster;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::step::{Step, What};
use statefulscope::cluster::store::Store;
use statefulscope::command::Command;
use statefulscope::controllers::reason::Reason;
use statefulscope::controllers::statefulset::wait::Wait;

use crate::random::Observer;
use crate::view::{View, has_ended, ready_since, revision_of};

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// Watches a run, and notes what breaks an invariant.
#[derive(Default)]
pub struct Guard {
    /// The objects before what happens next.
    before: Store,
    /// What has happened so far.
    pub events: u64,
    /// The invariants that were broken.
    pub violations: Vec<String>,
    /// How often each invariant had something to say, which shows that the runs reach it.
    pub checked: BTreeMap<&'static str, u64>,
    /// The pods that somebody deleted by force: what runs of them is nobody's business any more.
    forced: BTreeSet<String>,
    /// The retention policies that each set ever had: whether claims go when it is scaled, and when it is deleted.
    policies: BTreeMap<String, BTreeSet<(bool, bool)>>,
}

impl Observer for Guard {
    fn event(&mut self, cluster: &mut Cluster) -> bool {
        let Some((_, actor, object)) = cluster.pending().next() else {
            return false;
        };
        let object = object.clone();
        cluster.run_next();
        let steps = cluster.take_steps();
        self.events += 1;
        self.check_deletions(&steps);
        if actor == Actor::StatefulSetController {
            self.check_sync(cluster, &object, &steps);
        }
        self.look_again(cluster, &steps);
        true
    }

    fn command(&mut self, cluster: &mut Cluster, command: &Command) {
        self.look_again(cluster, &[]);
        let answer = cluster.execute(command);
        let steps = cluster.take_steps();
        self.events += 1;
        if let Command::Delete { object, grace_period_seconds: Some(0), .. } = command
            && let Some(pod) = self.before.find(object)
        {
            self.forced.insert(pod.meta.uid.clone());
        }
        if let Command::Evict { pod } = command
            && !answer.is_refused()
        {
            self.check_eviction(cluster, pod);
        }
        self.check_deletions(&steps);
        self.look_again(cluster, &steps);
    }
}

impl Guard {
    fn look_again(&mut self, cluster: &Cluster, steps: &[Step]) {
        if steps.is_empty() && self.before.resource_version() == cluster.store().resource_version() {
            return;
        }
        self.before = cluster.store().clone();
        for set in cluster.store().list(Kind::StatefulSet) {
            let policy = retention(set);
            self.policies.entry(set.meta.uid.clone()).or_default().insert(policy);
        }
    }

    fn check(&mut self, invariant: &'static str, holds: bool, what: impl FnOnce() -> String) {
        *self.checked.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(format!("{invariant}: {}", what()));
        }
    }

    /// I1: at most one live pod of a name, also while Terminating, except after an explicit force delete. A pod's object
    /// holds its name; so it goes only when its kubelet says that nothing of it runs any more, or when nothing ever ran.
    /// I6, second half: the controllers never delete a claim under Retain.
    fn check_deletions(&mut self, steps: &[Step]) {
        for step in steps {
            let Some(old) = self.before.find(&step.object).cloned() else { continue };
            match (step.object.kind, &step.what) {
                (Kind::Pod, What::Deleted) => self.check_pod_is_gone(step, &old),
                (Kind::PersistentVolumeClaim, What::Terminating | What::Deleted)
                    if step.actor != Actor::User && !old.meta.is_terminating() =>
                {
                    self.check_claim_may_go(step, &old);
                }
                _ => {}
            }
        }
    }

    fn check_pod_is_gone(&mut self, step: &Step, old: &Object) {
        let never_ran = old.spec.text("nodeName").is_empty();
        let grace = old.spec.int("terminationGracePeriodSeconds");
        let no_grace = grace == Some(0) || self.forced.contains(&old.meta.uid);
        let by_kubelet = step.actor == Actor::Kubelet && old.meta.is_terminating();
        self.check("I1", never_ran || has_ended(old) || by_kubelet || no_grace, || {
            format!("{} is gone while it runs, by {}", step.object, step.actor)
        });
    }

    fn check_claim_may_go(&mut self, step: &Step, claim: &Object) {
        let by_policy = claim.meta.owner_references.iter().any(|owner| match owner.kind.as_str() {
            "StatefulSet" => self.policies.get(&owner.uid).is_some_and(|seen| seen.iter().any(|policy| policy.1)),
            "Pod" => self.policies.values().flatten().any(|policy| policy.0),
            _ => false,
        });
        self.check("I6 deletion", by_policy, || format!("{} deletes {} under Retain", step.actor, step.object));
    }

    /// I10, second half: eviction never exceeds a budget.
    fn check_eviction(&mut self, cluster: &Cluster, pod: &ObjectRef) {
        let Some(old) = self.before.find(pod).cloned() else { return };
        if has_ended(&old) || old.status.text("phase") == "Pending" || old.meta.is_terminating() {
            return;
        }
        let budgets: Vec<Arc<Object>> =
            self.before.list_in(Kind::PodDisruptionBudget, &pod.namespace).cloned().collect();
        for budget in budgets.iter().filter(|budget| selects(budget, &old)) {
            let allowed = budget.status.int("disruptionsAllowed").unwrap_or(0);
            let healthy = budget.status.int("currentHealthy") >= budget.status.int("desiredHealthy");
            let left = cluster.store().find(&budget.object_ref()).and_then(|b| b.status.int("disruptionsAllowed"));
            let is_ready = ready_since(&old).is_some();
            let within = if is_ready || !healthy { allowed > 0 && left == Some(allowed - 1) } else { true };
            self.check("I10 eviction", within, || format!("{pod} was evicted with {allowed} disruptions allowed"));
        }
    }

    /// What holds of one sync of a set.
    fn check_sync(&mut self, cluster: &Cluster, set: &ObjectRef, steps: &[Step]) {
        let before = std::mem::take(&mut self.before);
        if let Some(view) = View::new(&before, set, cluster.now()) {
            let failed = cluster.reasons(set).iter().any(|r| matches!(r, Reason::StatefulSet(Wait::Failed { .. })));
            let sync = Sync::new(&view, cluster, steps);
            self.check_creations(&view, &sync);
            self.check_scaling_down(&view, &sync);
            self.check_update(&view, &sync, cluster);
            if !failed {
                self.check_status(&view, &sync, cluster);
                self.check_identity_and_claims(&view, &sync, cluster);
            }
        }
        self.before = before;
    }

    /// I2: the controller creates a pod of an OrderedReady set only when every lower ordinal is Running, Ready and
    /// available.
    fn check_creations(&mut self, view: &View, sync: &Sync) {
        for created in sync.created.iter().filter(|_| view.ordered) {
            let missing = (view.start..*created).find(|lower| !view.serves(*lower));
            self.check("I2", missing.is_none(), || {
                format!("{}-{created} was created while {missing:?} was not available", view.set.meta.name)
            });
        }
    }

    /// I3: it deletes at most one condemned pod a sync in OrderedReady, the highest. (Recreate deletes every pod of an
    /// older revision at once, condemned or not.)
    fn check_scaling_down(&mut self, view: &View, sync: &Sync) {
        let for_scale = |ordinal: &i64| {
            let old = revision_of(view.pods[ordinal]) != sync.update_revision;
            let by_recreate = view.strategy == "Recreate" && old;
            !view.is_wanted(*ordinal) && !by_recreate
        };
        let condemned: Vec<i64> = sync.deleted.iter().copied().filter(|ordinal| for_scale(ordinal)).collect();
        if view.ordered && !condemned.is_empty() {
            let highest = view.pods.keys().rev().find(|ordinal| !view.is_wanted(**ordinal));
            self.check("I3", condemned.len() == 1 && highest == condemned.first(), || {
                format!("of {}, {condemned:?} were deleted, and {highest:?} is the highest", view.set.meta.name)
            });
        }
    }

    /// I4: it deletes for an update only pods at or above the partition; in OrderedReady from the highest down.
    /// I10, first half: it deletes no available pod beyond maxUnavailable. (Without its gate that field does not exist.)
    fn check_update(&mut self, view: &View, sync: &Sync, cluster: &Cluster) {
        let updated = sync.deleted_for_update(view);
        let name = &view.set.meta.name;
        let is_old = |ordinal: i64| view.pods.get(&ordinal).is_some_and(|p| revision_of(p) != sync.update_revision);
        for ordinal in &updated {
            let at_or_above = ordinal - view.start >= view.partition || view.strategy == "Recreate";
            let higher = *ordinal + 1..view.start + view.replicas;
            let in_turn = !view.ordered
                || view.strategy == "Recreate"
                || higher.clone().all(|h| !is_old(h) || view.pods[&h].meta.is_terminating() || updated.contains(&h));
            self.check("I4", view.strategy != "OnDelete" && is_old(*ordinal) && at_or_above && in_turn, || {
                format!("{name}-{ordinal} was deleted for an update; partition {}, {updated:?}", view.partition)
            });
        }
        if view.strategy != "RollingUpdate" || updated.is_empty() {
            return;
        }
        if cluster.config().feature_gates.max_unavailable_stateful_set {
            let wanted = view.start..view.start + view.replicas;
            let unavailable = wanted.filter(|ordinal| !view.serves(*ordinal)).count() as i64;
            let budget = (view.max_unavailable() - unavailable).max(0);
            let available = updated.iter().filter(|ordinal| view.serves(**ordinal)).count() as i64;
            self.check("I10 update", available <= budget, || {
                format!("of {name}, {available} available pods were deleted, {budget} may be")
            });
        } else {
            self.check("I10 update", updated.len() == 1, || format!("of {name}, {updated:?} were deleted at once"));
        }
    }

    /// I7: a status equals a recount at its sync.
    fn check_status(&mut self, view: &View, sync: &Sync, cluster: &Cluster) {
        let Some(after) = cluster.store().find(&view.set.object_ref()) else { return };
        let count = |wanted: &dyn Fn(&Object) -> bool| view.pods.values().filter(|pod| wanted(pod)).count() as i64;
        let current = match view.set.status.text("currentRevision") {
            name if sync.known_before.contains(name) => name.to_owned(),
            _ => sync.update_revision.clone(),
        };
        let of_revision = |name: &str| count(&|pod| !pod.meta.is_terminating() && revision_of(pod) == name);
        let is_ready = |pod: &Object| pod.status.text("phase") == "Running" && ready_since(pod).is_some();
        let [replicas, ready, available] =
            [count(&|_| true), count(&is_ready), count(&|pod| is_ready(pod) && view.is_available(pod))];
        let updated = of_revision(&sync.update_revision);
        let rolling = view.strategy == "RollingUpdate";
        let gone = if rolling { sync.deleted_for_update(view).len() as i64 } else { 0 };
        let complete = [replicas, ready, updated] == [view.replicas; 3];
        let (current, current_replicas) = if complete {
            (sync.update_revision.clone(), updated)
        } else {
            (current.clone(), of_revision(&current) - gone)
        };
        let counted = [replicas, ready, available, updated, current_replicas];
        let names = ["replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas"];
        let told = names.map(|name| after.status.int(name).unwrap_or(0));
        let revisions = [after.status.text("currentRevision"), after.status.text("updateRevision")];
        self.check("I7", counted == told && revisions == [current.as_str(), sync.update_revision.as_str()], || {
            format!(
                "{}: counted {counted:?}, told {told:?} {names:?}; {current} {} told {revisions:?}",
                after.meta.name, sync.update_revision
            )
        });
    }

    /// I5: identity labels, hostname, subdomain and pod-name label match after the next successful sync of a Ready pod.
    /// I6: owner references of claims follow the four cases of whenScaled and whenDeleted.
    fn check_identity_and_claims(&mut self, view: &View, sync: &Sync, cluster: &Cluster) {
        let recreating =
            view.strategy == "Recreate" && view.pods.values().any(|pod| revision_of(pod) != sync.update_revision);
        if view.set.meta.is_terminating() || recreating {
            return;
        }
        let wanted: Vec<i64> = (view.start..view.start + view.replicas).collect();
        let reached = if view.ordered {
            wanted.iter().take_while(|ordinal| view.serves(**ordinal)).count()
        } else {
            wanted.len()
        };
        for ordinal in &wanted[..reached] {
            let Some(pod) = view.pods.get(ordinal).filter(|pod| view.is_available(pod)) else { continue };
            self.check_identity(view, pod, cluster);
            self.check_claims(view, *ordinal, pod, cluster);
        }
        if reached == wanted.len() {
            for (ordinal, pod) in view.pods.iter().filter(|(ordinal, _)| !view.is_wanted(**ordinal)) {
                self.check_claims(view, *ordinal, pod, cluster);
            }
        }
    }

    fn check_identity(&mut self, view: &View, pod: &Object, cluster: &Cluster) {
        let name = &pod.meta.name;
        let Some(after) = cluster.store().find(&pod.object_ref()) else { return };
        let index = name.rsplit('-').next().unwrap_or_default();
        let labelled = after.meta.label(POD_NAME) == name && after.meta.label(POD_INDEX) == index;
        // What cannot be changed any more was right from the beginning, for the pods that the controller made.
        let made = !after.meta.generate_name.is_empty();
        let named =
            after.spec.text("hostname") == name && after.spec.text("subdomain") == view.set.spec.text("serviceName");
        self.check("I5", labelled && (named || !made), || {
            format!("{name} has not its identity: {:?}", after.meta.labels)
        });
    }

    fn check_claims(&mut self, view: &View, ordinal: i64, pod: &Object, cluster: &Cluster) {
        let set = view.set;
        let (when_scaled, when_deleted) = retention(set);
        for template in set.spec.list("volumeClaimTemplates") {
            let name = format!("{}-{}-{ordinal}", template.field("metadata").text("name"), set.meta.name);
            let claim = cluster.store().get(Kind::PersistentVolumeClaim, &set.meta.namespace, &name);
            let Some(claim) = claim else { continue };
            let owners = &claim.meta.owner_references;
            let of_an_earlier_life =
                |owner_name: &str, uid: &str| owners.iter().any(|owner| owner.name == owner_name && owner.uid != uid);
            if of_an_earlier_life(&set.meta.name, &set.meta.uid) || of_an_earlier_life(&pod.meta.name, &pod.meta.uid) {
                continue;
            }
            let owned_by = |uid: &str| owners.iter().any(|owner| owner.uid == uid && owner.is_controller());
            let found = (owned_by(&set.meta.uid), owned_by(&pod.meta.uid));
            let right = match (view.is_wanted(ordinal), when_scaled, when_deleted) {
                (true, _, when_deleted) => (when_deleted, false),
                (false, true, _) => (false, true),
                (false, false, when_deleted) => (when_deleted, false),
            };
            self.check("I6", found == right, || {
                format!("{name}: owned by the set and the pod {found:?}, should be {right:?}: {owners:?}")
            });
        }
    }
}

/// Whether claims go when a set is scaled, and when it is deleted.
fn retention(set: &Object) -> (bool, bool) {
    let policy = set.spec.field("persistentVolumeClaimRetentionPolicy");
    (policy.text("whenScaled") == "Delete", policy.text("whenDeleted") == "Delete")
}

fn selects(budget: &Object, pod: &Object) -> bool {
    budget.spec.field("selector").entries("matchLabels").iter().all(|(key, value)| value == pod.meta.label(key))
}

/// What one sync did to the pods of its set, by ordinal.
struct Sync {
    created: Vec<i64>,
    deleted: BTreeSet<i64>,
    /// The revision of the set's template.
    update_revision: String,
    /// The names of the revisions before.
    known_before: BTreeSet<String>,
}

impl Sync {
    fn new(view: &View, cluster: &Cluster, steps: &[Step]) -> Sync {
        let own = |step: &&Step| step.actor == Actor::StatefulSetController && step.object.kind == Kind::Pod;
        let ordinal = |step: &Step| crate::view::ordinal_in(&view.set.meta.name, &step.object.name);
        let created = steps.iter().filter(own).filter(|step| step.what == What::Created).filter_map(ordinal);
        let goes = |step: &&Step| matches!(step.what, What::Terminating | What::Deleted);
        let deleted = steps.iter().filter(own).filter(goes).filter_map(ordinal);
        // A set without history deletes every revision that is not in use after the sync, but never the newest.
        let known_before = cluster.store().list_in(Kind::ControllerRevision, &view.set.meta.namespace);
        Sync {
            created: created.collect(),
            deleted: deleted.collect(),
            update_revision: view.update_revision(cluster.store()),
            known_before: known_before.map(|revision| revision.meta.name.clone()).collect(),
        }
    }

    /// The pods that were deleted since their set is being updated: those that it wants, and that have not ended.
    fn deleted_for_update(&self, view: &View) -> Vec<i64> {
        let for_update = |ordinal: &i64| view.is_wanted(*ordinal) && !has_ended(view.pods[ordinal]);
        self.deleted.iter().copied().filter(for_update).collect()
    }
}
