//! What a reason is about: the objects, and the words that fill its sentence.

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::controllers::reason::Reason;
use crate::controllers::statefulset::wait::Wait;

/// The objects that a reason for `object` to stand still is about, other than `object` itself.
pub(super) fn objects(reason: &Reason, object: &ObjectRef) -> Vec<ObjectRef> {
    let of = |kind: Kind, name: &str| ObjectRef::new(kind, &object.namespace, name);
    let cluster_wide = |kind: Kind, name: &str| ObjectRef::new(kind, "", name);
    let all = |kind: Kind, names: &[String]| names.iter().map(|name| of(kind, name)).collect();
    match reason {
        Reason::StatefulSet(wait) => objects_of_wait(wait, object),
        Reason::NoVolumeFits { class, .. } | Reason::WaitForFirstConsumer { class } => {
            vec![cluster_wide(Kind::StorageClass, class)]
        }
        Reason::WaitForPodScheduled { pods } | Reason::ClaimInUse { pods } => all(Kind::Pod, pods),
        Reason::VolumeMismatch { volume, .. } | Reason::VolumeTaken { volume, .. } => {
            vec![cluster_wide(Kind::PersistentVolume, volume)]
        }
        Reason::BindingVolumes { claims, .. } => all(Kind::PersistentVolumeClaim, claims),
        Reason::ClaimNotUsable { claim, .. } => vec![of(Kind::PersistentVolumeClaim, claim)],
        Reason::VolumeInUse { claim } => claim
            .split_once('/')
            .map(|(namespace, name)| vec![ObjectRef::new(Kind::PersistentVolumeClaim, namespace, name)])
            .unwrap_or_default(),
        Reason::ServiceMissing { service, .. }
        | Reason::ServiceNotHeadless { service, .. }
        | Reason::ServiceSelectsOthers { service, .. } => vec![of(Kind::Service, service)],
        Reason::StorageClassMissing { class } => vec![cluster_wide(Kind::StorageClass, class)],
        Reason::NodeLost { node } | Reason::TaintEviction { node, .. } => vec![cluster_wide(Kind::Node, node)],
        Reason::BudgetRefuses { budget, .. } => vec![of(Kind::PodDisruptionBudget, budget)],
        Reason::Dependents { objects } | Reason::NamespaceContents { objects } | Reason::Missing { objects } => {
            objects.clone()
        }
        _ => Vec::new(),
    }
}

fn objects_of_wait(wait: &Wait, set: &ObjectRef) -> Vec<ObjectRef> {
    let pod = |name: &String| ObjectRef::new(Kind::Pod, &set.namespace, name);
    match wait {
        Wait::PodCreated { pod: name }
        | Wait::PodEnded { pod: name }
        | Wait::PodTerminating { pod: name }
        | Wait::PodNotReady { pod: name, .. }
        | Wait::PodNotAvailable { pod: name, .. }
        | Wait::ClaimStale { pod: name }
        | Wait::CondemnedTerminating { pod: name }
        | Wait::CondemnedDeleted { pod: name }
        | Wait::Updating { pod: name } => vec![pod(name)],
        Wait::CondemnedNotReady { pod: name, blocked_by } | Wait::CondemnedNotAvailable { pod: name, blocked_by } => {
            vec![pod(blocked_by), pod(name)]
        }
        Wait::OnDelete { pods } | Wait::Partition { pods, .. } | Wait::Recreating { pods } => {
            pods.iter().map(pod).collect()
        }
        Wait::MaxUnavailable { unavailable, remaining, .. } => unavailable.iter().chain(remaining).map(pod).collect(),
        Wait::ClaimTerminating { claim } => {
            vec![ObjectRef::new(Kind::PersistentVolumeClaim, &set.namespace, claim)]
        }
        Wait::SetTerminating | Wait::Refused { .. } | Wait::TooManyReplicas { .. } | Wait::Failed { .. } => Vec::new(),
    }
}

fn list(names: &[String]) -> String {
    names.join(", ")
}

