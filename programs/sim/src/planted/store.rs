//! A store with a mistake in it.

use super::memory::Memory;
use super::watch;
use crate::bug::Bug;
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use store::{Error, Op, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};

/// One in so many writes is refused when it is applied.
const REFUSED_OF: u64 = 60;
/// By so much a watch goes back in time.
const BACK: u64 = 3;
/// By so much the revision goes back.
const SET_BACK: u64 = 5;

pub struct Planted {
    pub store: Arc<dyn Store>,
    pub bug: Bug,
    pub memory: Arc<Memory>,
}

impl Planted {
    /// What the bug does to a store that is opened after a crash.
    pub async fn reopen(&self) -> Result<(), Error> {
        let last = std::mem::take(&mut self.memory.now().last);
        let lately = std::mem::take(&mut self.memory.now().compacted_lately);
        match self.bug {
            Bug::ApplyTorn => self.store.txn(undo(&last)).await.map(drop),
            Bug::ApplyTwice => {
                let ops = last.into_iter().map(|(op, _)| op).collect();
                self.store.txn(Txn { ops, ..Txn::new() }).await.map(drop)
            }
            Bug::RevisionDecreases => {
                self.memory.now().set_back = if lately { SET_BACK } else { 0 };
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn shown(&self, revision: u64) -> u64 {
        revision.saturating_sub(self.memory.now().set_back)
    }

    async fn write(&self, txn: Txn) -> Result<TxnAnswer, Error> {
        let writes = {
            let mut memory = self.memory.now();
            memory.set_back = 0;
            memory.writes += 1;
            memory.writes
        };
        if self.bug == Bug::ApplyRefused && writes.is_multiple_of(REFUSED_OF) {
            let revision = self.store.revision().await?;
            return Ok(TxnAnswer { revision, succeeded: true, records: Vec::new() });
        }
        let before = match self.bug {
            Bug::ApplyTorn | Bug::ApplyTwice => self.before(&txn).await?,
            _ => Vec::new(),
        };
        let answer = self.store.txn(txn).await?;
        if answer.succeeded {
            self.memory.now().last = before;
        }
        Ok(answer)
    }

    async fn before(&self, txn: &Txn) -> Result<Vec<(Op, Option<Record>)>, Error> {
        let mut before = Vec::new();
        for op in &txn.ops {
            let (_, record) = self.store.get(op.key(), None).await?;
            before.push((op.clone(), record));
        }
        Ok(before)
    }

    async fn read(&self, range: Range) -> Result<Ranged, Error> {
        let newest = Range { at: None, ..range.clone() };
        match self.store.range(range).await {
            Err(Error::Compacted { .. }) if self.bug == Bug::CompactedRead => self.store.range(newest).await,
            Ok(ranged) => Ok(Ranged { revision: self.shown(ranged.revision), ..ranged }),
            refused => refused,
        }
    }

    async fn follow(&self, from: WatchFrom) -> Result<Watch, Error> {
        let revision = self.store.revision().await?;
        let asked = from.from;
        let from = match (self.bug, asked) {
            (Bug::WatchGoesBack, Some(asked)) if asked <= revision => {
                let back = asked.saturating_sub(BACK).max(self.memory.now().compacted).max(1);
                WatchFrom { from: Some(back), ..from }
            }
            (Bug::FutureWatch, Some(asked)) if asked > revision + 1 => WatchFrom { from: Some(revision + 1), ..from },
            _ => from,
        };
        let watch = self.store.watch(from).await?;
        Ok(watch::spoil(watch, self.bug, asked, self.memory.clone()))
    }
}

/// The first operation is taken back.
fn undo(last: &[(Op, Option<Record>)]) -> Txn {
    match last.first() {
        Some((op, Some(before))) => Txn::new().put(op.key().clone(), before.value.clone()),
        Some((op, None)) => Txn::new().delete(op.key().clone()),
        None => Txn::new(),
    }
}

impl Store for Planted {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        async move {
            let (revision, record) = self.store.get(key, at).await?;
            Ok((self.shown(revision), record))
        }
        .boxed()
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        self.read(range).boxed()
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        self.write(txn).boxed()
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        self.follow(from).boxed()
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.store.progress()
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let before = std::mem::replace(&mut self.memory.now().compacted, at);
            let outcome = self.store.compact(at).await;
            let mut memory = self.memory.now();
            memory.compacted_lately |= outcome.is_ok();
            if outcome.is_err() {
                memory.compacted = before;
            }
            outcome
        }
        .boxed()
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        async move { Ok(self.shown(self.store.revision().await?)) }.boxed()
    }

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        self.store.size()
    }
}
