//! A node: a kubelet over a fake runtime, and the network's plan over a recorder.

use super::Doors;
use crate::run::RunError;
use crate::scenario::Part;
use apiserver::identity::Identity;
use client::Caches;
use clock::{Clock, VirtualClock};
use cri::fake::FakeRuntime;
use dataplane::{Dataplane, snapshots};
use jiff::SignedDuration;
use kernel::net::Recorder;
use kubelet::{Config, Handle, Kubelet, NoMounts};
use meta::Quantity;
use meta::quantity::Format;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::AbortHandle;

const CPUS: i64 = 4;
const MEMORY: i64 = 16 << 30;
const STORAGE: i64 = 100 << 30;

pub struct Node {
    number: usize,
    /// Of this machine: it may run ahead of the others.
    clock: Arc<VirtualClock>,
    runtime: FakeRuntime,
    kernel: Recorder,
    directory: TempDir,
    kubelet: Option<Handle>,
    network: Option<AbortHandle>,
}

impl Node {
    pub fn new(number: usize, dice: &VirtualClock) -> Result<Node, RunError> {
        let clock = Arc::new(VirtualClock::new(dice.random()));
        let runtime = FakeRuntime::frugal(clock.clone()).with_net(u32::try_from(number).unwrap_or(0));
        let directory = directory().map_err(RunError::Directory)?;
        let kernel = Recorder::default();
        Ok(Node { number, clock, runtime, kernel, directory, kubelet: None, network: None })
    }

    fn name(&self) -> String {
        format!("node-{}", self.number)
    }

    fn address(&self) -> IpAddr {
        let [high, low] = u16::try_from(self.number + 1).unwrap_or(1).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(172, 16, high, low))
    }

    pub fn set_skew(&self, seconds: i64) {
        self.clock.set_skew(SignedDuration::from_secs(seconds));
    }

    pub fn elements(&self) -> usize {
        self.kernel.elements().len()
    }

    pub async fn start(&mut self, doors: &Doors) -> Result<(), RunError> {
        let identity = Identity::new(format!("system:node:{}", self.name()), &["system:nodes"]);
        let parts = kubelet::Doors {
            client: doors.open(identity, "kubelet", Some(Part::Kubelet(self.number))),
            runtime: Arc::new(self.runtime.clone()),
            images: Arc::new(self.runtime.clone()),
            clock: self.clock.clone() as Arc<dyn Clock>,
            mounts: Arc::new(NoMounts),
        };
        let config = Config {
            node_ips: vec![self.address()],
            capacity: capacity(),
            cluster_dns: vec![IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10))],
            ..Config::new(&self.name(), self.directory.path().join("kubelet"))
        };
        self.kubelet = Some(Kubelet::run(config, parts).await.map_err(RunError::Kubelet)?);
        self.start_network(doors).await
    }

    async fn start_network(&mut self, doors: &Doors) -> Result<(), RunError> {
        let config = dataplane::Config {
            node_name: self.name(),
            cluster_domain: "cluster.local".into(),
            node_addresses: vec![self.address()],
            ..dataplane::Config::default()
        };
        let opened = Dataplane::open(self.kernel.clone(), config).await;
        let plane = opened.map_err(|error| RunError::Network(error.to_string()))?;
        let part = Some(Part::Kubelet(self.number));
        let reader = doors.open(Identity::new("system:k1s:network", &[]), "k1s-network", part);
        let caches = Caches::new(reader, self.clock.clone());
        let following = tokio::spawn(async move { plane.follow(snapshots(&caches, plane.node())).await });
        self.network = Some(following.abort_handle());
        Ok(())
    }

    /// Ends the node's programs; with the machine, its containers too.
    pub fn stop(&mut self, machine: bool) {
        drop(self.kubelet.take());
        if let Some(network) = self.network.take() {
            network.abort();
        }
        if machine {
            self.runtime.reboot();
        }
    }
}

/// In memory where there is room for files: nodes write and read many small ones.
fn directory() -> io::Result<TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// Of every node: what a run comes to must not depend on the machine below.
fn capacity() -> BTreeMap<String, Quantity> {
    BTreeMap::from([
        ("cpu".to_owned(), Quantity::units(CPUS, Format::DecimalSi)),
        ("memory".to_owned(), Quantity::units(MEMORY, Format::BinarySi)),
        ("ephemeral-storage".to_owned(), Quantity::units(STORAGE, Format::BinarySi)),
    ])
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop(false);
    }
}
