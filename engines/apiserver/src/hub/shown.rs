//! Up to which revision everything has been taken in by every kind.

use tokio::sync::watch;

pub struct Shown(watch::Sender<u64>);

impl Shown {
    pub fn new(revision: u64) -> Shown {
        Shown(watch::Sender::new(revision))
    }

    pub fn revision(&self) -> u64 {
        *self.0.borrow()
    }

    pub fn advance(&self, revision: u64) {
        self.0.send_if_modified(|shown| {
            let later = revision > *shown;
            *shown = revision.max(*shown);
            later
        });
    }

    /// Returns once everything up to `revision` can be seen; false when the pump has ended for good.
    pub async fn reaches(&self, revision: u64) -> bool {
        if self.revision() >= revision {
            return true;
        }
        self.0.subscribe().wait_for(|shown| *shown >= revision).await.is_ok()
    }
}
