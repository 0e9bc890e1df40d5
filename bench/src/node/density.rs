//! T17: what a pod costs the machine beyond what was used before there was one. Needs a node that takes so many pods
//! (`k1s up --max-pods`).

use super::Cluster;
use super::pods::all_running;
use super::seen::list_and_watch;
use super::workspace::{Workspace, pod};
use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use std::time::Duration;

const FIGURE: Figure = Figure { name: "T17 machine memory a pod", upstream: "6.3 MiB", budget: "1 MB" };
/// So long until caches and the dying have settled.
const REST: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    cluster: Cluster,
    #[arg(long, default_value = "k1s/demo")]
    image: String,
    #[arg(long, default_value_t = 500)]
    pods: usize,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let workspace = Workspace::open(&options.cluster.kubeconfig, "density").await?;
    let (_, mut watch) = list_and_watch(workspace.target.connect().await?, &workspace.pods()).await?;
    let (free, (resident, _)) = (available()?, cpu::memory(&options.cluster.pids)?);
    let (image, path) = (options.image.clone(), workspace.pods());
    let making = workspace.make(&path, options.pods, move |number| pod(&format!("held-{number}"), &image));
    let (made, seen) = tokio::join!(making, all_running(&mut watch, options.pods));
    made.and(seen)?;
    tokio::time::sleep(REST).await;
    let (left, (grown, _)) = (available()?, cpu::memory(&options.cluster.pids)?);
    let each = |kib: u64| kib as f64 / 1024.0 / options.pods as f64;
    let (machine, servers) = (each(free.saturating_sub(left)), each(grown.saturating_sub(resident)));
    FIGURE.record(&format!("{machine:.2} MiB, of which the servers {servers:.2} ({} pods held)", options.pods))?;
    workspace.close().await
}

/// KiB that the machine could still give.
fn available() -> Result<u64, BenchError> {
    let text = std::fs::read_to_string("/proc/meminfo").map_err(BenchError::new)?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let amount = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    amount.ok_or_else(|| BenchError::new("the kernel does not tell its memory"))
}
