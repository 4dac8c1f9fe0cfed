//! Requests: create, update, patch, delete, bind; with what the API server does to an object on the way.

mod admission;
mod apply;
mod delete;
mod disabled;
mod eviction;
mod patch;
mod patched_text;
mod service;
mod strategy;

use std::sync::Arc;

use serde_json::Value;

use super::actor::Actor;
use super::faults::Verb;
use super::{By, Cluster};
use crate::api::decode::{DecodeError, Decoded, decode};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::managed::{Managed, Manager};
use crate::api::meta::{ObjectMeta, ObjectRef, OwnerReference};
use crate::api::object::Object;
use crate::api::schema::Schema;
use crate::api::status::{Reason, Status, quote};
use crate::api::warnings::warnings;
use crate::api::{defaults, validate};

pub use delete::{DeleteOptions, Propagation};
pub(crate) use delete::{FOREGROUND, ORPHAN};
pub use patch::{PatchOptions, PatchType, Patched};
pub(crate) use strategy::set_condition;

/// What becomes of fields that no type has, and of those that a text has twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are refused.
    #[default]
    Strict,
    /// They are dropped, with a warning.
    Warn,
    /// They are dropped.
    Ignore,
}

/// How an object is created.
#[derive(Clone, Debug, Default)]
pub struct CreateOptions {
    /// Answer as if it had been stored, but do not store it.
    pub dry_run: bool,
    /// What becomes of fields that no type has.
    pub validation: FieldValidation,
}

/// What a request to create came to.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The object as it is stored.
    pub object: Arc<Object>,
    /// What the server says besides.
    pub warnings: Vec<String>,
}

/// A refusal, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the server answers.
    pub status: Status,
    /// What it is about, and what the server says besides.
    pub more: Box<More>,
}

/// What goes with a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// The fields that the answer is about: `spec.replicas`. The causes of an Invalid answer name their fields
    /// themselves.
    pub paths: Vec<String>,
    /// A sentence about the first of these fields that says more than the answer; empty where there is none.
    pub detail: String,
    /// The server's warnings.
    pub warnings: Vec<String>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Refusal {
        let paths = status.causes.iter().map(|cause| cause.path.clone()).collect();
        Refusal { status, more: Box::new(More { paths, ..More::default() }) }
    }
}

impl Refusal {
    /// The refusal, about these fields.
    fn about(mut self, paths: Vec<String>, detail: String) -> Refusal {
        self.more.paths = paths;
        self.more.detail = detail;
        self
    }

    /// The refusal of a request of which the server has said something already.
    fn after(status: Status, warnings: &[String]) -> Refusal {
        let mut refusal = Refusal::from(status);
        refusal.more.warnings = warnings.to_vec();
        refusal
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
        let Decoded { value, unknown: mut told, empty } = self.decode_request(kind, value, options.validation)?;
        let mut object = Object::from_value(kind, value);
        told.extend(deduplicate_owners(&mut object, BEFORE_ADMISSION));
        let by = By::Manager(self.manager_of(actor));
        let created = self.create_decoded(actor, by, object, options, &mut |object| {
            told.extend(warnings(kind, &object.to_value(), &Value::Null, true));
        });
        let object = created.map_err(|status| Refusal::after(status.showing_empty(&empty), &told))?;
        Ok(Accepted { object, warnings: told })
    }

    /// Creates an object that a controller made.
    ///
    /// # Errors
    /// The API server's refusal.
    pub(crate) fn create_object(&mut self, actor: Actor, object: Object) -> Result<Arc<Object>, Status> {
        let by = By::Manager(self.manager_of(actor));
        self.create_decoded(actor, by, object, &CreateOptions::default(), &mut |_| {})
    }

