//! Objects by what is asked of them often: by their labels always, by other values from the first question on.

use super::parts::in_parts;
use meta::selector::LabelSelector;
use meta::{CompactString, Key, Object};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

/// The values by which an object is found again.
pub type ValuesOf = Arc<dyn Fn(&Object) -> Vec<CompactString> + Send + Sync>;

type Keys<T> = HashMap<T, BTreeSet<Key>>;

#[derive(Default)]
pub(super) struct Indexes {
    labels: Keys<(CompactString, CompactString)>,
    values: BTreeMap<&'static str, Values>,
}

struct Values {
    of: ValuesOf,
    keys: Keys<CompactString>,
}

impl Indexes {
    /// The labels of many objects.
    pub fn of(objects: &[Arc<Object>]) -> Indexes {
        let labels = objects.iter().flat_map(|object| object.header.labels.iter().map(move |label| (label, object)));
        let owned = grouped(labels).map(|((name, value), keys)| ((name.clone(), value.clone()), keys));
        Indexes { labels: owned.collect(), values: BTreeMap::new() }
    }

    pub fn replace(&mut self, key: &Key, old: Option<&Object>, new: Option<&Object>) {
        let labels = |object: Option<&Object>| object.map(|object| object.header.labels.clone()).unwrap_or_default();
        if old.map(|old| &old.header.labels) != new.map(|new| &new.header.labels) {
            labels(old).into_iter().for_each(|label| remove(&mut self.labels, &label, key));
            for label in labels(new) {
                self.labels.entry(label).or_default().insert(key.clone());
            }
        }
        for Values { of, keys } in self.values.values_mut() {
            old.map(|old| of(old)).into_iter().flatten().for_each(|value| remove(keys, &value, key));
            for value in new.map(|new| of(new)).into_iter().flatten() {
                keys.entry(value).or_default().insert(key.clone());
            }
        }
    }

    /// The smallest set of keys that holds every match, where the selector asks for a label's exact value.
    pub fn narrowest(&self, selector: &LabelSelector) -> Option<&BTreeSet<Key>> {
        static NONE: BTreeSet<Key> = BTreeSet::new();
        let exact = selector.requirements.iter().filter_map(|requirement| requirement.exact());
        let sets = exact.map(|(name, value)| self.labels.get(&(name.into(), value.into())).unwrap_or(&NONE));
        sets.min_by_key(|keys| keys.len())
    }

    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// From now on kept for these objects and all that come.
    pub fn begin<'o>(&mut self, name: &'static str, of: &ValuesOf, objects: impl Iterator<Item = &'o Arc<Object>>) {
        let keys = grouped(objects.flat_map(|object| of(object).into_iter().map(move |value| (value, object))));
        self.values.insert(name, Values { of: of.clone(), keys: keys.collect() });
    }

    pub fn with(&self, name: &str, value: &str) -> Option<&BTreeSet<Key>> {
        self.values.get(name)?.keys.get(value)
    }
}

/// All at once is far cheaper than one by one.
fn grouped<'o, T: Hash + Eq + Send>(
    pairs: impl Iterator<Item = (T, &'o Arc<Object>)>,
) -> impl Iterator<Item = (T, BTreeSet<Key>)> {
    let mut groups: HashMap<T, Vec<&Object>> = HashMap::new();
    for (value, object) in pairs {
        groups.entry(value).or_default().push(object);
    }
    let mut groups: Vec<(T, Vec<&Object>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| group.len()); // so that parts of the same size can be made of them
    let keys = |(value, group): (T, Vec<&Object>)| (value, group.into_iter().map(Object::key).collect());
    let parts = in_parts(groups, |(_, group)| group.len(), |part| part.into_iter().map(keys).collect::<Vec<_>>());
    parts.into_iter().flatten()
}

fn remove<T: Hash + Eq>(index: &mut Keys<T>, value: &T, key: &Key) {
    if let Some(keys) = index.get_mut(value) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(value);
        }
    }
}
