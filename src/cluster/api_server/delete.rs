//! Deleting: grace periods, finalizers, and what becomes of dependents.
//!
//! Follows `staging/src/k8s.io/apiserver/pkg/registry/{generic/registry/store.go,rest/delete.go}` of Kubernetes v1.37.2,
//! Apache-2.0.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::{Reason, Status, quote};
use crate::api::time::Timestamp;
use crate::cluster::actor::Actor;
use crate::cluster::faults::Verb;
use crate::cluster::{By, Cluster};

/// What becomes of the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

/// How an object is deleted.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// For pods: how long they may take; their own grace period where nothing is said, at once where it is 0.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; where nothing is said, what the object's finalizers say.
    pub propagation: Option<Propagation>,
    /// Only an object with this uid is meant.
    pub uid: Option<String>,
    /// Only this version of the object is meant.
    pub resource_version: Option<u64>,
    /// Answer as if it had been deleted, but do not delete it.
    pub dry_run: bool,
}

/// The finalizer of an object that goes after its dependents.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents are to stay.
pub(crate) const ORPHAN: &str = "orphan";

/// What a deletion begins with.
enum Grace {
    /// The object has a grace period, and its metadata say so now.
    Graceful,
    /// It is going already, and not to go sooner.
    Pending,
    /// It has none.
    None,
}

impl Cluster {
    /// Deletes an object: at once, or by setting its deletion timestamp where a grace period or finalizers hold it.
    ///
    /// # Errors
    /// Where there is no such object, or another one than is meant.
    // Models k8s.io/apiserver/pkg/registry/generic/registry/store.go Delete
    pub fn delete(&mut self, actor: Actor, reference: &ObjectRef, options: &DeleteOptions) -> Result<(), Status> {
        let (kind, name) = (reference.kind, reference.name.as_str());
        self.fail_by_fault(actor, Verb::Delete, reference)?;
        let old = self.store.find(reference).ok_or_else(|| Status::not_found(kind, name))?;
        check_preconditions(old, options)?;
        if kind == Kind::Namespace {
            return self.delete_namespace(actor, reference, options);
        }
        let mut object = Object::clone(old);
        let grace = self.before_delete(&mut object, options);
        if matches!(grace, Grace::Pending) || options.dry_run {
            return Ok(());
        }
        object.meta.finalizers = deletion_finalizers(&object, options.propagation).into();
        let held = !object.meta.finalizers.is_empty();
        if matches!(grace, Grace::None) && held {
            self.mark_as_deleting(&mut object);
        }
        let ends_later = matches!(grace, Grace::Graceful) && object.meta.deletion_grace_period_seconds != Some(0);
        // Also one that goes at once is first written with its deletion timestamp, where it could have had a grace period.
        if held || matches!(grace, Grace::Graceful) {
            self.replace(actor, By::Nobody, object);
        }
        if !held && !ends_later {
            self.remove(actor, reference);
        }
        Ok(())
    }

    /// Gives a pod its grace period, or shortens the one that it has. Other objects have none.
    // Models k8s.io/apiserver/pkg/registry/rest/delete.go BeforeDelete
    fn before_delete(&self, object: &mut Object, options: &DeleteOptions) -> Grace {
        if object.kind != Kind::Pod {
            return Grace::None;
        }
        let now = self.now.timestamp();
        let wanted = options.grace_period_seconds.map(|seconds| if seconds < 0 { 1 } else { seconds });
        let Some(end) = object.meta.deletion_timestamp else {
            let seconds = pod_grace_period(object, wanted);
            object.meta.deletion_timestamp = Some(Timestamp(now.0 + seconds));
            object.meta.deletion_grace_period_seconds = Some(seconds);
            if object.meta.generation > 0 {
                object.meta.generation += 1;
            }
            return Grace::Graceful;
        };
        let before = object.meta.deletion_grace_period_seconds.unwrap_or_default();
        if before == 0 {
            return Grace::None;
        }
        let Some(mut seconds) = wanted.filter(|seconds| *seconds < before) else {
            return Grace::Pending;
        };
        let mut end = Timestamp(end.0 - before + seconds);
        if end < now {
            end = now;
            seconds = seconds.min(1);
        }
        object.meta.deletion_timestamp = Some(end);
        object.meta.deletion_grace_period_seconds = Some(seconds);
        Grace::Graceful
    }

    // Models k8s.io/apiserver/pkg/registry/generic/registry/store.go markAsDeleting
    fn mark_as_deleting(&self, object: &mut Object) {
        let now = self.now.timestamp();
        if object.meta.deletion_timestamp.is_none() && object.meta.generation > 0 {
            object.meta.generation += 1;
        }
        if object.meta.deletion_timestamp.is_none_or(|end| end > now) {
            object.meta.deletion_timestamp = Some(now);
        }
        object.meta.deletion_grace_period_seconds = Some(0);
    }

