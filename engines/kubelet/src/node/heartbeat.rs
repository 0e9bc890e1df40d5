//! The kubelet's one timer: every ten seconds the lease, a look at the node, and the small chores.

use super::lease::{self, RENEW_EVERY};
use super::machine::Machine;
use super::status;
use crate::context::Context;
use crate::images::collect::Collector;
use crate::logs::rotate::Logs;
use crate::pods::dispatch::Roster;
use crate::pods::orphans;
use crate::volumes::usage;
use client::{Api, PatchKind};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Node, NodeStatus};
use meta::{Reason, Status, Value};
use plan::EventType;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An unchanged status is told again after so long.
const TELL_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Every so many beats: images and files that nobody needs.
const CHORES_EVERY: u64 = 30;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(7);

#[derive(Debug)]
enum HeartbeatError {
    Api(Status),
    Runtime(cri::Error),
}

impl fmt::Display for HeartbeatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeartbeatError::Api(status) => status.fmt(f),
            HeartbeatError::Runtime(error) => error.fmt(f),
        }
    }
}

impl From<Status> for HeartbeatError {
    fn from(status: Status) -> HeartbeatError {
        HeartbeatError::Api(status)
    }
}

impl From<cri::Error> for HeartbeatError {
    fn from(error: cri::Error) -> HeartbeatError {
        HeartbeatError::Runtime(error)
    }
}

pub struct Heart {
    context: Arc<Context>,
    machine: Machine,
    told_at: Timestamp,
}

impl Heart {
    pub fn new(context: Arc<Context>, machine: Machine) -> Heart {
        Heart { context, machine, told_at: Timestamp::UNIX_EPOCH }
    }

    fn nodes(&self) -> Api<Node> {
        Api::all(self.context.client.clone())
    }

    /// Registers the node, however long that takes.
    pub async fn register(&mut self) {
        let mut backoff = client::Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while let Err(error) = self.try_register().await {
            tracing::info!(%error, "the node waits to be registered");
            tokio::time::sleep(backoff.failed(self.context.clock.random())).await;
        }
        let node = self.context.node();
        self.context.events.node(&node, EventType::Normal, "Starting", "Starting kubelet.");
    }

    async fn try_register(&mut self) -> Result<(), HeartbeatError> {
        let name = &self.context.config.node_name;
        let wanted = status::node(&self.context, &self.machine);
        let node = match self.nodes().find(name).await? {
            Some(standing) => self.relabel(&standing, &wanted).await?,
            None => {
                let status = status::status(&self.context, &self.machine, &NodeStatus::default()).await?;
                let node = Node { status: Some(status), ..wanted };
                match self.nodes().create(&node).await {
                    Err(status) if status.is(Reason::AlreadyExists) => self.nodes().get(name).await?,
                    created => created?,
                }
            }
        };
        self.context.set_node(node);
        self.tell_status().await?;
        // The leases' namespace may be made only later: the next beat tries again.
        if let Err(status) = lease::renew(&self.context).await {
            tracing::debug!(%status, "the first lease was not taken");
        }
        Ok(())
    }

    /// Labels that this node is known by are put right; others' labels are left alone.
    async fn relabel(&self, standing: &Arc<Node>, wanted: &Node) -> Result<Arc<Node>, Status> {
        let labels = standing.metadata.labels.clone().unwrap_or_default();
        let mut patch = Value::map();
        for (key, value) in wanted.metadata.labels.iter().flatten().filter(|(k, v)| labels.get(*k) != Some(v)) {
            *patch.entry("metadata").entry("labels").entry(key) = value.into();
        }
        if patch.is_empty() {
            return Ok(standing.clone());
        }
        self.nodes().patch(&self.context.config.node_name, PatchKind::Merge, patch).await
    }

