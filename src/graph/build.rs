//! What is in the picture of a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::model::{
    BudgetView, ClaimView, ClassView, Column, ENDPOINTS_TOLD, Graph, NodeView, PodView, ServiceView, SetView, State,
    Timer, TimerKind, VolumeView,
};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::time::Millis;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::cluster::store::{Index, claim_key};
use crate::controllers::endpointslice;
use crate::controllers::kubelet::Activity;
use crate::controllers::node_lifecycle::node_condition;
use crate::controllers::persistent_volume::NO_PROVISIONER;
use crate::controllers::statefulset::set::{StatefulSet, StrategyType};
use crate::controllers::statefulset::stateful_set::MAX_REPLICAS;
use crate::controllers::statefulset::stateful_set_utils::{
    is_pod_ready, is_running_and_available, is_terminal_phase, max_unavailable, parent_name_and_ordinal,
    persistent_volume_claim_name, pod_revision, ready_since,
};
use crate::dns;
use crate::kubectl::printers;

/// The picture of a cluster.
pub fn build(cluster: &Cluster) -> Graph {
    let store = cluster.store();
    let mut own: BTreeSet<(Kind, &str, &str)> = BTreeSet::new();
    let sets: Vec<SetView> = store.list(Kind::StatefulSet).map(|set| set_view(cluster, set)).collect();
    for set in &sets {
        let services = set.service.iter().chain(&set.services).map(|service| &service.reference);
        let pods = set.columns.iter().map(|column| &column.pod_ref);
        let claims = set.columns.iter().flat_map(|column| &column.claims).map(|claim| &claim.reference);
        own.extend(services.chain(pods).chain(claims).map(|object| (object.kind, &*object.namespace, &*object.name)));
    }
    let own = &own;
    let loose = |kind: Kind| {
        let is_own = move |object: &Object| own.contains(&(kind, &*object.meta.namespace, &*object.meta.name));
        store.list(kind).filter(move |object| !is_own(object))
    };
    let pods: Vec<PodView> = loose(Kind::Pod).map(|pod| pod_view(cluster, None, pod)).collect();
    Graph {
        now: cluster.now(),
        services: loose(Kind::Service)
            .filter(|service| !is_clusters_own(service))
            .map(|service| service_view(cluster, service))
            .collect(),
        claims: loose(Kind::PersistentVolumeClaim).map(|claim| claim_view(cluster, claim.object_ref())).collect(),
        nodes: nodes(cluster, &sets, &pods),
        classes: classes(cluster),
        namespaces: namespaces(cluster),
        still: cluster.pending().all(|(_, actor, object)| is_retry(cluster, actor, object)),
        retries: cluster.next_due().is_some(),
        others: others(cluster),
        pods,
        sets,
    }
}

/// Whether what is to be done is that a kubelet tries again what has failed.
fn is_retry(cluster: &Cluster, actor: Actor, object: &ObjectRef) -> bool {
    let progress = || cluster.controllers.kubelet.progress(object);
    actor == Actor::Kubelet && progress().is_some_and(|progress| progress.what == Activity::BackOff)
}

/// Whether every cluster has this Service, so that it says nothing.
fn is_clusters_own(service: &Object) -> bool {
    service.meta.name == "kubernetes" && service.meta.namespace == "default"
}