    /// `validated` sees the object before it is stored, even where there is one of its name already.
    fn create_decoded(
        &mut self,
        actor: Actor,
        by: By,
        mut object: Object,
        options: &CreateOptions,
        validated: &mut dyn FnMut(&Object),
    ) -> Result<Arc<Object>, Status> {
        let kind = object.kind;
        self.admit_namespace(&object)?;
        self.mutate(&mut object);
        object = self.with_defaults(object);
        if actor == Actor::User {
            disabled::drop_disabled_fields(&mut object);
        }
        // What admission, allocation and the registry add nobody manages.
        let sent = (actor == Actor::User).then(|| Arc::new(object.clone()));
        self.admit(&mut object)?;
        if kind == Kind::Service {
            self.allocate(&mut object, None, options.dry_run || self.trial)?;
        }
        strategy::prepare_for_create(&mut object, &self.config.feature_gates);
        if kind == Kind::PersistentVolume {
            let now = self.now.timestamp().to_string();
            object.status_mut().insert("lastPhaseTransitionTime".to_owned(), Value::from(now));
        }
        if object.meta.name.is_empty() && !object.meta.generate_name.is_empty() {
            object.meta.name = generated_name(&object.meta.generate_name, &self.random.suffix());
        }
        let meta = object.meta.to_value();
        let mut fields = object.take_fields();
        fields.insert("metadata".to_owned(), meta);
        let value = Value::Object(fields);
        let errors = validate::validate(kind, &value, &self.config.feature_gates);
        object.give_fields(value);
        if !errors.is_empty() {
            return Err(Status::invalid(kind, &object.meta.name, errors));
        }
        validated(&object);
        if self.store.same_name(&object).is_some() {
            return Err(Status::already_exists(kind, &object.meta.name));
        }
        if options.dry_run {
            // The answer has what a stored object would have but for its version.
            object.meta.uid = self.random.clone().uid();
            object.meta.creation_timestamp = Some(self.now.timestamp());
            return Ok(Arc::new(object));
        }
        self.fail_by_fault(actor, Verb::Create, &object.object_ref())?;
        let by = match (by, &sent) {
            (By::Manager(manager), Some(sent)) => {
                let now = self.now.timestamp();
                By::Known(Managed::default().after(Some(manager), now, None).after(None, now, Some(sent)))
            }
            (by, _) => by,
        };
        Ok(self.insert(actor, by, object))
    }

    /// Fills in the defaults of a decoded object.
    fn with_defaults(&self, mut object: Object) -> Object {
        let mut fields = object.take_fields();
        // Of all defaults, one is in the metadata.
        let in_meta = object.kind == Kind::Namespace;
        if in_meta {
            fields.insert("metadata".to_owned(), object.meta.to_value());
        }
        let mut value = Value::Object(fields);
        defaults::set_defaults(object.kind, &mut value, &self.config.feature_gates);
        if in_meta {
            object.meta = ObjectMeta::from_value(value.field("metadata"));
        }
        object.give_fields(value);
        object
    }

    /// Replaces an object by one that a person wrote, as a PUT does. One without a version is meant whatever the stored
    /// one has.
    ///
    /// # Errors
    /// The API server's refusal.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/update.go UpdateResource
    pub fn update(
        &mut self,
        actor: Actor,
        reference: &ObjectRef,
        value: &Value,
        validation: FieldValidation,
    ) -> Result<Accepted, Refusal> {
        let kind = reference.kind;
        let Decoded { mut value, unknown: mut told, empty } = self.decode_request(kind, value, validation)?;
        let refuse = |status: Status, told: &[String]| Refusal::after(status.showing_empty(&empty), told);
        let Some(old) = self.store.find(reference).cloned() else {
            // Models pkg/registry/core/service/strategy.go AllowCreateOnUpdate
            if matches!(kind, Kind::Service | Kind::Endpoints) {
                let options = CreateOptions { dry_run: self.trial, validation };
                return self.request_create(actor, kind, &value, &options);
            }
            return Err(refuse(Status::not_found(kind, &reference.name), &told));
        };
        check_version(value.field("metadata").text("resourceVersion")).map_err(|status| refuse(status, &told))?;
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        let mut object = Object::from_value(kind, value);
        if object.meta.uid.is_empty() {
            object.meta.uid.clone_from(&old.meta.uid);
        }
        told.extend(deduplicate_owners(&mut object, BEFORE_ADMISSION));
        let object = self.update_object(actor, object).map_err(|status| refuse(status, &told))?;
        told.extend(warnings(kind, &object.to_value(), &old.to_value(), object.spec != old.spec));
        Ok(Accepted { object, warnings: told })
    }

