//! Nodes that are lost, come back, are tainted, or removed; and at most one pod of a name.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::cluster::Propagation;
use statefulscope::cluster::config::{Config, NodeConfig};
use statefulscope::command::Command;
use statefulscope::controllers::reason::Reason;

use crate::support::{Run, WEB, condition, field_of_condition, lone_pod, of, pod, set};

fn node_of(run: &Run, name: &str) -> String {
    run.get(&pod(name)).spec.text("nodeName").to_owned()
}

fn set_down(run: &mut Run, node: &str, down: bool) {
    run.dispatch(Command::SetNodeDown { node: node.to_owned(), down });
}

fn taints(run: &Run, node: &str) -> Vec<String> {
    let taints = run.get(&of(Kind::Node, node)).spec.list("taints").iter();
    taints.map(|taint| format!("{}:{}", taint.text("key"), taint.text("effect"))).collect()
}

/// A run in which the node of `web-1` has not answered for `seconds`.
fn lost(seconds: i64) -> (Run, String) {
    let mut run = Run::of(WEB);
    let node = node_of(&run, "web-1");
    set_down(&mut run, &node, true);
    run.advance(seconds * 1000);
    (run, node)
}

#[test]
fn a_node_that_does_not_answer_is_not_ready_after_its_grace_period() {
    let (mut run, node) = lost(45);
    assert_eq!(condition(run.get(&of(Kind::Node, &node)), "Ready"), "True");
    run.advance(10_000);
    let object = run.get(&of(Kind::Node, &node));
    assert_eq!(condition(object, "Ready"), "Unknown");
    assert_eq!(field_of_condition(object, "Ready", "message"), "Kubelet stopped posting node status.");
    let unreachable = "node.kubernetes.io/unreachable";
    assert_eq!(taints(&run, &node), [format!("{unreachable}:NoExecute"), format!("{unreachable}:NoSchedule")]);
    assert_eq!(condition(run.get(&pod("web-1")), "Ready"), "False");
    let said = format!("Node {node} status is now: NodeNotReady");
    assert_eq!(run.messages(&of(Kind::Node, &node), "NodeNotReady"), [said]);
    assert_eq!(run.messages(&pod("web-1"), "NodeNotReady"), ["Node is not ready"]);
    let reasons = run.reasons(&pod("web-1"));
    assert!(reasons.contains(&Reason::NodeLost { node: node.clone() }), "{reasons:?}");
    assert!(reasons.iter().any(|reason| matches!(reason, Reason::TaintEviction { .. })));
}

