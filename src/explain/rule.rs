//! Where a rule stands: upstream's function, and the page of the documentation that tells users of it.

use crate::controllers::reason::Reason;
use crate::controllers::statefulset::wait::Wait;

/// The source of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The function of Kubernetes v1.37.2, below its repository, as `path function`.
    pub function: &'static str,
    /// The page below `https://kubernetes.io/docs/`.
    pub page: &'static str,
}

const fn rule(function: &'static str, page: &'static str) -> Rule {
    Rule { function, page }
}

const GUARANTEES: &str = "concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees";
const UPDATES: &str = "concepts/workloads/controllers/statefulset/#update-strategies";
const BINDING: &str = "concepts/storage/persistent-volumes/#binding";
const LIFECYCLE: &str = "concepts/workloads/pods/pod-lifecycle/";
const ASSIGNMENT: &str = "concepts/scheduling-eviction/assign-pod-node/";
const DISRUPTIONS: &str = "concepts/workloads/pods/disruptions/";
const GARBAGE: &str = "concepts/architecture/garbage-collection/";

/// The source of the rule behind a reason.
pub(super) fn of(reason: &Reason) -> Rule {
    match reason {
        Reason::StatefulSet(wait) => of_wait(wait),
        Reason::NoStorageClass
        | Reason::StorageClassMissing { .. }
        | Reason::NoVolumeFits { .. }
        | Reason::VolumeMissing { .. }
        | Reason::VolumeMismatch { .. }
        | Reason::VolumeTaken { .. } => {
            rule("pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim", BINDING)
        }
        Reason::WaitForFirstConsumer { .. } | Reason::WaitForPodScheduled { .. } => rule(
            "pkg/controller/volume/persistentvolume/pv_controller.go shouldDelayBinding",
            "concepts/storage/storage-classes/#volume-binding-mode",
        ),
        Reason::WaitForProvisioner { .. } => rule(
            "pkg/controller/volume/persistentvolume/pv_controller.go provisionClaimOperationExternal",
            "concepts/storage/dynamic-provisioning/",
        ),
        Reason::ClaimLost { .. } => {
            rule("pkg/controller/volume/persistentvolume/pv_controller.go syncBoundClaim", BINDING)
        }
        Reason::Resizing { .. } => rule(
            "pkg/volume/util/resize_util.go UpdatePVSize",
            "concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims",
        ),
        Reason::ClaimInUse { .. } => rule(
            "pkg/controller/volume/pvcprotection/pvc_protection_controller.go processPVC",
            "concepts/storage/persistent-volumes/#storage-object-in-use-protection",
        ),
        Reason::VolumeInUse { .. } => rule(
            "pkg/controller/volume/pvprotection/pv_protection_controller.go processPV",
            "concepts/storage/persistent-volumes/#storage-object-in-use-protection",
        ),
        Reason::ServiceMissing { .. } | Reason::ServiceNotHeadless { .. } | Reason::ServiceSelectsOthers { .. } => {
            rule(
                "staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldSetHostname",
                "concepts/workloads/controllers/statefulset/#stable-network-id",
            )
        }
        Reason::VolumeRetained { .. } => rule(
            "pkg/controller/volume/persistentvolume/pv_controller.go reclaimVolume",
            "concepts/storage/persistent-volumes/#retain",
        ),
        Reason::SchedulingGated { .. } => rule(
            "pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go PreEnqueue",
            "concepts/scheduling-eviction/pod-scheduling-readiness/",
        ),
        Reason::Unschedulable { .. } => rule("pkg/scheduler/schedule_one.go findNodesThatFitPod", ASSIGNMENT),
        Reason::BindingVolumes { .. } | Reason::ClaimNotUsable { .. } => {
            rule("pkg/scheduler/framework/plugins/volumebinding/volume_binding.go PreFilter", BINDING)
        }
        Reason::NodeLost { .. } => rule(
            "pkg/controller/nodelifecycle/node_lifecycle_controller.go monitorNodeHealth",
            "tasks/run-application/force-delete-stateful-set-pod/",
        ),
        Reason::SettingUp => rule("pkg/kubelet/kubelet.go SyncPod", LIFECYCLE),
        Reason::Missing { .. } => rule("pkg/kubelet/kubelet_pods.go makeEnvironmentVariables", LIFECYCLE),
        Reason::ImagePullBackOff { .. } => rule(
            "pkg/kubelet/images/image_manager.go EnsureImageExists",
            "concepts/containers/images/#imagepullbackoff",
        ),
        Reason::CrashLoopBackOff { .. } => rule("pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff", LIFECYCLE),
        Reason::InitContainerNotDone { .. } => rule(
            "pkg/kubelet/kuberuntime/kuberuntime_container.go computeInitContainerActions",
            "concepts/workloads/pods/init-containers/",
        ),
        Reason::ProbeFailing { .. } => {
            rule("pkg/kubelet/prober/worker.go doProbe", "concepts/configuration/liveness-readiness-startup-probes/")
        }
        Reason::ReadinessGate { .. } => rule("pkg/kubelet/status/generate.go GeneratePodReadyCondition", LIFECYCLE),
        Reason::Ending { .. } => rule("pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer", LIFECYCLE),
        Reason::TaintEviction { .. } => rule(
            "pkg/controller/tainteviction/taint_eviction.go processPodOnNode",
            "concepts/scheduling-eviction/taint-and-toleration/",
        ),
        Reason::BudgetRefuses { .. } => {
            rule("pkg/registry/core/pod/storage/eviction.go checkAndDecrement", DISRUPTIONS)
        }
        Reason::NoDisruptionAllowed { .. } | Reason::BudgetFailed { .. } => {
            rule("pkg/controller/disruption/disruption.go trySync", DISRUPTIONS)
        }
        Reason::Finalizers { .. } => {
            rule("staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go Delete", GARBAGE)
        }
        Reason::Dependents { .. } => {
            rule("pkg/controller/garbagecollector/garbagecollector.go processDeletingDependentsItem", GARBAGE)
        }
        Reason::NamespaceContents { .. } => rule(
            "pkg/controller/namespace/deletion/namespaced_resources_deleter.go Delete",
            "concepts/overview/working-with-objects/namespaces/",
        ),
        Reason::Failed { .. } => rule("staging/src/k8s.io/client-go/util/workqueue AddRateLimited", GUARANTEES),
    }
}

