//! Where a container stands in its life, and how one waits for its end.

use std::path::Path;
use std::time::Duration;

use cri::v1::ContainerState;
use linux::launch::{EXIT_FILE, Exit, STARTED_FILE, Started, read_record};
use tokio::sync::watch;

use crate::error::{Error, Result, Step};

#[derive(Debug, Clone, Default)]
pub struct Life {
    pub started: Option<Started>,
    pub exit: Option<Exit>,
    pub removed: bool,
}

impl Life {
    /// As the supervisor wrote it down.
    pub fn read(directory: &Path) -> Result<Life> {
        let started = read_record(&directory.join(STARTED_FILE)).step(directory.display())?;
        let exit = read_record(&directory.join(EXIT_FILE)).step(directory.display())?;
        Ok(Life { started, exit, removed: false })
    }

    pub fn state(&self) -> ContainerState {
        match (&self.started, &self.exit) {
            (_, Some(_)) => ContainerState::ContainerExited,
            (Some(_), None) => ContainerState::ContainerRunning,
            (None, None) => ContainerState::ContainerCreated,
        }
    }

    pub fn is_running(&self) -> bool {
        self.state() == ContainerState::ContainerRunning
    }
}

/// `None` when it has not ended within that time.
pub async fn ended_within(life: &watch::Sender<Life>, limit: Duration) -> Option<Exit> {
    tokio::time::timeout(limit, ended(life.subscribe())).await.ok()?.ok()
}

/// The end of the container; an error if it is removed without one.
pub async fn ended(mut life: watch::Receiver<Life>) -> Result<Exit> {
    let gone = || Error::NotFound("the container is gone".into());
    let life = life.wait_for(|life| life.exit.is_some() || life.removed).await.map_err(|_| gone())?;
    life.exit.clone().ok_or_else(gone)
}
