//! The engine put together, and its three drivers: a thread, a task, or a simulation's own steps.

use crate::checkpoint::Checkpoint;
use crate::codec::Item;
use crate::committer::Committer;
use crate::disk::{Disk, Held};
use crate::error::OpenError;
use crate::log::Limits;
use crate::queue::{Queue, Waiting};
use crate::real_disk::RealDisk;
use crate::recovery::{Recovered, recover};
use crate::segment::Files;
use clock::Clock;
use futures::future::{BoxFuture, FutureExt};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::machine::{Deadline, Machine};
use store::{Alarm, Error, Expiring, Mvcc, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};
use tokio::sync::oneshot;

/// Far above what an API server sends; a frame must stay below 4 GiB.
const TXN_LIMIT: usize = 32 << 20;
/// How many keys end in one transaction.
const EXPIRE_STEP: usize = 256;

/// An open store. Dropping it ends its writer after what was queued; [`DiskStore::close`] also says so in the log.
pub struct DiskStore {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    alarm: Alarm,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Engine {
    disk: Arc<dyn Disk>,
    mvcc: Arc<Mvcc>,
    queue: Arc<Queue>,
    files: Arc<Files>,
    limits: Limits,
    held: Mutex<Option<Held>>,
    /// A failed checkpoint is tried again when the log has grown by as much as made it due.
    checkpoint_above: AtomicU64,
}

/// Opens or creates the store in a directory, with a writer thread of its own.
pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Arc<DiskStore>, OpenError> {
    let disk = RealDisk::new(dir).map_err(OpenError::io("create", &dir.to_string_lossy()))?;
    let (store, stepper) = open_stepped(Arc::new(disk), clock, Limits::default())?;
    let writer = std::thread::Builder::new().name("store-writer".into()).spawn(move || stepper.run());
    *store.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer.map_err(OpenError::Thread)?);
    Ok(store)
}

/// The same in one thread with everything else: a task of the current runtime writes. Virtual time stays exact.
pub fn open_in_task(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, limits: Limits) -> Result<Arc<DiskStore>, OpenError> {
    let (store, stepper) = open_stepped(disk, clock, limits)?;
    tokio::spawn(stepper.run_as_task());
    Ok(store)
}

/// Nothing is written but by the caller's steps.
pub fn open_stepped(
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    limits: Limits,
) -> Result<(Arc<DiskStore>, Stepper), OpenError> {
    let held = disk.lock().map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::Locked,
        _ => OpenError::io("lock", "the data directory")(error),
    })?;
    let Recovered { machine, log, files } = recover(&disk, clock.random() as u32)?;
    let (mvcc, queue) = (Arc::new(Mvcc::new(machine)), Arc::new(Queue::default()));
    let committer = Committer::new(log, limits, queue.clone(), mvcc.clone());
    let (held, checkpoint_above) = (Mutex::new(Some(held)), AtomicU64::new(0));
    let engine = Arc::new(Engine { disk, mvcc, queue, files, limits, held, checkpoint_above });
    let stepper = Stepper { engine: engine.clone(), committer, checkpoint: None };
    let store = DiskStore { engine, clock, alarm: Alarm::default(), writer: Mutex::new(None) };
    store.arm();
    Ok((Arc::new(store), stepper))
}

impl Engine {
    /// Every write goes through here: what is decided is queued before the machine is let go.
    fn sequence<T>(
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
        Ok((answer, Some(durable)))
    }

    fn checkpoint_due(&self) -> bool {
        let machine = self.mvcc.read();
        let (live, floor) = (machine.size().live, machine.floor());
        drop(machine);
        let due = live.max(self.limits.garbage_min).max(self.checkpoint_above.load(Ordering::Relaxed));
        self.files.reclaimable(floor) >= due
    }

    fn checkpoint(&self) -> io::Result<Checkpoint> {
        Checkpoint::begin(self.disk.clone(), self.mvcc.clone(), self.files.clone())
    }

    fn checkpoint_ended(&self, outcome: &io::Result<()>) {
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

type Durable = oneshot::Receiver<Result<(), Error>>;

async fn durable(waiting: Option<Durable>) -> Result<(), Error> {
    match waiting {
        None => Ok(()),
        Some(waiting) => {
            waiting.await.unwrap_or_else(|_| Err(Error::outcome_unknown("the store went down with the write")))
        }
    }
}

/// What moves the engine on: commits first, a checkpoint beside them.
pub struct Stepper {
    engine: Arc<Engine>,
    committer: Committer,
    checkpoint: Option<Checkpoint>,
}

impl Stepper {
    /// Commits one batch; false when there was none.
    pub fn commit(&mut self) -> bool {
        self.committer.step()
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

    async fn run_as_task(mut self) {
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
    fn run(mut self) {
        let mut beside: Option<JoinHandle<()>> = None;
        while self.engine.queue.wait() {
            self.committer.step();
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

impl DiskStore {
    /// Waits for everything queued, marks the log as whole and lets go of the directory. Reads go on; writes are
    /// refused from now on.
    pub async fn close(&self) -> Result<(), Error> {
        let ((), waiting) = self.engine.sequence(|_| Ok(((), Some(Item::Closed))))?;
        durable(waiting).await?;
        self.end_writer();
        drop(self.engine.held.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }

    fn end_writer(&self) {
        self.engine.queue.stop();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(_)) = writer.map(JoinHandle::join) {
            tracing::error!("the store's writer panicked");
        }
    }

    async fn commit(&self, txn: Txn) -> Result<TxnAnswer, Error> {
        let bytes = txn.bytes();
        if bytes > TXN_LIMIT {
            return Err(Error::TooLarge { bytes, limit: TXN_LIMIT });
        }
        let now = store::deadline_now(&*self.clock);
        let (answer, waiting) = self.engine.sequence(|machine| {
            let sequenced = machine.sequence(txn, now)?;
            Ok((sequenced.answer, sequenced.entry.map(Item::Txn)))
        })?;
        self.arm();
        durable(waiting).await?;
        Ok(answer)
    }

    fn arm(&self) {
        let next = self.engine.mvcc.read().next_deadline();
        if let Some(next) = next {
            self.alarm.arm(&self.engine, &self.clock, next);
        }
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        self.end_writer();
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

impl Store for DiskStore {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        async move { self.engine.mvcc.read().get(key, at) }.boxed()
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        async move { self.engine.mvcc.read().range(&range) }.boxed()
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        self.commit(txn).boxed()
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        async move { Ok(self.engine.mvcc.watch(&from)) }.boxed()
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.engine.mvcc.progress();
            Ok(())
        }
        .boxed()
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let ((), waiting) = self.engine.sequence(|machine| {
                machine.check_compact(at)?;
                Ok(((), Some(Item::Compact { at })))
            })?;
            durable(waiting).await?;
            while self.engine.mvcc.prune_step() {
                tokio::task::yield_now().await;
            }
            Ok(())
        }
        .boxed()
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        async move { Ok(self.engine.mvcc.read().published()) }.boxed()
    }

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        async move {
            let live = self.engine.mvcc.read().size().live;
            Ok(Size { total: self.engine.files.total(), live })
        }
        .boxed()
    }
}
