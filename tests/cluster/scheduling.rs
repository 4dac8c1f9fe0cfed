//! Where pods run, and what is said where they run nowhere.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::cluster::Propagation;
use statefulscope::cluster::config::{Config, StorageClassConfig};
use statefulscope::command::Command;
use statefulscope::controllers::reason::{ClaimTrouble, Reason, Refusal};

use crate::support::{Run, WEB, claim, condition, field_of_condition, lone_pod, of, pod, set};

const CONTAINER: &str = "containers: [{name: c, image: i}]";

/// What is said last of a pod that runs nowhere.
#[track_caller]
fn said(run: &Run, name: &str) -> String {
    let message = field_of_condition(run.get(&pod(name)), "PodScheduled", "message");
    assert_eq!(*run.messages(&pod(name), "FailedScheduling").last().unwrap(), message);
    message
}

/// What is said of a lone pod with this specification, after this was applied.
#[track_caller]
fn refused(before: &[&str], spec: &str) -> String {
    let mut run = Run::new();
    for manifest in before {
        run.apply(manifest);
    }
    run.settle();
    run.apply(&lone_pod("lone", &format!("{{{CONTAINER}, {spec}}}")));
    run.settle();
    said(&run, "lone")
}

fn node_of(run: &Run, name: &str) -> String {
    run.get(&pod(name)).spec.text("nodeName").to_owned()
}

const UNHELPFUL: &str = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
const NO_VICTIMS: &str = "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";

#[test]
fn a_pod_that_asks_for_labels_that_no_node_has_waits() {
    let reason = "3 node(s) didn't match Pod's node affinity/selector";
    let expected = format!("0/3 nodes are available: {reason}. {UNHELPFUL}");
    assert_eq!(refused(&[], "nodeSelector: {disk: ssd}"), expected);
    let affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
                    [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: NotIn, values: [zone-a, zone-b, zone-c]}]}]}}}";
    assert_eq!(refused(&[], affinity), expected);
}

#[test]
fn a_pod_that_is_more_important_takes_the_place_of_the_least_important() {
    let class = |name: &str, value: i64| {
        format!("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: {value}\n")
    };
    let spec = |class: &str, cpu: &str| {
        let container = format!("{{name: c, image: i, resources: {{requests: {{cpu: \"{cpu}\"}}}}}}");
        format!("{{priorityClassName: {class}, containers: [{container}]}}")
    };
    let mut run = Run::new();
    for (name, value) in [("low", -10), ("middle", 10), ("high", 1000)] {
        run.apply(&class(name, value));
    }
    for (name, class) in [("a", "middle"), ("b", "low"), ("c", "middle")] {
        run.apply(&lone_pod(name, &spec(class, "5")));
    }
    run.settle();
    let node = node_of(&run, "b");
    run.apply(&lone_pod("late", &spec("high", "4")));
    run.advance(200);
    let found = format!("preemption: found a potential placement for pod on node {node}, preempting 1 victims");
    assert_eq!(said(&run, "late"), format!("0/3 nodes are available: 3 Insufficient cpu. {found}"));
    assert_eq!(run.get(&pod("late")).status.text("nominatedNodeName"), node);
    let by = format!("Preempted by pod {} on node {node}", run.get(&pod("late")).meta.uid);
    assert_eq!(run.messages(&pod("b"), "Preempted"), [by]);
    assert_eq!(field_of_condition(run.get(&pod("b")), "DisruptionTarget", "reason"), "PreemptionByScheduler");
    run.settle();
    assert_eq!(run.messages(&pod("late"), "FailedScheduling").len(), 1);
    assert_eq!((node_of(&run, "late"), condition(run.get(&pod("late")), "Ready")), (node, "True".to_owned()));
    assert!(run.find(&pod("b")).is_none() && run.get(&pod("late")).status.text("nominatedNodeName").is_empty());
    // Nobody is less important than a pod of the lowest class, and beside its equals a large one has no place.
    run.apply(&lone_pod("small", &spec("low", "5")));
    run.settle();
    assert_eq!(said(&run, "small"), format!("0/3 nodes are available: 3 Insufficient cpu. {NO_VICTIMS}"));
}

