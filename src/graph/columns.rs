//! The columns of a set: what belongs to each ordinal.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{ClaimView, Column, PodView, State, Timer, TimerKind, VolumeView};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Millis;
use crate::cluster::Cluster;
use crate::cluster::store::{Index, claim_key};
use crate::controllers::kubelet::Activity;
use crate::controllers::statefulset::set::StatefulSet;
use crate::controllers::statefulset::stateful_set::MAX_REPLICAS;
use crate::controllers::statefulset::stateful_set_utils::{
    is_pod_ready, is_running_and_available, is_terminal_phase, parent_name_and_ordinal, persistent_volume_claim_name,
    pod_revision, ready_since,
};
use crate::dns::{self, Names};
use crate::kubectl::printers;

/// A claim and its volume, as they are stored.
type Stored = (Option<Arc<Object>>, Option<Arc<Object>>);

/// The columns of a set, with the stored versions that they were made of. A column is made anew where one of them has
/// changed, or what passes with time.
#[derive(Debug, Default)]
pub(super) struct Columns {
    set: Option<Arc<Object>>,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    pod: Option<Arc<Object>>,
    /// The claims, each with its volume.
    storage: Vec<Stored>,
    /// What the pod's kubelet is doing that takes time.
    progress: Option<Timer>,
    column: Arc<Column>,
}

impl Columns {
    /// The pods and claims that stand in them.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        let claims = self.known.iter().flat_map(|known| &known.storage).filter_map(|(claim, _)| claim.as_ref());
        claims.chain(self.known.iter().filter_map(|known| known.pod.as_ref()))
    }

    /// The columns as they are now.
    pub fn follow(
        &mut self,
        cluster: &Cluster,
        object: &Arc<Object>,
        set: &StatefulSet,
        names: &Names,
    ) -> Arc<Vec<Arc<Column>>> {
        let is_same = self.set.as_ref().is_some_and(|known| {
            Arc::ptr_eq(&known.spec, &object.spec)
                && known.meta.uid == object.meta.uid
                && known.status.text("updateRevision") == object.status.text("updateRevision")
        });
        self.set = Some(Arc::clone(object));
        let mut before = std::mem::take(&mut self.known).into_iter().filter(|_| is_same).peekable();
        let wanted = set.start_ordinal..set.start_ordinal.saturating_add(set.replicas.min(MAX_REPLICAS));
        let mut columns = Vec::new();
        for ordinal in ordinals(cluster, set, wanted.clone()) {
            while before.next_if(|known| known.column.ordinal < ordinal).is_some() {}
            let known = before.next_if(|known| known.column.ordinal == ordinal);
            let known = Known::follow(known, cluster, set, names, ordinal, wanted.contains(&ordinal));
            columns.push(Arc::clone(&known.column));
            self.known.push(known);
        }
        Arc::new(columns)
    }
}

impl Known {
    fn follow(
        known: Option<Known>,
        cluster: &Cluster,
        set: &StatefulSet,
        names: &Names,
        ordinal: i32,
        wanted: bool,
    ) -> Known {
        // What objects are called depends on the set alone.
        let (pod_ref, claim_refs) = match &known {
            Some(known) => {
                let claims = known.column.claims.iter().map(|claim| claim.reference.clone());
                (known.column.pod_ref.clone(), claims.collect())
            }
            None => references(set, ordinal),
        };
        let pod = cluster.store().find(&pod_ref);
        let stored = claim_refs.iter().map(|claim| {
            let claim = cluster.store().find(claim);
            (claim.cloned(), claim.and_then(|claim| volume_of(cluster, claim)).cloned())
        });
        let storage: Vec<_> = stored.collect();
        let progress = progress(cluster, &pod_ref);
        let former = cluster.controllers.kubelet.former_address(&pod_ref);
        let address = names.lookup(&pod_ref.name, pod.map(|pod| &**pod));
        if let Some(known) = known {
            let column = &known.column;
            let is_same = column.wanted == wanted
                && is_same_version(known.pod.as_ref(), pod)
                && known.storage.iter().zip(&storage).all(|(old, new)| {
                    is_same_version(old.0.as_ref(), new.0.as_ref()) && is_same_version(old.1.as_ref(), new.1.as_ref())
                })
                && known.progress == progress
                && column.former_address.as_deref() == former
                && column.address.as_deref() == address.as_deref()
                // Without a time to wait for, a pod that is ready is available.
                && (set.min_ready_seconds == 0 || pod.is_none_or(|pod| {
                    column.pod.as_ref().is_some_and(|view| view.available == is_available(cluster, set.min_ready_seconds, pod))
                }));
            if is_same {
                return known;
            }
        }
        let claims = claim_refs
            .into_iter()
            .zip(&storage)
            .map(|(reference, (claim, volume))| claim_view(reference, claim.as_ref(), volume.as_ref()));
        let column = Column {
            ordinal,
            wanted,
            claims: claims.collect(),
            pod: pod.map(|pod| pod_view(cluster, Some(set), pod)),
            dns_name: dns::pod_name(&pod_ref.name, &set.service_name, &set.meta.namespace),
            address: address.map(str::to_owned),
            former_address: former.map(str::to_owned),
            pod_ref,
        };
        Known { pod: pod.cloned(), storage, progress, column: Arc::new(column) }
    }
}

