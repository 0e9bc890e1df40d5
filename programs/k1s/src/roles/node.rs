//! This machine as a node: the container runtime, the network and the kubelet.

use super::api::ApiRole;
use super::network::{self, NetworkRole, NetworkRoleError};
use crate::certificates::{CertificateError, Subject};
use crate::demo;
use crate::machine::{host_name, own_address};
use apiserver::identity::Identity;
use client::{Request, WatchEvent};
use clock::Clock;
use containers::{Containers, LoopbackOnly};
use futures::StreamExt;
use kubelet::{Config, Doors, Handle, KernelMounts, Kubelet, Mounts, ServerConfig, StartError};
use meta::{Gvr, Status, Value};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));
const POD_RANGE: &str = "10.244.0.0/24";
const CLUSTER_RANGE: &str = "10.244.0.0/16";
const SERVICE_RANGE: &str = "10.96.0.0/12";
const DOMAIN: &str = "cluster.local";
const KUBELET_PORT: u16 = 10_250;

#[derive(Debug)]
pub enum NodeError {
    Network(NetworkRoleError),
    Runtime(containers::Error),
    Certificates(CertificateError),
    Kubelet(StartError),
    Import(String),
    Api(Status),
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeError::Network(why) => why.fmt(f),
            NodeError::Runtime(why) => write!(f, "the container runtime cannot start: {why}"),
            NodeError::Certificates(why) => why.fmt(f),
            NodeError::Kubelet(why) => why.fmt(f),
            NodeError::Api(why) => write!(f, "the node cannot be seen: {why}"),
            NodeError::Import(why) => write!(f, "images cannot be imported: {why}"),
        }
    }
}

impl std::error::Error for NodeError {}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for NodeError { fn from(why: $from) -> NodeError { NodeError::$variant(why) } })*
    };
}
from! { NetworkRoleError => Network, containers::Error => Runtime, CertificateError => Certificates, StartError => Kubelet }

pub struct NodeRole {
    pub name: String,
    pub runtime: Arc<Containers>,
    kubelet: Handle,
    _network: NetworkRole,
}

impl NodeRole {
    pub async fn start(api: &ApiRole, data_dir: &Path, clock: Arc<dyn Clock>) -> Result<NodeRole, NodeError> {
        let (name, address) = (host_name(), own_address());
        let network = NetworkRole::start(api, network(&name, address), clock.clone()).await?;
        let runtime = containers::Config::new(data_dir.join("containers"), clock.clone());
        let runtime = Containers::open(runtime, network.pods.clone()).await?;
        import(&runtime, data_dir.join("images")).await?;
        let doors = Doors {
            client: api.client(Identity::new(format!("system:node:{name}"), &["system:nodes"]), "kubelet"),
            runtime: runtime.clone(),
            images: runtime.clone(),
            clock: clock.clone(),
            mounts: Arc::new(KernelMounts),
        };
        let kubelet = Kubelet::run(node_config(api, &name, address, data_dir, &*clock)?, doors).await?;
        Ok(NodeRole { name, runtime, kubelet, _network: network })
    }

    /// Returns once the node says that it can take pods.
    pub async fn ready(&self, api: &ApiRole) -> Result<(), NodeError> {
        let client = api.client(Identity::new(format!("system:node:{}", self.name), &["system:nodes"]), "kubelet");
        let mut request = Request::list(Gvr::new("", "v1", "nodes"), "");
        request.list.field_selector = format!("metadata.name={}", self.name);
        let mut events = client.watch(request).await.map_err(NodeError::Api)?;
        while let Some(event) = events.next().await {
            if let WatchEvent::Added(node) | WatchEvent::Modified(node) = event.map_err(NodeError::Api)? {
                let ready = |c: &Value| c.str("type") == "Ready" && c.str("status") == "True";
                if node.decode_value().items("status.conditions").iter().any(ready) {
                    return Ok(());
                }
            }
        }
        Err(NodeError::Api(Status::internal("the node's watch ended")))
    }

    /// The node stops answering; its pods run on.
    pub async fn stop(self) {
        self.kubelet.stop().await;
    }
}

/// The demo image, and every archive that somebody has put into the directory of images.
async fn import(runtime: &Containers, archives: PathBuf) -> Result<(), NodeError> {
    let store = runtime.image_store().clone();
    let work = move || -> Result<(), containers::Error> {
        store.add_builtin(&demo::image())?;
        let Ok(entries) = std::fs::read_dir(&archives) else { return Ok(()) }; // no such directory: nothing to import
        for path in entries.filter_map(|entry| entry.ok()).map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "tar") {
                match store.import(&path, None) {
                    Ok(images) => tracing::info!(path = %path.display(), images = images.len(), "images were imported"),
                    Err(error) => tracing::error!(path = %path.display(), %error, "an archive cannot be imported"),
                }
            }
        }
        Ok(())
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| NodeError::Import(error.to_string()))??;
    Ok(())
}

/// Leaves nothing of a node that is not running: no container, mount, cgroup, link or rule.
pub async fn reset(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<(), NodeError> {
    let runtime = containers::Config::new(data_dir.join("containers"), clock);
    Containers::open(runtime, Arc::new(LoopbackOnly)).await?.reset().await?;
    network::reset(network(&host_name(), own_address())).await?;
    kubelet_mounts(data_dir);
    Ok(())
}

/// Memory that pods had as volumes.
fn kubelet_mounts(data_dir: &Path) {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below = data_dir.join("kubelet");
    for path in mounts.lines().filter_map(|line| line.split(' ').nth(1)).map(Path::new) {
        if path.starts_with(&below)
            && let Err(error) = KernelMounts.unmount(path)
        {
            tracing::warn!(path = %path.display(), %error, "a mount stays");
        }
    }
}

fn network(name: &str, address: IpAddr) -> dataplane::Config {
    let ranges = |text: &str| text.parse().into_iter().collect();
    dataplane::Config {
        node_name: name.into(),
        cluster_domain: DOMAIN.into(),
        node_addresses: vec![address],
        cluster_ranges: ranges(CLUSTER_RANGE),
        service_ranges: ranges(SERVICE_RANGE),
        node_ranges: ranges(POD_RANGE),
        dns: vec![SocketAddr::new(DNS, 53)],
        ..dataplane::Config::default()
    }
}

fn node_config(
    api: &ApiRole,
    name: &str,
    address: IpAddr,
    data_dir: &Path,
    clock: &dyn Clock,
) -> Result<Config, CertificateError> {
    let user = format!("system:node:{name}");
    let subject = Subject {
        name: &user,
        groups: &["system:nodes"],
        addresses: vec![address, IpAddr::V4(Ipv4Addr::LOCALHOST)],
        hosts: vec![name.into()],
    };
    let tls = api.authority.server_tls(&api.authority.sign(&subject, clock.now())?)?;
    Ok(Config {
        node_ips: vec![address],
        cluster_dns: vec![DNS],
        cluster_domain: DOMAIN.into(),
        pod_cidr: Some(POD_RANGE.into()),
        server: Some(ServerConfig { address: SocketAddr::new(address, KUBELET_PORT), tls }),
        ..Config::new(name, data_dir.join("kubelet"))
    })
}
