//! T11: pods are made as fast as they are taken, and each is waited for until it is seen bound. The nodes are objects
//! alone; a control plane without nodes of its own is `k1s up --simulated-nodes 0`.

use super::Cluster;
use super::seen::{Watch, list_and_watch};
use super::workspace::{Workspace, pod};
use crate::api::spread::Spread;
use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const FIGURE: Figure = Figure {
    name: "T11 pods/s created and bound, 5,000 nodes",
    upstream: "295/s, 6.5 CPU s per 1,000",
    budget: "3,000/s",
};
const PODS_A_NODE: usize = 110;
const PAUSE: Duration = Duration::from_millis(50);
const PAUSES: usize = 600;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    cluster: Cluster,
    #[arg(long, default_value_t = 5_000)]
    nodes: usize,
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let workspace = Workspace::open(&options.cluster.kubeconfig, "nodes").await?;
    let began = Instant::now();
    workspace.make("/api/v1/nodes", options.nodes, node).await?;
    all_untainted(&workspace, options.nodes).await?;
    println!("{} nodes stand after {:.1?}", options.nodes, began.elapsed());
    let (mut walls, mut used, mut resident) = (Vec::new(), Vec::new(), 0);
    for run in 0..options.runs {
        let measured = once(options, run).await?;
        walls.push(measured.wall);
        used.push(measured.cpu);
        if run == 0 {
            resident = measured.resident; // later ones are told of in the history of what was
        }
    }
    let (wall, used, pods) = (Spread::of(walls), Spread::of(used), options.pods as f64);
    let [middle, least, most] = [0.5, 1.0, 0.0].map(|at| pods * 1000.0 / wall.at(at));
    let (each, memory) = (used.at(0.5) / pods, resident as f64 / 1024.0);
    let measured = format!(
        "{middle:.0}/s ({least:.0} to {most:.0}), {each:.2} CPU s per 1,000, {memory:.0} MiB ({} pods)",
        options.pods
    );
    if options.nodes == 5_000 {
        FIGURE.record(&measured)?
    } else {
        println!("{measured}")
    }
    workspace.close().await
}

struct Measured {
    wall: Duration,
    cpu: Duration,
    /// While all its pods stand.
    resident: u64,
}

async fn once(options: &Options, run: usize) -> Result<Measured, BenchError> {
    let workspace = Workspace::open(&options.cluster.kubeconfig, &format!("schedule-{run}")).await?;
    let (_, watch) = list_and_watch(workspace.target.connect().await?, &workspace.pods()).await?;
    let (began, before, path) = (Instant::now(), cpu::seconds(&options.cluster.pids)?, workspace.pods());
    let making = workspace.make(&path, options.pods, asking);
    let (made, bound) = tokio::join!(making, all_bound(watch, options.pods));
    made?;
    let (wall, used) = (began.elapsed(), cpu::seconds(&options.cluster.pids)? - before);
    check(&bound?, options.nodes)?;
    let (resident, _) = cpu::memory(&options.cluster.pids)?;
    workspace.clear().await?;
    Ok(Measured { wall, cpu: Duration::from_secs_f64(used), resident })
}

fn node(number: usize) -> Value {
    let name = format!("bench-node-{number}");
    let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("zone-{}", number % 3)});
    let amounts = json!({"cpu": "32", "memory": "256Gi", "pods": PODS_A_NODE.to_string()});
    let ready = json!({"type": "Ready", "status": "True", "reason": "KubeletReady"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": amounts, "allocatable": amounts, "conditions": [ready]},
    })
}

fn asking(number: usize) -> Value {
    let mut pod = pod(&format!("p{number}"), "registry.k8s.io/pause:3.10.1");
    pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "100m", "memory": "500Mi"}});
    pod
}

/// New nodes are kept free until a controller has seen that they are ready.
async fn all_untainted(workspace: &Workspace, count: usize) -> Result<(), BenchError> {
    for _ in 0..PAUSES {
        let (nodes, _) = list_and_watch(workspace.target.connect().await?, "/api/v1/nodes").await?;
        if nodes.iter().filter(|node| node.spec.taints.is_none()).count() >= count {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(BenchError::new("nodes keep their taints"))
}

/// Where each pod went.
async fn all_bound(mut watch: Watch, count: usize) -> Result<HashMap<String, String>, BenchError> {
    let mut bound = HashMap::new();
    while bound.len() < count {
        for event in watch.next().await? {
            let Some(node) = event.object.spec.node_name else { continue };
            let before = bound.insert(event.object.metadata.name, node.clone());
            if before.is_some_and(|before| before != node) {
                return Err(BenchError::new("a pod was bound twice"));
            }
        }
    }
    Ok(bound)
}

/// No node holds more than it may.
fn check(bound: &HashMap<String, String>, nodes: usize) -> Result<(), BenchError> {
    let mut held: HashMap<&str, usize> = HashMap::new();
    for node in bound.values() {
        *held.entry(node).or_default() += 1;
    }
    match held.values().max() {
        Some(most) if *most > PODS_A_NODE => Err(BenchError(format!("a node holds {most} pods"))),
        _ => {
            println!("checked: {} pods on {} of {nodes} nodes, none too full", bound.len(), held.len());
            Ok(())
        }
    }
}
