//! A client of the store that does on purpose what API servers do to it: writes, deletions and compactions in between,
//! watches from the past, the present and the future, quick and slow ones, and reads of every revision. What it is told
//! is held against the ledger.

mod reading;
mod trail;
mod watching;
mod writing;

use crate::gate::{Gate, Reached};
use clock::{Clock, VirtualClock};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Below this lies everything that it writes.
pub const PREFIX: &str = "/probe/";
const ABSENT_WAIT: Duration = Duration::from_millis(300);

pub struct Prober {
    tasks: Vec<JoinHandle<()>>,
}

/// What each of its tasks works with.
struct Probe {
    gate: Arc<Gate>,
    dice: VirtualClock,
}

impl Prober {
    pub fn start(gate: &Arc<Gate>, dice: &VirtualClock) -> Prober {
        let probe = || Probe { gate: gate.clone(), dice: VirtualClock::new(dice.random()) };
        let tasks = vec![
            tokio::spawn(writing::write(probe())),
            tokio::spawn(watching::steady(probe())),
            tokio::spawn(watching::slow(probe())),
            tokio::spawn(watching::slow(probe())),
            tokio::spawn(watching::past(probe())),
            tokio::spawn(watching::future(probe())),
            tokio::spawn(reading::read(probe())),
        ];
        Prober { tasks }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Probe {
    fn below(&self, limit: u64) -> u64 {
        self.dice.random() % limit.max(1)
    }

    async fn pause(&self, most: Duration) {
        tokio::time::sleep(most.mul_f64((self.below(1000) + 1) as f64 / 1000.0)).await;
    }

    /// Waits until there is a store.
    async fn reach(&self) -> Reached {
        loop {
            match self.gate.reach() {
                Some(reached) => return reached,
                None => tokio::time::sleep(ABSENT_WAIT).await,
            }
        }
    }

    fn violation(&self, what: impl std::fmt::Display) {
        self.gate.timeline.violation(what);
    }
}
