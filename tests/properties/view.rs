//! A set with its pods as the invariants see them: read anew from the objects, by code of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use statefulscope::api::fields::Fields;
use statefulscope::api::kind::Kind;
use statefulscope::api::meta::ObjectRef;
use statefulscope::api::object::Object;
use statefulscope::api::time::{Instant, Timestamp};
use statefulscope::cluster::store::Store;

const REVISION: &str = "controller-revision-hash";

/// A set at a moment, and the pods that it manages or may adopt, by ordinal.
pub struct View<'a> {
    pub set: &'a Object,
    pub pods: BTreeMap<i64, &'a Arc<Object>>,
    pub start: i64,
    pub replicas: i64,
    pub ordered: bool,
    pub strategy: &'a str,
    pub partition: i64,
    pub min_ready_seconds: i64,
    now: Instant,
}

impl<'a> View<'a> {
    /// The view of a set in a store at a moment; `None` where it is not there.
    pub fn new(store: &'a Store, set: &ObjectRef, now: Instant) -> Option<View<'a>> {
        let set = store.find(set)?;
        let spec = &set.spec;
        let wanted = spec.field("selector").entries("matchLabels");
        let belongs = |pod: &Object| {
            let selected = wanted.iter().all(|(key, value)| value == pod.meta.label(key));
            let owned = match pod.meta.controller_of() {
                Some(owner) => owner.uid == set.meta.uid,
                None => pod.meta.deletion_timestamp.is_none() && set.meta.deletion_timestamp.is_none(),
            };
            (selected && owned).then(|| ordinal_in(&set.meta.name, &pod.meta.name)).flatten()
        };
        let pods = store.list_in(Kind::Pod, &set.meta.namespace);
        Some(View {
            set,
            pods: pods.filter_map(|pod| belongs(pod).map(|ordinal| (ordinal, pod))).collect(),
            start: spec.field("ordinals").int("start").unwrap_or(0),
            replicas: spec.int("replicas").unwrap_or(1),
            ordered: spec.text("podManagementPolicy") == "OrderedReady",
            strategy: spec.field("updateStrategy").text("type"),
            partition: spec.field("updateStrategy").field("rollingUpdate").int("partition").unwrap_or(0),
            min_ready_seconds: spec.int("minReadySeconds").unwrap_or(0),
            now,
        })
    }

    pub fn is_wanted(&self, ordinal: i64) -> bool {
        (self.start..self.start + self.replicas).contains(&ordinal)
    }

    /// Running, Ready, and ready for as long as `minReadySeconds` asks.
    pub fn is_available(&self, pod: &Object) -> bool {
        let since = ready_since(pod);
        pod.status.text("phase") == "Running"
            && since.is_some_and(|since| {
                self.min_ready_seconds == 0 || since.instant().0 + self.min_ready_seconds * 1000 <= self.now.0
            })
    }

    /// Whether there is a pod of this ordinal that is available, and not going.
    pub fn serves(&self, ordinal: i64) -> bool {
        self.pods.get(&ordinal).is_some_and(|pod| self.is_available(pod) && !pod.meta.is_terminating())
    }

    /// How many pods may be unavailable in an update.
    pub fn max_unavailable(&self) -> i64 {
        let value = self.set.spec.field("updateStrategy").field("rollingUpdate").field("maxUnavailable");
        let number = match value {
            Value::Number(number) => number.as_i64().unwrap(),
            Value::String(percent) => percent.trim_end_matches('%').parse::<i64>().unwrap() * self.replicas / 100,
            _ => 1,
        };
        number.max(1)
    }

    /// The name of the revision of the set's template in a store.
    pub fn update_revision(&self, store: &Store) -> String {
        let mut template = self.set.spec.field("template").clone();
        template["$patch"] = Value::from("replace");
        let is_of = |revision: &&Arc<Object>| {
            revision.meta.name.starts_with(&format!("{}-", self.set.meta.name))
                && *revision.rest.field("data").field("spec").field("template") == template
        };
        let found = store.list_in(Kind::ControllerRevision, &self.set.meta.namespace).find(is_of);
        found.map(|revision| revision.meta.name.clone()).unwrap_or_default()
    }
}

/// The ordinal in a pod's name, where the rest of it is the set's name.
pub fn ordinal_in(set: &str, pod: &str) -> Option<i64> {
    pod.strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

pub fn revision_of(pod: &Object) -> &str {
    pod.meta.label(REVISION)
}

pub fn ready_since(pod: &Object) -> Option<Timestamp> {
    let ready = pod.status.list("conditions").iter().find(|condition| condition.text("type") == "Ready")?;
    if ready.text("status") != "True" {
        return None;
    }
    Timestamp::parse(ready.text("lastTransitionTime"))
}

pub fn has_ended(pod: &Object) -> bool {
    matches!(pod.status.text("phase"), "Failed" | "Succeeded")
}
