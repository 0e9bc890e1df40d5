//! The runtime half of CRI. Streaming calls hand out byte streams instead of URLs.

use futures::stream::BoxStream;

use crate::session::{Connection, Session};
use crate::v1::*;
use crate::{Answer, Error};

/// Container events from the moment of the call; an error item means events were lost and the caller must list.
pub type Events = BoxStream<'static, Result<ContainerEventResponse, Error>>;

/// What a kubelet asks of a container runtime.
///
/// Stop and remove calls are idempotent: an unknown or already finished subject is success.
pub trait Runtime: Send + Sync {
    fn version(&self, request: VersionRequest) -> Answer<'_, VersionResponse>;
    fn status(&self, request: StatusRequest) -> Answer<'_, StatusResponse>;
    fn runtime_config(&self, request: RuntimeConfigRequest) -> Answer<'_, RuntimeConfigResponse>;
    fn update_runtime_config(&self, request: UpdateRuntimeConfigRequest) -> Answer<'_, UpdateRuntimeConfigResponse>;

    fn run_pod_sandbox(&self, request: RunPodSandboxRequest) -> Answer<'_, RunPodSandboxResponse>;
    fn stop_pod_sandbox(&self, request: StopPodSandboxRequest) -> Answer<'_, StopPodSandboxResponse>;
    fn remove_pod_sandbox(&self, request: RemovePodSandboxRequest) -> Answer<'_, RemovePodSandboxResponse>;
    fn pod_sandbox_status(&self, request: PodSandboxStatusRequest) -> Answer<'_, PodSandboxStatusResponse>;
    fn list_pod_sandbox(&self, request: ListPodSandboxRequest) -> Answer<'_, ListPodSandboxResponse>;
    fn update_pod_sandbox_resources(
        &self,
        request: UpdatePodSandboxResourcesRequest,
    ) -> Answer<'_, UpdatePodSandboxResourcesResponse>;

    fn create_container(&self, request: CreateContainerRequest) -> Answer<'_, CreateContainerResponse>;
    fn start_container(&self, request: StartContainerRequest) -> Answer<'_, StartContainerResponse>;
    /// Sends the stop signal, waits `timeout` seconds, then kills; returns when the container has exited.
    fn stop_container(&self, request: StopContainerRequest) -> Answer<'_, StopContainerResponse>;
    fn remove_container(&self, request: RemoveContainerRequest) -> Answer<'_, RemoveContainerResponse>;
    fn list_containers(&self, request: ListContainersRequest) -> Answer<'_, ListContainersResponse>;
    fn container_status(&self, request: ContainerStatusRequest) -> Answer<'_, ContainerStatusResponse>;
    fn update_container_resources(
        &self,
        request: UpdateContainerResourcesRequest,
    ) -> Answer<'_, UpdateContainerResourcesResponse>;
    fn reopen_container_log(&self, request: ReopenContainerLogRequest) -> Answer<'_, ReopenContainerLogResponse>;

    /// Runs a command to its end. A timeout of 0 means none; past it the command is killed: `DeadlineExceeded`.
    fn exec_sync(&self, request: ExecSyncRequest) -> Answer<'_, ExecSyncResponse>;
    fn exec(&self, request: ExecRequest) -> Answer<'_, Session>;
    fn attach(&self, request: AttachRequest) -> Answer<'_, Session>;
    /// One connection to `port` on the loopback of the sandbox.
    fn port_forward(&self, pod_sandbox_id: String, port: u16) -> Answer<'_, Connection>;

    fn container_stats(&self, request: ContainerStatsRequest) -> Answer<'_, ContainerStatsResponse>;
    fn list_container_stats(&self, request: ListContainerStatsRequest) -> Answer<'_, ListContainerStatsResponse>;
    fn pod_sandbox_stats(&self, request: PodSandboxStatsRequest) -> Answer<'_, PodSandboxStatsResponse>;
    fn list_pod_sandbox_stats(&self, request: ListPodSandboxStatsRequest) -> Answer<'_, ListPodSandboxStatsResponse>;

    fn container_events(&self) -> Events;
}
