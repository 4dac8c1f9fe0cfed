//! What the API server keeps: objects by kind, namespace and name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fingerprint;
use super::shared_map::SharedMap;
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;

type ByName = SharedMap<Arc<str>, Arc<Object>>;
type ByNamespace = BTreeMap<Arc<str>, ByName>;

/// By what objects can be found besides their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Index {
    /// The uid of each owner that an object names.
    Owner,
    /// The node that a pod is assigned to; pods that wait for one are below the empty name.
    Node,
    /// The claims that a pod uses, as `namespace/name`.
    ClaimOfPod,
    /// The claim that a volume is reserved for or bound to, as `namespace/name`; free volumes are below the empty name.
    ClaimOfVolume,
}

/// What an index says: a number that goes with the index and the key, the object, and the index and the key themselves.
type Entry = (u64, Kind, Arc<str>, Arc<str>, Index, Arc<str>);

/// The objects. A copy shares them, and what is known of where they are.
#[derive(Clone, Debug, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, ByNamespace>,
    /// The same objects by a number that goes with their names. Names have much in common, and are compared slowly. Of two
    /// objects with the same number only one is here.
    by_number: SharedMap<u64, Arc<Object>>,
    index: SharedMap<Entry, ()>,
    resource_version: u64,
}

impl Store {
    /// The object of this name; the namespace is empty for kinds that live in none.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        let found = self
            .by_number
            .get(&number(kind, namespace, name))
            .filter(|object| object.kind == kind && object.meta.name == name && object.meta.namespace == namespace);
        found.or_else(|| self.kinds.get(&kind)?.get(namespace)?.get(name))
    }

    /// The object that a reference names.
    pub fn find(&self, reference: &ObjectRef) -> Option<&Arc<Object>> {
        self.get(reference.kind, &reference.namespace, &reference.name)
    }

    /// What is stored under an object's name.
    pub fn same_name(&self, object: &Object) -> Option<&Arc<Object>> {
        self.get(object.kind, &object.meta.namespace, &object.meta.name)
    }

    /// The objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.get(&kind).into_iter().flat_map(BTreeMap::values).flat_map(SharedMap::values)
    }

    /// The objects of a kind in a namespace, by name.
    pub fn list_in(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.get(&kind).and_then(|kind| kind.get(namespace)).into_iter().flat_map(SharedMap::values)
    }

    /// The objects that an index has below a key, by kind, namespace and name.
    pub fn indexed<'a>(&'a self, index: Index, key: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let number = number_of_key(index, key);
        self.index
            .range_from(&(number, Kind::ALL[0], Arc::default(), Arc::default(), index, Arc::default()))
            .take_while(move |(entry, ())| entry.0 == number)
            .filter(move |(entry, ())| entry.4 == index && *entry.5 == *key)
            .filter_map(|((_, kind, namespace, name, ..), ())| self.get(*kind, namespace, name))
    }

    /// Every object, by kind, namespace and name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.values().flat_map(BTreeMap::values).flat_map(SharedMap::values)
    }

    /// The version of the last write.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// Stores an object under a new resource version, and returns it with the one that it replaces.
    pub(super) fn put(&mut self, mut object: Object) -> (Option<Arc<Object>>, Arc<Object>) {
        self.resource_version += 1;
        object.meta.resource_version = self.resource_version;
        let old = self.same_name(&object);
        // Most writes change nothing that an index goes by.
        let is_indexed = old.is_some_and(|old| {
            Arc::ptr_eq(&old.spec, &object.spec) && old.meta.owner_references == object.meta.owner_references
        });
        if !is_indexed {
            let old_keys = old.map(|old| keys(old)).unwrap_or_default();
            let new_keys = keys(&object);
            if old_keys != new_keys {
                self.unindex(&object, old_keys);
                for (index, key) in new_keys {
                    self.index.insert(entry(index, &key, &object), ());
                }
            }
        }
        let object = Arc::new(object);
        let number = number(object.kind, &object.meta.namespace, &object.meta.name);
        self.by_number.insert(number, Arc::clone(&object));
        let kind = self.kinds.entry(object.kind).or_default();
        let names = match kind.get_mut(object.meta.namespace.as_str()) {
            Some(names) => names,
            None => kind.entry(object.meta.namespace.as_str().into()).or_default(),
        };
        let old = match names.get_mut(object.meta.name.as_str()) {
            Some(slot) => Some(std::mem::replace(slot, Arc::clone(&object))),
            None => names.insert(object.meta.name.as_str().into(), Arc::clone(&object)),
        };
        (old, object)
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, reference: &ObjectRef) -> Option<Arc<Object>> {
        let names = self.kinds.get_mut(&reference.kind)?.get_mut(reference.namespace.as_str())?;
        let removed = names.remove(reference.name.as_str())?;
        let number = number(reference.kind, &reference.namespace, &reference.name);
        if self.by_number.get(&number).is_some_and(|known| Arc::ptr_eq(known, &removed)) {
            self.by_number.remove(&number);
        }
        self.resource_version += 1;
        self.unindex(&removed, keys(&removed));
        Some(removed)
    }

    fn unindex(&mut self, object: &Object, keys: Vec<(Index, String)>) {
        for (index, key) in keys {
            self.index.remove(&entry(index, &key, object));
        }
    }
}

