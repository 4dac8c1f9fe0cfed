//! How pods start, live and end on their nodes.

use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::Propagation;
use statefulscope::command::Command;
use statefulscope::controllers::kubelet::PodFaults;
use statefulscope::controllers::reason::{ProbeKind, Reason};

use crate::support::{Run, WEB, condition, field_of_condition, lone_pod, of, pod, set};

/// A lone pod with this specification, some time after it was applied.
fn lone(spec: &str, millis: i64) -> Run {
    let mut run = Run::new();
    run.apply(&lone_pod("lone", spec));
    run.advance(millis);
    run
}

/// The status of a container of the lone pod: its state, or what it waits for.
fn state(run: &Run, container: &str) -> String {
    let status = &run.get(&pod("lone")).status;
    let mut all = status.list("containerStatuses").iter().chain(status.list("initContainerStatuses"));
    let state = all.find(|status| status.text("name") == container).unwrap().field("state").clone();
    let (name, details) = state.as_object().unwrap().iter().next().unwrap();
    match details.text("reason") {
        "" => name.clone(),
        reason => reason.to_owned(),
    }
}

fn phase(run: &Run, name: &str) -> String {
    run.get(&pod(name)).status.text("phase").to_owned()
}

fn faults(run: &mut Run, name: &str, faults: PodFaults) {
    run.dispatch(Command::SetFaults { pod: pod(name), faults });
}

#[test]
fn an_image_that_does_not_pull_is_tried_again_and_again() {
    let mut run = lone("{containers: [{name: c, image: \"nginx:broken\"}]}", 1500);
    assert_eq!(state(&run, "c"), "ErrImagePull");
    run.advance(2000);
    assert_eq!((state(&run, "c"), phase(&run, "lone")), ("ImagePullBackOff".to_owned(), "Pending".to_owned()));
    run.advance(60_000);
    run.expect_order(&[
        "lone Scheduled",
        "lone Pulling",
        "lone Failed",
        "lone Failed",
        "lone BackOff",
        "lone Failed",
        "lone Pulling",
    ]);
    let full = "docker.io/library/nginx:broken";
    let error = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": \
         {full}: not found"
    );
    let said = run.messages(&pod("lone"), "Failed");
    let head = [
        format!("Failed to pull image \"nginx:broken\": {error}"),
        "Error: ErrImagePull".to_owned(),
        "Error: ImagePullBackOff".to_owned(),
    ];
    assert_eq!(said[..3], head);
    assert_eq!(run.messages(&pod("lone"), "BackOff")[0], "Back-off pulling image \"nginx:broken\"");
    assert!(
        matches!(&run.reasons(&pod("lone"))[..], [Reason::ImagePullBackOff { image, .. }] if image == "nginx:broken")
    );
    // 10, 20, 40 seconds.
    let pulls = run.messages(&pod("lone"), "Pulling").len();
    assert_eq!(pulls, 3);
}

