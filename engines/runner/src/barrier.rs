//! Read your writes: a key is not looked at again before the caches show what its last plan did. This replaces counted
//! expectations, and holds for every controller alike.

use crate::inputs::Inputs;
use client::{Answer, ApiClient, Backoff, ListOptions, Outcome, Request};
use clock::Clock;
use meta::{CompactString, Gvr, Key, Reason, Status};
use std::time::Duration;

/// A cache that lags longer is broken; looking again is then the lesser evil.
const PATIENCE: Duration = Duration::from_secs(300);
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a cache must show first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Awaited {
    /// Everything up to this revision of this object.
    Revision { resource: Gvr, key: Key, revision: u64 },
    /// That the object of this uid has gone.
    Gone { resource: Gvr, key: Key, uid: Option<CompactString> },
    /// Whatever the server says stands there now: the answer to a write was lost, or said that the cache is behind.
    Unsure { resource: Gvr, key: Key },
}

pub(crate) async fn pass(awaited: Vec<Awaited>, inputs: &Inputs, clock: &dyn Clock) {
    let all = async {
        for one in awaited {
            pass_one(one, inputs, clock).await;
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!("a cache does not show what was written; going on without it");
    }
}

async fn pass_one(awaited: Awaited, inputs: &Inputs, clock: &dyn Clock) {
    let (Awaited::Revision { resource, .. } | Awaited::Gone { resource, .. } | Awaited::Unsure { resource, .. }) =
        &awaited;
    let Some(cache) = inputs.cache(resource) else { return };
    match awaited {
        Awaited::Revision { key, revision, .. } => {
            let shown = |object: &std::sync::Arc<meta::Object>| object.header.resource_version >= revision;
            cache.until(|view| view.revision >= revision || view.get(&key).is_some_and(shown)).await;
        }
        Awaited::Gone { key, uid, .. } => {
            let same = |found: &CompactString| uid.as_ref().is_none_or(|uid| uid == found);
            cache.until(|view| view.get(&key).is_none_or(|object| !same(&object.header.uid))).await;
        }
        Awaited::Unsure { resource, key } => {
            if let Some(settled) = settle(resource, key, inputs.reader(), clock).await {
                Box::pin(pass_one(settled, inputs, clock)).await;
            }
        }
    }
}

/// Asks the server what stands there now, until it answers. A list of one name, for the reader may list what it caches.
async fn settle(resource: Gvr, key: Key, reader: &dyn ApiClient, clock: &dyn Clock) -> Option<Awaited> {
    let list = ListOptions { field_selector: format!("metadata.name={}", key.name), ..ListOptions::default() };
    let request = Request { list, ..Request::list(resource.clone(), &key.namespace) };
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        match reader.call(request.clone()).await.and_then(Answer::items) {
            Ok((_, items)) => {
                return Some(match items.first() {
                    Some(found) => Awaited::Revision { resource, key, revision: found.header.resource_version },
                    None => Awaited::Gone { resource, key, uid: None },
                });
            }
            Err(status) if is_final(&status) => return None,
            Err(_) => tokio::time::sleep(backoff.failed(clock.random())).await,
        }
    }
}

/// Asking again would be answered the same.
fn is_final(status: &Status) -> bool {
    Outcome::of(status) == Outcome::Refused && !status.is(Reason::TooManyRequests)
}
