//! `metav1.ObjectMeta`, and how objects refer to one another.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::kind::Kind;
use super::managed::Managed;
use super::order::IntoOrdered;
use super::shared::Shared;
use super::time::Timestamp;

/// Labels or annotations.
pub type StringMap = BTreeMap<String, String>;

/// What every object has. `selfLink`, which no server fills any more, is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// The name, unique among the objects of a kind in a namespace.
    pub name: String,
    /// What the server makes a name from, where none is given.
    pub generate_name: String,
    /// Empty for objects that live in no namespace.
    pub namespace: String,
    /// Unique for all time; empty until the object is stored.
    pub uid: String,
    /// The version of the store when the object was last written; 0 until then.
    pub resource_version: u64,
    /// Counts the changes of the specification; 0 where the kind has none.
    pub generation: i64,
    /// When the object was stored.
    pub creation_timestamp: Option<Timestamp>,
    /// Since when (with the grace period added) the object is to go.
    pub deletion_timestamp: Option<Timestamp>,
    /// The grace period that `deletion_timestamp` has in it.
    pub deletion_grace_period_seconds: Option<i64>,
    /// What selectors look at.
    pub labels: Shared<StringMap>,
    /// Everything else that somebody wants to note.
    pub annotations: Shared<StringMap>,
    /// Whom the garbage collector deletes this object after.
    pub owner_references: Shared<Vec<OwnerReference>>,
    /// What must be done before the object may go.
    pub finalizers: Shared<Vec<String>>,
    /// Who manages which field. It is no part of [`ObjectMeta::to_value`]: it is worked out where it is asked for.
    pub managed: Managed,
}

/// `metav1.OwnerReference`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerReference {
    /// The owner's group and version.
    pub api_version: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name, in the same namespace or in none.
    pub name: String,
    /// The owner's uid: another object of the same name is another owner.
    pub uid: String,
    /// Whether the owner manages the object.
    pub controller: Option<bool>,
    /// Whether the owner's foreground deletion waits for this object.
    pub block_owner_deletion: Option<bool>,
}

/// The name of an object: kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// Empty for objects that live in no namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectRef {
    /// A reference from its parts.
    pub fn new(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> ObjectRef {
        ObjectRef { kind, namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    /// As kubectl names an object in a list: `pod/web-0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.group_kind(), self.name)
    }
}

impl Serialize for ObjectRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.kind.api_version(), self.kind.name(), &self.namespace, &self.name).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ObjectRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ObjectRef, D::Error> {
        let (api_version, kind, namespace, name) = <(String, String, String, String)>::deserialize(deserializer)?;
        let kind = Kind::of_manifest(&api_version, &kind)
            .ok_or_else(|| serde::de::Error::custom(format!("no kind {kind:?} in {api_version:?}")))?;
        Ok(ObjectRef { kind, namespace, name })
    }
}

impl OwnerReference {
    /// The reference of a managing controller.
    // Models k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go NewControllerRef
    pub fn controller(kind: Kind, owner: &ObjectMeta) -> OwnerReference {
        OwnerReference {
            api_version: kind.api_version(),
            kind: kind.name().to_owned(),
            name: owner.name.clone(),
            uid: owner.uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }
    }

    /// Whether this owner manages the object.
    pub fn is_controller(&self) -> bool {
        self.controller == Some(true)
    }

    fn from_value(value: &Value) -> OwnerReference {
        OwnerReference {
            api_version: value.text("apiVersion").to_owned(),
            kind: value.text("kind").to_owned(),
            name: value.text("name").to_owned(),
            uid: value.text("uid").to_owned(),
            controller: value.field("controller").as_bool(),
            block_owner_deletion: value.field("blockOwnerDeletion").as_bool(),
        }
    }

    /// The reference as JSON.
    pub fn to_value(&self) -> Value {
        let mut out = json!({
            "apiVersion": self.api_version, "kind": self.kind, "name": self.name, "uid": self.uid,
        });
        for (name, flag) in [("controller", self.controller), ("blockOwnerDeletion", self.block_owner_deletion)] {
            if let Some(flag) = flag {
                out[name] = Value::Bool(flag);
            }
        }
        out
    }
}