fn is_same_version(old: Option<&Arc<Object>>, new: Option<&Arc<Object>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => Arc::ptr_eq(old, new),
        (None, None) => true,
        _ => false,
    }
}

/// What the pod and the claims of an ordinal are called.
fn references(set: &StatefulSet, ordinal: i32) -> (ObjectRef, Vec<ObjectRef>) {
    let namespace = set.meta.namespace.as_str();
    let claims = set.volume_claim_templates.iter().map(|template| {
        let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
        ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name)
    });
    (ObjectRef::new(Kind::Pod, namespace, format!("{}-{ordinal}", set.meta.name)), claims.collect())
}

/// What follows the last dash of a revision's name.
pub(super) fn hash_of(revision: &str) -> String {
    revision.rsplit('-').next().unwrap_or_default().to_owned()
}

/// The ordinals that have, or are to have, anything.
fn ordinals(cluster: &Cluster, set: &StatefulSet, wanted: std::ops::Range<i32>) -> BTreeSet<i32> {
    let store = cluster.store();
    let mut ordinals: BTreeSet<i32> = wanted.collect();
    for pod in store.indexed(Index::Owner, &set.meta.uid).filter(|object| object.kind == Kind::Pod) {
        ordinals.insert(parent_name_and_ordinal(&pod.meta.name).1);
    }
    let templates: Vec<&str> = set.volume_claim_templates.iter().map(|t| t.meta.name.as_str()).collect();
    for claim in store.list_in(Kind::PersistentVolumeClaim, &set.meta.namespace) {
        let (parent, ordinal) = parent_name_and_ordinal(&claim.meta.name);
        let template = parent.strip_suffix(set.meta.name.as_str()).and_then(|rest| rest.strip_suffix('-'));
        if template.is_some_and(|template| templates.contains(&template)) {
            ordinals.insert(ordinal);
        }
    }
    ordinals.retain(|ordinal| *ordinal >= 0);
    ordinals
}

/// A pod; of a set, where it belongs to one.
#[inline(never)]
pub(super) fn pod_view(cluster: &Cluster, set: Option<&StatefulSet>, pod: &Object) -> PodView {
    let row = printers::pod::row(pod);
    let reference = pod.object_ref();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let revision = pod_revision(pod);
    let min_ready_seconds = set.map_or(0, |set| set.min_ready_seconds);
    let available = is_available(cluster, min_ready_seconds, pod);
    PodView {
        uid: pod.meta.uid.clone(),
        ended: is_terminal_phase(pod),
        state: pod_state(pod, &row.status),
        ready: (row.ready, row.total),
        restarts: row.restarts,
        node: text(pod.spec.text("nodeName")),
        address: text(pod.status.text("podIP")),
        revision: hash_of(revision),
        outdated: set.is_some_and(|set| revision != set.status.update_revision),
        images: pod.spec.list("containers").iter().map(|c| c.text("image").to_owned()).collect(),
        available,
        timer: timer(cluster, pod, &reference, (!available).then_some(min_ready_seconds)),
        status: row.status,
        reference,
    }
}

fn is_available(cluster: &Cluster, min_ready_seconds: i32, pod: &Object) -> bool {
    is_running_and_available(pod, min_ready_seconds, cluster.now()) && !pod.meta.is_terminating()
}

/// What a pod's kubelet is doing that takes time.
fn progress(cluster: &Cluster, pod: &ObjectRef) -> Option<Timer> {
    let progress = cluster.controllers.kubelet.progress(pod)?;
    let what = match progress.what {
        Activity::Pulling => TimerKind::Pulling,
        Activity::Starting => TimerKind::Starting,
        Activity::BackOff => TimerKind::BackOff,
        Activity::Stopping => TimerKind::Stopping,
    };
    Some(Timer { what, since: progress.since, until: progress.until })
}

/// What takes time in a pod; `min_ready` is how many seconds it has to be ready, where it is not available yet.
fn timer(cluster: &Cluster, pod: &Object, reference: &ObjectRef, min_ready: Option<i32>) -> Option<Timer> {
    progress(cluster, reference).or_else(|| {
        let since = ready_since(pod).filter(|_| !pod.meta.is_terminating())?.instant();
        let until = |seconds: i32| since + Millis::from_secs(seconds.into());
        min_ready.map(|seconds| Timer { what: TimerKind::MinReady, since, until: until(seconds) })
    })
}

fn pod_state(pod: &Object, status: &str) -> State {
    match status {
        "Unknown" => State::Unknown,
        _ if pod.meta.is_terminating() => State::Terminating,
        _ if is_pod_ready(pod) => State::Ready,
        "Pending" => State::Pending,
        "ContainerCreating" | "PodInitializing" => State::Starting,
        "Running" | "NotReady" => State::NotReady,
        status if status.starts_with("Init:") && !status.contains("rror") && !status.contains("BackOff") => {
            State::Starting
        }
        _ => State::Failed,
    }
}

