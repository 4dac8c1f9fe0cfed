//! Sorting and ordered collections, in little code.
//!
//! The standard library's `sort_by` is compiled anew for each type and each way to compare, and `collect` into a map
//! sorts first: some 3 KB of wasm for each use. Nothing here is long enough for that to be worth it, so one routine
//! sorts everything, by index, and maps are filled by inserting.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Sorts a list; items that compare as equal keep their order.
pub fn sort_by<T>(list: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = sorted_indices(list.len(), &|a, b| compare(&list[a], &list[b]));
    let mut items: Vec<Option<T>> = list.drain(..).map(Some).collect();
    list.extend(order.into_iter().filter_map(|index| items[index].take()));
}

/// Sorts a list by something that is computed from each item.
pub fn sort_by_key<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}

fn sorted_indices(length: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..length).collect();
    indices.sort_by(|a, b| compare(*a, *b));
    indices
}

/// What `collect` does, for maps and sets.
pub trait IntoOrdered: Iterator + Sized {
    /// A map of the pairs; of pairs with the same key, the last counts.
    fn into_map<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        let mut map = BTreeMap::new();
        for (key, value) in self {
            map.insert(key, value);
        }
        map
    }

    /// A set of the items.
    fn into_set<T: Ord>(self) -> BTreeSet<T>
    where
        Self: Iterator<Item = T>,
    {
        let mut set = BTreeSet::new();
        for item in self {
            set.insert(item);
        }
        set
    }

    /// A JSON object of the fields.
    fn into_fields(self) -> Map<String, Value>
    where
        Self: Iterator<Item = (String, Value)>,
    {
        let mut fields = Map::new();
        for (name, value) in self {
            fields.insert(name, value);
        }
        fields
    }
}

impl<I: Iterator> IntoOrdered for I {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let mut list = vec![("b", 1), ("a", 2), ("b", 0), ("a", 1)];
        sort_by_key(&mut list, |(name, _)| *name);
        assert_eq!(list, [("a", 2), ("a", 1), ("b", 1), ("b", 0)]);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let map = [("a", 1), ("b", 2), ("a", 3)].into_iter().into_map();
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [("a", 3), ("b", 2)]);
    }
}
