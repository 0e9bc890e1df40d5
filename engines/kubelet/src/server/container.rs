//! Finding the container that a request is about.

use super::Site;
use super::answer::{Refusal, refuse};
use http::StatusCode;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use podplan::spec::{api_status, container, name};
use std::sync::Arc;

/// The pod, or the word that there is none.
pub fn pod(site: &Site, namespace: &str, pod_name: &str) -> Result<Arc<Pod>, Refusal> {
    let found = site.roster.find(namespace, pod_name);
    found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("pod \"{pod_name}\" does not exist")))
}

fn status(pod: &Pod, container_name: &str) -> Option<ContainerStatus> {
    let status = api_status(pod);
    let lists = [&status.container_statuses, &status.init_container_statuses, &status.ephemeral_container_statuses];
    lists.into_iter().flat_map(|list| list.iter().flatten()).find(|s| s.name == container_name).cloned()
}

/// The runtime's id of a container that runs.
pub fn running(pod: &Pod, container_name: &str) -> Result<String, Refusal> {
    let status = status(pod, container_name);
    let running = status.filter(|s| s.state.as_ref().is_some_and(|s| s.running.is_some()));
    let id = running.and_then(|s| s.container_id).map(|id| bare(&id));
    id.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("container not found (\"{container_name}\")")))
}

/// Without the runtime's name in front.
fn bare(id: &str) -> String {
    id.split_once("://").map_or(id, |(_, bare)| bare).to_owned()
}

/// The instance whose log is asked for, or why there is none.
pub fn logged(pod: &Pod, container_name: &str, previous: bool) -> Result<String, Refusal> {
    if container(pod, container_name).is_none() {
        let message = format!("container \"{container_name}\" not found in pod \"{}\"", name(pod));
        return Err(refuse(StatusCode::NOT_FOUND, message));
    }
    instance(pod, container_name, previous).map_err(|message| refuse(StatusCode::BAD_REQUEST, message))
}

fn instance(pod: &Pod, container_name: &str, previous: bool) -> Result<String, String> {
    let about = format!("container \"{container_name}\" in pod \"{}\"", name(pod));
    let status = status(pod, container_name).ok_or_else(|| format!("{about} is not available"))?;
    let before = status.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let before = before.map(|t| t.container_id.clone().filter(|id| !id.is_empty()));
    let state = status.state.clone().unwrap_or_default();
    let id = if previous {
        before.flatten().ok_or_else(|| format!("previous terminated {about} not found"))?
    } else if state.running.is_some() {
        status.container_id.ok_or_else(|| format!("{about} is not available"))?
    } else if let Some(ended) = state.terminated {
        let own = ended.container_id.filter(|id| !id.is_empty());
        own.or(before.flatten()).ok_or_else(|| format!("{about} is terminated"))?
    } else if let Some(before) = before {
        before.ok_or_else(|| format!("{about} is terminated"))?
    } else {
        let reason = state.waiting.and_then(|w| w.reason).unwrap_or_default();
        return Err(format!("{about} is waiting to start: {}", waiting(&reason)));
    };
    Ok(bare(&id))
}

fn waiting(reason: &str) -> &str {
    match reason {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    }
}
