//! Watches between the port's words and etcd's.
//!
//! Nothing runs beside the reader: an unread watch holds back etcd's stream, and a dropped one ends it.

use crate::failure;
use crate::members::{Effect, Members};
use crate::reading::{end_bytes, key, key_bytes, record, revision_of, signed, unsigned};
use crate::wire::event::EventType;
use crate::wire::watch_client::WatchClient;
use crate::wire::watch_request::RequestUnion;
use crate::wire::{self, WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse};
use futures::StreamExt;
use futures::channel::mpsc;
use std::sync::Arc;
use std::time::Duration;
use store::{Batch, Error, Event, Watch, WatchFrom, prefix_end};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

/// etcd drops a request for progress while a watch catches up: it is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Requests on their way to etcd; of those for progress one would do.
const REQUESTS: usize = 4;

/// A stream to etcd with one watch in it.
pub struct Feed {
    requests: mpsc::Sender<WatchRequest>,
    pub responses: Streaming<WatchResponse>,
}

impl Feed {
    /// Answers once etcd has registered the watch.
    pub async fn open(channel: Channel, create: WatchCreateRequest) -> Result<Feed, Status> {
        let (mut requests, outbox) = mpsc::channel(REQUESTS);
        let create = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        requests.try_send(create).map_err(|_| Status::internal("the new stream takes no request"))?;
        let mut request = Request::new(outbox);
        // A member that is cut off from its leader ends the watch: it would stay silent otherwise.
        request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
        let mut client = WatchClient::new(channel).max_decoding_message_size(usize::MAX);
        let mut responses = client.watch(request).await?.into_inner();
        match responses.message().await? {
            Some(response) if response.canceled => Err(refused(&response)),
            Some(_created) => Ok(Feed { requests, responses }),
            None => Err(Status::unavailable("etcd ended a watch at once")),
        }
    }

    fn ask_progress(&mut self) {
        let ask = WatchRequest { request_union: Some(RequestUnion::ProgressRequest(WatchProgressRequest {})) };
        // Full: one is on its way. Closed: the next response tells.
        let _asked_already = self.requests.try_send(ask);
    }
}

fn refused(response: &WatchResponse) -> Status {
    Status::failed_precondition(format!("etcd refused the watch: {}", response.cancel_reason))
}

fn create_request(from: &WatchFrom, start: u64) -> WatchCreateRequest {
    WatchCreateRequest {
        key: key_bytes(&from.prefix),
        range_end: end_bytes(prefix_end(&from.prefix).as_deref()),
        start_revision: signed(start.max(1)),
        progress_notify: true,
        prev_kv: from.previous,
        fragment: true,
        ..WatchCreateRequest::default()
    }
}

/// Answers once the watch is registered. `wanted` is how far every watch has been asked to come.
pub async fn open(
    members: Arc<Members>,
    from: WatchFrom,
    start: u64,
    wanted: watch::Receiver<u64>,
) -> Result<Watch, Status> {
    let feed = feed(&members, &from, start).await?;
    let mut ask = tokio::time::interval(ASK_AGAIN);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (reached, resumed_at, fragments) = (0, None, Vec::new());
    let following = Following { feed, members, from, wanted, ask, start, reached, resumed_at, fragments };
    let step = |following: Option<Following>| async move {
        let mut following = following?;
        let next = following.next().await;
        let goes_on = next.is_ok().then_some(following);
        Some((next, goes_on))
    };
    Ok(futures::stream::unfold(Some(following), step).boxed())
}

async fn feed(members: &Members, from: &WatchFrom, start: u64) -> Result<Feed, Status> {
    let create = create_request(from, start);
    members.ask(Effect::Reads, |channel| Feed::open(channel, create.clone())).await
}

