//! What is in the picture: the sets with their columns, Services, and what else there is.

use std::sync::Arc;

use crate::api::meta::ObjectRef;
use crate::api::time::{Instant, Millis};
use crate::controllers::statefulset::set::StrategyType;
use crate::controllers::statefulset::wait::Wait;
use crate::dns::Miss;

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The virtual time that it shows.
    pub now: Instant,
    /// The StatefulSets, by namespace and name.
    pub sets: Vec<SetView>,
    /// Services that select no set's pods.
    pub services: Vec<ServiceView>,
    /// Pods that belong to no set.
    pub pods: Vec<PodView>,
    /// Claims that belong to no set's ordinal.
    pub claims: Vec<ClaimView>,
    /// The nodes of the cluster.
    pub nodes: Vec<NodeView>,
    /// The storage classes.
    pub classes: Vec<ClassView>,
    /// The namespaces that people made, or that something is in.
    pub namespaces: Vec<String>,
    /// Whether nothing is going to happen but, perhaps, that what failed is tried again.
    pub still: bool,
    /// Whether something is tried again.
    pub retries: bool,
    /// What is there and is not simulated.
    pub others: Vec<ObjectRef>,
    /// What something names and is not there, with what names it; but for what has a place of its own in the picture.
    pub ghosts: Vec<(ObjectRef, ObjectRef)>,
}

/// A set, its Service, and its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct SetView {
    /// The set.
    pub reference: ObjectRef,
    /// The replicas that are asked for.
    pub replicas: i32,
    /// The replicas that are ready.
    pub ready: i32,
    /// Whether pods start and stop all at once.
    pub parallel: bool,
    /// Which pods an update replaces.
    pub strategy: StrategyType,
    /// Pods below this ordinal keep the current revision; 0 where all are updated.
    pub partition: i32,
    /// How many pods an update may take away at once.
    pub max_unavailable: i32,
    /// How many pods that are asked for are not available.
    pub unavailable: i32,
    /// How many pods are at the update revision.
    pub updated: i32,
    /// Whether every pod that is asked for is available, at the revision that it shall have, and no other is there.
    pub complete: bool,
    /// The revision that most pods have, and the one that they are updated to: the hash alone.
    pub current_revision: String,
    /// See `current_revision`.
    pub update_revision: String,
    /// Whether the set itself is going.
    pub terminating: bool,
    /// The Service that the set names.
    pub service: Option<ServiceView>,
    /// The name of that Service.
    pub service_name: String,
    /// Other Services that select the set's pods.
    pub services: Vec<ServiceView>,
    /// The disruption budgets that select the set's pods.
    pub budgets: Vec<BudgetView>,
    /// One for each ordinal that has, or is to have, anything.
    pub columns: Arc<Vec<Arc<Column>>>,
    /// The containers of the template, with their images.
    pub containers: Vec<(String, String)>,
    /// What the controller is waiting for.
    pub waits: Vec<Wait>,
}

impl SetView {
    /// Whether an object is the set, or one that belongs to it.
    pub fn has(&self, object: &ObjectRef) -> bool {
        self.reference == *object
            || self.service.iter().chain(&self.services).any(|service| service.reference == *object)
            || self.columns.iter().any(|column| column.has(object))
    }
}

impl Column {
    /// Whether an object is the ordinal's pod, which need not be there, or one that belongs to it.
    pub fn has(&self, object: &ObjectRef) -> bool {
        self.pod_ref == *object
            || self.claims.iter().any(|claim| {
                claim.reference == *object || claim.volume.as_ref().is_some_and(|volume| volume.reference == *object)
            })
    }
}

/// A Service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceView {
    /// The Service.
    pub reference: ObjectRef,
    /// Its name in the cluster's DNS.
    pub dns_name: String,
    /// Its address, where it has one of its own.
    pub cluster_ip: Option<String>,
    /// How many endpoints are ready.
    pub ready: usize,
    /// The first addresses behind its name.
    pub addresses: Vec<String>,
    /// The names of the first pods behind it.
    pub endpoints: Vec<String>,
}

/// How many endpoints of a Service are told by name.
pub const ENDPOINTS_TOLD: usize = 12;

/// A disruption budget.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetView {
    /// The budget.
    pub reference: ObjectRef,
    /// How many evictions it allows now.
    pub allowed: i64,
}

/// What belongs to one ordinal: it stays when the pod goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The ordinal.
    pub ordinal: i32,
    /// Whether the set asks for a pod here now.
    pub wanted: bool,
    /// The pod, also when there is none.
    pub pod_ref: ObjectRef,
    /// The pod.
    pub pod: Option<PodView>,
    /// The pod's name in the cluster's DNS, and the address behind it or why there is none.
    pub dns_name: String,
    /// See `dns_name`.
    pub address: Result<String, Miss>,
    /// The address that the pod of this name had in its last life.
    pub former_address: Option<String>,
    /// The claims, one for each template.
    pub claims: Vec<ClaimView>,
}

