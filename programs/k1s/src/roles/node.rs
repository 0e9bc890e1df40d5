//! This machine as a node: the container runtime, the network and the kubelet.

use super::api::ApiRole;
use super::network::{self, NetworkRole, NetworkRoleError};
use super::simulated::is_ready;
use crate::certificates::{Authority, CertificateError, Signed, Subject};
use crate::demo;
use crate::machine::{host_name, own_address};
use apiserver::identity::Identity;
use client::{ApiClient, Request, WatchEvent};
use clock::Clock;
use containers::{Containers, LoopbackOnly};
use futures::StreamExt;
use kubelet::{Config, Doors, Handle, KernelMounts, Kubelet, Mounts, ServerConfig, StartError};
use meta::{Gvr, Status};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));
const CLUSTER_RANGE: &str = "10.244.0.0/16";
const SERVICE_RANGE: &str = "10.96.0.0/12";
const DOMAIN: &str = "cluster.local";
pub const KUBELET_PORT: u16 = 10_250;
/// As many as upstream's kubelet takes if nobody says otherwise.
pub const MAX_PODS: u32 = 110;

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

/// The cluster that a node belongs to, as the node reaches it.
pub struct Membership {
    /// For the kubelet.
    pub node: Arc<dyn ApiClient>,
    /// For what follows Services.
    pub network: Arc<dyn ApiClient>,
    /// The kubelet's own, which trusts the cluster's authority.
    pub tls: Arc<rustls::ServerConfig>,
}

impl Membership {
    /// In the process of the server.
    pub fn within(api: &ApiRole, name: &str, clock: &dyn Clock) -> Result<Membership, CertificateError> {
        let identity = Identity::new(format!("system:node:{name}"), &["system:nodes"]);
        Ok(Membership {
            node: api.client(identity, "kubelet"),
            network: api.client(Identity::new("system:k1s:network", &[]), "k1s-network"),
            tls: api.authority.server_tls(&serving(&api.authority, name, clock)?)?,
        })
    }
}

/// What a node presents to those who ask it for logs.
pub fn serving(authority: &Authority, name: &str, clock: &dyn Clock) -> Result<Signed, CertificateError> {
    let (user, groups) = (format!("system:node:{name}"), ["system:nodes"]);
    let addresses = vec![own_address(), IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let subject = Subject { name: &user, groups: &groups, addresses, hosts: vec![name.into()] };
    authority.sign(&subject, clock.now())
}

pub struct Settings<'a> {
    pub name: String,
    pub data_dir: &'a Path,
    pub max_pods: u32,
}

pub struct NodeRole {
    pub name: String,
    pub runtime: Arc<Containers>,
    client: Arc<dyn ApiClient>,
    kubelet: Handle,
    _network: NetworkRole,
}

impl NodeRole {
    pub async fn start(
        membership: Membership,
        settings: Settings<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<NodeRole, NodeError> {
        let (name, data_dir) = (settings.name.clone(), settings.data_dir);
        let plane = network(&name, own_address(), settings.max_pods);
        let network = NetworkRole::start(membership.network, plane, clock.clone()).await?;
        let runtime = containers::Config::new(data_dir.join("containers"), clock.clone());
        let runtime = Containers::open(runtime, network.pods.clone()).await?;
        import(&runtime, data_dir.join("images")).await?;
        let doors = Doors {
            client: membership.node.clone(),
            runtime: runtime.clone(),
            images: runtime.clone(),
            clock: clock.clone(),
            mounts: Arc::new(KernelMounts),
        };
        let kubelet = Kubelet::run(node_config(&settings, membership.tls), doors).await?;
        Ok(NodeRole { name, runtime, client: membership.node, kubelet, _network: network })
    }

    /// Returns once the node says that it can take pods.
    pub async fn ready(&self) -> Result<(), NodeError> {
        let mut request = Request::list(Gvr::new("", "v1", "nodes"), "");
        request.list.field_selector = format!("metadata.name={}", self.name);
        let mut events = self.client.watch(request).await.map_err(NodeError::Api)?;
        while let Some(event) = events.next().await {
            if let WatchEvent::Added(node) | WatchEvent::Modified(node) = event.map_err(NodeError::Api)?
                && is_ready(&node)
            {
                return Ok(());
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
                match store.import_pinned(&path) {
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
    network::reset(network(&host_name(), own_address(), MAX_PODS)).await?;
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

/// The pods' addresses of this node: the smallest range in which each pod may have two, of 254 at the least.
fn pod_range(max_pods: u32) -> String {
    let bits = (max_pods.saturating_add(1).min(1 << 15) * 2).next_power_of_two().trailing_zeros().clamp(8, 16);
    format!("10.244.0.0/{}", 32 - bits)
}

fn network(name: &str, address: IpAddr, max_pods: u32) -> dataplane::Config {
    let ranges = |text: &str| text.parse().into_iter().collect();
    dataplane::Config {
        node_name: name.into(),
        cluster_domain: DOMAIN.into(),
        node_addresses: vec![address],
        cluster_ranges: ranges(CLUSTER_RANGE),
        service_ranges: ranges(SERVICE_RANGE),
        node_ranges: ranges(&pod_range(max_pods)),
        dns: vec![SocketAddr::new(DNS, 53)],
        ..dataplane::Config::default()
    }
}

fn node_config(settings: &Settings<'_>, tls: Arc<rustls::ServerConfig>) -> Config {
    let address = own_address();
    Config {
        node_ips: vec![address],
        cluster_dns: vec![DNS],
        cluster_domain: DOMAIN.into(),
        pod_cidr: Some(pod_range(settings.max_pods)),
        most_pods: settings.max_pods,
        server: Some(ServerConfig { address: SocketAddr::new(address, KUBELET_PORT), tls }),
        ..Config::new(&settings.name, settings.data_dir.join("kubelet"))
    }
}

#[cfg(test)]
mod tests {
    use super::pod_range;

    #[test]
    fn pods_have_room_for_their_addresses() {
        for (max_pods, expect) in [(1, 24), (110, 24), (127, 24), (128, 23), (500, 22), (2_000, 20), (u32::MAX, 16)] {
            assert_eq!(pod_range(max_pods), format!("10.244.0.0/{expect}"), "{max_pods}");
        }
    }
}