struct Following {
    feed: Feed,
    members: Arc<Members>,
    from: WatchFrom,
    wanted: watch::Receiver<u64>,
    ask: Interval,
    start: u64,
    /// What the reader was told.
    reached: u64,
    /// Where it stood when its stream was last opened anew.
    resumed_at: Option<u64>,
    /// Events of a response of which more is to come.
    fragments: Vec<Event>,
}

impl Following {
    async fn next(&mut self) -> Result<Batch, Error> {
        loop {
            let (start, reached) = (self.start, self.reached);
            tokio::select! {
                biased;
                response = self.feed.responses.message() => {
                    if let Err(broken) = &response
                        && self.resume(broken).await
                    {
                        continue;
                    }
                    if let Some(batch) = self.take(response)? {
                        self.reached = batch.revision;
                        return Ok(batch);
                    }
                }
                due = due(&mut self.wanted, &mut self.ask, start, reached) => match due {
                    Due::Told(revision) => {
                        self.reached = revision;
                        return Ok(Batch { revision, events: Vec::new() });
                    }
                    Due::Asked => self.feed.ask_progress(),
                },
            }
        }
    }

    /// A broken stream goes on behind what was told, once: it may have been no more than the connection's impatience
    /// with a reader that let many messages lie.
    async fn resume(&mut self, broken: &Status) -> bool {
        if !failure::member_is_at_fault(broken) || self.resumed_at == Some(self.reached) {
            return false;
        }
        self.resumed_at = Some(self.reached);
        self.fragments.clear();
        match feed(&self.members, &self.from, self.start.max(self.reached + 1)).await {
            Ok(feed) => {
                self.feed = feed;
                true
            }
            Err(error) => {
                tracing::debug!(%error, "a watch cannot go on");
                false
            }
        }
    }

    fn take(&mut self, response: Result<Option<WatchResponse>, Status>) -> Result<Option<Batch>, Error> {
        let response = response
            .map_err(|status| failure::error(Effect::Reads, &status))?
            .ok_or_else(|| Error::unavailable("etcd ended the watch"))?;
        if response.compact_revision > 0 {
            return Err(Error::Compacted { oldest: unsigned(response.compact_revision) });
        }
        if response.canceled {
            return Err(Error::unavailable(format_args!("etcd cancelled the watch: {}", response.cancel_reason)));
        }
        let told = revision_of(response.header.as_ref())?;
        for change in response.events {
            self.fragments.push(event(change)?);
        }
        Ok(if response.fragment { None } else { self.batch(told) })
    }

    /// Behind the events of a response others may be on their way: only one without events speaks for its revision.
    fn batch(&mut self, told: u64) -> Option<Batch> {
        let events = std::mem::take(&mut self.fragments);
        match events.last() {
            Some(last) => Some(Batch { revision: last.revision(), events }),
            None => (told >= self.reached).then_some(Batch { revision: told, events }),
        }
    }
}

enum Due {
    /// Before its start a watch has nothing to deliver: that needs no asking, and etcd would not answer.
    Told(u64),
    Asked,
}

/// Ready when progress was asked for, and again where etcd has not answered.
async fn due(wanted: &mut watch::Receiver<u64>, ask: &mut Interval, start: u64, reached: u64) -> Due {
    match wanted.wait_for(|wanted| *wanted > reached).await.map(|wanted| *wanted) {
        Ok(wanted) if wanted < start => Due::Told(wanted),
        Ok(_) => {
            ask.tick().await;
            Due::Asked
        }
        Err(_) => std::future::pending().await, // the store is gone, and with it who would ask
    }
}

fn event(change: wire::Event) -> Result<Event, Error> {
    let deleted = change.r#type() == EventType::Delete;
    let kv = change.kv.ok_or_else(|| Error::corrupt("etcd told an event without a key"))?;
    let previous = change.prev_kv.map(record).transpose()?;
    if deleted {
        return Ok(Event::Delete { key: key(&kv.key)?, revision: unsigned(kv.mod_revision), previous });
    }
    Ok(Event::Put { record: record(kv)?, previous })
}