#[test]
fn a_container_that_crashes_is_restarted_later_and_later() {
    let mut run = Run::of(WEB);
    faults(&mut run, "web-1", PodFaults { crash: true, ..PodFaults::default() });
    run.dispatch(Command::KillContainers { pod: pod("web-1") });
    run.advance(25_000);
    let uid = run.get(&pod("web-1")).meta.uid.clone();
    let web_1 = run.get(&pod("web-1"));
    let status = &web_1.status.list("containerStatuses")[0];
    let waiting = status.field("state").field("waiting");
    assert_eq!(waiting.text("reason"), "CrashLoopBackOff");
    let message = format!("back-off 20s restarting failed container=nginx pod=web-1_julin({uid})");
    assert_eq!((waiting.text("message"), status.int("restartCount")), (message.as_str(), Some(2)));
    assert_eq!(status.field("lastState").field("terminated").int("exitCode"), Some(1));
    // Such a pod still counts as Running, and not as ready.
    assert_eq!((phase(&run, "web-1"), condition(web_1, "Ready")), ("Running".to_owned(), "False".to_owned()));
    let said = format!("Back-off restarting failed container nginx in pod web-1_julin({uid})");
    assert_eq!(run.messages(&pod("web-1"), "BackOff")[0], said);
    assert!(matches!(&run.reasons(&pod("web-1"))[..], [Reason::CrashLoopBackOff { exit_code: 1, restarts: 2, .. }]));
    faults(&mut run, "web-1", PodFaults::default());
    run.settle();
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn the_back_off_ends_at_five_minutes_and_begins_anew_after_ten_of_peace() {
    let mut run = lone("{containers: [{name: c, image: i}]}", 5000);
    faults(&mut run, "lone", PodFaults { crash: true, ..PodFaults::default() });
    run.dispatch(Command::KillContainers { pod: pod("lone") });
    run.advance(1_200_000);
    let back_off = |run: &Run| {
        let status = &run.get(&pod("lone")).status.list("containerStatuses")[0];
        status.field("state").field("waiting").text("message").split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(back_off(&run), "5m0s");
    faults(&mut run, "lone", PodFaults::default());
    run.advance(1_000_000);
    assert_eq!(state(&run, "c"), "running");
    faults(&mut run, "lone", PodFaults { crash: true, ..PodFaults::default() });
    run.dispatch(Command::KillContainers { pod: pod("lone") });
    run.advance(8_000);
    assert_eq!(back_off(&run), "10s");
}

#[test]
fn a_pod_is_ready_when_its_readiness_probe_has_passed_often_enough() {
    let probe =
        "readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 5, periodSeconds: 3, successThreshold: 2}";
    let mut run = lone(&format!("{{containers: [{{name: c, image: i, {probe}}}]}}"), 9000);
    assert_eq!(
        (condition(run.get(&pod("lone")), "Ready"), phase(&run, "lone")),
        ("False".to_owned(), "Running".to_owned())
    );
    let said = field_of_condition(run.get(&pod("lone")), "Ready", "message");
    assert_eq!(said, "containers with unready status: [c]");
    assert_eq!(
        run.reasons(&pod("lone")),
        [Reason::ProbeFailing { container: "c".to_owned(), probe: ProbeKind::Readiness }]
    );
    run.advance(1000);
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
    assert!(run.reasons(&pod("lone")).is_empty());
    // Three failures in a row make it unready; it is not restarted.
    faults(&mut run, "lone", PodFaults { not_ready: true, ..PodFaults::default() });
    run.advance(20_000);
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "False");
    assert_eq!(
        run.messages(&pod("lone"), "Unhealthy")[0],
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    );
    assert_eq!(run.get(&pod("lone")).status.list("containerStatuses")[0].int("restartCount"), Some(0));
}

#[test]
fn a_pod_without_probes_that_is_never_ready_holds_up_its_set() {
    let mut run = Run::new();
    faults(&mut run, "web-0", PodFaults { not_ready: true, ..PodFaults::default() });
    run.apply(WEB);
    run.settle();
    assert_eq!(run.names(Kind::Pod), ["web-0"]);
    assert_eq!(phase(&run, "web-0"), "Running");
    faults(&mut run, "web-0", PodFaults::default());
    run.settle();
    assert_eq!(run.names(Kind::Pod).len(), 3);
}

#[test]
fn the_startup_probe_comes_before_the_others_and_its_failure_restarts() {
    let probes = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 2, failureThreshold: 2}, livenessProbe: {tcpSocket: {port: 80}}";
    let mut run = Run::new();
    faults(&mut run, "lone", PodFaults { not_ready: true, ..PodFaults::default() });
    run.apply(&lone_pod("lone", &format!("{{containers: [{{name: c, image: i, {probes}}}]}}")));
    run.advance(4500);
    let killed = "Container c failed startup probe, will be restarted";
    assert_eq!(run.messages(&pod("lone"), "Killing"), [killed]);
    let complaint = "Startup probe failed: dial tcp :80: connect: connection refused";
    assert_eq!(run.messages(&pod("lone"), "Unhealthy"), [complaint, complaint]);
    run.advance(3000);
    let status = run.get(&pod("lone")).status.list("containerStatuses")[0].clone();
    assert_eq!((status.int("restartCount"), status.flag("started")), (Some(1), false));
    faults(&mut run, "lone", PodFaults::default());
    run.settle();
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
}

