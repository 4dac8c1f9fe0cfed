//! Lists of which only what has changed is drawn again.

use std::collections::BTreeMap;

use leptos::prelude::*;

/// What is drawn, in its order, each with its key and a signal that is set only when it has changed. So a change costs
/// what it changes, whatever else there is.
pub type Drawn<T> = RwSignal<Vec<(String, ArcRwSignal<T>)>>;

/// Has the list show these things.
pub fn follow<T: Clone + PartialEq + Send + Sync + 'static>(drawn: Drawn<T>, now: &[T], key: fn(&T) -> &str) {
    let same = drawn.with_untracked(|drawn| drawn.iter().map(|(key, _)| key.as_str()).eq(now.iter().map(key)));
    if !same {
        let known: BTreeMap<String, ArcRwSignal<T>> = drawn.get_untracked().into_iter().collect();
        let handle = |thing: &T| known.get(key(thing)).cloned().unwrap_or_else(|| ArcRwSignal::new(thing.clone()));
        drawn.set(now.iter().map(|thing| (key(thing).to_owned(), handle(thing))).collect());
    }
    drawn.with_untracked(|drawn| {
        for ((_, signal), thing) in drawn.iter().zip(now) {
            if signal.with_untracked(|old| old != thing) {
                signal.set(thing.clone());
            }
        }
    });
}
