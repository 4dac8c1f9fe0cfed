//! Template patches at any moment: none may be lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::time::Millis;
use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::command::Command;

use crate::random::{Dice, NAMESPACE, set_ref, spec};
use crate::view::{View, revision_of};

/// How many patches a run has.
const PATCHES: u64 = 20;

/// Patches a set's template [`PATCHES`] times at random boundaries between events, with other things done in between, and
/// says how often, or what was lost. A controller that is triggered by levels sees a template only if it stands until it
/// looks, so the next patch comes when the generation is observed, and not before.
pub fn patch_and_check(seed: u64) -> Result<u64, String> {
    let mut dice = Dice::new(seed);
    let mut cluster = Cluster::new(Config { seed, ..Config::default() });
    let set = set_ref("web");
    cluster.execute(&Command::Apply { manifest: manifest(&mut dice).to_string() });
    for patch in 0..PATCHES {
        let boundary = dice.below(60);
        for _ in 0..boundary {
            cluster.run_next();
            if dice.once_in(40) {
                disturb(&mut cluster, &mut dice);
            }
        }
        run_until(&mut cluster, 10_000, |cluster| is_observed(cluster, &set))?;
        let annotations = json!({"patch": patch.to_string()});
        let answer = cluster.execute(&spec(&set, json!({"template": {"metadata": {"annotations": annotations}}})));
        if answer.is_refused() {
            return Err(format!("patch {patch} was refused: {answer:?}"));
        }
    }
    let partition = dice.pick(&[0, 0, 1, 3]);
    cluster.execute(&spec(&set, json!({"updateStrategy": {"rollingUpdate": {"partition": partition}}})));
    let end = cluster.now() + Millis::from_secs(3600);
    run_until(&mut cluster, 100_000, |cluster| cluster.next_due().is_none_or(|due| due > end))?;
    check(&cluster, &set)?;
    Ok(PATCHES)
}

fn check(cluster: &Cluster, set: &ObjectRef) -> Result<(), String> {
    let revisions = cluster.store().list_in(Kind::ControllerRevision, NAMESPACE);
    let recorded: BTreeSet<String> = revisions
        .map(|revision| {
            let template = revision.rest.field("data").field("spec").field("template");
            template.field("metadata").field("annotations").text("patch").to_owned()
        })
        .collect();
    if let Some(lost) = (0..PATCHES).find(|patch| !recorded.contains(&patch.to_string())) {
        return Err(format!("patch {lost} is in no revision: {recorded:?}"));
    }
    let view = View::new(cluster.store(), set, cluster.now()).ok_or("the set is gone")?;
    let update = view.update_revision(cluster.store());
    for ordinal in view.start..view.start + view.replicas {
        let Some(pod) = view.pods.get(&ordinal) else {
            return Err(format!("there is no pod {ordinal}"));
        };
        if ordinal - view.start >= view.partition && revision_of(pod) != update {
            return Err(format!("pod {ordinal} has {}, not {update}; partition {}", revision_of(pod), view.partition));
        }
    }
    Ok(())
}

fn is_observed(cluster: &Cluster, set: &ObjectRef) -> bool {
    let set = cluster.store().find(set);
    set.is_some_and(|set| set.status.int("observedGeneration") == Some(set.meta.generation))
}

fn run_until(cluster: &mut Cluster, events: u64, done: impl Fn(&Cluster) -> bool) -> Result<(), String> {
    for _ in 0..events {
        if done(cluster) {
            return Ok(());
        }
        cluster.run_next();
        cluster.take_steps();
    }
    Err(format!("this does not end: {:?}", cluster.pending().take(5).collect::<Vec<_>>()))
}

/// Something else that happens meanwhile, and that blocks nothing for good.
fn disturb(cluster: &mut Cluster, dice: &mut Dice) {
    let set = set_ref("web");
    let pod = ObjectRef::new(Kind::Pod, NAMESPACE, format!("web-{}", dice.below(5)));
    let command = match dice.below(5) {
        0 => Command::Scale { object: set, replicas: 1 + dice.below(5) as i64 },
        1 => spec(&set, json!({"updateStrategy": {"rollingUpdate": {"partition": dice.below(4)}}})),
        2 => spec(&set, json!({"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1 + dice.below(3)}}})),
        3 => Command::KillContainers { pod },
        _ => Command::Delete { object: pod, cascade: Default::default(), grace_period_seconds: None },
    };
    cluster.execute(&command);
}

fn manifest(dice: &mut Dice) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "serviceName": "nginx", "replicas": 1 + dice.below(5), "revisionHistoryLimit": 10_000,
            "podManagementPolicy": dice.pick(&["OrderedReady", "Parallel"]),
            "minReadySeconds": dice.pick(&[0, 0, 5]),
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "nginx", "image": "nginx:1"}]},
            },
        },
    })
}
