//! What is in the picture: the sets with their columns, Services, and what else there is.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::time::Instant;
use crate::cluster::Cluster;
use crate::controllers::kubelet::Progress;
use crate::controllers::statefulset::set::StatefulSet;
use crate::controllers::statefulset::stateful_set_utils::{
    is_pod_ready, is_terminal_phase, parent_name_and_ordinal, persistent_volume_claim_name, pod_revision,
};
use crate::controllers::statefulset::wait::Wait;
use crate::dns::{self, Miss};
use crate::kubectl::printers;

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The virtual time that it shows.
    pub now: Instant,
    /// The StatefulSets, by namespace and name.
    pub sets: Vec<SetView>,
    /// Services that are no set's own.
    pub services: Vec<ServiceView>,
    /// The nodes of the cluster.
    pub nodes: Vec<NodeView>,
    /// The storage classes.
    pub classes: Vec<ClassView>,
    /// Kinds that are there and not simulated, and how many of each.
    pub others: Vec<(Kind, usize)>,
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
    /// One for each ordinal that has, or is to have, anything.
    pub columns: Vec<Column>,
    /// The containers of the template, with their images.
    pub containers: Vec<(String, String)>,
    /// What the controller is waiting for.
    pub waits: Vec<Wait>,
}

impl SetView {
    /// Whether an object is the set, or one that belongs to it.
    pub fn has(&self, object: &ObjectRef) -> bool {
        self.reference == *object
            || self.service.as_ref().is_some_and(|service| service.reference == *object)
            || self.columns.iter().any(|column| column.has(object))
    }
}

impl Column {
    fn has(&self, object: &ObjectRef) -> bool {
        self.pod.as_ref().is_some_and(|pod| pod.reference == *object)
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
    /// The addresses behind its name.
    pub addresses: Vec<String>,
}

/// What belongs to one ordinal: it stays when the pod goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The ordinal.
    pub ordinal: i32,
    /// Whether the set asks for a pod here now.
    pub wanted: bool,
    /// The pod's name, also when there is no pod.
    pub pod_name: String,
    /// The pod.
    pub pod: Option<PodView>,
    /// The pod's name in the cluster's DNS, and the address behind it or why there is none.
    pub dns_name: String,
    /// See `dns_name`.
    pub address: Result<String, Miss>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct PodView {
    /// The pod.
    pub reference: ObjectRef,
    /// Its uid: another pod of its name is another pod.
    pub uid: String,
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
    /// Something in it that takes time.
    pub progress: Option<Progress>,
    /// Why it is not scheduled.
    pub unschedulable: Option<String>,
}

/// A claim, and the volume that it is bound to.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimView {
    /// The claim, also when there is none.
    pub reference: ObjectRef,
    /// The name of its template.
    pub template: String,
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
#[derive(Clone, Debug, PartialEq)]
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
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// How many pods it runs.
    pub pods: usize,
}

/// A storage class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassView {
    /// Its name.
    pub name: String,
    /// Who makes its volumes.
    pub provisioner: String,
    /// Whether claims without a class get it.
    pub is_default: bool,
}

/// The picture of a cluster.
pub fn build(cluster: &Cluster) -> Graph {
    let store = cluster.store();
    let sets: Vec<SetView> = store.list(Kind::StatefulSet).map(|set| set_view(cluster, set)).collect();
    let own: BTreeSet<ObjectRef> =
        sets.iter().filter_map(|set| set.service.as_ref()).map(|service| service.reference.clone()).collect();
    let services = store
        .list(Kind::Service)
        .filter(|service| !own.contains(&service.object_ref()))
        .map(|service| service_view(cluster, service))
        .collect();
    let mut per_node: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in store.list(Kind::Pod).filter(|pod| !is_terminal_phase(pod)) {
        *per_node.entry(pod.spec.text("nodeName")).or_default() += 1;
    }
    let nodes = store
        .list(Kind::Node)
        .map(|node| NodeView {
            name: node.meta.name.clone(),
            zone: node.meta.label("topology.kubernetes.io/zone").to_owned(),
            pods: per_node.get(node.meta.name.as_str()).copied().unwrap_or_default(),
        })
        .collect();
    let default = cluster.default_storage_class();
    let classes = store
        .list(Kind::StorageClass)
        .map(|class| ClassView {
            name: class.meta.name.clone(),
            provisioner: class.rest.text("provisioner").to_owned(),
            is_default: default.as_ref() == Some(&class.meta.name),
        })
        .collect();
    Graph { now: cluster.now(), sets, services, nodes, classes, others: others(cluster) }
}

