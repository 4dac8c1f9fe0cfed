use super::*;
use crate::api::time::{Instant, Millis};
use crate::cluster::config::Config;
use crate::command::Command;
use crate::controllers::reason::{ClaimTrouble, ProbeKind, VolumeMismatch};
use crate::controllers::statefulset::wait::Wait;
use crate::i18n::{Language, why};
use crate::timeline::Timeline;

const SET: &str = include_str!("../../scenarios/web.yaml");

fn text(text: &str) -> String {
    text.to_owned()
}

fn names() -> Vec<String> {
    vec![text("web-1"), text("web-2")]
}

/// A reason of every sort.
fn every_reason() -> Vec<Reason> {
    let wait = |wait| Reason::StatefulSet(wait);
    let pod = || text("web-1");
    let until = Instant::START + Millis::from_secs(20);
    vec![
        wait(Wait::SetTerminating),
        wait(Wait::PodCreated { pod: pod() }),
        wait(Wait::PodEnded { pod: pod() }),
        wait(Wait::PodTerminating { pod: pod() }),
        wait(Wait::PodNotReady { pod: pod(), outdated: false }),
        wait(Wait::PodNotReady { pod: pod(), outdated: true }),
        wait(Wait::PodNotAvailable { pod: pod(), min_ready_seconds: 9 }),
        wait(Wait::ClaimStale { pod: pod() }),
        wait(Wait::ClaimTerminating { claim: text("www-web-1") }),
        wait(Wait::Refused { kind: text("Pod"), name: pod(), reason: text("Forbidden"), message: text("no") }),
        wait(Wait::CondemnedTerminating { pod: pod() }),
        wait(Wait::CondemnedNotReady { pod: pod(), blocked_by: text("web-0") }),
        wait(Wait::CondemnedNotAvailable { pod: pod(), blocked_by: text("web-0") }),
        wait(Wait::CondemnedDeleted { pod: pod() }),
        wait(Wait::OnDelete { pods: names() }),
        wait(Wait::Partition { partition: 3, pods: names() }),
        wait(Wait::MaxUnavailable { max_unavailable: 7, unavailable: vec![text("web-8")], remaining: names() }),
        wait(Wait::Updating { pod: pod() }),
        wait(Wait::Recreating { pods: names() }),
        wait(Wait::TooManyReplicas { replicas: 99_999, simulated: 5_000 }),
        wait(Wait::Failed { error: text("oh") }),
        Reason::NoStorageClass,
        Reason::StorageClassMissing { class: text("fast") },
        Reason::NoVolumeFits { class: text("fast"), refused: vec![(text("pv-1"), VolumeMismatch::TooSmall)] },
        Reason::WaitForFirstConsumer { class: text("late") },
        Reason::WaitForPodScheduled { pods: names() },
        Reason::WaitForProvisioner { provisioner: text("example.com/x"), down: true },
        Reason::WaitForProvisioner { provisioner: text("example.com/x"), down: false },
        Reason::VolumeMissing { volume: text("pv-1") },
        Reason::VolumeMismatch { volume: text("pv-1"), why: VolumeMismatch::AccessModes },
        Reason::VolumeTaken { volume: text("pv-1"), claim: text("a/b") },
        Reason::ClaimLost { volume: text("pv-1") },
        Reason::Resizing { from: text("1Gi"), to: text("2Gi"), on_node: true },
        Reason::Resizing { from: text("1Gi"), to: text("2Gi"), on_node: false },
        Reason::ClaimInUse { pods: names() },
        Reason::VolumeInUse { claim: text("a/b") },
        Reason::VolumeRetained { claim: text("a/b") },
        Reason::ServiceMissing { service: text("nginx"), labels: Vec::new() },
        Reason::ServiceNotHeadless { service: text("nginx"), labels: Vec::new() },
        Reason::ServiceSelectsOthers { service: text("nginx"), labels: Vec::new() },
        Reason::SchedulingGated { gates: vec![text("example.com/gate")] },
        Reason::ClaimNotUsable { claim: text("www-web-1"), why: ClaimTrouble::Missing },
        Reason::ClaimNotUsable { claim: text("www-web-1"), why: ClaimTrouble::Lost },
        Reason::ClaimNotUsable { claim: text("www-web-1"), why: ClaimTrouble::Deleting },
        Reason::ClaimNotUsable { claim: text("www-web-1"), why: ClaimTrouble::Unbound },
        Reason::Unschedulable { message: text("0/3 nodes"), refusals: Vec::new() },
        Reason::BindingVolumes { claims: vec![text("www-web-1")], node: text("node1") },
        Reason::NodeLost { node: text("node1") },
        Reason::SettingUp,
        Reason::Missing { objects: vec![ObjectRef::new(Kind::ConfigMap, "a", "b")] },
        Reason::ImagePullBackOff { container: text("nginx"), image: text("nginx:broken"), until },
        Reason::CrashLoopBackOff { container: text("nginx"), exit_code: 137, restarts: 4, until },
        Reason::InitContainerNotDone { container: text("init") },
        Reason::ProbeFailing { container: text("nginx"), probe: ProbeKind::Readiness },
        Reason::ReadinessGate { condition: text("example.com/ready") },
        Reason::Ending { until },
        Reason::TaintEviction { node: text("node1"), at: until },
        Reason::BudgetRefuses { budget: text("pdb"), desired: 2, current: 1 },
        Reason::NoDisruptionAllowed { desired: 2, current: 1 },
        Reason::BudgetFailed { error: text("oh") },
        Reason::Finalizers { finalizers: vec![text("example.com/f")] },
        Reason::Dependents { objects: vec![ObjectRef::new(Kind::Pod, "a", "b")] },
        Reason::NamespaceContents { objects: vec![ObjectRef::new(Kind::Pod, "a", "b")] },
        Reason::Failed { error: text("oh") },
    ]
}

