//! Objects by what is asked of them: kept from the first question on.

use meta::selector::LabelSelector;
use meta::{CompactString, Key, Object};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The values by which an object is found again.
pub type ValuesOf = Arc<dyn Fn(&Object) -> Vec<CompactString> + Send + Sync>;

/// Every write pays for each label that is kept: those who ask for more of them are answered without.
const MOST_LABELS: usize = 64;

#[derive(Default)]
pub(super) struct Indexes {
    /// By the label's name.
    labels: BTreeMap<CompactString, Index>,
    values: BTreeMap<&'static str, Index>,
}

struct Index {
    of: ValuesOf,
    keys: HashMap<CompactString, BTreeSet<Key>>,
}

impl Indexes {
    pub fn replace(&mut self, key: &Key, old: Option<&Object>, new: Option<&Object>) {
        for index in self.labels.values_mut().chain(self.values.values_mut()) {
            index.replace(key, old, new);
        }
    }

    /// The labels of which a selector asks for an exact value, and which are still to be [kept](Indexes::keep_label).
    pub fn missing<'s>(&self, selector: &'s LabelSelector) -> Vec<&'s str> {
        let names = selector.requirements.iter().filter_map(|requirement| requirement.exact()).map(|(name, _)| name);
        names.filter(|name| !self.labels.contains_key(*name)).take(MOST_LABELS - self.labels.len()).collect()
    }

    /// From now on kept for these objects and all that come.
    pub fn keep_label<'o>(&mut self, name: &str, objects: impl Iterator<Item = &'o Arc<Object>>) {
        let label = CompactString::from(name);
        let of: ValuesOf = Arc::new(move |object| object.header.labels.get(&label).cloned().into_iter().collect());
        self.labels.entry(name.into()).or_insert_with(|| Index::new(of, objects));
    }

    /// The smallest set of keys that holds every match, where a label that the selector asks for is kept.
    pub fn narrowest(&self, selector: &LabelSelector) -> Option<&BTreeSet<Key>> {
        static NONE: BTreeSet<Key> = BTreeSet::new();
        let exact = selector.requirements.iter().filter_map(|requirement| requirement.exact());
        let sets = exact.filter_map(|(name, value)| Some(self.labels.get(name)?.keys.get(value).unwrap_or(&NONE)));
        sets.min_by_key(|keys| keys.len())
    }

    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// As [`Indexes::keep_label`].
    pub fn keep<'o>(&mut self, name: &'static str, of: &ValuesOf, objects: impl Iterator<Item = &'o Arc<Object>>) {
        self.values.entry(name).or_insert_with(|| Index::new(of.clone(), objects));
    }

    pub fn with(&self, name: &str, value: &str) -> Option<&BTreeSet<Key>> {
        self.values.get(name)?.keys.get(value)
    }
}

impl Index {
    /// All at once is far cheaper than one by one.
    fn new<'o>(of: ValuesOf, objects: impl Iterator<Item = &'o Arc<Object>>) -> Index {
        let mut groups: HashMap<CompactString, Vec<&Object>> = HashMap::new();
        for object in objects {
            of(object).into_iter().for_each(|value| groups.entry(value).or_default().push(object));
        }
        let keys = |group: Vec<&Object>| group.into_iter().map(Object::key).collect();
        Index { of, keys: groups.into_iter().map(|(value, group)| (value, keys(group))).collect() }
    }

    fn replace(&mut self, key: &Key, old: Option<&Object>, new: Option<&Object>) {
        let values = |object: Option<&Object>| object.map(|object| (self.of)(object)).unwrap_or_default();
        let (old, new) = (values(old), values(new));
        if old == new {
            return;
        }
        old.iter().for_each(|value| self.remove(value, key));
        for value in new {
            self.keys.entry(value).or_default().insert(key.clone());
        }
    }

    fn remove(&mut self, value: &str, key: &Key) {
        if let Some(keys) = self.keys.get_mut(value) {
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(value);
            }
        }
    }
}
