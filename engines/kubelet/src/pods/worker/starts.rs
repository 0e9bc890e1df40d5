//! Starting containers one after the other; those that could not be started rest for a while.

use super::carry_out::Ground;
use super::{RETRY, Worker};
use crate::pods::sandbox_config::sandbox_config;
use crate::pods::start::Launch;
use crate::references::Contents;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Service;
use podplan::backoff::Backoff;
use podplan::spec::{ContainerKind, namespace};
use podplan::{RuntimeState, StartFailure};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Longer than this an API that is away is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A failed pull is shown as such for so long, and then as waiting.
const PULL_FAILURE_SHOWN: SignedDuration = SignedDuration::from_secs(2);

impl Worker {
    pub(super) async fn start_all(
        &mut self,
        starts: Vec<(ContainerKind, String, i32)>,
        mut backoffs: BTreeMap<String, Backoff>,
        runtime: &RuntimeState,
        ground: &Ground,
    ) {
        let contents = self.contents().await;
        let Some(services) = self.services().await else {
            let message = "services have not yet been read at least once, cannot construct envvars";
            return starts.into_iter().for_each(|(_, name, _)| self.failed(name, unready(message)));
        };
        for (kind, name, restart_count) in starts {
            let started = match self.rests(&name) {
                true => false,
                false => {
                    self.memory.backoffs.extend(backoffs.remove_entry(&name));
                    self.start(&name, restart_count, runtime, ground, &contents, &services).await
                }
            };
            // What comes after an init container waits for it.
            if !started && kind == ContainerKind::Init {
                return;
            }
        }
    }

    async fn start(
        &mut self,
        name: &str,
        restart_count: i32,
        runtime: &RuntimeState,
        ground: &Ground,
        contents: &Contents,
        services: &[Arc<Service>],
    ) -> bool {
        let (context, post, pod) = (self.context.clone(), self.post.clone(), self.pod.clone());
        let launch = Launch {
            context: &context,
            post: &post,
            pod: &pod,
            runtime,
            sandbox_id: ground.sandbox_id.as_deref().unwrap_or_default(),
            sandbox: &sandbox_config(&context, &pod, ground.attempt),
            pod_ips: &ground.ips,
            volumes: &self.volumes,
            contents,
            services,
        };
        match launch.start(name, restart_count, &mut self.puller).await {
            Ok(()) => {
                self.memory.failures.remove(name);
                self.post.wake();
                true
            }
            Err(failure) => {
                self.failed(name.to_owned(), failure);
                false
            }
        }
    }

    /// Shown at once, if it is something new.
    fn failed(&mut self, name: String, failure: StartFailure) {
        self.rest(&name, &failure);
        if self.memory.failures.insert(name, failure.clone()) != Some(failure) {
            self.post.wake();
        }
    }

    fn rests(&mut self, name: &str) -> bool {
        let now = self.context.clock.now();
        self.resting.retain(|_, until| *until > now);
        self.resting.contains_key(name)
    }

    /// Another attempt makes sense only after a while, or when something has changed.
    fn rest(&mut self, name: &str, failure: &StartFailure) {
        let until = match failure.reason.as_str() {
            "ErrImagePull" => self.after(PULL_FAILURE_SHOWN),
            "ImagePullBackOff" => self.puller.due(self.context.clock.now()).unwrap_or_else(|| self.after(RETRY)),
            _ => self.after(RETRY),
        };
        self.resting.insert(name.to_owned(), until);
    }

    /// None while they have never been read.
    async fn services(&self) -> Option<Vec<Arc<Service>>> {
        tokio::time::timeout(PATIENCE, self.services.synced()).await.ok()?;
        let snapshot = self.services.snapshot();
        let wanted = [namespace(&self.pod), "default"];
        let near = snapshot.iter().filter(|(key, _)| wanted.contains(&key.namespace.as_str()));
        Some(near.filter_map(|(_, object)| object.typed::<Service>().ok()).collect())
    }
}

fn unready(message: &str) -> StartFailure {
    StartFailure { reason: "CreateContainerConfigError".into(), message: message.into() }
}
