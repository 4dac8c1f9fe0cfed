//! The shell around the decision: who is synced when, which pods and revisions are the set's, and what follows an error.
//!
//! Follows `pkg/controller/statefulset/stateful_set.go` of Kubernetes v1.37.2, Apache-2.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::client::{Client, EventType};
use super::error::Error;
use super::member::Member;
use super::retry;
use super::set::{StatefulSet, StatefulSetStatus};
use super::stateful_set_control::update_members;
use super::stateful_set_utils::{is_member_of, is_pod_ready, ordinal};
use super::wait::Wait;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::status::{Reason, Status};
use crate::api::time::{Instant, Millis};
use crate::cluster::actor::Actor;
use crate::cluster::memo::ByVersion;
use crate::cluster::{Cluster, DeleteOptions, WatchEvent, timing};

/// The most replicas that are simulated. More are valid to Kubernetes, and would be valid to nobody who has to look at
/// them.
pub const MAX_REPLICAS: i32 = 10_000;

/// What the controller remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// How often a set's sync has failed in a row.
    failures: BTreeMap<ObjectRef, u32>,
    /// Why the last sync of a set stopped where it stopped.
    waits: BTreeMap<ObjectRef, Vec<Wait>>,
    /// The sets as they were read last, each with what is known of the pods around it.
    known: BTreeMap<ObjectRef, Known>,
}

/// A set as it was read last, and the pods of its namespace as that set looks at them.
#[derive(Clone, Debug)]
struct Known {
    set: Arc<StatefulSet>,
    pods: ByVersion<Claim>,
    /// The versions of pods whose claims were found to have the owners that they should have, by ordinal.
    matching: Matching,
}

type Matching = BTreeMap<i32, Arc<Object>>;

/// Whose a pod is, as its stored version and the set's specification say.
#[derive(Clone, Debug)]
enum Claim {
    /// Another controller's.
    Foreign,
    /// The set's.
    Owned(Arc<Member>),
    /// To be adopted or released, or to be left alone.
    Unclear,
}

impl State {
    /// Why the last sync of a set stopped where it stopped.
    pub fn waits(&self, set: &ObjectRef) -> &[Wait] {
        self.waits.get(set).map_or(&[], Vec::as_slice)
    }
}

const ACTOR: Actor = Actor::StatefulSetController;

/// Has the sets looked at that a write concerns.
pub(crate) fn observe(cluster: &mut Cluster, event: &WatchEvent) {
    let object = event.object();
    match object.kind {
        Kind::StatefulSet => cluster.enqueue(ACTOR, object.object_ref(), timing::STATEFULSET_WATCH),
        Kind::Pod => match (&event.old, &event.new) {
            (None, Some(pod)) => add_pod(cluster, pod),
            (Some(old), Some(new)) => update_pod(cluster, old, new),
            (Some(old), None) => delete_pod(cluster, old),
            (None, None) => {}
        },
        Kind::PersistentVolumeClaim => {
            for (set, known) in &mut cluster.controllers.statefulset.known {
                if set.namespace == object.meta.namespace {
                    forget_claim(&mut known.matching, object);
                }
            }
        }
        _ => {}
    }
}

/// What is known of the claims of an ordinal is to be found out again.
fn forget_claim(matching: &mut Matching, claim: &Object) {
    matching.remove(&ordinal(claim));
}

/// Has every set looked at, though nothing happened to it: what informers do now and then.
// Models k8s.io/client-go/tools/cache/shared_informer.go sharedIndexInformer resync
pub fn resync(cluster: &mut Cluster) {
    let sets: Vec<ObjectRef> = cluster.store().list(Kind::StatefulSet).map(|set| set.object_ref()).collect();
    for set in sets {
        cluster.enqueue(ACTOR, set, timing::STATEFULSET_WATCH);
    }
}

// Models pkg/controller/statefulset/stateful_set.go addPod
fn add_pod(cluster: &mut Cluster, pod: &Object) {
    match pod.meta.controller_of() {
        Some(owner) => enqueue_owner(cluster, &pod.meta.namespace, owner),
        // Nobody adopts a pod that is going.
        None if pod.meta.is_terminating() => {}
        None => enqueue_matching(cluster, pod),
    }
}

