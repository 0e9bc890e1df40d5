//! The three ways to move the engine on: a thread, a task, or a simulation's own steps.

use crate::checkpoint::Checkpoint;
use crate::engine::Engine;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// In a batch of fewer, each would notice that the writer rests.
const FEW: usize = 4;
const LONGEST_REST: Duration = Duration::from_millis(2);

/// After a batch of many the writer rests, the longer the more they are: the next will be larger, and a sync costs the
/// processor as much for a few writes as for a hundred. Whoever is among so many has waited for longer than that.
fn rest(count: usize, took: Duration) -> Duration {
    if count < FEW { Duration::ZERO } else { took.saturating_mul(count as u32 / 2).min(LONGEST_REST) }
}

/// What moves the engine on: commits first, a checkpoint beside them.
pub struct Stepper {
    engine: Arc<Engine>,
    checkpoint: Option<Checkpoint>,
}

impl Stepper {
    pub(crate) fn new(engine: Arc<Engine>) -> Stepper {
        Stepper { engine, checkpoint: None }
    }

    /// Commits one batch; false when there was none.
    pub fn commit(&mut self) -> bool {
        self.engine.commit().0 > 0
    }

    /// Begins a checkpoint if one is due, or takes it one step on; false when there is nothing to do.
    pub fn checkpoint(&mut self) -> bool {
        let outcome = match &mut self.checkpoint {
            None if !self.engine.checkpoint_due() => return false,
            None => match self.engine.checkpoint() {
                Ok(begun) => {
                    self.checkpoint = Some(begun);
                    return true;
                }
                Err(error) => Err(error),
            },
            Some(checkpoint) => match checkpoint.step() {
                Ok(false) => return true,
                Ok(true) => Ok(()),
                Err(error) => Err(error),
            },
        };
        self.checkpoint = None;
        self.engine.checkpoint_ended(&outcome);
        true
    }

    pub(crate) async fn run_as_task(mut self) {
        loop {
            // Not one or the other: under constant writes a checkpoint would never come to its turn.
            while self.commit() | (!self.engine.queue.stopped() && self.checkpoint()) {
                tokio::task::yield_now().await;
            }
            if self.engine.queue.stopped() {
                return;
            }
            self.engine.queue.notified().await;
        }
    }

    /// A checkpoint gets a thread of its own: a commit never waits for one.
    pub(crate) fn run(self) {
        let mut beside: Option<JoinHandle<()>> = None;
        while self.engine.queue.wait() {
            let (count, took) = self.engine.commit();
            std::thread::sleep(rest(count, took));
            if beside.as_ref().is_none_or(JoinHandle::is_finished) && self.engine.checkpoint_due() {
                beside = run_checkpoint(&self.engine);
            }
        }
        if let Some(Err(_)) = beside.map(JoinHandle::join) {
            tracing::error!("a checkpoint panicked");
        }
    }
}

fn run_checkpoint(engine: &Arc<Engine>) -> Option<JoinHandle<()>> {
    let owned = engine.clone();
    let write = move || -> io::Result<()> {
        let mut checkpoint = owned.checkpoint()?;
        while !owned.queue.stopped() && !checkpoint.step()? {}
        Ok(())
    };
    let owned = engine.clone();
    let thread = std::thread::Builder::new().name("store-checkpoint".into());
    match thread.spawn(move || owned.checkpoint_ended(&write())) {
        Ok(thread) => Some(thread),
        Err(error) => {
            engine.checkpoint_ended(&Err(error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_rests_after_many_and_never_for_long() {
        let micros = Duration::from_micros;
        for (count, took, expected) in
            [(0, 100, 0), (1, 100, 0), (3, 900, 0), (4, 100, 200), (9, 100, 400), (40, 100, 2_000), (1_000, 100, 2_000)]
        {
            assert_eq!(rest(count, micros(took)), micros(expected), "{count} in {took} us");
        }
    }
}
