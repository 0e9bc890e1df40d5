//! What to do next for a pod: the decision that a worker carries out and then asks for again.

mod draft;
mod init;
mod regular;
mod resizes;
mod sandbox;
mod termination;

pub use resizes::{Resize, Resized};
pub use sandbox::{NewSandbox, sandbox_change};
pub use termination::Kill;

/// How long a container is given to end, for whatever reason its pod ends.
pub fn grace_seconds(pod: &Pod) -> i64 {
    termination::grace(pod, None, termination::KillReason::Other)
}

use crate::backoff::Backoff;
use crate::seen::{Memory, NodeFacts, RuntimeState};
use crate::spec::{ContainerKind, api_status, is_deleted, is_terminal};
use crate::status::{Look, status};
use draft::Draft;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, Pod, PodStatus};
use plan::EventType;
use std::collections::BTreeMap;

/// Whether the pod's volumes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volumes {
    Absent,
    Ready,
}

/// Everything that a decision about one pod depends on.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub pod: &'a Pod,
    pub runtime: &'a RuntimeState,
    pub memory: &'a Memory,
    pub volumes: Volumes,
    pub node: &'a NodeFacts,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    PrepareVolumes,
    /// All of these at once, each in its turn; then the sandboxes.
    KillPod {
        kills: Vec<Kill>,
        sandboxes: Vec<String>,
    },
    Kill(Kill),
    Resize(Resize),
    /// An instance that nobody asks for any more.
    Remove {
        id: String,
    },
    /// One that serves no more lets go of what it holds, its address above all.
    StopSandbox {
        id: String,
    },
    CreateSandbox {
        attempt: u32,
    },
    Start {
        kind: ContainerKind,
        name: String,
        restart_count: i32,
    },
    /// Sandboxes, volumes and directories go: the pod is over.
    TearDown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Running,
    Terminating,
    /// Nothing of it runs.
    Terminated,
}

/// Something to tell about the pod or one of its containers.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub container: Option<String>,
    pub kind: EventType,
    pub reason: &'static str,
    pub message: String,
}

#[derive(Clone, Debug)]
pub struct Steps {
    pub status: PodStatus,
    pub stage: Stage,
    pub steps: Vec<Step>,
    /// Look again then, even if nothing happens.
    pub again_at: Option<Timestamp>,
    pub notices: Vec<Notice>,
    /// To be remembered of each container whose start is attempted.
    pub backoffs: BTreeMap<String, Backoff>,
}

/// What the containers need, before anything is put into order.
#[derive(Clone, Debug, Default)]
struct Actions {
    kill_pod: bool,
    new_sandbox: Option<NewSandbox>,
    kills: Vec<Kill>,
    starts: Vec<(ContainerKind, String)>,
    resizes: Vec<Resized>,
}

pub fn next(seen: &Seen<'_>) -> Steps {
    let mut draft = Draft::of(seen);
    let ends = seen.memory.terminating || is_deleted(seen.pod) || is_terminal(api_status(seen.pod).phase.as_deref());
    let mut actions = if ends { Actions::default() } else { actions(seen) };
    draft.hold_back_crash_loops(&mut actions);
    let verdict = draft.verdict();
    let mut look = Look {
        pod: seen.pod,
        runtime: seen.runtime,
        memory: seen.memory,
        failures: &draft.failures,
        verdict: verdict.as_ref(),
        ending: false,
        node: seen.node,
        now: seen.now,
    };
    let current = status(&look);
    if !ends && !is_terminal(current.phase.as_deref()) {
        return draft.running(current, actions);
    }
    if seen.runtime.is_active() {
        return draft.terminating(current);
    }
    look.ending = true;
    let last = status(&look);
    draft.terminated(last)
}

fn actions(seen: &Seen<'_>) -> Actions {
    let mut actions = Actions::default();
    if let Some(change) = sandbox_change(seen.pod, seen.runtime) {
        sandbox::start_over(seen, change, &mut actions);
        return actions;
    }
    for ephemeral in crate::spec::ephemeral_containers(seen.pod) {
        if seen.runtime.latest(&ephemeral.name).is_none() {
            actions.starts.push((ContainerKind::Ephemeral, ephemeral.name.clone()));
        }
    }
    if init::initialized(seen, &mut actions) {
        regular::decide(seen, &mut actions);
    }
    actions
}

/// What an instance was made from, as far as a change of it asks for a restart.
pub fn container_hash(spec: &Container) -> String {
    let bytes = [spec.name.as_bytes(), b"\0", spec.image.as_deref().unwrap_or_default().as_bytes()];
    // FNV-1a: the same over restarts and versions of this program.
    let hash = bytes
        .into_iter()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:x}")
}