// Models pkg/controller/statefulset/stateful_set.go updatePod
fn update_pod(cluster: &mut Cluster, old: &Object, new: &Object) {
    let (old_owner, new_owner) = (old.meta.controller_of(), new.meta.controller_of());
    let owner_changed = old_owner != new_owner;
    if owner_changed && let Some(owner) = old_owner {
        enqueue_owner(cluster, &old.meta.namespace, owner);
    }
    match new_owner {
        Some(owner) => {
            enqueue_owner(cluster, &new.meta.namespace, owner);
            if !is_pod_ready(old)
                && is_pod_ready(new)
                && let Some(set) = resolve_controller_ref(cluster, &new.meta.namespace, owner)
            {
                let seconds = set.spec.int("minReadySeconds").unwrap_or_default();
                if seconds > 0 {
                    cluster.enqueue_after(ACTOR, set.object_ref(), Millis::from_secs(seconds));
                }
            }
        }
        None if owner_changed || old.meta.labels != new.meta.labels => enqueue_matching(cluster, new),
        None => {}
    }
}

// Models pkg/controller/statefulset/stateful_set.go deletePod
fn delete_pod(cluster: &mut Cluster, pod: &Object) {
    if let Some(owner) = pod.meta.controller_of() {
        enqueue_owner(cluster, &pod.meta.namespace, owner);
    }
}

fn enqueue_owner(cluster: &mut Cluster, namespace: &str, owner: &OwnerReference) {
    if let Some(set) = resolve_controller_ref(cluster, namespace, owner) {
        cluster.enqueue(ACTOR, set.object_ref(), timing::STATEFULSET_WATCH);
    }
}

/// Has every set looked at whose selector catches an orphan. An orphan without labels is nobody's, even where a selector
/// asks for labels to be absent.
// Models pkg/controller/statefulset/stateful_set.go getStatefulSetsForPod
// Models k8s.io/client-go/listers/apps/v1/statefulset_expansion.go GetPodStatefulSets
fn enqueue_matching(cluster: &mut Cluster, pod: &Object) {
    if pod.meta.labels.is_empty() {
        return;
    }
    let matching: Vec<ObjectRef> = cluster
        .store()
        .list_in(Kind::StatefulSet, &pod.meta.namespace)
        .filter(|set| {
            Selector::of_value(set.spec.field("selector"))
                .is_some_and(|selector| !selector.requirements.is_empty() && selector.matches(&pod.meta.labels))
        })
        .map(|set| set.object_ref())
        .collect();
    for set in matching {
        cluster.enqueue(ACTOR, set, timing::STATEFULSET_WATCH);
    }
}

/// The set that an owner reference means: of its name and its uid.
// Models pkg/controller/statefulset/stateful_set.go resolveControllerRef
fn resolve_controller_ref(cluster: &Cluster, namespace: &str, owner: &OwnerReference) -> Option<Arc<Object>> {
    if owner.kind != Kind::StatefulSet.name() {
        return None;
    }
    cluster.get(Kind::StatefulSet, namespace, &owner.name).filter(|set| set.meta.uid == owner.uid)
}

/// Syncs a set, and has it synced again after an error, each time later.
// Models pkg/controller/statefulset/stateful_set.go processNextWorkItem
pub(crate) fn sync(cluster: &mut Cluster, reference: &ObjectRef) {
    let Some(object) = cluster.store().find(reference).cloned() else {
        let State { failures, waits, known } = &mut cluster.controllers.statefulset;
        failures.remove(reference);
        waits.remove(reference);
        known.remove(reference);
        return;
    };
    let (waits, result) = sync_object(cluster, &object);
    cluster.controllers.statefulset.waits.insert(reference.clone(), waits);
    let failures = &mut cluster.controllers.statefulset.failures;
    match result {
        Ok(()) => {
            failures.remove(reference);
        }
        Err(_) => {
            let count = failures.entry(reference.clone()).or_default();
            let delay = Millis(timing::RETRY.0 << (*count).min(30)).min(timing::MAX_RETRY);
            *count += 1;
            cluster.enqueue_after(ACTOR, reference.clone(), delay);
        }
    }
}

