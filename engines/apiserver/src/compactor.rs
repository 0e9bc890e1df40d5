//! Forgets history that nobody may ask for any more: as upstream, what is older than five minutes.

use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(300);

/// Compacts to where the store stood one interval ago, until the server stops.
pub async fn run(store: Arc<dyn Store>, mut stopping: watch::Receiver<bool>) {
    let mut before = None;
    loop {
        tokio::select! {
            _stopped = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Some(revision) = before {
            match store.compact(revision).await {
                Ok(()) | Err(store::Error::Compacted { .. }) => {}
                Err(error) => tracing::warn!(%error, "the store could not be compacted"),
            }
        }
        match store.revision().await {
            Ok(revision) => before = Some(revision),
            Err(error) => tracing::warn!(%error, "the store's revision could not be read"),
        }
    }
}
