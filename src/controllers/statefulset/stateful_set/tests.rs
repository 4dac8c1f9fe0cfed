//! Who is synced when, and which pods and revisions are a set's own.

use serde_json::{Value, json};

use super::*;
use crate::api::gates::FeatureGates;
use crate::cluster::config::Config;
use crate::cluster::{CreateOptions, PatchType, Propagation};
use crate::controllers::statefulset::stateful_set_utils::ready_since;
use crate::controllers::statefulset::testing::stored_set;

const SECOND: Millis = Millis::from_secs(1);

fn web() -> ObjectRef {
    ObjectRef::new(Kind::StatefulSet, "julin", "web")
}

fn pod(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::Pod, "julin", name)
}

fn create(cluster: &mut Cluster, kind: Kind, value: &Value) -> Arc<Object> {
    cluster.create(Actor::User, kind, value, &CreateOptions::default()).unwrap()
}

/// Creates a set of the tests, under this name.
fn create_set(cluster: &mut Cluster, name: &str, spec: Value) -> Arc<Object> {
    let spec = stored_set(spec, &cluster.config().feature_gates).spec;
    let value = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": "julin"}, "spec": *spec,
    });
    create(cluster, Kind::StatefulSet, &value)
}

/// A pod that nobody owns.
fn orphan(name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "julin", "labels": labels},
        "spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]},
    })
}

fn pass(cluster: &mut Cluster, span: Millis) {
    let until = cluster.now() + span;
    cluster.run_until(until);
}

fn started(spec: Value) -> Cluster {
    let mut cluster = Cluster::new(Config::default());
    create_set(&mut cluster, "web", spec);
    pass(&mut cluster, SECOND * 30);
    cluster
}

fn patch(cluster: &mut Cluster, object: &ObjectRef, patch: Value) {
    cluster.patch(Actor::User, object, PatchType::Merge, &patch).unwrap();
}

fn delete(cluster: &mut Cluster, object: &ObjectRef, propagation: Propagation) {
    cluster
        .delete(Actor::User, object, &DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() })
        .unwrap();
}

/// The set that manages a pod; empty where none does.
fn owner(cluster: &Cluster, name: &str) -> String {
    let pod = cluster.get(Kind::Pod, "julin", name).unwrap_or_else(|| panic!("no pod {name}"));
    pod.meta.controller_of().map(|owner| owner.name.clone()).unwrap_or_default()
}

/// How long until the controller looks at a set; `None` where it is not going to.
fn due(cluster: &Cluster, set: &ObjectRef) -> Option<Millis> {
    let now = cluster.now();
    let mut syncs = cluster.pending().filter(|(_, actor, object)| *actor == ACTOR && *object == set);
    syncs.next().map(|(at, ..)| at.since(now))
}

fn pods(cluster: &Cluster) -> Vec<String> {
    cluster.store().list_in(Kind::Pod, "julin").map(|pod| pod.meta.name.clone()).collect()
}

#[test]
fn an_orphan_of_the_right_labels_and_name_is_adopted() {
    let mut cluster = started(json!({"replicas": 1}));
    for (name, labels) in [
        ("web-1", json!({"app": "nginx"})),
        ("web-2", json!({"app": "other"})),
        ("db-1", json!({"app": "nginx"})),
        ("web-x", json!({"app": "nginx"})),
    ] {
        create(&mut cluster, Kind::Pod, &orphan(name, labels));
    }
    pass(&mut cluster, Millis(100));
    // web-1 was adopted, and is more than the set wants.
    assert!(cluster.get(Kind::Pod, "julin", "web-1").is_none_or(|pod| pod.meta.is_terminating()));
    for name in ["web-2", "db-1", "web-x"] {
        assert_eq!(owner(&cluster, name), "");
    }
}

#[test]
fn an_owner_that_did_not_manage_the_pod_becomes_the_managing_one() {
    let mut cluster = started(json!({"replicas": 1}));
    let uid = cluster.store().find(&web()).unwrap().meta.uid.clone();
    let reference = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": uid}]);
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"ownerReferences": reference}}));
    pass(&mut cluster, Millis(100));
    let owners = &cluster.get(Kind::Pod, "julin", "web-0").unwrap().meta.owner_references;
    assert_eq!(owners.len(), 1);
    assert!(owners[0].is_controller() && owners[0].block_owner_deletion == Some(true));
}

