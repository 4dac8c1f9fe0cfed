//! Server-side apply.

use serde_json::Value;

use super::{Accepted, CreateOptions, PatchOptions, PatchType, Refusal};
use crate::api::decode::decode;
use crate::api::defaults;
use crate::api::fields::{Fields, as_map, map_in};
use crate::api::json;
use crate::api::managed::fields::check_fields;
use crate::api::managed::{Application, Entry, LAST_APPLIED, Managed, Manager};
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::schema::{Schema, Type};
use crate::api::status::{Reason, Status};
use crate::api::warnings::warnings;
use crate::cluster::actor::Actor;
use crate::cluster::{By, Cluster};

impl Cluster {
    /// Applies an object: sets the fields that it has in the name of a manager, and removes those that the manager set
    /// before and does not any more. With `force`, fields are taken over from others.
    ///
    /// # Errors
    /// The API server's refusal, which may be a conflict with other managers.
    // Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go applyPatcher
    pub fn request_apply(
        &mut self,
        actor: Actor,
        reference: &ObjectRef,
        config: &Value,
        manager: &Manager,
        force: bool,
    ) -> Result<Accepted, Refusal> {
        let kind = reference.kind;
        let live = self.store.find(reference).cloned();
        let Some(ty) = Schema::get().of_kind(kind) else {
            return self.apply_untyped(actor, reference, config);
        };
        if !config.field("metadata").field("managedFields").is_null() {
            return Err(Status::bad_request("metadata.managedFields must be nil").into());
        }
        check(ty, reference, config)?;
        let time = self.now.timestamp();
        let application = Application { ty, kind, live: live.as_deref(), config, manager, force, time };
        let (value, entries) = application.run().map_err(|message| Status {
            reason: Reason::Conflict,
            message,
            about: None,
            causes: Vec::new(),
        })?;
        let decoded = decode(ty, &value).map_err(|error| Status::bad_request(error.message))?;
        let mut value = decoded.value;
        let Some(live) = live else {
            let by = By::Known(Managed::known(entries));
            let object = self.create_decoded(
                actor,
                by,
                Object::from_value(kind, value),
                &CreateOptions::default(),
                &mut |_| {},
            )?;
            let warnings = warnings(kind, &object.to_value(), &Value::Null, true);
            return Ok(Accepted { object, warnings });
        };
        defaults::set_defaults(kind, &mut value, &self.config.feature_gates);
        if manager.name == "kubectl" && live.meta.annotations.contains_key(LAST_APPLIED) {
            let meta = map_in(as_map(&mut value), "metadata");
            map_in(meta, "annotations").insert(LAST_APPLIED.to_owned(), Value::from(last_applied(config)));
        }
        let object = Object::from_value(kind, value);
        let known = live.meta.managed.entries(&live);
        let same = known.len() == entries.len() && entries.iter().all(|entry| known.contains(entry));
        let by = if same { By::Nobody } else { By::Known(Managed::known(entries)) };
        let object = self.update_by(actor, by, object)?;
        let warnings = warnings(kind, &object.to_value(), &live.to_value(), object.spec != live.spec);
        Ok(Accepted { object, warnings })
    }

    /// Objects of which it is not known what lists and maps they hold are merged as a whole.
    fn apply_untyped(&mut self, actor: Actor, reference: &ObjectRef, config: &Value) -> Result<Accepted, Refusal> {
        if self.store.find(reference).is_none() {
            return self.request_create(actor, reference.kind, config, &CreateOptions::default());
        }
        let options = PatchOptions { ty: PatchType::Merge, ..PatchOptions::default() };
        let patched = self.request_patch(actor, reference, config, &options)?;
        Ok(Accepted { object: patched.object, warnings: patched.warnings })
    }

    /// Says who manages what of an object.
    pub fn set_managers(&mut self, actor: Actor, reference: &ObjectRef, entries: Vec<Entry>) {
        if let Some(object) = self.store.find(reference) {
            let object = Object::clone(object);
            self.replace(actor, By::Known(Managed::known(entries)), object);
        }
    }
}

/// Whether a type can hold what is applied.
// Models pkg/util/managedfields/internal/structuredmerge.go structuredMergeManager.Apply
fn check(ty: &'static Type, reference: &ObjectRef, config: &Value) -> Result<(), Status> {
    let mut wrong = Vec::new();
    if let Value::Object(fields) = config {
        check_fields(ty, fields, "", &mut wrong);
    }
    let sentence = match wrong.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        many => {
            let lines: String = many.iter().map(|line| format!("\n  {line}")).collect();
            format!("errors:{lines}")
        }
    };
    let ObjectRef { kind, namespace, name } = reference;
    let message = format!(
        "failed to create typed patch object ({namespace}/{name}; {}, Kind={}): {sentence}",
        kind.api_version(),
        kind.name()
    );
    Err(Status { reason: Reason::Unknown, message, about: None, causes: Vec::new() })
}

/// What the annotation says of an object that kubectl applied.
// Models pkg/util/managedfields/internal/lastapplied.go buildLastApplied
fn last_applied(config: &Value) -> String {
    let mut config = config.clone();
    if let Some(annotations) = config.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    json::to_string(&config) + "\n"
}
