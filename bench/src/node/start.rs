//! T10: `k1s up` on an empty directory, as a person would start it.

use super::seen::list_and_watch;
use super::workspace::{pod, wait_for};
use crate::api::BenchError;
use crate::api::client::{Connection, Target};
use crate::api::spread::Spread;
use crate::results::Figure;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: usize = 60_000;
const FIGURES: [Figure; 3] = [
    Figure { name: "T10 exec to first write", upstream: "2.2 s", budget: "0.1 s" },
    Figure { name: "T10 exec to node Ready", upstream: "3.2 s", budget: "0.5 s" },
    Figure { name: "T10 exec to first pod Running", upstream: "-", budget: "1 s" },
];

#[derive(Args)]
pub struct Options {
    /// The program to start
    #[arg(long)]
    k1s: PathBuf,
    #[arg(long, default_value_t = 5)]
    runs: usize,
    #[arg(long, default_value_t = 26_443)]
    port: u16,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let mut times: [Vec<Duration>; 3] = Default::default();
    for run in 0..options.runs {
        let data_dir = std::env::temp_dir().join(format!("k1s-bench-start-{}-{run}", std::process::id()));
        let measured = once(options, &data_dir).await;
        reset(&options.k1s, &data_dir)?;
        for (times, time) in times.iter_mut().zip(measured?) {
            times.push(time);
        }
    }
    for (figure, times) in FIGURES.iter().zip(times) {
        let spread = Spread::of(times);
        figure.record(&format!("{:.0} ms ({:.0} to {:.0})", spread.at(0.5), spread.at(0.0), spread.at(1.0)))?;
    }
    Ok(())
}

async fn once(options: &Options, data_dir: &Path) -> Result<[Duration; 3], BenchError> {
    let begun = Instant::now();
    let _up = Up::start(&options.k1s, data_dir, options.port)?;
    let mut connection = first_connection(&data_dir.join("admin.kubeconfig")).await?;
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "first-"}});
    connection.ask("POST", "/api/v1/namespaces/default/configmaps", map.to_string()).await?;
    let written = begun.elapsed();
    let target = Target::read(&data_dir.join("admin.kubeconfig"))?;
    let ready = tokio::spawn(node_ready(target.clone(), begun));
    wait_for(&mut connection, "/api/v1/namespaces/default/serviceaccounts/default").await?;
    let pods = "/api/v1/namespaces/default/pods";
    let (_, mut watch) = list_and_watch(target.connect().await?, pods).await?;
    connection.ask("POST", pods, pod("first", "k1s/demo").to_string()).await?;
    watch.until(|event| event.object.is_running()).await?;
    let running = begun.elapsed();
    Ok([written, ready.await.map_err(BenchError::new)??, running])
}

async fn node_ready(target: Target, begun: Instant) -> Result<Duration, BenchError> {
    let (nodes, mut watch) = list_and_watch(target.connect().await?, "/api/v1/nodes").await?;
    if !nodes.iter().any(|node| node.is_ready()) {
        watch.until(|event| event.object.is_ready()).await?;
    }
    Ok(begun.elapsed())
}

/// The kubeconfig is written when the API listens.
async fn first_connection(kubeconfig: &Path) -> Result<Connection, BenchError> {
    for _ in 0..PAUSES {
        if kubeconfig.exists()
            && let Ok(connection) = Target::read(kubeconfig)?.connect().await
        {
            return Ok(connection);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(BenchError::new("k1s does not answer"))
}

/// A k1s in the foreground, which ends with the measurement.
struct Up(Child);

impl Up {
    fn start(k1s: &Path, data_dir: &Path, port: u16) -> Result<Up, BenchError> {
        let mut command = Command::new(k1s);
        command.args(["up", "--foreground", "--bind", &format!("127.0.0.1:{port}")]).arg("--data-dir").arg(data_dir);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        child.map(Up).map_err(|why| BenchError(format!("{}: {why}", k1s.display())))
    }
}

impl Drop for Up {
    /// What resists is found by the reset that follows.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn reset(k1s: &Path, data_dir: &Path) -> Result<(), BenchError> {
    let output = Command::new(k1s).args(["reset", "--yes", "--data-dir"]).arg(data_dir).output();
    let output = output.map_err(BenchError::new)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(BenchError(format!("reset: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
