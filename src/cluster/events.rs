//! Kubernetes events: what components say about objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cluster;
use super::actor::Actor;
use super::step::{Step, What};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::Timestamp;

/// An event, counted as often as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The event's own name.
    pub name: String,
    /// Who recorded it.
    pub actor: Actor,
    /// What it is about.
    pub object: ObjectRef,
    /// The uid of that object.
    pub uid: String,
    /// Whether somebody should look at it.
    pub warning: bool,
    /// The reason in one word.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// How often it was recorded.
    pub count: u32,
    /// When it was recorded first.
    pub first: Timestamp,
    /// When it was recorded last.
    pub last: Timestamp,
}

impl EventRecord {
    fn is_same(&self, other: &EventRecord) -> bool {
        self.actor == other.actor
            && self.object == other.object
            && self.uid == other.uid
            && self.reason == other.reason
            && self.message == other.message
    }

    /// The namespace that the event itself is in: that of its object, or `default` where that is in none.
    pub fn namespace(&self) -> &str {
        if self.object.namespace.is_empty() { "default" } else { &self.object.namespace }
    }

    /// A number that equal events share.
    fn fingerprint(&self) -> u64 {
        let parts = [
            self.object.kind.name(),
            &self.object.namespace,
            &self.object.name,
            &self.uid,
            &self.reason,
            &self.message,
            self.actor.component(),
        ];
        parts
            .iter()
            .flat_map(|part| part.bytes().chain([0]))
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }
}

/// The events of a cluster, in the order in which they were first recorded.
#[derive(Clone, Debug, Default)]
pub struct Events {
    records: Vec<Arc<EventRecord>>,
    by_fingerprint: BTreeMap<u64, usize>,
}

impl Events {
    /// The events, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<EventRecord>> {
        self.records.iter()
    }

    /// Takes an event out, by its own name and the namespace of what it is about.
    fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let before = self.records.len();
        self.records.retain(|record| record.name != name || record.namespace() != namespace);
        self.by_fingerprint.clear();
        for (at, record) in self.records.iter().enumerate() {
            self.by_fingerprint.insert(record.fingerprint(), at);
        }
        self.records.len() < before
    }

    fn record(&mut self, record: EventRecord) {
        let fingerprint = record.fingerprint();
        if let Some(&at) = self.by_fingerprint.get(&fingerprint)
            && self.records[at].is_same(&record)
        {
            let known = Arc::make_mut(&mut self.records[at]);
            known.count += 1;
            known.last = record.last;
            return;
        }
        self.by_fingerprint.insert(fingerprint, self.records.len());
        self.records.push(Arc::new(record));
    }
}

impl Cluster {
    /// The events that were recorded.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Deletes an event.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn delete_event(&mut self, namespace: &str, name: &str) -> Result<(), Status> {
        if self.events.remove(namespace, name) { Ok(()) } else { Err(Status::not_found(Kind::Event, name)) }
    }

    /// Records an event about an object. One that was recorded before with the same words is counted up.
    pub(crate) fn record_event(&mut self, actor: Actor, about: &Object, warning: bool, reason: &str, message: &str) {
        let object = about.object_ref();
        let what = What::Event { warning, reason: reason.to_owned(), message: message.to_owned() };
        self.steps.push(Step { at: self.now, actor, object: object.clone(), what });
        let time = self.now.timestamp();
        // A component names its events after the nanosecond, so that they are listed in the order of their time.
        let nanosecond = self.now.0 * 1_000_000 + self.events.records.len() as i64;
        let name = format!("{}.{nanosecond:x}", object.name);
        self.events.record(EventRecord {
            name,
            actor,
            object,
            uid: about.meta.uid.clone(),
            warning,
            reason: reason.to_owned(),
            message: message.to_owned(),
            count: 1,
            first: time,
            last: time,
        });
    }
}
