//! A watch: what exists, where it is asked for, and then what happens, with the faults of the day.

use super::Inner;
use super::select::Selection;
use super::world::{Entry, World};
use crate::{Request, Watch, WatchEvent};
use futures::stream;
use meta::{Gvr, Object, Status};
use std::collections::VecDeque;
use std::sync::Arc;

struct Follower {
    inner: Arc<Inner>,
    resource: Gvr,
    selection: Selection,
    bookmarks: bool,
    /// Everything up to here has been queued.
    position: u64,
    queue: VecDeque<Result<WatchEvent, Status>>,
    ended: bool,
}

pub(super) fn open(inner: &Arc<Inner>, request: &Request) -> Result<Watch, Status> {
    let follower = {
        let world = inner.world();
        world.served(&request.resource)?;
        let mut follower = Follower {
            inner: inner.clone(),
            selection: Selection::of(request)?,
            resource: request.resource.clone(),
            bookmarks: request.list.bookmarks,
            position: world.revision,
            queue: VecDeque::new(),
            ended: false,
        };
        follower.begin(&world, request);
        follower
    };
    Ok(Box::pin(stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((event, follower))
    })))
}

impl Follower {
    fn begin(&mut self, world: &World, request: &Request) {
        let from = request.list.resource_version.parse::<u64>().unwrap_or(0);
        if request.list.send_initial_events == Some(true) || from == 0 {
            let existing = world.all(&self.resource).filter(|object| self.selection.matches(object));
            self.queue = existing.cloned().map(|object| Ok(WatchEvent::Added(object))).collect();
            if request.list.send_initial_events == Some(true) {
                self.queue.push_back(Ok(WatchEvent::Bookmark { revision: world.revision, initial_end: true }));
            }
        } else {
            self.position = from;
        }
    }

    async fn next(&mut self) -> Option<Result<WatchEvent, Status>> {
        while self.queue.is_empty() {
            if self.ended {
                return None;
            }
            let version = self.inner.revision.version();
            self.collect();
            if self.queue.is_empty() {
                self.inner.revision.after(version).await;
            }
        }
        self.meet_faults().await;
        let event = self.queue.pop_front()?;
        self.ended |= event.is_err();
        Some(event)
    }

    /// Queues what has happened since; a bookmark closes what passed without concerning this watch.
    fn collect(&mut self) {
        let inner = self.inner.clone();
        let world = inner.world();
        if self.position < world.compacted {
            self.queue.push_back(Err(Status::expired(format!("too old resource version: {}", self.position))));
            return;
        }
        let entries = world.since(self.position).iter().filter(|entry| entry.resource == self.resource);
        let events: Vec<_> = entries.filter_map(|entry| self.seen(entry)).collect();
        self.queue.extend(events.into_iter().map(Ok));
        if self.bookmarks && world.revision >= self.position + 20 && self.queue.is_empty() {
            self.queue.push_back(Ok(WatchEvent::Bookmark { revision: world.revision, initial_end: false }));
            self.position = world.revision;
        }
        if !self.queue.is_empty() {
            self.position = world.revision;
        }
    }

    /// An event as this watch's selectors see it: an object may come into sight and go out of it.
    fn seen(&self, entry: &Entry) -> Option<WatchEvent> {
        let old = entry.old.as_ref().filter(|old| self.selection.matches(old));
        let matches = |object: &Arc<Object>| self.selection.matches(object);
        match &entry.event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => match (old, matches(object)) {
                (None, true) => Some(WatchEvent::Added(object.clone())),
                (Some(_), true) => Some(WatchEvent::Modified(object.clone())),
                (Some(old), false) => Some(WatchEvent::Deleted(Arc::new(old.at(entry.revision)))),
                (None, false) => None,
            },
            WatchEvent::Deleted(_) => old.map(|_| entry.event.clone()),
            WatchEvent::Bookmark { .. } => None,
        }
    }

    async fn meet_faults(&mut self) {
        let dice = self.inner.clock.random();
        let faults = *self.inner.faults();
        tokio::time::sleep(faults.pause(dice / 1000)).await;
        let luck = dice % 1000;
        if luck < faults.broken_watch {
            self.queue.clear();
            self.queue.push_back(Err(Status::unavailable("the connection was reset")));
        } else if luck < faults.broken_watch + faults.expired_watch {
            self.queue.clear();
            self.queue.push_back(Err(Status::expired("too old resource version")));
        }
    }
}
