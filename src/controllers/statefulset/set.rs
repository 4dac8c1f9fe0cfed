//! What the controller reads of a StatefulSet.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::{ObjectMeta, ObjectRef, StringMap, string_map};
use crate::api::object::Object;
use crate::api::selector::Selector;
use crate::api::time::Timestamp;

/// A StatefulSet, as the controller sees it: the specification's fields typed, the pod template as it is.
#[derive(Clone, Debug)]
pub struct StatefulSet {
    /// `metadata`.
    pub meta: ObjectMeta,
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.serviceName`.
    pub service_name: String,
    /// `spec.selector`; `None` where it cannot be read, which selects nothing.
    pub selector: Option<Selector>,
    /// `spec.selector.matchLabels`.
    pub match_labels: StringMap,
    /// `spec.template`.
    pub template: Arc<Value>,
    /// `spec.volumeClaimTemplates`.
    pub volume_claim_templates: Arc<Vec<Object>>,
    /// `spec.podManagementPolicy` is `Parallel`.
    pub parallel: bool,
    /// `spec.updateStrategy`.
    pub update_strategy: UpdateStrategy,
    /// `spec.ordinals.start`.
    pub start_ordinal: i32,
    /// `spec.minReadySeconds`.
    pub min_ready_seconds: i32,
    /// `spec.revisionHistoryLimit`.
    pub revision_history_limit: i32,
    /// `spec.persistentVolumeClaimRetentionPolicy`.
    pub retention: RetentionPolicy,
    /// `status`.
    pub status: StatefulSetStatus,
    /// The whole specification, for what is not typed here.
    pub spec: Arc<Value>,
}

/// `apps/v1 StatefulSetUpdateStrategy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateStrategy {
    /// Which strategy.
    pub ty: StrategyType,
    /// `rollingUpdate`, where it is given.
    pub rolling_update: Option<RollingUpdate>,
}

/// Which pods an update replaces by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyType {
    /// All, from the highest ordinal down.
    RollingUpdate,
    /// None.
    OnDelete,
    /// All at once, and new ones only when all are gone.
    Recreate,
}

/// `apps/v1 RollingUpdateStatefulSetStrategy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingUpdate {
    /// Pods below this ordinal keep the current revision.
    pub partition: i32,
    /// How many pods may be unavailable; a number or a percentage.
    pub max_unavailable: Option<Value>,
}

/// `apps/v1 StatefulSetPersistentVolumeClaimRetentionPolicy`: whether claims are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// With the set.
    pub delete_when_deleted: bool,
    /// With a pod that scaling down takes away.
    pub delete_when_scaled: bool,
}

/// `apps/v1 StatefulSetStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the API's own fields
pub struct StatefulSetStatus {
    pub observed_generation: i64,
    pub replicas: i32,
    pub ready_replicas: i32,
    pub current_replicas: i32,
    pub updated_replicas: i32,
    pub available_replicas: i32,
    pub current_revision: String,
    pub update_revision: String,
    pub collision_count: Option<i32>,
    pub conditions: Vec<Condition>,
}

/// `apps/v1 StatefulSetCondition`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the API's own fields
pub struct Condition {
    pub ty: String,
    pub status: String,
    pub last_transition_time: Option<Timestamp>,
    pub reason: String,
    pub message: String,
}

fn int32(value: &impl Fields, name: &str) -> i32 {
    value.int(name).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
}