#[test]
fn the_pod_of_a_lost_node_is_deleted_after_five_minutes_and_stays_terminating() {
    let (mut run, node) = lost(345);
    assert!(!run.get(&pod("web-1")).meta.is_terminating());
    run.advance(10_000);
    let web_1 = run.get(&pod("web-1"));
    assert!(web_1.meta.is_terminating());
    assert_eq!(field_of_condition(web_1, "DisruptionTarget", "reason"), "DeletionByTaintManager");
    assert_eq!(run.messages(&pod("web-1"), "TaintManagerEviction"), ["Marking for deletion Pod julin/web-1"]);
    let uid = web_1.meta.uid.clone();
    run.advance(600_000);
    assert_eq!(run.get(&pod("web-1")).meta.uid, uid);
    // Then the node answers again: its kubelet ends the pod, and the set makes a new one.
    run.mark();
    set_down(&mut run, &node, false);
    run.settle();
    run.expect_order(&[&format!("{node} NodeReady"), "web-1 deleted", "web-1 created", "web-1 Started"]);
    assert!(taints(&run, &node).is_empty());
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn a_pod_of_a_lost_node_that_is_deleted_by_force_comes_back_elsewhere() {
    let (mut run, node) = lost(400);
    run.mark();
    run.dispatch(Command::Delete {
        object: pod("web-1"),
        cascade: Propagation::Background,
        grace_period_seconds: Some(0),
    });
    run.settle();
    run.expect_order(&["web-1 deleted", "web-1 created", "web-1 Started"]);
    assert_ne!(node_of(&run, "web-1"), node);
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn removing_the_node_object_frees_its_pods() {
    let (mut run, node) = lost(400);
    run.mark();
    run.delete(&of(Kind::Node, &node), Propagation::Background);
    run.settle();
    run.expect_order(&[&format!("{node} deleted"), "web-1 deleted", "web-1 created", "web-1 Started"]);
    assert!(run.when("web-1 deleted") - run.when(&format!("{node} deleted")) >= 40_000);
    assert_ne!(node_of(&run, "web-1"), node);
}

#[test]
fn a_node_out_of_service_loses_its_pods_at_once() {
    let (mut run, node) = lost(60);
    let taint = r#"{"spec":{"taints":[{"key":"node.kubernetes.io/out-of-service","value":"nodeshutdown","effect":"NoExecute"}]}}"#;
    run.mark();
    run.patch(&of(Kind::Node, &node), taint);
    run.settle();
    run.expect_order(&["web-1 TaintManagerEviction", "web-1 terminating", "web-1 deleted", "web-1 created"]);
    assert_ne!(node_of(&run, "web-1"), node);
}

#[test]
fn a_node_that_answers_again_in_time_keeps_its_pod() {
    let (mut run, node) = lost(100);
    let uid = run.get(&pod("web-1")).meta.uid.clone();
    set_down(&mut run, &node, false);
    run.settle();
    assert_eq!(run.get(&pod("web-1")).meta.uid, uid);
    assert_eq!(condition(run.get(&pod("web-1")), "Ready"), "True");
    let cancelled = "Cancelling deletion of Pod julin/web-1";
    assert_eq!(run.messages(&pod("web-1"), "TaintManagerEviction"), [cancelled]);
    assert!(run.reasons(&pod("web-1")).is_empty());
}

#[test]
fn when_every_node_is_lost_nobody_is_evicted() {
    let mut run = Run::of(WEB);
    for node in ["node1", "node2", "node3"] {
        set_down(&mut run, node, true);
    }
    run.advance(900_000);
    assert!((0..3).all(|ordinal| !run.get(&pod(&format!("web-{ordinal}"))).meta.is_terminating()));
    assert_eq!(taints(&run, "node1"), ["node.kubernetes.io/unreachable:NoSchedule"]);
}

#[test]
fn a_taint_evicts_who_does_not_tolerate_it_or_only_for_some_time() {
    let mut run = Run::new();
    let toleration = "tolerations: [{key: maintenance, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]";
    run.apply(&lone_pod("patient", &format!("{{nodeName: node1, {toleration}, containers: [{{name: c, image: i}}]}}")));
    run.apply(&lone_pod("other", "{nodeName: node1, containers: [{name: c, image: i}]}"));
    run.settle();
    run.mark();
    let taints = r#"{"spec":{"taints":[{"key":"maintenance","effect":"NoExecute"}]}}"#;
    run.patch(&of(Kind::Node, "node1"), taints);
    run.settle();
    run.expect_order(&["other terminating", "other deleted", "patient terminating", "patient deleted"]);
    assert!((30_000..31_000).contains(&(run.when("patient terminating") - run.when("other terminating"))));
}

#[test]
fn a_cordoned_node_is_tainted_and_gets_no_pods() {
    let mut run = Run::new();
    run.patch(&of(Kind::Node, "node2"), r#"{"spec":{"unschedulable":true}}"#);
    run.apply(WEB);
    run.settle();
    assert_eq!(taints(&run, "node2"), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    assert!((0..3).all(|ordinal| node_of(&run, &format!("web-{ordinal}")) != "node2"));
    run.patch(&of(Kind::Node, "node2"), r#"{"spec":{"unschedulable":null}}"#);
    run.settle();
    assert!(taints(&run, "node2").is_empty());
}

#[test]
fn a_new_node_becomes_ready_and_takes_pods() {
    let mut run = Run::new();
    for node in ["node1", "node2", "node3"] {
        run.delete(&of(Kind::Node, node), Propagation::Background);
    }
    run.apply(WEB);
    run.settle();
    assert_eq!(run.messages(&pod("web-0"), "FailedScheduling").last().unwrap(), "no nodes available to schedule pods");
    run.apply("apiVersion: v1\nkind: Node\nmetadata: {name: spare}\n");
    run.settle();
    assert_eq!(condition(run.get(&of(Kind::Node, "spare")), "Ready"), "True");
    assert_eq!(node_of(&run, "web-2"), "spare");
}

#[test]
fn one_node_of_a_zone_is_emptied_in_ten_seconds() {
    let node = |name: &str| NodeConfig { name: name.to_owned(), ..NodeConfig::default() };
    let names = ["node1", "node2", "node3", "node4", "node5"];
    let mut run = Run::with(Config { nodes: names.map(node).to_vec(), ..Config::default() });
    for lost in ["node1", "node2"] {
        set_down(&mut run, lost, true);
    }
    run.advance(52_000);
    let evicts =
        |run: &Run, node: &str| taints(run, node).contains(&"node.kubernetes.io/unreachable:NoExecute".to_owned());
    let warns =
        |run: &Run, node: &str| taints(run, node).contains(&"node.kubernetes.io/unreachable:NoSchedule".to_owned());
    assert!(warns(&run, "node1") && warns(&run, "node2"));
    assert_eq!((evicts(&run, "node1"), evicts(&run, "node2")), (true, false));
    run.advance(10_000);
    assert_eq!((evicts(&run, "node1"), evicts(&run, "node2")), (true, true));
}

#[test]
fn an_event_is_kept_for_an_hour() {
    let mut run = Run::of(WEB);
    let scheduled = |run: &Run| run.timeline.cluster().events().filter(|event| event.reason == "Scheduled").count();
    assert_eq!(scheduled(&run), 3);
    run.advance(3_500_000);
    assert_eq!(scheduled(&run), 3);
    run.advance(100_000);
    assert_eq!(scheduled(&run), 0);
}
