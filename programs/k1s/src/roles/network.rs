//! The node's network: links of pods, Services in the kernel, and the cluster's DNS.

use client::{ApiClient, Caches};
use clock::Clock;
use containers::{NetworkError, PodAttachment, PodNetwork};
use cri::v1::PortMapping;
use dataplane::dns::{DnsServer, Forwarder, upstreams};
use dataplane::{Config, Dataplane, HostPort, PodLinks, snapshots};
use futures::future::BoxFuture;
use linux::netlink::HostNetwork;
use netplan::Protocol;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::task::JoinSet;

const RESOLV_CONF: &str = "/etc/resolv.conf";

#[derive(Debug)]
pub struct NetworkRoleError(String);

impl fmt::Display for NetworkRoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the node's network cannot be set up: {}", self.0)
    }
}

impl std::error::Error for NetworkRoleError {}

fn refused(why: impl fmt::Display) -> NetworkRoleError {
    NetworkRoleError(why.to_string())
}

pub struct NetworkRole {
    pub pods: Arc<dyn PodNetwork>,
    /// Follows and serves for as long as it is held; the kernel keeps what it was told.
    _tasks: JoinSet<()>,
}

impl NetworkRole {
    /// `reader` sees Services and their endpoints.
    pub async fn start(
        reader: Arc<dyn ApiClient>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<NetworkRole, NetworkRoleError> {
        let (host, dns) = (HostNetwork::open().map_err(refused)?, config.dns.clone());
        let node_addresses = config.node_addresses.clone();
        let plane = Arc::new(Dataplane::open(host, config).await.map_err(refused)?);
        let links = plane.pod_links().await.map_err(refused)?;
        let mut tasks = JoinSet::new();
        let resolvers = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
        let forwarder = Forwarder::new(upstreams(&resolvers, &dns), clock.clone());
        for address in dns {
            serve_dns(address, &plane, forwarder.clone(), &mut tasks).await?;
        }
        let caches = Caches::new(reader, clock);
        let follower = plane.clone();
        tasks.spawn(async move { follower.follow(snapshots(&caches, follower.node())).await });
        let pods = Arc::new(Pods { links, node_addresses });
        Ok(NetworkRole { pods, _tasks: tasks })
    }
}

/// Takes away what a node's network has put into the kernel.
pub async fn reset(config: Config) -> Result<(), NetworkRoleError> {
    let host = HostNetwork::open().map_err(refused)?;
    Dataplane::open(host, config).await.map_err(refused)?.reset().await.map_err(refused)
}

async fn serve_dns(
    address: SocketAddr,
    plane: &Dataplane<HostNetwork>,
    forwarder: Forwarder,
    tasks: &mut JoinSet<()>,
) -> Result<(), NetworkRoleError> {
    let server = DnsServer::bind(address, plane.names(), forwarder).await.map_err(refused)?;
    tasks.spawn(async move {
        let Err(error) = server.run().await;
        tracing::error!(%error, %address, "cluster DNS has ended");
    });
    Ok(())
}

/// The links of pods as the container runtime asks for them.
struct Pods {
    links: PodLinks<HostNetwork>,
    node_addresses: Vec<IpAddr>,
}

impl PodNetwork for Pods {
    fn attach<'a>(&'a self, pod: PodAttachment<'a>) -> BoxFuture<'a, Result<Vec<IpAddr>, NetworkError>> {
        Box::pin(async move {
            let Some(netns) = pod.netns else { return Ok(self.node_addresses.clone()) };
            let ports: Vec<HostPort> = pod.port_mappings.iter().filter_map(host_port).collect();
            self.links.attach(pod.sandbox_id, netns, &ports).await.map_err(|error| NetworkError(error.to_string()))
        })
    }

    fn detach<'a>(&'a self, sandbox_id: &'a str) -> BoxFuture<'a, Result<(), NetworkError>> {
        Box::pin(async move { self.links.detach(sandbox_id).await.map_err(|error| NetworkError(error.to_string())) })
    }
}

/// Ports that the pod does not ask the host for are none.
fn host_port(mapping: &PortMapping) -> Option<HostPort> {
    let port = u16::try_from(mapping.host_port).ok().filter(|port| *port > 0)?;
    let protocol = match mapping.protocol() {
        cri::v1::Protocol::Udp => Protocol::Udp,
        cri::v1::Protocol::Sctp => Protocol::Sctp,
        cri::v1::Protocol::Tcp => Protocol::Tcp,
    };
    let host = mapping.host_ip.parse().ok();
    Some(HostPort { host, protocol, port, pod_port: u16::try_from(mapping.container_port).ok()? })
}