impl StatefulSet {
    /// Reads a stored StatefulSet, which has its defaults.
    pub fn of(object: &Object) -> StatefulSet {
        let spec = &object.spec;
        let strategy = spec.field("updateStrategy");
        let rolling = strategy.field("rollingUpdate");
        let retention = spec.field("persistentVolumeClaimRetentionPolicy");
        StatefulSet {
            meta: object.meta.clone(),
            replicas: int32(&**spec, "replicas"),
            service_name: spec.text("serviceName").to_owned(),
            selector: Selector::of_value(spec.field("selector")),
            match_labels: string_map(spec.field("selector").entries("matchLabels")),
            template: Arc::new(spec.field("template").clone()),
            volume_claim_templates: Arc::new(
                spec.list("volumeClaimTemplates")
                    .iter()
                    .map(|template| Object::from_value(Kind::PersistentVolumeClaim, template.clone()))
                    .collect(),
            ),
            parallel: spec.text("podManagementPolicy") == "Parallel",
            update_strategy: UpdateStrategy {
                ty: match strategy.text("type") {
                    "OnDelete" => StrategyType::OnDelete,
                    "Recreate" => StrategyType::Recreate,
                    _ => StrategyType::RollingUpdate,
                },
                rolling_update: rolling.is_object().then(|| RollingUpdate {
                    partition: int32(rolling, "partition"),
                    max_unavailable: rolling.get("maxUnavailable").cloned(),
                }),
            },
            start_ordinal: int32(spec.field("ordinals"), "start"),
            min_ready_seconds: int32(&**spec, "minReadySeconds"),
            revision_history_limit: int32(&**spec, "revisionHistoryLimit"),
            retention: RetentionPolicy {
                delete_when_deleted: retention.text("whenDeleted") == "Delete",
                delete_when_scaled: retention.text("whenScaled") == "Delete",
            },
            status: StatefulSetStatus::of(&object.status),
            spec: Arc::clone(spec),
        }
    }

    /// Reads another version of this set, which has the same specification.
    pub fn read_again(&mut self, object: &Object) {
        self.meta.clone_from(&object.meta);
        self.status = StatefulSetStatus::of(&object.status);
    }
}

/// The account that the pods of a set run as; nothing where its template names none.
pub fn service_account(set: &Object) -> Option<ObjectRef> {
    let name = set.spec.field("template").field("spec").text("serviceAccountName");
    (!name.is_empty()).then(|| ObjectRef::new(Kind::ServiceAccount, &*set.meta.namespace, name))
}

impl StatefulSetStatus {
    /// Reads a status.
    pub fn of(status: &Value) -> StatefulSetStatus {
        StatefulSetStatus {
            observed_generation: status.int("observedGeneration").unwrap_or_default(),
            replicas: int32(status, "replicas"),
            ready_replicas: int32(status, "readyReplicas"),
            current_replicas: int32(status, "currentReplicas"),
            updated_replicas: int32(status, "updatedReplicas"),
            available_replicas: int32(status, "availableReplicas"),
            current_revision: status.text("currentRevision").to_owned(),
            update_revision: status.text("updateRevision").to_owned(),
            collision_count: status.has("collisionCount").then(|| int32(status, "collisionCount")),
            conditions: status.list("conditions").iter().map(Condition::of).collect(),
        }
    }

    /// The status as JSON, as Go writes it.
    pub fn to_value(&self) -> Value {
        let mut out = Map::new();
        let mut number = |name: &str, value: i64, always: bool| {
            if always || value != 0 {
                out.insert(name.to_owned(), Value::from(value));
            }
        };
        number("observedGeneration", self.observed_generation, false);
        number("replicas", self.replicas.into(), true);
        number("readyReplicas", self.ready_replicas.into(), false);
        number("currentReplicas", self.current_replicas.into(), false);
        number("updatedReplicas", self.updated_replicas.into(), false);
        number("availableReplicas", self.available_replicas.into(), true);
        if let Some(count) = self.collision_count {
            number("collisionCount", count.into(), true);
        }
        for (name, text) in [("currentRevision", &self.current_revision), ("updateRevision", &self.update_revision)] {
            if !text.is_empty() {
                out.insert(name.to_owned(), Value::from(text.as_str()));
            }
        }
        if !self.conditions.is_empty() {
            let conditions = self.conditions.iter().map(Condition::to_value).collect();
            out.insert("conditions".to_owned(), Value::Array(conditions));
        }
        Value::Object(out)
    }
}

impl Condition {
    fn of(condition: &Value) -> Condition {
        Condition {
            ty: condition.text("type").to_owned(),
            status: condition.text("status").to_owned(),
            last_transition_time: Timestamp::parse(condition.text("lastTransitionTime")),
            reason: condition.text("reason").to_owned(),
            message: condition.text("message").to_owned(),
        }
    }

    fn to_value(&self) -> Value {
        let time = self.last_transition_time.map(|time| time.to_string());
        let mut out = json!({"type": self.ty, "status": self.status, "lastTransitionTime": time});
        for (name, text) in [("reason", &self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                out[name] = Value::from(text.as_str());
            }
        }
        out
    }
}
