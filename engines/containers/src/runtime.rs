//! The runtime half of CRI: each call goes to the file that knows its subject.

use std::time::Duration;

use cri::v1::*;
use cri::{Answer, Connection, Events, Runtime, Session, select};
use futures::FutureExt;

use crate::error::Step;
use crate::{Containers, Error};

const RUNTIME_NAME: &str = "k1s";
/// What a runtime class may name: nothing, or this very runtime.
pub const HANDLERS: [&str; 2] = ["", RUNTIME_NAME];

fn condition(kind: &str) -> RuntimeCondition {
    RuntimeCondition { r#type: kind.to_owned(), status: true, ..RuntimeCondition::default() }
}

impl Containers {
    async fn say_status(&self) -> Result<StatusResponse, Error> {
        self.supervisor.list().await.step("supervisor")?;
        let features = RuntimeHandlerFeatures { recursive_read_only_mounts: true, user_namespaces: false };
        Ok(StatusResponse {
            status: Some(RuntimeStatus { conditions: vec![condition("RuntimeReady"), condition("NetworkReady")] }),
            runtime_handlers: HANDLERS
                .map(|name| RuntimeHandler { name: name.into(), features: Some(features) })
                .into(),
            features: Some(RuntimeFeatures { supplemental_groups_policy: true }),
            ..StatusResponse::default()
        })
    }

    fn say_sandbox(&self, id: &str) -> Result<PodSandboxStatusResponse, Error> {
        let sandbox = self.sandbox(id)?;
        Ok(PodSandboxStatusResponse {
            status: Some(sandbox.status()),
            containers_statuses: self.containers_of(id).iter().map(|container| container.status()).collect(),
            timestamp: self.now(),
            ..PodSandboxStatusResponse::default()
        })
    }

    async fn say_container_stats(&self, filter: Option<ContainerStatsFilter>) -> Result<Vec<ContainerStats>, Error> {
        let mut stats = Vec::new();
        for container in self.all_containers() {
            let running = container.life.borrow().is_running();
            if running && select::container_stats_match(filter.as_ref(), &container.listed()) {
                stats.push(self.stats_of(&container).await?);
            }
        }
        Ok(stats)
    }

    async fn say_sandbox_stats(&self, filter: Option<PodSandboxStatsFilter>) -> Result<Vec<PodSandboxStats>, Error> {
        let mut stats = Vec::new();
        for sandbox in self.all_sandboxes() {
            if sandbox.is_ready() && select::sandbox_stats_match(filter.as_ref(), &sandbox.listed()) {
                stats.push(self.pod_stats(&sandbox).await?);
            }
        }
        Ok(stats)
    }
}

impl Runtime for Containers {
    fn version(&self, _: VersionRequest) -> Answer<'_, VersionResponse> {
        async move {
            Ok(VersionResponse {
                version: "0.1.0".into(),
                runtime_name: RUNTIME_NAME.into(),
                runtime_version: env!("CARGO_PKG_VERSION").into(),
                runtime_api_version: "v1".into(),
            })
        }
        .boxed()
    }

    fn status(&self, _: StatusRequest) -> Answer<'_, StatusResponse> {
        async move { Ok(self.say_status().await?) }.boxed()
    }

    fn runtime_config(&self, _: RuntimeConfigRequest) -> Answer<'_, RuntimeConfigResponse> {
        let linux = Some(LinuxRuntimeConfiguration { cgroup_driver: CgroupDriver::Cgroupfs.into() });
        async move { Ok(RuntimeConfigResponse { linux }) }.boxed()
    }

    /// The pod CIDR is the network's matter, and the network is given at construction.
    fn update_runtime_config(&self, _: UpdateRuntimeConfigRequest) -> Answer<'_, UpdateRuntimeConfigResponse> {
        async move { Ok(UpdateRuntimeConfigResponse {}) }.boxed()
    }

    fn run_pod_sandbox(&self, request: RunPodSandboxRequest) -> Answer<'_, RunPodSandboxResponse> {
        async move { Ok(RunPodSandboxResponse { pod_sandbox_id: self.run_sandbox(request).await? }) }.boxed()
    }

    fn stop_pod_sandbox(&self, request: StopPodSandboxRequest) -> Answer<'_, StopPodSandboxResponse> {
        async move {
            self.stop_sandbox(&request.pod_sandbox_id).await?;
            Ok(StopPodSandboxResponse {})
        }
        .boxed()
    }

    fn remove_pod_sandbox(&self, request: RemovePodSandboxRequest) -> Answer<'_, RemovePodSandboxResponse> {
        async move {
            self.remove_sandbox(&request.pod_sandbox_id).await?;
            Ok(RemovePodSandboxResponse {})
        }
        .boxed()
    }

    fn pod_sandbox_status(&self, request: PodSandboxStatusRequest) -> Answer<'_, PodSandboxStatusResponse> {
        async move { Ok(self.say_sandbox(&request.pod_sandbox_id)?) }.boxed()
    }

    fn list_pod_sandbox(&self, request: ListPodSandboxRequest) -> Answer<'_, ListPodSandboxResponse> {
        async move {
            let mut items: Vec<_> = self.all_sandboxes().iter().map(|sandbox| sandbox.listed()).collect();
            items.retain(|item| select::sandbox_matches(request.filter.as_ref(), item));
            Ok(ListPodSandboxResponse { items })
        }
        .boxed()
    }

    fn update_pod_sandbox_resources(
        &self,
        request: UpdatePodSandboxResourcesRequest,
    ) -> Answer<'_, UpdatePodSandboxResourcesResponse> {
        async move {
            self.update_sandbox(request).await?;
            Ok(UpdatePodSandboxResourcesResponse {})
        }
        .boxed()
    }

    fn create_container(&self, request: CreateContainerRequest) -> Answer<'_, CreateContainerResponse> {
        async move { Ok(CreateContainerResponse { container_id: Containers::create_container(self, request).await? }) }
            .boxed()
    }

    fn start_container(&self, request: StartContainerRequest) -> Answer<'_, StartContainerResponse> {
        async move {
            Containers::start_container(self, &request.container_id).await?;
            Ok(StartContainerResponse {})
        }
        .boxed()
    }

    fn stop_container(&self, request: StopContainerRequest) -> Answer<'_, StopContainerResponse> {
        async move {
            let grace = Duration::from_secs(request.timeout.max(0) as u64);
            Containers::stop_container(self, &request.container_id, grace).await?;
            Ok(StopContainerResponse {})
        }
        .boxed()
    }

    fn remove_container(&self, request: RemoveContainerRequest) -> Answer<'_, RemoveContainerResponse> {
        async move {
            Containers::remove_container(self, &request.container_id).await?;
            Ok(RemoveContainerResponse {})
        }
        .boxed()
    }

    fn list_containers(&self, request: ListContainersRequest) -> Answer<'_, ListContainersResponse> {
        async move {
            let mut containers: Vec<_> = self.all_containers().iter().map(|container| container.listed()).collect();
            containers.retain(|item| select::container_matches(request.filter.as_ref(), item));
            Ok(ListContainersResponse { containers })
        }
        .boxed()
    }

    fn container_status(&self, request: ContainerStatusRequest) -> Answer<'_, ContainerStatusResponse> {
        async move {
            let status = Some(self.container(&request.container_id)?.status());
            Ok(ContainerStatusResponse { status, ..ContainerStatusResponse::default() })
        }
        .boxed()
    }

    fn update_container_resources(
        &self,
        request: UpdateContainerResourcesRequest,
    ) -> Answer<'_, UpdateContainerResourcesResponse> {
        async move {
            self.update_container(request).await?;
            Ok(UpdateContainerResourcesResponse {})
        }
        .boxed()
    }

    fn reopen_container_log(&self, request: ReopenContainerLogRequest) -> Answer<'_, ReopenContainerLogResponse> {
        async move {
            self.container(&request.container_id)?;
            self.supervisor.reopen_log(&request.container_id).await.step("log").map_err(cri::Error::from)?;
            Ok(ReopenContainerLogResponse {})
        }
        .boxed()
    }

    fn exec_sync(&self, request: ExecSyncRequest) -> Answer<'_, ExecSyncResponse> {
        async move { Ok(self.run_command(request).await?) }.boxed()
    }

    fn exec(&self, request: ExecRequest) -> Answer<'_, Session> {
        async move { Ok(self.open_exec(request).await?) }.boxed()
    }

    fn attach(&self, request: AttachRequest) -> Answer<'_, Session> {
        async move { Ok(self.open_attach(request).await?) }.boxed()
    }

    fn port_forward(&self, pod_sandbox_id: String, port: u16) -> Answer<'_, Connection> {
        async move { Ok(self.forward(&pod_sandbox_id, port).await?) }.boxed()
    }

    fn container_stats(&self, request: ContainerStatsRequest) -> Answer<'_, ContainerStatsResponse> {
        async move {
            let container = self.container(&request.container_id)?;
            Ok(ContainerStatsResponse { stats: Some(self.stats_of(&container).await?) })
        }
        .boxed()
    }

    fn list_container_stats(&self, request: ListContainerStatsRequest) -> Answer<'_, ListContainerStatsResponse> {
        async move { Ok(ListContainerStatsResponse { stats: self.say_container_stats(request.filter).await? }) }.boxed()
    }

    fn pod_sandbox_stats(&self, request: PodSandboxStatsRequest) -> Answer<'_, PodSandboxStatsResponse> {
        async move {
            let sandbox = self.sandbox(&request.pod_sandbox_id)?;
            Ok(PodSandboxStatsResponse { stats: Some(self.pod_stats(&sandbox).await?) })
        }
        .boxed()
    }

    fn list_pod_sandbox_stats(&self, request: ListPodSandboxStatsRequest) -> Answer<'_, ListPodSandboxStatsResponse> {
        async move { Ok(ListPodSandboxStatsResponse { stats: self.say_sandbox_stats(request.filter).await? }) }.boxed()
    }

    fn container_events(&self) -> Events {
        self.follow()
    }
}