#[test]
fn a_pod_that_is_going_is_not_adopted() {
    let mut cluster = Cluster::new(Config::default());
    create(&mut cluster, Kind::Pod, &orphan("web-0", json!({"app": "nginx"})));
    pass(&mut cluster, SECOND * 5);
    delete(&mut cluster, &pod("web-0"), Propagation::Background);
    create_set(&mut cluster, "web", json!({"replicas": 1}));
    pass(&mut cluster, Millis(100));
    assert_eq!(owner(&cluster, "web-0"), "");
    assert_eq!(cluster.controllers.statefulset.waits(&web()).last(), Some(&already_exists()));
    // It comes when the other one is gone.
    pass(&mut cluster, SECOND * 10);
    assert_eq!(owner(&cluster, "web-0"), "web");
}

fn already_exists() -> Wait {
    Wait::Failed { error: "pods \"web-0\" already exists".to_owned() }
}

#[test]
fn a_pod_whose_labels_no_longer_fit_is_released_and_its_name_stays_taken() {
    let mut cluster = started(json!({"replicas": 1}));
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"labels": {"app": "other"}}}));
    pass(&mut cluster, SECOND);
    assert_eq!(owner(&cluster, "web-0"), "");
    assert_eq!(cluster.controllers.statefulset.waits(&web()).last(), Some(&already_exists()));
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"labels": {"app": "nginx"}}}));
    pass(&mut cluster, SECOND);
    assert_eq!(owner(&cluster, "web-0"), "web");
}

#[test]
fn of_two_sets_with_one_selector_each_has_the_pods_of_its_name() {
    let mut cluster = started(json!({"replicas": 1}));
    create_set(&mut cluster, "db", json!({"replicas": 1}));
    pass(&mut cluster, SECOND * 10);
    create(&mut cluster, Kind::Pod, &orphan("db-7", json!({"app": "nginx"})));
    // Both are asked whether they want it.
    let sets = [web(), ObjectRef::new(Kind::StatefulSet, "julin", "db")];
    assert!(sets.iter().all(|set| due(&cluster, set).is_some()));
    pass(&mut cluster, Millis(25));
    assert_eq!((owner(&cluster, "web-0"), owner(&cluster, "db-0")), ("web".to_owned(), "db".to_owned()));
    assert!(cluster.get(Kind::Pod, "julin", "db-7").is_none_or(|pod| pod.meta.is_terminating()));
}

#[test]
fn a_pod_of_another_controller_is_left_alone() {
    let mut cluster = started(json!({"replicas": 1}));
    let mut value = orphan("web-5", json!({"app": "nginx"}));
    value["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "earlier", "controller": true,
    }]);
    let mut cluster_without_collector = cluster.clone();
    create(&mut cluster_without_collector, Kind::Pod, &value);
    assert_eq!(due(&cluster_without_collector, &web()), None);
    value["metadata"]["ownerReferences"][0]["kind"] = json!("ReplicaSet");
    create(&mut cluster, Kind::Pod, &value);
    assert_eq!(due(&cluster, &web()), None);
}

#[test]
fn a_set_that_comes_back_takes_its_pods_and_revisions() {
    let mut cluster = started(json!({"replicas": 2}));
    let uids = |cluster: &Cluster| -> Vec<String> {
        cluster.store().list_in(Kind::Pod, "julin").map(|pod| pod.meta.uid.clone()).collect()
    };
    let before = uids(&cluster);
    delete(&mut cluster, &web(), Propagation::Orphan);
    pass(&mut cluster, SECOND * 2);
    assert!(cluster.store().find(&web()).is_none());
    assert_eq!(owner(&cluster, "web-0"), "");
    let set = create_set(&mut cluster, "web", json!({"replicas": 2}));
    pass(&mut cluster, SECOND * 2);
    assert_eq!(uids(&cluster), before);
    let revisions: Vec<_> = cluster.store().list_in(Kind::ControllerRevision, "julin").collect();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].meta.controller_of().unwrap().uid, set.meta.uid);
}

