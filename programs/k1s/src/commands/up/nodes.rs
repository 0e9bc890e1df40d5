//! The nodes of the cluster: this machine, or simulated ones instead.

use super::super::Failure;
use crate::machine::host_name;
use crate::roles::api::ApiRole;
use crate::roles::control::ControlRole;
use crate::roles::node::{Membership, NodeRole, Settings};
use crate::roles::simulated::SimulatedNodes;
use clock::Clock;
use std::path::Path;
use std::sync::Arc;

/// What the person asked for.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub simulated: Option<u32>,
    pub max_pods: u32,
}

pub enum Nodes {
    Machine(Box<NodeRole>, ControlRole),
    Simulated(SimulatedNodes),
}

impl Nodes {
    pub async fn start(
        api: &ApiRole,
        data_dir: &Path,
        wanted: Wanted,
        clock: Arc<dyn Clock>,
    ) -> Result<Nodes, Failure> {
        if let Some(count) = wanted.simulated {
            return Ok(Nodes::Simulated(SimulatedNodes::start(api, data_dir, count, clock).await?));
        }
        let name = host_name();
        let membership = Membership::within(api, &name, &*clock)?;
        let node = NodeRole::start(membership, Settings { name, data_dir, max_pods: wanted.max_pods }, clock).await?;
        let control = ControlRole::start(data_dir, node.runtime.clone())?;
        Ok(Nodes::Machine(Box::new(node), control))
    }

    /// Says so once all are ready.
    pub async fn ready(&self, api: &ApiRole) -> Result<(), Failure> {
        match self {
            Nodes::Machine(node, _) => {
                node.ready().await?;
                println!("node {} is ready", node.name);
            }
            Nodes::Simulated(nodes) => {
                nodes.ready(api).await?;
                println!("{} simulated nodes are ready", nodes.count());
            }
        }
        Ok(())
    }

    pub async fn stop(self) {
        match self {
            Nodes::Machine(node, control) => {
                control.stop();
                node.stop().await;
            }
            Nodes::Simulated(nodes) => nodes.stop().await,
        }
    }
}
