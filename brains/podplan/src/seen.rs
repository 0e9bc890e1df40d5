//! What the runtime shows of one pod, and what its worker remembers between two looks.

use crate::backoff::Backoff;
use crate::cgroup::Limits;
use crate::probe::ProbeResults;
use crate::resize::Answer;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodStatus;
use std::collections::BTreeMap;

/// Everything of one pod that the runtime knows; newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuntimeState {
    pub sandboxes: Vec<Sandbox>,
    pub containers: Vec<Instance>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sandbox {
    pub id: String,
    pub attempt: u32,
    pub ready: bool,
    pub host_network: bool,
    pub ips: Vec<String>,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstanceState {
    #[default]
    Created,
    Running,
    Exited,
    Unknown,
}

impl InstanceState {
    pub fn word(self) -> &'static str {
        match self {
            InstanceState::Created => "created",
            InstanceState::Running => "running",
            InstanceState::Exited => "exited",
            InstanceState::Unknown => "unknown",
        }
    }
}

/// One container that was made: a restart is another instance of the same name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    pub id: String,
    pub name: String,
    pub sandbox_id: String,
    pub state: InstanceState,
    pub restart_count: i32,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub exit_code: i32,
    pub reason: String,
    pub message: String,
    pub image: String,
    pub image_ref: String,
    /// The hash of the specification that it was made from; empty when unknown.
    pub hash: String,
    pub user: Option<User>,
    /// None when the runtime does not tell.
    pub in_force: Option<InForce>,
}

/// What holds a container, in the kernel's numbers; zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    pub cpu_shares: i64,
    pub cpu_quota: i64,
    pub memory_bytes: i64,
    /// The request that it was started with; none when unknown.
    pub memory_request: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    pub uid: i64,
    pub gid: i64,
    pub groups: Vec<i64>,
}

impl RuntimeState {
    /// The newest instance of a container.
    pub fn latest(&self, name: &str) -> Option<&Instance> {
        self.containers.iter().find(|instance| instance.name == name)
    }

    pub fn running(&self) -> impl Iterator<Item = &Instance> {
        self.containers.iter().filter(|i| matches!(i.state, InstanceState::Running | InstanceState::Unknown))
    }

    /// The newest sandbox, if it serves.
    pub fn active_sandbox(&self) -> Option<&Sandbox> {
        self.sandboxes.first().filter(|sandbox| sandbox.ready)
    }

    pub fn is_active(&self) -> bool {
        self.running().next().is_some() || self.sandboxes.iter().any(|sandbox| sandbox.ready)
    }
}

/// Why a container could not be started: shown as its waiting state until it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFailure {
    pub reason: String,
    pub message: String,
}

/// What outlives a look at the pod. Nothing of it must be kept over a restart of the process.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The status that was computed last.
    pub status: Option<PodStatus>,
    /// By instance id.
    pub probes: BTreeMap<String, ProbeResults>,
    /// By container name.
    pub failures: BTreeMap<String, StartFailure>,
    /// By container name.
    pub backoffs: BTreeMap<String, Backoff>,
    /// Once a pod ends, it does not come back.
    pub terminating: bool,
    /// The phase's reason and message that some judge gave: a rejection, an eviction, a deadline.
    pub verdict: Option<Verdict>,
    /// What the pod's own group was last held to; none when that is not known.
    pub pod_limits: Option<Limits>,
    /// Why the pod has not been granted what it asks for.
    pub resize_pending: Option<Answer>,
    /// Why what was granted could not be put into force.
    pub resize_error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub reason: String,
    pub message: String,
    /// The node never took the pod: there is nothing to say of its containers.
    pub refused: bool,
}

/// What a pod's status says of its node.
#[derive(Clone, Debug, Default)]
pub struct NodeFacts {
    pub host_ips: Vec<String>,
    /// The scheme of container ids.
    pub runtime_name: String,
    /// Containers started before this moment were adopted: their readiness is not doubted until a probe says so.
    pub started: Timestamp,
}
