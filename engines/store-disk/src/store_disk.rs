//! The engine put together: opening, closing, and the port.

use crate::codec::Item;
use crate::committer::Committer;
use crate::disk::Disk;
use crate::engine::{Engine, durable};
use crate::error::OpenError;
use crate::log::Limits;
use crate::queue::Queue;
use crate::real_disk::RealDisk;
use crate::recovery::{Recovered, recover};
use crate::stepper::Stepper;
use clock::Clock;
use futures::future::{BoxFuture, FutureExt};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::{Alarm, Error, Mvcc, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};

/// Far above what an API server sends; a frame must stay below 4 GiB.
const TXN_LIMIT: usize = 32 << 20;

/// An open store. Dropping it ends its writer after what was queued; [`DiskStore::close`] also says so in the log.
pub struct DiskStore {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    alarm: Alarm,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Opens or creates the store in a directory, with a writer thread of its own.
pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Arc<DiskStore>, OpenError> {
    let disk = RealDisk::new(dir).map_err(OpenError::io("create", &dir.to_string_lossy()))?;
    let (store, stepper) = open_with(Arc::new(disk), clock, Limits::default(), true)?;
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
    open_with(disk, clock, limits, false)
}

fn open_with(
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    callers_commit: bool,
) -> Result<(Arc<DiskStore>, Stepper), OpenError> {
    let held = disk.lock().map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::Locked,
        _ => OpenError::io("lock", "the data directory")(error),
    })?;
    let Recovered { machine, log, files } = recover(&disk, clock.random() as u32)?;
    let (mvcc, queue) = (Arc::new(Mvcc::new(machine)), Arc::new(Queue::default()));
    let committer = Mutex::new(Committer::new(log, limits, queue.clone(), mvcc.clone(), clock.clone()));
    let (held, checkpoint_above) = (Mutex::new(Some(held)), AtomicU64::new(0));
    let engine =
        Arc::new(Engine { disk, mvcc, queue, committer, callers_commit, files, limits, held, checkpoint_above });
    let stepper = Stepper::new(engine.clone());
    let store = DiskStore { engine, clock, alarm: Alarm::default(), writer: Mutex::new(None) };
    store.arm();
    Ok((Arc::new(store), stepper))
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