    /// A namespace goes when its finalizers in `spec` are gone, which the namespace controller takes off when the
    /// namespace is empty.
    // Models pkg/registry/core/namespace/storage/storage.go Delete
    fn delete_namespace(&mut self, actor: Actor, reference: &ObjectRef, options: &DeleteOptions) -> Result<(), Status> {
        let name = reference.name.as_str();
        if matches!(name, "default" | "kube-system" | "kube-public") {
            return Err(Status::forbidden(Kind::Namespace, name, "this namespace may not be deleted"));
        }
        let old = self.store.find(reference).ok_or_else(|| Status::not_found(Kind::Namespace, name))?;
        let mut object = Object::clone(old);
        if object.meta.is_terminating() || options.dry_run {
            return Ok(());
        }
        if object.spec.list("finalizers").is_empty() && object.meta.finalizers.is_empty() {
            self.remove(actor, reference);
            return Ok(());
        }
        object.meta.deletion_timestamp = Some(self.now.timestamp());
        object.status_mut().insert("phase".to_owned(), "Terminating".into());
        self.replace(actor, By::Nobody, object);
        Ok(())
    }

    /// Takes a finalizer off an object, and the object out of the store when it was waiting for nothing else.
    ///
    /// # Errors
    /// Where the object is gone, or has changed meanwhile.
    pub(crate) fn remove_finalizer(
        &mut self,
        actor: Actor,
        object: &Arc<Object>,
        finalizer: &str,
    ) -> Result<(), Status> {
        let mut object = Object::clone(object);
        object.meta.finalizers.retain(|present| present != finalizer);
        self.update_object(actor, object).map(drop)
    }
}

fn check_preconditions(object: &Object, options: &DeleteOptions) -> Result<(), Status> {
    let meta = &object.meta;
    let conflict = |what: &str, wanted: &str, found: &str, hint: &str| {
        // The server names the kind here, where it names the resource elsewhere.
        let group = object.kind.resource().group;
        let kind = if group.is_empty() { object.kind.name().to_owned() } else { format!("{}.{group}", object.kind) };
        let message = format!(
            "Operation cannot be fulfilled on {kind} {}: the {what} in the precondition ({wanted}) does not match the {what} in \
             record ({found}). The object might have been {hint}",
            quote(&meta.name)
        );
        let about = Some((object.kind, meta.name.clone()));
        Status { reason: Reason::Conflict, message, about, causes: Vec::new() }
    };
    if let Some(uid) = options.uid.as_ref().filter(|uid| **uid != meta.uid) {
        return Err(conflict("UID", uid, &meta.uid, "deleted and then recreated"));
    }
    match options.resource_version {
        Some(version) if version != meta.resource_version => {
            let (wanted, found) = (version.to_string(), meta.resource_version.to_string());
            Err(conflict("ResourceVersion", &wanted, &found, "modified"))
        }
        _ => Ok(()),
    }
}

/// The finalizers that an object goes with: its own, and the one of the garbage collector that the policy asks for.
// Models k8s.io/apiserver/pkg/registry/generic/registry/store.go deletionFinalizersForGarbageCollection
fn deletion_finalizers(object: &Object, propagation: Option<Propagation>) -> Vec<String> {
    let present = &object.meta.finalizers;
    let collector = match propagation {
        Some(Propagation::Background) => None,
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Orphan) => Some(ORPHAN),
        None => [ORPHAN, FOREGROUND].into_iter().find(|finalizer| present.iter().any(|p| p == finalizer)),
    };
    let kept = present.iter().filter(|finalizer| *finalizer != ORPHAN && *finalizer != FOREGROUND).cloned();
    let mut finalizers: Vec<String> = kept.collect();
    finalizers.extend(collector.map(str::to_owned));
    // Upstream leaves the list as it is where it would hold the same.
    if finalizers.len() == present.len() && finalizers.iter().all(|finalizer| present.contains(finalizer)) {
        return present.to_vec();
    }
    finalizers
}

/// How many seconds a pod may take. One that runs nowhere, or has ended, needs none.
// Models pkg/registry/core/pod/strategy.go CheckGracefulDelete
fn pod_grace_period(pod: &Object, wanted: Option<i64>) -> i64 {
    let ended = matches!(pod.status.text("phase"), "Failed" | "Succeeded");
    if pod.spec.text("nodeName").is_empty() || ended {
        return 0;
    }
    let period = wanted.or_else(|| pod.spec.int("terminationGracePeriodSeconds")).unwrap_or_default();
    if period < 0 { 1 } else { period }
}
