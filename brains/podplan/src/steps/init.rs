//! Init containers one after the other, and sidecars that start in their turn and go on running.

use super::termination::KillReason;
use super::{Actions, Seen, container_hash, resizes};
use crate::probe::Verdict;
use crate::seen::{Instance, InstanceState};
use crate::spec::{ContainerKind, containers, init_containers, is_sidecar, pod_restarts_on_failure};
use crate::status::should_start;
use k8s_openapi::api::core::v1::Container;

struct Walk<'a> {
    seen: &'a Seen<'a>,
    actions: &'a mut Actions,
    /// Indices, in the order in which they were found.
    starts: Vec<usize>,
    /// Everything up to here has been initialized before.
    initialized_before: bool,
    done: bool,
}

/// Whether regular containers may be looked at. From the last to the first: finished ones may have been removed.
pub fn initialized(seen: &Seen<'_>, actions: &mut Actions) -> bool {
    let all = init_containers(seen.pod);
    if all.is_empty() {
        return true;
    }
    let began = containers(seen.pod).iter().any(|c| {
        let state = seen.runtime.latest(&c.name).map(|i| i.state);
        matches!(state, Some(InstanceState::Created | InstanceState::Running))
    });
    let mut walk = Walk { seen, actions, starts: Vec::new(), initialized_before: began, done: began };
    for index in (0..all.len()).rev() {
        if !walk.visit(index) {
            walk.actions.kill_pod = true;
            walk.actions.starts.clear();
            return false;
        }
    }
    let untouched = all.iter().all(|c| seen.runtime.latest(&c.name).is_none());
    if untouched && !began {
        walk.starts.push(0);
    }
    walk.finish()
}

impl Walk<'_> {
    /// False when the pod has failed for good.
    fn visit(&mut self, index: usize) -> bool {
        let container = &init_containers(self.seen.pod)[index];
        let Some(instance) = self.seen.runtime.latest(&container.name) else {
            if self.initialized_before && is_sidecar(container) {
                self.starts.push(index);
            }
            return true;
        };
        if self.initialized_before && !is_sidecar(container) {
            return true;
        }
        let goes_on = match instance.state {
            InstanceState::Created => {
                self.starts.push(index);
                true
            }
            InstanceState::Running if is_sidecar(container) => {
                self.running_sidecar(index, container, instance);
                true
            }
            InstanceState::Running => true,
            InstanceState::Exited => self.exited(index, container, instance),
            InstanceState::Unknown => self.unknown(index, container, instance),
        };
        self.initialized_before = true;
        goes_on
    }

    fn running_sidecar(&mut self, index: usize, container: &Container, instance: &Instance) {
        let probes = self.seen.memory.probes.get(&instance.id).copied().unwrap_or_default();
        if container.startup_probe.is_some() && probes.startup != Some(Verdict::Success) {
            if probes.startup == Some(Verdict::Failure) {
                let message = format!("Init container {} failed startup probe", container.name);
                self.restart(index, container, instance, message, KillReason::Startup);
            }
            return;
        }
        self.succeeded(index);
        if !instance.hash.is_empty() && instance.hash != container_hash(container) {
            let message = format!("Init container {} definition changed", container.name);
            self.restart(index, container, instance, message, KillReason::Other);
        } else if container.liveness_probe.is_some() && probes.liveness == Some(Verdict::Failure) {
            let message = format!("Init container {} failed liveness probe", container.name);
            self.restart(index, container, instance, message, KillReason::Liveness);
        } else if !resizes::in_place(self.seen, container, instance, self.actions) {
            let message = format!("Container {} resize requires restart", container.name);
            self.restart(index, container, instance, message, KillReason::Other);
        }
    }

    fn exited(&mut self, index: usize, container: &Container, instance: &Instance) -> bool {
        if is_sidecar(container) {
            self.starts.push(index);
            return true;
        }
        if instance.exit_code == 0 {
            self.succeeded(index);
            return true;
        }
        let restarts = should_start(self.seen.pod, container, self.seen.runtime);
        if restarts {
            self.starts.push(index);
        }
        restarts
    }

    fn unknown(&mut self, index: usize, container: &Container, instance: &Instance) -> bool {
        let policy = container.restart_policy.as_deref();
        if !policy.map_or_else(|| pod_restarts_on_failure(self.seen.pod), |policy| policy != "Never") {
            return false;
        }
        let message = "Init container is in \"unknown\" state, try killing it before restart".to_owned();
        self.restart(index, container, instance, message, KillReason::Other);
        true
    }

    /// The one at `index` has done its part: the next one's turn, if it is the first time.
    fn succeeded(&mut self, index: usize) {
        if index + 1 == init_containers(self.seen.pod).len() {
            self.done = true;
        } else if !self.initialized_before {
            self.starts.push(index + 1);
        }
    }

    fn restart(&mut self, index: usize, container: &Container, instance: &Instance, message: String, why: KillReason) {
        self.actions.kills.push(super::termination::kill(self.seen.pod, container, instance, message, why));
        self.starts.push(index);
    }

    fn finish(mut self) -> bool {
        // Found backwards, started forwards.
        self.starts.sort_unstable();
        self.starts.dedup();
        for index in self.starts {
            let container = &init_containers(self.seen.pod)[index];
            let kind = if is_sidecar(container) { ContainerKind::Sidecar } else { ContainerKind::Init };
            self.actions.starts.push((kind, container.name.clone()));
        }
        self.done
    }
}