#[test]
fn a_pod_that_asks_for_more_than_any_node_has_cannot_preempt() {
    let spec =
        |cpu: &str| format!("{{containers: [{{name: c, image: i, resources: {{requests: {{cpu: \"{cpu}\"}}}}}}]}}");
    let mut run = Run::new();
    run.apply(&lone_pod("huge", &spec("9")));
    run.settle();
    assert_eq!(said(&run, "huge"), format!("0/3 nodes are available: 3 Insufficient cpu. {UNHELPFUL}"));
    let nodes = ["node1", "node2", "node3"].map(str::to_owned).to_vec();
    let refusals = vec![Refusal { reason: "Insufficient cpu".to_owned(), nodes }];
    assert_eq!(run.reasons(&pod("huge")), [Reason::Unschedulable { message: said(&run, "huge"), refusals }]);
    // Where others use what is there, taking them away would help if they mattered less.
    for name in ["a", "b", "c"] {
        run.apply(&lone_pod(name, &spec("5")));
    }
    run.apply(&lone_pod("late", &spec("4")));
    run.settle();
    assert_eq!(said(&run, "late"), format!("0/3 nodes are available: 3 Insufficient cpu. {NO_VICTIMS}"));
    run.delete(&pod("b"), Propagation::Background);
    run.settle();
    assert_eq!(condition(run.get(&pod("late")), "Ready"), "True");
    assert!(run.reasons(&pod("late")).is_empty());
}

#[test]
fn taints_and_cordons_are_counted_apart() {
    let mut run = Run::new();
    run.patch(&of(Kind::Node, "node1"), r#"{"spec":{"unschedulable":true}}"#);
    for node in ["node2", "node3"] {
        run.patch(&of(Kind::Node, node), r#"{"spec":{"taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"}]}}"#);
    }
    run.apply(&lone_pod("lone", &format!("{{{CONTAINER}}}")));
    run.settle();
    let reasons = "1 node(s) were unschedulable, 2 node(s) had untolerated taint(s)";
    assert_eq!(said(&run, "lone"), format!("0/3 nodes are available: {reasons}. {UNHELPFUL}"));
    let toleration = "tolerations: [{key: gpu, operator: Equal, value: 'yes', effect: NoSchedule}]";
    run.apply(&lone_pod("tolerant", &format!("{{{CONTAINER}, {toleration}}}")));
    run.settle();
    assert_ne!(node_of(&run, "tolerant"), "node1");
}

#[test]
fn a_port_of_the_node_is_had_by_one_pod() {
    let mut run = Run::new();
    let spec = "{containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}]}]}";
    for name in ["a", "b", "c", "late"] {
        run.apply(&lone_pod(name, spec));
    }
    run.settle();
    let reason = "3 node(s) didn't have free ports for the requested pod ports";
    assert_eq!(said(&run, "late"), format!("0/3 nodes are available: {reason}. {NO_VICTIMS}"));
}

#[test]
fn pods_that_repel_one_another_need_a_node_each() {
    let rule = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: \
                kubernetes.io/hostname, labelSelector: {matchLabels: {app: nginx}}}]}}";
    let manifest = WEB
        .replace("      containers:", &format!("      {rule}\n      containers:"))
        .replace("replicas: 3", "replicas: 4");
    let mut run = Run::of(&manifest);
    let mut nodes: Vec<String> = (0..3).map(|ordinal| node_of(&run, &format!("web-{ordinal}"))).collect();
    nodes.sort();
    assert_eq!(nodes, ["node1", "node2", "node3"]);
    let reason = "3 node(s) didn't match pod anti-affinity rules";
    let message = field_of_condition(run.get(&pod("web-3")), "PodScheduled", "message");
    assert_eq!(message, format!("0/3 nodes are available: {reason}. {NO_VICTIMS}"));
    run.apply("apiVersion: v1\nkind: Node\nmetadata: {name: node4, labels: {kubernetes.io/hostname: node4}}\n");
    run.settle();
    assert_eq!(node_of(&run, "web-3"), "node4");
    // A pod without rules is kept out by those that have one.
    let mut lone = lone_pod("lone", &format!("{{{CONTAINER}}}"));
    lone = lone.replace("app: lone", "app: nginx");
    run.apply(&lone);
    run.settle();
    let reason = "4 node(s) didn't satisfy existing pods anti-affinity rules";
    let preemption = "preemption: 0/4 nodes are available: 4 No preemption victims found for incoming pod.";
    assert_eq!(said(&run, "lone"), format!("0/4 nodes are available: {reason}. {preemption}"));
}

