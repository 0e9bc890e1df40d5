//! One kind's objects and the ring of its latest changes.

use super::bell::Bell;
use super::index::{Indexes, ValuesOf};
use super::lanes::{Lane, Lanes, Taken};
use super::ring::Ring;
use super::{Change, Interest, Shown, Watcher, field};
use kinds::{KindDef, Rules};
use meta::selector::LabelSelector;
use meta::{CompactString, Key, Object};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use tokio::time::Instant;

/// Changes that keep what was decoded from and encoded of them, for all who follow closely to share. Of a pod that is
/// a hundred kilobytes.
const FRESH: u64 = 64;

pub struct KindHub {
    state: RwLock<State>,
    shown: Arc<Shown>,
    /// Raised with every change.
    version: AtomicU64,
}

struct State {
    objects: BTreeMap<Key, Arc<Object>>,
    indexes: Indexes,
    ring: Ring,
    lanes: Lanes,
    /// Who is still to be told of what was taken in.
    untold: Vec<Arc<Bell>>,
    revision: u64,
    namespaced: bool,
    rules: Arc<dyn Rules>,
}

/// An exact snapshot.
pub struct Listing {
    pub revision: u64,
    pub objects: Vec<Arc<Object>>,
}

/// What a list asks of the indexes.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Of all, when empty.
    pub namespace: &'a str,
    /// A field's exact value.
    pub exact: Option<(&'static str, &'a str)>,
}

impl KindHub {
    /// Of objects in the order of their keys, as the store tells them: then they need not be sorted.
    pub fn new(def: &KindDef, shown: Arc<Shown>, objects: Vec<(Key, Arc<Object>)>, revision: u64) -> KindHub {
        let state = State {
            indexes: Indexes::default(),
            objects: objects.into_iter().collect(),
            ring: Ring::new(revision),
            lanes: Lanes::default(),
            untold: Vec::new(),
            revision,
            namespaced: def.namespaced(),
            rules: def.rules.clone(),
        };
        KindHub { state: RwLock::new(state), shown, version: AtomicU64::new(0) }
    }

    /// Takes in one change of the store. [`KindHub::tell`] follows once all changes of a batch are in.
    pub fn apply(&self, key: &Key, revision: u64, new: Option<Arc<Object>>) {
        let mut state = self.write();
        let old = match &new {
            Some(object) => state.put(object),
            None => state.remove(key),
        };
        state.revision = revision;
        state.push(&Arc::new(Change::new(revision, old, new)));
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Wakes whom the changes concern. Where there are too many to be woken each time, returns when to come again.
    pub fn tell(&self, now: Instant) -> Option<Instant> {
        let bells = std::mem::take(&mut self.write().untold);
        let mut again = None;
        let mut later = Vec::new();
        for bell in bells {
            if let Some(due) = bell.ring(now) {
                again = Some(again.map_or(due, |other: Instant| other.min(due)));
                later.push(bell);
            }
        }
        if !later.is_empty() {
            self.write().untold.extend(later);
        }
        again
    }

    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.read().objects.get(key).cloned()
    }