impl ObjectMeta {
    /// Reads `metadata` that has been decoded.
    pub fn from_value(value: &Value) -> ObjectMeta {
        ObjectMeta {
            name: value.text("name").to_owned(),
            generate_name: value.text("generateName").to_owned(),
            namespace: value.text("namespace").to_owned(),
            uid: value.text("uid").to_owned(),
            resource_version: value.text("resourceVersion").parse().unwrap_or_default(),
            generation: value.int("generation").unwrap_or_default(),
            creation_timestamp: Timestamp::parse(value.text("creationTimestamp")),
            deletion_timestamp: Timestamp::parse(value.text("deletionTimestamp")),
            deletion_grace_period_seconds: value.int("deletionGracePeriodSeconds"),
            labels: string_map(value.entries("labels")).into(),
            annotations: string_map(value.entries("annotations")).into(),
            owner_references: value.list("ownerReferences").iter().map(OwnerReference::from_value).collect(),
            finalizers: value.list("finalizers").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            managed: Managed::default(),
        }
    }

    /// The metadata as JSON, as Go writes it.
    pub fn to_value(&self) -> Value {
        let mut out = Map::new();
        let mut text = |name: &str, text: &str| {
            if !text.is_empty() {
                out.insert(name.to_owned(), Value::from(text));
            }
        };
        text("name", &self.name);
        text("generateName", &self.generate_name);
        text("namespace", &self.namespace);
        text("uid", &self.uid);
        if self.resource_version > 0 {
            text("resourceVersion", &self.resource_version.to_string());
        }
        for (name, time) in
            [("creationTimestamp", self.creation_timestamp), ("deletionTimestamp", self.deletion_timestamp)]
        {
            if let Some(time) = time {
                text(name, &time.to_string());
            }
        }
        if self.generation != 0 {
            out.insert("generation".to_owned(), Value::from(self.generation));
        }
        if let Some(seconds) = self.deletion_grace_period_seconds {
            out.insert("deletionGracePeriodSeconds".to_owned(), Value::from(seconds));
        }
        for (name, map) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !map.is_empty() {
                out.insert(name.to_owned(), map_value(map));
            }
        }
        if !self.owner_references.is_empty() {
            let references = self.owner_references.iter().map(OwnerReference::to_value).collect();
            out.insert("ownerReferences".to_owned(), Value::Array(references));
        }
        if !self.finalizers.is_empty() {
            out.insert("finalizers".to_owned(), Value::from(self.finalizers.as_slice()));
        }
        Value::Object(out)
    }

    /// The metadata of two versions of an object, but of labels, annotations and owners only what is not the same in both.
    pub fn without_same(&self, old: &ObjectMeta) -> (ObjectMeta, ObjectMeta) {
        let pair = [self, old];
        let [mut new, mut before] = pair.map(|meta| ObjectMeta {
            name: meta.name.clone(),
            generate_name: meta.generate_name.clone(),
            uid: meta.uid.clone(),
            deletion_timestamp: meta.deletion_timestamp,
            deletion_grace_period_seconds: meta.deletion_grace_period_seconds,
            finalizers: meta.finalizers.clone(),
            ..ObjectMeta::default()
        });
        if self.labels != old.labels {
            [new.labels, before.labels] = pair.map(|meta| meta.labels.clone());
        }
        if self.annotations != old.annotations {
            [new.annotations, before.annotations] = pair.map(|meta| meta.annotations.clone());
        }
        if self.owner_references != old.owner_references {
            [new.owner_references, before.owner_references] = pair.map(|meta| meta.owner_references.clone());
        }
        (new, before)
    }

    /// The owner that manages the object.
    // Models k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go GetControllerOf
    pub fn controller_of(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.is_controller())
    }

    /// Whether the object is on its way out.
    pub fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// A label's value, empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// A JSON object of strings as a map.
pub fn string_map(entries: &Map<String, Value>) -> StringMap {
    entries.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).into_map()
}

/// A map of strings as JSON.
pub fn map_value(map: &StringMap) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).into_fields())
}