fn entry(index: Index, key: &str, object: &Object) -> Entry {
    let meta = &object.meta;
    let (namespace, name) = (meta.namespace.as_str().into(), meta.name.as_str().into());
    (number_of_key(index, key), object.kind, namespace, name, index, key.into())
}

/// A number that goes with the name of an object.
fn number(kind: Kind, namespace: &str, name: &str) -> u64 {
    fingerprint(name.bytes()) ^ fingerprint(namespace.bytes()).rotate_left(8 + kind as u32 % 32)
}

/// A number that goes with an index and a key.
fn number_of_key(index: Index, key: &str) -> u64 {
    fingerprint(key.bytes()) ^ index as u64
}

/// Where the indexes have an object.
fn keys(object: &Object) -> Vec<(Index, String)> {
    let owners = object.meta.owner_references.iter();
    let mut keys: Vec<(Index, String)> = owners.map(|owner| (Index::Owner, owner.uid.clone())).collect();
    match object.kind {
        Kind::Pod => {
            keys.push((Index::Node, object.spec.text("nodeName").to_owned()));
            for volume in object.spec.list("volumes") {
                let claim = volume.field("persistentVolumeClaim").text("claimName");
                if !claim.is_empty() {
                    keys.push((Index::ClaimOfPod, claim_key(&object.meta.namespace, claim)));
                }
            }
        }
        Kind::PersistentVolume => {
            let claim = object.spec.field("claimRef");
            let free = !claim.is_object();
            let key = if free { String::new() } else { claim_key(claim.text("namespace"), claim.text("name")) };
            keys.push((Index::ClaimOfVolume, key));
        }
        _ => {}
    }
    keys
}

/// The key of a claim in [`Index::ClaimOfPod`] and [`Index::ClaimOfVolume`].
pub fn claim_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(node: &str) -> Object {
        let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]);
        let mut spec = json!({"volumes": volumes});
        if !node.is_empty() {
            spec["nodeName"] = json!(node);
        }
        let meta = json!({"name": "web-0", "namespace": "julin", "ownerReferences": [{"uid": "u1"}]});
        Object::from_value(Kind::Pod, json!({"metadata": meta, "spec": spec}))
    }

    #[test]
    fn an_index_follows_what_is_written() {
        let mut store = Store::default();
        let names = |store: &Store, index, key: &str| store.indexed(index, key).count();
        store.put(pod(""));
        assert_eq!((names(&store, Index::Node, ""), names(&store, Index::Node, "node1")), (1, 0));
        store.put(pod("node1"));
        assert_eq!((names(&store, Index::Node, ""), names(&store, Index::Node, "node1")), (0, 1));
        assert_eq!((names(&store, Index::Owner, "u1"), names(&store, Index::Owner, "u")), (1, 0));
        assert_eq!(names(&store, Index::ClaimOfPod, "julin/data-web-0"), 1);
        store.remove(&ObjectRef::new(Kind::Pod, "julin", "web-0"));
        assert!(store.index.is_empty() && store.by_number.is_empty());
    }

    #[test]
    fn an_object_whose_number_another_one_has_is_found_by_its_name() {
        let mut store = Store::default();
        let (_, stored) = store.put(pod(""));
        let number = number(Kind::Pod, "julin", "web-0");
        let found =
            |store: &Store| store.get(Kind::Pod, "julin", "web-0").is_some_and(|found| Arc::ptr_eq(found, &stored));
        assert!(found(&store));
        store.by_number.insert(number, Arc::new(pod("another")));
        Arc::make_mut(store.by_number.get_mut(&number).unwrap()).meta.name = "web-1".to_owned();
        assert!(found(&store));
        store.by_number = SharedMap::default();
        assert!(found(&store));
    }
}
