//! T1 and T5: many creates at once, then lists of what was made whose selector matches nothing.

use super::super::BenchError;
use super::super::figure::Figures;
use super::super::spread::Spread;
use super::{Bench, IN_FLIGHT, collection, config_map};
use bytes::Bytes;
use tokio::time::Instant;

const LISTS: usize = 100;

impl Bench {
    pub(super) async fn create(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let (count, path) = (self.sizes.objects, collection(namespace));
        let connections = self.connections(IN_FLIGHT).await?;
        let began = self.begin()?;
        let spread = Spread::of(self.make(connections, &path, count, config_map).await?);
        let took = self.took(&began)?;
        self.check(&path, count).await?;
        figures.put("create-cpu", took.cpu * 1000.0 / count as f64);
        figures.put("create-rate", count as f64 / took.wall);
        figures.put("create-p50", spread.at(0.5));
        figures.put("create-p99", spread.at(0.99));
        self.select(&path, figures).await
    }

    async fn select(&self, path: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let mut connection = self.target.connect().await?;
        let path = format!("{path}?labelSelector=app%3Dnothing");
        let began = self.begin()?;
        let mut times = Vec::new();
        for _ in 0..LISTS {
            let begun = Instant::now();
            let body = connection.ask("GET", &path, Bytes::new()).await?;
            times.push(begun.elapsed());
            if body.len() > 1_000 {
                return Err(BenchError("objects came that the selector does not match".into()));
            }
        }
        figures.put("select-cpu", self.took(&began)?.cpu * 1000.0 / LISTS as f64);
        figures.put("select-p50", Spread::of(times).at(0.5));
        Ok(())
    }
}
