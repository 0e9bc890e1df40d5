//! One probe of one instance, from its first delay to its last word.

use super::{Outcome, exec, grpc, http, tcp};
use crate::context::Context;
use crate::pods::post::Post;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Container, Pod, Probe};
use plan::EventType;
use podplan::Instance;
use podplan::probe::{ProbeKind, ProbeState, first_due, period, timeout};
use podplan::spec::is_host_network;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

pub struct ProbeRun {
    pub context: Arc<Context>,
    pub post: Weak<Post>,
    pub pod: Arc<Pod>,
    pub container: Container,
    pub instance: Instance,
    pub kind: ProbeKind,
    pub probe: Probe,
    pub started: watch::Receiver<bool>,
}

impl ProbeRun {
    pub async fn run(mut self) {
        let mut state = ProbeState::new(self.kind);
        self.first_delay().await;
        while !state.is_held() {
            if !self.opened().await {
                return;
            }
            let outcome = self.ask().await;
            self.tell(&outcome);
            let verdict = outcome.verdict().and_then(|verdict| state.count(verdict, &self.probe));
            if let Some(verdict) = verdict {
                let Some(post) = self.post.upgrade() else { return };
                post.probed(&self.instance.id, |results| results.set(self.kind, verdict));
            }
            tokio::time::sleep(self.period()).await;
        }
    }

    fn period(&self) -> Duration {
        Duration::try_from(period(&self.probe)).unwrap_or_default()
    }

    /// Those that were adopted together are not all asked in the same moment.
    async fn first_delay(&self) {
        let now = self.context.clock.now();
        let since = self.instance.started_at.unwrap_or(now);
        let wait = first_due(&self.probe, since).duration_since(now).max(SignedDuration::ZERO);
        let spread = match since < self.context.facts.started {
            true => self.period().mul_f64((self.context.clock.random() % 1000) as f64 / 1000.0),
            false => Duration::ZERO,
        };
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default() + spread).await;
    }

    /// Waits for the container to have started, or for startup itself goes on. False when there is nobody to tell.
    async fn opened(&mut self) -> bool {
        if self.kind == ProbeKind::Startup {
            return !*self.started.borrow();
        }
        self.started.wait_for(|started| *started).await.is_ok()
    }

    async fn ask(&self) -> Outcome {
        let wait = Duration::try_from(timeout(&self.probe)).unwrap_or_default();
        if let Some(action) = &self.probe.exec {
            let command = action.command.clone().unwrap_or_default();
            return exec::probe(&self.context, &self.instance.id, command, wait).await;
        }
        let Some(ip) = self.pod_ip() else { return Outcome::Unknown("the pod has no address".into()) };
        if let Some(action) = &self.probe.http_get {
            return http::probe(action, &self.container, &ip, wait).await;
        }
        if let Some(action) = &self.probe.tcp_socket {
            return tcp::probe(action, &self.container, &ip, wait).await;
        }
        match &self.probe.grpc {
            Some(action) => grpc::probe(action, &ip, wait).await,
            None => Outcome::Unknown("the probe says nothing to do".into()),
        }
    }

    fn pod_ip(&self) -> Option<String> {
        if is_host_network(&self.pod) {
            return self.context.facts.host_ips.first().cloned();
        }
        let current = self.post.upgrade().and_then(|post| post.current());
        current.and_then(|pod| pod.status.as_ref().and_then(|s| s.pod_ip.clone()))
    }

    fn tell(&self, outcome: &Outcome) {
        let word = self.kind.word();
        let message = match outcome {
            Outcome::Success => return,
            Outcome::Failure(text) => format!("{word} probe failed: {text}"),
            Outcome::Unknown(text) => format!("{word} probe errored and resulted in unknown state: {text}"),
        };
        self.context.events.pod(&self.pod, Some(&self.container.name), EventType::Warning, "Unhealthy", message);
    }
}