#[test]
fn a_failing_liveness_probe_restarts_the_container() {
    let probe = "livenessProbe: {exec: {command: [check]}, periodSeconds: 5, failureThreshold: 2}";
    let mut run = lone(&format!("{{containers: [{{name: c, image: i, {probe}}}]}}"), 5000);
    run.mark();
    faults(&mut run, "lone", PodFaults { liveness: true, ..PodFaults::default() });
    run.advance(10_000);
    run.expect_order(&["lone Unhealthy", "lone Unhealthy", "lone Killing", "lone Started"]);
    assert_eq!(run.messages(&pod("lone"), "Killing"), ["Container c failed liveness probe, will be restarted"]);
    let status = run.get(&pod("lone")).status.list("containerStatuses")[0].clone();
    assert_eq!(status.int("restartCount"), Some(1));
    // It heeded SIGTERM, so it ended without an error.
    assert_eq!(status.field("lastState").field("terminated").text("reason"), "Completed");
}

#[test]
fn init_containers_run_in_order_and_sidecars_start_before_the_next() {
    let spec = "{initContainers: [{name: first, image: i}, {name: side, image: i, restartPolicy: Always, startupProbe: \
                {exec: {command: [ok]}, initialDelaySeconds: 3}}, {name: last, image: i}], containers: [{name: main, image: i}]}";
    let mut run = lone(spec, 1700);
    assert_eq!((state(&run, "first"), state(&run, "side")), ("running".to_owned(), "PodInitializing".to_owned()));
    let said = field_of_condition(run.get(&pod("lone")), "Initialized", "message");
    assert_eq!(said, "containers with incomplete status: [first side last]");
    assert_eq!(
        run.reasons(&pod("lone")).first(),
        Some(&Reason::InitContainerNotDone { container: "first".to_owned() })
    );
    run.advance(2800);
    assert_eq!((state(&run, "first"), state(&run, "side")), ("Completed".to_owned(), "running".to_owned()));
    assert_eq!((state(&run, "last"), phase(&run, "lone")), ("PodInitializing".to_owned(), "Pending".to_owned()));
    run.settle();
    assert_eq!((state(&run, "last"), state(&run, "main")), ("Completed".to_owned(), "running".to_owned()));
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
    assert_eq!(phase(&run, "lone"), "Running");
}

#[test]
fn a_failing_init_container_is_repeated_unless_the_pod_never_restarts() {
    let spec = |policy: &str| {
        format!(
            "{{restartPolicy: {policy}, initContainers: [{{name: first, image: i}}], containers: [{{name: main, image: i}}]}}"
        )
    };
    for (policy, phase_then, state_then) in [("Always", "Pending", "CrashLoopBackOff"), ("Never", "Failed", "Error")] {
        let mut run = Run::new();
        faults(&mut run, "lone", PodFaults { init_crash: true, ..PodFaults::default() });
        run.apply(&lone_pod("lone", &spec(policy)));
        run.advance(10_000);
        assert_eq!((phase(&run, "lone").as_str(), state(&run, "first").as_str()), (phase_then, state_then));
        assert_eq!(condition(run.get(&pod("lone")), "Initialized"), "False");
    }
}