#[test]
fn every_reason_is_a_sentence_in_both_languages_and_has_its_rule() {
    for reason in every_reason() {
        let english = why::sentence(Language::English, &reason);
        let chinese = why::sentence(Language::Chinese, &reason);
        assert_ne!(english, chinese);
        for sentence in [&english, &chinese] {
            assert!(!sentence.contains(['{', '}']), "{sentence}");
            for argument in arguments(&reason) {
                assert!(sentence.contains(argument.trim()), "{sentence} does not say {argument:?}");
            }
        }
        let rule = rule::of(&reason);
        assert!(rule.function.contains(".go ") || rule.function.contains("workqueue "), "{reason:?}: {rule:?}");
        assert!(!rule.page.is_empty());
    }
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef::new(kind, "julin", name)
}

fn run(commands: &[Command]) -> Timeline {
    let mut timeline = Timeline::new(Config::default());
    for command in commands {
        let answer = timeline.dispatch(command.clone());
        assert!(!answer.is_refused(), "{:?}", answer.output);
        timeline.advance(Millis::from_secs(30));
    }
    timeline
}

fn image(image: &str) -> Command {
    let object = object(Kind::StatefulSet, "web");
    Command::SetImage { object, container: text("nginx"), image: text(image) }
}

#[test]
fn a_stuck_rollout_is_followed_from_the_set_to_the_image_and_says_what_helps() {
    let timeline = run(&[Command::Apply { manifest: text(SET) }, image("nginx:broken"), image("nginx:1.29")]);
    let findings = explain(timeline.cluster(), &object(Kind::StatefulSet, "web"));
    let stuck = findings.iter().find(|finding| finding.depth == 0).expect("the set waits");
    assert_eq!(stuck.reason, Reason::StatefulSet(Wait::PodNotReady { pod: text("web-1"), outdated: true }));
    assert_eq!(stuck.objects, [object(Kind::Pod, "web-1")]);
    assert_eq!(stuck.remedies, ["kubectl delete pod web-1 -n julin"]);
    let cause = findings.iter().find(|finding| finding.depth == 1).expect("the pod has a reason");
    assert!(
        matches!(&cause.reason, Reason::ImagePullBackOff { image, .. } if image == "nginx:broken"),
        "{:?}",
        cause.reason
    );
    // The remedy does help.
    let mut timeline = timeline;
    timeline.dispatch(Command::Delete {
        object: object(Kind::Pod, "web-1"),
        cascade: Default::default(),
        grace_period_seconds: None,
    });
    timeline.advance(Millis::from_secs(60));
    assert_eq!(explain(timeline.cluster(), &object(Kind::StatefulSet, "web")), []);
}

#[test]
fn a_pod_that_is_missing_has_the_reasons_of_its_set() {
    let manifest = SET.replace("image: nginx", "image: nginx:broken");
    let timeline = run(&[Command::Apply { manifest }]);
    let findings = explain(timeline.cluster(), &object(Kind::Pod, "web-1"));
    assert_eq!(findings[0].object, object(Kind::StatefulSet, "web"));
    assert!(findings.iter().any(|finding| matches!(finding.reason, Reason::ImagePullBackOff { .. })), "{findings:?}");
}