#[test]
fn a_set_that_is_going_adopts_nothing() {
    let mut cluster = started(json!({"replicas": 1}));
    let revision = cluster.store().list_in(Kind::ControllerRevision, "julin").next().unwrap().object_ref();
    let finalizers = json!({"metadata": {"finalizers": ["example.com/wait"]}});
    patch(&mut cluster, &web(), finalizers);
    delete(&mut cluster, &web(), Propagation::Background);
    let deleted = cluster.now();
    pass(&mut cluster, SECOND);
    create(&mut cluster, Kind::Pod, &orphan("web-1", json!({"app": "nginx"})));
    pass(&mut cluster, SECOND);
    assert_eq!(owner(&cluster, "web-1"), "");
    assert_eq!(cluster.controllers.statefulset.waits(&web()), [Wait::SetTerminating]);
    // It keeps what it has, and releases nothing.
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"labels": {"app": "other"}}}));
    pass(&mut cluster, SECOND);
    assert_eq!(owner(&cluster, "web-0"), "web");
    // Revisions that it would have to adopt fail its sync, which is tried again and again.
    patch(&mut cluster, &revision, json!({"metadata": {"ownerReferences": null}}));
    patch(&mut cluster, &web(), json!({"metadata": {"labels": {"touched": "yes"}}}));
    pass(&mut cluster, SECOND);
    let time = deleted.timestamp().to_string().replace('T', " ").replace('Z', " +0000 UTC");
    let error = format!("can't adopt ControllerRevisions: julin/web has just been deleted at {time}");
    assert_eq!(cluster.controllers.statefulset.waits(&web()), [Wait::Failed { error }]);
    assert!(due(&cluster, &web()).is_some());
}

#[test]
fn what_happens_to_a_pod_has_its_set_looked_at() {
    let mut cluster = started(json!({"replicas": 1}));
    assert_eq!(due(&cluster, &web()), None);
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"annotations": {"a": "b"}}}));
    assert_eq!(due(&cluster, &web()), Some(timing::STATEFULSET_WATCH));
    pass(&mut cluster, SECOND);
    delete(&mut cluster, &pod("web-0"), Propagation::Background);
    assert_eq!(due(&cluster, &web()), Some(timing::STATEFULSET_WATCH));
}

#[test]
fn an_orphan_interests_sets_only_when_its_labels_change() {
    let mut cluster = started(json!({"replicas": 1}));
    create(&mut cluster, Kind::Pod, &orphan("db-0", json!({"app": "nginx"})));
    assert!(due(&cluster, &web()).is_some());
    pass(&mut cluster, SECOND * 20);
    patch(&mut cluster, &pod("db-0"), json!({"metadata": {"annotations": {"a": "b"}}}));
    assert_eq!(due(&cluster, &web()), None);
    patch(&mut cluster, &pod("db-0"), json!({"metadata": {"labels": {"more": "yes"}}}));
    assert!(due(&cluster, &web()).is_some());
    pass(&mut cluster, SECOND);
    patch(&mut cluster, &pod("db-0"), json!({"metadata": {"labels": {"app": "other"}}}));
    assert_eq!(due(&cluster, &web()), None);
    delete(&mut cluster, &pod("db-0"), Propagation::Background);
    assert_eq!(due(&cluster, &web()), None);
}

#[test]
fn an_orphan_without_labels_interests_nobody() {
    let mut cluster = Cluster::new(Config::default());
    let absent = json!({"matchLabels": null, "matchExpressions": [{"key": "other", "operator": "DoesNotExist"}]});
    create_set(&mut cluster, "web", json!({"replicas": 1, "selector": absent}));
    pass(&mut cluster, SECOND * 20);
    create(&mut cluster, Kind::Pod, &orphan("db-0", json!({})));
    assert_eq!(due(&cluster, &web()), None);
    create(&mut cluster, Kind::Pod, &orphan("db-1", json!({"any": "label"})));
    assert!(due(&cluster, &web()).is_some());
}

#[test]
fn a_set_is_looked_at_when_a_ready_pod_becomes_available() {
    let mut cluster = started(json!({"replicas": 1, "minReadySeconds": 40}));
    let status = |cluster: &Cluster| {
        let set = cluster.store().find(&web()).unwrap();
        (set.status.int("readyReplicas"), set.status.int("availableReplicas"))
    };
    assert_eq!(status(&cluster), (Some(1), Some(0)));
    let ready = cluster.get(Kind::Pod, "julin", "web-0").unwrap();
    let available = ready_since(&ready).unwrap().instant() + SECOND * 40;
    cluster.run_until(Instant(available.0 - 1));
    assert_eq!(status(&cluster), (Some(1), Some(0)));
    pass(&mut cluster, Millis(50));
    assert_eq!(status(&cluster), (Some(1), Some(1)));
}

