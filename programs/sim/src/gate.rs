//! The one place where the API server and its store can be reached, while there are any.

use crate::bug::Bug;
use crate::fault::Faults;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::timeline::Timeline;
use apiserver::engine::Api;
use client::Latest;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;

pub struct Gate {
    server: Mutex<Option<Open>>,
    /// How many servers have ended.
    ended: Latest<()>,
    faults: Mutex<Faults>,
    pub network: Network,
    pub bug: Option<Bug>,
    pub ledger: Ledger,
    pub timeline: Timeline,
    calls: AtomicU64,
}

#[derive(Clone)]
struct Open {
    api: Arc<Api>,
    store: Arc<dyn Store>,
}

/// A server as one caller has found it.
pub struct Reached {
    pub api: Arc<Api>,
    pub store: Arc<dyn Store>,
    pub life: u64,
}

impl Gate {
    pub fn new(bug: Option<Bug>, ledger: Ledger, timeline: Timeline) -> Arc<Gate> {
        let (server, ended, faults) = (Mutex::default(), Latest::new(()), Mutex::default());
        let (network, calls) = (Network::default(), AtomicU64::new(0));
        Arc::new(Gate { server, ended, faults, network, bug, ledger, timeline, calls })
    }

    fn server(&self) -> MutexGuard<'_, Option<Open>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn open(&self, api: Arc<Api>, store: Arc<dyn Store>) {
        *self.server() = Some(Open { api, store });
    }

    /// Every call and every watch on its way breaks off.
    pub fn close(&self) {
        drop(self.server().take());
        self.ended.set(());
    }

    pub fn reach(&self) -> Option<Reached> {
        let Open { api, store } = self.server().clone()?;
        Some(Reached { api, store, life: self.ended.version() })
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

    pub fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}