// Models pkg/controller/statefulset/stateful_set.go sync
fn sync_object(cluster: &mut Cluster, object: &Object) -> (Vec<Wait>, Result<(), Error>) {
    let reference = object.object_ref();
    let known = cluster.controllers.statefulset.known.remove(&reference);
    // What is known of the pods holds for one specification of one set.
    let known =
        known.filter(|known| known.set.meta.uid == object.meta.uid && Arc::ptr_eq(&known.set.spec, &object.spec));
    let mut known = match known {
        Some(mut known) => {
            Arc::make_mut(&mut known.set).read_again(object);
            known
        }
        None => Known { set: Arc::new(StatefulSet::of(object)), pods: ByVersion::default(), matching: Matching::new() },
    };
    let set = Arc::clone(&known.set);
    let outcome = sync_known(cluster, &set, &mut known);
    cluster.controllers.statefulset.known.insert(reference, known);
    outcome
}

fn sync_known(cluster: &mut Cluster, set: &StatefulSet, known: &mut Known) -> (Vec<Wait>, Result<(), Error>) {
    if set.replicas > MAX_REPLICAS {
        let wait = Wait::TooManyReplicas { replicas: set.replicas, simulated: MAX_REPLICAS };
        return (vec![wait], Ok(()));
    }
    let failed = |error: Error| (error.waits(), Err(error));
    // A selector that cannot be read is no passing error: upstream does not try again.
    let Some(selector) = set.selector.clone() else {
        return (Vec::new(), Ok(()));
    };
    if let Err(error) = adopt_orphan_revisions(cluster, set) {
        return failed(error);
    }
    let pods = match pods_for_stateful_set(cluster, set, &selector, &mut known.pods) {
        Ok(pods) => pods,
        Err(error) => return failed(error),
    };
    sync_stateful_set(cluster, set, &pods, &mut known.matching)
}

// Models pkg/controller/statefulset/stateful_set.go syncStatefulSet
fn sync_stateful_set(
    cluster: &mut Cluster,
    set: &StatefulSet,
    pods: &[Arc<Member>],
    matching: &mut Matching,
) -> (Vec<Wait>, Result<(), Error>) {
    let now = cluster.now();
    let gates = cluster.config().feature_gates.clone();
    let outcome = update_members(&mut ClusterClient { cluster, matching }, set, pods, &gates, now);
    if let Some(error) = outcome.error {
        return (outcome.waits, Err(error));
    }
    let waiting = outcome.status.as_ref().is_some_and(|status| status.ready_replicas != status.available_replicas);
    if set.min_ready_seconds > 0 && waiting {
        let fallback = Millis::from_secs(set.min_ready_seconds.into());
        let delay = next_availability_check(pods, set.min_ready_seconds, now).unwrap_or(fallback);
        let set = ObjectRef::new(Kind::StatefulSet, set.meta.namespace.as_str(), set.meta.name.as_str());
        cluster.enqueue_after(ACTOR, set, delay);
    }
    (outcome.waits, Ok(()))
}

/// How long until the next ready pod becomes available.
// Models pkg/controller/controller_utils.go FindMinNextPodAvailabilityCheck
fn next_availability_check(pods: &[Arc<Member>], min_ready_seconds: i32, now: Instant) -> Option<Millis> {
    pods.iter()
        .filter_map(|pod| pod.ready_since)
        .map(|since| (since + Millis::from_secs(min_ready_seconds.into())).since(now))
        .filter(|left| left.0 > 0)
        .min()
}

/// Makes revisions the set's own that its selector catches and that nobody owns.
// Models pkg/controller/statefulset/stateful_set.go adoptOrphanRevisions
fn adopt_orphan_revisions(cluster: &mut Cluster, set: &StatefulSet) -> Result<(), Error> {
    let revisions = revisions_of(cluster, set);
    for revision in revisions.into_iter().filter(|revision| revision.meta.controller_of().is_none()) {
        can_adopt(cluster, set).map_err(|why| Error::text(format!("can't adopt ControllerRevisions: {why}")))?;
        adopt(cluster, set, &revision)?;
    }
    Ok(())
}

