//! Asking containers how they are: one sleeping task a probe and instance, and nothing where there is no probe.

pub mod exec;
pub mod grpc;
pub mod http;
mod outcome;
mod ports;
mod run;
pub mod tcp;

pub use outcome::Outcome;

use crate::context::Context;
use crate::pods::post::Post;
use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};
use podplan::probe::ProbeKind;
use podplan::spec::{ContainerKind, all_containers};
use podplan::{Instance, InstanceState, RuntimeState, Stage, Steps};
use run::ProbeRun;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The probes of one pod.
pub struct Prober {
    context: Arc<Context>,
    post: Arc<Post>,
    /// By instance id.
    instances: BTreeMap<String, Probed>,
}

struct Probed {
    started: watch::Sender<bool>,
    tasks: BTreeMap<ProbeKind, AbortHandle>,
}

impl Drop for Probed {
    fn drop(&mut self) {
        self.tasks.values().for_each(AbortHandle::abort);
    }
}

impl Prober {
    pub fn new(context: Arc<Context>, post: Arc<Post>) -> Prober {
        Prober { context, post, instances: BTreeMap::new() }
    }

    /// Begins with what runs, and ends with what runs no more.
    pub fn follow(&mut self, pod: &Arc<Pod>, runtime: &RuntimeState, steps: &Steps) {
        let running = |id: &String| runtime.containers.iter().any(|i| i.id == *id && i.state == InstanceState::Running);
        self.instances.retain(|id, _| running(id));
        if steps.stage != Stage::Running {
            self.stop_killing();
            return;
        }
        for (kind, container) in all_containers(pod) {
            let latest = runtime.latest(&container.name).filter(|i| i.state == InstanceState::Running);
            let probed = matches!(kind, ContainerKind::Regular | ContainerKind::Sidecar) && has_probe(&container);
            if let Some(instance) = latest.filter(|_| probed) {
                self.begin(pod, &container, instance);
                self.tell_started(instance, &container.name, steps);
            }
        }
    }

    /// A pod that ends is not killed by its probes as well; its readiness is still worth knowing.
    fn stop_killing(&mut self) {
        for probed in self.instances.values_mut() {
            probed.tasks.retain(|kind, task| {
                let keeps = *kind == ProbeKind::Readiness;
                if !keeps {
                    task.abort();
                }
                keeps
            });
        }
    }

    fn begin(&mut self, pod: &Arc<Pod>, container: &Container, instance: &Instance) {
        if self.instances.contains_key(&instance.id) {
            return;
        }
        let mut probed = Probed { started: watch::Sender::new(false), tasks: BTreeMap::new() };
        for kind in ProbeKind::ALL {
            let Some(probe) = kind.of(container) else { continue };
            let run = ProbeRun {
                context: self.context.clone(),
                post: Arc::downgrade(&self.post),
                pod: pod.clone(),
                container: container.clone(),
                instance: instance.clone(),
                kind,
                probe: probe.clone(),
                started: probed.started.subscribe(),
            };
            probed.tasks.insert(kind, tokio::spawn(run.run()).abort_handle());
        }
        self.instances.insert(instance.id.clone(), probed);
    }

    fn tell_started(&self, instance: &Instance, name: &str, steps: &Steps) {
        let lists = [&steps.status.container_statuses, &steps.status.init_container_statuses];
        let find = |list: &Option<Vec<ContainerStatus>>| list.iter().flatten().find(|s| s.name == name).cloned();
        let started = lists.into_iter().find_map(find).is_some_and(|s| s.started == Some(true));
        if let Some(probed) = self.instances.get(&instance.id) {
            probed.started.send_if_modified(|now| std::mem::replace(now, started) != started);
        }
    }
}

fn has_probe(container: &Container) -> bool {
    ProbeKind::ALL.iter().any(|kind| kind.of(container).is_some())
}
