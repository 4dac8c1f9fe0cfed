//! The main job once through, without a page: apply, scale, patch, update, delete.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::command::{Answer, Command, Fix};
use statefulscope::timeline::Timeline;

use crate::support::expect_order;

const WEB: &str = include_str!("../../scenarios/web.yaml");

fn web() -> ObjectRef {
    ObjectRef::new(Kind::StatefulSet, "julin", "web")
}

fn pod(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::Pod, "julin", name)
}

fn apply(timeline: &mut Timeline, manifest: &str) -> Answer {
    timeline.dispatch(Command::Apply { manifest: manifest.to_owned() })
}

/// Runs until nothing is left to do but what comes again and again.
fn settle(timeline: &mut Timeline) {
    let mut quiet = 0;
    for _ in 0..1000 {
        quiet = if timeline.advance(Millis::from_secs(1)) { 0 } else { quiet + 1 };
        if quiet == 30 {
            return;
        }
    }
    panic!("the cluster does not come to rest");
}

fn pods(cluster: &Cluster) -> Vec<(String, String, bool)> {
    cluster
        .store()
        .list_in(Kind::Pod, "julin")
        .map(|pod| {
            let ready =
                pod.status.list("conditions").iter().any(|c| c.text("type") == "Ready" && c.text("status") == "True");
            (pod.meta.name.clone(), pod.status.text("phase").to_owned(), ready)
        })
        .collect()
}

fn ready(names: &[&str]) -> Vec<(String, String, bool)> {
    names.iter().map(|name| ((*name).to_owned(), "Running".to_owned(), true)).collect()
}

fn bound_claims(cluster: &Cluster) -> Vec<String> {
    let claims = cluster.store().list_in(Kind::PersistentVolumeClaim, "julin");
    claims.filter(|claim| claim.status.text("phase") == "Bound").map(|claim| claim.meta.name.clone()).collect()
}

fn started() -> Timeline {
    let mut timeline = Timeline::new(Config::default());
    assert!(!apply(&mut timeline, WEB).is_refused());
    settle(&mut timeline);
    timeline
}

#[test]
fn pods_start_one_after_the_other_each_with_its_claim() {
    let mut timeline = Timeline::new(Config::default());
    let answer = apply(&mut timeline, WEB);
    let printed: Vec<&str> = answer.output.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(printed, ["service/nginx created", "statefulset.apps/web created"]);
    settle(&mut timeline);
    let volume = |claim: &str| {
        let claim = timeline.cluster().store().get(Kind::PersistentVolumeClaim, "julin", claim).unwrap();
        format!("pvc-{} created", claim.meta.uid)
    };
    expect_order(
        &timeline,
        0,
        &[
            "www-web-0 created",
            "web-0 created",
            "web-0 FailedScheduling",
            &volume("www-web-0"),
            "www-web-0 updated",
            "web-0 Scheduled",
            "web-0 Started",
            "www-web-1 created",
            "web-1 created",
            &volume("www-web-1"),
            "web-1 Scheduled",
            "web-1 Started",
        ],
    );
    assert_eq!(pods(timeline.cluster()), ready(&["web-0", "web-1"]));
    let slice = timeline.cluster().store().list_in(Kind::EndpointSlice, "julin").next().unwrap();
    let names: Vec<&str> = slice.rest.list("endpoints").iter().map(|endpoint| endpoint.text("hostname")).collect();
    assert_eq!(names, ["web-0", "web-1"]);
    let set = timeline.cluster().store().find(&web()).unwrap();
    assert_eq!(set.status.int("readyReplicas"), Some(2));
}

#[test]
fn scaling_goes_up_in_order_and_down_in_reverse_and_claims_stay() {
    let mut timeline = started();
    let from = timeline.steps().len();
    let answer = timeline.dispatch(Command::Scale { object: web(), replicas: 5 });
    assert_eq!(answer.output[0].text, "statefulset.apps/web scaled");
    settle(&mut timeline);
    expect_order(
        &timeline,
        from,
        &["web-2 created", "web-2 Started", "web-3 created", "web-3 Started", "web-4 created", "web-4 Started"],
    );
    let from = timeline.steps().len();
    let patch = r#"{"spec":{"replicas":3}}"#.to_owned();
    timeline.dispatch(Command::Patch { object: web(), patch_type: Default::default(), patch });
    settle(&mut timeline);
    expect_order(&timeline, from, &["web-4 terminating", "web-4 deleted", "web-3 terminating", "web-3 deleted"]);
    assert_eq!(pods(timeline.cluster()), ready(&["web-0", "web-1", "web-2"]));
    assert_eq!(bound_claims(timeline.cluster()), ["www-web-0", "www-web-1", "www-web-2", "www-web-3", "www-web-4"]);
}

