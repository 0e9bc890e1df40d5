//! The statuses of a pod's containers: what runs now, what ran before, and why something waits.

use crate::resize;
use crate::seen::{Instance, InstanceState, NodeFacts, RuntimeState, StartFailure};
use crate::spec::{ContainerKind, is_deleted, restarts_after};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus,
    ContainerUser, LinuxContainerUser, Pod, VolumeMountStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;

const LOST: &str = "ContainerStatusUnknown";
const LOST_EXIT_CODE: i32 = 137;

/// What the statuses of one kind of containers are made from.
pub struct Sources<'a> {
    pub pod: &'a Pod,
    pub runtime: &'a RuntimeState,
    pub failures: &'a BTreeMap<String, StartFailure>,
    pub node: &'a NodeFacts,
    pub has_init: bool,
}

impl Sources<'_> {
    pub fn status(&self, kind: ContainerKind, spec: &Container, old: Option<&ContainerStatus>) -> ContainerStatus {
        let mut instances = self.runtime.containers.iter().filter(|i| i.name == spec.name);
        let mut status = match instances.next() {
            None => self.absent(spec, old),
            Some(newest) => {
                let mut status = self.present(spec, newest, old);
                let before = instances.next().map(|i| self.state(i, None));
                status.last_state = before.or(status.last_state);
                status
            }
        };
        self.apply_failure(kind, spec, &mut status);
        status
    }

    /// The name waits by default, but what once ended stays ended, and what once ran has been lost.
    fn absent(&self, spec: &Container, old: Option<&ContainerStatus>) -> ContainerStatus {
        let reason = if self.has_init { "PodInitializing" } else { "ContainerCreating" };
        let mut status = ContainerStatus {
            name: spec.name.clone(),
            image: spec.image.clone().unwrap_or_default(),
            state: Some(waiting(reason, "")),
            volume_mounts: mount_statuses(spec),
            ..ContainerStatus::default()
        };
        let Some(old) = old else { return status };
        if old.state.as_ref().is_some_and(|s| s.terminated.is_some()) {
            return old.clone();
        }
        status.restart_count = old.restart_count;
        status.last_state = old.last_state.clone().filter(|s| *s != ContainerState::default());
        let ran = old.state.as_ref().is_some_and(|s| s.running.is_some());
        if ran && status.last_state.as_ref().is_none_or(|s| s.terminated.is_none()) {
            let message =
                "The container could not be located when the pod was deleted.  The container used to be Running";
            status.last_state = Some(lost(message));
            status.restart_count += i32::from(!is_deleted(self.pod));
        }
        status
    }

    fn present(&self, spec: &Container, newest: &Instance, old: Option<&ContainerStatus>) -> ContainerStatus {
        let state = self.state(newest, old);
        let found_lost = newest.state == InstanceState::Unknown && state.terminated.is_some();
        let restart_count = match old {
            Some(old) if found_lost => old.restart_count + 1,
            _ => newest.restart_count,
        };
        let granted = spec.resources.clone().unwrap_or_default();
        let waits = newest.state == InstanceState::Running && resize::due(self.pod, spec, newest).is_some();
        let in_force = old.and_then(|old| old.resources.clone()).filter(|_| waits);
        ContainerStatus {
            name: spec.name.clone(),
            restart_count,
            image: newest.image.clone(),
            image_id: newest.image_ref.clone(),
            container_id: Some(self.container_id(newest)),
            state: Some(state),
            last_state: None,
            allocated_resources: granted.requests.clone(),
            resources: in_force.or(Some(granted)),
            user: newest.user.as_ref().map(|user| ContainerUser {
                linux: Some(LinuxContainerUser {
                    uid: user.uid,
                    gid: user.gid,
                    supplemental_groups: Some(user.groups.clone()).filter(|g| !g.is_empty()),
                }),
            }),
            volume_mounts: old.and_then(|o| o.volume_mounts.clone()).or_else(|| mount_statuses(spec)),
            ..ContainerStatus::default()
        }
    }

    fn container_id(&self, instance: &Instance) -> String {
        format!("{}://{}", self.node.runtime_name, instance.id)
    }

    fn state(&self, instance: &Instance, old: Option<&ContainerStatus>) -> ContainerState {
        let ran = old.and_then(|o| o.state.as_ref()).is_some_and(|s| s.running.is_some());
        match instance.state {
            InstanceState::Running => ContainerState {
                running: Some(ContainerStateRunning { started_at: instance.started_at.map(whole_second) }),
                ..ContainerState::default()
            },
            InstanceState::Exited => ContainerState {
                terminated: Some(ContainerStateTerminated {
                    exit_code: instance.exit_code,
                    reason: Some(instance.reason.clone()).filter(|r| !r.is_empty()),
                    message: Some(instance.message.clone()).filter(|m| !m.is_empty()),
                    started_at: instance.started_at.map(whole_second),
                    finished_at: instance.finished_at.map(whole_second),
                    container_id: Some(self.container_id(instance)),
                    signal: None,
                }),
                ..ContainerState::default()
            },
            InstanceState::Unknown if ran => lost("The container could not be located when the pod was terminated"),
            InstanceState::Created | InstanceState::Unknown => waiting("", ""),
        }
    }

    /// A container that is to be started, and could not be, waits for a known reason.
    fn apply_failure(&self, kind: ContainerKind, spec: &Container, status: &mut ContainerStatus) {
        let latest = self.runtime.latest(&spec.name);
        let done = latest.is_some_and(|i| i.state == InstanceState::Exited && i.exit_code == 0);
        if matches!(kind, ContainerKind::Init | ContainerKind::Sidecar) && done {
            return;
        }
        let Some(failure) = self.failures.get(&spec.name).filter(|_| should_start(self.pod, spec, self.runtime)) else {
            return;
        };
        if status.state.as_ref().is_some_and(|s| s.terminated.is_some()) {
            status.last_state = status.state.take();
        }
        status.state = Some(waiting(&failure.reason, &failure.message));
    }
}

