//! The decision: which pods to create, repair, delete, and what the status says.
//!
//! Follows `pkg/controller/statefulset/stateful_set_control.go` of Kubernetes v1.37.2, Apache-2.0. Where upstream logs
//! that the set waits and returns, these functions return a [`Wait`].

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::client::{Client, EventType};
use super::error::Error;
use super::history::{
    create_controller_revision, data, equal_revision, sort_controller_revisions, update_controller_revision,
};
use super::member::{Member, Phase, claim_names};
use super::set::{StatefulSet, StatefulSetStatus, StrategyType};
use super::stateful_pod_control::{
    claims_match_retention_policy, create_missing_persistent_volume_claims, create_stateful_pod, delete_stateful_pod,
    pod_claim_is_stale, update_pod_claim_for_retention_policy, update_stateful_pod,
};
use super::stateful_set_utils::{
    apply_revision, complete_update, end_ordinal, inconsistent_status, is_patch_of, is_terminating, max_unavailable,
    new_revision, new_versioned_stateful_set_pod, next_revision, placeholder, set_matches_latest_existing_revision,
    set_progressing_condition, versioned_pod_is_current,
};
use super::wait::Wait;
use crate::api::gates::FeatureGates;
use crate::api::object::Object;
use crate::api::order;
use crate::api::time::Instant;

/// How many pods a Parallel set handles at once, at most.
const MAX_BATCH_SIZE: usize = 500;

type Revision = Arc<Object>;

/// A pod as a sync sees it.
struct Pod {
    member: Arc<Member>,
    ordinal: i64,
    is_available: bool,
}

impl Pod {
    fn new(member: Arc<Member>, min_ready_seconds: i32, now: Instant) -> Pod {
        let ordinal = member.ordinal.into();
        Pod { ordinal, is_available: member.is_available(min_ready_seconds, now), member }
    }

    // Models pkg/controller/statefulset/stateful_set_utils.go isUnavailable
    fn is_unavailable(&self) -> bool {
        is_terminating(self) || !self.is_available
    }
}

impl Deref for Pod {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

/// What a sync came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The status that was computed, where the sync got that far without an error.
    pub status: Option<StatefulSetStatus>,
    /// What went wrong.
    pub error: Option<Error>,
    /// Why the sync stopped where it stopped.
    pub waits: Vec<Wait>,
}

/// Brings a set one step nearer to what its specification says: in OrderedReady one pod after the other, each when its
/// predecessors are available, and down from the highest ordinal; in Parallel all at once.
// Models pkg/controller/statefulset/stateful_set_control.go UpdateStatefulSet
pub fn update_stateful_set(
    client: &mut impl Client,
    set: &StatefulSet,
    pods: &[Arc<Object>],
    gates: &FeatureGates,
    now: Instant,
) -> Outcome {
    let members: Vec<Arc<Member>> = pods.iter().map(|pod| Arc::new(Member::of(set, Arc::clone(pod)))).collect();
    update_members(client, set, &members, gates, now)
}

/// The same for pods that have been looked at.
pub fn update_members(
    client: &mut impl Client,
    set: &StatefulSet,
    pods: &[Arc<Member>],
    gates: &FeatureGates,
    now: Instant,
) -> Outcome {
    let mut revisions = client.list_controller_revisions(set);
    sort_controller_revisions(&mut revisions);
    let mut sync = Sync { client, set, gates, now, waits: Vec::new() };

    let mut live = LiveRevisions::default();
    let performed = sync.perform_update(pods, &revisions, &mut live);
    let truncated = sync.truncate_history(pods, &revisions, &live);
    let mut waits = sync.waits;
    let (status, error) = match (performed, truncated) {
        (Ok(status), truncated) => (Some(status), truncated.err()),
        (Err(error), truncated) => {
            let mut errors = match error {
                Error::Several(errors) => errors,
                one => vec![one],
            };
            errors.extend(truncated.err());
            (None, Error::aggregate(errors))
        }
    };
    waits.extend(error.iter().flat_map(Error::waits));
    Outcome { status, error, waits }
}

