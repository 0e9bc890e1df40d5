//! A pod as scheduling sees it: read from its JSON once, when it is seen.

pub(crate) mod manifest;
mod ports;
mod requests;
mod terms;

pub use ports::HostPort;
pub(crate) use terms::selector;
pub use terms::{PodAffinity, PodTerm, SpreadConstraint};

use crate::node_terms::NodeTerms;
use crate::resources::Resources;
use crate::taints::Toleration;
use jiff::Timestamp;
use manifest::{Condition, PodManifest, PodSpec};
use meta::{CompactString, JsonError, Key, Labels, Object};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct PodInfo {
    pub object: Arc<Object>,
    /// Where it is bound to; empty while it waits.
    pub node: CompactString,
    pub scheduler: CompactString,
    pub priority: i32,
    /// Where it was promised a place, as the server shows it.
    pub nominated: CompactString,
    pub started: Option<Timestamp>,
    /// Why it waits, as the server shows it.
    pub waits: Option<Waits>,
    /// Whether it may ever push others out.
    pub preempts: bool,
    /// Its containers have ended for good: it uses nothing.
    pub ended: bool,
    pub requests: Resources,
    /// The same with a little cpu and memory for containers that ask for none: what nodes are compared by.
    pub scored: Resources,
    pub host_ports: Vec<HostPort>,
    pub tolerations: Vec<Toleration>,
    pub node_terms: NodeTerms,
    pub affinity: Option<Box<PodAffinity>>,
    pub spread: Vec<SpreadConstraint>,
    pub gates: Vec<CompactString>,
    /// As nodes list them, of every container.
    pub images: Vec<CompactString>,
}

/// A condition that says that a pod has no node.
#[derive(Clone, Debug, PartialEq)]
pub struct Waits {
    pub reason: CompactString,
    pub message: CompactString,
}

impl PodInfo {
    pub fn read(object: Arc<Object>) -> Result<PodInfo, JsonError> {
        let PodManifest { spec, status } =
            serde_json::from_slice(object.body()).map_err(|error| JsonError(error.to_string()))?;
        Ok(PodInfo {
            requests: requests::of(&spec, &status, requests::Missing::Nothing),
            scored: requests::of(&spec, &status, requests::Missing::ALittle),
            host_ports: ports::of(&spec),
            images: images(&spec),
            node_terms: NodeTerms::read(&spec),
            affinity: PodAffinity::read(&spec, &object.header),
            spread: spread(&spec, &object),
            gates: spec.scheduling_gates.into_iter().map(|gate| gate.name).collect(),
            node: spec.node_name,
            scheduler: spec.scheduler_name,
            priority: spec.priority,
            preempts: spec.preemption_policy != "Never",
            ended: status.phase == "Succeeded" || status.phase == "Failed",
            nominated: status.nominated_node_name,
            started: status.start_time.parse().ok(),
            waits: waits(status.conditions),
            tolerations: spec.tolerations,
            object,
        })
    }

    pub fn uid(&self) -> &CompactString {
        &self.object.header.uid
    }

    pub fn key(&self) -> Key {
        self.object.key()
    }

    pub fn namespace(&self) -> &str {
        &self.object.header.namespace
    }

    pub fn labels(&self) -> &Labels {
        &self.object.header.labels
    }

    pub fn is_bound(&self) -> bool {
        !self.node.is_empty()
    }

    pub fn is_leaving(&self) -> bool {
        self.object.header.deletion_timestamp.is_some()
    }
}

fn spread(spec: &PodSpec, object: &Object) -> Vec<SpreadConstraint> {
    let read = |constraint| SpreadConstraint::read(constraint, &object.header);
    spec.topology_spread_constraints.iter().map(read).collect()
}

fn waits(conditions: Vec<Condition>) -> Option<Waits> {
    let scheduled = conditions.into_iter().find(|condition| condition.kind == "PodScheduled")?;
    let Condition { status, reason, message, .. } = scheduled;
    (status == "False").then_some(Waits { reason, message })
}

fn images(spec: &PodSpec) -> Vec<CompactString> {
    spec.init_containers.iter().chain(&spec.containers).map(|container| normal_image(&container.image)).collect()
}

/// Nodes list their images with a tag.
fn normal_image(name: &CompactString) -> CompactString {
    let tagged = name.rfind(':') > name.rfind('/');
    if tagged { name.clone() } else { format!("{name}:latest").into() }
}
