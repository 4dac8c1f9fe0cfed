//! What the API server keeps: objects by kind, namespace and name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::object::Object;

type ByName = BTreeMap<Arc<str>, Arc<Object>>;
type ByNamespace = BTreeMap<Arc<str>, ByName>;

/// The objects. A copy shares them, so copying costs a reference for each.
#[derive(Clone, Debug, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, ByNamespace>,
    resource_version: u64,
}

impl Store {
    /// The object of this name; the namespace is empty for kinds that live in none.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.kinds.get(&kind)?.get(namespace)?.get(name)
    }

    /// The object that a reference names.
    pub fn find(&self, reference: &ObjectRef) -> Option<&Arc<Object>> {
        self.get(reference.kind, &reference.namespace, &reference.name)
    }

    /// The objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.get(&kind).into_iter().flat_map(BTreeMap::values).flat_map(BTreeMap::values)
    }

    /// The objects of a kind in a namespace, by name.
    pub fn list_in(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.get(&kind).and_then(|kind| kind.get(namespace)).into_iter().flat_map(BTreeMap::values)
    }

    /// Every object, by kind, namespace and name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.kinds.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values)
    }

    /// The version of the last write.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// Stores an object under a new resource version, and returns it with the one that it replaces.
    pub(super) fn put(&mut self, mut object: Object) -> (Option<Arc<Object>>, Arc<Object>) {
        self.resource_version += 1;
        object.meta.resource_version = self.resource_version;
        let object = Arc::new(object);
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
        let removed = names.remove(reference.name.as_str());
        if removed.is_some() {
            self.resource_version += 1;
        }
        removed
    }
}