/// Whether a container that does not run should.
pub fn should_start(pod: &Pod, spec: &Container, runtime: &RuntimeState) -> bool {
    if is_deleted(pod) {
        return false;
    }
    match runtime.latest(&spec.name) {
        None => true,
        Some(latest) => match latest.state {
            InstanceState::Running => false,
            InstanceState::Created | InstanceState::Unknown => true,
            InstanceState::Exited => restarts_after(pod, spec, latest.exit_code),
        },
    }
}

pub fn waiting(reason: &str, message: &str) -> ContainerState {
    let text = |s: &str| Some(s.to_owned()).filter(|s| !s.is_empty());
    ContainerState {
        waiting: Some(ContainerStateWaiting { reason: text(reason), message: text(message) }),
        ..ContainerState::default()
    }
}

/// The state of a container that ran and cannot be found.
pub fn lost(message: &str) -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            reason: Some(LOST.into()),
            message: Some(message.into()),
            exit_code: LOST_EXIT_CODE,
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

fn mount_statuses(spec: &Container) -> Option<Vec<VolumeMountStatus>> {
    let mounts = spec.volume_mounts.as_deref().unwrap_or_default();
    let statuses = mounts.iter().map(|mount| {
        let read_only = mount.read_only == Some(true);
        VolumeMountStatus {
            name: mount.name.clone(),
            mount_path: mount.mount_path.clone(),
            read_only: read_only.then_some(true),
            recursive_read_only: read_only.then(|| recursion(mount.recursive_read_only.as_deref()).into()),
        }
    });
    Some(statuses.collect::<Vec<_>>()).filter(|s| !s.is_empty())
}

/// Every runtime here can mount read-only recursively; it is done when it is asked for.
fn recursion(asked: Option<&str>) -> &'static str {
    match asked {
        Some("IfPossible" | "Enabled") => "Enabled",
        _ => "Disabled",
    }
}

pub fn whole_second(time: Timestamp) -> Time {
    Time(Timestamp::from_second(time.as_second()).unwrap_or(time))
}
