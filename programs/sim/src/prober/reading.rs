//! Reads of the newest revision, of old ones, of one that is gone and of one that has not happened.

use super::{PREFIX, Probe};
use std::time::Duration;
use store::{Error, Range, Store};

const PAUSE: Duration = Duration::from_secs(2);
const FAR_AHEAD: u64 = 1_000_000;

pub async fn read(probe: Probe) {
    loop {
        probe.pause(PAUSE).await;
        let store = probe.reach().await.store;
        newest(&probe, &*store).await;
        old(&probe, &*store).await;
        gone(&probe, &*store).await;
        future(&probe, &*store).await;
    }
}

async fn newest(probe: &Probe, store: &dyn Store) {
    let promised = probe.gate.ledger.promised();
    let Ok(found) = store.range(Range::prefix(PREFIX)).await else { return };
    if found.revision < promised {
        probe.violation(format_args!("a read at {} is older than {promised}, which was acknowledged", found.revision));
    }
    for wrong in probe.gate.ledger.contradictions(PREFIX, found.revision, &found.records) {
        probe.violation(wrong);
    }
}

async fn old(probe: &Probe, store: &dyn Store) {
    let (oldest, newest) = (probe.gate.ledger.compacted().max(1), probe.gate.ledger.promised());
    let at = oldest + probe.below(newest.saturating_sub(oldest));
    // It may be compacted meanwhile.
    let Ok(found) = store.range(Range::prefix(PREFIX).at(at)).await else { return };
    for wrong in probe.gate.ledger.contradictions(PREFIX, at, &found.records) {
        probe.violation(wrong);
    }
}

async fn gone(probe: &Probe, store: &dyn Store) {
    let compacted = probe.gate.ledger.compacted();
    let Some(at) = compacted.checked_sub(1 + probe.below(5)).filter(|at| *at > 0) else { return };
    if let Ok(found) = store.range(Range::prefix(PREFIX).at(at)).await {
        let revision = found.revision;
        probe.violation(format_args!(
            "revision {at} was read (as {revision}) although everything before {compacted} is gone"
        ));
    }
}

async fn future(probe: &Probe, store: &dyn Store) {
    let at = probe.gate.ledger.promised() + FAR_AHEAD;
    match store.range(Range::prefix(PREFIX).at(at)).await {
        Err(Error::FutureRevision { .. } | Error::Unavailable { .. }) => {}
        Err(other) => probe.violation(format_args!("revision {at} has not happened, a read says {other}")),
        Ok(_) => probe.violation(format_args!("revision {at} has not happened and was read")),
    }
}
