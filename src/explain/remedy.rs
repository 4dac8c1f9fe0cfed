//! What would change it: kubectl's commands, where there is one that helps.

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::wait::Wait;

/// The commands that would end a wait of `object`.
pub(super) fn of(reason: &Reason, object: &ObjectRef) -> Vec<String> {
    let namespace = &object.namespace;
    let name = &object.name;
    let delete_pods = |pods: &[String]| vec![format!("kubectl delete pod {} -n {namespace}", pods.join(" "))];
    let force = || format!("kubectl delete pod {name} -n {namespace} --grace-period=0 --force");
    match reason {
        Reason::StatefulSet(wait) => of_wait(wait, object),
        Reason::ClaimInUse { pods } => delete_pods(pods),
        Reason::VolumeRetained { .. } => vec![format!("kubectl delete pv {name}")],
        Reason::NodeLost { node } if object.kind == Kind::Pod => {
            vec![format!("kubectl delete node {node}"), force()]
        }
        Reason::Unschedulable { refusals, .. } => {
            let cordoned = refusals.iter().filter(|refusal| refusal.reason == "node(s) were unschedulable");
            cordoned.flat_map(|refusal| &refusal.nodes).map(|node| format!("kubectl uncordon {node}")).collect()
        }
        _ => Vec::new(),
    }
}

fn of_wait(wait: &Wait, set: &ObjectRef) -> Vec<String> {
    let (namespace, name) = (&set.namespace, &set.name);
    let delete = |pods: &[&str]| vec![format!("kubectl delete pod {} -n {namespace}", pods.join(" "))];
    match wait {
        // A corrected template does not replace the pod; somebody has to.
        Wait::PodNotReady { pod, outdated: true } => delete(&[pod]),
        Wait::CondemnedNotReady { blocked_by, .. } | Wait::CondemnedNotAvailable { blocked_by, .. } => {
            delete(&[blocked_by])
        }
        Wait::OnDelete { pods } => {
            let pods: Vec<&str> = pods.iter().map(String::as_str).collect();
            delete(&pods)
        }
        Wait::Partition { .. } => {
            let patch = r#"{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}}}}"#;
            vec![format!("kubectl patch statefulset {name} -n {namespace} -p '{patch}'")]
        }
        Wait::TooManyReplicas { simulated, .. } => {
            vec![format!("kubectl scale statefulset {name} -n {namespace} --replicas={simulated}")]
        }
        _ => Vec::new(),
    }
}
