//! What would change it: kubectl's commands, where there is one that helps.

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::cluster::Cluster;
use crate::controllers::kubelet::PodFaults;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::set::service_account;
use crate::controllers::statefulset::wait::Wait;
use crate::kubectl::line::{self, quoted};
use crate::programs::fault;

/// The commands that would end a wait of `object`.
pub(super) fn of(cluster: &Cluster, reason: &Reason, object: &ObjectRef) -> Vec<String> {
    let namespace = &object.namespace;
    let name = &object.name;
    let delete_pods = |pods: &[String]| vec![format!("kubectl delete pod {} -n {namespace}", pods.join(" "))];
    let force = || format!("kubectl delete pod {name} -n {namespace} --grace-period=0 --force");
    match reason {
        Reason::StatefulSet(wait) => of_wait(cluster, wait, object),
        Reason::ClaimInUse { pods } => delete_pods(pods),
        Reason::VolumeRetained { .. } => vec![format!("kubectl delete pv {name}")],
        Reason::NodeLost { node } if object.kind == Kind::Pod => {
            // What a fault has done, its end undoes.
            let back = cluster.controllers.kubelet.is_down(node).then(|| fault::node_line(node, false));
            back.into_iter().chain([format!("kubectl delete node {node}"), force()]).collect()
        }
        Reason::Unschedulable { refusals, .. } => {
            let cordoned = refusals.iter().filter(|refusal| refusal.reason == "node(s) were unschedulable");
            cordoned.flat_map(|refusal| &refusal.nodes).map(|node| format!("kubectl uncordon {node}")).collect()
        }
        Reason::WaitForProvisioner { provisioner, down: true } => vec![fault::provisioner_line(provisioner, false)],
        Reason::NoStorageClass => {
            let class = cluster.store().list(Kind::StorageClass).next().map(|class| class.object_ref());
            let patch = r#"{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}"#;
            class.map(|class| line::patch(&class, patch)).into_iter().collect()
        }
        Reason::ImagePullBackOff { .. } => healed(cluster, object, "image", |faults| faults.image_pull),
        Reason::CrashLoopBackOff { .. } => healed(cluster, object, "crash", |faults| faults.crash),
        Reason::ProbeFailing { .. } => healed(cluster, object, "not-ready", |faults| faults.not_ready),
        Reason::ServiceMissing { service, labels } => vec![headless(object, service, labels)],
        Reason::ServiceNotHeadless { service, labels } => {
            let delete = format!("kubectl delete service {} -n {namespace}", quoted(service));
            vec![format!("{delete} && {}", headless(object, service, labels))]
        }
        Reason::ServiceSelectsOthers { service, labels } => vec![select(object, service, labels)],
        Reason::Missing { objects } => objects.iter().filter_map(create).collect(),
        _ => Vec::new(),
    }
}

/// Creates what a pod waits for, with nothing in it.
fn create(missing: &ObjectRef) -> Option<String> {
    let what = match missing.kind {
        Kind::ConfigMap => "configmap",
        Kind::Secret => "secret generic",
        Kind::ServiceAccount => "serviceaccount",
        _ => return None,
    };
    Some(format!("kubectl create {what} {} -n {}", quoted(&missing.name), quoted(&missing.namespace)))
}

/// Ends a fault that somebody has brought about in a pod, where that is what is wrong.
fn healed(cluster: &Cluster, pod: &ObjectRef, what: &str, is_on: fn(&PodFaults) -> bool) -> Vec<String> {
    let is_on = is_on(&cluster.controllers.kubelet.faults(pod));
    is_on.then(|| fault::pod_line(pod, what, false)).into_iter().collect()
}

/// Has a Service select the pods with these labels.
fn select(object: &ObjectRef, service: &str, labels: &[(String, String)]) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("kubectl set selector service {} {} -n {}", quoted(service), quoted(&labels.join(",")), object.namespace)
}

/// Creates a headless Service for the pods with these labels. kubectl has it select `app=` and its own name.
fn headless(object: &ObjectRef, service: &str, labels: &[(String, String)]) -> String {
    let name = quoted(service);
    let create = format!("kubectl create service clusterip {name} --clusterip=None -n {}", object.namespace);
    match labels {
        [(label, value)] if label == "app" && value == service => create,
        labels => format!("{create} && {}", select(object, service, labels)),
    }
}

fn of_wait(cluster: &Cluster, wait: &Wait, set: &ObjectRef) -> Vec<String> {
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
        Wait::Refused { .. } => {
            let account = cluster.store().find(set).and_then(|set| service_account(set));
            let missing = account.filter(|account| cluster.store().find(account).is_none());
            missing.as_ref().and_then(create).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