    /// Decodes what a person sent. What is said of unknown fields, where they are not refused, is among the result.
    fn decode_request(&self, kind: Kind, value: &Value, validation: FieldValidation) -> Result<Decoded, Refusal> {
        let Some(ty) = Schema::get().of_kind(kind) else {
            return Ok(Decoded { value: value.clone(), ..Decoded::default() });
        };
        let refuse = |why: String, paths: Vec<String>| {
            let version = value.text("apiVersion").rsplit('/').next().unwrap_or_default().to_owned();
            let (given, kind) = (value.text("kind"), kind.name());
            let sentence = format!("{given} in version {} cannot be handled as a {kind}: {why}", quote(&version));
            Refusal::from(Status::bad_request(sentence)).about(paths, String::new())
        };
        let (given, version) = (value.text("kind"), value.text("apiVersion"));
        if given != kind.name() {
            return Err(refuse(not_registered(given, version), vec!["kind".to_owned()]));
        }
        let Decoded { value, unknown, empty } =
            decode(ty, value).map_err(|DecodeError { path, message, .. }| refuse(message, vec![path]))?;
        let told: Vec<String> = unknown.iter().map(|field| format!("unknown field {}", quote(field))).collect();
        match validation {
            FieldValidation::Strict if !unknown.is_empty() => {
                Err(refuse(format!("strict decoding error: {}", told.join(", ")), unknown))
            }
            FieldValidation::Ignore => Ok(Decoded { value, unknown: Vec::new(), empty }),
            FieldValidation::Strict | FieldValidation::Warn => Ok(Decoded { value, unknown: told, empty }),
        }
    }

    /// Stores a changed object. Its status stays as it was, as through every endpoint but the status's own.
    ///
    /// # Errors
    /// The API server's refusal; a conflict where the object was changed since `object` was read.
    pub(crate) fn update_object(&mut self, actor: Actor, object: Object) -> Result<Arc<Object>, Status> {
        self.fail_by_fault(actor, Verb::Update, &object.object_ref())?;
        let old = self.find_for_update(&object)?;
        check_uid(&object, &old)?;
        let by = By::Manager(self.manager_of(actor));
        self.store_update(actor, by, object, &old)
    }

    /// Stores a patched object, whose uid is no precondition.
    fn update_patched(&mut self, actor: Actor, object: Object) -> Result<Arc<Object>, Status> {
        let by = By::Manager(self.manager_of(actor));
        self.update_by(actor, by, object)
    }

    fn update_by(&mut self, actor: Actor, by: By, object: Object) -> Result<Arc<Object>, Status> {
        self.fail_by_fault(actor, Verb::Update, &object.object_ref())?;
        let old = self.find_for_update(&object)?;
        self.store_update(actor, by, object, &old)
    }

