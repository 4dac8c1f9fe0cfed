//! Kubernetes events: what components say about objects.

use std::sync::Arc;

use super::Cluster;
use super::actor::Actor;
use super::fingerprint;
use super::shared_map::SharedMap;
use super::step::{Step, What};
use super::timing;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;
use crate::api::status::Status;
use crate::api::time::{Instant, Millis, Timestamp};

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
    /// The same to the millisecond, which the API does not keep.
    pub last_at: Instant,
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

    /// A number that events share of one component about one object.
    fn voice(&self) -> u64 {
        let object = &self.object;
        fingerprint_of(&[object.kind.name(), &object.namespace, &object.name, &self.uid, self.actor.component()])
    }

    /// A number that equal events share; of those that are told with others, all of one reason.
    fn key(&self, voice: u64) -> u64 {
        let message = if self.message.starts_with(COMBINED) { COMBINED } else { &self.message };
        fingerprint_of(&[&self.reason, message]) ^ voice
    }
}

/// What stands before the message of an event that is told with others.
const COMBINED: &str = "(combined from similar events): ";

/// A number that equal words share.
pub fn fingerprint_of(parts: &[&str]) -> u64 {
    parts.iter().fold(0, |hash, part| fingerprint(part.bytes()) ^ hash.wrapping_mul(31))
}

/// What a component has said about an object by now, as far as it decides what becomes of the next event.
#[derive(Clone, Debug, Default)]
struct Voice {
    /// Until when it has used up what it may say: each event costs [`Voice::REFILL`].
    spent: Instant,
    /// For each reason by its fingerprint: when it was given last, and the fingerprints of different messages.
    similar: Vec<(u64, Instant, Vec<u64>)>,
}

impl Voice {
    /// How many events about an object are let through at once.
    const BURST: i64 = 25;
    /// How long it takes until one more is.
    const REFILL: Millis = Millis::from_secs(300);
    /// How many events of one reason may differ.
    const DIFFERENT: usize = 10;
    /// How long they count.
    const INTERVAL: Millis = Millis::from_secs(600);

    /// Whether an event is one too many of those that differ only in their message, so that it is told with others.
    // Models k8s.io/client-go/tools/record/events_cache.go EventAggregator.EventAggregate
    fn combines(&mut self, reason: u64, message: u64, now: Instant) -> bool {
        let at = match self.similar.iter().position(|known| known.0 == reason) {
            Some(at) => at,
            None => {
                self.similar.push((reason, now, Vec::new()));
                self.similar.len() - 1
            }
        };
        let (_, last, messages) = &mut self.similar[at];
        if now > *last + Voice::INTERVAL {
            messages.clear();
        }
        *last = now;
        if !messages.contains(&message) {
            messages.push(message);
        }
        let combines = messages.len() >= Voice::DIFFERENT;
        if combines {
            // Upstream forgets any one of them; here it is the oldest.
            messages.remove(0);
        }
        combines
    }

    /// Whether an event is let through.
    // Models k8s.io/client-go/tools/record/events_cache.go EventSourceObjectSpamFilter.Filter
    fn is_heard(&mut self, now: Instant) -> bool {
        let spent = self.spent.max(now) + Voice::REFILL;
        let heard = spent.0 - now.0 <= Voice::BURST * Voice::REFILL.0;
        if heard {
            self.spent = spent;
        }
        heard
    }
}

/// The events of a cluster, in the order in which they were first recorded.
#[derive(Clone, Debug, Default)]
pub struct Events {
    records: SharedMap<u32, Arc<EventRecord>>,
    /// How many were recorded, with those that were deleted.
    recorded: u32,
    by_fingerprint: SharedMap<u64, u32>,
    voices: SharedMap<u64, Arc<Voice>>,
}

impl Events {
    /// The events, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<EventRecord>> {
        self.records.values()
    }

    /// Takes an event out, by its own name and the namespace of what it is about.
    fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let is_it = |record: &EventRecord| record.name == name && record.namespace() == namespace;
        let Some(at) = self.records.iter().find(|(_, record)| is_it(record)).map(|(at, _)| *at) else {
            return false;
        };
        let key = self.records.remove(&at).map_or(0, |record| record.key(record.voice()));
        if self.by_fingerprint.get(&key) == Some(&at) {
            self.by_fingerprint.remove(&key);
        }
        true
    }

    // Models k8s.io/client-go/tools/record/events_cache.go EventCorrelator.EventCorrelate
    fn record(&mut self, mut record: EventRecord, now: Instant) {
        let number = record.voice();
        if self.voices.get(&number).is_none() {
            self.voices.insert(number, Arc::default());
        }
        let Some(voice) = self.voices.get_mut(&number).map(Arc::make_mut) else { return };
        let (reason, message) = (fingerprint_of(&[&record.reason]), fingerprint_of(&[&record.message]));
        let combines = voice.combines(reason, message, now);
        if !voice.is_heard(now) {
            return;
        }
        if combines {
            record.message.insert_str(0, COMBINED);
        }
        let key = record.key(number);
        if let Some(at) = self.by_fingerprint.get(&key)
            && let Some(known) = self.records.get_mut(at)
            && (combines || known.is_same(&record))
        {
            let known = Arc::make_mut(known);
            known.count += 1;
            known.last = record.last;
            known.last_at = record.last_at;
            known.message = record.message;
            return;
        }
        self.by_fingerprint.insert(key, self.recorded);
        self.records.insert(self.recorded, Arc::new(record));
        self.recorded += 1;
    }
}

impl Cluster {
    /// The events that the API server has, the oldest first: it keeps each for an hour after it was last recorded.
    // Models cmd/kube-apiserver/app/options/options.go NewServerRunOptions EventTTL
    pub fn events(&self) -> impl Iterator<Item = &Arc<EventRecord>> {
        let now = self.now;
        self.events.iter().filter(move |event| event.last.instant() + timing::EVENT_TTL > now)
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
        // Stand-ins record no events.
        if self.config.stand_ins && matches!(actor, Actor::Kubelet | Actor::Provisioner) {
            return;
        }
        let object = about.object_ref();
        let what = What::Event { warning, reason: reason.to_owned(), message: message.to_owned() };
        self.steps.push(Step { at: self.now, actor, object: object.clone(), what });
        let time = self.now.timestamp();
        // A component names its events after the nanosecond, so that they are listed in the order of their time.
        let nanosecond = self.now.0 * 1_000_000 + i64::from(self.events.recorded);
        let name = format!("{}.{nanosecond:x}", object.name);
        let record = EventRecord {
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
            last_at: self.now,
        };
        self.events.record(record, self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_of_events_that_differ_only_in_their_message_is_told_with_others() {
        let mut voice = Voice::default();
        let mut combines = |message, at| voice.combines(1, message, Instant(at));
        assert!((0..9).all(|message| !combines(message, 0)));
        assert!(combines(9, 0));
        assert!(!combines(5, 0));
        assert!(!combines(10, 600_001));
    }

    #[test]
    fn the_26th_event_about_an_object_is_not_heard_before_five_minutes_are_over() {
        let mut voice = Voice::default();
        assert!((0..25).all(|_| voice.is_heard(Instant::START)));
        assert!(!voice.is_heard(Instant::START));
        assert!(!voice.is_heard(Instant::START + Millis(299_999)));
        assert!(voice.is_heard(Instant::START + Millis(300_000)));
    }
}
