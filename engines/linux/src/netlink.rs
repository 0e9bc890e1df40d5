//! Netlink, spoken by hand: few messages are needed, and they are the ones whose exact bytes matter.

mod flows;
mod links;
mod node;
mod rtnl;
pub(crate) mod socket;
pub(crate) mod wire;

use crate::nft;
use ipnet::IpNet;
use kernel::net::{Batch, Flows, KnownLink, Links, NetError, PodLink, Rules, Set, StaleFlows, TableImage};
pub(crate) use links::try_pair;
use socket::Socket;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The network namespace that this was opened in, whichever thread uses it later.
#[derive(Clone)]
pub struct HostNetwork(Arc<Sockets>);

struct Sockets {
    route: Mutex<Socket>,
    filter: Mutex<Socket>,
    /// For removals of links, which wait some 20 ms for the last reader in the kernel: beside each other and beside
    /// everything else, not before it.
    leaving: [Mutex<Socket>; 4],
    turn: AtomicUsize,
}

impl HostNetwork {
    /// Joins the calling thread's network namespace.
    pub fn open() -> Result<Self, NetError> {
        let open = |protocol| Socket::open(protocol).map_err(|errno| NetError::new("open a netlink socket", errno));
        let route = Mutex::new(open(socket::ROUTE)?);
        let filter = Mutex::new(open(socket::NETFILTER)?);
        let leave = || Ok(Mutex::new(open(socket::ROUTE)?));
        let leaving = [leave()?, leave()?, leave()?, leave()?];
        Ok(Self(Arc::new(Sockets { route, filter, leaving, turn: AtomicUsize::new(0) })))
    }

    /// Netlink answers before it returns, but not at once: a batch of many services takes tens of milliseconds.
    async fn filter<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Socket) -> Result<T, NetError> + Send + 'static,
    ) -> Result<T, NetError> {
        let this = self.0.clone();
        blocking(move || work(&mut held(&this.filter))).await
    }

    async fn route<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Socket) -> Result<T, NetError> + Send + 'static,
    ) -> Result<T, NetError> {
        let this = self.0.clone();
        blocking(move || work(&mut held(&this.route))).await
    }
}

/// A panic while a socket was held leaves no half-sent message behind: the next request has its own number.
fn held(socket: &Mutex<Socket>) -> MutexGuard<'_, Socket> {
    socket.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NetError> + Send + 'static,
) -> Result<T, NetError> {
    let lost = |error: tokio::task::JoinError| NetError::new("wait for netlink", std::io::Error::other(error));
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

impl Rules for HostNetwork {
    async fn commit(&self, table: &'static str, batch: Batch) -> Result<(), NetError> {
        self.filter(move |socket| nft::commit(socket, table, &batch)).await
    }

    async fn image(&self, table: &'static str, sets: Vec<Set>) -> Result<Option<TableImage>, NetError> {
        self.filter(move |socket| nft::image(socket, table, &sets)).await
    }

    async fn remove_table(&self, table: &'static str) -> Result<bool, NetError> {
        self.filter(move |socket| nft::remove_table(socket, table)).await
    }
}

impl Links for HostNetwork {
    async fn create_link(&self, link: PodLink) -> Result<(), NetError> {
        self.route(move |socket| links::create_link(socket, &link)).await
    }

    async fn remove_link(&self, name: String) -> Result<bool, NetError> {
        let this = self.0.clone();
        let turn = this.turn.fetch_add(1, Ordering::Relaxed) % this.leaving.len();
        blocking(move || links::remove_link(&mut held(&this.leaving[turn]), &name)).await
    }

    async fn links(&self, prefix: &str) -> Result<Vec<KnownLink>, NetError> {
        let prefix = prefix.to_owned();
        self.route(move |socket| links::list_links(socket, &prefix)).await
    }

    async fn enable_forwarding(&self, v6: bool) -> Result<(), NetError> {
        blocking(move || node::enable_forwarding(v6)).await
    }

    async fn hold_address(&self, address: IpAddr) -> Result<(), NetError> {
        self.route(move |socket| node::hold_address(socket, address)).await
    }

    async fn release_address(&self, address: IpAddr) -> Result<(), NetError> {
        self.route(move |socket| node::release_address(socket, address)).await
    }

    async fn route_to_rules(&self, range: IpNet, source: IpAddr) -> Result<(), NetError> {
        self.route(move |socket| node::route_to_rules(socket, range, source)).await
    }

    async fn unroute(&self, range: IpNet) -> Result<(), NetError> {
        self.route(move |socket| node::unroute(socket, range)).await
    }
}

impl Flows for HostNetwork {
    async fn forget(&self, stale: Vec<StaleFlows>) -> Result<usize, NetError> {
        self.filter(move |socket| flows::forget(socket, &stale)).await
    }
}
