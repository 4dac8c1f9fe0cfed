//! What admission plugins do to a new object.

use serde_json::{Value, json};

use crate::api::fields::{Fields, as_map};
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::patch::json_merge;
use crate::api::status::{Status, quote};
use crate::cluster::Cluster;
use crate::controllers::persistent_volume::requested_storage;

impl Cluster {
    /// An object needs its namespace, and one that is not going.
    // Models plugin/pkg/admission/namespace/lifecycle/admission.go
    pub(super) fn admit_namespace(&self, object: &Object) -> Result<(), Status> {
        if !object.kind.resource().namespaced {
            return Ok(());
        }
        let name = object.meta.namespace.as_str();
        match self.store.get(Kind::Namespace, "", name) {
            None => Err(Status::not_found(Kind::Namespace, name)),
            Some(namespace) if namespace.meta.is_terminating() => {
                let why = format!("unable to create new content in namespace {name} because it is being terminated");
                Err(Status::forbidden(object.kind, told_name(object), &why))
            }
            Some(_) => Ok(()),
        }
    }

    /// Merges into a set what the cluster's settings give all sets.
    pub(super) fn mutate(&self, object: &mut Object) {
        if object.kind == Kind::StatefulSet && !self.config.stateful_set_spec.is_empty() {
            let mut spec = Value::Object(std::mem::take(object.spec_mut()));
            json_merge(&mut spec, Value::Object(self.config.stateful_set_spec.clone()));
            *object.spec_mut() = std::mem::take(as_map(&mut spec));
        }
    }

    /// Fills in what the admission plugins that are on by default fill in.
    ///
    /// # Errors
    /// Where the object asks for what there is not.
    pub(super) fn admit(&self, object: &mut Object) -> Result<(), Status> {
        match object.kind {
            Kind::Pod => {
                self.admit_service_account(object)?;
                self.admit_priority(object)?;
                add_default_tolerations(object);
                self.admit_runtime_class(object)?;
            }
            Kind::PersistentVolumeClaim => {
                add_finalizer(object, "kubernetes.io/pvc-protection");
                if !object.spec.has("storageClassName")
                    && let Some(class) = self.default_storage_class()
                {
                    object.spec_mut().insert("storageClassName".to_owned(), Value::from(class));
                }
            }
            Kind::PersistentVolume => add_finalizer(object, "kubernetes.io/pv-protection"),
            _ => {}
        }
        Ok(())
    }

    /// A pod runs in the name of an account, which has to be there. Tokens are not simulated, so nothing is mounted.
    // Models plugin/pkg/admission/serviceaccount/admission.go Plugin.Admit
    fn admit_service_account(&self, pod: &Object) -> Result<(), Status> {
        let (namespace, name) = (pod.meta.namespace.as_str(), pod.spec.text("serviceAccountName"));
        // The cluster of the recordings runs without this plugin.
        if self.config.stand_ins || name.is_empty() || self.store.get(Kind::ServiceAccount, namespace, name).is_some() {
            return Ok(());
        }
        let why =
            format!("error looking up service account {namespace}/{name}: serviceaccount {} not found", quote(name));
        Err(Status::forbidden(Kind::Pod, told_name(pod), &why))
    }

    /// A pod runs as its class says, which has to be there.
    // Models plugin/pkg/admission/runtimeclass/admission.go RuntimeClass.Admit
    fn admit_runtime_class(&self, pod: &Object) -> Result<(), Status> {
        let name = pod.spec.text("runtimeClassName");
        if !pod.spec.has("runtimeClassName") || self.store.get(Kind::RuntimeClass, "", name).is_some() {
            return Ok(());
        }
        let why = format!("pod rejected: RuntimeClass {} not found", quote(name));
        Err(Status::forbidden(Kind::Pod, told_name(pod), &why))
    }

