//! One kind's objects and indexes, in maps that share structure: a clone costs nothing and is not changed afterwards.

use super::Index;
use imbl::{OrdMap, OrdSet};
use meta::{CompactString, Key, Object};
use std::sync::Arc;

/// Keys by some value of their objects.
type Keys = OrdSet<(CompactString, Key)>;

/// Where objects stand that no controller owns: no uid is empty.
const NOBODY: &str = "";

#[derive(Clone, Debug, Default)]
pub struct KindView {
    objects: OrdMap<Key, Arc<Object>>,
    by_owner: Keys,
    indexes: Vec<(Index, Keys)>,
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

    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let inside = move |(key, _): &(&Key, &Arc<Object>)| key.namespace == namespace;
        self.objects.range(Key::new(namespace, "")..).take_while(inside).map(|(_, object)| object)
    }

    /// Objects that name `uid` among their owners.
    pub fn owned_by<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        self.found(&self.by_owner, uid, Key::default()).map(|(_, object)| object)
    }

    /// Objects of a namespace that no controller owns.
    pub fn orphans<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let inside = move |(key, _): &(&Key, &Arc<Object>)| key.namespace == namespace;
        self.found(&self.by_owner, NOBODY, Key::new(namespace, "")).take_while(inside).map(|(_, object)| object)
    }

    /// Objects found under a value of an index; without that index, by looking at all of them.
    pub fn indexed<'a>(&'a self, index: &'a Index, value: &'a str) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        match self.indexes.iter().find(|(known, _)| known.name == index.name) {
            Some((_, keys)) => Box::new(self.found(keys, value, Key::default()).map(|(_, object)| object)),
            None => {
                Box::new(self.objects.values().filter(move |object| (index.values)(object).iter().any(|v| v == value)))
            }
        }
    }

    fn found<'a>(
        &'a self,
        keys: &'a Keys,
        value: &'a str,
        from: Key,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Object>)> {
        let same = move |(found, _): &&(CompactString, Key)| found == value;
        let object = |(_, key): &'a (CompactString, Key)| self.objects.get(key).map(|object| (key, object));
        keys.range((CompactString::from(value), from)..).take_while(same).filter_map(object)
    }

    pub fn add_indexes(&mut self, indexes: &[Index]) {
        for index in indexes {
            if self.indexes.iter().any(|(known, _)| known.name == index.name) {
                continue;
            }
            let keys = self.objects.iter().flat_map(|(key, object)| entries(index, key, object)).collect();
            self.indexes.push((*index, keys));
        }
    }

    /// Puts an object in, and returns the one that stood there.
    pub fn insert(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        let (key, new) = (object.key(), object.clone());
        let old = self.objects.insert(key.clone(), object);
        self.reindex(&key, old.as_deref(), Some(&new));
        old
    }

    pub fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        let old = self.objects.remove(key)?;
        self.reindex(key, Some(&old), None);
        Some(old)
    }

    fn reindex(&mut self, key: &Key, old: Option<&Object>, new: Option<&Object>) {
        replace(&mut self.by_owner, key, old.map(owners), new.map(owners));
        for (index, keys) in &mut self.indexes {
            replace(keys, key, old.map(index.values), new.map(index.values));
        }
    }
}

/// Most changes leave an object where it was found before.
fn replace(keys: &mut Keys, key: &Key, old: Option<Vec<CompactString>>, new: Option<Vec<CompactString>>) {
    if old == new {
        return;
    }
    for value in old.into_iter().flatten() {
        keys.remove(&(value, key.clone()));
    }
    keys.extend(new.into_iter().flatten().map(|value| (value, key.clone())));
}

fn owners(object: &Object) -> Vec<CompactString> {
    let nobody = object.header.controller().is_none().then_some(CompactString::const_new(NOBODY));
    object.header.owner_references.iter().map(|owner| owner.uid.clone()).chain(nobody).collect()
}

fn entries(index: &Index, key: &Key, object: &Object) -> Vec<(CompactString, Key)> {
    (index.values)(object).into_iter().map(|value| (value, key.clone())).collect()
}
