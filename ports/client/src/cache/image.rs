//! The image itself: a view and those who follow it. Pure bookkeeping; the feed decides what goes in.

use meta::{Gvr, Key, Object};
use plan::{Change, Index, KindView};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

use super::Changes;

pub(super) struct Image {
    resource: Gvr,
    pub(super) view: Arc<KindView>,
    followers: Vec<mpsc::UnboundedSender<Change>>,
}

impl Image {
    pub(super) fn new(resource: Gvr) -> Image {
        Image { resource, view: Arc::default(), followers: Vec::new() }
    }

    pub(super) fn subscribe(&mut self) -> Changes {
        let (to, changes) = mpsc::unbounded_channel();
        self.forward(to);
        changes
    }

    pub(super) fn forward(&mut self, to: mpsc::UnboundedSender<Change>) {
        for (key, object) in self.view.iter() {
            let change =
                Change { resource: self.resource.clone(), key: key.clone(), old: None, new: Some(object.clone()) };
            if to.send(change).is_err() {
                return;
            }
        }
        self.followers.push(to);
    }

    /// A snapshot that someone holds stays as it was.
    fn view(&mut self) -> &mut KindView {
        Arc::make_mut(&mut self.view)
    }

    pub(super) fn add_indexes(&mut self, indexes: &[Index]) {
        self.view().add_indexes(indexes);
    }

    pub(super) fn put(&mut self, object: Arc<Object>) {
        let revision = object.header.resource_version;
        let known = self.view.get(&object.key()).map_or(0, |old| old.header.resource_version);
        if revision > known || revision == 0 {
            let old = self.view().insert(object.clone());
            self.tell(object.key(), old, Some(object));
        }
        self.reach(revision);
    }

    /// `last` is the object as it was when it went; its revision is that of its deletion.
    pub(super) fn remove(&mut self, last: &Object) {
        let revision = last.header.resource_version;
        let key = last.key();
        let newer = self.view.get(&key).is_some_and(|known| known.header.resource_version > revision && revision != 0);
        if !newer && let Some(old) = self.view().remove(&key) {
            self.tell(key, Some(old), None);
        }
        self.reach(revision);
    }

    pub(super) fn reach(&mut self, revision: u64) {
        if revision > self.view.revision {
            self.view().revision = revision;
        }
    }

    /// Takes a whole new list: what differs is told, what is not in it is gone.
    pub(super) fn replace(&mut self, items: Vec<Arc<Object>>, revision: u64) {
        let listed: BTreeSet<Key> = items.iter().map(|object| object.key()).collect();
        let gone: Vec<Key> =
            self.view.iter().map(|(key, _)| key).filter(|key| !listed.contains(key)).cloned().collect();
        for key in gone {
            let old = self.view().remove(&key);
            self.tell(key, old, None);
        }
        for object in items {
            self.put(object);
        }
        self.reach(revision);
    }

    fn tell(&mut self, key: Key, old: Option<Arc<Object>>, new: Option<Arc<Object>>) {
        let change = Change { resource: self.resource.clone(), key, old, new };
        self.followers.retain(|follower| follower.send(change.clone()).is_ok());
    }
}
