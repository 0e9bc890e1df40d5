//! Ending keys in time: one task an engine, asleep until the earliest deadline.

use crate::machine::Deadline;
use clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// Deadlines within this time are served by one wake-up.
const COALESCE: Duration = Duration::from_secs(1);

pub trait Expiring: Send + Sync + 'static {
    fn next_deadline(&self) -> Option<Deadline>;

    /// Deletes every key whose deadline has passed.
    fn expire(&self, now: Deadline);
}

/// The present, in the unit of deadlines.
pub fn deadline_now(clock: &dyn Clock) -> Deadline {
    Deadline::at(u64::try_from(clock.now().as_millisecond()).unwrap_or(0))
}

#[derive(Debug, Default)]
pub struct Alarm {
    bell: Arc<Bell>,
    task: Mutex<Option<AbortHandle>>,
}

#[derive(Debug, Default)]
struct Bell {
    earlier: Notify,
    /// What the task sleeps for; None while it is looking, or when it saw no deadline.
    asleep_until: Mutex<Option<Deadline>>,
}

impl Bell {
    fn asleep_until(&self) -> MutexGuard<'_, Option<Deadline>> {
        self.asleep_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Alarm {
    /// To be called after a write while the engine has a deadline. The first call within a runtime starts the task.
    pub fn arm<E: Expiring>(&self, engine: &Arc<E>, clock: &Arc<dyn Clock>, next: Deadline) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            let ringing = ring(Arc::downgrade(engine), clock.clone(), self.bell.clone());
            *task = Some(runtime.spawn(ringing).abort_handle());
        }
        if self.bell.asleep_until().is_none_or(|known| next < known) {
            self.bell.earlier.notify_one();
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

async fn ring<E: Expiring>(engine: Weak<E>, clock: Arc<dyn Clock>, bell: Arc<Bell>) {
    loop {
        // Before the look, not after: a deadline set in between then leaves its notice.
        *bell.asleep_until() = None;
        let Some(next) = engine.upgrade().map(|engine| engine.next_deadline()) else { return };
        *bell.asleep_until() = next;
        let now = deadline_now(&*clock);
        match next {
            None => bell.earlier.notified().await,
            Some(next) if next > now => {
                // Either the time has come or there is an earlier deadline: both lead to another look.
                let _ = timeout(now.until(next), bell.earlier.notified()).await;
            }
            Some(_) => {
                sleep(COALESCE).await;
                let Some(engine) = engine.upgrade() else { return };
                engine.expire(deadline_now(&*clock));
            }
        }
    }
}
