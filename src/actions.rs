//! What can be done to an object, as the page offers it: lines of kubectl, and of `fault` where kubectl has none.

use serde_json::json;

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::cluster::Cluster;
use crate::kubectl::line;
use crate::programs::fault::{node_line, pod_line, provisioner_line};

/// Something that can be done to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it is.
    pub deed: Deed,
    /// The line for a terminal that does it.
    pub line: String,
    /// Whether it has something go wrong that kubectl has no line for.
    pub is_fault: bool,
    /// Whether it is on, for what is switched on and off.
    pub on: Option<bool>,
}

/// What can be done. The page has a word for each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Deed {
    Delete,
    ForceDelete,
    Evict,
    EvictForPressure,
    KillContainers,
    NotReady,
    FailLiveness,
    Crash,
    BreakImage,
    SlowStart,
    IgnoreSigterm,
    RolloutRestart,
    RolloutUndo,
    DeleteOrphan,
    NodeDown,
    Cordon,
    Drain,
    Taint,
    ProvisionerDown,
    DefaultClass,
    /// To the zone of this name.
    MoveToZone(String),
}

impl Deed {
    /// Whether something is lost by it that does not come back by itself.
    pub fn is_grave(&self) -> bool {
        matches!(self, Deed::Delete | Deed::ForceDelete | Deed::DeleteOrphan)
    }
}

/// The taint that a node can be given.
const TAINT: &str = "maintenance=true:NoExecute";

/// What can be done to an object, which need not be there.
pub fn of(cluster: &Cluster, object: &ObjectRef) -> Vec<Action> {
    let found = cluster.store().find(object).cloned();
    let found = found.as_deref();
    match object.kind {
        Kind::Pod => of_pod(cluster, object, found),
        Kind::StatefulSet => [
            (Deed::RolloutRestart, line::rollout("restart", object)),
            (Deed::RolloutUndo, line::rollout("undo", object)),
            (Deed::DeleteOrphan, line::delete(object) + " --cascade=orphan"),
            (Deed::Delete, line::delete(object)),
        ]
        .map(|(deed, line)| runs(deed, line))
        .into(),
        Kind::Node => found.map(|node| of_node(cluster, object, node)).unwrap_or_default(),
        Kind::StorageClass => found.map(|class| of_class(cluster, object, class)).unwrap_or_default(),
        Kind::PersistentVolume => found.map(|volume| of_volume(cluster, object, volume)).unwrap_or_default(),
        _ if found.is_some() => vec![runs(Deed::Delete, line::delete(object))],
        _ => Vec::new(),
    }
}

fn runs(deed: Deed, line: String) -> Action {
    Action { deed, line, is_fault: false, on: None }
}

fn fault(deed: Deed, line: String) -> Action {
    Action { deed, line, is_fault: true, on: None }
}

/// What is on, and is switched off, or the other way round.
fn switch(on: bool, action: Action) -> Action {
    Action { on: Some(on), ..action }
}

/// What goes wrong in a pod is set for its name, so it can be set before there is a pod, too.
fn of_pod(cluster: &Cluster, object: &ObjectRef, found: Option<&Object>) -> Vec<Action> {
    let mut actions = Vec::new();
    let line = |what: &str| pod_line(object, what, true);
    if found.is_some() {
        actions.push(runs(Deed::Delete, line::delete(object)));
        actions.push(runs(Deed::ForceDelete, line::delete(object) + " --grace-period=0 --force"));
        actions.push(fault(Deed::Evict, line("evict")));
        actions.push(fault(Deed::KillContainers, line("kill")));
        actions.push(fault(Deed::EvictForPressure, line("pressure")));
    }
    let known = cluster.controllers.kubelet.faults(object);
    let mut toggle = |deed: Deed, on: bool, what: &str| {
        actions.push(switch(on, fault(deed, pod_line(object, what, !on))));
    };
    toggle(Deed::NotReady, known.not_ready, "not-ready");
    let probed = |pod: &Object| pod.spec.list("containers").iter().any(|container| container.has("livenessProbe"));
    if found.is_some_and(probed) {
        toggle(Deed::FailLiveness, known.liveness, "liveness");
    }
    toggle(Deed::Crash, known.crash, "crash");
    toggle(Deed::BreakImage, known.image_pull, "image");
    toggle(Deed::SlowStart, known.slow_start_seconds > 0, "slow");
    toggle(Deed::IgnoreSigterm, known.ignore_sigterm, "sigterm");
    actions
}

