//! The runtime half of the fake: each call is a step of the model.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{broadcast, mpsc, watch};

use super::model::{FakeContainer, FakeSandbox};
use super::script::{ExecReply, Life};
use super::{FakeRuntime, program, sorted};
use crate::runtime::Events;
use crate::session::{Connection, Session};
use crate::v1::*;
use crate::{Answer, Error, Runtime, select};

const STREAM_BUFFER: usize = 64 * 1024;

fn condition(kind: &str) -> RuntimeCondition {
    RuntimeCondition { r#type: kind.to_owned(), status: true, ..RuntimeCondition::default() }
}

impl FakeRuntime {
    fn new_sandbox(&self, config: PodSandboxConfig, runtime_handler: String) -> Result<String, Error> {
        let security = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
        let network = security.and_then(|it| it.namespace_options.as_ref()).map_or(0, |it| it.network);
        let (id, created_at) = (self.new_id(), self.nanos());
        let mut model = self.lock();
        let ip = if network == NamespaceMode::Node as i32 { String::new() } else { model.next_address()? };
        let sandbox = FakeSandbox { id: id.clone(), config, runtime_handler, created_at, ready: true, ip };
        model.sandboxes.insert(id.clone(), sandbox);
        Ok(id)
    }

    fn new_container(&self, request: CreateContainerRequest) -> Result<FakeContainer, Error> {
        let config = request.config.ok_or_else(|| Error::InvalidArgument("container config is empty".into()))?;
        let image = config.image.as_ref().map(|spec| spec.image.clone()).unwrap_or_default();
        let mut model = self.lock();
        let sandbox = model.sandbox(&request.pod_sandbox_id)?;
        let log_path = match (sandbox.config.log_directory.as_str(), config.log_path.as_str()) {
            ("", _) | (_, "") => String::new(),
            (directory, path) => format!("{}/{path}", directory.trim_end_matches('/')),
        };
        if !sandbox.ready {
            return Err(Error::FailedPrecondition(format!("sandbox {:?} is not running", sandbox.id)));
        }
        let image_id = match model.image(&image) {
            Some(image) => image.id.clone(),
            None => return Err(Error::NotFound(format!("image {image:?} not found"))),
        };
        Ok(FakeContainer {
            id: self.new_id(),
            sandbox_id: request.pod_sandbox_id,
            config,
            image_id,
            created_at: self.nanos(),
            started_at: 0,
            finished_at: 0,
            state: ContainerState::ContainerCreated,
            reason: String::new(),
            message: String::new(),
            exited: watch::channel(None).0,
            logs: Vec::new(),
            log_path,
            cpu_nanos: 0,
            memory_bytes: 0,
            stop_takes: Duration::ZERO,
        })
    }

    /// Marks the container running and says what happens next.
    fn begin(&self, id: &str) -> Result<Life, Error> {
        let now = self.nanos();
        let mut model = self.lock();
        let script = model.script_of(id).cloned();
        let container = model.container(id)?;
        if container.state != ContainerState::ContainerCreated {
            return Err(Error::FailedPrecondition(format!("container {id:?} is not in created state")));
        }
        let course = container.course(script.as_ref(), now);
        container.state = ContainerState::ContainerRunning;
        container.started_at = now;
        container.stop_takes = course.stop_takes;
        drop(model);
        for line in course.lines {
            self.log(id, line.stream, &line.text);
        }
        Ok(course.life)
    }

    fn live(&self, id: &str, life: Life) -> Result<(), Error> {
        let (after, code, reason) = match life {
            Life::Forever => return Ok(()),
            Life::CannotStart => return Err(self.cannot_start(id)),
            Life::Exits { after, code } => (after, code, if code == 0 { "Completed" } else { "Error" }),
            Life::OutOfMemory { after } => (after, 137, "OOMKilled"),
        };
        let (fake, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            fake.finish(&id, code, reason);
        });
        Ok(())
    }

    fn cannot_start(&self, id: &str) -> Error {
        self.finish(id, 128, "StartError");
        let program = self.lock().containers.get(id).and_then(|it| it.command().first().cloned()).unwrap_or_default();
        Error::Internal(format!("exec: {program:?}: executable file not found in $PATH"))
    }

    async fn stop(&self, id: &str, grace: Duration) -> Result<(), Error> {
        let (state, takes) = match self.lock().containers.get(id) {
            Some(container) => (container.state, container.stop_takes),
            None => return Ok(()),
        };
        if state != ContainerState::ContainerRunning {
            return Ok(());
        }
        tokio::time::sleep(takes.min(grace)).await;
        match takes <= grace && grace > Duration::ZERO {
            true => self.finish(id, 143, "Error"),
            false => self.finish(id, 137, "Error"),
        }
        Ok(())
    }

    fn reply(&self, container_id: &str, command: &[String]) -> Result<ExecReply, Error> {
        let mut model = self.lock();
        if model.container(container_id)?.state != ContainerState::ContainerRunning {
            return Err(Error::FailedPrecondition(format!("container {container_id:?} is not running")));
        }
        let script = model.script_of(container_id).and_then(|script| script.exec.clone());
        drop(model);
        Ok(script.map_or_else(|| program::exec(command), |script| script(command)))
    }

    async fn remove_one(&self, id: &str) -> Result<(), Error> {
        self.stop(id, Duration::ZERO).await?;
        if self.lock().containers.contains_key(id) {
            self.tell(id, ContainerEventType::ContainerDeletedEvent);
            self.lock().containers.remove(id);
        }
        Ok(())
    }
}

