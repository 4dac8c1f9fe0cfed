//! Deleting: grace periods, finalizers, and what becomes of dependents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::Timestamp;
use crate::cluster::Cluster;
use crate::cluster::actor::Actor;

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
    /// What becomes of dependents.
    pub propagation: Propagation,
    /// Only an object with this uid is meant.
    pub uid: Option<String>,
}

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

impl Cluster {
    /// Deletes an object: at once, or by setting its deletion timestamp where a grace period or finalizers hold it.
    ///
    /// # Errors
    /// Where there is no such object.
    // Models k8s.io/apiserver/pkg/registry/generic/registry/store.go Delete
    pub fn delete(&mut self, actor: Actor, reference: &ObjectRef, options: &DeleteOptions) -> Result<(), Status> {
        let (kind, name) = (reference.kind, reference.name.as_str());
        let old = self.store.find(reference).ok_or_else(|| Status::not_found(kind, name))?;
        let mut object = Object::clone(old);
        if options.uid.as_ref().is_some_and(|uid| *uid != object.meta.uid) {
            let uid = options.uid.as_deref().unwrap_or_default();
            let why =
                format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", object.meta.uid);
            return Err(Status::conflict(kind, name, &why));
        }
        let grace = if kind == Kind::Pod { pod_grace_period(&object, options) } else { 0 };
        match options.propagation {
            Propagation::Background => {}
            Propagation::Foreground => add_once(&mut object.meta.finalizers, FOREGROUND),
            Propagation::Orphan => add_once(&mut object.meta.finalizers, ORPHAN),
        }
        if kind == Kind::Namespace {
            // The namespace controller takes the contents away first.
            add_once(&mut object.meta.finalizers, "kubernetes");
            object.status_mut().insert("phase".to_owned(), "Terminating".into());
        }
        if grace == 0 && object.meta.finalizers.is_empty() {
            self.remove(actor, reference);
            return Ok(());
        }
        let now = self.now.timestamp();
        // A second deletion can shorten the grace period, and never lengthens it.
        let shortens = object.meta.deletion_grace_period_seconds.is_none_or(|seconds| grace < seconds);
        if shortens {
            let begun = match (object.meta.deletion_timestamp, object.meta.deletion_grace_period_seconds) {
                (Some(end), Some(seconds)) => Timestamp(end.0 - seconds),
                _ => now,
            };
            object.meta.deletion_timestamp = Some(Timestamp(begun.0 + grace));
            object.meta.deletion_grace_period_seconds = Some(grace);
            if kind == Kind::StatefulSet {
                object.meta.generation += 1;
            }
        }
        self.replace(actor, object);
        Ok(())
    }

    /// Takes a finalizer off an object, and the object out of the store when it was waiting for nothing else.
    pub(crate) fn remove_finalizer(&mut self, actor: Actor, object: &Arc<Object>, finalizer: &str) {
        let mut object = Object::clone(object);
        object.meta.finalizers.retain(|present| present != finalizer);
        // Gone already, or changed meanwhile: whoever watches looks again.
        let _ = self.update_object(actor, object);
    }
}

/// How many seconds a pod may take. One that runs nowhere, or has ended, needs none.
// Models pkg/registry/core/pod/strategy.go CheckGracefulDelete
fn pod_grace_period(pod: &Object, options: &DeleteOptions) -> i64 {
    let own = pod.spec.int("terminationGracePeriodSeconds").unwrap_or(30);
    let wanted = options.grace_period_seconds.unwrap_or(own).max(0);
    let ended = matches!(pod.status.text("phase"), "Failed" | "Succeeded");
    if pod.spec.text("nodeName").is_empty() || ended { 0 } else { wanted }
}

fn add_once(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|present| present == text) {
        list.push(text.to_owned());
    }
}