#[test]
fn a_pod_that_does_not_restart_succeeds_or_fails() {
    let fault = |crash: bool| PodFaults { crash, complete: !crash, ..PodFaults::default() };
    for (policy, crash, phase_then, reason) in [
        ("Never", false, "Succeeded", "PodCompleted"),
        ("Never", true, "Failed", "PodFailed"),
        ("OnFailure", false, "Succeeded", "PodCompleted"),
        ("OnFailure", true, "Running", "ContainersNotReady"),
    ] {
        let mut run = Run::new();
        faults(&mut run, "lone", fault(crash));
        run.apply(&lone_pod("lone", &format!("{{restartPolicy: {policy}, containers: [{{name: c, image: i}}]}}")));
        run.advance(8000);
        assert_eq!(phase(&run, "lone"), phase_then, "{policy} {crash}");
        assert_eq!(field_of_condition(run.get(&pod("lone")), "Ready", "reason"), reason);
    }
}

#[test]
fn a_pod_ends_after_its_hook_and_is_killed_when_its_grace_is_over() {
    let hook = "lifecycle: {preStop: {exec: {command: [sleep, '4']}}}";
    let gone_after = |spec: &str, ignore_sigterm: bool| {
        let mut run = lone(spec, 5000);
        faults(&mut run, "lone", PodFaults { ignore_sigterm, ..PodFaults::default() });
        run.advance(100);
        run.mark();
        run.delete(&pod("lone"), Propagation::Background);
        run.advance(10);
        let stops = "Stopping container c";
        assert_eq!(run.messages(&pod("lone"), "Killing"), [stops]);
        run.settle();
        (run.when("lone deleted") - run.when("lone terminating")) / 100
    };
    let spec = |grace: i64, extra: &str| {
        format!("{{terminationGracePeriodSeconds: {grace}, containers: [{{name: c, image: i, {extra}}}]}}")
    };
    assert_eq!(gone_after(&spec(30, ""), false), 7);
    assert_eq!(gone_after(&spec(30, hook), false), 47);
    assert_eq!(gone_after(&spec(30, ""), true), 300);
    assert_eq!(gone_after(&spec(30, hook), true), 300);
    assert_eq!(gone_after(&spec(3, hook), true), 50);
}

#[test]
fn a_pod_waits_for_its_config_maps_and_secrets() {
    let spec = "{volumes: [{name: conf, configMap: {name: web-conf}}], containers: [{name: c, image: i, env: [{name: P, \
                valueFrom: {secretKeyRef: {name: web-secret, key: password}}}]}]}";
    let mut run = lone(spec, 5000);
    assert_eq!(state(&run, "c"), "ContainerCreating");
    let said = "MountVolume.SetUp failed for volume \"conf\" : configmap \"web-conf\" not found";
    assert_eq!(run.messages(&pod("lone"), "FailedMount")[0], said);
    assert_eq!(run.reasons(&pod("lone")), [Reason::Missing { objects: vec![of(Kind::ConfigMap, "web-conf")] }]);
    run.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-conf, namespace: julin}\ndata: {a: b}\n");
    run.advance(60_000);
    assert_eq!(state(&run, "c"), "CreateContainerConfigError");
    assert_eq!(run.messages(&pod("lone"), "Failed")[0], "Error: secret \"web-secret\" not found");
    run.apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: web-secret, namespace: julin}\nstringData: {password: x}\n",
    );
    run.settle();
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
}

#[test]
fn a_readiness_gate_is_opened_by_somebody_else() {
    let run = lone("{readinessGates: [{conditionType: example.com/ok}], containers: [{name: c, image: i}]}", 5000);
    let lone = run.get(&pod("lone"));
    assert_eq!((condition(lone, "ContainersReady"), condition(lone, "Ready")), ("True".to_owned(), "False".to_owned()));
    let said = "corresponding condition of pod readiness gate \"example.com/ok\" does not exist.";
    assert_eq!(field_of_condition(lone, "Ready", "message"), said);
    assert_eq!(run.reasons(&pod("lone")), [Reason::ReadinessGate { condition: "example.com/ok".to_owned() }]);
}

