//! Why something stands still: what the controllers, the scheduler and the kubelets wait for, as data.
//!
//! Where one of them stops and waits, it notes which rule stopped it and which objects that is about. A note stays until
//! the same component has looked at the object again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::statefulset::wait::Wait;
use crate::api::meta::ObjectRef;
use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::cluster::shared_map::SharedMap;

/// Why an object stands still. Pods and claims are named; they are in the object's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// A StatefulSet's controller waits.
    StatefulSet(Wait),

    /// Claim: it names no class, there is no default class, and no volume fits.
    NoStorageClass,
    /// Claim: there is no class of this name.
    StorageClassMissing {
        /// The class.
        class: String,
    },
    /// Claim: its class has no provisioner, and no volume that is there fits.
    NoVolumeFits {
        /// The class.
        class: String,
        /// The volumes that are not taken, each with what is wrong with it.
        refused: Vec<(String, VolumeMismatch)>,
    },
    /// Claim: its class binds when a pod that uses the claim is scheduled, and there is none.
    WaitForFirstConsumer {
        /// The class.
        class: String,
    },
    /// Claim: the same, and these pods wait for a node.
    WaitForPodScheduled {
        /// The pods.
        pods: Vec<String>,
    },
    /// Claim: the provisioner has been asked for a volume.
    WaitForProvisioner {
        /// The provisioner.
        provisioner: String,
        /// Whether it does not run.
        down: bool,
    },
    /// Claim: the volume that it asks for by name is not there.
    VolumeMissing {
        /// The volume.
        volume: String,
    },
    /// Claim: the volume that it asks for by name does not suit it.
    VolumeMismatch {
        /// The volume.
        volume: String,
        /// What is wrong with it.
        why: VolumeMismatch,
    },
    /// Claim: the volume that it asks for by name belongs to another claim.
    VolumeTaken {
        /// The volume.
        volume: String,
        /// The other claim, as `namespace/name`.
        claim: String,
    },
    /// Claim: its volume is gone, or is not its own any more.
    ClaimLost {
        /// The volume.
        volume: String,
    },
    /// Claim: it is to grow, and the driver is at work.
    Resizing {
        /// How large it is now.
        from: String,
        /// How large it shall be.
        to: String,
        /// Whether only the file system on the node is left to do.
        on_node: bool,
    },
    /// Claim: it is deleted, and stays while pods use it.
    ClaimInUse {
        /// The pods.
        pods: Vec<String>,
    },
    /// Volume: it is deleted, and stays while it is bound.
    VolumeInUse {
        /// The claim, as `namespace/name`.
        claim: String,
    },
    /// Volume: its claim is gone, and it is kept with its data until somebody decides (`Retain`).
    VolumeRetained {
        /// The claim, as `namespace/name`.
        claim: String,
    },

    /// Pod: it is not to be scheduled before these gates are removed.
    SchedulingGated {
        /// The gates.
        gates: Vec<String>,
    },
    /// Pod: a claim keeps it from every node.
    ClaimNotUsable {
        /// The claim.
        claim: String,
        /// What is the matter with it.
        why: ClaimTrouble,
    },
    /// Pod: no node suits it. What concerns the pod alone comes with no node.
    Unschedulable {
        /// Upstream's sentence.
        message: String,
        /// Why, with the nodes that say so.
        refusals: Vec<Refusal>,
    },
    /// Pod: it waits for its volumes to be bound.
    BindingVolumes {
        /// The claims that are not bound.
        claims: Vec<String>,
        /// The node that was chosen.
        node: String,
    },
    /// Pod: its node is not ready, so nothing happens in it.
    NodeLost {
        /// The node.
        node: String,
    },
    /// Pod: its volumes are being attached and mounted.
    SettingUp,
    /// Pod: config maps or secrets that it needs are not there.
    Missing {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
    /// Pod: an image does not pull.
    ImagePullBackOff {
        /// The container.
        container: String,
        /// The image.
        image: String,
        /// When it is tried again.
        until: Instant,
    },
    /// Pod: a container ends again and again.
    CrashLoopBackOff {
        /// The container.
        container: String,
        /// How it ended the last time.
        exit_code: i64,
        /// How often it was started again.
        restarts: u32,
        /// When it is tried again.
        until: Instant,
    },
    /// Pod: an init container has not done its part, and the ones after it wait.
    InitContainerNotDone {
        /// The container.
        container: String,
    },
    /// Pod: a probe has not succeeded.
    ProbeFailing {
        /// The container.
        container: String,
        /// Which probe.
        probe: ProbeKind,
    },
    /// Pod: a readiness gate of its own is not satisfied.
    ReadinessGate {
        /// The condition.
        condition: String,
    },
    /// Pod: it is ending.
    Ending {
        /// When it will have ended at the latest.
        until: Instant,
    },
    /// Pod: it is to leave its node when its toleration ends.
    TaintEviction {
        /// The node.
        node: String,
        /// When.
        at: Instant,
    },
    /// Pod: it was to be evicted, and a disruption budget refuses.
    BudgetRefuses {
        /// The budget.
        budget: String,
        /// How many healthy pods it wants.
        desired: i64,
        /// How many there are.
        current: i64,
    },
    /// Budget: it allows no disruption now.
    NoDisruptionAllowed {
        /// How many healthy pods it wants.
        desired: i64,
        /// How many there are.
        current: i64,
    },
    /// Budget: its status cannot be computed.
    BudgetFailed {
        /// Upstream's sentence.
        error: String,
    },

    /// Set or pod: there is no Service of the name that the set gives, so its pods have no DNS names.
    ServiceMissing {
        /// The Service.
        service: String,
        /// The labels that it would have to select.
        labels: Vec<(String, String)>,
    },
    /// Set or pod: that Service has an address of its own, so there are no names below it.
    ServiceNotHeadless {
        /// See `ServiceMissing`.
        service: String,
        /// See `ServiceMissing`.
        labels: Vec<(String, String)>,
    },
    /// Set or pod: that Service selects other pods.
    ServiceSelectsOthers {
        /// See `ServiceMissing`.
        service: String,
        /// See `ServiceMissing`.
        labels: Vec<(String, String)>,
    },

    /// Any object: it is deleted, and these finalizers hold it.
    Finalizers {
        /// The finalizers.
        finalizers: Vec<String>,
    },
    /// Any object: it is deleted in the foreground, and waits for these dependents.
    Dependents {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
    /// Namespace: it is deleted, and these objects are still in it.
    NamespaceContents {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
    /// Any object: the last try failed, and another follows.
    Failed {
        /// The error.
        error: String,
    },
}

/// Why some nodes do not suit a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Upstream's words.
    pub reason: String,
    /// The nodes.
    pub nodes: Vec<String>,
}

/// Why a pod cannot use a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimTrouble {
    /// It is not there.
    Missing,
    /// It has lost its volume.
    Lost,
    /// It is being deleted.
    Deleting,
    /// It is not bound to a volume yet.
    Unbound,
}

