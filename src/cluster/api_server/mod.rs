//! Requests: create, update, patch, delete, bind; with what the API server does to an object on the way.

mod admission;
mod delete;
mod eviction;
mod patch;
mod service;
mod strategy;

use std::sync::Arc;

use serde_json::Value;

use super::Cluster;
use super::actor::Actor;
use super::faults::Verb;
use crate::api::decode::{DecodeError, Decoded, decode};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::schema::Schema;
use crate::api::status::Status;
use crate::api::warnings::warnings;
use crate::api::{defaults, validate};

pub use delete::{DeleteOptions, Propagation};
pub(crate) use delete::{FOREGROUND, ORPHAN};
pub use patch::{PatchType, Patched};
pub(crate) use strategy::set_condition;

/// How an object is created.
#[derive(Clone, Debug, Default)]
pub struct CreateOptions {
    /// Answer as if it had been stored, but do not store it.
    pub dry_run: bool,
}

/// What a request to create came to.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The object as it is stored.
    pub object: Arc<Object>,
    /// What the server says besides.
    pub warnings: Vec<String>,
}

/// A refusal, and the field that it is about where the refusal names one by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the server answers.
    pub status: Status,
    /// The fields that the answer is about: `spec.replicas`. The causes of an Invalid answer name their fields
    /// themselves.
    pub paths: Box<[String]>,
    /// A sentence about the first of these fields that says more than the answer; empty where there is none.
    pub detail: Box<str>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Refusal {
        let paths = status.causes.iter().map(|cause| cause.path.clone()).collect();
        Refusal { status, paths, detail: Box::default() }
    }
}

