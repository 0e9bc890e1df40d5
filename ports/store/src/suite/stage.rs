//! What a case stands on.

use super::Follower;
use crate::{Record, Store, Txn, WatchFrom};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

pub trait Harness: Send + Sync + 'static {
    /// A store, and a prefix below which it is empty.
    fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)>;

    /// Lets this much time pass for the engine. None: this harness has no hold on time, cases that need it are left out.
    fn pass(&self, time: Duration) -> Option<BoxFuture<'_, ()>>;

    /// How many random walks to take.
    fn walks(&self) -> u32 {
        64
    }
}

#[derive(Clone)]
pub struct Stage {
    pub store: Arc<dyn Store>,
    pub prefix: Arc<str>,
    pub harness: Arc<dyn Harness>,
}

impl Stage {
    pub async fn open(harness: &Arc<dyn Harness>) -> Stage {
        let (store, prefix) = harness.fresh().await;
        Stage { store, prefix: prefix.into(), harness: harness.clone() }
    }

    pub fn key(&self, name: &str) -> Arc<str> {
        format!("{}{name}", self.prefix).into()
    }

    pub async fn commit(&self, txn: Txn) -> u64 {
        let answer = self.store.txn(txn).await.expect("the transaction is answered");
        assert!(answer.succeeded, "the transaction has nothing that could fail");
        answer.revision
    }

    pub async fn put(&self, name: &str, value: &str) -> u64 {
        self.commit(Txn::new().put(self.key(name), value.to_owned())).await
    }

    pub async fn delete(&self, name: &str) -> u64 {
        self.commit(Txn::new().delete(self.key(name))).await
    }

    pub async fn get(&self, name: &str) -> Option<Record> {
        self.store.get(&self.key(name), None).await.expect("the key is read").1
    }

    pub async fn get_at(&self, name: &str, revision: u64) -> Option<Record> {
        let (read, record) = self.store.get(&self.key(name), Some(revision)).await.expect("the past is read");
        assert_eq!(read, revision, "the revision asked for is the one read");
        record
    }

    /// The value as text; "-" for an absent key.
    pub async fn value(&self, name: &str) -> String {
        self.get(name).await.map_or("-".into(), |record| text(&record))
    }

    pub async fn revision(&self) -> u64 {
        self.store.revision().await.expect("the revision is told")
    }

    pub async fn compact(&self, at: u64) {
        self.store.compact(at).await.expect("the compaction is done");
    }

    pub async fn follow(&self, from: u64) -> Follower {
        self.follow_as(WatchFrom::revision(&self.prefix, from)).await
    }

    pub async fn follow_as(&self, from: WatchFrom) -> Follower {
        let watch = self.store.watch(from).await.expect("the watch is granted");
        Follower::new(self.store.clone(), watch)
    }
}

pub fn text(record: &Record) -> String {
    String::from_utf8_lossy(&record.value).into_owned()
}
