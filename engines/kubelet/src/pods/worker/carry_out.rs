//! Doing what was decided, step by step.

use super::Worker;
use crate::pods::kill::{kill_container, kill_pod};
use cri::v1::{RemoveContainerRequest, StopPodSandboxRequest};
use plan::EventType;
use podplan::spec::is_host_network;
use podplan::{Kill, RuntimeState, Step, Steps};

/// Where containers are started.
pub(super) struct Ground {
    pub sandbox_id: Option<String>,
    pub attempt: u32,
    pub ips: Vec<String>,
}

impl Worker {
    pub(super) async fn act(&mut self, steps: Steps, runtime: &RuntimeState) -> Result<(), cri::Error> {
        let mut ground = self.ground(runtime);
        let mut starts = Vec::new();
        for step in steps.steps {
            match step {
                Step::Start { kind, name, restart_count } => starts.push((kind, name, restart_count)),
                Step::CreateSandbox { attempt } => match self.create_sandbox(attempt).await? {
                    Some(made) => ground = made,
                    None => return Ok(()),
                },
                other => self.step(other, &ground).await?,
            }
        }
        if ground.sandbox_id.is_some() && !starts.is_empty() {
            self.start_all(starts, steps.backoffs, runtime, &ground).await;
        }
        Ok(())
    }

    fn ground(&self, runtime: &RuntimeState) -> Ground {
        let active = runtime.active_sandbox();
        Ground {
            sandbox_id: active.map(|sandbox| sandbox.id.clone()),
            attempt: runtime.sandboxes.first().map_or(0, |sandbox| sandbox.attempt),
            ips: match is_host_network(&self.pod) {
                true => self.context.facts.host_ips.clone(),
                false => active.map(|sandbox| sandbox.ips.clone()).unwrap_or_default(),
            },
        }
    }

    async fn step(&mut self, step: Step, ground: &Ground) -> Result<(), cri::Error> {
        match step {
            Step::PrepareVolumes => {
                self.prepare_volumes(&ground.ips).await;
                if self.volumes_stand {
                    self.post.wake();
                }
            }
            Step::KillPod { kills, sandboxes } => self.end_all(&kills, &sandboxes).await?,
            Step::Kill(kill) => {
                kill_container(&self.context, &self.post, &self.pod, &kill, Vec::new()).await?;
                self.post.wake();
            }
            Step::Resize(resize) => {
                let sandbox = ground.sandbox_id.clone().unwrap_or_default();
                self.resize(resize, &sandbox).await;
            }
            Step::StopSandbox { id } => {
                self.context.runtime.stop_pod_sandbox(StopPodSandboxRequest { pod_sandbox_id: id }).await?;
            }
            Step::Remove { id } => {
                self.context.runtime.remove_container(RemoveContainerRequest { container_id: id }).await?;
            }
            // The first two are done by whoever holds the ground, the last by the end itself.
            Step::CreateSandbox { .. } | Step::Start { .. } | Step::TearDown => {}
        }
        Ok(())
    }

    async fn end_all(&self, kills: &[Kill], sandboxes: &[String]) -> Result<(), cri::Error> {
        let ended = kill_pod(&self.context, &self.post, &self.pod, kills, sandboxes).await;
        match &ended {
            Ok(()) => self.post.wake(),
            Err(error) => {
                let message = format!("error killing pod: {error}");
                self.context.events.pod(&self.pod, None, EventType::Warning, "FailedKillPod", message);
            }
        }
        ended
    }
}