/// Whether the set is still the one that was listed, and not going: read anew before the first adoption.
// Models pkg/controller/statefulset/stateful_set.go canAdoptFunc
// Models pkg/controller/controller_ref_manager.go RecheckDeletionTimestamp
fn can_adopt(cluster: &Cluster, set: &StatefulSet) -> Result<(), String> {
    let ObjectMeta { namespace, name, uid, .. } = &set.meta;
    let recheck = |why: String| format!("can't recheck DeletionTimestamp: {why}");
    let fresh = cluster
        .get(Kind::StatefulSet, namespace, name)
        .ok_or_else(|| recheck(Status::not_found(Kind::StatefulSet, name).message))?;
    if fresh.meta.uid != *uid {
        let got = &fresh.meta.uid;
        return Err(recheck(format!("original StatefulSet {namespace}/{name} is gone: got uid {got}, wanted {uid}")));
    }
    match fresh.meta.deletion_timestamp {
        Some(time) => {
            let printed = time.to_string().replace('T', " ").replace('Z', " +0000 UTC");
            Err(format!("{namespace}/{name} has just been deleted at {printed}"))
        }
        None => Ok(()),
    }
}

/// The pods that the set manages: orphans that fit are adopted, pods that no longer fit are released.
// Models pkg/controller/statefulset/stateful_set.go getPodsForStatefulSet
// Models pkg/controller/controller_ref_manager.go ClaimObject
fn pods_for_stateful_set(
    cluster: &mut Cluster,
    set: &StatefulSet,
    selector: &Selector,
    known: &mut ByVersion<Claim>,
) -> Result<Vec<Arc<Member>>, Error> {
    let pods = cluster.store().list_in(Kind::Pod, &set.meta.namespace);
    let pods = known.renew(pods, false, |pod, _| {
        let ours = |owner: &OwnerReference| {
            owner.uid == set.meta.uid && owner.name == set.meta.name && owner.kind == Kind::StatefulSet.name()
        };
        match pod.meta.controller_of() {
            Some(owner) if !ours(owner) => Claim::Foreign,
            Some(_) if selector.matches(&pod.meta.labels) && is_member_of(set, pod) => {
                Claim::Owned(Arc::new(Member::of(set, Arc::clone(pod))))
            }
            _ => Claim::Unclear,
        }
    });
    let mut claimed = Vec::with_capacity(pods.len());
    let mut errors = Vec::new();
    for (pod, claim) in pods.iter() {
        match claim {
            Claim::Foreign => continue,
            Claim::Owned(member) => {
                claimed.push(Arc::clone(member));
                continue;
            }
            Claim::Unclear => {}
        }
        let fits = selector.matches(&pod.meta.labels) && is_member_of(set, pod);
        let owned = pod.meta.controller_of().is_some();
        if set.meta.is_terminating() || (!owned && (!fits || pod.meta.is_terminating())) {
            // A set that is going changes no owners, and a pod that is going gets none.
        } else if owned {
            errors.extend(release_pod(cluster, set, pod).err());
        } else {
            match adopt_pod(cluster, set, pod) {
                Ok(()) => claimed.push(Arc::new(Member::of(set, Arc::clone(pod)))),
                // The pod is gone meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => errors.push(error),
            }
        }
    }
    Error::aggregate(errors).map_or(Ok(claimed), Err)
}

// Models pkg/controller/controller_ref_manager.go AdoptPod
fn adopt_pod(cluster: &mut Cluster, set: &StatefulSet, pod: &Object) -> Result<(), Error> {
    can_adopt(cluster, set).map_err(|why| {
        let ObjectMeta { namespace, name, uid, .. } = &pod.meta;
        Error::text(format!("can't adopt Pod {namespace}/{name} ({uid}): {why}"))
    })?;
    adopt(cluster, set, pod)
}

/// Makes the set the object's managing owner. Where it is an owner already, it becomes the managing one.
// Models pkg/controller/controller_ref_manager.go ownerRefControllerPatch
fn adopt(cluster: &mut Cluster, set: &StatefulSet, object: &Object) -> Result<(), Error> {
    let mut object = object.clone();
    let owner = OwnerReference::controller(Kind::StatefulSet, &set.meta);
    match object.meta.owner_references.iter_mut().find(|known| known.uid == owner.uid) {
        Some(known) => *known = owner,
        None => object.meta.owner_references.push(owner),
    }
    cluster.update_object(ACTOR, object)?;
    Ok(())
}

