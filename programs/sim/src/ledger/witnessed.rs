//! A store whose acknowledgements go into the ledger.

use super::Ledger;
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use store::{Error, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};

pub struct Witnessed {
    pub store: Arc<dyn Store>,
    pub ledger: Ledger,
}

impl Store for Witnessed {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        self.store.get(key, at)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        self.store.range(range)
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        async move {
            let ops = txn.ops.clone();
            let way = self.ledger.begin(&ops);
            match self.store.txn(txn).await {
                Ok(answer) if answer.succeeded => {
                    self.ledger.note(&way, &ops, answer.revision);
                    Ok(answer)
                }
                Err(unknown @ Error::OutcomeUnknown { .. }) => Err(unknown),
                refused => {
                    self.ledger.refused(&way);
                    refused
                }
            }
        }
        .boxed()
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        self.store.watch(from)
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.store.progress()
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.store.compact(at).await?;
            self.ledger.compacted_at(at);
            Ok(())
        }
        .boxed()
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        self.store.revision()
    }

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        self.store.size()
    }
}