impl Cluster {
    /// Creates an object from JSON that a person wrote: decoded strictly, defaulted, admitted, validated, stored.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn create(
        &mut self,
        actor: Actor,
        kind: Kind,
        value: &Value,
        options: &CreateOptions,
    ) -> Result<Arc<Object>, Refusal> {
        self.request_create(actor, kind, value, options).map(|accepted| accepted.object)
    }

    /// Creates an object from JSON that a person wrote, and gives the server's warnings with it.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn request_create(
        &mut self,
        actor: Actor,
        kind: Kind,
        value: &Value,
        options: &CreateOptions,
    ) -> Result<Accepted, Refusal> {
        let value = self.decode_request(kind, value)?;
        let object = self.create_decoded(actor, Object::from_value(kind, value), options)?;
        let warnings = warnings(kind, &object.to_value(), &Value::Null, true);
        Ok(Accepted { object, warnings })
    }

    /// Creates an object that a controller made.
    ///
    /// # Errors
    /// The API server's refusal.
    pub(crate) fn create_object(&mut self, actor: Actor, object: Object) -> Result<Arc<Object>, Status> {
        self.create_decoded(actor, object, &CreateOptions::default())
    }

    fn create_decoded(
        &mut self,
        actor: Actor,
        mut object: Object,
        options: &CreateOptions,
    ) -> Result<Arc<Object>, Status> {
        let kind = object.kind;
        self.admit_namespace(&object)?;
        self.mutate(&mut object);
        let mut value = object.to_value();
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        object = Object::from_value(kind, value);
        self.admit(&mut object)?;
        if kind == Kind::Service {
            self.allocate(&mut object, None, options.dry_run)?;
        }
        strategy::prepare_for_create(&mut object, &self.config.feature_gates);
        if kind == Kind::PersistentVolume {
            let now = self.now.timestamp().to_string();
            object.status_mut().insert("lastPhaseTransitionTime".to_owned(), Value::from(now));
        }
        if object.meta.name.is_empty() && !object.meta.generate_name.is_empty() {
            object.meta.name = format!("{}{}", object.meta.generate_name, self.random.suffix());
        }
        let errors = validate::validate(kind, &object.to_value(), &self.config.feature_gates);
        if !errors.is_empty() {
            return Err(Status::invalid(kind, &object.meta.name, errors));
        }
        if self.store.find(&object.object_ref()).is_some() {
            return Err(Status::already_exists(kind, &object.meta.name));
        }
        if options.dry_run {
            // The answer has what a stored object would have but for its version.
            object.meta.uid = self.random.clone().uid();
            object.meta.creation_timestamp = Some(self.now.timestamp());
            return Ok(Arc::new(object));
        }
        self.fail_by_fault(actor, Verb::Create, &object.object_ref())?;
        Ok(self.insert(actor, object))
    }

    /// Replaces an object by one that a person wrote, as a PUT does. One without a version is meant whatever the stored
    /// one has.
    ///
    /// # Errors
    /// The API server's refusal.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/update.go UpdateResource
    pub fn update(&mut self, actor: Actor, reference: &ObjectRef, value: &Value) -> Result<Arc<Object>, Refusal> {
        let kind = reference.kind;
        let mut value = self.decode_request(kind, value)?;
        let Some(old) = self.store.find(reference) else {
            return Err(Status::not_found(kind, &reference.name).into());
        };
        let uid = old.meta.uid.clone();
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        let mut object = Object::from_value(kind, value);
        if object.meta.uid.is_empty() {
            object.meta.uid = uid;
        }
        Ok(self.update_object(actor, object)?)
    }

    /// Decodes what a person sent. Unknown fields are refused.
    fn decode_request(&self, kind: Kind, value: &Value) -> Result<Value, Refusal> {
        let Some(ty) = Schema::get().of_kind(kind) else {
            return Ok(value.clone());
        };
        let refuse = |why: String, paths: Vec<String>| {
            let version = value.text("apiVersion").rsplit('/').next().unwrap_or_default().to_owned();
            let (given, kind) = (value.text("kind"), kind.name());
            let sentence = format!("{given} in version {version:?} cannot be handled as a {kind}: {why}");
            Refusal { paths: paths.into(), ..Status::bad_request(sentence).into() }
        };
        let (given, version) = (value.text("kind"), value.text("apiVersion"));
        if given != kind.name() {
            let why = format!(
                "no kind {given:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
            );
            return Err(refuse(why, vec!["kind".to_owned()]));
        }
        let Decoded { value, unknown } =
            decode(ty, value).map_err(|DecodeError { path, message, .. }| refuse(message, vec![path]))?;
        if !unknown.is_empty() {
            let fields: Vec<String> = unknown.iter().map(|field| format!("unknown field {field:?}")).collect();
            return Err(refuse(format!("strict decoding error: {}", fields.join(", ")), unknown));
        }
        Ok(value)
    }

    /// Stores a changed object. Its status stays as it was, as through every endpoint but the status's own.
    ///
    /// # Errors
    /// The API server's refusal; a conflict where the object was changed since `object` was read.
    pub(crate) fn update_object(&mut self, actor: Actor, mut object: Object) -> Result<Arc<Object>, Status> {
        let reference = object.object_ref();
        self.fail_by_fault(actor, Verb::Update, &reference)?;
        let old = self.find_for_update(&object)?;
        self.mutate(&mut object);
        object.meta.generation = old.meta.generation;
        object.meta.deletion_timestamp = old.meta.deletion_timestamp;
        object.meta.deletion_grace_period_seconds = old.meta.deletion_grace_period_seconds;
        object.status = Arc::clone(&old.status);
        match object.kind {
            Kind::Service => self.allocate(&mut object, Some(&old), false)?,
            Kind::Pod => admission::add_default_tolerations(object.spec_mut()),
            _ => {}
        }
        strategy::prepare_for_update(&mut object, &old, &self.config.feature_gates);
        let gates = &self.config.feature_gates;
        let errors = validate::validate_update(object.kind, &object.to_value(), &old.to_value(), gates);
        if !errors.is_empty() {
            return Err(Status::invalid(object.kind, &object.meta.name, errors));
        }
        self.admit_resize(&object, &old)?;
        if should_delete_during_update(&object) {
            self.remove(actor, &reference);
            return Ok(Arc::new(object));
        }
        Ok(self.replace(actor, object))
    }

    /// Stores a changed status.
    ///
    /// # Errors
    /// Where the object is gone, or was changed since `object` was read.
    pub(crate) fn update_object_status(&mut self, actor: Actor, mut object: Object) -> Result<Arc<Object>, Status> {
        self.fail_by_fault(actor, Verb::UpdateStatus, &object.object_ref())?;
        let old = self.find_for_update(&object)?;
        object.spec = Arc::clone(&old.spec);
        object.rest = Arc::clone(&old.rest);
        Ok(self.replace(actor, object))
    }

    fn find_for_update(&self, object: &Object) -> Result<Arc<Object>, Status> {
        let (kind, name) = (object.kind, &object.meta.name);
        let old = self.store.find(&object.object_ref()).ok_or_else(|| Status::not_found(kind, name))?;
        if object.meta.resource_version != 0 && object.meta.resource_version != old.meta.resource_version {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(kind, name, why));
        }
        if !object.meta.uid.is_empty() && object.meta.uid != old.meta.uid {
            let why = format!(
                "Precondition failed: UID in precondition: {}, UID in object meta: {}",
                object.meta.uid, old.meta.uid
            );
            return Err(Status::conflict(kind, name, &why));
        }
        Ok(Arc::clone(old))
    }

    /// Assigns a pod to a node, and gives it the node's topology labels.
    // Models pkg/registry/core/pod/storage/storage.go BindingREST.Create
    // Models plugin/pkg/admission/podtopologylabels/admission.go
    pub(crate) fn bind(&mut self, actor: Actor, pod: &ObjectRef, node: &str) -> Result<Arc<Object>, Status> {
        let old = self.store.find(pod).ok_or_else(|| Status::not_found(Kind::Pod, &pod.name))?;
        let mut pod = Object::clone(old);
        pod.spec_mut().insert("nodeName".to_owned(), Value::from(node));
        if let Some(node) = self.store.get(Kind::Node, "", node) {
            for label in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
                if let Some(value) = node.meta.labels.get(label) {
                    pod.meta.labels.insert(label.to_owned(), value.clone());
                }
            }
        }
        let scheduled = serde_json::json!({
            "type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": self.now.timestamp().to_string(),
        });
        strategy::set_condition(pod.status_mut(), scheduled);
        Ok(self.replace(actor, pod))
    }
}

/// Whether a deleted object waits for nothing any more: no finalizer, no grace period.
// Models k8s.io/apiserver/pkg/registry/generic/registry/store.go ShouldDeleteDuringUpdate
// Models pkg/registry/core/namespace/storage/storage.go ShouldDeleteNamespaceDuringUpdate
fn should_delete_during_update(object: &Object) -> bool {
    object.meta.is_terminating()
        && object.meta.finalizers.is_empty()
        && object.meta.deletion_grace_period_seconds.is_none_or(|seconds| seconds == 0)
        && (object.kind != Kind::Namespace || object.spec.list("finalizers").is_empty())
}
