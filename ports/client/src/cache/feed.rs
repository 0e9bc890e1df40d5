//! Keeps an image fed: a list or a watch with initial events, then a watch that is resumed where it broke off, and
//! everything anew once the server has forgotten.

use super::Shared;
use crate::{Answer, ApiClient, Backoff, ListOptions, VersionMatch, Watch, WatchEvent};
use clock::Clock;
use futures::StreamExt;
use kinds::Verb;
use meta::{Object, Reason, Status};
use std::sync::Arc;
use std::time::Duration;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the feed knows, and so what it does next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Position {
    /// Nothing, or what has been forgotten: take everything anew.
    Lost,
    /// Everything up to here: resume.
    At(u64),
}

struct Feed {
    client: Arc<dyn ApiClient>,
    shared: Arc<Shared>,
    position: Position,
    /// The server has refused to send initial events through a watch.
    lists: bool,
    /// Whether the last step heard anything: what breaks after that is no failure in a row.
    heard: bool,
}

pub(super) async fn follow(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, shared: Arc<Shared>) {
    let mut feed = Feed { client, shared, position: Position::Lost, lists: false, heard: false };
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        feed.heard = false;
        let ended = feed.step().await;
        if feed.heard {
            backoff.succeeded();
        }
        match ended {
            Ok(()) if feed.heard => continue,
            Ok(()) => {}
            Err(status) => feed.learn(&status),
        }
        tokio::time::sleep(backoff.failed(clock.random())).await;
    }
}

impl Feed {
    /// One watch from its opening to its end.
    async fn step(&mut self) -> Result<(), Status> {
        let watch = match self.position {
            Position::At(revision) => self.resume(revision).await?,
            Position::Lost if self.lists => {
                let revision = self.list().await?;
                self.resume(revision).await?
            }
            Position::Lost => self.stream_everything().await?,
        };
        self.hear(watch).await
    }

    fn learn(&mut self, status: &Status) {
        let resource = self.shared.source.resource.qualified();
        match status.is(Reason::Forbidden) {
            true => tracing::warn!(%resource, %status, "a cache stays empty until it may read"),
            false => tracing::debug!(%resource, %status, "a cache waits before it goes on"),
        }
        if status.is(Reason::Expired) || status.is(Reason::Gone) {
            self.position = Position::Lost;
        }
        let unable = [Reason::BadRequest, Reason::Invalid, Reason::MethodNotAllowed, Reason::Forbidden];
        if self.position == Position::Lost && unable.iter().any(|reason| status.is(*reason)) {
            self.lists = true;
        }
    }

    async fn resume(&self, revision: u64) -> Result<Watch, Status> {
        let options = ListOptions { resource_version: revision.to_string(), bookmarks: true, ..ListOptions::default() };
        self.client.watch(self.shared.source.request(Verb::Watch, options)).await
    }

    async fn list(&mut self) -> Result<u64, Status> {
        let mut items = Vec::new();
        let mut options = ListOptions::default();
        loop {
            match self.client.call(self.shared.source.request(Verb::List, options.clone())).await? {
                Answer::List { resource_version, continue_token, items: page, .. } => {
                    items.extend(page);
                    if continue_token.is_empty() {
                        self.take(items, resource_version);
                        return Ok(resource_version);
                    }
                    options.continue_token = continue_token;
                }
                Answer::Status(status) => return Err(status),
                Answer::Object(_) => return Err(Status::internal("an object was answered where a list was asked for")),
            }
        }
    }

    /// A watch that has delivered everything there is, and goes on.
    async fn stream_everything(&mut self) -> Result<Watch, Status> {
        let options = ListOptions {
            bookmarks: true,
            send_initial_events: Some(true),
            version_match: Some(VersionMatch::NotOlderThan),
            ..ListOptions::default()
        };
        let mut watch = self.client.watch(self.shared.source.request(Verb::Watch, options)).await?;
        let mut items: Vec<Arc<Object>> = Vec::new();
        while let Some(event) = watch.next().await {
            match event? {
                WatchEvent::Added(object) => items.push(object),
                WatchEvent::Bookmark { revision, initial_end: true } => {
                    self.take(items, revision);
                    return Ok(watch);
                }
                WatchEvent::Bookmark { .. } => {}
                WatchEvent::Modified(_) | WatchEvent::Deleted(_) => {
                    return Err(Status::bad_request("a watch sent a change before the end of its initial events"));
                }
            }
        }
        Err(Status::unavailable("a watch ended before its initial events did"))
    }

    fn take(&mut self, items: Vec<Arc<Object>>, revision: u64) {
        self.shared.change(|image| image.replace(items, revision));
        self.position = Position::At(revision);
    }

    async fn hear(&mut self, mut watch: Watch) -> Result<(), Status> {
        while let Some(event) = watch.next().await {
            let event = event?;
            self.heard = true;
            let revision = self.shared.change(|image| {
                match event {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => image.put(object),
                    WatchEvent::Deleted(object) => image.remove(&object),
                    WatchEvent::Bookmark { revision, .. } => image.reach(revision),
                }
                image.view.revision
            });
            self.position = Position::At(revision);
        }
        Ok(())
    }
}
