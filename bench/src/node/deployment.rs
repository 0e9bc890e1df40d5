//! T15: one Deployment is made, and its pods are counted as they come; several times, each with nothing of the last left.

use super::Cluster;
use super::seen::list_and_watch;
use super::workspace::{Workspace, pod};
use crate::api::spread::Spread;
use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

const FIGURE: Figure =
    Figure { name: "T15 2,000 pods of one Deployment", upstream: "2.0 s, 1.9 CPU s per 1,000", budget: "0.5 s" };

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    cluster: Cluster,
    #[arg(long, default_value_t = 2_000)]
    replicas: usize,
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let (mut walls, mut used) = (Vec::new(), Vec::new());
    for run in 0..options.runs {
        let (wall, cpu) = once(options, run).await?;
        walls.push(wall);
        used.push(cpu);
    }
    let (wall, used) = (Spread::of(walls), Spread::of(used));
    let [middle, least, most] = [0.5, 0.0, 1.0].map(|at| wall.at(at) / 1000.0);
    let (rate, each) = (options.replicas as f64 / middle, used.at(0.5) / options.replicas as f64);
    let measured = format!("{middle:.2} s ({least:.2} to {most:.2}), {rate:.0}/s, {each:.2} CPU s per 1,000");
    if options.replicas == 2_000 {
        FIGURE.record(&measured)?
    } else {
        println!("{measured}")
    }
    Ok(())
}

/// How long it took, and how much CPU.
async fn once(options: &Options, run: usize) -> Result<(Duration, Duration), BenchError> {
    let workspace = Workspace::open(&options.cluster.kubeconfig, &format!("deployment-{run}")).await?;
    let (_, mut watch) = list_and_watch(workspace.target.connect().await?, &workspace.pods()).await?;
    let mut template = pod("", "registry.k8s.io/pause:3.10.1");
    let template = json!({"metadata": {"labels": {"app": "bench"}}, "spec": template["spec"].take()});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "many"},
        "spec": {"replicas": options.replicas, "selector": {"matchLabels": {"app": "bench"}}, "template": template},
    });
    let path = format!("/apis/apps/v1/namespaces/{}/deployments", workspace.namespace);
    let mut connection = workspace.target.connect().await?;
    let (began, before) = (Instant::now(), cpu::seconds(&options.cluster.pids)?);
    connection.ask("POST", &path, deployment.to_string()).await?;
    let mut made = BTreeSet::new();
    while made.len() < options.replicas {
        made.extend(watch.next().await?.into_iter().map(|event| event.object.metadata.name));
    }
    let (wall, used) = (began.elapsed(), cpu::seconds(&options.cluster.pids)? - before);
    workspace.clear().await?;
    Ok((wall, Duration::from_secs_f64(used)))
}
