//! Where a sync stops, and what it says about that.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::OwnerReference;
use crate::api::status::Status;
use crate::controllers::statefulset::testing::World;

fn one(wait: Wait) -> Vec<Wait> {
    vec![wait]
}

fn pod(name: &str) -> String {
    name.to_owned()
}

fn pods(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A specification with one claim template, `www`, changed by a merge patch.
fn with_claims(mut spec: Value) -> Value {
    let claim = json!({"metadata": {"name": "www"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
    }});
    spec["volumeClaimTemplates"] = json!([claim]);
    spec
}

#[test]
fn a_set_that_is_going_is_only_counted() {
    let mut world = World::settled(json!({}));
    world.set.meta.deletion_timestamp = Some(world.now.timestamp());
    world.pods.remove("web-1");
    assert_eq!(world.waits(), one(Wait::SetTerminating));
    assert_eq!(world.calls, ["updateStatus StatefulSet web"]);
}

#[test]
fn in_order_the_next_pod_comes_when_the_one_before_is_available() {
    let mut world = World::new(json!({"minReadySeconds": 10}));
    assert_eq!(world.waits(), one(Wait::PodCreated { pod: pod("web-0") }));
    assert_eq!(world.waits(), one(Wait::PodNotReady { pod: pod("web-0"), outdated: false }));
    world.ready("web-0", false);
    assert_eq!(world.waits(), one(Wait::PodNotReady { pod: pod("web-0"), outdated: false }));
    world.ready("web-0", true);
    assert_eq!(world.waits(), one(Wait::PodNotAvailable { pod: pod("web-0"), min_ready_seconds: 10 }));
    world.pass(9);
    assert_eq!(world.waits(), one(Wait::PodNotAvailable { pod: pod("web-0"), min_ready_seconds: 10 }));
    world.pass(1);
    assert_eq!(world.waits(), one(Wait::PodCreated { pod: pod("web-1") }));
}

#[test]
fn in_order_everything_waits_for_a_pod_that_is_going() {
    let mut world = World::settled(json!({}));
    world.terminate("web-0");
    world.phase("web-2", "Failed");
    assert_eq!(world.waits(), one(Wait::PodTerminating { pod: pod("web-0") }));
}

#[test]
fn a_pod_that_ended_is_deleted_once_and_waited_for() {
    for phase in ["Failed", "Succeeded"] {
        let mut world = World::settled(json!({}));
        world.phase("web-1", phase);
        assert_eq!(world.waits(), one(Wait::PodEnded { pod: pod("web-1") }));
        assert_eq!(world.calls, ["delete Pod web-1", "updateStatus StatefulSet web"]);
        assert_eq!(world.waits(), one(Wait::PodEnded { pod: pod("web-1") }));
        assert!(!world.calls.iter().any(|call| call.starts_with("delete")));
    }
}

#[test]
fn a_corrected_template_does_not_replace_a_pod_that_is_broken_in_order() {
    let mut world = World::settled(json!({}));
    world.image("nginx:broken");
    world.sync();
    world.pods.remove("web-2");
    world.sync();
    world.image("nginx:2");
    assert_eq!(world.waits(), one(Wait::PodNotReady { pod: pod("web-2"), outdated: true }));
    assert!(!world.calls.iter().any(|call| call.starts_with("delete")), "{:?}", world.calls);
    // In Parallel it does.
    let mut world = World::settled(json!({"podManagementPolicy": "Parallel"}));
    world.image("nginx:broken");
    world.sync();
    world.pods.remove("web-2");
    world.sync();
    world.image("nginx:2");
    world.sync();
    assert!(world.calls.contains(&"delete Pod web-2".to_owned()), "{:?}", world.calls);
}

#[test]
fn a_pod_waits_for_the_claim_of_its_earlier_life_to_go() {
    let policy = json!({"whenDeleted": "Retain", "whenScaled": "Delete"});
    let mut world = World::new(with_claims(json!({"persistentVolumeClaimRetentionPolicy": policy})));
    world.settle();
    world.pods.remove("web-2");
    world.claim("www-web-2", |claim| {
        let earlier =
            crate::api::meta::ObjectMeta { name: "web-2".to_owned(), uid: "earlier".to_owned(), ..Default::default() };
        claim.meta.owner_references.push(OwnerReference::controller(Kind::Pod, &earlier));
    });
    assert_eq!(world.waits(), one(Wait::ClaimStale { pod: pod("web-2") }));
    assert!(!world.pods.contains_key("web-2"));
    world.claims.remove("www-web-2");
    assert_eq!(world.waits(), one(Wait::PodCreated { pod: pod("web-2") }));
}

#[test]
fn a_claim_that_is_going_stops_the_pod_that_needs_it() {
    let mut world = World::new(with_claims(json!({})));
    world.settle();
    world.pods.remove("web-1");
    let now = world.now.timestamp();
    world.claim("www-web-1", |claim| claim.meta.deletion_timestamp = Some(now));
    let outcome = world.sync();
    let error = "pvc www-web-1 is being deleted".to_owned();
    let claim = "www-web-1".to_owned();
    assert_eq!(outcome.waits, [Wait::ClaimTerminating { claim }, Wait::Failed { error: error.clone() }]);
    assert_eq!(outcome.error.unwrap().to_string(), error);
    assert_eq!(
        world.events,
        [format!("Warning FailedCreate Create Pod web-1 in StatefulSet web failed error: {error}")]
    );
}

#[test]
fn a_refusal_of_the_server_is_named() {
    let mut world = World::new(json!({}));
    world.refusals.insert("create Pod", Status::forbidden(Kind::Pod, "web-0", "exceeded quota"));
    let message = "pods \"web-0\" is forbidden: exceeded quota".to_owned();
    let refused = Wait::Refused {
        kind: "Pod".to_owned(),
        name: pod("web-0"),
        reason: "Forbidden".to_owned(),
        message: message.clone(),
    };
    assert_eq!(world.waits(), [refused, Wait::Failed { error: message }]);
}

#[test]
fn in_parallel_every_pod_that_waits_is_named() {
    let policy = json!({"whenDeleted": "Retain", "whenScaled": "Delete"});
    let spec = json!({"podManagementPolicy": "Parallel", "persistentVolumeClaimRetentionPolicy": policy});
    let mut world = World::new(with_claims(spec));
    world.settle();
    world.phase("web-0", "Failed");
    world.phase("web-1", "Succeeded");
    assert_eq!(world.waits(), [Wait::PodEnded { pod: pod("web-0") }, Wait::PodEnded { pod: pod("web-1") }]);
}

#[test]
fn scaling_down_goes_one_by_one_from_the_highest_and_waits_for_each() {
    let mut world = World::settled(json!({"replicas": 4}));
    world.change(json!({"replicas": 1}));
    assert_eq!(world.waits(), one(Wait::CondemnedDeleted { pod: pod("web-3") }));
    assert_eq!(world.waits(), one(Wait::CondemnedTerminating { pod: pod("web-3") }));
    world.pods.remove("web-3");
    world.ready("web-1", false);
    world.ready("web-2", false);
    let blocked_by = pod("web-1");
    assert_eq!(world.waits(), one(Wait::CondemnedNotReady { pod: pod("web-2"), blocked_by }));
    world.ready("web-1", true);
    assert_eq!(world.waits(), one(Wait::CondemnedDeleted { pod: pod("web-2") }));
}

#[test]
fn scaling_down_waits_for_a_condemned_pod_to_be_available() {
    let mut world = World::settled(json!({"replicas": 4, "minReadySeconds": 0}));
    world.change(json!({"replicas": 1, "minReadySeconds": 30}));
    world.pass(60);
    world.ready("web-1", false);
    world.ready("web-3", true);
    let blocked_by = pod("web-1");
    assert_eq!(world.waits(), one(Wait::CondemnedNotAvailable { pod: pod("web-3"), blocked_by }));
    // The first pod that is not available is the one that may go unavailable.
    world.ready("web-1", true);
    world.pass(30);
    assert_eq!(world.waits(), one(Wait::CondemnedDeleted { pod: pod("web-3") }));
}

#[test]
fn on_delete_leaves_old_pods_to_somebody_else() {
    let mut world = World::settled(json!({"updateStrategy": {"type": "OnDelete"}}));
    world.image("nginx:2");
    assert_eq!(world.waits(), one(Wait::OnDelete { pods: pods(&["web-0", "web-1", "web-2"]) }));
    world.pods.remove("web-1");
    world.settle();
    assert_eq!(world.waits(), one(Wait::OnDelete { pods: pods(&["web-0", "web-2"]) }));
}

#[test]
fn a_partition_keeps_the_pods_below_it() {
    for gate in [true, false] {
        let gates = FeatureGates { max_unavailable_stateful_set: gate, ..FeatureGates::default() };
        let mut world = World::with_gates(json!({"updateStrategy": {"rollingUpdate": {"partition": 2}}}), gates);
        world.settle();
        world.image("nginx:2");
        world.settle();
        assert_eq!(world.waits(), one(Wait::Partition { partition: 2, pods: pods(&["web-0", "web-1"]) }));
        let images: Vec<String> = world.images().into_iter().map(|(_, image)| image).collect();
        assert_eq!(images, ["nginx:1", "nginx:1", "nginx:2"]);
        // A pod below the partition comes back as it was.
        world.pods.remove("web-0");
        world.settle();
        assert_eq!(world.images()[0].1, "nginx:1");
    }
}

#[test]
fn an_update_keeps_within_its_budget() {
    let mut world = World::settled(json!({"replicas": 4, "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}}));
    world.image("nginx:2");
    world.sync();
    let deleted: Vec<&String> = world.calls.iter().filter(|call| call.starts_with("delete")).collect();
    assert_eq!(deleted, ["delete Pod web-3", "delete Pod web-2"]);
    // In order, the terminating pods stop the sync before the budget does.
    assert_eq!(world.waits(), one(Wait::PodTerminating { pod: pod("web-2") }));
    let spec = json!({
        "replicas": 4, "podManagementPolicy": "Parallel", "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}},
    });
    let mut world = World::settled(spec);
    world.image("nginx:2");
    world.sync();
    let wait = Wait::MaxUnavailable {
        max_unavailable: 2,
        unavailable: pods(&["web-2", "web-3"]),
        remaining: pods(&["web-1", "web-0"]),
    };
    assert_eq!(world.waits(), one(wait));
}

#[test]
fn without_the_gate_an_update_waits_for_one_pod_after_the_other() {
    let gates = FeatureGates { max_unavailable_stateful_set: false, ..FeatureGates::default() };
    let spec = json!({"podManagementPolicy": "Parallel", "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}});
    let mut world = World::with_gates(spec, gates);
    world.settle();
    world.image("nginx:2");
    world.sync();
    assert_eq!(
        world.calls,
        [
            format!("create ControllerRevision {}", world.set.status.text("updateRevision")),
            "delete Pod web-2".to_owned(),
            "updateStatus StatefulSet web".to_owned(),
        ]
    );
    assert_eq!(world.waits(), one(Wait::Updating { pod: pod("web-2") }));
}

#[test]
fn recreate_waits_until_every_old_pod_is_gone() {
    let gates = FeatureGates { stateful_set_recreate_strategy: true, ..FeatureGates::default() };
    let mut world = World::with_gates(json!({"updateStrategy": {"type": "Recreate"}}), gates);
    world.settle();
    world.image("nginx:2");
    assert_eq!(world.waits(), one(Wait::Recreating { pods: pods(&["web-0", "web-1", "web-2"]) }));
    let progressing = |world: &World| {
        let condition = &world.set.status.list("conditions")[0];
        (condition.text("status").to_owned(), condition.text("reason").to_owned(), condition.text("message").to_owned())
    };
    let told = |status: &str, reason: &str, message: &str| (status.to_owned(), reason.to_owned(), message.to_owned());
    assert_eq!(progressing(&world), told("True", "RecreateInProgress", "Deleting old revision pods"));
    world.pods.remove("web-0");
    world.pods.remove("web-2");
    assert_eq!(world.waits(), one(Wait::Recreating { pods: pods(&["web-1"]) }));
    world.pods.remove("web-1");
    assert_eq!(world.waits(), one(Wait::PodCreated { pod: pod("web-0") }));
    assert_eq!(progressing(&world), told("True", "RecreateInProgress", "Waiting for new-revision pods to be created"));
    world.settle();
    assert_eq!(progressing(&world), told("False", "RecreateCompleted", "All pods recreated successfully"));
}

#[test]
fn recreate_is_refused_without_its_gate() {
    let mut world = World::new(json!({"updateStrategy": {"type": "Recreate"}}));
    let outcome = world.sync();
    let error = "statefulset julin/web uses Recreate strategy but feature gate StatefulSetRecreateStrategy is disabled";
    assert_eq!(outcome.waits, one(Wait::Failed { error: error.to_owned() }));
    assert_eq!(world.events, [format!("Warning UnknownStrategy {error}")]);
    assert!(outcome.status.is_none() && world.pods.is_empty());
}

#[test]
fn a_name_that_is_taken_by_other_data_counts_as_a_collision() {
    let mut world = World::new(json!({}));
    let first = {
        let mut other = World::new(json!({}));
        other.sync();
        other.set.status.text("updateRevision").to_owned()
    };
    let taken = json!({"metadata": {"name": first}, "data": {"spec": {}}, "revision": 1});
    world.put(Kind::ControllerRevision, taken);
    world.sync();
    let revision = world.revision("updateRevision");
    assert_eq!(world.set.status.int("collisionCount"), Some(1));
    assert_eq!(revision.meta.name, COLLIDED);
    // The label keeps the hash without the collision.
    assert_eq!(format!("web-{}", revision.meta.label("controller.kubernetes.io/hash")), first);
    // The count stays for later revisions.
    world.settle();
    world.image("nginx:2");
    world.sync();
    assert_eq!(world.set.status.int("collisionCount"), Some(1));
}

/// What upstream names the revision of the tests' set at a collision count of 1.
const COLLIDED: &str = "web-5496b4cd7c";

#[test]
fn a_revision_that_somebody_else_made_of_the_same_data_is_taken() {
    let mut world = World::new(json!({}));
    world.sync();
    let mut revision = Object::clone(world.revision("updateRevision"));
    let name = revision.meta.name.clone();
    revision.meta.labels.clear();
    let mut world = World::new(json!({}));
    world.revisions.insert(name.clone(), Arc::new(revision));
    world.sync();
    assert_eq!(world.set.status.text("updateRevision"), name);
    assert_eq!(world.set.status.int("collisionCount"), Some(0));
    assert!(!world.calls.iter().any(|call| call.contains("ControllerRevision")), "{:?}", world.calls);
}

/// Rewrites the data of a world's only revision.
fn rewrite(world: &mut World, change: impl FnOnce(&mut Value)) {
    let revision = world.revisions.values_mut().next().unwrap();
    change(&mut Arc::make_mut(revision).rest_mut()["data"]["spec"]["template"]);
}

#[test]
fn a_revision_as_an_older_release_wrote_it_is_the_same_revision() {
    let old_forms: [fn(&mut Value); 3] = [
        |template| template["metadata"]["creationTimestamp"] = Value::Null,
        |template| drop(as_fields(&mut template["spec"]).remove("schedulerName")),
        |template| template["spec"]["fieldOfAnOlderRelease"] = json!(true),
    ];
    for old_form in old_forms {
        let mut world = World::settled(json!({}));
        rewrite(&mut world, old_form);
        world.change(json!({"replicas": 2}));
        world.settle();
        assert_eq!(world.revisions.len(), 1);
        assert_eq!(world.pods.len(), 2);
        // Pods that come now are made from the revision, as this release reads it.
        world.pods.remove("web-1");
        world.settle();
        assert_eq!(world.pods["web-1"].meta.annotations.len(), 0);
        assert!(!world.pods["web-1"].spec.has("fieldOfAnOlderRelease"));
        // Without the gate it is another one.
        world.gates.stateful_set_semantic_revision_comparison = false;
        world.sync();
        assert_eq!(world.revisions.len(), 2);
    }
}

#[test]
fn a_revision_that_means_something_else_is_another_one() {
    let mut world = World::settled(json!({}));
    rewrite(&mut world, |template| template["spec"]["terminationGracePeriodSeconds"] = json!(31));
    world.sync();
    assert_eq!(world.revisions.len(), 2);
}

#[test]
fn only_the_latest_revision_is_compared_by_its_meaning() {
    let mut world = World::settled(json!({}));
    rewrite(&mut world, |template| template["metadata"]["creationTimestamp"] = Value::Null);
    world.image("nginx:2");
    world.settle();
    world.image("nginx:1");
    world.sync();
    assert_eq!(world.revisions.len(), 3);
}

#[test]
fn a_revision_that_is_no_patch_fails_the_sync_and_changes_nothing() {
    let mut world = World::settled(json!({}));
    world.image("nginx:2");
    world.sync();
    let current = world.set.status.text("currentRevision").to_owned();
    Arc::make_mut(world.revisions.get_mut(&current).unwrap()).rest_mut().insert("data".to_owned(), json!("text"));
    world.pods.remove("web-0");
    let outcome = world.sync();
    assert!(outcome.error.is_some() && outcome.status.is_none());
    assert_eq!(world.calls, Vec::<String>::new());
}

#[test]
fn a_rollback_takes_the_old_revision_under_a_new_number() {
    let mut world = World::settled(json!({}));
    let first = world.set.status.text("updateRevision").to_owned();
    world.image("nginx:2");
    world.settle();
    world.image("nginx:1");
    world.settle();
    assert_eq!(world.set.status.text("currentRevision"), first);
    assert_eq!(world.revisions.len(), 2);
    assert_eq!(world.revisions[&first].rest.int("revision"), Some(3));
}

#[test]
fn history_is_kept_as_far_as_its_limit_and_as_pods_use_it() {
    let mut world = World::settled(json!({"revisionHistoryLimit": 1, "updateStrategy": {"type": "OnDelete"}}));
    let used = world.set.status.text("updateRevision").to_owned();
    for image in ["nginx:2", "nginx:3", "nginx:4", "nginx:5"] {
        world.image(image);
        world.sync();
        world.sync();
    }
    // The one that the pods run, the newest, and one more.
    assert_eq!(world.revisions.len(), 3);
    assert!(world.revisions.contains_key(&used));
}

#[test]
fn ordinals_reach_as_far_as_they_can_be_named() {
    let mut world = World::new(json!({"replicas": 2, "ordinals": {"start": 2_147_483_646}}));
    world.settle();
    assert_eq!(world.pods.keys().collect::<Vec<_>>(), ["web-2147483646", "web-2147483647"]);
    // One more has no ordinal any more, as upstream reads names, and gets the name of none.
    world.change(json!({"replicas": 3}));
    world.sync();
    assert!(world.calls.contains(&"create Pod web--1".to_owned()), "{:?}", world.calls);
}

#[test]
fn ten_thousand_pods_of_a_parallel_set_are_created_in_one_sync() {
    let mut world = World::new(json!({"replicas": 10_000, "podManagementPolicy": "Parallel"}));
    world.sync();
    assert_eq!(world.pods.len(), 10_000);
}

#[test]
fn batches_double_and_end_with_the_first_that_fails() {
    let mut world = World::new(json!({"replicas": 20, "podManagementPolicy": "Parallel"}));
    world.pods.insert("web-5".to_owned(), {
        // A pod that the sync does not know of: it was made meanwhile.
        let mut other = World::new(json!({"replicas": 20, "podManagementPolicy": "Parallel"}));
        other.sync();
        other.pods.remove("web-5").unwrap()
    });
    let (set, gates, now) = (StatefulSet::of(&world.set), world.gates.clone(), world.now);
    let outcome = update_stateful_set(&mut world, &set, &[], &gates, now);
    assert_eq!(outcome.error.unwrap().to_string(), "pods \"web-5\" already exists");
    // Batches of 1, 2 and 4: the seventh pod is the last that is tried.
    assert_eq!(world.pods.len(), 7);
}

fn as_fields(value: &mut Value) -> &mut serde_json::Map<String, Value> {
    value.as_object_mut().unwrap()
}
