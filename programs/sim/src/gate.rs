//! The one place where the API server can be reached, while there is one.

use crate::ledger::Ledger;
use crate::scenario::Bug;
use crate::timeline::Timeline;
use apiserver::engine::Api;
use client::Latest;
use client::fake::Faults;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub struct Gate {
    server: Mutex<Option<Arc<Api>>>,
    /// How many servers have ended.
    ended: Latest<()>,
    faults: Mutex<Faults>,
    pub bug: Option<Bug>,
    pub ledger: Ledger,
    pub timeline: Timeline,
}

/// A server as one caller has found it.
pub struct Reached {
    pub api: Arc<Api>,
    life: u64,
}

impl Gate {
    pub fn new(bug: Option<Bug>, ledger: Ledger, timeline: Timeline) -> Arc<Gate> {
        let (server, ended, faults) = (Mutex::default(), Latest::new(()), Mutex::default());
        Arc::new(Gate { server, ended, faults, bug, ledger, timeline })
    }

    fn server(&self) -> MutexGuard<'_, Option<Arc<Api>>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn open(&self, api: Arc<Api>) {
        *self.server() = Some(api);
    }

    /// Every call and every watch on its way breaks off.
    pub fn close(&self) {
        drop(self.server().take());
        self.ended.set(());
    }

    pub fn reach(&self) -> Option<Reached> {
        let api = self.server().clone()?;
        Some(Reached { api, life: self.ended.version() })
    }

    /// Returns when that server is gone.
    pub async fn gone(&self, life: u64) {
        self.ended.after(life).await;
    }

    pub fn faults(&self) -> Faults {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_faults(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }
}

impl Reached {
    pub fn life(&self) -> u64 {
        self.life
    }
}
