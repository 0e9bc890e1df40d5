//! The whole of it on the real kernel, seen through a client that nobody here wrote (kube): a Deployment's containers
//! answer through their Service, survive a rolling update and the death of k1s, and leave nothing behind.
//! Needs root; says so and does nothing without it.

mod cluster;

use cluster::{Cluster, is_root, traces};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const REPLICAS: usize = 3;
/// How often all are asked behind a rollout.
const ROUNDS: usize = 20;

fn web(revision: &str) -> Deployment {
    let container = json!({
        "name": "web", "image": "k1s/demo", "ports": [{"containerPort": 80}],
        "env": [{"name": "REVISION", "value": revision}],
        "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    });
    serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    }))
    .expect("a deployment")
}

fn service() -> Service {
    serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }))
    .expect("a service")
}

/// Follows the deployment until all replicas are of its newest template and available. What a watch shows first may be
/// older than the change that was just made, so the generation that it made is waited for.
async fn rolled_out(deployments: &Api<Deployment>, changed: &Deployment) {
    let least = changed.metadata.generation;
    let follow = async {
        let parameters = WatchParams::default().fields("metadata.name=web");
        let mut events = std::pin::pin!(deployments.watch(&parameters, "0").await.expect("a watch"));
        while let Some(event) = futures::StreamExt::next(&mut events).await {
            if let WatchEvent::Added(seen) | WatchEvent::Modified(seen) = event.expect("an event") {
                let status = seen.status.unwrap_or_default();
                let wanted = Some(REPLICAS as i32);
                let counts = [status.replicas, status.updated_replicas, status.available_replicas];
                let observed = status.observed_generation;
                if observed >= least
                    && observed == seen.metadata.generation
                    && counts.iter().all(|count| *count == wanted)
                {
                    return;
                }
            }
        }
        panic!("the watch ended");
    };
    tokio::time::timeout(PATIENCE, follow).await.expect("the deployment is rolled out in time");
}

/// What the pod behind an address says first.
fn ask(address: &str) -> std::io::Result<String> {
    let address: SocketAddr = address.parse().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().find(|line| line.starts_with("Hello")).map(str::to_string);
    line.ok_or_else(|| std::io::Error::other(format!("no greeting in {answer:?}")))
}

/// Who answers when every replica is asked: the proxy picks at random, so a few more tries than replicas.
fn ask_all(address: &str) -> BTreeSet<String> {
    (0..REPLICAS * 20).map(|_| ask(address).expect("an answer")).collect()
}

fn all_answer(address: &str) -> BTreeSet<String> {
    let answers = ask_all(address);
    assert_eq!(answers.len(), REPLICAS, "{answers:?}");
    answers
}

/// The same behind a rollout, which is complete when the last old pod is told to end: the proxy hears it a moment later.
fn all_answer_soon(address: &str) -> BTreeSet<String> {
    let mut rounds = (0..ROUNDS).map(|_| ask_all(address));
    rounds.find(|answers| answers.len() == REPLICAS).expect("no more pods answer than there are replicas")
}

/// Asks without pause until told to stop, and counts what was answered and what was lost.
struct Asking {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    thread: std::thread::JoinHandle<Vec<String>>,
}

impl Asking {
    fn start(address: String) -> Asking {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted) = (stop.clone(), asked.clone());
        let thread = std::thread::spawn(move || {
            let mut lost = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                if let Err(error) = ask(&address) {
                    lost.push(error.to_string());
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            lost
        });
        Asking { stop, asked, thread }
    }

    fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        let lost = self.thread.join().expect("the asking thread");
        let asked = self.asked.load(Ordering::Relaxed);
        assert!(asked > 20, "only {asked} requests");
        assert!(lost.is_empty(), "{} of {asked} requests were lost: {:?}", lost.len(), lost.first());
    }
}

async fn identities(pods: &Api<Pod>) -> BTreeSet<(String, i32)> {
    let list = pods.list(&ListParams::default().labels("app=web")).await.expect("pods");
    let living = list.items.into_iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let of = |pod: Pod| {
        let statuses = pod.status.and_then(|status| status.container_statuses).unwrap_or_default();
        (pod.metadata.uid.unwrap_or_default(), statuses.iter().map(|status| status.restart_count).sum())
    };
    living.map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_ends_in_containers_that_answer_through_their_service() {
    if !is_root() {
        return eprintln!("left out: only root may make pods");
    }
    let cluster = Cluster::new("end-to-end");
    cluster.up();
    let images = cluster.k1s(&["image", "ls"]);
    assert!(String::from_utf8_lossy(&images.stdout).contains("k1s/demo"), "{images:?}");
    let client = cluster.client().await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let (pods, services): (Api<Pod>, Api<Service>) =
        (Api::default_namespaced(client.clone()), Api::default_namespaced(client));
    let first = deployments.create(&PostParams::default(), &web("1")).await.expect("a deployment is created");
    let made = services.create(&PostParams::default(), &service()).await.expect("a service is created");
    let address = format!("{}:80", made.spec.and_then(|spec| spec.cluster_ip).expect("an address"));
    rolled_out(&deployments, &first).await;
    let before = all_answer(&address);

    let asking = Asking::start(address.clone());
    let apply = PatchParams::apply("end-to-end").force();
    let second = deployments.patch("web", &apply, &Patch::Apply(&web("2"))).await.expect("a new template is applied");
    rolled_out(&deployments, &second).await;
    asking.finish();
    let after = all_answer_soon(&address);
    assert!(before.is_disjoint(&after), "the update replaced every pod: {before:?} {after:?}");

    let known = identities(&pods).await;
    assert!(cluster.kill(), "it ran");
    assert_eq!(all_answer(&address), after, "pods answer without k1s");
    cluster.up();
    rolled_out(&deployments, &second).await;
    assert_eq!(identities(&pods).await, known, "the same pods, none of them restarted");
    assert_eq!(all_answer(&address), after);

    let third = deployments.patch("web", &apply, &Patch::Apply(&web("3"))).await.expect("a template after the restart");
    rolled_out(&deployments, &third).await;
    assert!(all_answer_soon(&address).is_disjoint(&after), "the cluster goes on working");

    let output = cluster.k1s(&["reset", "--yes"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(traces(&cluster.dir), Vec::<String>::new());
}
