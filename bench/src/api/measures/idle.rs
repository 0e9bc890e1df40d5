//! T7: watches that nothing happens to, many to a connection, as clients keep them.

use super::super::figure::Figures;
use super::super::{BenchError, cpu};
use super::{Bench, collection};

/// Upstream takes a hundred streams of one connection, and lets more wait.
const TO_A_CONNECTION: usize = 90;

impl Bench {
    pub(super) async fn idle(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let path = format!("{}?watch=true", collection(namespace));
        let path = format!("{path}&resourceVersion={}", self.version(&collection(namespace)).await?);
        let (mut connections, mut kept) = (Vec::new(), Vec::new());
        for _ in 0..self.sizes.watchers.div_ceil(TO_A_CONNECTION) {
            let connection = self.target.connect_shared().await?;
            kept.push(connection.stream(&path).await?); // what a connection takes is not counted
            connections.push(connection);
        }
        let (before, _) = cpu::memory(&self.pids)?;
        for number in 0..self.sizes.watchers {
            kept.push(connections[number % connections.len()].stream(&path).await?);
        }
        let (after, _) = cpu::memory(&self.pids)?;
        figures.put("watch-memory", after.saturating_sub(before) as f64 / self.sizes.watchers as f64);
        drop(kept);
        Ok(())
    }
}
