//! What to do next for a pod: the decision that a worker carries out and then asks for again.

mod init;
mod regular;
mod sandbox;
mod termination;

pub use sandbox::{NewSandbox, sandbox_change};
pub use termination::Kill;

/// How long a container is given to end, for whatever reason its pod ends.
pub fn grace_seconds(pod: &Pod) -> i64 {
    termination::grace(pod, None, termination::KillReason::Other)
}

use crate::backoff::{Backoff, go_duration};
use crate::seen::{InstanceState, Memory, NodeFacts, RuntimeState, StartFailure, Verdict};
use crate::spec::{ContainerKind, api_status, container, is_deleted, is_terminal, long_name, spec};
use crate::status::{Look, status};
use jiff::{SignedDuration, Timestamp};
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
    /// An instance that nobody asks for any more.
    Remove {
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

/// A decision while it is made.
struct Draft<'a> {
    seen: &'a Seen<'a>,
    failures: BTreeMap<String, StartFailure>,
    backoffs: BTreeMap<String, Backoff>,
    notices: Vec<Notice>,
    again_at: Option<Timestamp>,
}

impl<'a> Draft<'a> {
    fn of(seen: &'a Seen<'a>) -> Draft<'a> {
        Draft {
            seen,
            failures: seen.memory.failures.clone(),
            backoffs: BTreeMap::new(),
            notices: Vec::new(),
            again_at: None,
        }
    }

    fn again_at(&mut self, at: Timestamp) {
        self.again_at = Some(self.again_at.map_or(at, |sooner| sooner.min(at)));
    }

    /// Takes those starts out that must wait, and with an init container everything after it.
    fn hold_back_crash_loops(&mut self, actions: &mut Actions) {
        let mut held = false;
        let starts = std::mem::take(&mut actions.starts);
        for (kind, name) in starts {
            let waits = !held && self.waits(&name);
            if !held && !waits {
                actions.starts.push((kind, name));
            }
            held |= waits && kind == ContainerKind::Init;
        }
    }

    fn waits(&mut self, name: &str) -> bool {
        let Some((_, spec)) = container(self.seen.pod, name) else { return true };
        let ended = self.seen.runtime.containers.iter().find(|i| i.name == name && i.state == InstanceState::Exited);
        let Some(ended) = ended else { return false };
        let failed = ended.finished_at.unwrap_or(ended.created_at);
        // Another definition is another chance.
        let same = ended.hash.is_empty() || ended.hash == container_hash(&spec);
        let before = self.seen.memory.backoffs.get(name).copied().filter(|_| same);
        let Some(due) = before.and_then(|b| b.holds_until(failed, self.seen.now)) else {
            self.backoffs.insert(name.to_owned(), Backoff::after(before, failed, self.seen.now));
            return false;
        };
        self.tell_crash_loop(name, before.map_or(SignedDuration::ZERO, |b| b.delay));
        self.again_at(due);
        true
    }

    fn tell_crash_loop(&mut self, name: &str, delay: SignedDuration) {
        let pod = long_name(self.seen.pod);
        let message = format!("back-off {} restarting failed container={name} pod={pod}", go_duration(delay));
        self.failures.insert(name.into(), StartFailure { reason: "CrashLoopBackOff".into(), message });
        self.notices.push(Notice {
            container: Some(name.into()),
            kind: EventType::Warning,
            reason: "BackOff",
            message: format!("Back-off restarting failed container {name} in pod {pod}"),
        });
    }

    /// What was judged before, or a deadline that has passed.
    fn verdict(&mut self) -> Option<Verdict> {
        if self.seen.memory.verdict.is_some() {
            return self.seen.memory.verdict.clone();
        }
        let told = self.seen.memory.status.as_ref().unwrap_or_else(|| api_status(self.seen.pod));
        let began = told.start_time.as_ref()?.0;
        let limit = SignedDuration::from_secs(spec(self.seen.pod).active_deadline_seconds?);
        let deadline = began.saturating_add(limit).ok()?;
        if self.seen.now < deadline {
            self.again_at(deadline);
            return None;
        }
        let message = "Pod was active on the node longer than the specified deadline";
        if !self.seen.memory.terminating {
            self.notices.push(Notice {
                container: None,
                kind: EventType::Normal,
                reason: "DeadlineExceeded",
                message: message.into(),
            });
        }
        Some(Verdict { reason: "DeadlineExceeded".into(), message: message.into(), refused: false })
    }

    fn running(mut self, status: PodStatus, actions: Actions) -> Steps {
        let mut steps = Vec::new();
        if actions.new_sandbox.as_ref().is_some_and(|s| s.replaces.is_some()) {
            self.notices.push(Notice {
                container: None,
                kind: EventType::Normal,
                reason: "SandboxChanged",
                message: "Pod sandbox changed, it will be killed and re-created.".into(),
            });
        }
        if actions.kill_pod && self.seen.runtime.is_active() {
            steps.push(termination::kill_pod(self.seen.pod, self.seen.runtime));
        } else {
            steps.extend(actions.kills.into_iter().map(Step::Kill));
        }
        steps.extend(outdated(self.seen.runtime));
        let creates = actions.new_sandbox.is_some() || !actions.starts.is_empty();
        if creates && self.seen.volumes == Volumes::Absent {
            steps.push(Step::PrepareVolumes);
            return self.done(status, Stage::Running, steps);
        }
        steps.extend(actions.new_sandbox.map(|s| Step::CreateSandbox { attempt: s.attempt }));
        steps.extend(actions.starts.into_iter().map(|(kind, name)| {
            let restart_count = self.seen.runtime.latest(&name).map_or(0, |i| i.restart_count + 1);
            Step::Start { kind, name, restart_count }
        }));
        self.done(status, Stage::Running, steps)
    }

    fn terminating(mut self, status: PodStatus) -> Steps {
        self.again_at = None;
        let kill = termination::kill_pod(self.seen.pod, self.seen.runtime);
        self.done(status, Stage::Terminating, vec![kill])
    }

    fn terminated(mut self, status: PodStatus) -> Steps {
        self.again_at = None;
        self.done(status, Stage::Terminated, vec![Step::TearDown])
    }

    fn done(self, status: PodStatus, stage: Stage, steps: Vec<Step>) -> Steps {
        let Draft { backoffs, notices, again_at, .. } = self;
        Steps { status, stage, steps, again_at, notices, backoffs }
    }
}

/// The status tells of the newest instance and the one before it; older ones only take room.
fn outdated(runtime: &RuntimeState) -> Vec<Step> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut steps = Vec::new();
    for instance in &runtime.containers {
        let count = seen.entry(&instance.name).or_default();
        *count += 1;
        if *count > 2 && instance.state == InstanceState::Exited {
            steps.push(Step::Remove { id: instance.id.clone() });
        }
    }
    steps
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