/// Objects that are stored and that nothing here acts on.
fn others(cluster: &Cluster) -> Vec<ObjectRef> {
    use Kind::{
        ControllerRevision, EndpointSlice, Endpoints, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod,
        PodDisruptionBudget, Service, StatefulSet, StorageClass,
    };
    const SIMULATED: [Kind; 12] = [
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
    // Every namespace has an account and a bundle, which nobody made.
    let is_given = |object: &Object| matches!(object.meta.name.as_str(), "default" | "kube-root-ca.crt");
    let kinds = Kind::ALL.iter().filter(|kind| !SIMULATED.contains(kind));
    let objects = kinds.flat_map(|kind| cluster.store().list(*kind)).filter(|object| !is_given(object));
    objects.map(|object| object.object_ref()).collect()
}

fn nodes(cluster: &Cluster, sets: &[SetView], loose: &[PodView]) -> Vec<NodeView> {
    let mut pods: BTreeMap<&str, BTreeMap<State, usize>> = BTreeMap::new();
    let of_sets = sets.iter().flat_map(|set| &*set.columns).filter_map(|column| column.pod.as_ref());
    for pod in of_sets.chain(loose).filter(|pod| !pod.ended) {
        let node = pod.node.as_deref().unwrap_or_default();
        *pods.entry(node).or_default().entry(pod.state).or_default() += 1;
    }
    let view = |(number, node): (usize, &Arc<Object>)| {
        let name = node.meta.name.as_str();
        let taints =
            node.spec.list("taints").iter().filter(|taint| !taint.text("key").starts_with("node.kubernetes.io/"));
        let taint = |taint: &serde_json::Value| match taint.text("value") {
            "" => format!("{}:{}", taint.text("key"), taint.text("effect")),
            value => format!("{}={value}:{}", taint.text("key"), taint.text("effect")),
        };
        NodeView {
            number,
            zone: node.meta.label("topology.kubernetes.io/zone").to_owned(),
            state: match node_condition(node, "Ready") {
                "True" => State::Ready,
                "Unknown" => State::Unknown,
                "" => State::Starting,
                _ => State::NotReady,
            },
            down: cluster.controllers.kubelet.is_down(name),
            cordoned: node.spec.flag("unschedulable"),
            taints: taints.map(taint).collect(),
            pods: pods.get(name).into_iter().flatten().map(|(state, count)| (*state, *count)).collect(),
            name: name.to_owned(),
        }
    };
    cluster.store().list(Kind::Node).enumerate().map(view).collect()
}

/// The classes, and those that claims name and that are not there.
fn classes(cluster: &Cluster) -> Vec<ClassView> {
    let default = cluster.default_storage_class();
    let store = cluster.store();
    let view = |class: &Object| {
        let provisioner = class.rest.text("provisioner");
        ClassView {
            name: class.meta.name.clone(),
            is_default: default.as_ref() == Some(&class.meta.name),
            missing: false,
            down: cluster.is_provisioner_down(provisioner),
            manual: provisioner == NO_PROVISIONER,
            late: class.rest.text("volumeBindingMode") == "WaitForFirstConsumer",
            expands: class.rest.flag("allowVolumeExpansion"),
            reclaim_policy: class.rest.text("reclaimPolicy").to_owned(),
            provisioner: provisioner.to_owned(),
        }
    };
    let mut classes: Vec<ClassView> = store.list(Kind::StorageClass).map(|class| view(class)).collect();
    for claim in store.list(Kind::PersistentVolumeClaim).filter(|claim| claim.spec.text("volumeName").is_empty()) {
        let name = claim.spec.text("storageClassName");
        if !name.is_empty() && !classes.iter().any(|class| class.name == name) {
            classes.push(ClassView { name: name.to_owned(), missing: true, ..ClassView::default() });
        }
    }
    classes
}

/// The namespaces that are not every cluster's, and `default`.
fn namespaces(cluster: &Cluster) -> Vec<String> {
    let names = cluster.store().list(Kind::Namespace).map(|namespace| namespace.meta.name.clone());
    names.filter(|name| !name.starts_with("kube-")).collect()
}

fn service_view(cluster: &Cluster, service: &Object) -> ServiceView {
    let (namespace, name) = (&service.meta.namespace, &service.meta.name);
    let addresses = dns::lookup_service(cluster.store(), namespace, name);
    let ready = dns::ready_names(cluster.store(), namespace, name);
    ServiceView {
        reference: service.object_ref(),
        dns_name: dns::service_name(name, namespace),
        cluster_ip: (!dns::is_headless(service)).then(|| service.spec.text("clusterIP").to_owned()),
        ready: ready.clone().count(),
        addresses: addresses.into_iter().take(ENDPOINTS_TOLD).collect(),
        endpoints: ready.take(ENDPOINTS_TOLD).map(str::to_owned).collect(),
    }
}

/// What follows the last dash of a revision's name.
fn hash_of(revision: &str) -> String {
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

fn set_view(cluster: &Cluster, object: &Object) -> SetView {
    let set = StatefulSet::of(object);
    let namespace = set.meta.namespace.as_str();
    let store = cluster.store();
    let reference = object.object_ref();
    let wanted = set.start_ordinal..set.start_ordinal.saturating_add(set.replicas.min(MAX_REPLICAS));
    let names = dns::Names::of(store, namespace, &set.service_name);
    let columns: Vec<Column> = ordinals(cluster, &set, wanted.clone())
        .into_iter()
        .map(|ordinal| column(cluster, &set, &names, ordinal, wanted.contains(&ordinal)))
        .collect();
    let containers = set.template.field("spec").list("containers");
    let labels = string_map(set.template.field("metadata").entries("labels"));
    let selects = |service: &Object| {
        service.meta.name != set.service_name
            && endpointslice::selector(service).is_some_and(|selector| selector.matches(&labels))
    };
    let services = store.list_in(Kind::Service, namespace).filter(|service| selects(service));
    let budgets = store.list_in(Kind::PodDisruptionBudget, namespace).filter(|budget| {
        Selector::of_value(budget.spec.field("selector")).is_some_and(|selector| selector.matches(&labels))
    });
    let rolling = set.update_strategy.rolling_update.as_ref();
    let pods = columns.iter().filter_map(|column| column.pod.as_ref());
    let (partition, updated) =
        (rolling.map_or(0, |rolling| rolling.partition), pods.filter(|pod| !pod.outdated).count() as i32);
    let available = columns.iter().filter(|c| c.wanted && c.pod.as_ref().is_some_and(|pod| pod.available)).count();
    let unavailable = set.replicas - i32::try_from(available).unwrap_or_default();
    SetView {
        replicas: set.replicas,
        ready: set.status.ready_replicas,
        parallel: set.parallel,
        strategy: set.update_strategy.ty,
        partition,
        max_unavailable: max_unavailable(rolling.and_then(|r| r.max_unavailable.as_ref()), set.replicas).unwrap_or(1),
        unavailable,
        updated,
        complete: unavailable == 0
            && !set.meta.is_terminating()
            && columns.iter().all(|c| is_as_it_shall_be(&set, partition, c)),
        current_revision: hash_of(&set.status.current_revision),
        update_revision: hash_of(&set.status.update_revision),
        terminating: set.meta.is_terminating(),
        service: store.get(Kind::Service, namespace, &set.service_name).map(|service| service_view(cluster, service)),
        service_name: set.service_name.clone(),
        services: services.map(|service| service_view(cluster, service)).collect(),
        budgets: budgets
            .map(|budget| BudgetView {
                reference: budget.object_ref(),
                allowed: budget.status.int("disruptionsAllowed").unwrap_or_default(),
            })
            .collect(),
        columns: Arc::new(columns),
        containers: containers.iter().map(|c| (c.text("name").to_owned(), c.text("image").to_owned())).collect(),
        waits: cluster.controllers.statefulset.waits(&reference).to_vec(),
        reference,
    }
}

/// Whether a column has no pod that shall go, and none that shall be replaced.
fn is_as_it_shall_be(set: &StatefulSet, partition: i32, column: &Column) -> bool {
    let kept = set.update_strategy.ty == StrategyType::RollingUpdate && column.ordinal < partition;
    column.pod.as_ref().is_none_or(|pod| column.wanted && (kept || !pod.outdated))
}

fn column(cluster: &Cluster, set: &StatefulSet, names: &dns::Names, ordinal: i32, wanted: bool) -> Column {
    let namespace = set.meta.namespace.as_str();
    let pod_name = format!("{}-{ordinal}", set.meta.name);
    let object = cluster.store().get(Kind::Pod, namespace, &pod_name);
    let claims = set.volume_claim_templates.iter().map(|template| {
        let name = persistent_volume_claim_name(set, &template.meta.name, ordinal);
        claim_view(cluster, ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name))
    });
    let reference = ObjectRef::new(Kind::Pod, namespace, pod_name.as_str());
    Column {
        ordinal,
        wanted,
        claims: claims.collect(),
        pod: object.map(|pod| pod_view(cluster, Some(set), pod)),
        dns_name: dns::pod_name(&pod_name, &set.service_name, namespace),
        address: names.lookup(&pod_name, object.map(|pod| &**pod)),
        former_address: cluster.controllers.kubelet.former_address(&reference).map(str::to_owned),
        pod_ref: reference,
    }
}

fn pod_view(cluster: &Cluster, set: Option<&StatefulSet>, pod: &Object) -> PodView {
    let row = printers::pod::row(pod);
    let reference = pod.object_ref();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let revision = pod_revision(pod);
    let min_ready_seconds = set.map_or(0, |set| set.min_ready_seconds);
    let available = is_running_and_available(pod, min_ready_seconds, cluster.now()) && !pod.meta.is_terminating();
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

/// What takes time in a pod; `min_ready` is how many seconds it has to be ready, where it is not available yet.
fn timer(cluster: &Cluster, pod: &Object, reference: &ObjectRef, min_ready: Option<i32>) -> Option<Timer> {
    if let Some(progress) = cluster.controllers.kubelet.progress(reference) {
        let what = match progress.what {
            Activity::Starting => TimerKind::Starting,
            Activity::BackOff => TimerKind::BackOff,
            Activity::Stopping => TimerKind::Stopping,
        };
        return Some(Timer { what, since: progress.since, until: progress.until });
    }
    let since = ready_since(pod).filter(|_| !pod.meta.is_terminating())?.instant();
    min_ready.map(|seconds| Timer {
        what: TimerKind::MinReady,
        since,
        until: since + Millis::from_secs(seconds.into()),
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

fn claim_view(cluster: &Cluster, reference: ObjectRef) -> ClaimView {
    let store = cluster.store();
    let Some(claim) = store.find(&reference) else {
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
    let volume = store.get(Kind::PersistentVolume, "", claim.spec.text("volumeName"));
    // A volume that has just been made is the claim's before the claim says so.
    let key = claim_key(&reference.namespace, &reference.name);
    let reserved = || {
        let mut volumes = store.indexed(Index::ClaimOfVolume, &key);
        volumes.find(|volume| volume.spec.field("claimRef").text("uid") == claim.meta.uid)
    };
    let volume = volume.or_else(reserved);
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
