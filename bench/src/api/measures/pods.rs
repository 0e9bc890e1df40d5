//! T4, T8 and T9: many pods; what they take in memory, and lists of all of them.

use super::super::client::Media;
use super::super::figure::Figures;
use super::super::spread::Spread;
use super::super::{BenchError, cpu};
use super::objects::pod;
use super::{Bench, IN_FLIGHT};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;
use tokio::runtime;
use tokio::task::block_in_place;
use tokio::time::Instant;

const LISTS: usize = 20;
const PAGE: usize = 500;
/// Until what was freed has been given back.
const SETTLE: Duration = Duration::from_secs(2);

/// Threads of the client that hand pieces of an answer to each other would be measured with the server: it has one.
fn on_one_thread<T>(work: impl Future<Output = Result<T, BenchError>>) -> Result<T, BenchError> {
    block_in_place(|| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::new)?;
        runtime.block_on(work)
    })
}

impl Bench {
    pub(super) async fn pods(&self, namespace: &str, figures: &mut Figures) -> Result<(), BenchError> {
        let (count, path) = (self.sizes.pods, format!("/api/v1/namespaces/{namespace}/pods"));
        let (before, _) = cpu::memory(&self.pids)?;
        self.make(self.connections(IN_FLIGHT).await?, &path, count, pod).await?;
        tokio::time::sleep(SETTLE).await;
        let (now, _) = cpu::memory(&self.pids)?;
        figures.put("pod-memory", now.saturating_sub(before) as f64 / count as f64);
        self.lists(&path, figures).await?;
        self.check(&path, count).await?;
        if self.sizes.informers > 0 {
            self.informers(&path, figures).await?;
        }
        Ok(())
    }

    async fn lists(&self, path: &str, figures: &mut Figures) -> Result<(), BenchError> {
        cpu::forget_peak(&self.pids)?;
        let (now, _) = cpu::memory(&self.pids)?;
        let (used, spread) = on_one_thread(self.list(path, Media::Json))?;
        let (_, peak) = cpu::memory(&self.pids)?;
        figures.put("list-cpu", used);
        figures.put("list-p50", spread.at(0.5));
        figures.put("list-peak", peak.saturating_sub(now) as f64 / 1024.0);
        figures.put("list-protobuf-cpu", on_one_thread(self.list(path, Media::Protobuf))?.0);
        let began = self.begin()?;
        self.pages(path).await?;
        figures.put("list-pages-cpu", self.took(&began)?.cpu * 1000.0);
        Ok(())
    }

    /// CPU milliseconds of one list, and how long each took.
    async fn list(&self, path: &str, media: Media) -> Result<(f64, Spread), BenchError> {
        let mut connection = self.target.connect().await?;
        let (began, mut times) = (self.begin()?, Vec::new());
        for _ in 0..LISTS {
            let begun = Instant::now();
            let received = connection.receive(path, media).await?;
            times.push(begun.elapsed());
            if received < self.sizes.pods * 500 {
                return Err(BenchError(format!("a list of {received} bytes cannot hold all pods")));
            }
        }
        Ok((self.took(&began)?.cpu * 1000.0 / LISTS as f64, Spread::of(times)))
    }

    async fn pages(&self, path: &str) -> Result<(), BenchError> {
        let (mut connection, mut token, mut found) = (self.target.connect().await?, String::new(), 0);
        loop {
            let page = connection.ask("GET", &format!("{path}?limit={PAGE}&continue={token}"), Bytes::new()).await?;
            let list: Value = serde_json::from_slice(&page).map_err(BenchError::new)?;
            found += list["items"].as_array().map_or(0, Vec::len);
            token = list["metadata"]["continue"].as_str().unwrap_or("").to_string();
            if token.is_empty() {
                break;
            }
        }
        match found == self.sizes.pods {
            true => Ok(()),
            false => Err(BenchError(format!("{found} of {} pods came in pages", self.sizes.pods))),
        }
    }
}
