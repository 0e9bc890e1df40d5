//! T2: one client that creates one object after another.

use super::super::BenchError;
use super::super::disk::sync_time;
use super::super::figure::Figures;
use super::super::plain::Plain;
use super::super::spread::Spread;
use super::{Bench, collection, config_map};
use tokio::task::block_in_place;
use tokio::time::Instant;

const CREATES: usize = 2_000;

impl Bench {
    pub(super) async fn serial(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let path = collection(namespace);
        let times = block_in_place(|| {
            let mut connection = Plain::connect(&self.target)?;
            let mut times = Vec::with_capacity(CREATES);
            for number in 0..CREATES {
                let object = config_map(&format!("c{number}"));
                let begun = Instant::now();
                connection.ask("POST", &path, &object)?;
                times.push(begun.elapsed());
            }
            Ok(times)
        })?;
        self.check(&path, CREATES).await?;
        let spread = Spread::of(times);
        figures.put("serial-p50", spread.at(0.5));
        figures.put("serial-p99", spread.at(0.99));
        figures.put("serial-beyond", spread.at(0.5) - sync_time(&self.directory)?);
        Ok(())
    }
}