    /// A pod has the priority of its class, or of the default class.
    // Models plugin/pkg/admission/priority/admission.go Plugin.admitPod
    fn admit_priority(&self, object: &mut Object) -> Result<(), Status> {
        let name = object.spec.text("priorityClassName").to_owned();
        let told = told_name(object).to_owned();
        let built_in = match name.as_str() {
            "system-cluster-critical" => Some(2_000_000_000),
            "system-node-critical" => Some(2_000_001_000),
            _ => None,
        };
        let class = self.store.list(Kind::PriorityClass).find(|class| match name.as_str() {
            "" => class.rest.flag("globalDefault"),
            name => class.meta.name == name,
        });
        let (priority, policy) = match (built_in, class) {
            (Some(priority), _) => (priority, ""),
            (None, Some(class)) => (class.rest.int("value").unwrap_or_default(), class.rest.text("preemptionPolicy")),
            (None, None) if name.is_empty() => (0, ""),
            (None, None) => {
                let why = format!("no PriorityClass with name {name} was found");
                return Err(Status::forbidden(Kind::Pod, &told, &why));
            }
        };
        let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy };
        let class_name = class.filter(|_| name.is_empty()).map(|class| class.meta.name.clone());
        let spec = object.spec_mut();
        if spec.int("priority").is_some_and(|given| given != priority) {
            let why = format!(
                "the integer value of priority ({}) must not be provided in pod spec; priority admission controller \
                 computed {priority} from the given PriorityClass name",
                spec.int("priority").unwrap_or_default()
            );
            return Err(Status::forbidden(Kind::Pod, &told, &why));
        }
        if let Some(class_name) = class_name {
            spec.insert("priorityClassName".to_owned(), json!(class_name));
        }
        spec.insert("priority".to_owned(), json!(priority));
        let given = spec.text("preemptionPolicy");
        if spec.has("preemptionPolicy") && given != policy {
            let why = format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission \
                 controller computed {policy} from the given PriorityClass name"
            );
            return Err(Status::forbidden(Kind::Pod, &told, &why));
        }
        spec.entry("preemptionPolicy").or_insert(json!(policy));
        Ok(())
    }

    /// A claim may grow where its class says so, once it is bound.
    // Models plugin/pkg/admission/storage/persistentvolume/resize/admission.go Validate
    pub(super) fn admit_resize(&self, claim: &Object, old: &Object) -> Result<(), Status> {
        if claim.kind != Kind::PersistentVolumeClaim || requested_storage(claim) <= requested_storage(old) {
            return Ok(());
        }
        let refuse = |why: &str| Err(Status::forbidden(claim.kind, &claim.meta.name, why));
        if old.status.text("phase") != "Bound" {
            return refuse("Only bound persistent volume claims can be expanded");
        }
        let class = claim.spec.text("storageClassName");
        let class =
            self.store.get(Kind::StorageClass, "", class).filter(|_| class == old.spec.text("storageClassName"));
        if class.is_some_and(|class| class.rest.flag("allowVolumeExpansion")) {
            return Ok(());
        }
        refuse(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        )
    }

    /// The name of the class for claims that name none: of several defaults the newest, then the first by name.
    // Models pkg/volume/util/storageclass.go GetDefaultClass
    pub(crate) fn default_storage_class(&self) -> Option<String> {
        const DEFAULT: [&str; 2] =
            ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
        self.store
            .list(Kind::StorageClass)
            .filter(|class| DEFAULT.iter().any(|key| class.meta.annotations.get(*key).is_some_and(|v| v == "true")))
            .min_by_key(|class| (std::cmp::Reverse(class.meta.creation_timestamp), class.meta.name.clone()))
            .map(|class| class.meta.name.clone())
    }
}

/// How refusals call an object that may not have its name yet.
// Models k8s.io/apiserver/pkg/admission/errors.go extractResourceName
fn told_name(object: &Object) -> &str {
    let names = [object.meta.name.as_str(), object.meta.generate_name.as_str(), "Unknown"];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

fn add_finalizer(object: &mut Object, finalizer: &str) {
    if !object.meta.finalizers.iter().any(|present| present == finalizer) {
        object.meta.finalizers.push(finalizer.to_owned());
    }
}

/// A pod stays five minutes on a node that is not ready or cannot be reached, if it says nothing else.
// Models plugin/pkg/admission/defaulttolerationseconds/admission.go
pub(super) fn add_default_tolerations(pod: &mut Object) {
    const SECONDS: i64 = 300;
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = pod.spec.list("tolerations").iter().any(|toleration| {
            let key_matches = toleration.text("key") == key || toleration.text("key").is_empty();
            let effect_matches = matches!(toleration.text("effect"), "NoExecute" | "");
            key_matches && effect_matches
        });
        if !tolerated {
            let toleration =
                json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS});
            match pod.spec_mut().entry("tolerations").or_insert_with(|| json!([])) {
                Value::Array(tolerations) => tolerations.push(toleration),
                other => *other = json!([toleration]),
            }
        }
    }
}