    // Models k8s.io/apiserver/pkg/registry/rest/update.go BeforeUpdate
    fn store_update(&mut self, actor: Actor, by: By, mut object: Object, old: &Object) -> Result<Arc<Object>, Status> {
        let reference = object.object_ref();
        self.mutate(&mut object);
        object.meta.generation = old.meta.generation;
        keep_deletion(&mut object, old);
        object.status = Arc::clone(&old.status);
        match object.kind {
            Kind::Service => self.allocate(&mut object, Some(old), self.trial)?,
            Kind::Pod => admission::add_default_tolerations(&mut object),
            _ => {}
        }
        if actor == Actor::User {
            disabled::drop_disabled_fields(&mut object);
            strategy::keep_namespace_finalizers(&mut object, old);
        }
        strategy::prepare_for_update(&mut object, old, &self.config.feature_gates);
        let errors = self.broken_rules(&object, old);
        if !errors.is_empty() {
            return Err(Status::invalid(object.kind, &object.meta.name, errors));
        }
        self.admit_resize(&object, old)?;
        if should_delete_during_update(&object) {
            self.remove(actor, &reference);
            return Ok(Arc::new(object));
        }
        Ok(self.replace(actor, by, object))
    }

    /// The rules that a changed object breaks.
    fn broken_rules(&self, object: &Object, old: &Object) -> Vec<validate::FieldError> {
        let gates = &self.config.feature_gates;
        if !matches!(object.kind, Kind::PersistentVolumeClaim | Kind::PersistentVolume) {
            return validate::validate_update(object.kind, &object.to_value(), &old.to_value(), gates);
        }
        // The most frequent updates of all, and no rule of theirs is about metadata and the specification together.
        let (meta, old_meta) = object.meta.without_same(&old.meta);
        if !Arc::ptr_eq(&object.spec, &old.spec) || !object.rest.is_same(&old.rest) {
            let whole = |meta, object: &Object| Object { meta, ..object.clone() }.to_value();
            return validate::validate_update(object.kind, &whole(meta, object), &whole(old_meta, old), gates);
        }
        if meta == old_meta {
            return Vec::new();
        }
        validate::validate_meta_update(object.kind, &meta.to_value(), &old_meta.to_value())
    }

    /// Stores a changed status.
    ///
    /// # Errors
    /// Where the object is gone, or was changed since `object` was read.
    pub(crate) fn update_object_status(&mut self, actor: Actor, mut object: Object) -> Result<Arc<Object>, Status> {
        self.fail_by_fault(actor, Verb::UpdateStatus, &object.object_ref())?;
        let old = self.find_for_update(&object)?;
        check_uid(&object, &old)?;
        object.spec = Arc::clone(&old.spec);
        object.rest = old.rest.clone();
        let manager = Manager { subresource: "status", ..self.manager_of(actor) };
        Ok(self.replace(actor, By::Manager(manager), object))
    }

    /// Stores the status that a person gave to an object, and nothing else of what they changed.
    fn update_status_of(&mut self, actor: Actor, mut object: Object, old: &Object) -> Result<Arc<Object>, Status> {
        self.find_for_update(&object)?;
        object.meta.generation = old.meta.generation;
        object.meta.creation_timestamp = old.meta.creation_timestamp;
        keep_deletion(&mut object, old);
        object.spec = Arc::clone(&old.spec);
        object.rest = old.rest.clone();
        let errors = validate::validate_status_update(object.kind, &object.to_value(), &old.to_value());
        if !errors.is_empty() {
            return Err(Status::invalid(object.kind, &object.meta.name, errors));
        }
        let manager = Manager { subresource: "status", ..self.manager_of(actor) };
        Ok(self.replace(actor, By::Manager(manager), object))
    }

    /// Stores an object that a controller changed in nothing that a rule is about, and that is not as it was.
    ///
    /// # Errors
    /// Where the object is gone, or was changed since `object` was read.
    pub(crate) fn update_unruled(&mut self, actor: Actor, object: Object) -> Result<Arc<Object>, Status> {
        self.fail_by_fault(actor, Verb::Update, &object.object_ref())?;
        let old = self.find_for_update(&object)?;
        Ok(self.put(actor, By::Manager(self.manager_of(actor)), object, Some(&old)))
    }