/// What is wrong with a volume for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the fields' own names
pub enum VolumeMismatch {
    TooSmall,
    StorageClass,
    VolumeMode,
    AccessModes,
    Selector,
    NotAvailable,
    Deleting,
    NodeAffinity,
}

/// The three probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)] // the probes' own names
pub enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

/// What somebody noted of an object.
type Note = (Actor, Arc<[Reason]>);

/// The notes of each object, in the order of the actors.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    notes: SharedMap<ObjectRef, Vec<Note>>,
}

impl Reasons {
    /// Notes why an object stands still as far as `actor` is concerned; nothing at all takes the note away.
    pub fn note(&mut self, actor: Actor, object: &ObjectRef, reasons: Vec<Reason>) {
        let Some(notes) = self.notes.get_mut(object) else {
            if !reasons.is_empty() {
                self.notes.insert(object.clone(), vec![(actor, reasons.into())]);
            }
            return;
        };
        match notes.binary_search_by_key(&actor, |note| note.0) {
            Ok(at) if reasons.is_empty() => {
                notes.remove(at);
            }
            Ok(at) if *notes[at].1 == *reasons => {}
            Ok(at) => notes[at].1 = reasons.into(),
            Err(_) if reasons.is_empty() => {}
            Err(at) => notes.insert(at, (actor, reasons.into())),
        }
        if notes.is_empty() {
            self.notes.remove(object);
        }
    }

    /// What `actor` noted of an object.
    pub fn of(&self, actor: Actor, object: &ObjectRef) -> &[Reason] {
        let note = self.notes.get(object).and_then(|notes| notes.iter().find(|note| note.0 == actor));
        note.map_or(&[], |(_, reasons)| reasons)
    }

    /// Everything that was noted, by object.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectRef, &Reason)> {
        let of = |(object, notes)| {
            let notes: &Vec<Note> = notes;
            notes.iter().flat_map(|(_, reasons)| &**reasons).map(move |reason| (object, reason))
        };
        self.notes.iter().flat_map(of)
    }

    /// Forgets an object that is gone.
    pub(crate) fn forget(&mut self, object: &ObjectRef) {
        self.notes.remove(object);
    }

    fn all_of(&self, object: &ObjectRef) -> Vec<Reason> {
        self.notes.get(object).into_iter().flatten().flat_map(|(_, reasons)| reasons.iter().cloned()).collect()
    }
}

impl Cluster {
    /// Why an object stands still: what its controllers noted, and what holds it when it is deleted.
    pub fn reasons(&self, object: &ObjectRef) -> Vec<Reason> {
        let waits = self.controllers.statefulset.waits(object).iter().cloned();
        let mut reasons: Vec<Reason> = waits.map(Reason::StatefulSet).collect();
        reasons.extend(self.controllers.reasons.all_of(object));
        if let Some(object) = self.store().find(object)
            && object.meta.is_terminating()
            && !object.meta.finalizers.is_empty()
        {
            reasons.push(Reason::Finalizers { finalizers: object.meta.finalizers.to_vec() });
        }
        reasons
    }

    /// Notes why an object stands still as far as `actor` is concerned; nothing at all takes the note away.
    pub(crate) fn note(&mut self, actor: Actor, object: &ObjectRef, reasons: Vec<Reason>) {
        self.controllers.reasons.note(actor, object, reasons);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kind::Kind;

    #[test]
    fn a_note_stays_until_its_actor_looks_again_or_the_object_is_gone() {
        let mut reasons = Reasons::default();
        let claim = ObjectRef::new(Kind::PersistentVolumeClaim, "julin", "www-web-0");
        let in_use = || vec![Reason::ClaimInUse { pods: vec!["web-0".to_owned()] }];
        reasons.note(Actor::PersistentVolumeController, &claim, vec![Reason::NoStorageClass]);
        reasons.note(Actor::PvcProtectionController, &claim, in_use());
        reasons.note(Actor::PersistentVolumeController, &claim, Vec::new());
        assert_eq!(reasons.all_of(&claim), in_use());
        let next = ObjectRef::new(Kind::PersistentVolumeClaim, "julin", "www-web-1");
        reasons.note(Actor::PvcProtectionController, &next, in_use());
        reasons.forget(&claim);
        assert!(reasons.all_of(&claim).is_empty());
        assert_eq!(reasons.all_of(&next), in_use());
    }
}
