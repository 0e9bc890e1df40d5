//! What a planted bug remembers over crashes: a disk would hold it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{Op, Record};

#[derive(Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Default)]
pub struct Remembered {
    /// The operations of the last transaction with what stood there before.
    pub last: Vec<(Op, Option<Record>)>,
    pub writes: u64,
    /// The revision of the last compaction, and whether it was in this life.
    pub compacted: u64,
    pub compacted_lately: bool,
    /// So many revisions have been forgotten.
    pub set_back: u64,
}

impl Memory {
    pub fn now(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
