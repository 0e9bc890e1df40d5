//! Ending containers: the hook, the turn, the signal, the grace.

use super::post::Post;
use crate::context::Context;
use crate::hooks;
use cri::v1::{StopContainerRequest, StopPodSandboxRequest};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use plan::EventType;
use podplan::spec::container;
use podplan::{Kill, grace_seconds};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// A process is left a moment even when its grace is used up.
const SHORTEST: Duration = Duration::from_secs(1);

/// Ends several containers, each in its turn, and then their sandboxes.
pub async fn kill_pod(
    context: &Context,
    post: &Post,
    pod: &Pod,
    kills: &[Kill],
    sandboxes: &[String],
) -> Result<(), cri::Error> {
    let ended: BTreeMap<&str, watch::Sender<bool>> =
        kills.iter().map(|kill| (kill.name.as_str(), watch::Sender::new(false))).collect();
    let all = kills.iter().map(|kill| {
        let before: Vec<_> = kill.after.iter().filter_map(|n| ended.get(n.as_str())).map(|s| s.subscribe()).collect();
        let own = ended.get(kill.name.as_str());
        async move {
            let result = kill_container(context, post, pod, kill, before).await;
            if let Some(own) = own {
                own.send_replace(true);
            }
            result
        }
    });
    join_all(all).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    for id in sandboxes {
        context.runtime.stop_pod_sandbox(StopPodSandboxRequest { pod_sandbox_id: id.clone() }).await?;
    }
    Ok(())
}

/// Ends one container. A deletion with a shorter grace that comes meanwhile shortens it.
pub async fn kill_container(
    context: &Context,
    post: &Post,
    pod: &Pod,
    kill: &Kill,
    before: Vec<watch::Receiver<bool>>,
) -> Result<(), cri::Error> {
    context.events.pod(pod, Some(&kill.name), EventType::Normal, "Killing", kill.message.clone());
    let grace = Duration::from_secs(u64::try_from(kill.grace_seconds).unwrap_or(1));
    let deadline = Instant::now() + grace;
    let gentle = async {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        let _ = timeout(left(deadline), pre_stop(context, pod, kill)).await;
        let _ = timeout(left(deadline), turn(before)).await;
        stop(context, &kill.id, left(deadline).max(SHORTEST)).await
    };
    tokio::select! {
        biased;
        result = gentle => result,
        shorter = shorter_grace(post, kill.grace_seconds) => stop(context, &kill.id, shorter).await,
    }
}

async fn turn(before: Vec<watch::Receiver<bool>>) {
    for mut predecessor in before {
        // A sender that is gone has ended as well.
        let _ = predecessor.wait_for(|ended| *ended).await;
    }
}

async fn pre_stop(context: &Context, pod: &Pod, kill: &Kill) {
    let Some((_, spec)) = container(pod, &kill.name) else { return };
    let Some(hook) = spec.lifecycle.as_ref().and_then(|l| l.pre_stop.as_ref()) else { return };
    let ip = pod.status.as_ref().and_then(|s| s.pod_ip.as_deref());
    if let Err(error) = hooks::run(context, &spec, &kill.id, hook, ip).await {
        tracing::info!(container = kill.name, %error, "a preStop hook failed");
        // The output may hold secrets: the event does not carry it.
        context.events.pod(pod, Some(&kill.name), EventType::Warning, "FailedPreStopHook", "PreStopHook failed");
    }
}

async fn stop(context: &Context, id: &str, grace: Duration) -> Result<(), cri::Error> {
    let timeout = i64::try_from(grace.as_secs().max(1)).unwrap_or(i64::MAX);
    match context.runtime.stop_container(StopContainerRequest { container_id: id.into(), timeout }).await {
        Err(error) if error.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

/// Ends when the pod is given less time than it had.
async fn shorter_grace(post: &Post, had: i64) -> Duration {
    let mut pods = post.pods();
    loop {
        let grace = pods.borrow_and_update().as_deref().map(|pod| match pod.metadata.deletion_timestamp {
            Some(_) => grace_seconds(pod),
            None => i64::MAX,
        });
        // A pod that is gone from the API was removed by force.
        let grace = grace.unwrap_or(1);
        if grace < had {
            return Duration::from_secs(u64::try_from(grace).unwrap_or(1));
        }
        if pods.changed().await.is_err() {
            return SHORTEST;
        }
    }
}
