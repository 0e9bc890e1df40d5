//! From sequenced to durable to visible, a batch at a time. A thread, a task or a simulation steps it.

use crate::codec::Item;
use crate::log::{Failure, Limits, Log};
use crate::queue::{Queue, Waiting};
use std::sync::Arc;
use store::{Error, Mvcc};

pub struct Committer {
    log: Log,
    limits: Limits,
    queue: Arc<Queue>,
    mvcc: Arc<Mvcc>,
}

impl Committer {
    pub fn new(log: Log, limits: Limits, queue: Arc<Queue>, mvcc: Arc<Mvcc>) -> Committer {
        Committer { log, limits, queue, mvcc }
    }

    /// Writes one batch; false when nothing waited.
    pub fn step(&mut self) -> bool {
        let batch = self.queue.take(self.limits.batch);
        if batch.is_empty() {
            return false;
        }
        match self.write(&batch) {
            Ok(()) => self.publish(batch),
            Err(stop) => self.refuse(batch, &stop),
        }
        true
    }

    fn write(&mut self, batch: &[Waiting]) -> Result<(), Stop> {
        if batch.iter().all(|waiting| waiting.item.is_none()) {
            return Ok(());
        }
        self.rotate_when_full()?;
        self.log.commit(batch.iter().filter_map(|waiting| waiting.item.as_ref())).map_err(|failure| match failure {
            Failure::Refused(error) => Stop { lost: false, written: false, reason: error.to_string() },
            Failure::Lost(error) => Stop { lost: true, written: true, reason: error.to_string() },
        })
    }

    fn rotate_when_full(&mut self) -> Result<(), Stop> {
        let live = self.mvcc.read().size().live;
        if self.log.length() < self.limits.segment(live) {
            return Ok(());
        }
        match self.log.rotate() {
            Ok(()) => Ok(()),
            Err(Failure::Refused(error)) => {
                tracing::warn!(%error, "cannot begin a new log segment, going on with the old one");
                Ok(())
            }
            Err(Failure::Lost(error)) => Err(Stop { lost: true, written: false, reason: error.to_string() }),
        }
    }

    fn publish(&mut self, batch: Vec<Waiting>) {
        let reached = batch.last().map_or(0, |waiting| waiting.revision);
        self.mvcc.publish(reached);
        for waiting in batch {
            match waiting.item {
                Some(Item::Compact { at }) => self.mvcc.compact(at),
                Some(Item::Closed) => {
                    self.log.close_active();
                    self.shut();
                }
                _ => {}
            }
            waiting.answer(Ok(()));
        }
    }

    /// Whoever slipped in behind the closing item is turned away.
    fn shut(&self) {
        let mut machine = self.mvcc.write();
        self.queue.shut(Error::unavailable("the store is closed"));
        let late = self.queue.drain();
        machine.roll_back();
        drop(machine);
        late.into_iter().for_each(|waiting| waiting.answer(Err(Error::unavailable("the store is closed"))));
    }

    /// Everything sequenced behind the batch was judged by what it would have changed: all of it falls.
    fn refuse(&self, batch: Vec<Waiting>, stop: &Stop) {
        let refused = Error::unavailable(format!("the log cannot be written: {}", stop.reason));
        let mut machine = self.mvcc.write();
        if stop.lost {
            tracing::error!(reason = stop.reason, "the log is lost: no more writes until it is opened again");
            self.queue.shut(refused.clone());
        } else {
            tracing::warn!(reason = stop.reason, "the disk refuses writes");
        }
        let behind = self.queue.drain();
        machine.roll_back();
        drop(machine);
        for waiting in batch {
            let unknown = stop.written && waiting.item.is_some();
            waiting.answer(Err(if unknown { Error::outcome_unknown(&stop.reason) } else { refused.clone() }));
        }
        behind.into_iter().for_each(|waiting| waiting.answer(Err(refused.clone())));
    }
}

/// Why a batch was not committed.
struct Stop {
    /// The log cannot go on.
    lost: bool,
    /// The batch may be on the disk.
    written: bool,
    reason: String,
}
