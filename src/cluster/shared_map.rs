//! An ordered map whose copies share what they have in common, so that a copy of a cluster costs little, and many of them
//! weigh little more than one.

use std::borrow::Borrow;
use std::sync::Arc;

/// How many entries a chunk has at most.
const MOST: usize = 32;

type Chunk<K, V> = Arc<Vec<(K, V)>>;

/// An ordered map in chunks. A copy shares all chunks; who changes an entry copies its chunk, where it is shared.
#[derive(Clone, Debug)]
pub struct SharedMap<K, V> {
    /// The chunks in order. None is empty.
    chunks: Arc<Vec<Chunk<K, V>>>,
    len: usize,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap { chunks: Arc::default(), len: 0 }
    }
}

impl<K, V> SharedMap<K, V> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).map(|(key, value)| (key, value))
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The chunk and the place in it where a key is, or else would be.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<(usize, usize), (usize, usize)>
    where
        K: Borrow<Q>,
    {
        let after = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|(first, _)| first.borrow() <= key));
        let at = after.saturating_sub(1);
        let Some(chunk) = self.chunks.get(at) else { return Err((0, 0)) };
        let found = chunk.binary_search_by(|(known, _)| known.borrow().cmp(key));
        found.map(|i| (at, i)).map_err(|i| (at, i))
    }

    fn chunk_mut(&mut self, at: usize) -> &mut Vec<(K, V)> {
        Arc::make_mut(&mut Arc::make_mut(&mut self.chunks)[at])
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(at, i)| &self.chunks[at][i].1)
    }

    /// The value of a key, to change.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (at, i) = self.find(key).ok()?;
        Some(&mut self.chunk_mut(at)[i].1)
    }

    /// The entries from a key on.
    pub fn range_from<'a, Q: Ord + ?Sized>(&'a self, key: &Q) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V, Q>
    where
        K: Borrow<Q>,
    {
        let (at, i) = self.find(key).unwrap_or_else(|place| place);
        let chunks = self.chunks.get(at..).unwrap_or_default();
        chunks.iter().flat_map(|chunk| chunk.iter()).skip(i).map(|(key, value)| (key, value))
    }

    /// Sets the value of a key, and gives the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, i) = match self.find(&key) {
            Ok((at, i)) => return Some(std::mem::replace(&mut self.chunk_mut(at)[i].1, value)),
            Err(place) => place,
        };
        self.len += 1;
        let chunks = Arc::make_mut(&mut self.chunks);
        let full = chunks.get(at).map(|chunk| chunk.len() >= MOST);
        let is_end = at + 1 == chunks.len() && chunks.get(at).is_some_and(|chunk| chunk.len() == i);
        match full {
            // What comes in order fills one chunk after the other.
            Some(true) if is_end => chunks.push(Arc::new(vec![(key, value)])),
            Some(true) => {
                let lower = Arc::make_mut(&mut chunks[at]);
                let mut upper = lower.split_off(MOST / 2);
                match i.checked_sub(lower.len()) {
                    Some(i) => upper.insert(i, (key, value)),
                    None => lower.insert(i, (key, value)),
                }
                chunks.insert(at + 1, Arc::new(upper));
            }
            Some(false) => Arc::make_mut(&mut chunks[at]).insert(i, (key, value)),
            None => chunks.push(Arc::new(vec![(key, value)])),
        }
        None
    }

    /// Takes a key out, and gives its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (at, i) = self.find(key).ok()?;
        Some(self.take(at, i).1)
    }

    /// Takes the first entry out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        if self.is_empty() { None } else { Some(self.take(0, 0)) }
    }

    fn take(&mut self, at: usize, i: usize) -> (K, V) {
        self.len -= 1;
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Arc::make_mut(&mut chunks[at]);
        let taken = chunk.remove(i);
        let left = chunk.len();
        if left == 0 {
            chunks.remove(at);
        } else if chunks.get(at + 1).is_some_and(|next| left + next.len() <= MOST / 2) {
            // Else many removals would leave many small chunks.
            let next = chunks.remove(at + 1);
            Arc::make_mut(&mut chunks[at]).extend(Arc::unwrap_or_clone(next));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::random::Random;

    fn check(map: &SharedMap<u32, u32>, model: &BTreeMap<u32, u32>) {
        assert!(map.iter().eq(model.iter()), "{map:?} {model:?}");
        assert_eq!((map.len, map.is_empty(), map.first()), (model.len(), model.is_empty(), model.first_key_value()));
        assert!(map.chunks.iter().all(|chunk| (1..=MOST).contains(&chunk.len())));
    }

    #[test]
    fn it_is_a_map_and_copies_stay_what_they_were() {
        let mut random = Random::new(7);
        let (mut map, mut model) = (SharedMap::default(), BTreeMap::new());
        let mut copies = Vec::new();
        for round in 0..6000u32 {
            let key = random.below(300) as u32;
            match random.below(10) {
                // It grows and shrinks in turn.
                0..=5 if round / 1500 % 2 == 0 => assert_eq!(map.insert(key, round), model.insert(key, round)),
                0..=5 => assert_eq!(map.remove(&key), model.remove(&key)),
                6 => assert_eq!(map.pop_first(), model.pop_first()),
                7 => {
                    assert_eq!(map.get_mut(&key).map(std::mem::take), model.get_mut(&key).map(std::mem::take));
                }
                _ => {
                    assert_eq!(map.get(&key), model.get(&key));
                    assert!(map.range_from(&key).eq(model.range(key..)));
                }
            }
            if round % 97 == 0 {
                copies.push((map.clone(), model.clone()));
            }
        }
        copies.push((map, model));
        copies.iter().for_each(|(map, model)| check(map, model));
    }

    #[test]
    fn a_copy_shares_all_but_what_is_changed() {
        let mut map = SharedMap::default();
        for key in 0..1000u32 {
            map.insert(key, key);
        }
        assert_eq!(map.chunks.len(), 1000usize.div_ceil(MOST), "what comes in order fills the chunks");
        let copy = map.clone();
        map.insert(500, 0);
        map.remove(&3);
        let pairs = copy.chunks.iter().zip(map.chunks.iter());
        assert_eq!(pairs.filter(|(old, new)| !Arc::ptr_eq(old, new)).count(), 2);
    }
}
