//! A cluster's state, to look at and to compare.

use serde_json::{Value, json};

use super::{Cluster, fingerprint};
use crate::api::json;

impl Cluster {
    /// The objects as JSON, by kind, namespace and name, with the time.
    pub fn snapshot(&self) -> Value {
        let objects: Vec<Value> = self.store.all().map(|object| object.to_value()).collect();
        json!({"now": self.now.0, "objects": objects})
    }

    /// A number that equal states share: 64-bit FNV-1a of the snapshot, the events and the queue.
    pub fn hash(&self) -> u64 {
        let mut text = json::to_string(&self.snapshot());
        for event in self.events.iter() {
            text.push_str(&format!("{event:?}\n"));
        }
        for (at, work) in self.queue.iter() {
            text.push_str(&format!("{} {work:?}\n", at.0));
        }
        fingerprint(text.bytes())
    }
}
