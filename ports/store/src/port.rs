//! The port itself.

use crate::{Error, Range, Ranged, Record, Size, Txn, TxnAnswer, Watch, WatchFrom};
use futures::future::BoxFuture;

/// What every engine promises:
/// - strict serializability: a call that begins after another was answered sees it, and revisions only grow;
/// - durability before visibility: no read and no watch shows what a power cut could take back;
/// - a call whose future is dropped may or may not take effect, but never in part.
pub trait Store: Send + Sync + 'static {
    /// The key's record and the revision that was read.
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>>;

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>>;

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>>;

    /// Answers once the watch is registered; a compacted revision is reported by the stream.
    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>>;

    /// Asks that every watch tells how far it has come: each yields a batch whose revision is at least the store's at
    /// the time of this call. (A watch from a future revision does so when that has come.)
    fn progress(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Forgets what only revisions before `at` show. `at` itself stays readable and its events stay watchable.
    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>>;

    /// The newest revision: at least that of every write answered so far. An empty store stands at 1.
    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>>;

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>>;
}
