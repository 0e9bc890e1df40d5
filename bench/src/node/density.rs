//! T17: what a pod costs the machine beyond what was used before there was one, and beyond what its own processes use.
//! Needs a node that takes so many pods (`k1s up --max-pods`), and root, to look into them.

use super::Cluster;
use super::own;
use super::pods::all_running;
use super::seen::list_and_watch;
use super::workspace::{Workspace, pod};
use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use std::time::Duration;

const FIGURE: Figure =
    Figure { name: "T17 machine memory a pod", upstream: "6.3 MiB with its own processes", budget: "1 MB" };
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
    let before = Used::now(&options.cluster.pids)?;
    let (image, path) = (options.image.clone(), workspace.pods());
    let making = workspace.make(&path, options.pods, move |number| pod(&format!("held-{number}"), &image));
    let (made, seen) = tokio::join!(making, all_running(&mut watch, options.pods));
    made.and(seen)?;
    tokio::time::sleep(REST).await;
    let after = Used::now(&options.cluster.pids)?;
    FIGURE.record(&told(&before, &after, options.pods))?;
    workspace.close().await
}

/// KiB.
struct Used {
    available: u64,
    own: u64,
    servers: u64,
}

impl Used {
    fn now(servers: &[u32]) -> Result<Used, BenchError> {
        Ok(Used { own: own::memory()?, servers: cpu::memory(servers)?.0, available: available()? + waiting()? })
    }
}

fn told(before: &Used, after: &Used, pods: usize) -> String {
    let each = |kib: u64| kib as f64 / 1024.0 / pods as f64;
    let (machine, own) = (before.available.saturating_sub(after.available), after.own.saturating_sub(before.own));
    let (beyond, servers) = (machine.saturating_sub(own), after.servers.saturating_sub(before.servers));
    let [machine, own, beyond, servers] = [machine, own, beyond, servers].map(each);
    format!(
        "{beyond:.2} MiB, of which the servers {servers:.2}; with its own processes ({own:.2}) {machine:.2} ({pods} pods held)"
    )
}

/// KiB that the machine could still give.
fn available() -> Result<u64, BenchError> {
    let text = std::fs::read_to_string("/proc/meminfo").map_err(BenchError::new)?;
    cpu::amount(&text, "MemAvailable:").ok_or_else(|| BenchError::new("the kernel does not tell its memory"))
}

/// KiB that are free but lie in the processors' own lists, which the kernel does not count as available: hundreds of
/// MB come and go there.
fn waiting() -> Result<u64, BenchError> {
    let text = std::fs::read_to_string("/proc/zoneinfo").map_err(BenchError::new)?;
    let counts = text.lines().filter_map(|line| line.trim_start().strip_prefix("count:"));
    let pages: u64 = counts.filter_map(|count| count.trim().parse::<u64>().ok()).sum();
    Ok(pages * rustix::param::page_size() as u64 / 1024)
}