/// The current and the update revision, as far as they were found.
#[derive(Default)]
struct LiveRevisions {
    current: Option<Revision>,
    update: Option<Revision>,
}

/// What a step of a sync says: go on, or stop here for this reason. A stop without a reason is one in which something
/// was done.
enum Flow {
    Continue,
    Stop(Option<Wait>),
}

/// One sync of one set.
struct Sync<'a, C> {
    client: &'a mut C,
    set: &'a StatefulSet,
    gates: &'a FeatureGates,
    now: Instant,
    waits: Vec<Wait>,
}

/// The pods of a set in a sync.
struct Pods {
    /// Those within the range of ordinals, with a [`placeholder`] for each that is missing.
    replicas: Vec<Pod>,
    /// Those outside it, the highest ordinal first.
    condemned: Vec<Pod>,
}

impl Pods {
    /// The first that is not available: among the replicas from the lowest ordinal, then among the condemned.
    fn first_unavailable(&self) -> Option<&Pod> {
        self.replicas.iter().chain(self.condemned.iter().rev()).find(|pod| pod.is_unavailable())
    }

    fn iter(&self) -> impl Iterator<Item = &Pod> {
        self.replicas.iter().chain(&self.condemned)
    }
}

/// The set at its two revisions.
struct Versions<'a> {
    current: Cow<'a, StatefulSet>,
    update: Cow<'a, StatefulSet>,
}

