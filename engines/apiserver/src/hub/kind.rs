//! One kind's objects and the ring of its latest changes.

use super::{Change, Interest, Shown, Watcher};
use client::Latest;
use meta::selector::LabelSelector;
use meta::{CompactString, Key, Object};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, RwLock};

/// Changes kept for watchers that resume. Upstream's cache keeps at most 102,400 of a busy kind.
const RING_MOST: usize = 65_536;

pub struct KindHub {
    state: RwLock<State>,
    shown: Arc<Shown>,
    /// Counts the changes put into the ring: watchers wait on it.
    head: Latest<()>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Key, Arc<Object>>,
    labels: HashMap<(CompactString, CompactString), BTreeSet<Key>>,
    ring: VecDeque<Arc<Change>>,
    /// The sequence number of the ring's first change.
    tail: u64,
    /// Every change after this revision is in the ring.
    complete_after: u64,
    revision: u64,
}

/// An exact snapshot.
pub struct Listing {
    pub revision: u64,
    pub objects: Vec<Arc<Object>>,
}

impl KindHub {
    pub fn new(shown: Arc<Shown>, objects: Vec<Arc<Object>>, revision: u64) -> KindHub {
        let mut state = State { complete_after: revision, revision, ..State::default() };
        for object in objects {
            state.put(&object);
        }
        KindHub { state: RwLock::new(state), shown, head: Latest::new(()) }
    }

    /// Takes in one change of the store, and tells the watchers.
    pub fn apply(&self, key: &Key, revision: u64, new: Option<Arc<Object>>) {
        {
            let mut state = self.write();
            let old = match &new {
                Some(object) => state.put(object),
                None => state.remove(key),
            };
            state.revision = revision;
            state.push(Arc::new(Change::new(revision, old, new)));
        }
        self.head.set(());
    }

    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.read().objects.get(key).cloned()
    }

    /// Raised with every change: tells whether what was computed from this kind still holds.
    pub fn version(&self) -> u64 {
        self.head.version()
    }

    pub fn is_empty(&self) -> bool {
        self.read().objects.is_empty()
    }

    pub fn len(&self) -> usize {
        self.read().objects.len()
    }

    /// All objects of a namespace (of all, with an empty one) that the selector matches, at one revision.
    pub fn list(&self, namespace: &str, selector: &LabelSelector) -> Listing {
        let state = self.read();
        // What is shown is never ahead of what every kind has taken in, so all up to it is in this snapshot too.
        let revision = self.shown.revision().max(state.revision);
        let matching = |object: &&Arc<Object>| selector.matches(&object.header.labels);
        let objects = match state.narrowest(selector) {
            Some(keys) => {
                let found = keys.iter().filter(|key| namespace.is_empty() || key.namespace == namespace);
                found.filter_map(|key| state.objects.get(key)).filter(matching).cloned().collect()
            }
            None => state.within(namespace).filter(matching).cloned().collect(),
        };
        Listing { revision, objects }
    }

    /// A watcher of all changes after `revision`; None when the ring has already lost some of them.
    pub fn watch(self: &Arc<Self>, revision: u64, interest: Interest) -> Option<Watcher> {
        let state = self.read();
        if revision < state.complete_after {
            return None;
        }
        let skip = state.ring.partition_point(|change| change.revision <= revision) as u64;
        Some(Watcher::new(self.clone(), state.tail + skip, revision, interest))
    }

    /// Up to `most` changes from a sequence number on; None when the ring has moved past it.
    pub(super) fn changes(&self, from: u64, most: usize) -> Option<Vec<Arc<Change>>> {
        let state = self.read();
        let skip = from.checked_sub(state.tail)? as usize;
        Some(state.ring.iter().skip(skip).take(most).cloned().collect())
    }

    pub(super) fn head(&self) -> &Latest<()> {
        &self.head
    }

    pub(super) fn shown_revision(&self) -> u64 {
        self.shown.revision()
    }

    pub(super) fn shown(&self) -> &Arc<Shown> {
        &self.shown
    }

    /// Ends all watches: the kind is no longer served, or its history is broken.
    pub fn break_history(&self, revision: u64) {
        let mut state = self.write();
        state.tail += state.ring.len() as u64 + 1;
        state.ring.clear();
        state.complete_after = revision;
        drop(state);
        self.head.set(());
    }

    /// The same objects as a changed definition reads them. Nothing has happened to them: watchers hear nothing.
    pub(super) fn refresh(&self, objects: Vec<Arc<Object>>) {
        let mut state = self.write();
        for object in objects {
            state.put(&object);
        }
    }

    /// Everything anew after history was lost.
    pub(super) fn replace(&self, objects: Vec<Arc<Object>>, revision: u64) {
        self.break_history(revision);
        let mut state = self.write();
        (state.objects, state.labels, state.revision) = (BTreeMap::new(), HashMap::new(), revision);
        for object in objects {
            state.put(&object);
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().expect("no holder of this lock panics")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().expect("no holder of this lock panics")
    }
}

impl State {
    fn put(&mut self, object: &Arc<Object>) -> Option<Arc<Object>> {
        let key = object.key();
        let old = self.objects.insert(key.clone(), object.clone());
        let same = old.as_ref().is_some_and(|old| old.header.labels == object.header.labels);
        if !same {
            if let Some(old) = &old {
                self.unlabel(&key, old);
            }
            for (name, value) in &object.header.labels {
                self.labels.entry((name.clone(), value.clone())).or_default().insert(key.clone());
            }
        }
        old
    }

    fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        let old = self.objects.remove(key)?;
        self.unlabel(key, &old);
        Some(old)
    }

    fn unlabel(&mut self, key: &Key, object: &Object) {
        for (name, value) in &object.header.labels {
            let label = (name.clone(), value.clone());
            if let Some(keys) = self.labels.get_mut(&label) {
                keys.remove(key);
                if keys.is_empty() {
                    self.labels.remove(&label);
                }
            }
        }
    }

    fn push(&mut self, change: Arc<Change>) {
        if self.ring.len() == RING_MOST
            && let Some(lost) = self.ring.pop_front()
        {
            self.complete_after = lost.revision;
            self.tail += 1;
        }
        self.ring.push_back(change);
    }

    /// The smallest set of keys that holds every match, where the selector asks for a label's exact value.
    fn narrowest(&self, selector: &LabelSelector) -> Option<&BTreeSet<Key>> {
        static NONE: BTreeSet<Key> = BTreeSet::new();
        let exact = selector.requirements.iter().filter_map(|requirement| requirement.exact());
        let sets = exact.map(|(name, value)| self.labels.get(&(name.into(), value.into())).unwrap_or(&NONE));
        sets.min_by_key(|keys| keys.len())
    }

    fn within<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let from = Key::new(namespace, "");
        let range = self.objects.range((Bound::Included(from), Bound::Unbounded));
        range.take_while(move |(key, _)| namespace.is_empty() || key.namespace == namespace).map(|(_, object)| object)
    }
}
