//! The API server over a disk that a power cut may take things from.

use crate::bug::Bug;
use crate::disk::SwitchedDisk;
use crate::gate::Gate;
use crate::ledger::{OWN, Witnessed};
use crate::planted::Memory;
use crate::planted::store::Planted;
use crate::run::RunError;
use apiserver::authn::Keys;
use apiserver::{ApiServer, Config};
use clock::{Clock, VirtualClock};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store_disk::{Limits, SimDisk};

/// Small, so that segments and snapshots are cut within minutes.
const LIMITS: Limits =
    Limits { segment_min: 64 << 10, segment_max: 1 << 20, garbage_min: 256 << 10, batch: 64 << 10, room: 16 << 10 };
const OPERATIONS: u64 = 12;
const TICK: Duration = Duration::from_millis(50);
const TICKS: usize = 40;
const LONGEST_ABSENCE: u64 = 10_000;

pub struct Server {
    pub disk: SwitchedDisk,
    pub clock: Arc<VirtualClock>,
    gate: Arc<Gate>,
    signer: String,
    planted: Arc<Memory>,
    running: Option<(ApiServer, Arc<dyn Store>)>,
}

impl Server {
    pub async fn start(gate: Arc<Gate>, dice: &VirtualClock) -> Result<Server, RunError> {
        let disk = SwitchedDisk::new(SimDisk::new(dice.random()), gate.bug == Some(Bug::SyncsLie));
        let clock = Arc::new(VirtualClock::new(dice.random()));
        let signer = rcgen::KeyPair::generate().map_err(|why| RunError::Key(why.to_string()))?.serialize_pem();
        let mut server = Server { disk, clock, gate, signer, planted: Arc::default(), running: None };
        server.open(false).await?;
        Ok(server)
    }

    /// Opens the store, holds it against the ledger, and answers from then on. Says how far the store had come.
    async fn open(&mut self, after_crash: bool) -> Result<u64, RunError> {
        let disk = Arc::new(self.disk.clone());
        let opened = store_disk::open_in_task(disk, self.clock.clone(), LIMITS).map_err(RunError::Store)?;
        let store = self.plant(opened, after_crash).await?;
        let revision = self.gate.ledger.audit(&*store, after_crash).await.map_err(RunError::Read)?;
        let witnessed = Arc::new(Witnessed { store: store.clone(), ledger: self.gate.ledger.clone() });
        let keys = Keys::open(&self.signer, "").map_err(|why| RunError::Key(why.to_string()))?;
        let config = Config::alone(witnessed.clone(), self.clock.clone(), keys);
        let server = ApiServer::start(config).await.map_err(RunError::Server)?;
        self.gate.open(server.api.clone(), witnessed);
        self.running = Some((server, store));
        self.gate.timeline.tell(format_args!("api server up at revision {revision}"));
        Ok(revision)
    }

    async fn plant(&self, store: Arc<dyn Store>, after_crash: bool) -> Result<Arc<dyn Store>, RunError> {
        let Some(bug) = self.gate.bug else { return Ok(store) };
        let planted = Planted { store, bug, memory: self.planted.clone() };
        if after_crash {
            planted.reopen().await.map_err(RunError::Read)?;
        }
        Ok(Arc::new(planted))
    }

    /// The power goes in the middle of some operation of the disk, and comes back after a while.
    pub async fn crash(&mut self) -> Result<u64, RunError> {
        self.disk.disk.cut_power_after(self.clock.random() % OPERATIONS);
        for _ in 0..TICKS {
            if !self.disk.disk.powered() {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
        self.gate.close();
        if let Some((server, _)) = self.running.take() {
            server.stop();
        }
        self.disk.disk.restart();
        tokio::time::sleep(Duration::from_millis(self.clock.random() % LONGEST_ABSENCE)).await;
        match self.open(true).await {
            // A server that finds its disk broken says so and ends; it is started again when the disk is mended.
            Err(RunError::Store(_)) if self.disk.is_failing() => {
                self.disk.set_failing(false);
                self.open(true).await
            }
            opened => opened,
        }
    }

    pub fn jump(&self, seconds: i64) {
        self.clock.set_skew(self.clock.skew() + SignedDuration::from_secs(seconds));
    }

    pub fn set_clock_right(&self) {
        self.clock.set_skew(SignedDuration::ZERO);
    }

    /// Whether the store still takes writes: a failed sync ends that until it is opened again.
    pub async fn is_writable(&self) -> bool {
        let Some((_, store)) = &self.running else { return false };
        let touched = store::Txn::new().put(format!("{OWN}touch"), "x");
        store.txn(touched).await.is_ok()
    }

    pub async fn audit(&self) -> Result<(), RunError> {
        let Some((_, store)) = &self.running else { return Ok(()) };
        self.gate.ledger.audit(&**store, false).await.map(drop).map_err(RunError::Read)
    }
}
