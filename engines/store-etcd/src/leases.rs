//! Leases, shared: one for all keys of equal time to live that are put within a window.
//!
//! A lease of its own for each key costs the cluster a proposal more a put, and it keeps every lease in memory.

use crate::failure;
use crate::members::{Effect, Members};
use crate::wire::LeaseGrantRequest;
use crate::wire::lease_client::LeaseClient;
use std::collections::BTreeMap;
use std::time::Duration;
use store::Error;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// By how much a key may outlive its time: this part of it, and no more than a minute.
const WINDOW_PART: u32 = 20;
const WINDOW_MOST: Duration = Duration::from_secs(60);
/// etcd walks all keys of a lease at once when it ends.
const KEYS_MOST: u32 = 1000;

#[derive(Debug, Default)]
pub struct Leases {
    /// Held while a lease is granted: who comes meanwhile wants the very same one.
    by_time: Mutex<BTreeMap<Duration, Shared>>,
}

#[derive(Debug)]
struct Shared {
    lease: i64,
    /// A key put later would end before its time.
    until: Instant,
    keys: u32,
}

impl Leases {
    pub async fn lease(&self, members: &Members, time: Duration) -> Result<i64, Error> {
        let mut by_time = self.by_time.lock().await;
        let now = Instant::now();
        if let Some(shared) = by_time.get_mut(&time)
            && shared.until > now
            && shared.keys < KEYS_MOST
        {
            shared.keys += 1;
            return Ok(shared.lease);
        }
        let window = window(time);
        let lease = grant(members, time + window).await?;
        by_time.retain(|_, shared| shared.until > now);
        by_time.insert(time, Shared { lease, until: now + window, keys: 1 });
        Ok(lease)
    }

    /// After etcd said that one of them is gone.
    pub async fn forget(&self) {
        self.by_time.lock().await.clear();
    }
}

fn window(time: Duration) -> Duration {
    (time / WINDOW_PART).min(WINDOW_MOST)
}

/// A grant that was lost on the way is a lease without keys, which ends by itself: asking again does no harm.
async fn grant(members: &Members, time: Duration) -> Result<i64, Error> {
    let request = LeaseGrantRequest { ttl: whole_seconds(time), id: 0 };
    let granted = members
        .ask(Effect::Reads, |channel| async move { LeaseClient::new(channel).lease_grant(request).await })
        .await
        .map_err(|status| failure::error(Effect::Reads, &status))?
        .into_inner();
    match granted.error.as_str() {
        "" => Ok(granted.id),
        why => Err(Error::unavailable(format_args!("etcd grants no lease: {why}"))),
    }
}

/// Rounded up: no key ends before its time.
fn whole_seconds(time: Duration) -> i64 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_covers_its_window() {
        let check = |time: u64, expect: i64| {
            let time = Duration::from_secs(time);
            assert_eq!(whole_seconds(time + window(time)), expect, "{time:?}");
        };
        check(3, 4);
        check(15, 16);
        check(40, 42);
        check(3600, 3660);
    }
}
