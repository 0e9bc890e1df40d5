//! Nothing is lost by kill -9, at whatever moment: while pods come and go, k1s is killed and started again, and what was
//! acknowledged is compared with what is there. `K1S_SEED` repeats a run. Needs root; says so and does nothing without.

mod churn;
mod cluster;

use churn::{Churn, Dice, pod};
use cluster::{Cluster, is_root, traces};
use cri::v1::PodSandboxConfig;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, PostParams};
use prost::Message;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const KILLS: u64 = 5;
const STANDING: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: usize = 600;

fn seed() -> u64 {
    let given = std::env::var("K1S_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("K1S_SEED={seed}");
    seed
}

fn is_leaving(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// The container that runs.
fn running(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref().filter(|status| status.phase.as_deref() == Some("Running"))?;
    let main = status.container_statuses.as_ref()?.first()?;
    main.container_id.clone()
}

/// What ran at some moment goes on running: the very same container. One that was made and not yet started when the kill
/// came may be replaced, which counts as a restart, as it does upstream.
#[derive(Default)]
struct Lives(BTreeMap<String, String>);

impl Lives {
    fn compare(&mut self, pods: &[Pod]) {
        for pod in pods.iter().filter(|pod| !is_leaving(pod)) {
            let Some(container) = running(pod) else { continue };
            let (name, uid) = (pod.metadata.name.clone().unwrap_or_default(), pod.metadata.uid.clone());
            let first = self.0.entry(uid.unwrap_or_default()).or_insert_with(|| container.clone());
            assert_eq!(*first, container, "pod {name} has another container than before");
        }
    }
}

async fn list(pods: &Api<Pod>) -> Vec<Pod> {
    pods.list(&ListParams::default()).await.expect("pods are listed").items
}

/// Nothing is on its way any more: all that stays runs, all that leaves has left.
async fn settled(pods: &Api<Pod>) -> Vec<Pod> {
    for _ in 0..PAUSES {
        let listed = list(pods).await;
        if listed.iter().all(|pod| !is_leaving(pod) && running(pod).is_some()) {
            return listed;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("pods do not settle: {:#?}", list(pods).await);
}

/// The uid of the pod of each sandbox that the runtime holds.
fn sandboxes(data_dir: &Path) -> Vec<String> {
    let all = fs::read_dir(data_dir.join("containers/sandboxes")).expect("the runtime's directory").flatten();
    let whole = all.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let record = |path: &Path| fs::read_to_string(path.join("record.json")).unwrap_or_default();
    let held = whole.filter(|entry| !record(&entry.path()).contains("\"stopped\":true"));
    let config = |path: &Path| PodSandboxConfig::decode(&*fs::read(path.join("config.pb")).unwrap_or_default());
    let uid = |path: &Path| config(path).ok()?.metadata.map(|metadata| metadata.uid);
    let mut uids: Vec<String> = held.map(|entry| uid(&entry.path()).unwrap_or_default()).collect();
    uids.sort();
    uids
}

/// Whose sandboxes there are once those of pods that ended are gone, too.
async fn left(data_dir: &Path, expect: &[String]) -> Vec<String> {
    for _ in 0..PAUSES {
        if sandboxes(data_dir) == expect {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    sandboxes(data_dir)
}

/// Killed in the middle of a start.
async fn kill_at_start(cluster: &Cluster, after: Duration) {
    let mut starting = cluster.start().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("k1s can be started");
    tokio::time::sleep(after).await;
    starting.kill().expect("the command is killed");
    starting.wait().expect("the command has ended");
    cluster.kill_started(); // what the command had begun: it may not have written its process id yet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_it_is_killed() {
    if !is_root() {
        return eprintln!("left out: only root may make pods");
    }
    let mut dice = Dice(seed());
    let cluster = Cluster::new("kills");
    cluster.up();
    let pods: Api<Pod> = Api::default_namespaced(cluster.client().await);
    for number in 0..STANDING {
        pods.create(&PostParams::default(), &pod(&format!("standing-{number}"))).await.expect("a pod is created");
    }
    let mut lives = Lives::default();
    lives.compare(&settled(&pods).await);
    let churn = Churn::start(pods.clone(), dice.fork());
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(dice.below(2500))).await;
        assert!(cluster.kill(), "it ran");
        if kill % 2 == 1 {
            kill_at_start(&cluster, Duration::from_millis(dice.below(600))).await;
        }
        cluster.up();
        let known = churn.known();
        let listed = list(&pods).await;
        known.compare(&listed, &churn.known());
        lives.compare(&listed);
    }
    let known = churn.stop().await;
    let listed = settled(&pods).await;
    known.compare(&listed, &known);
    lives.compare(&listed);
    println!("{} pods were made, {} ended, {} stand", known.made(), known.ended(), listed.len());
    let mut uids: Vec<String> = listed.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    uids.sort();
    assert_eq!(left(&cluster.dir, &uids).await, uids, "each pod has one sandbox, and nobody else");

    let output = cluster.k1s(&["reset", "--yes"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(traces(&cluster.dir), Vec::<String>::new());
}
