//! A pod's phase, from the states of its containers.

use crate::spec::{containers, init_containers, is_sidecar, restarts_after};
use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};

#[derive(Default)]
struct Tally {
    pending_init: usize,
    pending_sidecars: usize,
    failed_init: bool,
    unknown: usize,
    running: usize,
    waiting: usize,
    stopped: usize,
    stopped_for_good: usize,
    succeeded: usize,
}

/// `ending`: nothing will be restarted any more. `initialized`: a regular container has been made in this sandbox.
pub fn phase(pod: &Pod, statuses: &[ContainerStatus], ending: bool, initialized: bool) -> &'static str {
    let mut tally = Tally::default();
    let status = |c: &Container| statuses.iter().find(|s| s.name == c.name);
    for init in init_containers(pod) {
        if is_sidecar(init) { tally.sidecar(status(init)) } else { tally.init(pod, init, status(init)) }
    }
    for container in containers(pod) {
        tally.regular(pod, container, status(container));
    }
    tally.verdict(ending, initialized)
}

impl Tally {
    fn init(&mut self, pod: &Pod, container: &Container, status: Option<&ContainerStatus>) {
        match exit_code(status) {
            Some(0) => {}
            Some(code) => self.failed_init |= !restarts_after(pod, container, code),
            None => self.pending_init += 1,
        }
    }

    fn sidecar(&mut self, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        let state = status.state.clone().unwrap_or_default();
        if state.running.is_some() {
            self.running += 1;
            self.pending_sidecars += usize::from(status.started != Some(true));
        } else if exit_code(Some(status)).is_none() {
            self.pending_sidecars += 1;
            if state.waiting.is_some() { self.waiting += 1 } else { self.unknown += 1 }
        }
    }

    fn regular(&mut self, pod: &Pod, container: &Container, status: Option<&ContainerStatus>) {
        let state = status.and_then(|s| s.state.as_ref());
        if state.is_some_and(|s| s.running.is_some()) {
            self.running += 1;
        } else if let Some(code) = exit_code(status) {
            self.stopped += 1;
            self.stopped_for_good += usize::from(!restarts_after(pod, container, code));
            let ended = state.is_some_and(|s| s.terminated.is_some());
            self.succeeded += usize::from(ended && code == 0);
        } else if state.is_some_and(|s| s.waiting.is_some()) {
            self.waiting += 1;
        } else {
            self.unknown += 1;
        }
    }

    fn verdict(&self, ending: bool, initialized: bool) -> &'static str {
        let done = if self.stopped == self.succeeded { "Succeeded" } else { "Failed" };
        let uninitialized = self.pending_init > 0 || (self.pending_sidecars > 0 && !initialized);
        match () {
            () if self.failed_init => "Failed",
            () if uninitialized || self.waiting > 0 || self.unknown > 0 => "Pending",
            () if self.running > 0 => "Running",
            () if self.stopped == 0 => "Pending",
            () if ending => done,
            () if self.stopped != self.stopped_for_good => "Running",
            () => done,
        }
    }
}

/// How a container ended: as it stands, or before it began to wait for its restart.
fn exit_code(status: Option<&ContainerStatus>) -> Option<i32> {
    let status = status?;
    let state = status.state.as_ref()?;
    if let Some(terminated) = &state.terminated {
        return Some(terminated.exit_code);
    }
    state.waiting.as_ref()?;
    status.last_state.as_ref()?.terminated.as_ref().map(|t| t.exit_code)
}