#[test]
fn the_next_check_is_that_of_the_pod_that_becomes_available_first() {
    let now = Instant::START;
    let ready = |seconds_ago: i64| {
        let since = (now + Millis::from_secs(-seconds_ago)).timestamp().to_string();
        let conditions = json!([{"type": "Ready", "status": "True", "lastTransitionTime": since}]);
        Arc::new(Object::from_value(Kind::Pod, json!({"status": {"phase": "Running", "conditions": conditions}})))
    };
    let unready = Arc::new(Object::from_value(Kind::Pod, json!({"status": {"phase": "Running"}})));
    let set = StatefulSet::of(&stored_set(json!({}), &FeatureGates::default()));
    let check = |pods: &[Arc<Object>]| {
        let members: Vec<Arc<Member>> = pods.iter().map(|pod| Arc::new(Member::of(&set, Arc::clone(pod)))).collect();
        next_availability_check(&members, 10, now)
    };
    assert_eq!(check(&[ready(3), ready(7), ready(10), unready.clone()]), Some(SECOND * 3));
    assert_eq!(check(&[ready(10), ready(11), unready]), None);
}

#[test]
fn a_sync_that_fails_is_tried_again_each_time_later() {
    let mut cluster = started(json!({"replicas": 1}));
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"labels": {"app": "other"}}}));
    pass(&mut cluster, SECOND);
    let failures =
        |cluster: &Cluster| cluster.controllers.statefulset.failures.get(&web()).copied().unwrap_or_default();
    let first = failures(&cluster);
    for count in first + 1..first + 20 {
        while failures(&cluster) < count {
            assert!(cluster.run_next());
        }
        assert_eq!(due(&cluster, &web()), Some(Millis((5 << (count - 1)).min(1_000_000))));
    }
    // What goes well begins anew.
    patch(&mut cluster, &pod("web-0"), json!({"metadata": {"labels": {"app": "nginx"}}}));
    pass(&mut cluster, SECOND);
    assert!(cluster.controllers.statefulset.failures.is_empty());
}

#[test]
fn a_set_that_is_gone_is_forgotten() {
    let mut cluster = started(json!({"replicas": 1}));
    assert!(cluster.controllers.statefulset.waits.contains_key(&web()));
    delete(&mut cluster, &web(), Propagation::Background);
    pass(&mut cluster, SECOND);
    assert!(cluster.controllers.statefulset.waits.is_empty());
    assert!(cluster.controllers.statefulset.failures.is_empty());
}

#[test]
fn more_replicas_than_can_be_looked_at_are_not_simulated() {
    let cluster = started(json!({"replicas": 2_000_000_000}));
    let wait = Wait::TooManyReplicas { replicas: 2_000_000_000, simulated: MAX_REPLICAS };
    assert_eq!(cluster.controllers.statefulset.waits(&web()), [wait]);
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

#[test]
fn a_claim_that_somebody_changed_is_looked_at_again() {
    let mut cluster = Cluster::new(Config::default());
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "disks"},
        "provisioner": "example.com/disks",
    });
    create(&mut cluster, Kind::StorageClass, &class);
    let claim = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": "disks", "resources": {"requests": {"storage": "1Gi"}},
    });
    let policy = json!({"whenDeleted": "Delete", "whenScaled": "Retain"});
    let spec = json!({
        "replicas": 2, "persistentVolumeClaimRetentionPolicy": policy,
        "volumeClaimTemplates": [{"metadata": {"name": "www"}, "spec": claim}],
    });
    create_set(&mut cluster, "web", spec);
    pass(&mut cluster, SECOND * 30);
    let claim = ObjectRef::new(Kind::PersistentVolumeClaim, "julin", "www-web-0");
    let owners = |cluster: &Cluster| cluster.store().find(&claim).unwrap().meta.owner_references.len();
    assert_eq!(cluster.controllers.statefulset.known[&web()].matching.len(), 2);
    assert_eq!(owners(&cluster), 1);
    patch(&mut cluster, &claim, json!({"metadata": {"ownerReferences": null}}));
    assert_eq!(owners(&cluster), 0);
    resync(&mut cluster);
    pass(&mut cluster, SECOND);
    assert_eq!(owners(&cluster), 1);
}
