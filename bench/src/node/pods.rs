//! T16: pods one after the other, each from its creation until it is seen running; then many at once.

use super::Cluster;
use super::seen::{Watch, list_and_watch};
use super::workspace::{Workspace, pod};
use crate::api::spread::Spread;
use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use std::collections::BTreeSet;
use tokio::time::Instant;

const SERIAL: Figure =
    Figure { name: "T16 pod create to Running", upstream: "p50 496 ms, p90 503 ms", budget: "p50 60 ms" };
const BURST: Figure = Figure { name: "T16 pods/s of a burst", upstream: "7.3/s, 87 ms of CPU a pod", budget: "25/s" };

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    cluster: Cluster,
    #[arg(long, default_value = "k1s/demo")]
    image: String,
    #[arg(long, default_value_t = 30)]
    serial: usize,
    #[arg(long, default_value_t = 100)]
    burst: usize,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let workspace = Workspace::open(&options.cluster.kubeconfig, "pods").await?;
    let (_, mut watch) = list_and_watch(workspace.target.connect().await?, &workspace.pods()).await?;
    serial(options, &workspace, &mut watch).await?;
    burst(options, &workspace, &mut watch).await?;
    workspace.close().await
}

async fn serial(options: &Options, workspace: &Workspace, watch: &mut Watch) -> Result<(), BenchError> {
    let mut connection = workspace.target.connect().await?;
    let mut times = Vec::new();
    for number in 0..options.serial {
        let (name, path) = (format!("one-{number}"), workspace.pods());
        let begun = Instant::now();
        connection.ask("POST", &path, pod(&name, &options.image).to_string()).await?;
        watch.until(|event| event.object.metadata.name == name && event.object.is_running()).await?;
        times.push(begun.elapsed());
        connection.ask("DELETE", &format!("{path}/{name}"), "").await?;
        watch.until(|event| event.object.metadata.name == name && event.kind == "DELETED").await?;
    }
    let spread = Spread::of(times);
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|part| spread.at(part));
    SERIAL.record(&format!("p50 {p50:.0} ms, p90 {p90:.0} ms, p99 {p99:.0} ms"))
}

async fn burst(options: &Options, workspace: &Workspace, watch: &mut Watch) -> Result<(), BenchError> {
    let (pids, image, path) = (&options.cluster.pids, options.image.clone(), workspace.pods());
    let (begun, before) = (Instant::now(), cpu::seconds(pids)?);
    let making = workspace.make(&path, options.burst, move |number| pod(&format!("of-{number}"), &image));
    let (made, seen) = tokio::join!(making, all_running(watch, options.burst));
    made.and(seen)?;
    let (wall, used) = (begun.elapsed().as_secs_f64(), cpu::seconds(pids)? - before);
    let (rate, each) = (options.burst as f64 / wall, used * 1000.0 / options.burst as f64);
    BURST.record(&format!("{rate:.1}/s, {each:.0} ms of CPU a pod"))
}

pub async fn all_running(watch: &mut Watch, count: usize) -> Result<(), BenchError> {
    let mut running = BTreeSet::new();
    while running.len() < count {
        for event in watch.next().await? {
            if event.object.is_running() {
                running.insert(event.object.metadata.name);
            }
        }
    }
    Ok(())
}