/// Takes the set out of the pod's owners. A pod that is gone meanwhile, or another one now, is as good as released.
// Models pkg/controller/controller_ref_manager.go ReleasePod
fn release_pod(cluster: &mut Cluster, set: &StatefulSet, pod: &Object) -> Result<(), Error> {
    let mut pod = pod.clone();
    pod.meta.owner_references.retain(|owner| owner.uid != set.meta.uid);
    match cluster.update_object(ACTOR, pod) {
        Err(status) if !matches!(status.reason, Reason::NotFound | Reason::Invalid) => Err(status.into()),
        _ => Ok(()),
    }
}

/// The revisions that a set's selector catches and that no other controller owns.
fn revisions_of(cluster: &Cluster, set: &StatefulSet) -> Vec<Arc<Object>> {
    let Some(selector) = &set.selector else {
        return Vec::new();
    };
    let revisions = cluster.store().list_in(Kind::ControllerRevision, &set.meta.namespace);
    let is_own = |revision: &&Arc<Object>| {
        selector.matches(&revision.meta.labels)
            && revision.meta.controller_of().is_none_or(|owner| owner.uid == set.meta.uid)
    };
    revisions.filter(is_own).cloned().collect()
}

/// The cluster as the controller's client.
struct ClusterClient<'a> {
    cluster: &'a mut Cluster,
    matching: &'a mut Matching,
}

impl ClusterClient<'_> {
    fn read(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.cluster.get(kind, namespace, name).ok_or_else(|| Status::not_found(kind, name))
    }
}

impl Client for ClusterClient<'_> {
    fn create_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.cluster.create_object(ACTOR, pod).map(drop)
    }

    fn get_pod(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.read(Kind::Pod, namespace, name)
    }

    fn update_pod(&mut self, pod: Object) -> Result<(), Status> {
        self.cluster.update_object(ACTOR, pod).map(drop)
    }

    fn delete_pod(&mut self, pod: &Object) -> Result<(), Status> {
        self.cluster.delete(ACTOR, &pod.object_ref(), &DeleteOptions::default())
    }

    fn create_claim(&mut self, claim: Object) -> Result<(), Status> {
        forget_claim(self.matching, &claim);
        self.cluster.create_object(ACTOR, claim).map(drop)
    }

    fn get_claim(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.read(Kind::PersistentVolumeClaim, namespace, name)
    }

    fn update_claim(&mut self, claim: Object) -> Result<(), Status> {
        forget_claim(self.matching, &claim);
        self.cluster.update_object(ACTOR, claim).map(drop)
    }

    fn claims_are_known_to_match(&self, pod: &Member) -> bool {
        self.matching.get(&pod.ordinal).is_some_and(|known| Arc::ptr_eq(known, pod.object()))
    }

    fn note_that_claims_match(&mut self, pod: &Member) {
        self.matching.insert(pod.ordinal, Arc::clone(pod.object()));
    }

    fn update_stateful_set_status(&mut self, set: &StatefulSet, status: &StatefulSetStatus) -> Result<(), Status> {
        let status = Arc::new(status.to_value());
        retry::on_conflict_at_most(retry::STATUS_STEPS, || {
            let fresh = self.read(Kind::StatefulSet, &set.meta.namespace, &set.meta.name)?;
            let object = Object { status: Arc::clone(&status), ..Object::clone(&fresh) };
            self.cluster.update_object_status(ACTOR, object).map(drop)
        })
    }

    fn list_controller_revisions(&self, set: &StatefulSet) -> Vec<Arc<Object>> {
        revisions_of(self.cluster, set)
    }

    fn create_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.cluster.create_object(ACTOR, revision)
    }

    fn get_controller_revision(&self, namespace: &str, name: &str) -> Result<Arc<Object>, Status> {
        self.read(Kind::ControllerRevision, namespace, name)
    }

    fn update_controller_revision(&mut self, revision: Object) -> Result<Arc<Object>, Status> {
        self.cluster.update_object(ACTOR, revision)
    }

    fn delete_controller_revision(&mut self, revision: &Object) -> Result<(), Status> {
        self.cluster.delete(ACTOR, &revision.object_ref(), &DeleteOptions::default())
    }

    fn event(&mut self, set: &StatefulSet, ty: EventType, reason: &str, message: String) {
        let about = Object::new(Kind::StatefulSet, set.meta.clone());
        self.cluster.record_event(ACTOR, &about, ty == EventType::Warning, reason, &message);
    }
}

#[cfg(test)]
mod tests;