    fn find_for_update(&self, object: &Object) -> Result<Arc<Object>, Status> {
        let (kind, name) = (object.kind, &object.meta.name);
        let old = self.store.same_name(object).ok_or_else(|| Status::not_found(kind, name))?;
        if object.meta.resource_version != 0 && object.meta.resource_version != old.meta.resource_version {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(kind, name, why));
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
        // The node that was meant for the pod is no news any more.
        pod.status_mut().remove("nominatedNodeName");
        Ok(self.replace(actor, By::Nobody, pod))
    }
}

const BEFORE_ADMISSION: &str = "";
const AFTER_ADMISSION: &str = " after mutating admission happens";

/// Takes out owners that are named twice, and says so.
// Models k8s.io/apiserver/pkg/endpoints/handlers/rest.go dedupOwnerReferencesAndAddWarning
fn deduplicate_owners(object: &mut Object, when: &str) -> Option<String> {
    let mut kept: Vec<OwnerReference> = Vec::new();
    let mut twice = Vec::new();
    for owner in std::mem::take(&mut object.meta.owner_references).into_inner() {
        if kept.contains(&owner) {
            twice.push(owner.uid);
        } else {
            kept.push(owner);
        }
    }
    object.meta.owner_references = kept.into();
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and \
             may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}

/// Refuses an object that is another one of the same name.
// Models k8s.io/apiserver/pkg/storage/interfaces.go Preconditions.Check
fn check_uid(object: &Object, old: &Object) -> Result<(), Status> {
    let (given, present) = (&object.meta.uid, &old.meta.uid);
    if given.is_empty() || given == present {
        return Ok(());
    }
    let key = storage_key(&object.object_ref());
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID \
         in precondition: {given}, UID in object meta: {present}"
    );
    Err(Status::conflict(object.kind, &object.meta.name, &why))
}

/// Where etcd holds an object.
// Models pkg/kubeapiserver/default_storage_factory_builder.go SpecialDefaultResourcePrefixes
fn storage_key(reference: &ObjectRef) -> String {
    let plural = match reference.kind {
        Kind::Service => "services/specs",
        Kind::Endpoints => "services/endpoints",
        Kind::Node => "minions",
        Kind::Ingress => "ingress",
        kind => kind.resource().plural,
    };
    let namespace = if reference.namespace.is_empty() { String::new() } else { format!("{}/", reference.namespace) };
    format!("/registry/{plural}/{namespace}{}", reference.name)
}

/// Refuses a version that is no number.
// Models k8s.io/apiserver/pkg/storage/api_object_versioner.go ObjectResourceVersion
fn check_version(version: &str) -> Result<(), Status> {
    if version.is_empty() || version.parse::<u64>().is_ok() {
        return Ok(());
    }
    let quoted = quote(version);
    let why = if version.bytes().all(|b| b.is_ascii_digit()) { "value out of range" } else { "invalid syntax" };
    let message = format!("strconv.ParseUint: parsing {quoted}: {why}");
    Err(Status { reason: Reason::Unknown, message, about: None, causes: Vec::new() })
}

/// An update neither takes back nor changes that an object is being deleted.
fn keep_deletion(object: &mut Object, old: &Object) {
    if old.meta.is_terminating() {
        object.meta.deletion_timestamp = old.meta.deletion_timestamp;
    }
    let seconds = &mut object.meta.deletion_grace_period_seconds;
    *seconds = seconds.or(old.meta.deletion_grace_period_seconds);
}

/// Why an object of this kind cannot be read.
// Models k8s.io/apimachinery/pkg/runtime/error.go NewNotRegisteredErrForKind
fn not_registered(kind: &str, version: &str) -> String {
    let (kind, version) = (quote(kind), quote(version));
    format!("no kind {kind} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\"")
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

/// A name of a prefix, which is cut where the name would be too long.
// Models k8s.io/apiserver/pkg/storage/names/generate.go GenerateName
fn generated_name(prefix: &str, suffix: &str) -> String {
    const LONGEST: usize = 63;
    let mut end = prefix.len().min(LONGEST - suffix.len());
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &prefix[..end])
}