#[test]
fn conditions_keep_the_time_of_their_last_change() {
    let mut run = lone("{containers: [{name: c, image: i}]}", 60_000);
    let since = |run: &Run, ty: &str| field_of_condition(run.get(&pod("lone")), ty, "lastTransitionTime");
    let began = Instant(Instant::START.0 + 1000);
    assert_eq!(since(&run, "PodScheduled"), began.timestamp().to_string());
    assert_eq!(since(&run, "Ready"), (began + Millis(1500)).timestamp().to_string());
    run.dispatch(Command::KillContainers { pod: pod("lone") });
    run.advance(30_000);
    assert_eq!(condition(run.get(&pod("lone")), "Ready"), "True");
    assert!(since(&run, "Ready") > since(&run, "Initialized"));
}

#[test]
fn a_pod_evicted_for_memory_fails_and_its_set_makes_it_anew() {
    let mut run = Run::of(WEB);
    run.dispatch(Command::EvictForPressure { pod: pod("web-1") });
    run.advance(15);
    let web_1 = run.get(&pod("web-1"));
    assert_eq!((phase(&run, "web-1").as_str(), web_1.status.text("reason")), ("Failed", "Evicted"));
    assert_eq!(field_of_condition(web_1, "DisruptionTarget", "reason"), "TerminationByKubelet");
    run.settle();
    run.expect_order(&["web-1 Evicted", "web-1 deleted", "web SuccessfulDelete", "web-1 created", "web-1 Started"]);
}

#[test]
fn a_pod_that_is_active_for_too_long_is_ended_and_fails() {
    let spec = "{activeDeadlineSeconds: 30, containers: [{name: c, image: \"nginx:1\"}]}";
    let mut run = lone(spec, 29_000);
    assert_eq!(phase(&run, "lone"), "Running");
    run.advance(1_300);
    // Its container has been told to end, and the pod is shown as it was until then.
    assert_eq!(phase(&run, "lone"), "Running");
    let message = "Pod was active on the node longer than the specified deadline";
    assert_eq!(run.messages(&pod("lone"), "DeadlineExceeded"), [message]);
    assert_eq!(run.messages(&pod("lone"), "Killing"), ["Stopping container c"]);
    run.advance(2_000);
    let status = &run.get(&pod("lone")).status;
    assert_eq!(["phase", "reason", "message"].map(|field| status.text(field)), ["Failed", "DeadlineExceeded", message]);
    assert_eq!(
        (state(&run, "c"), condition(run.get(&pod("lone")), "Ready")),
        ("Completed".to_owned(), "False".to_owned())
    );
    run.delete(&pod("lone"), Propagation::Background);
    run.advance(2_000);
    assert!(run.find(&pod("lone")).is_none());
}

#[test]
fn a_kubelet_rejects_a_pod_that_somebody_put_where_it_does_not_fit() {
    let rejected = |spec: &str| {
        let run = lone(spec, 1_000);
        let status = run.get(&pod("lone")).status.clone();
        let (reason, message) = (status.text("reason").to_owned(), status.text("message").to_owned());
        assert_eq!(status.text("phase"), "Failed");
        let said = run.messages(&pod("lone"), &reason);
        assert_eq!(said, [message.strip_prefix("Pod was rejected: ").unwrap()]);
        (reason, said[0].clone())
    };
    let container = "containers: [{name: c, image: \"nginx:1\", resources: {requests: {cpu: \"1000\"}}}]";
    let (reason, message) = rejected(&format!("{{nodeName: node1, {container}}}"));
    assert_eq!(reason, "OutOfcpu");
    let head = "Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: ";
    assert!(message.starts_with(head), "{message}");
    let container = "containers: [{name: c, image: \"nginx:1\"}]";
    assert_eq!(
        rejected(&format!("{{nodeName: node1, nodeSelector: {{disk: fast}}, {container}}}")),
        (
            "NodeAffinity".to_owned(),
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector".to_owned()
        )
    );
}
