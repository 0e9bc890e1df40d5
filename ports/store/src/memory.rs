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
