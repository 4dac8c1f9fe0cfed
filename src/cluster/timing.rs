//! How long things take, in virtual time.
//!
//! Plausible figures for a small, healthy cluster: a pod without probes is ready 1.5 s after it was scheduled, and gone
//! 0.7 s after its deletion, as in the recorded cluster.

use crate::api::time::Millis;

/// From a write until a controller that watches looks at it.
pub const WATCH: Millis = Millis(10);
/// The same for the StatefulSet's controller. It takes a little longer than the others, so that a pod that has become
/// ready has its DNS name before the next one begins: what a reader expects, and what a real cluster mostly does.
pub const STATEFULSET_WATCH: Millis = Millis(20);
/// The same for a disruption budget that was written. A person's next command takes no time here, as it does in a real
/// cluster, so the pods of a set that was created just before are let come first.
pub const BUDGET_WATCH: Millis = Millis(50);
/// How often the controller of volumes looks at claims again that wait for nothing that it would be told of.
pub const CLAIM_RESYNC: Millis = Millis::from_secs(15);
/// From an unscheduled pod until the scheduler has decided.
pub const SCHEDULING: Millis = Millis(40);
/// From a claim that asks for a volume until its provisioner has made one.
pub const PROVISIONING: Millis = Millis(600);
/// How long each step takes of making a volume larger.
pub const RESIZE: Millis = Millis::from_secs(1);
/// From a scheduled pod until its sandbox and volumes are set up.
pub const POD_SETUP: Millis = Millis(200);
/// To pull an image that the node does not have.
pub const IMAGE_PULL: Millis = Millis(1000);
/// To start a container whose image is there.
pub const CONTAINER_START: Millis = Millis(300);
/// To look whether an image that the node has is still the registry's.
pub const IMAGE_CHECK: Millis = Millis(300);
/// From a container's end, or an image that did not pull, until the kubelet does something about it.
pub const EXIT_NOTICED: Millis = Millis::from_secs(1);
/// How long a hook takes that says nothing about it.
pub const HOOK: Millis = Millis(500);
/// What every container gets between SIGTERM and SIGKILL, also when the grace period is over.
pub const MINIMUM_GRACE: Millis = Millis::from_secs(2);
/// The first pause before a volume is mounted again that could not be; it doubles each time.
pub const MOUNT_RETRY: Millis = Millis(500);
/// The longest such pause.
pub const MAX_MOUNT_RETRY: Millis = Millis::from_secs(122);
/// The pause before a container is created again whose environment could not be.
pub const CONFIG_RETRY: Millis = Millis::from_secs(13);
/// How long an init container runs.
pub const INIT_CONTAINER_RUN: Millis = Millis(500);
/// From SIGTERM until a well-behaved container has ended.
pub const CONTAINER_STOP: Millis = Millis(700);
/// How long a container runs that crashes at its start.
pub const CRASH: Millis = Millis(600);
/// The first back-off of a container that crashed or an image that did not pull; it doubles each time.
pub const BACK_OFF: Millis = Millis::from_secs(10);
/// The longest back-off.
pub const MAX_BACK_OFF: Millis = Millis::from_secs(300);
/// After the last stop of a container, its back-off begins anew when it ran this long.
pub const BACK_OFF_RESET: Millis = Millis::from_secs(600);
/// From the last that was heard of a node until it counts as lost.
pub const NODE_MONITOR_GRACE: Millis = Millis::from_secs(50);
/// From a node that comes, or comes back, until its kubelet has said that it is ready.
pub const NODE_STATUS: Millis = Millis::from_secs(1);
/// From a node's removal until the pods that were on it are taken away.
pub const NODE_QUARANTINE: Millis = Millis::from_secs(40);
/// Until pods are taken away that no kubelet will end.
pub const POD_GC_PERIOD: Millis = Millis::from_secs(20);
/// How long a disruption budget waits for an eviction that was announced.
pub const EVICTION_ANNOUNCED: Millis = Millis::from_secs(120);
/// How long the API server keeps an event.
pub const EVENT_TTL: Millis = Millis::from_secs(3600);
/// How long the lifecycle controller waits after one node of a zone that it has pods leave, until it does the same with
/// another.
// Models pkg/controller/nodelifecycle/config/v1alpha1/defaults.go NodeEvictionRate
pub const NODE_EVICTION: Millis = Millis::from_secs(10);
/// The first pause before a sync that failed is tried again; it doubles each time.
pub const RETRY: Millis = Millis(5);
/// The longest such pause.
pub const MAX_RETRY: Millis = Millis::from_secs(1000);