fn of_wait(wait: &Wait) -> Rule {
    const PROCESS_REPLICA: &str = "pkg/controller/statefulset/stateful_set_control.go processReplica";
    const PROCESS_CONDEMNED: &str = "pkg/controller/statefulset/stateful_set_control.go processCondemned";
    const UPDATE: &str = "pkg/controller/statefulset/stateful_set_control.go updateStatefulSet";
    const AFTER_INVARIANT: &str =
        "pkg/controller/statefulset/stateful_set_control.go updateStatefulSetAfterInvariantEstablished";
    match wait {
        Wait::SetTerminating | Wait::TooManyReplicas { .. } => rule(UPDATE, GUARANTEES),
        Wait::PodNotReady { outdated: true, .. } => {
            rule(PROCESS_REPLICA, "concepts/workloads/controllers/statefulset/#forced-rollback")
        }
        Wait::PodNotAvailable { .. } => {
            rule(PROCESS_REPLICA, "concepts/workloads/controllers/statefulset/#minimum-ready-seconds")
        }
        Wait::PodCreated { .. } | Wait::PodEnded { .. } | Wait::PodTerminating { .. } | Wait::PodNotReady { .. } => {
            rule(PROCESS_REPLICA, GUARANTEES)
        }
        Wait::ClaimStale { .. } | Wait::ClaimTerminating { .. } => rule(
            "pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims",
            "concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention",
        ),
        Wait::CondemnedTerminating { .. }
        | Wait::CondemnedNotReady { .. }
        | Wait::CondemnedNotAvailable { .. }
        | Wait::CondemnedDeleted { .. } => rule(PROCESS_CONDEMNED, GUARANTEES),
        Wait::OnDelete { .. } => rule(UPDATE, UPDATES),
        Wait::Partition { .. } => rule(UPDATE, "concepts/workloads/controllers/statefulset/#partitions"),
        Wait::MaxUnavailable { .. } | Wait::Updating { .. } => {
            rule(AFTER_INVARIANT, "concepts/workloads/controllers/statefulset/#maximum-unavailable-pods")
        }
        Wait::Recreating { .. } => {
            rule("pkg/controller/statefulset/stateful_set_control.go recreateDeleteAndWait", UPDATES)
        }
        Wait::Refused { .. } | Wait::Failed { .. } => {
            rule("pkg/controller/statefulset/stateful_set.go processNextWorkItem", GUARANTEES)
        }
    }
}
