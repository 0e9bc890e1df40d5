//! What nobody asks for any more: sandboxes of pods that the API does not know, and the files of such pods.

use super::dispatch::Roster;
use super::labels::POD_UID;
use crate::context::Context;
use crate::volumes;
use cri::v1::{
    ContainerFilter, ListContainersRequest, ListPodSandboxRequest, PodSandbox, RemovePodSandboxRequest,
    StopContainerRequest, StopPodSandboxRequest,
};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const GRACE_SECONDS: i64 = 30;

/// Run once all pods of the API are known.
pub async fn clean(context: &Context, roster: &Roster) -> Result<(), cri::Error> {
    let listed = context.runtime.list_pod_sandbox(ListPodSandboxRequest::default()).await?;
    for sandbox in listed.items {
        let owner = sandbox.labels.get(POD_UID).cloned();
        if owner.is_some_and(|uid| !roster.has(&uid)) {
            remove_sandbox(context, &sandbox).await?;
        }
    }
    for directory in directories(&context.config.data_dir.join("pods")) {
        let uid = file_name(&directory);
        if !roster.has(&uid) {
            remove_files(context, &uid, Path::new(""));
        }
    }
    for directory in directories(&context.config.log_dir) {
        let uid = file_name(&directory).rsplit('_').next().unwrap_or_default().to_owned();
        if !roster.has(&uid) {
            remove_files(context, &uid, &directory);
        }
    }
    Ok(())
}

async fn remove_sandbox(context: &Context, sandbox: &PodSandbox) -> Result<(), cri::Error> {
    tracing::info!(sandbox = sandbox.id, "a pod that nobody asks for ends");
    let filter = ContainerFilter { pod_sandbox_id: sandbox.id.clone(), ..ContainerFilter::default() };
    let listed = context.runtime.list_containers(ListContainersRequest { filter: Some(filter) }).await?;
    for container in listed.containers {
        let request = StopContainerRequest { container_id: container.id, timeout: GRACE_SECONDS };
        context.runtime.stop_container(request).await?;
    }
    context.runtime.stop_pod_sandbox(StopPodSandboxRequest { pod_sandbox_id: sandbox.id.clone() }).await?;
    context.runtime.remove_pod_sandbox(RemovePodSandboxRequest { pod_sandbox_id: sandbox.id.clone() }).await?;
    Ok(())
}

/// Takes a pod's directory and logs away. What resists now is found again by the next clean-up.
pub fn remove_files(context: &Context, uid: &str, logs: &Path) {
    let tell = |result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(uid, %error, "files of an ended pod remain");
        }
        _ => {}
    };
    tell(volumes::remove_directory(context, uid));
    if !logs.as_os_str().is_empty() {
        tell(fs::remove_dir_all(logs));
    }
}

/// A directory that is not there holds nothing.
fn directories(path: &Path) -> Vec<PathBuf> {
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