    pub async fn beat(mut self, roster: Arc<Roster>) {
        let (mut collector, mut logs) = (Collector::default(), Logs::default());
        for beat in 1_u64.. {
            tokio::time::sleep(RENEW_EVERY).await;
            if let Err(error) = self.pulse().await {
                tracing::warn!(%error, "a heartbeat was not taken");
            }
            let chores = async {
                usage::judge(&self.context, &roster);
                logs.rotate(&self.context, &roster).await?;
                if beat.is_multiple_of(CHORES_EVERY) {
                    orphans::clean(&self.context, &roster).await?;
                    collector.collect(&self.context).await?;
                }
                Ok::<(), cri::Error>(())
            };
            if let Err(error) = chores.await {
                tracing::warn!(%error, "a chore was left undone");
            }
        }
    }

    async fn pulse(&mut self) -> Result<(), HeartbeatError> {
        lease::renew(&self.context).await?;
        self.tell_status().await
    }

    /// Told when it has changed, or when it has not been told for long.
    async fn tell_status(&mut self) -> Result<(), HeartbeatError> {
        let node = self.context.node();
        let old = node.status.clone().unwrap_or_default();
        let new = status::status(&self.context, &self.machine, &old).await?;
        let now = self.context.clock.now();
        let due = now.duration_since(self.told_at) >= TELL_AGAIN;
        if !due && !differs(&old, &new) {
            return Ok(());
        }
        let was_ready = is_ready(&old);
        match self.patch(&node, &new).await {
            Ok(told) => self.context.set_node(told),
            Err(status) if status.is(Reason::Conflict) => {
                let fresh = self.nodes().get(&self.context.config.node_name).await?;
                self.context.set_node(self.patch(&fresh, &new).await?);
            }
            Err(status) if status.is(Reason::NotFound) => {
                self.told_at = Timestamp::UNIX_EPOCH;
                return Box::pin(self.try_register()).await;
            }
            Err(status) => return Err(status.into()),
        }
        self.told_at = now;
        self.tell_readiness(was_ready, is_ready(&new));
        Ok(())
    }

    /// Others' conditions stand in the same list: it is written whole, and only over what was seen.
    async fn patch(&self, node: &Node, new: &NodeStatus) -> Result<Arc<Node>, Status> {
        let standing = node.status.as_ref().and_then(|s| s.conditions.clone()).unwrap_or_default();
        let mut conditions = new.conditions.clone().unwrap_or_default();
        let foreign = standing.into_iter().filter(|c| !conditions.iter().any(|own| own.type_ == c.type_));
        let foreign: Vec<_> = foreign.collect();
        conditions.extend(foreign);
        let whole = NodeStatus { conditions: Some(conditions), ..new.clone() };
        let mut patch = Value::map();
        patch.set("metadata.resourceVersion", node.metadata.resource_version.clone());
        patch.set("status", Value::encode(&whole).map_err(Status::internal)?);
        self.nodes().patch_status(&self.context.config.node_name, PatchKind::Merge, patch).await
    }

    fn tell_readiness(&self, was: bool, is: bool) {
        if was == is {
            return;
        }
        let reason = if is { "NodeReady" } else { "NodeNotReady" };
        let message = format!("Node {} status is now: {reason}", self.context.config.node_name);
        self.context.events.node(&self.context.node(), EventType::Normal, reason, message);
    }
}

fn is_ready(status: &NodeStatus) -> bool {
    status.conditions.iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True")
}

/// Whether anything but the time of the heartbeat has changed.
fn differs(old: &NodeStatus, new: &NodeStatus) -> bool {
    let still = |status: &NodeStatus, own: &NodeStatus| {
        let mut status = status.clone();
        let conditions = status.conditions.get_or_insert_default();
        conditions.retain(|c| own.conditions.iter().flatten().any(|o| o.type_ == c.type_));
        conditions.iter_mut().for_each(|c| c.last_heartbeat_time = None);
        conditions.sort_by(|a, b| a.type_.cmp(&b.type_));
        status.volumes_attached = None;
        status.volumes_in_use = None;
        status
    };
    still(old, new) != still(new, new)
}
