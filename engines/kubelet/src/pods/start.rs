//! Bringing a container to life: its image, its configuration, its process, its first hook.

use super::container_config::{Materials, prepare};
use super::kill::kill_container;
use super::post::Post;
use crate::context::Context;
use crate::hooks;
use crate::images::Puller;
use crate::references::Contents;
use crate::volumes::Volumes;
use cri::v1::{CreateContainerRequest, Image, PodSandboxConfig, StartContainerRequest};
use k8s_openapi::api::core::v1::{Container, Pod, Service};
use plan::EventType;
use podplan::spec::{container, ephemeral_containers};
use podplan::{InstanceState, Kill, RuntimeState, StartFailure, grace_seconds};
use std::fmt;
use std::sync::Arc;

/// Everything that the start of one of a pod's containers needs.
pub struct Launch<'a> {
    pub context: &'a Context,
    pub post: &'a Post,
    pub pod: &'a Pod,
    pub runtime: &'a RuntimeState,
    pub sandbox_id: &'a str,
    pub sandbox: &'a PodSandboxConfig,
    pub pod_ips: &'a [String],
    pub volumes: &'a Volumes,
    pub contents: &'a Contents,
    pub services: &'a [Arc<Service>],
}

fn failure(reason: &str, message: &dyn fmt::Display) -> StartFailure {
    StartFailure { reason: reason.into(), message: message.to_string() }
}

impl Launch<'_> {
    pub async fn start(&self, name: &str, restart_count: i32, puller: &mut Puller) -> Result<(), StartFailure> {
        let Some((_, spec)) = container(self.pod, name) else { return Ok(()) };
        let image = puller.ensure(self, &spec).await.inspect_err(|failure| self.failed(name, &failure.message))?;
        let id = self.create(&spec, restart_count, &image).await.inspect_err(|f| self.failed(name, &f.message))?;
        self.tell(name, EventType::Normal, "Created", "Container created");
        let request = StartContainerRequest { container_id: id.clone() };
        if let Err(error) = self.context.runtime.start_container(request).await {
            self.failed(name, error.message());
            return Err(failure("RunContainerError", &error));
        }
        self.tell(name, EventType::Normal, "Started", "Container started");
        self.post_start(&spec, &id).await
    }

    fn tell(&self, name: &str, kind: EventType, reason: &str, message: &str) {
        self.context.events.pod(self.pod, Some(name), kind, reason, message);
    }

    fn failed(&self, name: &str, message: &str) {
        self.tell(name, EventType::Warning, "Failed", &format!("Error: {message}"));
    }

    async fn create(&self, spec: &Container, restart_count: i32, image: &Image) -> Result<String, StartFailure> {
        let config = prepare(&Materials {
            context: self.context,
            pod: self.pod,
            container: spec,
            restart_count,
            image,
            pod_ips: self.pod_ips,
            volumes: self.volumes,
            contents: self.contents,
            services: self.services,
            target: self.target(&spec.name)?,
        })
        .map_err(|error| failure("CreateContainerConfigError", &error))?;
        let request = CreateContainerRequest {
            pod_sandbox_id: self.sandbox_id.into(),
            config: Some(config),
            sandbox_config: Some(self.sandbox.clone()),
        };
        let answer = self.context.runtime.create_container(request).await;
        answer.map(|answer| answer.container_id).map_err(|error| failure("CreateContainerError", &error))
    }

    fn target(&self, name: &str) -> Result<Option<String>, StartFailure> {
        let ephemeral = ephemeral_containers(self.pod).iter().find(|c| c.name == name);
        let Some(target) = ephemeral.and_then(|c| c.target_container_name.as_deref()).filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        match self.runtime.latest(target).filter(|i| i.state == InstanceState::Running) {
            Some(running) => Ok(Some(running.id.clone())),
            None => {
                Err(failure("CreateContainerConfigError", &format_args!("unable to find target container {target}")))
            }
        }
    }

    async fn post_start(&self, spec: &Container, id: &str) -> Result<(), StartFailure> {
        let Some(hook) = spec.lifecycle.as_ref().and_then(|l| l.post_start.as_ref()) else { return Ok(()) };
        let ip = self.pod_ips.first().map(String::as_str);
        let run = hooks::run(self.context, spec, id, hook, ip);
        let outcome = tokio::select! {
            biased;
            outcome = run => outcome,
            () = self.post.deleted() => return Ok(()),
        };
        let Err(error) = outcome else { return Ok(()) };
        self.tell(&spec.name, EventType::Warning, "FailedPostStartHook", "PostStartHook failed");
        let kill = Kill {
            id: id.into(),
            name: spec.name.clone(),
            grace_seconds: grace_seconds(self.pod),
            after: Vec::new(),
            message: "FailedPostStartHook".into(),
        };
        if let Err(error) = kill_container(self.context, self.post, self.pod, &kill, Vec::new()).await {
            tracing::warn!(container = spec.name, %error, "a container whose postStart hook failed was not ended");
        }
        Err(failure("PostStartHookError", &error))
    }
}
