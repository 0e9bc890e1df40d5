//! The end of a pod: what it had goes, its last word is told, and it is forgotten.

use super::{Progress, RETRY, Worker};
use crate::pods::orphans;
use crate::pods::sandbox_config::log_directory;
use crate::volumes;
use cri::v1::RemovePodSandboxRequest;
use podplan::spec::{is_deleted, name, uid};
use podplan::{RuntimeState, final_status};

impl Worker {
    /// Nothing runs: what it had goes, its end is told, and then it may be forgotten.
    pub(super) async fn end(&mut self, runtime: &RuntimeState, gone: bool) -> Result<Progress, cri::Error> {
        if !self.torn_down {
            if let Err(error) = volumes::remove(&self.context, uid(&self.pod)) {
                tracing::warn!(pod = name(&self.pod), %error, "volumes of an ended pod are in use");
                return Ok(Progress::Again(Some(self.after(RETRY))));
            }
            self.torn_down = true;
        }
        let computed = self.memory.status.clone().unwrap_or_default();
        let refused = self.memory.verdict.as_ref().is_some_and(|verdict| verdict.refused);
        let last = if refused { computed } else { final_status(&self.pod, &computed) };
        self.memory.status = Some(last.clone());
        if !gone {
            self.show(&last);
            self.teller.tell(last);
            self.teller.flushed().await;
        }
        if !gone && !is_deleted(&self.pod) {
            return Ok(Progress::Again(None));
        }
        self.remove_all(runtime).await?;
        if let Err(error) = self.teller.delete().await {
            tracing::warn!(pod = name(&self.pod), %error, "an ended pod could not be removed from the API");
            return Ok(Progress::Again(Some(self.after(RETRY))));
        }
        Ok(Progress::Over)
    }

    async fn remove_all(&self, runtime: &RuntimeState) -> Result<(), cri::Error> {
        for sandbox in &runtime.sandboxes {
            let request = RemovePodSandboxRequest { pod_sandbox_id: sandbox.id.clone() };
            self.context.runtime.remove_pod_sandbox(request).await?;
        }
        let logs = log_directory(&self.context, &self.pod);
        orphans::remove_files(&self.context, uid(&self.pod), &logs);
        Ok(())
    }
}
