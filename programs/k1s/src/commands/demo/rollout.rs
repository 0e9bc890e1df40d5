//! Waits until the demo's pods are available, or says what they wait for.

use super::super::Failure;
use super::{NAME, REPLICAS};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

pub async fn wait(deployments: &Api<Deployment>, pods: &Api<Pod>) -> Result<(), Failure> {
    match tokio::time::timeout(PATIENCE, follow(deployments)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::new(format!("the pods are not ready after {PATIENCE:?}: {}", reasons(pods).await?))),
    }
}

async fn follow(deployments: &Api<Deployment>) -> Result<(), Failure> {
    let parameters = WatchParams::default().fields(&format!("metadata.name={NAME}"));
    loop {
        // A watch from the start tells what is there first, and ends when the server likes.
        let mut events = deployments.watch(&parameters, "0").await?.boxed();
        while let Some(event) = events.try_next().await? {
            match event {
                WatchEvent::Added(seen) | WatchEvent::Modified(seen) if available(&seen) => return Ok(()),
                WatchEvent::Deleted(_) => return Err(Failure::new(format!("deployment {NAME} was deleted"))),
                WatchEvent::Error(why) => return Err(Failure::new(why.message.clone())),
                _ => {}
            }
        }
    }
}

/// All replicas are of the newest template and take requests.
fn available(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else { return false };
    let counts = [status.replicas, status.updated_replicas, status.available_replicas];
    status.observed_generation == deployment.metadata.generation
        && counts.iter().all(|count| count.and_then(|count| usize::try_from(count).ok()) == Some(REPLICAS))
}

async fn reasons(pods: &Api<Pod>) -> Result<String, Failure> {
    let found = pods.list(&ListParams::default().labels(&format!("app={NAME}"))).await?;
    let told: Vec<String> = found.iter().map(|pod| format!("{} is {}", pod.name_any(), reason(pod))).collect();
    Ok(if told.is_empty() { "there is none; see the events".into() } else { told.join("; ") })
}

/// The most exact word that a pod's status has for it.
fn reason(pod: &Pod) -> String {
    let Some(status) = &pod.status else { return "new".into() };
    let waiting = status.container_statuses.iter().flatten().find_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        Some(format!("{}: {}", waiting.reason.as_deref()?, waiting.message.as_deref().unwrap_or_default()))
    });
    let refused = || {
        let condition = status.conditions.iter().flatten().find(|condition| condition.status == "False")?;
        condition.message.clone()
    };
    waiting.or_else(refused).or_else(|| status.phase.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn available_means_all_and_of_the_newest_template() {
        let check = |status: Value, expect: bool| {
            let object = json!({"metadata": {"generation": 2}, "status": status});
            let deployment: Deployment = serde_json::from_value(object).expect("a deployment");
            assert_eq!(available(&deployment), expect, "{status}");
        };
        let all = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3});
        check(all, true);
        check(json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}), false);
        check(json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 3}), false);
        check(json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3}), false);
        check(json!({}), false);
    }

    #[test]
    fn a_pod_says_what_it_waits_for() {
        let check = |status: Value, expect: &str| {
            let pod: Pod = serde_json::from_value(json!({"status": status})).expect("a pod");
            assert_eq!(reason(&pod), expect);
        };
        let waiting = json!({"name": "demo", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}});
        check(json!({"phase": "Pending", "containerStatuses": [waiting]}), "ErrImagePull: no such image");
        let refused = json!({"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"});
        check(json!({"phase": "Pending", "conditions": [refused]}), "0/1 nodes are available");
        check(json!({"phase": "Pending"}), "Pending");
    }
}