#[test]
fn a_set_at_rest_has_nothing_to_explain() {
    let timeline = run(&[Command::Apply { manifest: text(SET) }]);
    assert_eq!(explain(timeline.cluster(), &object(Kind::StatefulSet, "web")), []);
    assert_eq!(explain(timeline.cluster(), &object(Kind::Pod, "web-0")), []);
}

#[test]
fn a_set_leads_to_the_claim_that_nobody_makes_a_volume_for() {
    let manifest = SET.replace("accessModes", "storageClassName: localhostpath\n      accessModes");
    let timeline = run(&[Command::Apply { manifest }]);
    let findings = explain(timeline.cluster(), &object(Kind::StatefulSet, "web"));
    let deepest = findings.iter().max_by_key(|finding| finding.depth).expect("the set waits");
    assert_eq!(deepest.object, object(Kind::PersistentVolumeClaim, "www-web-0"));
    assert!(matches!(&deepest.reason, Reason::NoVolumeFits { class, .. } if class == "localhostpath"), "{findings:?}");
}

/// Runs what helps with the first reason of an object for which something does.
fn help(timeline: &mut Timeline, object: &ObjectRef) -> String {
    let findings = explain(timeline.cluster(), object);
    let line = findings.iter().flat_map(|finding| &finding.remedies).next().expect("something helps").clone();
    let answer = timeline.dispatch(Command::Run { terminal: 0, line: line.clone() });
    assert!(!answer.is_refused(), "{line}: {:?}", answer.output);
    timeline.advance(Millis::from_secs(120));
    line
}

#[test]
fn a_name_that_is_missing_is_explained_and_what_helps_helps() {
    let pod = object(Kind::Pod, "web-0");
    let nginx = "clusterIP: None\n  selector:\n    app: nginx";
    assert!(SET.contains(nginx));
    let alone = SET.split("---").nth(1).expect("two documents");
    let renamed = alone.replace("app: nginx", "app: web");
    let cases = [
        (alone.to_owned(), "kubectl create service clusterip nginx --clusterip=None -n julin"),
        (
            renamed,
            "kubectl create service clusterip nginx --clusterip=None -n julin && kubectl set selector service nginx app=web -n julin",
        ),
        (
            SET.replace(nginx, "selector:\n    app: nginx"),
            "kubectl delete service nginx -n julin && kubectl create service clusterip nginx --clusterip=None -n julin",
        ),
        (
            SET.replace(nginx, "clusterIP: None\n  selector:\n    app: other"),
            "kubectl set selector service nginx app=nginx -n julin",
        ),
    ];
    for (manifest, expected) in cases {
        let mut timeline = run(&[Command::Apply { manifest }]);
        let web = object(Kind::StatefulSet, "web");
        assert_eq!(explain(timeline.cluster(), &web).len(), 1);
        assert_eq!(bottom(timeline.cluster(), &web), None, "it holds nothing up");
        assert_eq!(help(&mut timeline, &pod), expected);
        assert_eq!(explain(timeline.cluster(), &pod), []);
        let name = "web-0.nginx.julin.svc.cluster.local";
        assert!(crate::dns::addresses(timeline.cluster().store(), name).is_some(), "{expected}");
    }
}

#[test]
fn faults_and_missing_accounts_are_explained_and_what_helps_helps() {
    let pod = object(Kind::Pod, "web-0");
    let fault = |line: &str| Command::Run { terminal: 0, line: text(line) };
    for what in ["crash", "not-ready"] {
        let mut timeline =
            run(&[Command::Apply { manifest: text(SET) }, fault(&format!("fault pod web-0 {what} -n julin"))]);
        assert_eq!(help(&mut timeline, &pod), format!("fault pod web-0 {what} off -n julin"));
        assert_eq!(explain(timeline.cluster(), &pod), []);
    }
    let provisioner = fault("fault provisioner fuseim.pri/ifs down");
    let mut timeline = run(&[provisioner, Command::Apply { manifest: text(SET) }]);
    assert_eq!(help(&mut timeline, &pod), "fault provisioner fuseim.pri/ifs down off");
    let manifest = SET.replace("      containers:", "      serviceAccountName: robot\n      containers:");
    assert_ne!(manifest, SET);
    let mut timeline = run(&[Command::Apply { manifest }]);
    let findings = explain(timeline.cluster(), &pod);
    let told = why::sentence(Language::English, &findings[0].reason);
    assert!(
        told.contains("error looking up service account julin/robot: serviceaccount \"robot\" not found"),
        "{told}"
    );
    assert_eq!(help(&mut timeline, &pod), "kubectl create serviceaccount robot -n julin");
    timeline.advance(Millis::from_secs(1200));
    assert_eq!(explain(timeline.cluster(), &pod), []);
}