impl<C: Client> Sync<'_, C> {
    // Models pkg/controller/statefulset/stateful_set_control.go performUpdate
    fn perform_update(
        &mut self,
        pods: &[Arc<Member>],
        revisions: &[Revision],
        live: &mut LiveRevisions,
    ) -> Result<StatefulSetStatus, Error> {
        let (current, update, collision_count) = self.stateful_set_revisions(revisions)?;
        live.current = Some(Arc::clone(&current));
        live.update = Some(Arc::clone(&update));
        let (status, result) = self.update_stateful_set(&current, &update, collision_count, pods);
        let Some(mut status) = status else {
            return Err(result.err().unwrap_or_else(|| Error::text("no status")));
        };
        let written = self.update_stateful_set_status(&mut status);
        result.and(written).map(|()| status)
    }

    /// Deletes revisions that nothing uses, the oldest first, until as many are left as the set may keep.
    // Models pkg/controller/statefulset/stateful_set_control.go truncateHistory
    fn truncate_history(
        &mut self,
        pods: &[Arc<Member>],
        revisions: &[Revision],
        live: &LiveRevisions,
    ) -> Result<(), Error> {
        let is_live = |name: &str| {
            [&live.current, &live.update].into_iter().flatten().any(|revision| revision.meta.name == name)
                || pods.iter().any(|pod| pod.revision() == name)
        };
        let Ok(limit) = usize::try_from(self.set.revision_history_limit) else {
            return Ok(());
        };
        let history: Vec<&Revision> = revisions.iter().filter(|revision| !is_live(&revision.meta.name)).collect();
        for revision in &history[..history.len().saturating_sub(limit)] {
            self.client.delete_controller_revision(revision)?;
        }
        Ok(())
    }

    /// The current and the update revision, and the collision count. A new template gets a new revision, an old one its
    /// old revision under a new number.
    // Models pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions
    fn stateful_set_revisions(&mut self, revisions: &[Revision]) -> Result<(Revision, Revision, i32), Error> {
        let set = self.set;
        let mut collision_count = set.status.collision_count.unwrap_or_default();
        let number = next_revision(revisions);
        let equal = revisions.iter().rev().find(|revision| is_patch_of(&set.template, data(revision)));
        let update = match (equal, revisions.last()) {
            (Some(equal), Some(last)) if equal_revision(last, equal) => Arc::clone(last),
            (Some(equal), _) => update_controller_revision(self.client, equal, number)?,
            (None, Some(last)) if set_matches_latest_existing_revision(set, last, self.gates) => Arc::clone(last),
            _ => {
                let proposed = new_revision(set, number, collision_count);
                create_controller_revision(self.client, set, proposed, &mut collision_count)?
            }
        };
        let current = revisions.iter().find(|revision| revision.meta.name == set.status.current_revision);
        Ok((Arc::clone(current.unwrap_or(&update)), update, collision_count))
    }

    /// Everything between the revisions and the writing of the status. The status is missing where nothing could be
    /// computed.
    // Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
    fn update_stateful_set(
        &mut self,
        current: &Revision,
        update: &Revision,
        collision_count: i32,
        pods: &[Arc<Member>],
    ) -> (Option<StatefulSetStatus>, Result<(), Error>) {
        let set = self.set;
        let of_update = apply_revision(set, update);
        let of_current = if Arc::ptr_eq(current, update) { of_update.clone() } else { apply_revision(set, current) };
        let versions = match (of_current, of_update) {
            (Ok(current), Ok(update)) => Versions { current, update },
            (Err(error), _) | (_, Err(error)) => return (None, Err(error)),
        };

        if set.update_strategy.ty == StrategyType::Recreate && !self.gates.stateful_set_recreate_strategy {
            let message = format!(
                "statefulset {}/{} uses Recreate strategy but feature gate StatefulSetRecreateStrategy is disabled",
                set.meta.namespace, set.meta.name
            );
            self.client.event(set, EventType::Warning, "UnknownStrategy", message.clone());
            return (None, Err(Error::text(message)));
        }

        let mut status = StatefulSetStatus {
            observed_generation: set.meta.generation,
            current_revision: current.meta.name.clone(),
            update_revision: update.meta.name.clone(),
            collision_count: Some(collision_count),
            conditions: set.status.conditions.clone(),
            ..StatefulSetStatus::default()
        };
        let pods: Vec<Pod> =
            pods.iter().map(|pod| Pod::new(Arc::clone(pod), set.min_ready_seconds, self.now)).collect();
        if set.meta.is_terminating() {
            self.update_status(&mut status, pods.iter());
            self.waits.push(Wait::SetTerminating);
            return (Some(status), Ok(()));
        }
        let pods = self.sort_pods(pods, &versions, &status);
        let result = self.process_pods(&pods, &versions, &mut status);
        (Some(status), result)
    }

    /// Parts the pods into those that the set is to have and those that it is to lose.
    fn sort_pods(&self, pods: Vec<Pod>, versions: &Versions<'_>, status: &StatefulSetStatus) -> Pods {
        let set = self.set;
        let (start, end) = (i64::from(set.start_ordinal), end_ordinal(set));
        let mut replicas: Vec<Option<Pod>> = Vec::new();
        replicas.resize_with(usize::try_from(set.replicas).unwrap_or_default(), || None);
        let mut condemned: Vec<Pod> = Vec::new();
        for pod in pods {
            if (start..=end).contains(&pod.ordinal) {
                let index = (pod.ordinal - start) as usize;
                replicas[index] = Some(pod);
            } else if pod.ordinal >= 0 {
                condemned.push(pod);
            }
        }
        let missing = |ordinal| {
            let is_current = versioned_pod_is_current(&versions.current, ordinal);
            let revision = if is_current { &status.current_revision } else { &status.update_revision };
            let object = Arc::new(placeholder(set, ordinal, revision));
            Pod { member: Arc::new(Member::of(set, object)), ordinal, is_available: false }
        };
        let mut waits = false;
        let replicas = (start..=end)
            .zip(replicas)
            .filter_map(|(ordinal, pod)| {
                // In OrderedReady no sync goes on behind the first pod that is missing.
                let stands = pod.is_some() || set.parallel || !std::mem::replace(&mut waits, true);
                stands.then(|| pod.unwrap_or_else(|| missing(ordinal)))
            })
            .collect();
        order::sort_by_key(&mut condemned, |pod| std::cmp::Reverse(pod.ordinal));
        Pods { replicas, condemned }
    }

    /// The part of upstream's `updateStatefulSet` that writes.
    fn process_pods(
        &mut self,
        pods: &Pods,
        versions: &Versions<'_>,
        status: &mut StatefulSetStatus,
    ) -> Result<(), Error> {
        let set = self.set;
        if set.update_strategy.ty == StrategyType::Recreate {
            let all_old_pods_terminated = self.recreate_delete_and_wait(pods, status);
            if !matches!(all_old_pods_terminated, Ok(true)) {
                self.update_status(status, pods.iter());
                return all_old_pods_terminated.map(drop);
            }
            if status.current_revision != status.update_revision {
                let message = "Waiting for new-revision pods to be created";
                set_progressing_condition(status, "True", "RecreateInProgress", message, self.now);
            }
        }

        let update_revision = status.update_revision.clone();
        let processed = self.run_for_all(&pods.replicas, |sync, pod| sync.process_replica(versions, pod, status));
        if processed.as_ref().map_or(true, |stopped| *stopped) {
            self.update_status(status, pods.iter());
            return processed.map(drop);
        }
        let update_set = &versions.update;
        let fixed = self.run_for_all(&pods.condemned, |sync, pod| {
            let claims = sync.claims(update_set, pod);
            if !claims_match_retention_policy(sync.client, update_set, pod, &claims)? {
                update_pod_claim_for_retention_policy(sync.client, update_set, pod)?;
            }
            Ok(Flow::Continue)
        });
        if fixed.as_ref().map_or(true, |stopped| *stopped) {
            self.update_status(status, pods.iter());
            return fixed.map(drop);
        }
        let first_unavailable = pods.first_unavailable();
        let processed = self.run_for_all(&pods.condemned, |sync, pod| sync.process_condemned(pod, first_unavailable));
        self.update_status(status, pods.iter());
        if processed.as_ref().map_or(true, |stopped| *stopped) {
            return processed.map(drop);
        }

        match set.update_strategy.ty {
            StrategyType::OnDelete => {
                let outdated = names(pods.replicas.iter().filter(|pod| pod.revision() != update_revision));
                if !outdated.is_empty() {
                    self.waits.push(Wait::OnDelete { pods: outdated });
                }
                Ok(())
            }
            StrategyType::Recreate => Ok(()),
            StrategyType::RollingUpdate if self.gates.max_unavailable_stateful_set => {
                self.update_after_invariant_established(&pods.replicas, status)
            }
            StrategyType::RollingUpdate => self.update_one_by_one(&pods.replicas, status),
        }
    }

    /// Creates, waits for, or repairs one pod that the set is to have.
    // Models pkg/controller/statefulset/stateful_set_control.go processReplica
    fn process_replica(
        &mut self,
        versions: &Versions<'_>,
        replica: &Pod,
        status: &StatefulSetStatus,
    ) -> Result<Flow, Error> {
        let set = self.set;
        let monotonic = !set.parallel;
        let pod = || replica.meta.name.clone();
        if replica.phase == Phase::Ended {
            if !is_terminating(replica) {
                delete_stateful_pod(self.client, set, replica)?;
            }
            return Ok(Flow::Stop(Some(Wait::PodEnded { pod: pod() })));
        }
        if replica.phase == Phase::Missing {
            if pod_claim_is_stale(self.client, set, replica)? {
                return Ok(Flow::Stop(Some(Wait::ClaimStale { pod: pod() })));
            }
            let Versions { current, update } = versions;
            let (current_revision, update_revision) = (&status.current_revision, &status.update_revision);
            let ordinal = replica.ordinal;
            let new = new_versioned_stateful_set_pod(current, update, current_revision, update_revision, ordinal);
            create_stateful_pod(self.client, set, &new)?;
            if monotonic {
                return Ok(Flow::Stop(Some(Wait::PodCreated { pod: pod() })));
            }
            return self.enforce_invariants(&versions.update, &Member::of(set, Arc::new(new)));
        }
        if replica.phase == Phase::Pending {
            create_missing_persistent_volume_claims(self.client, set, replica)?;
        }
        if monotonic {
            if is_terminating(replica) {
                return Ok(Flow::Stop(Some(Wait::PodTerminating { pod: pod() })));
            }
            if !replica.is_running_and_ready() {
                let outdated = replica.revision() != status.update_revision;
                return Ok(Flow::Stop(Some(Wait::PodNotReady { pod: pod(), outdated })));
            }
            if !replica.is_available {
                let min_ready_seconds = set.min_ready_seconds;
                return Ok(Flow::Stop(Some(Wait::PodNotAvailable { pod: pod(), min_ready_seconds })));
            }
        }
        self.enforce_invariants(&versions.update, replica)
    }

    /// Repairs a pod whose identity, volumes or claims are not those of a member of the set.
    fn enforce_invariants(&mut self, update_set: &StatefulSet, replica: &Member) -> Result<Flow, Error> {
        let claims = self.claims(update_set, replica);
        let of_set = matches!(claims, Cow::Borrowed(_));
        let retention_match = of_set && self.client.claims_are_known_to_match(replica) || {
            let found = claims_match_retention_policy(self.client, update_set, replica, &claims);
            if of_set && matches!(found, Ok(true)) {
                self.client.note_that_claims_match(replica);
            }
            // A claim that cannot be read now is looked at in a later sync.
            found.unwrap_or(true)
        };
        if !(replica.identity_matches && replica.storage_matches && retention_match) {
            update_stateful_pod(self.client, update_set, Object::clone(replica))?;
        }
        Ok(Flow::Continue)
    }

    /// The names of the claims that a version of the set gives a pod: those of the set itself, where a revision does not
    /// say otherwise.
    fn claims<'p>(&self, version: &StatefulSet, pod: &'p Member) -> Cow<'p, [String]> {
        if Arc::ptr_eq(&version.volume_claim_templates, &self.set.volume_claim_templates) {
            Cow::Borrowed(&pod.claims)
        } else {
            Cow::Owned(claim_names(version, pod.ordinal))
        }
    }

    /// Deletes one pod that the set is to lose, when its turn has come.
    // Models pkg/controller/statefulset/stateful_set_control.go processCondemned
    fn process_condemned(&mut self, condemned: &Pod, first_unavailable: Option<&Pod>) -> Result<Flow, Error> {
        let set = self.set;
        let monotonic = !set.parallel;
        let pod = || condemned.meta.name.clone();
        if is_terminating(condemned) {
            let wait = monotonic.then(|| Flow::Stop(Some(Wait::CondemnedTerminating { pod: pod() })));
            return Ok(wait.unwrap_or(Flow::Continue));
        }
        let is_first = first_unavailable.is_some_and(|first| std::ptr::eq(first, condemned));
        let blocked_by = || first_unavailable.map(|first| first.meta.name.clone()).unwrap_or_default();
        if monotonic && !is_first {
            if !condemned.is_running_and_ready() {
                return Ok(Flow::Stop(Some(Wait::CondemnedNotReady { pod: pod(), blocked_by: blocked_by() })));
            }
            if !condemned.is_available {
                return Ok(Flow::Stop(Some(Wait::CondemnedNotAvailable { pod: pod(), blocked_by: blocked_by() })));
            }
        }
        delete_stateful_pod(self.client, set, condemned)?;
        Ok(Flow::Stop(monotonic.then(|| Wait::CondemnedDeleted { pod: pod() })))
    }

    /// Deletes every pod of an older revision, and says whether all are gone.
    // Models pkg/controller/statefulset/stateful_set_control.go recreateDeleteAndWait
    fn recreate_delete_and_wait(&mut self, pods: &Pods, status: &mut StatefulSetStatus) -> Result<bool, Error> {
        let set = self.set;
        let update_revision = status.update_revision.clone();
        let all: Vec<&Pod> = pods.iter().collect();
        let is_old = |pod: &&&Pod| pod.phase != Phase::Missing && pod.revision() != update_revision;
        slow_start_batch(&all, |pod| {
            if !is_old(&pod) || is_terminating(pod) {
                return Ok(());
            }
            delete_stateful_pod(self.client, set, pod)
                .or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
        })?;
        let old = names(all.iter().filter(is_old).copied());
        if old.is_empty() {
            return Ok(true);
        }
        set_progressing_condition(status, "True", "RecreateInProgress", "Deleting old revision pods", self.now);
        self.waits.push(Wait::Recreating { pods: old });
        Ok(false)
    }

    /// Without `maxUnavailable`: deletes the pod with the highest ordinal that has not the update revision, each when
    /// those above it are available.
    fn update_one_by_one(&mut self, replicas: &[Pod], status: &mut StatefulSetStatus) -> Result<(), Error> {
        let set = self.set;
        let partition = self.partition();
        for target in replicas.iter().skip(partition).rev() {
            if target.revision() != status.update_revision && !is_terminating(target) {
                delete_stateful_pod(self.client, set, target)?;
                status.current_replicas -= 1;
                return Ok(());
            }
            if target.is_unavailable() {
                self.waits.push(Wait::Updating { pod: target.meta.name.clone() });
                return Ok(());
            }
        }
        self.wait_for_partition(replicas, status);
        Ok(())
    }

    /// With `maxUnavailable`: deletes as many pods of older revisions as may be unavailable, from the highest ordinal.
    // Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSetAfterInvariantEstablished
    fn update_after_invariant_established(
        &mut self,
        replicas: &[Pod],
        status: &mut StatefulSetStatus,
    ) -> Result<(), Error> {
        let set = self.set;
        let rolling = set.update_strategy.rolling_update.as_ref();
        let budget = match rolling {
            Some(rolling) => max_unavailable(rolling.max_unavailable.as_ref(), set.replicas).map_err(Error::text)?,
            None => 1,
        };
        let update_revision = status.update_revision.clone();
        let is_outdated = |pod: &&Pod| pod.revision() != update_revision;
        let unavailable: Vec<&Pod> = replicas.iter().filter(|pod| pod.is_unavailable()).collect();
        let needs_update = set.parallel && unavailable.iter().any(|pod| is_outdated(pod) && !is_terminating(pod));
        let unavailable_count = i32::try_from(unavailable.len()).unwrap_or(i32::MAX);
        let targets: Vec<&Pod> = replicas.iter().skip(self.partition()).rev().filter(is_outdated).collect();
        if unavailable_count >= budget && !needs_update {
            let remaining = names(targets.iter().copied().filter(|pod| !is_terminating(pod)));
            if !remaining.is_empty() {
                let unavailable = names(unavailable);
                self.waits.push(Wait::MaxUnavailable { max_unavailable: budget, unavailable, remaining });
            }
            self.wait_for_partition(replicas, status);
            return Ok(());
        }
        if set.parallel {
            for target in &targets {
                if !target.is_available && !is_terminating(target) {
                    delete_stateful_pod(self.client, set, target)?;
                    status.current_replicas -= 1;
                }
            }
        }
        let mut budget_left = budget - unavailable_count;
        for target in targets {
            if budget_left <= 0 {
                break;
            }
            let is_candidate = if set.parallel { !target.is_unavailable() } else { !is_terminating(target) };
            if is_candidate {
                delete_stateful_pod(self.client, set, target)?;
                budget_left -= 1;
                status.current_replicas -= 1;
            }
        }
        self.wait_for_partition(replicas, status);
        Ok(())
    }

    fn partition(&self) -> usize {
        let rolling = self.set.update_strategy.rolling_update.as_ref();
        rolling.and_then(|rolling| usize::try_from(rolling.partition).ok()).unwrap_or_default()
    }

    /// Notes the pods that the partition keeps at an older revision.
    fn wait_for_partition(&mut self, replicas: &[Pod], status: &StatefulSetStatus) {
        let kept = names(replicas.iter().take(self.partition()).filter(|pod| pod.revision() != status.update_revision));
        if !kept.is_empty() {
            let partition = i32::try_from(self.partition()).unwrap_or(i32::MAX);
            self.waits.push(Wait::Partition { partition, pods: kept });
        }
    }

    /// Counts the pods.
    // Models pkg/controller/statefulset/stateful_set_control.go updateStatus
    fn update_status<'p>(&self, status: &mut StatefulSetStatus, pods: impl Iterator<Item = &'p Pod>) {
        status.replicas = 0;
        status.ready_replicas = 0;
        status.available_replicas = 0;
        status.current_replicas = 0;
        status.updated_replicas = 0;
        for pod in pods {
            if pod.is_running_and_ready() {
                status.ready_replicas += 1;
                status.available_replicas += i32::from(pod.is_available);
            }
            if pod.phase != Phase::Missing {
                status.replicas += 1;
                if !is_terminating(pod) {
                    let revision = pod.revision();
                    status.current_replicas += i32::from(revision == status.current_revision);
                    status.updated_replicas += i32::from(revision == status.update_revision);
                }
            }
        }
    }

    /// Writes the status where it has changed, completing the update first where it is complete.
    // Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSetStatus
    fn update_stateful_set_status(&mut self, status: &mut StatefulSetStatus) -> Result<(), Error> {
        let set = self.set;
        complete_update(set, status, self.gates, self.now);
        if self.gates.max_unavailable_stateful_set
            && let Some(rolling) = &set.update_strategy.rolling_update
        {
            max_unavailable(rolling.max_unavailable.as_ref(), set.replicas).map_err(Error::text)?;
        }
        if inconsistent_status(set, status) {
            self.client.update_stateful_set_status(set, status)?;
        }
        Ok(())
    }

    /// Does a step for every pod: in OrderedReady one after the other until one says stop, in Parallel in batches that
    /// double, until one fails. Says whether the sync stops.
    // Models pkg/controller/statefulset/stateful_set_control.go runForAll
    fn run_for_all(
        &mut self,
        pods: &[Pod],
        mut step: impl FnMut(&mut Self, &Pod) -> Result<Flow, Error>,
    ) -> Result<bool, Error> {
        if self.set.parallel {
            slow_start_batch(pods, |pod| {
                if let Flow::Stop(Some(wait)) = step(self, pod)? {
                    self.waits.push(wait);
                }
                Ok(())
            })?;
            return Ok(false);
        }
        for pod in pods {
            if let Flow::Stop(wait) = step(self, pod)? {
                self.waits.extend(wait);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Does a step for every pod in batches of 1, 2, 4, …, at most [`MAX_BATCH_SIZE`]; after a batch with errors no other
/// begins. Upstream starts a goroutine for each step of a batch; here they follow one another, in the order in which Go
/// runs goroutines that one has just started: the last one first, then the others.
// Models pkg/controller/statefulset/stateful_set_control.go slowStartBatch
fn slow_start_batch<T>(pods: &[T], mut step: impl FnMut(&T) -> Result<(), Error>) -> Result<(), Error> {
    let mut remaining = pods;
    let mut batch_size = 1;
    while !remaining.is_empty() {
        let (batch, rest) = remaining.split_at(batch_size.min(remaining.len()));
        let (others, last) = batch.split_at(batch.len() - 1);
        let errors: Vec<Error> = last.iter().chain(others).filter_map(|pod| step(pod).err()).collect();
        if let Some(error) = Error::aggregate(errors) {
            return Err(error);
        }
        remaining = rest;
        batch_size = (batch_size * 2).min(MAX_BATCH_SIZE);
    }
    Ok(())
}

fn names<'a>(pods: impl IntoIterator<Item = &'a Pod>) -> Vec<String> {
    pods.into_iter().map(|pod| pod.meta.name.clone()).collect()
}

#[cfg(test)]
mod tests;
