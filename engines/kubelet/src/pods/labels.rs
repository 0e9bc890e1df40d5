//! What sandboxes and containers carry, so that they are found again by any kubelet.

use k8s_openapi::api::core::v1::{Container, Pod};
use podplan::container_hash;
use podplan::resize::in_force;
use podplan::spec::{name, namespace, spec, uid};
use std::collections::BTreeMap;

pub const POD_NAME: &str = "io.kubernetes.pod.name";
pub const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
pub const POD_UID: &str = "io.kubernetes.pod.uid";
pub const CONTAINER_NAME: &str = "io.kubernetes.container.name";
pub const HASH: &str = "io.kubernetes.container.hash";
pub const RESTART_COUNT: &str = "io.kubernetes.container.restartCount";
pub const MESSAGE_PATH: &str = "io.kubernetes.container.terminationMessagePath";
pub const MESSAGE_POLICY: &str = "io.kubernetes.container.terminationMessagePolicy";
pub const MEMORY_REQUEST: &str = "io.k1s.container.memoryRequest";
const PORTS: &str = "io.kubernetes.container.ports";
const PRE_STOP: &str = "io.kubernetes.container.preStopHandler";
const GRACE: &str = "io.kubernetes.pod.terminationGracePeriod";
const DELETION_GRACE: &str = "io.kubernetes.pod.deletionGracePeriod";

pub fn of_pod(pod: &Pod) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        pod.metadata.labels.iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    labels.extend(identity(pod));
    labels
}

pub fn annotations_of_pod(pod: &Pod) -> BTreeMap<String, String> {
    pod.metadata.annotations.iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn identity(pod: &Pod) -> [(String, String); 3] {
    [
        (POD_NAME.into(), name(pod).into()),
        (POD_NAMESPACE.into(), namespace(pod).into()),
        (POD_UID.into(), uid(pod).into()),
    ]
}

pub fn of_container(pod: &Pod, container: &Container) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = identity(pod).into_iter().collect();
    labels.insert(CONTAINER_NAME.into(), container.name.clone());
    labels
}

pub fn annotations_of_container(pod: &Pod, container: &Container, restart_count: i32) -> BTreeMap<String, String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut annotations = BTreeMap::from([
        (HASH.to_owned(), container_hash(container)),
        (RESTART_COUNT.to_owned(), restart_count.to_string()),
        (MESSAGE_PATH.to_owned(), text(&container.termination_message_path)),
        (MESSAGE_POLICY.to_owned(), text(&container.termination_message_policy)),
    ]);
    if let Some(request) = in_force(pod, container).memory_request {
        annotations.insert(MEMORY_REQUEST.into(), request.to_string());
    }
    let json = |value: serde_json::Result<String>| value.expect("an API type is plain JSON");
    if let Some(ports) = container.ports.as_ref().filter(|p| !p.is_empty()) {
        annotations.insert(PORTS.into(), json(serde_json::to_string(ports)));
    }
    if let Some(hook) = container.lifecycle.as_ref().and_then(|l| l.pre_stop.as_ref()) {
        annotations.insert(PRE_STOP.into(), json(serde_json::to_string(hook)));
    }
    if let Some(grace) = spec(pod).termination_grace_period_seconds {
        annotations.insert(GRACE.into(), grace.to_string());
    }
    if let Some(grace) = pod.metadata.deletion_grace_period_seconds {
        annotations.insert(DELETION_GRACE.into(), grace.to_string());
    }
    annotations
}