/// How an object fares, for colour, glyph and border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is not there.
    Absent,
    /// It waits for something.
    Pending,
    /// It is being made.
    Starting,
    /// It runs and does not serve.
    NotReady,
    /// It is as it should be.
    Ready,
    /// It is going.
    Terminating,
    /// It has failed.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl State {
    /// The state's name, for style sheets.
    pub fn name(self) -> &'static str {
        match self {
            State::Absent => "absent",
            State::Pending => "pending",
            State::Starting => "starting",
            State::NotReady => "notready",
            State::Ready => "ready",
            State::Terminating => "terminating",
            State::Failed => "failed",
            State::Unknown => "unknown",
        }
    }

    /// The state's glyph, which tells states apart without colour.
    pub fn glyph(self) -> &'static str {
        match self {
            State::Absent => "·",
            State::Pending => "◌",
            State::Starting => "◔",
            State::NotReady => "◐",
            State::Ready => "●",
            State::Terminating => "⊘",
            State::Failed => "✕",
            State::Unknown => "?",
        }
    }
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodView {
    /// The pod.
    pub reference: ObjectRef,
    /// Its uid: another pod of its name is another pod.
    pub uid: String,
    /// Whether it has ended for good.
    pub ended: bool,
    /// How it fares.
    pub state: State,
    /// kubectl's word for it.
    pub status: String,
    /// Ready containers and all containers.
    pub ready: (usize, usize),
    /// How often its containers were restarted.
    pub restarts: i64,
    /// The node that it runs on.
    pub node: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its revision: the hash alone.
    pub revision: String,
    /// Whether that is the revision that the set is being updated to, while it is.
    pub outdated: bool,
    /// The images of its containers.
    pub images: Vec<String>,
    /// Whether it has been ready for as long as its set asks for.
    pub available: bool,
    /// Something in it that takes time.
    pub timer: Option<Timer>,
}

/// Something that takes time, and is over at a moment that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What.
    pub what: TimerKind,
    /// From when.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
}

impl Timer {
    /// How much of it is over at a moment, from 0 to 1.
    pub fn share(&self, now: Instant) -> f64 {
        let whole = self.until.since(self.since).0.max(1) as f64;
        (now.since(self.since).0 as f64 / whole).clamp(0.0, 1.0)
    }

    /// How long it still takes.
    pub fn left(&self, now: Instant) -> Millis {
        self.until.since(now)
    }
}

/// What takes time in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// An image is being pulled.
    Pulling,
    /// Sandbox and volumes are being set up, or a container is being started.
    Starting,
    /// The pause before an image or a container is tried again.
    BackOff,
    /// The grace period.
    Stopping,
    /// `minReadySeconds`.
    MinReady,
}

/// A claim, and the volume that it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimView {
    /// The claim, also when there is none.
    pub reference: ObjectRef,
    /// How it fares.
    pub state: State,
    /// Its phase.
    pub phase: String,
    /// How much it asks for, or got.
    pub storage: String,
    /// Its class.
    pub class: String,
    /// The volume.
    pub volume: Option<VolumeView>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeView {
    /// The volume.
    pub reference: ObjectRef,
    /// How it fares.
    pub state: State,
    /// Its phase.
    pub phase: String,
    /// How much it holds.
    pub capacity: String,
    /// What happens to it when its claim goes.
    pub reclaim_policy: String,
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeView {
    /// Its number among the nodes, which gives it its tint.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// How it fares.
    pub state: State,
    /// Whether it does not answer: cut off by somebody.
    pub down: bool,
    /// Whether it takes no new pods.
    pub cordoned: bool,
    /// Its taints that somebody gave it, as kubectl writes them.
    pub taints: Vec<String>,
    /// The pods that it runs, by how they fare.
    pub pods: Vec<(State, usize)>,
}

/// A storage class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassView {
    /// Its name.
    pub name: String,
    /// Who makes its volumes.
    pub provisioner: String,
    /// Whether claims without a class get it.
    pub is_default: bool,
    /// Whether it is not there, though a claim names it.
    pub missing: bool,
    /// Whether its provisioner does not run.
    pub down: bool,
    /// Whether nobody makes volumes for it.
    pub manual: bool,
    /// Whether a volume is bound only when a pod that uses it is scheduled.
    pub late: bool,
    /// Whether claims may grow.
    pub expands: bool,
    /// What becomes of its volumes when their claims go.
    pub reclaim_policy: String,
}
