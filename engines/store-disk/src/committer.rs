//! From sequenced to durable to visible, a batch at a time. A thread, a task or a simulation steps it.

use crate::codec::Item;
use crate::log::{Failure, Limits, Log};
use crate::queue::{Queue, Waiting};
use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use store::{Error, Mvcc};

pub struct Committer {
    log: Log,
    limits: Limits,
    queue: Arc<Queue>,
    mvcc: Arc<Mvcc>,
    clock: Arc<dyn Clock>,
    pace: Pace,
}

/// How fast the disk is, and whether it is wanted.
struct Pace {
    took: SignedDuration,
    ended: Timestamp,
    /// How many waited for the last batch.
    count: usize,
}

/// For less than this a caller may be held up by a commit that it does itself.
const SHORT: SignedDuration = SignedDuration::from_micros(500);

impl Pace {
    /// Whether a lone caller does better to write itself than to wake the writer, be woken by it, and leave a
    /// processor to others meanwhile: there are no others, and the disk answers at once.
    fn is_calm(&self, now: Timestamp) -> bool {
        self.took < SHORT && self.count == 1 && now.duration_since(self.ended) > self.took / 2
    }
}

impl Committer {
    pub fn new(log: Log, limits: Limits, queue: Arc<Queue>, mvcc: Arc<Mvcc>, clock: Arc<dyn Clock>) -> Committer {
        let pace = Pace { took: SHORT, ended: clock.now(), count: 0 };
        Committer { log, limits, queue, mvcc, clock, pace }
    }

    /// Writes one batch on the caller's thread, if that is the better way.
    pub fn step_if_calm(&mut self) -> bool {
        self.pace.is_calm(self.clock.now()) && self.step() > 0
    }

    /// Writes one batch; how many waited for it.
    pub fn step(&mut self) -> usize {
        let batch = self.queue.take(self.limits.batch);
        let count = batch.len();
        if count == 0 {
            return 0;
        }
        let begun = self.clock.now();
        let written = self.write(&batch);
        let ended = self.clock.now();
        self.pace = Pace { took: ended.duration_since(begun), ended, count };
        match written {
            Ok(()) => self.publish(batch),
            Err(stop) => self.refuse(batch, &stop),
        }
        count
    }

    /// How long the last batch was on its way to the disk.
    pub fn took(&self) -> SignedDuration {
        self.pace.took
    }

    fn write(&mut self, batch: &[Waiting]) -> Result<(), Stop> {
        if batch.iter().all(|waiting| waiting.item.is_none()) {
            return Ok(());
        }
        self.rotate_when_full()?;
        let items = batch.iter().filter_map(|waiting| waiting.item.as_ref());
        self.log.commit(items, self.limits.room).map_err(|failure| match failure {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_writes_where_the_disk_is_fast_and_nobody_else_writes() {
        let ended = Timestamp::UNIX_EPOCH;
        let micros = SignedDuration::from_micros;
        for (count, took, since, calm) in [
            (1, 100, 50, false),
            (1, 100, 51, true),
            (2, 100, 101, false),
            (1, 499, 10_000, true),
            (1, 500, 10_000, false),
            (1, 100, -50, false), // the clock was set back
        ] {
            let pace = Pace { took: micros(took), ended, count };
            assert_eq!(pace.is_calm(ended + micros(since)), calm, "{count} in {took} us, {since} us ago");
        }
    }
}
