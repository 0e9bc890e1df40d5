//! One watcher: a place in a kind's ring and what it wants to see.

use super::bell::Bell;
use super::joined::{Joined, Wanted};
use super::lanes::{Lane, Taken};
use super::{Change, Encoding, Form, KindHub};
use meta::selector::LabelSelector;
use meta::{CompactString, Object};
use std::sync::Arc;

/// Fields of one object that a field selector may ask for.
pub type FieldMatch = Arc<dyn Fn(&Object) -> bool + Send + Sync>;

/// What a watcher wants to see.
#[derive(Clone, Default)]
pub struct Interest {
    pub namespace: String,
    pub name: Option<String>,
    pub labels: LabelSelector,
    pub fields: Option<FieldMatch>,
    /// A value that one of the fields must have exactly.
    pub exact: Option<(&'static str, CompactString)>,
}

impl Interest {
    pub fn holds(&self, object: &Object) -> bool {
        let header = &object.header;
        (self.namespace.is_empty() || header.namespace == self.namespace)
            && self.name.as_ref().is_none_or(|name| header.name == *name)
            && self.labels.matches(&header.labels)
            && self.fields.as_ref().is_none_or(|fields| fields(object))
    }

    fn is_everything(&self) -> bool {
        let Interest { namespace, name, labels, fields, exact } = self;
        namespace.is_empty() && name.is_none() && labels.is_everything() && fields.is_none() && exact.is_none()
    }

    fn sees(&self, change: &Change) -> Option<Encoding> {
        let holds = |object: &Option<Arc<Object>>| object.as_ref().is_some_and(|object| self.holds(object));
        Encoding::seen(holds(&change.old), holds(&change.new))
    }
}

/// What a watcher is handed next.
#[derive(Debug)]
pub enum Seen {
    Change(Encoding, Arc<Change>),
    /// The ring has moved past this watcher: it must list anew.
    Lost,
}

/// It no longer has what this watcher would see next.
struct RingMovedOn;

/// Changes taken from the ring at once: bounds the time under its lock.
const BATCH: usize = 256;

pub struct Watcher {
    hub: Arc<KindHub>,
    lane: Lane,
    bell: Arc<Bell>,
    next: u64,
    /// Everything up to this revision has been handed out or was none of its interest.
    revision: u64,
    interest: Interest,
    /// Changes of the lane that were taken from the ring and not looked at yet.
    taken: std::vec::IntoIter<Arc<Change>>,
}

impl Watcher {
    pub(super) fn new(
        hub: Arc<KindHub>,
        lane: Lane,
        bell: Arc<Bell>,
        next: u64,
        revision: u64,
        interest: Interest,
    ) -> Watcher {
        Watcher { hub, lane, bell, next, revision, interest, taken: Default::default() }
    }

    /// The next change of interest. Cancel-safe. Pends for ever when nothing happens.
    pub async fn next(&mut self) -> Seen {
        self.first(Watcher::poll).await
    }

    /// What a way to poll finds first. Cancel-safe. Pends for ever when nothing happens.
    pub async fn first<T>(&mut self, poll: impl Fn(&mut Watcher) -> Option<T>) -> T {
        loop {
            let version = self.bell.version();
            match poll(self) {
                Some(seen) => return seen,
                None => self.bell.after(version).await,
            }
        }
    }

    /// The next events as all see them who see everything here, where these are many. None when it is to be polled for.
    pub fn joined(&mut self, form: Form) -> Option<Arc<Joined>> {
        let shares = self.bell.has_many() && self.bell.reaches(self.next) && self.interest.is_everything();
        if !shares || !self.taken.as_slice().is_empty() {
            return None;
        }
        let changes = |wanted: &mut Wanted<'_>| self.hub.changes(&self.lane, self.next, wanted);
        let joined = self.bell.joins().from(form, self.next, changes)?;
        (self.next, self.revision) = (joined.next, joined.revision);
        Some(joined)
    }

    /// The next change of interest that has already happened.
    pub fn poll(&mut self) -> Option<Seen> {
        let Ok(event) = self.seek() else { return Some(Seen::Lost) };
        let (event, change) = (event?, self.taken.next()?);
        self.revision = change.revision;
        Some(Seen::Change(event, change))
    }

    /// Goes on until the next of what was taken is of interest, or there is nothing more.
    fn seek(&mut self) -> Result<Option<Encoding>, RingMovedOn> {
        loop {
            while let Some(change) = self.taken.as_slice().first() {
                if let Some(event) = self.interest.sees(change) {
                    return Ok(Some(event));
                }
                self.revision = change.revision;
                self.taken.next();
            }
            // Read before the ring: whatever is shown by now is in the ring by now.
            let shown = self.hub.shown_revision();
            if !self.bell.reaches(self.next) {
                self.revision = self.revision.max(shown);
                return Ok(None);
            }
            let mut batch = 0..BATCH;
            let taken = self.hub.changes(&self.lane, self.next, |_| batch.next().is_some());
            let Taken { changes, next } = taken.ok_or(RingMovedOn)?;
            self.next = next;
            self.taken = changes.into_iter();
        }
    }

    /// The revision up to which this watcher has seen everything: what a bookmark may promise.
    pub fn revision(&mut self) -> u64 {
        let _told_with_the_next_poll = self.seek();
        self.revision
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.hub.leave(&self.lane);
    }
}
