//! One key, once: look, decide, act, tell, and wait until it shows.

use crate::apply::{self, Applied, Verdict};
use crate::barrier;
use crate::events::Recorder;
use crate::inputs::Inputs;
use crate::metrics::ControllerMetrics;
use client::ApiClient;
use clock::Clock;
use meta::Key;
use plan::{Controller, Moment, Plan, Refusal, When};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub(crate) struct Worker {
    pub(crate) controller: Arc<dyn Controller>,
    pub(crate) client: Arc<dyn ApiClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inputs: Inputs,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Arc<ControllerMetrics>,
    /// Bounds how many keys are decided and applied at once; waiting for caches is not counted.
    pub(crate) permits: Semaphore,
}

/// What is known of a key's wake, apart from the world.
pub(crate) struct Wake {
    pub(crate) refused: Option<Refusal>,
    pub(crate) alarmed: bool,
    pub(crate) awake_since: jiff::Timestamp,
}

/// What became of a key.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) again_at: Option<Instant>,
    pub(crate) refused: Option<Refusal>,
}

impl Worker {
    pub(crate) async fn work(&self, key: &Key, wake: Wake) -> Outcome {
        let (plan, applied) = {
            let _permit = self.permits.acquire().await;
            let mut plan = self.decide(key, wake);
            let actions = std::mem::take(&mut plan.actions);
            let applied = apply::apply(actions, &*self.client, |base| self.name(base)).await;
            (plan, applied)
        };
        self.tell(&plan, &applied);
        let outcome = Outcome {
            verdict: applied.verdict,
            again_at: plan.again_after.map(|wait| Instant::now() + Duration::try_from(wait).unwrap_or_default()),
            refused: applied.refusal().cloned(),
        };
        barrier::pass(applied.awaited, &self.inputs, &*self.clock).await;
        outcome
    }

    fn decide(&self, key: &Key, wake: Wake) -> Plan {
        let Wake { refused, alarmed, awake_since } = wake;
        let moment = Moment { refused, alarmed, awake_since, ..Moment::new(self.clock.now(), self.clock.random()) };
        let plan = self.controller.reconcile(key, &self.inputs.view(), &moment);
        self.metrics.reconciled(plan.actions.len());
        for line in &plan.report.lines {
            tracing::debug!(controller = self.controller.name(), %key, "{line}");
        }
        #[cfg(debug_assertions)]
        self.check_grants(&plan);
        plan
    }

    /// A controller that does what it did not declare would be forbidden to: found before its role is.
    #[cfg(debug_assertions)]
    fn check_grants(&self, plan: &Plan) {
        let grants = self.controller.writes();
        for action in plan.actions.iter().filter(|action| !matches!(action, plan::Action::Confirm(_))) {
            let resource = action.resource();
            let (verb, subresource) = action.verb();
            let name = if subresource.is_empty() {
                resource.resource.to_string()
            } else {
                format!("{}/{subresource}", resource.resource)
            };
            let granted = grants.iter().any(|grant| grant.allows(&resource.group, &name, verb));
            assert!(granted, "{} does not declare that it may {verb} {name}", self.controller.name());
        }
    }

    fn name(&self, base: &str) -> String {
        format!("{base}{}", self.clock.name_suffix())
    }

    fn tell(&self, plan: &Plan, applied: &Applied) {
        for event in &plan.report.events {
            match event.when {
                When::Always => self.recorder.tell(event.clone()),
                When::Done(action) => {
                    if matches!(applied.outcomes.get(action), Some((Verdict::Done, _))) {
                        self.recorder.tell(event.clone());
                    }
                }
                When::Refused(action) => {
                    if let Some((_, Some(refusal))) = applied.outcomes.get(action) {
                        let message = format!("{}{}", event.message, refusal.message);
                        self.recorder.tell(plan::Event { message, ..event.clone() });
                    }
                }
            }
        }
    }
}