#[test]
fn pods_that_want_to_be_together_go_where_the_first_is() {
    let rule = "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: \
                kubernetes.io/hostname, labelSelector: {matchLabels: {app: nginx}}}]}}";
    let run = Run::of(&WEB.replace("      containers:", &format!("      {rule}\n      containers:")));
    assert!((1..3).all(|ordinal| node_of(&run, &format!("web-{ordinal}")) == node_of(&run, "web-0")));
    let reason = "3 node(s) didn't match pod affinity rules";
    assert_eq!(refused(&[], rule), format!("0/3 nodes are available: {reason}. {UNHELPFUL}"));
}

#[test]
fn spread_is_kept_even() {
    let rule = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: \
                DoNotSchedule, labelSelector: {matchLabels: {app: nginx}}}]";
    let manifest = WEB
        .replace("      containers:", &format!("      {rule}\n      containers:"))
        .replace("replicas: 3", "replicas: 6");
    let mut run = Run::new();
    run.apply(&manifest);
    run.settle();
    for node in ["node1", "node2", "node3"] {
        assert_eq!((0..6).filter(|ordinal| node_of(&run, &format!("web-{ordinal}")) == node).count(), 2);
    }
    run.patch(&of(Kind::Node, "node1"), r#"{"spec":{"unschedulable":true}}"#);
    run.scale(8);
    run.settle();
    // The tainted zone still counts, so one more pod fits in each of the others.
    run.scale(9);
    run.settle();
    let reasons = "1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints";
    let preemption = "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption \
                      victims found for incoming pod.";
    let message = field_of_condition(run.get(&pod("web-8")), "PodScheduled", "message");
    assert_eq!(message, format!("0/3 nodes are available: {reasons}. {preemption}"));
}

#[test]
fn a_pod_whose_claims_are_missing_going_or_unbound_waits_for_them() {
    let volumes = "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]";
    let mut run = Run::new();
    run.apply(&lone_pod("lone", &format!("{{{CONTAINER}, {volumes}}}")));
    run.settle();
    let missing = "0/3 nodes are available: persistentvolumeclaim \"data\" not found. not found";
    assert_eq!(said(&run, "lone"), missing);
    run.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: julin}\nspec: {accessModes: \
         [ReadWriteOnce], storageClassName: localhostpath, resources: {requests: {storage: 1Gi}}}\n",
    );
    run.settle();
    let unbound = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
    assert_eq!(said(&run, "lone"), unbound);
    let reasons = run.reasons(&pod("lone"));
    assert_eq!(reasons[0], Reason::ClaimNotUsable { claim: "data".to_owned(), why: ClaimTrouble::Unbound });
    run.apply(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv}\nspec: {capacity: {storage: 1Gi}, accessModes: \
         [ReadWriteOnce], storageClassName: localhostpath, local: {path: /d}, nodeAffinity: {required: {nodeSelectorTerms: \
         [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node2]}]}]}}}\n",
    );
    run.settle();
    assert_eq!(node_of(&run, "lone"), "node2");
    // The volume pins later pods, too.
    run.delete(&pod("lone"), Propagation::Background);
    run.patch(&of(Kind::Node, "node2"), r#"{"spec":{"unschedulable":true}}"#);
    run.settle();
    run.apply(&lone_pod("next", &format!("{{{CONTAINER}, {volumes}}}")));
    run.settle();
    let reasons = "1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity";
    assert_eq!(said(&run, "next"), format!("0/3 nodes are available: {reasons}. {UNHELPFUL}"));
}

fn late_class(zones: &[&str]) -> Config {
    let mut config = Config::default();
    config.storage_classes.push(StorageClassConfig {
        name: "late".to_owned(),
        provisioner: "example.com/late".to_owned(),
        wait_for_first_consumer: true,
        zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
        ..StorageClassConfig::default()
    });
    config
}

