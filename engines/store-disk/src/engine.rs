//! What callers, the writer and the checkpoint share.

use crate::checkpoint::Checkpoint;
use crate::codec::Item;
use crate::committer::Committer;
use crate::disk::{Disk, Held};
use crate::log::Limits;
use crate::queue::{Queue, Waiting};
use crate::segment::Files;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::machine::{Deadline, Machine};
use store::{Error, Expiring, Mvcc};
use tokio::sync::oneshot;

/// How many keys end in one transaction.
const EXPIRE_STEP: usize = 256;

pub struct Engine {
    pub disk: Arc<dyn Disk>,
    pub mvcc: Arc<Mvcc>,
    pub queue: Arc<Queue>,
    pub committer: Mutex<Committer>,
    /// Whether a caller may write on its own thread.
    pub callers_commit: bool,
    pub files: Arc<Files>,
    pub limits: Limits,
    pub held: Mutex<Option<Held>>,
    /// A failed checkpoint is tried again when the log has grown by as much as made it due.
    pub checkpoint_above: AtomicU64,
}

impl Engine {
    /// Every write goes through here: what is decided is queued before the machine is let go.
    pub fn sequence<T>(
        &self,
        decide: impl FnOnce(&mut Machine) -> Result<(T, Option<Item>), Error>,
    ) -> Result<(T, Option<Durable>), Error> {
        let mut machine = self.mvcc.write();
        self.queue.admit()?;
        let (answer, item) = decide(&mut machine)?;
        let revision = machine.sequenced();
        if item.is_none() && revision == machine.published() {
            return Ok((answer, None));
        }
        let (done, durable) = oneshot::channel();
        self.queue.push(Waiting { item, revision, done: Some(done) });
        drop(machine);
        self.drive();
        Ok((answer, Some(durable)))
    }

    /// Has what was queued written: here and now, or by the writer.
    fn drive(&self) {
        let here = self.callers_commit.then(|| self.committer.try_lock().ok()).flatten();
        if !here.is_some_and(|mut committer| committer.step_if_calm()) || self.checkpoint_due() {
            self.queue.wake();
        }
    }

    /// Writes one batch; how many waited for it, and how long it took.
    pub fn commit(&self) -> (usize, Duration) {
        let mut committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner);
        (committer.step(), Duration::try_from(committer.took()).unwrap_or_default())
    }

    pub fn checkpoint_due(&self) -> bool {
        let machine = self.mvcc.read();
        let (live, floor) = (machine.size().live, machine.floor());
        drop(machine);
        let due = live.max(self.limits.garbage_min).max(self.checkpoint_above.load(Ordering::Relaxed));
        self.files.reclaimable(floor) >= due
    }

    pub fn checkpoint(&self) -> io::Result<Checkpoint> {
        Checkpoint::begin(self.disk.clone(), self.mvcc.clone(), self.files.clone())
    }

    pub fn checkpoint_ended(&self, outcome: &io::Result<()>) {
        let above = match outcome {
            Ok(()) => 0,
            Err(error) => {
                tracing::warn!(%error, "cannot write a snapshot, the log keeps growing");
                let reclaimable = self.files.reclaimable(self.mvcc.read().floor());
                reclaimable.saturating_add(self.limits.garbage_min)
            }
        };
        self.checkpoint_above.store(above, Ordering::Relaxed);
    }
}

pub type Durable = oneshot::Receiver<Result<(), Error>>;

pub async fn durable(waiting: Option<Durable>) -> Result<(), Error> {
    match waiting {
        None => Ok(()),
        Some(waiting) => {
            waiting.await.unwrap_or_else(|_| Err(Error::outcome_unknown("the store went down with the write")))
        }
    }
}

impl Expiring for Engine {
    fn next_deadline(&self) -> Option<Deadline> {
        self.mvcc.read().next_deadline()
    }

    /// Nobody waits for the outcome: what the disk refuses is due again at the next look.
    fn expire(&self, now: Deadline) {
        loop {
            let ended = self.sequence(|machine| {
                let entry = machine.expire(now, EXPIRE_STEP).map(Item::Txn);
                Ok((entry.is_some(), entry))
            });
            if !matches!(ended, Ok((true, _))) {
                return;
            }
        }
    }
}
