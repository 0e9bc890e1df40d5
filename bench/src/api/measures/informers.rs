//! T8: informers that all list at once and then watch, as after a restart of the server.

use super::super::client::{Connection, Media};
use super::super::figure::Figures;
use super::super::{BenchError, cpu};
use super::Bench;
use tokio::time::Instant;

impl Bench {
    pub(super) async fn informers(&self, path: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let mut connections = Vec::new();
        for _ in 0..self.sizes.informers {
            connections.push(self.target.connect().await?);
        }
        cpu::forget_peak(&self.pids)?;
        let ((now, _), begun) = (cpu::memory(&self.pids)?, Instant::now());
        let mut tasks = tokio::task::JoinSet::new();
        for connection in connections {
            tasks.spawn(inform(connection, path.to_string()));
        }
        let mut sizes = Vec::new();
        while let Some(done) = tasks.join_next().await {
            sizes.push(done.map_err(BenchError::new)??);
        }
        if sizes.iter().any(|size| *size != sizes[0]) {
            return Err(BenchError("informers received lists of different sizes".into()));
        }
        let (_, peak) = cpu::memory(&self.pids)?;
        figures.put("informers-memory", peak.saturating_sub(now) as f64 / 1024.0);
        figures.put("informers-time", begun.elapsed().as_secs_f64());
        Ok(())
    }
}

async fn inform(mut connection: Connection, path: String) -> Result<usize, BenchError> {
    let received = connection.receive(&format!("{path}?resourceVersion=0"), Media::Json).await?;
    let _following = connection.stream(&format!("{path}?watch=true&resourceVersion=0&timeoutSeconds=60")).await?;
    Ok(received)
}
