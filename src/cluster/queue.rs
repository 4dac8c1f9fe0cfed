//! What is to be done, and when.
//!
//! The queue is every controller's work queue at once: an item is a controller and the object that it is to look at. As
//! in client-go an item that waits already is not added twice, and items that were asked for later (`add_after`) wait
//! apart from those that a change brought.

use std::sync::Arc;

use super::actor::Actor;
use super::fingerprint;
use super::shared_map::SharedMap;
use crate::api::meta::ObjectRef;
use crate::api::time::Instant;

/// An item of work: who is to look at what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// The controller.
    pub actor: Actor,
    /// The object.
    pub object: ObjectRef,
}

/// An item with its lane. Those that wait are in no order that anybody sees, so they are compared by a number first: names
/// have much in common, and are compared slowly.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    number: u64,
    lane: Lane,
    work: Work,
}

impl Item {
    fn new(lane: Lane, work: Work) -> Item {
        let object = &work.object;
        let kinds = [lane as u8, work.actor as u8, object.kind as u8];
        Item { number: fingerprint(object.name.bytes()) ^ fingerprint(kinds.into_iter()), lane, work }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// Because something changed.
    Changed,
    /// Because somebody asked to be called then.
    Deferred,
}

type Due = (Instant, u64);

/// The items, in the order in which they are due; those of one moment in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    due: SharedMap<Due, Arc<Item>>,
    waiting: SharedMap<Arc<Item>, Due>,
    next_number: u64,
}

impl Queue {
    /// Adds an item that something changed for.
    pub fn add(&mut self, work: Work, at: Instant) {
        self.insert(Lane::Changed, work, at);
    }

    /// Adds an item for a later moment.
    pub fn add_after(&mut self, work: Work, at: Instant) {
        self.insert(Lane::Deferred, work, at);
    }

    fn insert(&mut self, lane: Lane, work: Work, at: Instant) {
        let item = Item::new(lane, work);
        let due = (at, self.next_number);
        match self.waiting.get(&item).copied() {
            Some(known) if known.0 <= at => return,
            Some(known) => {
                if let Some(item) = self.due.remove(&known) {
                    self.due.insert(due, Arc::clone(&item));
                    self.waiting.insert(item, due);
                }
            }
            None => {
                let item = Arc::new(item);
                self.due.insert(due, Arc::clone(&item));
                self.waiting.insert(item, due);
            }
        }
        self.next_number += 1;
    }

    /// When the next item is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| due.0)
    }

    /// The items and when they are due, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, &Work)> {
        self.due.iter().map(|(due, item)| (due.0, &item.work))
    }

    /// Takes the next item out.
    pub fn pop(&mut self) -> Option<(Instant, Work)> {
        let ((at, _), item) = self.due.pop_first()?;
        self.waiting.remove(&item);
        Some((at, Arc::try_unwrap(item).map_or_else(|shared| shared.work.clone(), |item| item.work)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kind::Kind;

    fn work(name: &str) -> Work {
        Work { actor: Actor::StatefulSetController, object: ObjectRef::new(Kind::StatefulSet, "default", name) }
    }

    #[test]
    fn items_come_in_order_and_none_twice() {
        let mut queue = Queue::default();
        queue.add(work("b"), Instant(2));
        queue.add(work("a"), Instant(2));
        queue.add(work("c"), Instant(1));
        queue.add(work("a"), Instant(3));
        queue.add(work("b"), Instant(1));
        let order: Vec<String> = std::iter::from_fn(|| queue.pop()).map(|(_, work)| work.object.name).collect();
        assert_eq!(order, ["c", "b", "a"]);
    }

    #[test]
    fn a_deferred_item_does_not_hold_a_change_back() {
        let mut queue = Queue::default();
        queue.add_after(work("a"), Instant(10));
        queue.add(work("a"), Instant(1));
        assert_eq!(queue.pop().map(|(at, _)| at), Some(Instant(1)));
        assert_eq!(queue.pop().map(|(at, _)| at), Some(Instant(10)));
        assert_eq!(queue.pop(), None);
    }
}
