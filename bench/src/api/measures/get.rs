//! T3: many readers of single objects.

use super::super::BenchError;
use super::super::client::Connection;
use super::super::figure::Figures;
use super::super::spread::Spread;
use super::{Bench, collection, config_map};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::Instant;

const READERS: usize = 64;
const READS: usize = 40_000;
const OBJECTS: usize = 100;

impl Bench {
    pub(super) async fn get(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let path = collection(namespace);
        self.make(self.connections(READERS).await?, &path, OBJECTS, config_map).await?;
        let connections = self.connections(READERS).await?;
        let began = self.begin()?;
        let mut tasks = tokio::task::JoinSet::new();
        for (reader, connection) in connections.into_iter().enumerate() {
            tasks.spawn(read(connection, format!("{path}/c{}", reader % OBJECTS)));
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            all.extend(done.map_err(BenchError::new)??);
        }
        let (took, count) = (self.took(&began)?, all.len() as f64);
        figures.put("get-cpu", took.cpu * 1000.0 / count);
        figures.put("get-rate", count / took.wall);
        figures.put("get-p99", Spread::of(all).at(0.99));
        Ok(())
    }
}

async fn read(mut connection: Connection, path: String) -> Result<Vec<Duration>, BenchError> {
    let mut times = Vec::new();
    for _ in 0..READS / READERS {
        let begun = Instant::now();
        let body = connection.ask("GET", &path, Bytes::new()).await?;
        times.push(begun.elapsed());
        if body.len() < 800 {
            return Err(BenchError("an object came back too small".into()));
        }
    }
    Ok(times)
}
