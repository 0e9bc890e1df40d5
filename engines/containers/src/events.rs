//! The stream of container events.

use cri::Events;
use cri::v1::*;
use futures::StreamExt;
use tokio::sync::broadcast;

use crate::Containers;

/// A burst of pods fits; a reader that is slower is told that it lost some.
pub const BACKLOG: usize = 4096;

impl Containers {
    /// Nobody listening is no error: a listener begins with a list.
    pub(crate) fn tell(&self, container_id: &str, sandbox_id: &str, kind: ContainerEventType) {
        if self.events.receiver_count() == 0 {
            return;
        }
        let sandbox = self.sandbox(sandbox_id).ok();
        let _ = self.events.send(ContainerEventResponse {
            container_id: container_id.to_owned(),
            container_event_type: kind.into(),
            created_at: self.now(),
            pod_sandbox_status: sandbox.map(|sandbox| sandbox.status()),
            containers_statuses: self.containers_of(sandbox_id).iter().map(|it| it.status()).collect(),
        });
    }

    pub(crate) fn follow(&self) -> Events {
        futures::stream::unfold(self.events.subscribe(), |mut receiver| async move {
            let item = match receiver.recv().await {
                Ok(event) => Ok(event),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    Err(cri::Error::Unavailable(format!("{lost} container events were lost")))
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            };
            Some((item, receiver))
        })
        .boxed()
    }
}
