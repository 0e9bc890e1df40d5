//! Nodes without machines: real kubelets over the model of a container runtime. What they run is life cycles, not
//! programs, so thousands of them fit beside the control plane. Their containers do not outlive this process.

use super::api::ApiRole;
use super::node::NodeError;
use apiserver::identity::{Identity, MASTERS};
use client::{Request, WatchEvent};
use clock::Clock;
use cri::fake::FakeRuntime;
use futures::StreamExt;
use kubelet::{Config, Doors, Handle, Kubelet, NoMounts};
use meta::{Gvr, Object, Quantity, Status, Value};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

/// Marks them among other nodes.
const LABEL: &str = "k1s/simulated";
/// What each of them says that it has.
const CAPACITY: [(&str, &str); 2] = [("cpu", "32"), ("memory", "256Gi")];
/// The network set aside for measurements: no machine has these addresses.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

pub struct SimulatedNodes {
    kubelets: Vec<Handle>,
}

impl SimulatedNodes {
    pub async fn start(
        api: &ApiRole,
        data_dir: &Path,
        count: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<SimulatedNodes, NodeError> {
        let mut kubelets = Vec::new();
        for number in 0..count {
            let name = format!("node-{number}");
            let runtime = Arc::new(FakeRuntime::frugal(clock.clone()).with_net(number));
            let doors = Doors {
                client: api.client(Identity::new(format!("system:node:{name}"), &["system:nodes"]), "kubelet"),
                runtime: runtime.clone(),
                images: runtime,
                clock: clock.clone(),
                mounts: Arc::new(NoMounts),
            };
            kubelets.push(Kubelet::run(config(&name, number, data_dir), doors).await?);
        }
        Ok(SimulatedNodes { kubelets })
    }

    pub fn count(&self) -> usize {
        self.kubelets.len()
    }

    /// Returns once all of them say that they can take pods.
    pub async fn ready(&self, api: &ApiRole) -> Result<(), NodeError> {
        let client = api.client(Identity::new("admin", &[MASTERS]), "k1s-up");
        let mut request = Request::list(Gvr::new("", "v1", "nodes"), "");
        request.list.label_selector = format!("{LABEL}=true");
        let mut events = client.watch(request).await.map_err(NodeError::Api)?;
        let mut ready = BTreeSet::new();
        while ready.len() < self.kubelets.len() {
            let event =
                events.next().await.ok_or_else(|| NodeError::Api(Status::internal("the nodes' watch ended")))?;
            if let WatchEvent::Added(node) | WatchEvent::Modified(node) = event.map_err(NodeError::Api)?
                && is_ready(&node)
            {
                ready.insert(node.header.name.clone());
            }
        }
        Ok(())
    }

    pub async fn stop(self) {
        futures::future::join_all(self.kubelets.into_iter().map(Handle::stop)).await;
    }
}

pub fn is_ready(node: &Object) -> bool {
    let holds = |c: &Value| c.str("type") == "Ready" && c.str("status") == "True";
    node.decode_value().items("status.conditions").iter().any(holds)
}

fn config(name: &str, number: u32, data_dir: &Path) -> Config {
    let amount = |(name, text): (&str, &str)| Quantity::parse(text).ok().map(|amount| (name.to_owned(), amount));
    Config {
        node_ips: vec![IpAddr::V4(Ipv4Addr::from(u32::from(FIRST_ADDRESS) + number))],
        labels: vec![(LABEL.into(), "true".into())],
        capacity: CAPACITY.into_iter().filter_map(amount).collect(),
        ..Config::new(name, data_dir.join("simulated").join(name))
    }
}
