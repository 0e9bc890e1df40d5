//! I/O: runs any controller: wakes keys on changes, asks the controller for a plan, applies it through the API, waits
//! until the caches show what was written, and comes back later where something failed or the plan says so.
//!
//! All waiting is tokio's and all chance is the clock's, so that a paused runtime with a seed replays exactly.

mod apply;
mod barrier;
mod drive;
mod events;
mod inputs;
mod lease;
mod metrics;
mod queue;
mod scheduling;
mod worker;

pub use events::Recorder;
pub use lease::{Elector, LeaseTimes};
pub use metrics::{ControllerMetrics, Metrics};
pub use scheduler::Profile;
pub use scheduling::start_scheduler;

use client::{ApiClient, Caches};
use clock::Clock;
use plan::Controller;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many keys of one controller are worked on at once.
const WORKERS: usize = 10;

pub struct Runner {
    caches: Arc<Caches>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

/// A controller at work. Dropping it ends it at once; [`Running::stop`] lets it finish what it has begun.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Runner {
    pub fn new(caches: Arc<Caches>, clock: Arc<dyn Clock>) -> Runner {
        Runner { caches, clock, metrics: Arc::default() }
    }

    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Begins to run a controller, which writes through `client` with an identity of its own.
    pub fn start(&self, controller: Arc<dyn Controller>, client: Arc<dyn ApiClient>) -> Running {
        let (stop, stopped) = watch::channel(false);
        let recorder = Recorder::start(client.clone(), self.clock.clone(), controller.event_source());
        let worker = worker::Worker {
            metrics: self.metrics.of(controller.name()),
            inputs: inputs::Inputs::open(&self.caches, &controller.reads()),
            clock: self.clock.clone(),
            permits: tokio::sync::Semaphore::new(WORKERS),
            recorder,
            controller,
            client,
        };
        let task = tokio::spawn(drive::drive(Arc::new(worker), stopped));
        Running { stop, task }
    }
}

impl Running {
    /// Takes no further key, and returns when those that were begun are done.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(failure) = (&mut self.task).await {
            tracing::error!(%failure, "a controller did not stop well");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
