//! What is written: values that never come again, deletions, pairs that belong together, and compactions, of which half
//! are at the revision of a deletion.

use super::{PREFIX, Probe};
use std::time::Duration;
use store::{Error, Expect, Store, Txn};

const KEYS: u64 = 6;
const PAUSE: Duration = Duration::from_millis(1200);

pub async fn write(probe: Probe) {
    let mut written = 0_u64;
    loop {
        probe.pause(PAUSE).await;
        written += 1;
        let reached = probe.reach().await;
        let key = format!("{PREFIX}{}", probe.below(KEYS));
        // What the store refuses is nobody's loss, and what is unknown stands in the ledger as such.
        let _outcome = match probe.below(10) {
            0..=4 => reached.store.txn(Txn::new().put(key, format!("{written}"))).await.map(drop),
            5..=7 => delete(&probe, &*reached.store, key).await,
            8 => pair(&*reached.store, written).await,
            _ => compact(&probe, &*reached.store).await,
        };
    }
}

async fn delete(probe: &Probe, store: &dyn Store, key: String) -> Result<(), Error> {
    let answer = store.txn(Txn::new().expect(key.as_str(), Expect::Present).delete(key.as_str())).await?;
    if answer.succeeded && probe.below(2) == 0 {
        store.compact(answer.revision).await?;
    }
    Ok(())
}

async fn pair(store: &dyn Store, written: u64) -> Result<(), Error> {
    let both = Txn::new().put(format!("{PREFIX}left"), format!("{written}"));
    store.txn(both.put(format!("{PREFIX}right"), format!("{written}"))).await.map(drop)
}

/// To somewhere between what is gone and what is newest.
async fn compact(probe: &Probe, store: &dyn Store) -> Result<(), Error> {
    let (oldest, newest) = (probe.gate.ledger.compacted(), probe.gate.ledger.promised());
    let at = oldest + probe.below(newest.saturating_sub(oldest));
    if at > oldest { store.compact(at).await } else { Ok(()) }
}