/// Feeds what the command says, then tells its code.
async fn play(reply: ExecReply, mut stdout: DuplexStream, mut stderr: DuplexStream, echo: Option<DuplexStream>) -> i32 {
    // A reader that went away no longer wants the bytes.
    let _ = stdout.write_all(&reply.stdout).await;
    let _ = stderr.write_all(&reply.stderr).await;
    if let Some(mut input) = echo {
        let _ = tokio::io::copy(&mut input, &mut stdout).await;
    }
    tokio::time::sleep(reply.takes).await;
    reply.code
}

/// The sizes of a terminal that is not there are taken and forgotten.
fn resize_sink() -> mpsc::Sender<crate::TerminalSize> {
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    sender
}

fn exec_session(request: &ExecRequest, reply: ExecReply) -> Session {
    let (stdin, input) = tokio::io::duplex(STREAM_BUFFER);
    let (stdout, out) = tokio::io::duplex(STREAM_BUFFER);
    let (stderr, err) = tokio::io::duplex(STREAM_BUFFER);
    let echo = (request.stdin && program::copies_its_input(&request.cmd)).then_some(input);
    let played = tokio::spawn(play(reply, out, err, echo));
    Session {
        stdin: request.stdin.then(|| Box::new(stdin) as _),
        stdout: request.stdout.then(|| Box::new(stdout) as _),
        stderr: (request.stderr && !request.tty).then(|| Box::new(stderr) as _),
        resize: request.tty.then(resize_sink),
        exit: async move { played.await.map_err(|error| Error::Internal(error.to_string())) }.boxed(),
    }
}

