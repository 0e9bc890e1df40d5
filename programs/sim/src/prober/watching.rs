//! Watches of every sort.

use super::trail::Trail;
use super::{PREFIX, Probe};
use crate::gate::Reached;
use futures::StreamExt;
use std::time::Duration;
use store::{Error, Store, Watch, WatchFrom};
use tokio::time::{Instant, timeout_at};

/// Asked for now and then, as API servers do.
const PROGRESS_OF: u64 = 8;
const SLOW: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_secs(3);
const BETWEEN_MARKS: Duration = Duration::from_millis(100);
/// How far ahead of the newest revision.
const AHEAD: u64 = 6;

/// From now on, and where it broke off.
pub async fn steady(probe: Probe) {
    follow(probe, Duration::ZERO).await;
}

/// The same by one who takes his time.
pub async fn slow(probe: Probe) {
    follow(probe, SLOW).await;
}

async fn follow(probe: Probe, pause: Duration) {
    let mut trail: Option<Trail> = None;
    loop {
        let reached = probe.reach().await;
        let from = trail.as_ref().map_or_else(|| probe.gate.ledger.promised() + 1, |trail| trail.reached + 1);
        let trail_now = trail.get_or_insert_with(|| Trail::from(from));
        let ended = match reached.store.watch(WatchFrom::revision(PREFIX, from)).await {
            Ok(watch) => read(&probe, &reached, watch, trail_now, pause).await,
            Err(error) => Some(error),
        };
        trail_now.check(&probe.gate);
        if matches!(ended, Some(Error::Compacted { .. })) {
            trail = None;
        }
        probe.pause(LOOK).await;
    }
}

async fn read(probe: &Probe, reached: &Reached, mut watch: Watch, trail: &mut Trail, pause: Duration) -> Option<Error> {
    loop {
        if !pause.is_zero() {
            probe.pause(pause).await;
        }
        if probe.below(PROGRESS_OF) == 0 {
            store_progress(&*reached.store).await;
        }
        let batch = tokio::select! {
            biased;
            () = probe.gate.gone(reached.life) => return None,
            batch = watch.next() => batch?,
        };
        match batch {
            Ok(batch) => trail.take(&batch, &probe.gate),
            Err(error) => return Some(error),
        }
        trail.check(&probe.gate);
    }
}

/// Looks back again and again: half of the times from the very revision of the compaction.
pub async fn past(probe: Probe) {
    loop {
        probe.pause(LOOK).await;
        let (oldest, newest) = (probe.gate.ledger.compacted().max(1), probe.gate.ledger.promised());
        let from = match probe.below(2) {
            0 => oldest,
            _ => oldest + probe.below(newest.saturating_sub(oldest)),
        };
        look(&probe, from, newest, LOOK).await;
    }
}

/// Waits for what has not happened yet.
pub async fn future(probe: Probe) {
    loop {
        probe.pause(LOOK).await;
        let from = probe.gate.ledger.promised() + 2 + probe.below(AHEAD);
        look(&probe, from, from + 1, LOOK * 4).await;
    }
}

/// A watch until it has come somewhere, or for some time.
async fn look(probe: &Probe, from: u64, to: u64, patience: Duration) {
    let reached = probe.reach().await;
    let Ok(mut watch) = reached.store.watch(WatchFrom::revision(PREFIX, from)).await else { return };
    let (mut trail, until) = (Trail::from(from), Instant::now() + patience);
    while trail.reached < to {
        store_progress(&*reached.store).await;
        let Ok(Some(Ok(batch))) = timeout_at(until, watch.next()).await else { break };
        trail.take(&batch, &probe.gate);
        // A mark may come again and again without anything having happened.
        tokio::time::sleep(BETWEEN_MARKS).await;
    }
    trail.check(&probe.gate);
}

/// A store that is gone does not tell how far it has come.
async fn store_progress(store: &dyn Store) {
    let _gone = store.progress().await;
}
