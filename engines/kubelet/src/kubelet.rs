//! Putting the parts together, and taking them apart again.

use crate::config::Config;
use crate::context::{Context, Doors};
use crate::node::heartbeat::Heart;
use crate::node::machine::Machine;
use crate::pods::dispatch::{Dispatcher, Roster};
use crate::pods::{orphans, runtime_events};
use cri::v1::VersionRequest;
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

#[derive(Debug)]
pub enum StartError {
    Runtime(cri::Error),
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Runtime(error) => write!(f, "the container runtime does not answer: {error}"),
            StartError::Io(error) => write!(f, "the kubelet cannot use its files or its port: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

pub struct Kubelet;

/// A kubelet that runs. Dropping it stops it as well; pods run on in either case.
pub struct Handle {
    tasks: JoinSet<()>,
    roster: Arc<Roster>,
    address: Option<std::net::SocketAddr>,
}

impl Kubelet {
    /// Starts everything, and returns once the node is being registered.
    pub async fn run(config: Config, doors: Doors) -> Result<Handle, StartError> {
        std::fs::create_dir_all(config.data_dir.join("pods")).map_err(StartError::Io)?;
        std::fs::create_dir_all(&config.log_dir).map_err(StartError::Io)?;
        let version = doors.runtime.version(VersionRequest { version: String::new() }).await;
        let runtime_name = version.map_err(StartError::Runtime)?.runtime_name;
        let machine = Machine::read();
        let memory = i64::try_from(machine.memory_bytes).unwrap_or(i64::MAX);
        let context = Context::new(config, doors, runtime_name, memory);
        let roster = Arc::new(Roster::default());
        let mut tasks = JoinSet::new();
        let address = crate::server::start(&context, &roster, &mut tasks).await.map_err(StartError::Io)?;
        tasks.spawn(live(context, roster.clone(), machine));
        Ok(Handle { tasks, roster, address })
    }
}

async fn live(context: Arc<Context>, roster: Arc<Roster>, machine: Machine) {
    let mut heart = Heart::new(context.clone(), machine);
    heart.register().await;
    let mut dispatcher = Dispatcher::new(context.clone(), roster.clone());
    let changes = dispatcher.begin().await;
    if let Err(error) = orphans::clean(&context, &roster).await {
        tracing::warn!(%error, "what nobody asks for is left for later");
    }
    tokio::join!(heart.beat(roster.clone()), dispatcher.run(changes), runtime_events::follow(context, roster),);
}

impl Handle {
    /// Where the server listens, if there is one.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.address
    }

    pub fn pods(&self) -> Vec<Arc<k8s_openapi::api::core::v1::Pod>> {
        self.roster.pods()
    }

    /// Stops every task. Containers run on and are found again.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