#[test]
fn a_new_image_replaces_pods_from_the_highest_ordinal_and_volumes_come_back() {
    let mut timeline = started();
    let volumes = bound_claims(timeline.cluster());
    let from = timeline.steps().len();
    let (container, image) = ("nginx".to_owned(), "nginx:1.29".to_owned());
    timeline.dispatch(Command::SetImage { object: web(), container, image });
    settle(&mut timeline);
    expect_order(
        &timeline,
        from,
        &[
            "web-1 terminating",
            "web-1 deleted",
            "web-1 created",
            "web-1 Started",
            "web-0 terminating",
            "web-0 deleted",
            "web-0 created",
            "web-0 Started",
        ],
    );
    assert_eq!(bound_claims(timeline.cluster()), volumes);
    let address =
        |timeline: &Timeline| timeline.cluster().store().find(&pod("web-0")).unwrap().status.text("podIP").to_owned();
    let (before, uid) = (address(&timeline), timeline.cluster().store().find(&pod("web-0")).unwrap().meta.uid.clone());
    timeline.dispatch(Command::Delete {
        object: pod("web-0"),
        cascade: Default::default(),
        grace_period_seconds: None,
    });
    settle(&mut timeline);
    assert_ne!(address(&timeline), before);
    assert_ne!(timeline.cluster().store().find(&pod("web-0")).unwrap().meta.uid, uid);
    assert_eq!(pods(timeline.cluster()), ready(&["web-0", "web-1"]));
}

#[test]
fn a_parallel_set_starts_all_pods_at_once() {
    let mut timeline = Timeline::new(Config::default());
    let manifest = WEB.replace("  replicas: 2", "  replicas: 4\n  podManagementPolicy: Parallel");
    assert!(!apply(&mut timeline, &manifest).is_refused());
    timeline.advance(Millis(100));
    assert_eq!(pods(timeline.cluster()).len(), 4);
    settle(&mut timeline);
    assert_eq!(pods(timeline.cluster()), ready(&["web-0", "web-1", "web-2", "web-3"]));
}

#[test]
fn what_is_broken_is_refused_with_its_line_and_changes_nothing() {
    let timeline = started();
    let check = |manifest: &str, message: &str, line: usize| {
        let mut timeline = timeline.clone();
        let before = timeline.cluster().store().find(&web()).cloned();
        let answer = apply(&mut timeline, manifest);
        let found = answer.diagnostics.first().unwrap_or_else(|| panic!("no diagnostic: {:?}", answer.output));
        assert!(found.message.contains(message), "{:?}", answer.diagnostics);
        assert_eq!(found.span.unwrap().line + 1, line, "{found:?}");
        assert_eq!(timeline.cluster().store().find(&web()).cloned(), before);
    };
    check(&WEB.replace("  replicas: 2", "\treplicas: 2"), "found character that cannot start any token", 25);
    check(&WEB.replace("  replicas: 2", "  replica: 2"), "unknown field \"spec.replica\"", 25);
    check(
        &WEB.replace("  replicas: 2", "  replicas: \"2\""),
        "cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32",
        25,
    );
    let mismatch = WEB
        .replace("      app: nginx # as", "      app: other # as")
        .replace("name: web\n  namespace", "name: web2\n  namespace");
    let mut fresh = Timeline::new(Config::default());
    let answer = apply(&mut fresh, &mismatch);
    assert_eq!(
        answer.diagnostics[0].message,
        "Invalid value: {\"app\":\"nginx\"}: `selector` does not match template `labels`"
    );
    assert_eq!(answer.diagnostics[0].span.unwrap().line + 1, 31);
}

#[test]
fn a_missing_namespace_can_be_created() {
    let mut timeline = Timeline::new(Config::default());
    let manifest = WEB.replace("namespace: julin", "namespace: other");
    let answer = apply(&mut timeline, &manifest);
    let refusal = "Error from server (NotFound): error when creating \"manifest.yaml\": namespaces \"other\" not found";
    assert_eq!(answer.output[0].text, [refusal; 2].join("\n"));
    assert_eq!(answer.diagnostics[0].fix, Some(Fix::CreateNamespace("other".to_owned())));
    timeline.dispatch(Command::CreateNamespace { name: "other".to_owned() });
    assert!(!apply(&mut timeline, &manifest).is_refused());
}

#[test]
fn the_log_rebuilds_the_state() {
    let mut timeline = started();
    timeline.dispatch(Command::Scale { object: web(), replicas: 4 });
    timeline.advance(Millis(1234));
    timeline.dispatch(Command::Delete {
        object: pod("web-1"),
        cascade: Default::default(),
        grace_period_seconds: None,
    });
    timeline.step();
    timeline.dispatch(Command::Scale { object: web(), replicas: 1 });
    settle(&mut timeline);
    let log = serde_json::to_string(timeline.log()).unwrap();
    let log: statefulscope::timeline::Log = serde_json::from_str(&log).unwrap();
    assert_eq!(log.replay(timeline.cluster().now()).hash(), timeline.cluster().hash());
    assert_ne!(log.replay(Instant(timeline.cluster().now().0 + 1)).hash(), timeline.cluster().hash());
}
