//! Chaos from a seed: it comes again as it was, and stops where its invariant breaks.

use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::time::Millis;
use statefulscope::cluster::actor::Actor;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::step::What;
use statefulscope::command::Command;
use statefulscope::controllers::chaos::{Chaos, Invariant};
use statefulscope::controllers::statefulset::stateful_set_utils::is_pod_ready;
use statefulscope::timeline::Timeline;

fn run(seed: u64, at_least: u32) -> Timeline {
    run_until(seed, Invariant::Ready, at_least)
}

fn run_until(seed: u64, invariant: Invariant, at_least: u32) -> Timeline {
    let mut timeline = Timeline::new(Config::default());
    let manifest = include_str!("../../scenarios/web.yaml").replace("replicas: 2", "replicas: 3");
    timeline.dispatch(Command::Apply { manifest });
    timeline.advance(Millis::from_secs(60));
    let set = ObjectRef::new(Kind::StatefulSet, "julin", "web");
    timeline.dispatch(Command::SetChaos { chaos: Some(Chaos { seed, every_seconds: 10, set, at_least, invariant }) });
    timeline.advance(Millis::from_secs(1200));
    timeline
}

fn told(timeline: &Timeline) -> Vec<String> {
    let steps = timeline.steps().iter().filter(|step| step.actor == Actor::Chaos);
    let text = |what: &What| match what {
        What::Event { reason, message, .. } => Some(format!("{reason}: {message}")),
        _ => None,
    };
    steps.filter_map(|step| Some(format!("{} {} {}", step.at.0, step.object, text(&step.what)?))).collect()
}

#[test]
fn a_seed_gives_the_same_faults_and_another_one_others() {
    let (first, again, other) = (run(1, 0), run(1, 0), run(2, 0));
    assert!(told(&first).len() > 80, "{}", told(&first).len());
    assert_eq!(told(&first), told(&again));
    assert_eq!(first.cluster().hash(), again.cluster().hash());
    assert_ne!(told(&first), told(&other));
    // The log alone rebuilds it.
    let replayed = first.log().replay(first.cluster().now());
    assert_eq!(replayed.hash(), first.cluster().hash());
    for kind in ["killed", "deleted", "readiness", "does not answer", "does not run", "conflict"] {
        assert!(told(&first).iter().any(|line| line.contains(kind)), "{kind}");
    }
}

#[test]
fn it_stops_when_the_invariant_breaks() {
    let timeline = run(1, 2);
    let chaos = timeline.cluster().chaos();
    assert_eq!(chaos.running(), None);
    let broken = chaos.broken.clone().expect("it has broken");
    assert_eq!((broken.count, broken.at_least), (1, 2));
    assert!(!broken.last.is_empty());
    let told = told(&timeline);
    let last = told.last().expect("something happened");
    assert!(last.contains("InvariantBroken: 1 pods are Ready, not 2"), "{told:?}");
}

#[test]
fn other_invariants_can_be_chosen() {
    let end = |invariant: Invariant, number: u32| {
        let timeline = run_until(1, invariant, number);
        let broken = timeline.cluster().chaos().broken.clone().expect("it has broken");
        (broken, told(&timeline).pop().expect("something happened"))
    };
    let (broken, last) = end(Invariant::Pod, 2);
    assert_eq!((broken.invariant, broken.count), (Invariant::Pod, 0));
    assert!(last.contains("InvariantBroken: web-2 is not Ready"), "{last}");
    let (broken, last) = end(Invariant::Names, 3);
    assert_eq!((broken.invariant, broken.count), (Invariant::Names, 2));
    assert!(last.contains("InvariantBroken: 2 DNS names have an address, not 3"), "{last}");
}

#[test]
fn ending_it_ends_its_faults() {
    let mut timeline = run(3, 0);
    timeline.dispatch(Command::SetChaos { chaos: None });
    timeline.advance(Millis::from_secs(1200));
    let cluster = timeline.cluster();
    assert_eq!(cluster.next_due(), None);
    let ready = cluster.store().list_in(Kind::Pod, "julin").filter(|pod| is_pod_ready(pod));
    assert_eq!(ready.count(), 3);
}
