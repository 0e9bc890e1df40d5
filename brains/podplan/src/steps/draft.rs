//! A decision while it is made: what must wait, what is told, and the order of the rest.

use super::{Actions, NewSandbox, Notice, Seen, Stage, Step, Steps, Volumes, container_hash, resizes, termination};
use crate::backoff::{Backoff, go_duration};
use crate::seen::{InstanceState, RuntimeState, StartFailure, Verdict};
use crate::spec::{ContainerKind, api_status, container, long_name, spec};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PodStatus;
use plan::EventType;
use std::collections::BTreeMap;

/// A decision while it is made.
pub(super) struct Draft<'a> {
    seen: &'a Seen<'a>,
    pub(super) failures: BTreeMap<String, StartFailure>,
    backoffs: BTreeMap<String, Backoff>,
    notices: Vec<Notice>,
    again_at: Option<Timestamp>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(seen: &'a Seen<'a>) -> Draft<'a> {
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
    pub(super) fn hold_back_crash_loops(&mut self, actions: &mut Actions) {
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
    pub(super) fn verdict(&mut self) -> Option<Verdict> {
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

    pub(super) fn running(mut self, status: PodStatus, actions: Actions) -> Steps {
        let mut steps = Vec::new();
        if actions.new_sandbox.as_ref().is_some_and(|s| s.replaces.is_some()) {
            self.notices.push(Notice {
                container: None,
                kind: EventType::Normal,
                reason: "SandboxChanged",
                message: "Pod sandbox changed, it will be killed and re-created.".into(),
            });
        }
        let kill_pod = actions.kill_pod && self.seen.runtime.is_active();
        if kill_pod {
            steps.push(termination::kill_pod(self.seen.pod, self.seen.runtime));
        } else {
            steps.extend(actions.kills.into_iter().map(Step::Kill));
            let stands = actions.new_sandbox.is_none() && self.seen.runtime.active_sandbox().is_some();
            steps.extend(resizes::resize(self.seen, actions.resizes).filter(|_| stands).map(Step::Resize));
        }
        steps.extend(outdated(self.seen.runtime));
        let creates = actions.new_sandbox.is_some() || !actions.starts.is_empty();
        if creates && self.seen.volumes == Volumes::Absent {
            steps.push(Step::PrepareVolumes);
            return self.done(status, Stage::Running, steps);
        }
        if let Some(NewSandbox { attempt, replaces }) = actions.new_sandbox {
            steps.extend(replaces.filter(|_| !kill_pod).map(|id| Step::StopSandbox { id }));
            steps.push(Step::CreateSandbox { attempt });
        }
        steps.extend(actions.starts.into_iter().map(|(kind, name)| {
            let restart_count = self.seen.runtime.latest(&name).map_or(0, |i| i.restart_count + 1);
            Step::Start { kind, name, restart_count }
        }));
        self.done(status, Stage::Running, steps)
    }

    pub(super) fn terminating(mut self, status: PodStatus) -> Steps {
        self.again_at = None;
        let kill = termination::kill_pod(self.seen.pod, self.seen.runtime);
        self.done(status, Stage::Terminating, vec![kill])
    }

    pub(super) fn terminated(mut self, status: PodStatus) -> Steps {
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
