//! Ctrl-C and termination.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Listens from now on; the future ends with the first signal.
pub fn asked() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
