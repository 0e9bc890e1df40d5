//! The runtime under test, with short names for what cases do to it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::io::AsyncReadExt;

use crate::runtime::Events;
use crate::v1::*;
use crate::{Error, Images, Runtime};

/// No step of the suite takes longer, not even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Subject {
    pub runtime: Arc<dyn Runtime>,
    pub images: Arc<dyn Images>,
    /// An image that is present.
    pub image: String,
    /// Where container logs may be written; empty: logs are not checked.
    pub log_directory: String,
}

impl Subject {
    pub fn sandbox_config(&self, name: &str) -> PodSandboxConfig {
        PodSandboxConfig {
            metadata: Some(PodSandboxMetadata {
                name: name.to_owned(),
                uid: format!("uid-{name}"),
                namespace: "conformance".into(),
                attempt: 0,
            }),
            hostname: name.to_owned(),
            log_directory: self.log_directory.clone(),
            labels: [("case".to_owned(), name.to_owned())].into(),
            linux: Some(LinuxPodSandboxConfig::default()),
            ..PodSandboxConfig::default()
        }
    }

    pub fn container_config(&self, name: &str, command: &[&str]) -> ContainerConfig {
        ContainerConfig {
            metadata: Some(ContainerMetadata { name: name.to_owned(), attempt: 0 }),
            image: Some(ImageSpec { image: self.image.clone(), ..ImageSpec::default() }),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            labels: [("case".to_owned(), name.to_owned())].into(),
            log_path: format!("{name}.log"),
            ..ContainerConfig::default()
        }
    }

    pub async fn sandbox(&self, name: &str) -> String {
        let config = Some(self.sandbox_config(name));
        let request = RunPodSandboxRequest { config, runtime_handler: String::new() };
        self.runtime.run_pod_sandbox(request).await.expect("the sandbox runs").pod_sandbox_id
    }

    pub async fn container(&self, sandbox: &str, name: &str, command: &[&str]) -> String {
        self.container_of(sandbox, self.container_config(name, command)).await
    }

    pub async fn container_of(&self, sandbox: &str, config: ContainerConfig) -> String {
        let sandbox_config = Some(self.sandbox_config("again"));
        let request = CreateContainerRequest { pod_sandbox_id: sandbox.into(), config: Some(config), sandbox_config };
        self.runtime.create_container(request).await.expect("the container is created").container_id
    }

    pub async fn start(&self, container: &str) {
        self.try_start(container).await.expect("the container starts");
    }

    pub async fn try_start(&self, container: &str) -> Result<StartContainerResponse, Error> {
        self.runtime.start_container(StartContainerRequest { container_id: container.into() }).await
    }

    pub async fn stop(&self, container: &str, timeout: i64) {
        let request = StopContainerRequest { container_id: container.into(), timeout };
        self.runtime.stop_container(request).await.expect("stopping is idempotent");
    }

    pub async fn remove(&self, container: &str) {
        let request = RemoveContainerRequest { container_id: container.into() };
        self.runtime.remove_container(request).await.expect("removing is idempotent");
    }

    /// Stops and removes the whole sandbox.
    pub async fn drop_sandbox(&self, id: &str) {
        let stop = StopPodSandboxRequest { pod_sandbox_id: id.into() };
        self.runtime.stop_pod_sandbox(stop).await.expect("stopping is idempotent");
        let remove = RemovePodSandboxRequest { pod_sandbox_id: id.into() };
        self.runtime.remove_pod_sandbox(remove).await.expect("removing is idempotent");
    }

    pub async fn status(&self, container: &str) -> ContainerStatus {
        let request = ContainerStatusRequest { container_id: container.into(), verbose: false };
        let answer = self.runtime.container_status(request).await.expect("the container is known");
        answer.status.expect("an answer has a status")
    }

    pub async fn sandbox_status(&self, id: &str) -> Result<PodSandboxStatus, Error> {
        let request = PodSandboxStatusRequest { pod_sandbox_id: id.into(), verbose: false };
        self.runtime.pod_sandbox_status(request).await.map(|answer| answer.status.expect("an answer has a status"))
    }

    pub async fn listed(&self, filter: ContainerFilter) -> Vec<Container> {
        let request = ListContainersRequest { filter: Some(filter) };
        self.runtime.list_containers(request).await.expect("containers are listed").containers
    }

    pub async fn exec_sync(&self, container: &str, command: &[&str], timeout: i64) -> Result<ExecSyncResponse, Error> {
        let cmd = command.iter().map(|word| (*word).to_owned()).collect();
        self.runtime.exec_sync(ExecSyncRequest { container_id: container.into(), cmd, timeout }).await
    }

    /// Waits for the stop event; events before it are passed over.
    pub async fn ended(&self, events: &mut Events, container: &str) -> ContainerStatus {
        self.event(events, container, ContainerEventType::ContainerStoppedEvent).await;
        self.status(container).await
    }

    pub async fn event(&self, events: &mut Events, container: &str, kind: ContainerEventType) {
        let wanted = async {
            while let Some(event) = events.next().await {
                let event = event.expect("no event is lost");
                if event.container_id == container && event.container_event_type() == kind {
                    return;
                }
            }
            panic!("the events ended before {kind:?}");
        };
        tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("no {kind:?} of {container}"));
    }
}

pub async fn read_all(stream: Option<Box<dyn tokio::io::AsyncRead + Send + Unpin>>) -> String {
    let mut text = String::new();
    let mut stream = stream.expect("the stream was asked for");
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("the stream ends").expect("reading");
    text
}
