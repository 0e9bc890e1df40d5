//! Up to which revision everything has been taken in by every kind.

use client::Latest;

/// Its waiters wake in order, so that a simulation replays.
pub struct Shown(Latest<u64>);

impl Shown {
    pub fn new(revision: u64) -> Shown {
        Shown(Latest::new(revision))
    }

    pub fn revision(&self) -> u64 {
        self.0.get()
    }

    /// Only the pump advances it.
    pub fn advance(&self, revision: u64) {
        if revision > self.revision() {
            self.0.set(revision);
        }
    }

    /// Returns once everything up to `revision` can be seen.
    pub async fn reaches(&self, revision: u64) -> bool {
        self.0.until(|shown| *shown >= revision).await;
        true
    }
}
