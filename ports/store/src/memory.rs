//! The engine that keeps everything in memory: for tests, simulations and clusters that may forget.

use crate::machine::Deadline;
use crate::{Alarm, Error, Expiring, Mvcc, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};
use clock::Clock;
use futures::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;

/// How many keys end in one transaction.
const EXPIRE_STEP: usize = 256;

pub struct Memory {
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    alarm: Alarm,
}

struct Engine {
    mvcc: Arc<Mvcc>,
}

impl Memory {
    pub fn new(clock: Arc<dyn Clock>) -> Memory {
        let engine = Arc::new(Engine { mvcc: Arc::new(Mvcc::default()) });
        Memory { engine, clock, alarm: Alarm::default() }
    }

    fn commit(&self, txn: Txn) -> Result<TxnAnswer, Error> {
        let now = crate::deadline_now(&*self.clock);
        let mut machine = self.engine.mvcc.write();
        let answer = machine.sequence(txn, now)?.answer;
        let wakes = machine.publish(answer.revision);
        let deadline = machine.next_deadline();
        drop(machine);
        wakes.send();
        if let Some(deadline) = deadline {
            self.alarm.arm(&self.engine, &self.clock, deadline);
        }
        Ok(answer)
    }

    fn mvcc(&self) -> &Arc<Mvcc> {
        &self.engine.mvcc
    }
}

impl Expiring for Engine {
    fn next_deadline(&self) -> Option<Deadline> {
        self.mvcc.read().next_deadline()
    }

    fn expire(&self, now: Deadline) {
        loop {
            let mut machine = self.mvcc.write();
            let Some(entry) = machine.expire(now, EXPIRE_STEP) else { return };
            let wakes = machine.publish(entry.revision);
            drop(machine);
            wakes.send();
        }
    }
}

impl Store for Memory {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        async move { self.mvcc().read().get(key, at) }.boxed()
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        async move { self.mvcc().read().range(&range) }.boxed()
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        async move { self.commit(txn) }.boxed()
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        async move { Ok(self.mvcc().watch(&from)) }.boxed()
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.mvcc().progress();
            Ok(())
        }
        .boxed()
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.mvcc().read().check_compact(at)?;
            self.mvcc().compact(at);
            self.mvcc().prune();
            Ok(())
        }
        .boxed()
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        ready(Ok(self.mvcc().read().published())).boxed()
    }

    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        ready(Ok(self.mvcc().read().size())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{self, Harness};
    use clock::VirtualClock;
    use std::time::Duration;

    struct InMemory;

    impl Harness for InMemory {
        fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)> {
            let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(VirtualClock::new(1))));
            ready((store, "/test/".to_owned())).boxed()
        }

        fn pass(&self, time: Duration) -> Option<BoxFuture<'_, ()>> {
            Some(tokio::time::sleep(time).boxed())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn conforms() {
        suite::run(Arc::new(InMemory)).await;
    }

    #[test]
    fn conforms_on_two_threads() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        runtime.block_on(suite::run(Arc::new(Untimed)));
    }

    struct Untimed;

    impl Harness for Untimed {
        fn fresh(&self) -> BoxFuture<'_, (Arc<dyn Store>, String)> {
            InMemory.fresh().now_or_never().map(|fresh| ready(fresh).boxed()).expect("memory is there at once")
        }

        fn pass(&self, _: Duration) -> Option<BoxFuture<'_, ()>> {
            None
        }
    }
}
