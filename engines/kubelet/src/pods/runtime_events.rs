//! What happens in the runtime, as it happens: no pod is looked at while nothing does.

use super::dispatch::Roster;
use super::labels::POD_UID;
use crate::context::Context;
use cri::v1::ContainerEventResponse;
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// A stream that ends is opened again; one that cannot be is not tried faster than this.
const REOPEN: Duration = Duration::from_secs(1);

pub async fn follow(context: Arc<Context>, roster: Arc<Roster>) {
    loop {
        let mut events = context.runtime.container_events();
        // Whatever happened before the stream began is found by looking.
        roster.wake_all();
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => wake(&roster, &event),
                Err(error) => {
                    tracing::debug!(%error, "runtime events were lost");
                    roster.wake_all();
                }
            }
        }
        tokio::time::sleep(REOPEN).await;
    }
}

fn wake(roster: &Roster, event: &ContainerEventResponse) {
    let sandbox = event.pod_sandbox_status.as_ref();
    let named = sandbox.and_then(|s| s.metadata.as_ref()).map(|m| m.uid.as_str()).filter(|uid| !uid.is_empty());
    let labelled = || event.containers_statuses.iter().find_map(|c| c.labels.get(POD_UID)).map(String::as_str);
    match named.or_else(labelled) {
        Some(uid) => roster.wake(uid),
        None => roster.wake_all(),
    }
}
