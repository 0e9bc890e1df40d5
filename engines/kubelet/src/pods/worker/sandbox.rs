//! The pod's own place: its sandbox, with its network and its handler.

use super::carry_out::Ground;
use super::{RETRY, Worker};
use crate::pods::sandbox_config::{log_directory, sandbox_config};
use client::Api;
use cri::v1::{PodSandboxStatusRequest, RunPodSandboxRequest};
use k8s_openapi::api::node::v1::RuntimeClass;
use plan::EventType;
use podplan::cgroup::of_all;
use podplan::spec::{is_host_network, spec};

impl Worker {
    /// None when it could not be made and is tried again later.
    pub(super) async fn create_sandbox(&mut self, attempt: u32) -> Result<Option<Ground>, cri::Error> {
        let config = sandbox_config(&self.context, &self.pod, attempt);
        let directory = log_directory(&self.context, &self.pod);
        let made = match (std::fs::create_dir_all(&directory), self.runtime_handler().await) {
            (Ok(()), Ok(runtime_handler)) => {
                let request = RunPodSandboxRequest { config: Some(config), runtime_handler };
                self.context.runtime.run_pod_sandbox(request).await.map_err(|error| error.to_string())
            }
            (Err(error), _) => Err(format!("{}: {error}", directory.display())),
            (_, Err(error)) => Err(error),
        };
        let id = match made {
            Ok(answer) => {
                self.memory.pod_limits = Some(of_all(&self.pod));
                answer.pod_sandbox_id
            }
            Err(error) => {
                let message = format!("Failed to create pod sandbox: {error}");
                self.context.events.pod(&self.pod, None, EventType::Warning, "FailedCreatePodSandBox", message);
                self.retry_at = Some(self.after(RETRY));
                return Ok(None);
            }
        };
        let request = PodSandboxStatusRequest { pod_sandbox_id: id.clone(), verbose: false };
        let network = self.context.runtime.pod_sandbox_status(request).await?.status.and_then(|s| s.network);
        let network = network.unwrap_or_default();
        let more = network.additional_ips.into_iter().map(|ip| ip.ip);
        let own: Vec<String> = std::iter::once(network.ip).chain(more).filter(|ip| !ip.is_empty()).collect();
        let ips = if is_host_network(&self.pod) { self.context.facts.host_ips.clone() } else { own };
        // Fields that tell of the address are known only now.
        self.prepare_volumes(&ips).await;
        Ok(Some(Ground { sandbox_id: Some(id), attempt, ips }))
    }

    /// What the pod's runtime class stands for; the usual handler has no name.
    async fn runtime_handler(&self) -> Result<String, String> {
        let named = spec(&self.pod).runtime_class_name.as_deref().filter(|name| !name.is_empty());
        let Some(class) = named else { return Ok(String::new()) };
        let found = Api::<RuntimeClass>::all(self.context.client.clone()).find(class).await;
        match found.map_err(|status| status.to_string())? {
            Some(found) => Ok(found.handler.clone()),
            None => Err(format!("failed to get sandbox runtime: RuntimeClass \"{class}\" not found")),
        }
    }
}
