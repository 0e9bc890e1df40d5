//! What was seen: every object of the kinds that a controller reads, with the indexes that decisions ask for.
//!
//! The view is changed only by whoever feeds it (a cache); a decision holds it by shared reference.

use crate::Resource;
use meta::{CompactString, Gvr, Key, Object};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One kind's objects.
#[derive(Clone, Debug, Default)]
pub struct KindView {
    objects: BTreeMap<Key, Arc<Object>>,
    by_owner: BTreeMap<CompactString, BTreeSet<Key>>,
    /// The revision up to which every change has been seen.
    pub revision: u64,
}

impl KindView {
    pub fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.objects.get(key)
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Arc<Object>)> {
        self.objects.iter()
    }

    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        let from = Key::new(namespace, "");
        let inside = move |(key, _): &(&Key, &Arc<Object>)| key.namespace == from.namespace;
        self.objects.range(Key::new(namespace, "")..).take_while(inside).map(|(_, object)| object)
    }

    /// Objects that name `uid` among their owners.
    pub fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.by_owner.get(uid).into_iter().flatten().filter_map(|key| self.objects.get(key))
    }

    /// Puts an object in, and returns the one that stood there.
    pub fn insert(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        let key = object.key();
        let old = self.remove(&key);
        for owner in &object.header.owner_references {
            self.by_owner.entry(owner.uid.clone()).or_default().insert(key.clone());
        }
        self.objects.insert(key, object);
        old
    }

    pub fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        let old = self.objects.remove(key)?;
        for owner in &old.header.owner_references {
            if let Some(keys) = self.by_owner.get_mut(&owner.uid) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_owner.remove(&owner.uid);
                }
            }
        }
        Some(old)
    }
}

/// All kinds that were seen.
#[derive(Clone, Debug, Default)]
pub struct View {
    kinds: BTreeMap<Gvr, KindView>,
}

impl View {
    pub fn kind(&self, resource: &Gvr) -> Option<&KindView> {
        self.kinds.get(resource)
    }

    pub fn kind_mut(&mut self, resource: &Gvr) -> &mut KindView {
        self.kinds.entry(resource.clone()).or_default()
    }

    pub fn kinds(&self) -> impl Iterator<Item = (&Gvr, &KindView)> {
        self.kinds.iter()
    }

    pub fn object(&self, resource: &Gvr, key: &Key) -> Option<&Arc<Object>> {
        self.kind(resource)?.get(key)
    }

    pub fn get<T: Resource>(&self, namespace: &str, name: &str) -> Option<Arc<T>> {
        self.object(&T::gvr(), &Key::new(namespace, name)).and_then(typed)
    }

    pub fn all<T: Resource>(&self) -> impl Iterator<Item = Arc<T>> {
        self.kind(&T::gvr()).into_iter().flat_map(|kind| kind.iter().filter_map(|(_, object)| typed(object)))
    }

    pub fn in_namespace<'a, T: Resource>(&'a self, namespace: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.in_namespace(namespace).filter_map(typed))
    }

    pub fn owned_by<'a, T: Resource>(&'a self, uid: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.owned_by(uid).filter_map(typed))
    }
}

/// An object whose JSON is not of its own type cannot have passed the API: it is left out of typed views.
fn typed<T: Resource>(object: &Arc<Object>) -> Option<Arc<T>> {
    object.typed::<T>().ok()
}