fn of_node(cluster: &Cluster, object: &ObjectRef, node: &Object) -> Vec<Action> {
    let name = line::quoted(&object.name);
    let (key, _) = TAINT.split_once('=').unwrap_or_default();
    let tainted = node.spec.list("taints").iter().any(|taint| taint.text("key") == key);
    let cordoned = node.spec.flag("unschedulable");
    let down = cluster.controllers.kubelet.is_down(&object.name);
    let cordon = if cordoned { "uncordon" } else { "cordon" };
    let off = if tainted { "-" } else { "" };
    vec![
        switch(down, fault(Deed::NodeDown, node_line(&object.name, !down))),
        switch(cordoned, runs(Deed::Cordon, format!("kubectl {cordon} {name}"))),
        runs(Deed::Drain, format!("kubectl drain {name} --ignore-daemonsets --force")),
        switch(tainted, runs(Deed::Taint, format!("kubectl taint nodes {name} {TAINT}{off}"))),
        runs(Deed::Delete, line::delete(object)),
    ]
}

fn of_class(cluster: &Cluster, object: &ObjectRef, class: &Object) -> Vec<Action> {
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    let is_default = class.meta.annotations.get(DEFAULT).is_some_and(|value| value == "true");
    let patch = json!({"metadata": {"annotations": {DEFAULT: (!is_default).to_string()}}}).to_string();
    let provisioner = class.rest.text("provisioner");
    let down = cluster.is_provisioner_down(provisioner);
    vec![
        switch(down, fault(Deed::ProvisionerDown, provisioner_line(provisioner, !down))),
        switch(is_default, runs(Deed::DefaultClass, line::patch(object, &patch))),
        runs(Deed::Delete, line::delete(object)),
    ]
}

/// A volume that can be used anywhere can be bound to a zone, once: where it can be used does not change afterwards.
fn of_volume(cluster: &Cluster, object: &ObjectRef, volume: &Object) -> Vec<Action> {
    const ZONE: &str = "topology.kubernetes.io/zone";
    let mut actions = vec![runs(Deed::Delete, line::delete(object))];
    if volume.spec.has("nodeAffinity") {
        return actions;
    }
    let mut zones: Vec<&str> = cluster.store().list(Kind::Node).map(|node| node.meta.label(ZONE)).collect();
    zones.retain(|zone| !zone.is_empty());
    zones.dedup();
    for zone in zones {
        let expression = json!({"key": ZONE, "operator": "In", "values": [zone]});
        let terms = json!([{"matchExpressions": [expression]}]);
        let patch = json!({"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}).to_string();
        actions.push(runs(Deed::MoveToZone(zone.to_owned()), line::patch(object, &patch)));
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::time::Millis;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::timeline::Timeline;

    fn run() -> Timeline {
        let mut timeline = Timeline::new(Config::default());
        timeline.dispatch(Command::Apply { manifest: include_str!("../scenarios/web.yaml").to_owned() });
        timeline.advance(Millis::from_secs(60));
        timeline
    }

    fn act(timeline: &mut Timeline, object: &ObjectRef, deed: &Deed) -> Option<bool> {
        let action = of(timeline.cluster(), object).into_iter().find(|action| action.deed == *deed).expect("offered");
        let answer = timeline.dispatch(Command::Run { terminal: 0, line: action.line });
        let is_error = |text: &str| text.starts_with("error") || text.starts_with("fault:");
        assert!(!answer.output.iter().any(|line| is_error(&line.text)), "{answer:?}");
        timeline.advance(Millis::from_secs(30));
        of(timeline.cluster(), object).into_iter().find(|action| action.deed == *deed).and_then(|action| action.on)
    }

    fn objects(timeline: &Timeline) -> Vec<ObjectRef> {
        timeline.cluster().store().all().map(|object| object.object_ref()).collect()
    }

    #[test]
    fn everything_that_is_offered_is_taken_by_the_cluster() {
        let timeline = run();
        for object in objects(&timeline) {
            for action in of(timeline.cluster(), &object) {
                let mut run = timeline.clone();
                let before = run.cluster().hash();
                let on = act(&mut run, &object, &action.deed);
                assert_eq!(on.is_some(), action.on.is_some() && run.cluster().store().find(&object).is_some());
                assert_eq!(run.bench().terminals()[0].history().len(), 1, "{action:?}");
                // Faults that show only in a pod's next life, or change nothing here.
                let later =
                    [Deed::BreakImage, Deed::SlowStart, Deed::IgnoreSigterm, Deed::ProvisionerDown, Deed::Taint];
                let undo = Deed::RolloutUndo;
                if !later.contains(&action.deed) && action.deed != undo && !matches!(action.deed, Deed::MoveToZone(_)) {
                    assert_ne!(run.cluster().hash(), before, "{object} {action:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_switched_on_can_be_switched_off() {
        let mut timeline = run();
        let switches: Vec<(ObjectRef, Deed)> = objects(&timeline)
            .into_iter()
            .flat_map(|object| {
                let switches = of(timeline.cluster(), &object).into_iter().filter(|action| action.on.is_some());
                switches.map(|action| (object.clone(), action.deed)).collect::<Vec<_>>()
            })
            .collect();
        assert!(switches.len() > 10, "{switches:?}");
        for (object, deed) in switches {
            let first = act(&mut timeline, &object, &deed).expect("a switch");
            assert_eq!(act(&mut timeline, &object, &deed), Some(!first), "{object} {deed:?}");
        }
    }
}
