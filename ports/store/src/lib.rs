//! A port: the revisioned key-value store, with the memory engine and the conformance suite.
//!
//! The semantics are etcd's. One revision counts every write of the whole store; a transaction changes several keys
//! under one revision; the past stays readable until it is compacted; a watch is the ordered, unique and gap-free
//! sequence of changes from any revision that is still kept. Nothing here knows Kubernetes.
//!
//! - [`Store`] is the port. Engines: [`Memory`] here, `store-disk`, `store-etcd`.
//! - [`machine`] is the state machine that the memory and the disk engine share: it sequences transactions, keeps
//!   every key's versions and publishes revisions once the engine says that they are durable.
//! - [`suite`] is what every engine must pass (feature `suite`).

mod alarm;
mod error;
pub mod machine;
mod memory;
mod mvcc;
mod port;
mod range;
mod record;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod txn;
mod watch;

pub use alarm::{Alarm, Expiring, deadline_now};
pub use error::Error;
pub use memory::Memory;
pub use mvcc::Mvcc;
pub use port::Store;
pub use range::{Range, Ranged, Want, prefix_end};
pub use record::{Event, Record, Size};
pub use txn::{Compare, Expect, Op, Txn, TxnAnswer};
pub use watch::{Batch, Watch, WatchFrom};