impl Runtime for FakeRuntime {
    fn version(&self, _: VersionRequest) -> Answer<'_, VersionResponse> {
        async move {
            self.enter("version").await?;
            Ok(VersionResponse {
                version: "0.1.0".into(),
                runtime_name: "fake".into(),
                runtime_version: "1.0".into(),
                runtime_api_version: "v1".into(),
            })
        }
        .boxed()
    }

    fn status(&self, _: StatusRequest) -> Answer<'_, StatusResponse> {
        async move {
            self.enter("status").await?;
            let conditions = vec![condition("RuntimeReady"), condition("NetworkReady")];
            Ok(StatusResponse { status: Some(RuntimeStatus { conditions }), ..StatusResponse::default() })
        }
        .boxed()
    }

    fn runtime_config(&self, _: RuntimeConfigRequest) -> Answer<'_, RuntimeConfigResponse> {
        async move {
            self.enter("runtime_config").await?;
            let linux = LinuxRuntimeConfiguration { cgroup_driver: CgroupDriver::Cgroupfs.into() };
            Ok(RuntimeConfigResponse { linux: Some(linux) })
        }
        .boxed()
    }

    fn update_runtime_config(&self, _: UpdateRuntimeConfigRequest) -> Answer<'_, UpdateRuntimeConfigResponse> {
        async move {
            self.enter("update_runtime_config").await?;
            Ok(UpdateRuntimeConfigResponse {})
        }
        .boxed()
    }

    fn run_pod_sandbox(&self, request: RunPodSandboxRequest) -> Answer<'_, RunPodSandboxResponse> {
        async move {
            self.enter("run_pod_sandbox").await?;
            let config = request.config.ok_or_else(|| Error::InvalidArgument("sandbox config is empty".into()))?;
            let pod_sandbox_id = self.new_sandbox(config, request.runtime_handler)?;
            Ok(RunPodSandboxResponse { pod_sandbox_id })
        }
        .boxed()
    }

    fn stop_pod_sandbox(&self, request: StopPodSandboxRequest) -> Answer<'_, StopPodSandboxResponse> {
        async move {
            self.enter("stop_pod_sandbox").await?;
            let members = self.lock().of_sandbox(&request.pod_sandbox_id);
            for id in members {
                self.stop(&id, Duration::ZERO).await?;
            }
            if let Some(sandbox) = self.lock().sandboxes.get_mut(&request.pod_sandbox_id) {
                sandbox.ready = false;
            }
            Ok(StopPodSandboxResponse {})
        }
        .boxed()
    }

    fn remove_pod_sandbox(&self, request: RemovePodSandboxRequest) -> Answer<'_, RemovePodSandboxResponse> {
        async move {
            self.enter("remove_pod_sandbox").await?;
            let members = self.lock().of_sandbox(&request.pod_sandbox_id);
            for id in members {
                self.remove_one(&id).await?;
            }
            self.lock().sandboxes.remove(&request.pod_sandbox_id);
            Ok(RemovePodSandboxResponse {})
        }
        .boxed()
    }

    fn pod_sandbox_status(&self, request: PodSandboxStatusRequest) -> Answer<'_, PodSandboxStatusResponse> {
        async move {
            self.enter("pod_sandbox_status").await?;
            let mut model = self.lock();
            let status = model.sandbox(&request.pod_sandbox_id)?.status();
            let members = model.of_sandbox(&request.pod_sandbox_id);
            Ok(PodSandboxStatusResponse {
                status: Some(status),
                containers_statuses: members.iter().map(|id| model.containers[id].status()).collect(),
                timestamp: self.nanos(),
                ..PodSandboxStatusResponse::default()
            })
        }
        .boxed()
    }

    fn list_pod_sandbox(&self, request: ListPodSandboxRequest) -> Answer<'_, ListPodSandboxResponse> {
        async move {
            self.enter("list_pod_sandbox").await?;
            let model = self.lock();
            let mut items: Vec<_> = sorted(&model.sandboxes).map(|(_, sandbox)| sandbox.listed()).collect();
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
            self.enter("update_pod_sandbox_resources").await?;
            let mut model = self.lock();
            let sandbox = model.sandbox(&request.pod_sandbox_id)?;
            let linux = sandbox.config.linux.get_or_insert_default();
            linux.overhead = request.overhead;
            linux.resources = request.resources;
            Ok(UpdatePodSandboxResourcesResponse {})
        }
        .boxed()
    }

    fn create_container(&self, request: CreateContainerRequest) -> Answer<'_, CreateContainerResponse> {
        async move {
            self.enter("create_container").await?;
            let container = self.new_container(request)?;
            let container_id = container.id.clone();
            self.lock().containers.insert(container_id.clone(), container);
            self.tell(&container_id, ContainerEventType::ContainerCreatedEvent);
            Ok(CreateContainerResponse { container_id })
        }
        .boxed()
    }

    fn start_container(&self, request: StartContainerRequest) -> Answer<'_, StartContainerResponse> {
        async move {
            self.enter("start_container").await?;
            let life = self.begin(&request.container_id)?;
            if life != Life::CannotStart {
                self.tell(&request.container_id, ContainerEventType::ContainerStartedEvent);
            }
            self.live(&request.container_id, life)?;
            Ok(StartContainerResponse {})
        }
        .boxed()
    }

    fn stop_container(&self, request: StopContainerRequest) -> Answer<'_, StopContainerResponse> {
        async move {
            self.enter("stop_container").await?;
            let grace = Duration::from_secs(request.timeout.max(0) as u64);
            self.stop(&request.container_id, grace).await?;
            Ok(StopContainerResponse {})
        }
        .boxed()
    }

    fn remove_container(&self, request: RemoveContainerRequest) -> Answer<'_, RemoveContainerResponse> {
        async move {
            self.enter("remove_container").await?;
            self.remove_one(&request.container_id).await?;
            Ok(RemoveContainerResponse {})
        }
        .boxed()
    }

    fn list_containers(&self, request: ListContainersRequest) -> Answer<'_, ListContainersResponse> {
        async move {
            self.enter("list_containers").await?;
            let model = self.lock();
            let mut containers: Vec<_> = sorted(&model.containers).map(|(_, it)| it.listed()).collect();
            containers.retain(|item| select::container_matches(request.filter.as_ref(), item));
            Ok(ListContainersResponse { containers })
        }
        .boxed()
    }

    fn container_status(&self, request: ContainerStatusRequest) -> Answer<'_, ContainerStatusResponse> {
        async move {
            self.enter("container_status").await?;
            let status = self.lock().container(&request.container_id)?.status();
            Ok(ContainerStatusResponse { status: Some(status), ..ContainerStatusResponse::default() })
        }
        .boxed()
    }

    fn update_container_resources(
        &self,
        request: UpdateContainerResourcesRequest,
    ) -> Answer<'_, UpdateContainerResourcesResponse> {
        async move {
            self.enter("update_container_resources").await?;
            let mut model = self.lock();
            let container = model.container(&request.container_id)?;
            container.config.linux.get_or_insert_default().resources = request.linux;
            Ok(UpdateContainerResourcesResponse {})
        }
        .boxed()
    }

    fn reopen_container_log(&self, request: ReopenContainerLogRequest) -> Answer<'_, ReopenContainerLogResponse> {
        async move {
            self.enter("reopen_container_log").await?;
            self.lock().container(&request.container_id)?;
            Ok(ReopenContainerLogResponse {})
        }
        .boxed()
    }

    fn exec_sync(&self, request: ExecSyncRequest) -> Answer<'_, ExecSyncResponse> {
        async move {
            self.enter("exec_sync").await?;
            let reply = self.reply(&request.container_id, &request.cmd)?;
            let limit = Duration::from_secs(request.timeout.max(0) as u64);
            if !limit.is_zero() && reply.takes > limit {
                tokio::time::sleep(limit).await;
                return Err(Error::DeadlineExceeded(format!("command timed out after {} s", request.timeout)));
            }
            tokio::time::sleep(reply.takes).await;
            Ok(ExecSyncResponse { stdout: reply.stdout, stderr: reply.stderr, exit_code: reply.code })
        }
        .boxed()
    }

    fn exec(&self, request: ExecRequest) -> Answer<'_, Session> {
        async move {
            self.enter("exec").await?;
            let reply = self.reply(&request.container_id, &request.cmd)?;
            Ok(exec_session(&request, reply))
        }
        .boxed()
    }

    fn attach(&self, request: AttachRequest) -> Answer<'_, Session> {
        async move {
            self.enter("attach").await?;
            let mut exited = self.exited(&request.container_id)?;
            let (stdin, mut input) = tokio::io::duplex(STREAM_BUFFER);
            let (stdout, out) = tokio::io::duplex(STREAM_BUFFER);
            tokio::spawn(async move {
                let mut unread = [0; 1024];
                while matches!(input.read(&mut unread).await, Ok(1..)) {}
            });
            let exit = async move {
                let code =
                    exited.wait_for(Option::is_some).await.map_err(|error| Error::Internal(error.to_string()))?;
                drop(out);
                Ok(code.unwrap_or(0))
            };
            Ok(Session {
                stdin: request.stdin.then(|| Box::new(stdin) as _),
                stdout: request.stdout.then(|| Box::new(stdout) as _),
                stderr: None,
                resize: request.tty.then(resize_sink),
                exit: exit.boxed(),
            })
        }
        .boxed()
    }

    /// The far end sends back what it gets.
    fn port_forward(&self, pod_sandbox_id: String, _: u16) -> Answer<'_, Connection> {
        async move {
            self.enter("port_forward").await?;
            self.lock().sandbox(&pod_sandbox_id)?;
            let (near, far) = tokio::io::duplex(STREAM_BUFFER);
            tokio::spawn(async move {
                let (mut from, mut to) = tokio::io::split(far);
                let _ = tokio::io::copy(&mut from, &mut to).await; // the near end went away
            });
            Ok(Box::new(near) as Connection)
        }
        .boxed()
    }

    fn container_stats(&self, request: ContainerStatsRequest) -> Answer<'_, ContainerStatsResponse> {
        async move {
            self.enter("container_stats").await?;
            let now = self.nanos();
            let stats = self.lock().container(&request.container_id)?.stats(now);
            Ok(ContainerStatsResponse { stats: Some(stats) })
        }
        .boxed()
    }

    fn list_container_stats(&self, request: ListContainerStatsRequest) -> Answer<'_, ListContainerStatsResponse> {
        async move {
            self.enter("list_container_stats").await?;
            let (now, model) = (self.nanos(), self.lock());
            let wanted = |it: &&FakeContainer| select::container_stats_match(request.filter.as_ref(), &it.listed());
            let stats = model.containers.values().filter(wanted).map(|it| it.stats(now)).collect();
            Ok(ListContainerStatsResponse { stats })
        }
        .boxed()
    }

    fn pod_sandbox_stats(&self, request: PodSandboxStatsRequest) -> Answer<'_, PodSandboxStatsResponse> {
        async move {
            self.enter("pod_sandbox_stats").await?;
            self.lock().sandbox(&request.pod_sandbox_id)?;
            Ok(PodSandboxStatsResponse { stats: Some(self.sandbox_stats(&request.pod_sandbox_id)) })
        }
        .boxed()
    }

    fn list_pod_sandbox_stats(&self, request: ListPodSandboxStatsRequest) -> Answer<'_, ListPodSandboxStatsResponse> {
        async move {
            self.enter("list_pod_sandbox_stats").await?;
            let listed: Vec<_> = self.lock().sandboxes.values().map(FakeSandbox::listed).collect();
            let wanted = listed.iter().filter(|it| select::sandbox_stats_match(request.filter.as_ref(), it));
            Ok(ListPodSandboxStatsResponse { stats: wanted.map(|it| self.sandbox_stats(&it.id)).collect() })
        }
        .boxed()
    }

    fn container_events(&self) -> Events {
        let receiver = self.events.subscribe();
        futures::stream::unfold(receiver, |mut receiver| async move {
            let item = match receiver.recv().await {
                Ok(event) => Ok(event),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    Err(Error::Unavailable(format!("{lost} container events were lost")))
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            };
            Some((item, receiver))
        })
        .boxed()
    }
}

impl FakeRuntime {
    fn sandbox_stats(&self, id: &str) -> PodSandboxStats {
        let (now, model) = (self.nanos(), self.lock());
        let listed = model.sandboxes.get(id).map(FakeSandbox::listed).unwrap_or_default();
        let members = model.of_sandbox(id);
        let containers: Vec<_> = members.iter().map(|id| model.containers[id].stats(now)).collect();
        let value = members.iter().map(|id| model.containers[id].memory_bytes).sum();
        let memory = MemoryUsage { timestamp: now, usage_bytes: Some(UInt64Value { value }), ..MemoryUsage::default() };
        PodSandboxStats {
            attributes: Some(PodSandboxAttributes {
                id: listed.id,
                metadata: listed.metadata,
                labels: listed.labels,
                annotations: listed.annotations,
            }),
            linux: Some(LinuxPodSandboxStats { containers, memory: Some(memory), ..LinuxPodSandboxStats::default() }),
            windows: None,
        }
    }
}