    /// Raised with every change: tells whether what was computed from this kind still holds.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub fn is_empty(&self) -> bool {
        self.read().objects.is_empty()
    }

    pub fn len(&self) -> usize {
        self.read().objects.len()
    }

    /// All objects of a namespace (of all, with an empty one) that the selector matches, at one revision.
    pub fn list(&self, namespace: &str, selector: &LabelSelector) -> Listing {
        self.list_wanted(&Wanted { namespace, exact: None }, selector)
    }

    /// The same with a field's exact value; it narrows the search where somebody lives on such values.
    pub fn list_wanted(&self, wanted: &Wanted<'_>, selector: &LabelSelector) -> Listing {
        let exact = wanted.exact.filter(|(name, _)| self.keeps_field(name));
        if exact.is_none() {
            self.keep_labels(selector);
        }
        let state = self.read();
        // What is shown is never ahead of what every kind has taken in, so all up to it is in this snapshot too.
        let revision = self.shown.revision().max(state.revision);
        let matching = |object: &&Arc<Object>| selector.matches(&object.header.labels);
        let narrowed = match exact {
            Some((name, value)) => Some(state.indexes.with(name, value)),
            None => state.indexes.narrowest(selector).map(Some),
        };
        let objects = match narrowed {
            Some(keys) => {
                let inside = |key: &&Key| wanted.namespace.is_empty() || key.namespace == wanted.namespace;
                let found = keys.into_iter().flatten().filter(inside);
                found.filter_map(|key| state.objects.get(key)).filter(matching).cloned().collect()
            }
            None => state.within(wanted.namespace).filter(matching).cloned().collect(),
        };
        Listing { revision, objects }
    }

    /// The objects that answer to a value; the index is made with the first such question.
    pub fn with_value(&self, name: &'static str, of: &ValuesOf, value: &str) -> Vec<Arc<Object>> {
        self.keep_index(name, of);
        let state = self.read();
        let keys = state.indexes.with(name, value);
        keys.into_iter().flatten().filter_map(|key| state.objects.get(key)).cloned().collect()
    }

    /// The objects of which a field has a value, found as [`KindHub::with_value`] does.
    pub fn with_field(&self, name: &'static str, value: &str) -> Vec<Arc<Object>> {
        let of = self.field_of(name);
        self.with_value(name, &of, value)
    }

    fn field_of(&self, name: &'static str) -> ValuesOf {
        let rules = self.read().rules.clone();
        Arc::new(move |object| vec![CompactString::from(field(&*rules, object, name))])
    }

    fn keep_index(&self, name: &'static str, of: &ValuesOf) {
        if self.read().indexes.has(name) {
            return;
        }
        let state = &mut *self.write();
        state.indexes.keep(name, of, state.objects.values());
    }

    fn keep_labels(&self, selector: &LabelSelector) {
        if self.read().indexes.missing(selector).is_empty() {
            return;
        }
        let state = &mut *self.write();
        for name in state.indexes.missing(selector) {
            state.indexes.keep_label(name, state.objects.values());
        }
    }

    fn keeps_field(&self, name: &'static str) -> bool {
        let (kept, asked) = {
            let state = self.read();
            (state.indexes.has(name), state.lanes.has_field(name))
        };
        if !kept && asked {
            self.keep_index(name, &self.field_of(name));
        }
        kept || asked
    }

    /// A watcher of all changes after `revision`; None when the ring has already lost some of them.
    pub fn watch(self: &Arc<Self>, revision: u64, interest: Interest) -> Option<Watcher> {
        let state = &mut *self.write();
        let next = state.ring.after(revision)?;
        let lane = Lane::of(&interest, state.namespaced, &*state.rules);
        let bell = state.lanes.follow(&lane, next, &state.ring, &*state.rules);
        let interest = lane.remaining(interest);
        Some(Watcher::new(self.clone(), lane, bell, next, revision, interest))
    }

    pub(super) fn leave(&self, lane: &Lane) {
        self.write().lanes.leave(lane);
    }

    /// The changes of a lane from a number on, up to the first that is not wanted any more, which is found under the lock;
    /// None when the ring has moved past them.
    pub(super) fn changes(&self, lane: &Lane, from: u64, wanted: impl FnMut(&Change) -> bool) -> Option<Taken> {
        let state = self.read();
        state.lanes.take(lane, from, &state.ring, wanted)
    }

    pub(super) fn shown_revision(&self) -> u64 {
        self.shown.revision()
    }

    /// Ends all watches: the kind is no longer served, or its history is broken.
    pub fn break_history(&self, revision: u64) {
        let bells = {
            let state = &mut *self.write();
            state.ring.cut(revision);
            state.untold.clear();
            state.lanes.cut(&state.ring)
        };
        self.version.fetch_add(1, Ordering::Release);
        bells.iter().for_each(|bell| bell.toll());
    }

    /// The same objects as a changed definition reads them. Nothing has happened to them: watchers hear nothing.
    pub(super) fn refresh(&self, def: &KindDef, objects: Vec<(Key, Arc<Object>)>) {
        let mut state = self.write();
        state.rules = def.rules.clone();
        for (_, object) in objects {
            state.put(&object);
        }
    }

    /// Everything anew after history was lost.
    pub(super) fn replace(&self, objects: Vec<(Key, Arc<Object>)>, revision: u64) {
        self.break_history(revision);
        let mut state = self.write();
        (state.indexes, state.objects) = (Indexes::default(), objects.into_iter().collect());
        state.revision = revision;
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
        self.indexes.replace(&key, old.as_deref(), Some(object));
        old
    }

    fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        let old = self.objects.remove(key)?;
        self.indexes.replace(key, Some(&old), None);
        Some(old)
    }

    fn push(&mut self, change: &Arc<Change>) {
        let number = self.ring.push(change.clone());
        self.age(number, change.old.as_deref());
        for bell in self.lanes.note(number, change, &self.ring, &*self.rules) {
            if !self.untold.iter().any(|known| Arc::ptr_eq(known, &bell)) {
                self.untold.push(bell);
            }
        }
    }

    /// Beyond the latest changes, only current objects keep their decoded forms.
    fn age(&mut self, number: u64, superseded: Option<&Object>) {
        let Some(fresh) = number.checked_sub(FRESH) else { return };
        let superseded = superseded.and_then(|object| self.ring.number_of(object.header.resource_version));
        for aged in superseded.into_iter().filter(|earlier| *earlier < fresh).chain([fresh]) {
            let Some(change) = self.ring.get(aged) else { continue };
            let is_current = |new: &Arc<Object>| self.objects.get(&new.key()).is_some_and(|it| Arc::ptr_eq(it, new));
            let plain = change.plain(is_current);
            self.ring.replace(aged, plain);
        }
    }

    fn within<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let from = Key::new(namespace, "");
        let range = self.objects.range((Bound::Included(from), Bound::Unbounded));
        range.take_while(move |(key, _)| namespace.is_empty() || key.namespace == namespace).map(|(_, object)| object)
    }
}