#[test]
fn a_class_that_waits_binds_where_the_pod_is_to_run() {
    let mut run = Run::with(late_class(&["zone-b"]));
    run.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: early, namespace: julin}\nspec: {accessModes: \
         [ReadWriteOnce], storageClassName: late, resources: {requests: {storage: 1Gi}}}\n",
    );
    run.settle();
    let waits = "waiting for first consumer to be created before binding";
    assert_eq!(run.messages(&claim("early"), "WaitForFirstConsumer")[0], waits);
    assert_eq!(run.reasons(&claim("early")), [Reason::WaitForFirstConsumer { class: "late".to_owned() }]);
    run.apply(&WEB.replace("[ReadWriteOnce], ", "[ReadWriteOnce], storageClassName: late, "));
    run.settle();
    let www = run.get(&claim("www-web-0"));
    assert_eq!(www.meta.annotations["volume.kubernetes.io/selected-node"], "node2");
    assert!((0..3).all(|ordinal| node_of(&run, &format!("web-{ordinal}")) == "node2"));
    run.expect_order(&["web-0 created", "www-web-0 updated", "www-web-0 ExternalProvisioning", "web-0 Scheduled"]);
}

#[test]
fn a_class_whose_zones_have_no_node_finds_no_volume() {
    let mut run = Run::with(late_class(&["zone-x"]));
    run.apply(&WEB.replace("[ReadWriteOnce], ", "[ReadWriteOnce], storageClassName: late, "));
    run.settle();
    let reason = "3 node(s) didn't find available persistent volumes to bind";
    assert_eq!(said(&run, "web-0"), format!("0/3 nodes are available: {reason}. {UNHELPFUL}"));
    let pods = vec!["web-0".to_owned()];
    assert_eq!(run.reasons(&claim("www-web-0")), [Reason::WaitForPodScheduled { pods }]);
    assert_eq!(
        run.messages(&claim("www-web-0"), "WaitForPodScheduled").last().unwrap(),
        "waiting for pod web-0 to be scheduled"
    );
}

#[test]
fn a_claim_for_one_pod_is_used_by_one_pod() {
    let mut run = Run::new();
    run.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: julin}\nspec: {accessModes: \
         [ReadWriteOncePod], resources: {requests: {storage: 1Gi}}}\n",
    );
    let volumes = "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]";
    run.apply(&lone_pod("a", &format!("{{{CONTAINER}, {volumes}}}")));
    run.settle();
    run.apply(&lone_pod("b", &format!("{{{CONTAINER}, {volumes}}}")));
    run.settle();
    let reason = "3 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
                  another pod";
    assert_eq!(said(&run, "b"), format!("0/3 nodes are available: {reason}. {NO_VICTIMS}"));
    run.delete(&pod("a"), Propagation::Background);
    run.settle();
    assert_eq!(condition(run.get(&pod("b")), "Ready"), "True");
}

#[test]
fn a_gated_pod_is_not_scheduled_before_its_gates_are_gone() {
    let mut run = Run::new();
    run.apply(&lone_pod("lone", &format!("{{{CONTAINER}, schedulingGates: [{{name: example.com/wait}}]}}")));
    run.settle();
    assert_eq!(field_of_condition(run.get(&pod("lone")), "PodScheduled", "reason"), "SchedulingGated");
    assert_eq!(run.reasons(&pod("lone")), [Reason::SchedulingGated { gates: vec!["example.com/wait".to_owned()] }]);
    run.patch(&pod("lone"), r#"{"spec":{"schedulingGates":null}}"#);
    run.settle();
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
}

#[test]
fn what_is_preferred_is_followed_where_it_can_be() {
    let rule = "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, preference: \
                {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [zone-c]}]}}]}}";
    let run = Run::of(&WEB.replace("      containers:", &format!("      {rule}\n      containers:")));
    assert_eq!(node_of(&run, "web-0"), "node3");
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn a_node_that_goes_while_its_volume_is_made_is_replaced_by_another() {
    let mut run = Run::with(late_class(&[]));
    let provisioner = "example.com/late".to_owned();
    run.dispatch(Command::SetProvisionerDown { provisioner: provisioner.clone(), down: true });
    run.apply(&WEB.replace("[ReadWriteOnce], ", "[ReadWriteOnce], storageClassName: late, "));
    run.settle();
    let reasons = run.reasons(&pod("web-0"));
    let binding = Reason::BindingVolumes { claims: vec!["www-web-0".to_owned()], node: "node1".to_owned() };
    assert_eq!(reasons, [binding]);
    run.delete(&of(Kind::Node, "node1"), Propagation::Background);
    run.dispatch(Command::SetProvisionerDown { provisioner, down: false });
    run.settle();
    let said =
        "failed to provision volume with StorageClass \"late\": failed to get target node: node \"node1\" not found";
    assert_eq!(run.messages(&claim("www-web-0"), "ProvisioningFailed"), [said]);
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}
