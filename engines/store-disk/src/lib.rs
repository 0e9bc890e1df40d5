//! I/O: the embedded durable engine.
//!
//! Everything is in memory ([`store::machine`]); the disk holds what is needed to build it again: a log of decided
//! transactions and, below it, one snapshot.
//!
//! - A write is sequenced in memory, queued, written and synced together with all others that wait, and only then
//!   published to readers and watchers and answered ([`committer`]). One sync serves many transactions; a lone caller
//!   writes on its own thread where the disk is fast, all others leave it to the writer's.
//! - The log is a row of segment files of frames, each numbered and checksummed ([`frame`], [`segment`]). Nothing is
//!   appended before everything ahead of it is durable, so a damaged frame with a whole one behind it is corruption,
//!   and only a damaged end can be a torn write ([`recovery`]). Behind the last frame there are zeros, which the next
//!   ones are written over: a sync of a file that keeps its length is a third cheaper, and short frames need none, for
//!   they go past the page cache ([`direct`]).
//! - After a compaction, once the log holds as much garbage as there is live data, the state of the compaction's floor
//!   is written as a snapshot and the segments below it are removed ([`checkpoint`]). History above the floor survives
//!   a restart: watches resume across it.
//! - Every access goes through [`Disk`], of which [`SimDisk`] is the faulty one.

mod checkpoint;
mod codec;
mod committer;
mod direct;
mod disk;
mod engine;
mod error;
mod frame;
mod log;
mod queue;
mod real_disk;
mod recovery;
mod segment;
mod sim_disk;
mod stepper;
mod store_disk;

pub use disk::{Disk, DiskFile, Held};
pub use error::OpenError;
pub use log::Limits;
pub use real_disk::RealDisk;
pub use sim_disk::SimDisk;
pub use stepper::Stepper;
pub use store_disk::{DiskStore, open, open_in_task, open_stepped};
