//! A cluster whose API server refuses writes and whose news travel slowly.

use statefulscope::api::fields::Fields;
use statefulscope::api::time::Millis;
use statefulscope::cluster::Propagation;
use statefulscope::cluster::config::Config;
use statefulscope::cluster::faults::{ApiError, ApiFault};
use statefulscope::command::Command;
use statefulscope::workbench::Workbench;

use crate::support::{Run, WEB, set};

/// A run in which up to a third of all writes fail for a minute while a set starts, is scaled and deleted.
fn troubled(seed: u64, error: ApiError) -> Run {
    let mut run = Run::with(Config { seed, ..Config::default() });
    run.dispatch(Command::InjectFault {
        fault: ApiFault { error, per_mille: 330, duration_ms: 60_000, ..ApiFault::default() },
    });
    run.dispatch(Command::SetLatency { latency: Millis(400) });
    run.apply(WEB);
    run.advance(20_000);
    run.scale(5);
    run.advance(20_000);
    run.scale(2);
    run.settle();
    run
}

#[test]
fn writes_that_fail_are_made_again_until_everything_is_right() {
    for seed in 1..=5 {
        for error in [ApiError::Conflict, ApiError::InternalError] {
            let mut run = troubled(seed, error);
            let status = &run.get(&set("web")).status;
            assert_eq!(
                (status.int("readyReplicas"), status.int("replicas")),
                (Some(2), Some(2)),
                "seed {seed} {error:?}"
            );
            assert!(run.reasons(&set("web")).is_empty());
            run.delete(&set("web"), Propagation::Foreground);
            run.settle();
            assert!(run.find(&set("web")).is_none());
        }
    }
}

#[test]
fn chance_follows_the_seed() {
    let hash = |seed| troubled(seed, ApiError::Conflict).timeline.cluster().hash();
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn a_fault_hits_only_what_it_names() {
    let mut run = Run::new();
    run.dispatch(Command::InjectFault {
        fault: ApiFault { kind: "Pod".to_owned(), per_mille: 1000, ..ApiFault::default() },
    });
    run.apply(WEB);
    run.advance(10_000);
    assert!(!run.told().iter().any(|step| step == "web-0 created"));
    assert!(run.told().iter().any(|step| step == "www-web-0 created"));
    // A person's own commands are never hit, and an empty fault ends all others.
    run.dispatch(Command::InjectFault { fault: ApiFault::default() });
    run.settle();
    assert_eq!(run.get(&set("web")).status.int("readyReplicas"), Some(3));
}

#[test]
fn a_terminal_has_a_line_for_each() {
    let mut bench = Workbench::new(Config::default());
    let mut run = |line: &str| {
        let answer = bench.execute(&Command::Run { terminal: 0, line: line.to_owned() });
        answer.output.into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    };
    assert!(run("fault").contains("fault provisioner NAME down"));
    assert_eq!(run("fault api latency 1s && fault api conflicts 20% && fault node node1 down && echo done"), "done");
    assert_eq!(run("fault node lost down || echo no"), "fault: there is no node/lost\nno");
    // The namespace is that of the kubeconfig where none is given.
    assert_eq!(run("fault chaos web"), "fault: there is no statefulset.apps/web");
    assert_eq!(bench.cluster().api_faults(), (200, Millis(1000)));
    // A share takes the place of the one before.
    for (share, per_mille) in [("90%", 900), ("5%", 50), ("off", 0)] {
        let mut run = |line: &str| bench.execute(&Command::Run { terminal: 0, line: line.to_owned() });
        run(&format!("fault api conflicts {share}"));
        assert_eq!(bench.cluster().api_faults().0, per_mille);
    }
}
