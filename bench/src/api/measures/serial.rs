//! T2: one client that creates one object after another.

use super::super::BenchError;
use super::super::figure::Figures;
use super::super::spread::Spread;
use super::{Bench, collection, config_map};
use tokio::time::Instant;

const CREATES: usize = 2_000;

impl Bench {
    pub(super) async fn serial(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let (mut connection, path) = (self.target.connect().await?, collection(namespace));
        let mut times = Vec::with_capacity(CREATES);
        for number in 0..CREATES {
            let begun = Instant::now();
            connection.ask("POST", &path, config_map(&format!("c{number}"))).await?;
            times.push(begun.elapsed());
        }
        self.check(&path, CREATES).await?;
        let spread = Spread::of(times);
        figures.put("serial-p50", spread.at(0.5));
        figures.put("serial-p99", spread.at(0.99));
        Ok(())
    }
}