/// Objects that are stored and that nothing here acts on.
fn others(cluster: &Cluster) -> Vec<(Kind, usize)> {
    use Kind::{
        ControllerRevision, EndpointSlice, Endpoints, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod,
        PodDisruptionBudget, Service, StatefulSet, StorageClass,
    };
    const SHOWN: [Kind; 12] = [
        ControllerRevision,
        EndpointSlice,
        Endpoints,
        Namespace,
        Node,
        PersistentVolume,
        PersistentVolumeClaim,
        Pod,
        PodDisruptionBudget,
        Service,
        StatefulSet,
        StorageClass,
    ];
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    // Every namespace has an account and a bundle, which nobody made.
    let is_given = |object: &Object| matches!(object.meta.name.as_str(), "default" | "kube-root-ca.crt");
    for object in cluster.store().all().filter(|object| !SHOWN.contains(&object.kind) && !is_given(object)) {
        *counts.entry(object.kind).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn service_view(cluster: &Cluster, service: &Object) -> ServiceView {
    let (namespace, name) = (&service.meta.namespace, &service.meta.name);
    ServiceView {
        reference: service.object_ref(),
        dns_name: dns::service_name(name, namespace),
        cluster_ip: (!dns::is_headless(service)).then(|| service.spec.text("clusterIP").to_owned()),
        addresses: dns::lookup_service(cluster.store(), namespace, name),
    }
}

/// What follows the last dash of a revision's name.
fn hash_of(revision: &str) -> String {
    revision.rsplit('-').next().unwrap_or_default().to_owned()
}

fn set_view(cluster: &Cluster, object: &Object) -> SetView {
    let set = StatefulSet::of(object);
    let namespace = set.meta.namespace.as_str();
    let store = cluster.store();
    let reference = object.object_ref();
    let templates: Vec<&str> = set.volume_claim_templates.iter().map(|t| t.meta.name.as_str()).collect();

    let simulated = set.replicas.min(crate::controllers::statefulset::stateful_set::MAX_REPLICAS);
    let wanted = set.start_ordinal..set.start_ordinal.saturating_add(simulated);
    let mut ordinals: BTreeSet<i32> = wanted.clone().collect();
    let owned = |pod: &Object| pod.meta.controller_of().is_some_and(|owner| owner.uid == set.meta.uid);
    for pod in store.list_in(Kind::Pod, namespace).filter(|pod| owned(pod)) {
        ordinals.insert(parent_name_and_ordinal(&pod.meta.name).1);
    }
    for claim in store.list_in(Kind::PersistentVolumeClaim, namespace) {
        let (parent, ordinal) = parent_name_and_ordinal(&claim.meta.name);
        let template = parent.strip_suffix(set.meta.name.as_str()).and_then(|rest| rest.strip_suffix('-'));
        if template.is_some_and(|template| templates.contains(&template)) {
            ordinals.insert(ordinal);
        }
    }
    let columns = ordinals
        .into_iter()
        .filter(|ordinal| *ordinal >= 0)
        .map(|ordinal| column(cluster, &set, ordinal, wanted.contains(&ordinal)))
        .collect();
    let containers = set.template.field("spec").list("containers");
    SetView {
        replicas: set.replicas,
        ready: set.status.ready_replicas,
        parallel: set.parallel,
        current_revision: hash_of(&set.status.current_revision),
        update_revision: hash_of(&set.status.update_revision),
        terminating: set.meta.is_terminating(),
        service: store.get(Kind::Service, namespace, &set.service_name).map(|service| service_view(cluster, service)),
        service_name: set.service_name.clone(),
        columns,
        containers: containers.iter().map(|c| (c.text("name").to_owned(), c.text("image").to_owned())).collect(),
        waits: cluster.controllers.statefulset.waits(&reference).to_vec(),
        reference,
    }
}

fn column(cluster: &Cluster, set: &StatefulSet, ordinal: i32, wanted: bool) -> Column {
    let namespace = set.meta.namespace.as_str();
    let pod_name = format!("{}-{ordinal}", set.meta.name);
    let pod = cluster.store().get(Kind::Pod, namespace, &pod_name).map(|pod| pod_view(cluster, set, pod));
    let claims = set
        .volume_claim_templates
        .iter()
        .map(|template| {
            let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
            claim_view(cluster, ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name), &template.meta.name)
        })
        .collect();
    Column {
        ordinal,
        wanted,
        pod,
        dns_name: dns::pod_name(&pod_name, &set.service_name, namespace),
        address: dns::lookup_pod(cluster.store(), namespace, &set.service_name, &pod_name),
        pod_name,
        claims,
    }
}

fn pod_view(cluster: &Cluster, set: &StatefulSet, pod: &Object) -> PodView {
    let row = printers::pod::row(pod);
    let reference = pod.object_ref();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let state = pod_state(pod, &row.status);
    let revision = pod_revision(pod);
    PodView {
        uid: pod.meta.uid.clone(),
        state,
        status: row.status,
        ready: (row.ready, row.total),
        restarts: row.restarts,
        node: text(pod.spec.text("nodeName")),
        address: text(pod.status.text("podIP")),
        revision: hash_of(revision),
        outdated: revision != set.status.update_revision,
        images: pod.spec.list("containers").iter().map(|c| c.text("image").to_owned()).collect(),
        progress: cluster.controllers.kubelet.progress(&reference),
        unschedulable: cluster.controllers.scheduler.reason(&reference).map(str::to_owned),
        reference,
    }
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

fn claim_view(cluster: &Cluster, reference: ObjectRef, template: &str) -> ClaimView {
    let Some(claim) = cluster.store().find(&reference) else {
        return ClaimView {
            reference,
            template: template.to_owned(),
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
    let volume = cluster.store().get(Kind::PersistentVolume, "", claim.spec.text("volumeName"));
    // A volume that has just been made is the claim's before the claim says so.
    let reserved = || {
        let mut volumes = cluster.store().list(Kind::PersistentVolume);
        volumes.find(|volume| volume.spec.field("claimRef").text("uid") == claim.meta.uid)
    };
    let volume = volume.or_else(reserved);
    ClaimView {
        template: template.to_owned(),
        state: storage_state(claim, phase),
        phase: if claim.meta.is_terminating() { "Terminating".to_owned() } else { phase.to_owned() },
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
        phase: if volume.meta.is_terminating() { "Terminating".to_owned() } else { phase.to_owned() },
        capacity: volume.spec.field("capacity").text("storage").to_owned(),
        reclaim_policy: volume.spec.text("persistentVolumeReclaimPolicy").to_owned(),
    }
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