/// The words that fill the sentence of a reason, in the order of its braces.
pub fn arguments(reason: &Reason) -> Vec<String> {
    let objects_list = |objects: &[ObjectRef]| {
        let names: Vec<String> = objects.iter().map(ToString::to_string).collect();
        list(&names)
    };
    let text = |text: &String| vec![text.clone()];
    match reason {
        Reason::StatefulSet(wait) => arguments_of_wait(wait),
        Reason::NoStorageClass | Reason::SettingUp => Vec::new(),
        Reason::StorageClassMissing { class } | Reason::WaitForFirstConsumer { class } => text(class),
        Reason::NoVolumeFits { class, refused } => {
            let names: Vec<String> = refused.iter().map(|(name, why)| format!("{name} ({why:?})")).collect();
            vec![class.clone(), list(&names)]
        }
        Reason::WaitForPodScheduled { pods } | Reason::ClaimInUse { pods } => vec![list(pods)],
        Reason::WaitForProvisioner { provisioner, .. } => text(provisioner),
        Reason::VolumeMissing { volume } | Reason::ClaimLost { volume } => text(volume),
        Reason::VolumeMismatch { volume, why } => vec![volume.clone(), format!("{why:?}")],
        Reason::VolumeTaken { volume, claim } => vec![volume.clone(), claim.clone()],
        Reason::Resizing { from, to, .. } => vec![from.clone(), to.clone()],
        Reason::VolumeInUse { claim } | Reason::VolumeRetained { claim } | Reason::ClaimNotUsable { claim, .. } => {
            text(claim)
        }
        Reason::ServiceMissing { service, .. }
        | Reason::ServiceNotHeadless { service, .. }
        | Reason::ServiceSelectsOthers { service, .. } => text(service),
        Reason::SchedulingGated { gates } => vec![list(gates)],
        Reason::Unschedulable { message, .. } => text(message),
        Reason::BindingVolumes { claims, node } => vec![list(claims), node.clone()],
        Reason::NodeLost { node } => text(node),
        Reason::ImagePullBackOff { container, image, until } => vec![container.clone(), image.clone(), until.elapsed()],
        Reason::CrashLoopBackOff { container, exit_code, restarts, until } => {
            vec![container.clone(), exit_code.to_string(), restarts.to_string(), until.elapsed()]
        }
        Reason::InitContainerNotDone { container } => text(container),
        Reason::ProbeFailing { container, probe } => vec![container.clone(), format!("{probe:?}").to_lowercase()],
        Reason::ReadinessGate { condition } => text(condition),
        Reason::Ending { until } => vec![until.elapsed()],
        Reason::TaintEviction { node, at } => vec![node.clone(), at.elapsed()],
        Reason::BudgetRefuses { budget, desired, current } => {
            vec![budget.clone(), desired.to_string(), current.to_string()]
        }
        Reason::NoDisruptionAllowed { desired, current } => vec![desired.to_string(), current.to_string()],
        Reason::BudgetFailed { error } | Reason::Failed { error } => text(error),
        Reason::Finalizers { finalizers } => vec![list(finalizers)],
        Reason::Dependents { objects } | Reason::NamespaceContents { objects } | Reason::Missing { objects } => {
            vec![objects_list(objects)]
        }
    }
}

fn arguments_of_wait(wait: &Wait) -> Vec<String> {
    match wait {
        Wait::SetTerminating => Vec::new(),
        Wait::PodCreated { pod }
        | Wait::PodEnded { pod }
        | Wait::PodTerminating { pod }
        | Wait::PodNotReady { pod, .. }
        | Wait::ClaimStale { pod }
        | Wait::CondemnedTerminating { pod }
        | Wait::CondemnedDeleted { pod }
        | Wait::Updating { pod } => vec![pod.clone()],
        Wait::PodNotAvailable { pod, min_ready_seconds } => vec![pod.clone(), min_ready_seconds.to_string()],
        Wait::ClaimTerminating { claim } => vec![claim.clone()],
        Wait::Refused { kind, name, message, .. } => vec![kind.clone(), name.clone(), message.clone()],
        Wait::CondemnedNotReady { pod, blocked_by } | Wait::CondemnedNotAvailable { pod, blocked_by } => {
            vec![pod.clone(), blocked_by.clone()]
        }
        Wait::OnDelete { pods } | Wait::Recreating { pods } => vec![list(pods)],
        Wait::Partition { partition, pods } => vec![list(pods), partition.to_string()],
        Wait::MaxUnavailable { max_unavailable, unavailable, remaining } => {
            vec![list(remaining), max_unavailable.to_string(), list(unavailable)]
        }
        Wait::TooManyReplicas { replicas, simulated } => vec![replicas.to_string(), simulated.to_string()],
        Wait::Failed { error } => vec![error.clone()],
    }
}
