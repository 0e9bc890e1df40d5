//! What the runtime has of one pod, in the words of the plan.

use super::labels::{HASH, MEMORY_REQUEST, MESSAGE_PATH, MESSAGE_POLICY, POD_UID, RESTART_COUNT};
use crate::logs;
use cri::Runtime;
use cri::v1::{
    ContainerFilter, ContainerState, ContainerStatus, ContainerStatusRequest, ListContainersRequest,
    ListPodSandboxRequest, NamespaceMode, PodSandboxFilter, PodSandboxState, PodSandboxStatus, PodSandboxStatusRequest,
};
use jiff::Timestamp;
use podplan::{InForce, Instance, InstanceState, RuntimeState, Sandbox, User};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A message left by a container is read no further.
const LONGEST_MESSAGE: u64 = 4096;
const MOST_LOG_LINES: usize = 80;
const MOST_LOG_BYTES: usize = 2048;

/// Reads everything of a pod; newest first.
pub async fn observe(runtime: &dyn Runtime, pod_uid: &str) -> Result<RuntimeState, cri::Error> {
    let by_pod = BTreeMap::from([(POD_UID.to_owned(), pod_uid.to_owned())]);
    let filter = PodSandboxFilter { label_selector: by_pod.clone(), ..PodSandboxFilter::default() };
    let listed = runtime.list_pod_sandbox(ListPodSandboxRequest { filter: Some(filter) }).await?;
    let mut state = RuntimeState::default();
    for item in listed.items {
        let request = PodSandboxStatusRequest { pod_sandbox_id: item.id, verbose: false };
        match runtime.pod_sandbox_status(request).await {
            Ok(answer) => state.sandboxes.extend(answer.status.map(|status| sandbox(&status))),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    let filter = ContainerFilter { label_selector: by_pod, ..ContainerFilter::default() };
    let listed = runtime.list_containers(ListContainersRequest { filter: Some(filter) }).await?;
    for item in listed.containers {
        let request = ContainerStatusRequest { container_id: item.id, verbose: false };
        match runtime.container_status(request).await {
            Ok(answer) => state.containers.extend(answer.status.map(|s| instance(&s, &item.pod_sandbox_id))),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    state.sandboxes.sort_by_key(|s| std::cmp::Reverse((s.created_at, s.attempt)));
    state.containers.sort_by_key(|i| std::cmp::Reverse((i.created_at, i.restart_count)));
    Ok(state)
}

fn time(nanoseconds: i64) -> Option<Timestamp> {
    (nanoseconds != 0).then(|| Timestamp::from_nanosecond(nanoseconds.into()).ok()).flatten()
}

fn sandbox(status: &PodSandboxStatus) -> Sandbox {
    let options = status.linux.as_ref().and_then(|l| l.namespaces.as_ref()).and_then(|n| n.options.as_ref());
    let network = status.network.clone().unwrap_or_default();
    let more = network.additional_ips.into_iter().map(|ip| ip.ip);
    Sandbox {
        id: status.id.clone(),
        attempt: status.metadata.as_ref().map_or(0, |m| m.attempt),
        ready: status.state() == PodSandboxState::SandboxReady,
        host_network: options.is_some_and(|o| o.network() == NamespaceMode::Node),
        ips: std::iter::once(network.ip).chain(more).filter(|ip| !ip.is_empty()).collect(),
        created_at: time(status.created_at).unwrap_or_default(),
    }
}

fn instance(status: &ContainerStatus, sandbox_id: &str) -> Instance {
    let note = |key: &str| status.annotations.get(key).cloned().unwrap_or_default();
    let image = status.image.clone().unwrap_or_default();
    let named = [image.user_specified_image, image.image];
    let metadata = status.metadata.clone().unwrap_or_default();
    let counted = note(RESTART_COUNT).parse().ok();
    let attempt = i32::try_from(metadata.attempt).unwrap_or(i32::MAX);
    let state = match status.state() {
        ContainerState::ContainerCreated => InstanceState::Created,
        ContainerState::ContainerRunning => InstanceState::Running,
        ContainerState::ContainerExited => InstanceState::Exited,
        ContainerState::ContainerUnknown => InstanceState::Unknown,
    };
    let linux = status.user.as_ref().and_then(|u| u.linux.as_ref());
    Instance {
        id: status.id.clone(),
        name: metadata.name,
        sandbox_id: sandbox_id.into(),
        state,
        restart_count: counted.unwrap_or(attempt),
        created_at: time(status.created_at).unwrap_or_default(),
        started_at: time(status.started_at),
        finished_at: time(status.finished_at),
        exit_code: status.exit_code,
        reason: status.reason.clone(),
        message: if state == InstanceState::Exited { message(status) } else { status.message.clone() },
        image: named.into_iter().find(|n| !n.is_empty()).unwrap_or_default(),
        image_ref: status.image_ref.clone(),
        hash: note(HASH),
        in_force: in_force(status),
        user: linux.map(|u| User { uid: u.uid, gid: u.gid, groups: u.supplemental_groups.clone() }),
    }
}

/// A runtime that tells no numbers holds its containers to those that they were made with.
fn in_force(status: &ContainerStatus) -> Option<InForce> {
    let told = status.resources.as_ref()?.linux.as_ref()?;
    Some(InForce {
        cpu_shares: told.cpu_shares,
        // A limit that was taken away stands as a negative number.
        cpu_quota: told.cpu_quota.max(0),
        memory_bytes: told.memory_limit_in_bytes.max(0),
        memory_request: status.annotations.get(MEMORY_REQUEST).and_then(|request| request.parse().ok()),
    })
}

/// What the runtime says of the end, and what the container itself left behind.
fn message(status: &ContainerStatus) -> String {
    let left = left_message(status);
    match (status.message.is_empty(), left.is_empty()) {
        (false, false) => format!("{}: {left}", status.message),
        (true, _) => left,
        (false, true) => status.message.clone(),
    }
}

fn left_message(status: &ContainerStatus) -> String {
    let path = status.annotations.get(MESSAGE_PATH).map(String::as_str).unwrap_or_default();
    let mount = status.mounts.iter().find(|m| !path.is_empty() && m.container_path == path);
    let text = mount.and_then(|m| beginning(Path::new(&m.host_path))).unwrap_or_default();
    let policy = status.annotations.get(MESSAGE_POLICY).map(String::as_str);
    if text.is_empty() && policy == Some("FallbackToLogsOnError") && status.exit_code != 0 {
        return logs::read::last_lines(Path::new(&status.log_path), MOST_LOG_LINES, MOST_LOG_BYTES);
    }
    text
}

fn beginning(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LONGEST_MESSAGE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
