//! What is in the picture of a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::columns::{Columns, claim_view, hash_of, pod_view, volume_of};
use super::model::{
    BudgetView, ClassView, Column, ENDPOINTS_TOLD, Graph, NodeView, PodView, ServiceView, SetView, State,
};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectRef, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;
use crate::controllers::endpointslice;
use crate::controllers::kubelet::Activity;
use crate::controllers::node_lifecycle::node_condition;
use crate::controllers::persistent_volume::NO_PROVISIONER;
use crate::controllers::reason::{ClaimTrouble, Reason};
use crate::controllers::statefulset::set::{StatefulSet, StrategyType, service_account};
use crate::controllers::statefulset::stateful_set_utils::max_unavailable;
use crate::dns;

/// The picture of a cluster.
pub fn build(cluster: &Cluster) -> Graph {
    Memory::default().build(cluster)
}

/// What was found out of the columns of each set when its picture was last made.
#[derive(Debug, Default)]
pub struct Memory {
    sets: BTreeMap<ObjectRef, Columns>,
}

impl Memory {
    /// The picture of a cluster. Of what has not changed since the last one nothing is made anew.
    pub fn build(&mut self, cluster: &Cluster) -> Graph {
        let mut before = std::mem::take(&mut self.sets);
        let store = cluster.store();
        let mut sets = Vec::new();
        for object in store.list(Kind::StatefulSet) {
            let reference = object.object_ref();
            let mut columns = before.remove(&reference).unwrap_or_default();
            sets.push(set_view(cluster, object, &mut columns));
            self.sets.insert(reference, columns);
        }
        graph(cluster, sets, &self.sets)
    }
}

fn graph(cluster: &Cluster, sets: Vec<SetView>, columns: &BTreeMap<ObjectRef, Columns>) -> Graph {
    let store = cluster.store();
    // By their addresses, since nobody changes what is stored.
    let own: BTreeSet<*const Object> = columns.values().flat_map(Columns::objects).map(Arc::as_ptr).collect();
    let loose = |kind: Kind| store.list(kind).filter(|object| !own.contains(&Arc::as_ptr(object)));
    let has_set = |service: &Object| {
        let mut of_sets = sets.iter().flat_map(|set| set.service.iter().chain(&set.services));
        of_sets.any(|known| {
            known.reference.name == service.meta.name && known.reference.namespace == service.meta.namespace
        })
    };
    let services = store.list(Kind::Service).filter(|service| !is_clusters_own(service) && !has_set(service));
    let pods: Vec<PodView> = loose(Kind::Pod).map(|pod| pod_view(cluster, None, pod)).collect();
    Graph {
        now: cluster.now(),
        services: services.map(|service| service_view(service, &names_of(cluster, service))).collect(),
        claims: loose(Kind::PersistentVolumeClaim)
            .map(|claim| claim_view(claim.object_ref(), Some(claim), volume_of(cluster, claim)))
            .collect(),
        nodes: nodes(cluster, &sets, &pods),
        classes: classes(cluster),
        namespaces: namespaces(cluster),
        still: cluster.pending().all(|(_, actor, object)| is_retry(cluster, actor, object)),
        retries: cluster.next_due().is_some(),
        others: others(cluster),
        ghosts: ghosts(cluster, &sets),
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

/// What pods wait for and is not there, and the accounts that sets name. The claims of sets stand in their columns, and
/// classes and Services have places of their own.
fn ghosts(cluster: &Cluster, sets: &[SetView]) -> Vec<(ObjectRef, ObjectRef)> {
    let store = cluster.store();
    let mut ghosts: Vec<(ObjectRef, ObjectRef)> = Vec::new();
    let mut add = |missing: ObjectRef, of: &ObjectRef| {
        if store.find(&missing).is_none() && !ghosts.iter().any(|(known, _)| *known == missing) {
            ghosts.push((missing, of.clone()));
        }
    };
    for (object, reason) in cluster.controllers.reasons.all() {
        match reason {
            Reason::Missing { objects } => objects.iter().for_each(|missing| add(missing.clone(), object)),
            Reason::ClaimNotUsable { claim, why: ClaimTrouble::Missing } => {
                let claim = ObjectRef::new(Kind::PersistentVolumeClaim, &*object.namespace, claim.as_str());
                if !sets.iter().any(|set| set.has(&claim)) {
                    add(claim, object);
                }
            }
            _ => {}
        }
    }
    for set in sets {
        if let Some(account) = store.find(&set.reference).and_then(|set| service_account(set)) {
            add(account, &set.reference);
        }
    }
    ghosts
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

/// What the endpoints of a Service name.
fn names_of<'a>(cluster: &'a Cluster, service: &'a Arc<Object>) -> dns::Names<'a> {
    dns::Names::of(Some(service), endpointslice::endpoints_of(cluster, &service.object_ref()).into_iter())
}

#[inline(never)]
fn service_view(service: &Object, names: &dns::Names) -> ServiceView {
    let (namespace, name) = (&service.meta.namespace, &service.meta.name);
    let own_address = (!dns::is_headless(service)).then(|| service.spec.text("clusterIP").to_owned());
    let told = || names.ready.iter().take(ENDPOINTS_TOLD);
    ServiceView {
        reference: service.object_ref(),
        dns_name: dns::service_name(name, namespace),
        ready: names.ready.len(),
        addresses: match &own_address {
            Some(address) => vec![address.clone()],
            None => told().map(|(address, _)| (*address).to_owned()).collect(),
        },
        endpoints: told().map(|(_, pod)| (*pod).to_owned()).collect(),
        cluster_ip: own_address,
    }
}

// What an empty cluster has none of is apart, since a first view does not need it (`tools/split`).
#[inline(never)]
fn set_view(cluster: &Cluster, object: &Arc<Object>, columns: &mut Columns) -> SetView {
    let set = StatefulSet::of(object);
    let namespace = set.meta.namespace.as_str();
    let store = cluster.store();
    let reference = object.object_ref();
    let service = store.get(Kind::Service, namespace, &set.service_name);
    let names = match service {
        Some(service) => names_of(cluster, service),
        None => dns::Names::of(None, std::iter::empty()),
    };
    let columns = columns.follow(cluster, object, &set, &names);
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
        service: service.map(|service| service_view(service, &names)),
        service_name: set.service_name.clone(),
        services: services.map(|service| service_view(service, &names_of(cluster, service))).collect(),
        budgets: budgets
            .map(|budget| BudgetView {
                reference: budget.object_ref(),
                allowed: budget.status.int("disruptionsAllowed").unwrap_or_default(),
            })
            .collect(),
        columns,
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