/// The volume of a claim.
pub(super) fn volume_of<'a>(cluster: &'a Cluster, claim: &Object) -> Option<&'a Arc<Object>> {
    let store = cluster.store();
    store.get(Kind::PersistentVolume, "", claim.spec.text("volumeName")).or_else(|| {
        // A volume that has just been made is the claim's before the claim says so.
        let key = claim_key(&claim.meta.namespace, &claim.meta.name);
        let mut volumes = store.indexed(Index::ClaimOfVolume, &key);
        let found = volumes.find(|volume| volume.spec.field("claimRef").text("uid") == claim.meta.uid);
        found.and_then(|volume| store.get(Kind::PersistentVolume, "", &volume.meta.name))
    })
}

/// A claim, which need not be there.
#[inline(never)]
pub(super) fn claim_view(reference: ObjectRef, claim: Option<&Arc<Object>>, volume: Option<&Arc<Object>>) -> ClaimView {
    let Some(claim) = claim else {
        return ClaimView {
            reference,
            state: State::Absent,
            phase: String::new(),
            storage: String::new(),
            class: String::new(),
            volume: None,
        };
    };
    let phase = claim.status.text("phase");
    let granted = claim.status.field("capacity").text("storage");
    let requested = claim.spec.field("resources").field("requests").text("storage");
    ClaimView {
        state: storage_state(claim, phase),
        phase: phase_of(claim, phase),
        storage: if granted.is_empty() { requested } else { granted }.to_owned(),
        class: claim.spec.text("storageClassName").to_owned(),
        volume: volume.map(|volume| volume_view(volume)),
        reference,
    }
}

fn volume_view(volume: &Object) -> VolumeView {
    let phase = volume.status.text("phase");
    VolumeView {
        reference: volume.object_ref(),
        state: storage_state(volume, phase),
        phase: phase_of(volume, phase),
        capacity: volume.spec.field("capacity").text("storage").to_owned(),
        reclaim_policy: volume.spec.text("persistentVolumeReclaimPolicy").to_owned(),
    }
}

fn phase_of(object: &Object, phase: &str) -> String {
    if object.meta.is_terminating() { "Terminating".to_owned() } else { phase.to_owned() }
}

fn storage_state(object: &Object, phase: &str) -> State {
    match phase {
        _ if object.meta.is_terminating() => State::Terminating,
        "Bound" => State::Ready,
        "Lost" | "Failed" => State::Failed,
        "Released" => State::NotReady,
        _ => State::Pending,
    }
}

#[cfg(test)]
mod tests {
    use crate::api::time::Millis;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::graph::build::{Memory, build};
    use crate::timeline::Timeline;

    #[test]
    fn what_is_kept_is_as_if_it_were_made_anew() {
        let web =
            include_str!("../../scenarios/web.yaml").replace("  replicas: 2", "  replicas: 3\n  minReadySeconds: 4");
        let line = |line: &str| Command::Run { terminal: 0, line: format!("kubectl {line} -n julin") };
        let mut timeline = Timeline::new(Config::default());
        let mut memory = Memory::default();
        let mut kept = 0;
        let mut go = |timeline: &mut Timeline, command: Command, span: i64| {
            timeline.dispatch(command);
            for _ in 0..span / 300 {
                let before = memory.build(timeline.cluster());
                timeline.advance(Millis(300));
                let after = memory.build(timeline.cluster());
                assert_eq!(after, build(timeline.cluster()));
                let columns = |graph: &crate::graph::model::Graph| graph.sets.first().map(|set| set.columns.to_vec());
                let pairs = columns(&before).into_iter().flatten().zip(columns(&after).into_iter().flatten());
                kept += pairs.filter(|(before, after)| std::sync::Arc::ptr_eq(before, after)).count();
            }
        };
        go(&mut timeline, Command::Apply { manifest: web.clone() }, 30_000);
        go(&mut timeline, line("set image sts/web nginx=nginx:1.29"), 20_000);
        go(&mut timeline, line("delete service nginx"), 3000);
        go(&mut timeline, line("delete pvc www-web-1 --wait=false"), 3000);
        go(&mut timeline, line("delete pod web-1 --wait=false"), 9000);
        go(&mut timeline, Command::Apply { manifest: web }, 9000);
        go(&mut timeline, line("scale sts web --replicas=1"), 9000);
        go(&mut timeline, line("delete sts web --cascade=orphan"), 3000);
        assert!(kept > 300, "{kept} columns were kept");
        let places: Vec<_> = timeline.marks().iter().map(|mark| mark.place).collect();
        for number in 0..200 {
            timeline.seek(places[number * 137 % places.len()]);
            assert_eq!(memory.build(timeline.cluster()), build(timeline.cluster()));
        }
    }
}
