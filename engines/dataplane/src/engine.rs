//! The engine: plans in, kernel and names kept to them.

use crate::config::Config;
use crate::dns::Names;
use crate::links::{LinkError, PodLinks};
use crate::table::{RuleTable, TableError};
use futures::{FutureExt, Stream, StreamExt};
use kernel::net::{Flows, Links, NetError, Rules};
use netplan::{Desired, LINK_PREFIX, Snapshot, plan};
use std::sync::Arc;
use std::time::Duration;

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);

pub struct Dataplane<K> {
    kernel: K,
    config: Config,
    table: Arc<RuleTable<K>>,
    names: Names,
}

impl<K: Rules + Links + Flows + Clone> Dataplane<K> {
    /// Finds what an earlier run left in the kernel and takes it over.
    pub async fn open(kernel: K, config: Config) -> Result<Self, NetError> {
        let table = Arc::new(RuleTable::open(kernel.clone(), &config).await?);
        for address in &config.dns {
            kernel.hold_address(address.ip()).await?;
        }
        // A node without a default route reaches services all the same.
        for (range, source) in config.service_sources() {
            kernel.route_to_rules(range, source).await?;
        }
        Ok(Self { kernel, config, table, names: Names::default() })
    }

    /// What snapshots must carry, to be planned for this node.
    pub fn node(&self) -> Arc<netplan::Node> {
        self.config.node()
    }

    /// The links of pods, for whoever runs containers. Made once.
    pub async fn pod_links(&self) -> Result<PodLinks<K>, LinkError> {
        PodLinks::open(self.kernel.clone(), self.table.clone(), &self.config).await
    }

    /// The names that DNS answers from, always those of the latest plan.
    pub fn names(&self) -> Names {
        self.names.clone()
    }

    /// Names first: they need no kernel, and a refused commit must not hold them back.
    pub async fn apply(&self, desired: &Desired) -> Result<(), TableError> {
        self.names.publish(desired.zone.clone());
        self.table.apply(desired).await
    }

    /// Follows snapshots until there are no more. Only the latest counts; one that the kernel refuses is tried again,
    /// later and later, unless a newer one comes.
    pub async fn follow(&self, snapshots: impl Stream<Item = Snapshot>) {
        let mut snapshots = std::pin::pin!(snapshots);
        let mut desired = Desired::default();
        let mut retry: Option<Duration> = None;
        loop {
            let next = match retry {
                None => snapshots.next().await,
                Some(delay) => match tokio::time::timeout(delay, snapshots.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        retry = self.attempt(&desired, Some(delay)).await;
                        continue;
                    }
                },
            };
            let Some(mut snapshot) = next else { return };
            while let Some(Some(newer)) = snapshots.next().now_or_never() {
                snapshot = newer;
            }
            desired = plan(&desired, &snapshot);
            retry = self.attempt(&desired, None).await;
        }
    }

    /// How long to wait before the next attempt, if this one failed.
    async fn attempt(&self, desired: &Desired, waited: Option<Duration>) -> Option<Duration> {
        let error = self.apply(desired).await.err()?;
        let delay = waited.map_or(FIRST_RETRY, |waited| (waited * 2).min(LAST_RETRY));
        tracing::warn!(%error, ?delay, "the network is not as it should be, trying again");
        Some(delay)
    }

    /// Leaves nothing: no table, no link, no address, no route.
    pub async fn reset(&self) -> Result<(), NetError> {
        for link in self.kernel.links(LINK_PREFIX).await? {
            self.kernel.remove_link(link.name).await?;
        }
        self.table.remove().await?;
        for address in &self.config.dns {
            self.kernel.release_address(address.ip()).await?;
        }
        for (range, _) in self.config.service_sources() {
            self.kernel.unroute(range).await?;
        }
        Ok(())
    }
}
