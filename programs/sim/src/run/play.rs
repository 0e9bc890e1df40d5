//! How a scenario is played.

use super::{RunError, create, misfortune};
use crate::cluster::Cluster;
use crate::fault::Faults;
use crate::network::Hold;
use crate::properties::{self, Survey};
use crate::scenario::{Part, Scenario, Step, Timed};
use client::{ApiClient, PatchKind, Request};
use clock::{Clock, VirtualClock};
use meta::{Gvr, Key, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Each minute is checked at its end.
const CHECK_EVERY: u64 = 60;

pub struct Play {
    cluster: Cluster,
    dice: Arc<VirtualClock>,
    /// What ends a trouble that was begun.
    due: Vec<Timed>,
}

impl Play {
    pub fn new(cluster: Cluster, dice: Arc<VirtualClock>) -> Play {
        Play { cluster, dice, due: Vec::new() }
    }

    pub fn nodes_with_rules(&self) -> usize {
        self.cluster.nodes.iter().filter(|node| node.elements() > 0).count()
    }

    /// Trouble, then calm; at the end, what there is. None where enough was found before.
    pub async fn through(&mut self, scenario: &Scenario) -> Result<Option<Survey>, RunError> {
        create::all(&self.cluster.admin, &scenario.manifests).await?;
        self.cluster.gate.set_faults(Faults::of(&scenario.troubles));
        for second in 0..scenario.minutes * 60 {
            self.second(scenario, second).await?;
            if self.cluster.timeline.has_violation_of(scenario.enough) {
                return Ok(None);
            }
        }
        self.settle(scenario.minutes * 60).await?;
        tokio::time::sleep(Duration::from_secs(scenario.calm * 60)).await;
        self.check().await?;
        Ok(Some(Survey::take(&self.cluster.admin).await?))
    }

    async fn second(&mut self, scenario: &Scenario, second: u64) -> Result<(), RunError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (ripe, due): (Vec<Timed>, Vec<Timed>) =
            std::mem::take(&mut self.due).into_iter().partition(|timed| timed.second <= second);
        self.due = due;
        let planned = scenario.steps.iter().filter(|timed| timed.second == second);
        for timed in ripe.iter().chain(planned) {
            self.step(&timed.step, second).await?;
        }
        if scenario.crash_every.is_some_and(|every| self.dice.random().is_multiple_of(every.max(1)))
            && let Some(step) = misfortune::draw(scenario, &self.dice)
        {
            self.step(&step, second).await?;
        }
        if second % CHECK_EVERY == CHECK_EVERY - 1 {
            self.check().await?;
        }
        Ok(())
    }

    fn later(&mut self, second: u64, step: Step) {
        self.due.push(Timed { second, step });
    }

    async fn step(&mut self, step: &Step, second: u64) -> Result<(), RunError> {
        if !matches!(step, Step::Crash(_) | Step::Faults(_)) {
            self.cluster.timeline.tell(format_args!("{step:?}"));
        }
        match step {
            Step::Crash(part) => return Box::pin(self.cluster.crash(*part)).await,
            Step::Cut { part, seconds } => {
                self.cluster.gate.network.cut(*part);
                self.later(second + seconds, Step::Mend(*part));
            }
            Step::Mend(part) => self.cluster.gate.network.mend(*part),
            Step::FailSync => return Box::pin(self.fail_sync()).await,
            Step::FillDisk { seconds } => {
                self.cluster.server.disk.disk.limit_space(Some(0));
                self.later(second + seconds, Step::MendDisk);
            }
            Step::FailWrites { seconds } => {
                self.cluster.server.disk.set_failing(true);
                self.later(second + seconds, Step::MendDisk);
            }
            Step::MendDisk => return Box::pin(self.mend_disk()).await,
            Step::Skew { node, seconds } => {
                self.cluster.nodes.get(*node).into_iter().for_each(|node| node.set_skew(*seconds));
            }
            Step::Jump { seconds } => self.cluster.server.jump(*seconds),
            Step::Hold { resource, seconds, forgotten, whose } => {
                let until = Instant::now() + Duration::from_secs(*seconds);
                self.cluster.gate.network.hold(resource, Hold { until, forgotten: *forgotten, whose: *whose });
            }
            Step::Faults(faults) => self.cluster.gate.set_faults(*faults),
            Step::Scale { namespace, name, replicas } => {
                let patch = meta::value!({"spec": {"replicas": (*replicas)}});
                return self.change(namespace, name, patch, Timed { second, step: step.clone() }).await;
            }
            Step::Roll { namespace, name, image } => {
                let containers = meta::value!([{"name": "c", "image": (image.as_str())}]);
                let patch = meta::value!({"spec": {"template": {"spec": {"containers": containers}}}});
                return self.change(namespace, name, patch, Timed { second, step: step.clone() }).await;
            }
        }
        Ok(())
    }

    /// An administrator changes a deployment. What an absent or broken server does not take is tried again a second
    /// later: the trouble goes on meanwhile, and may have to end first.
    async fn change(&mut self, namespace: &str, name: &str, patch: Value, timed: Timed) -> Result<(), RunError> {
        let deployments = Gvr::new("apps", "v1", "deployments");
        let request = Request::patch(deployments, Key::new(namespace, name), PatchKind::Merge, patch);
        match self.cluster.admin.call(request).await {
            Err(status) if status.code < 500 => return Err(status.into()),
            Err(_) => self.later(timed.second + 1, timed.step),
            Ok(_) => {}
        }
        Ok(())
    }

    /// After a failed sync nothing is written until the store is opened again, as a supervisor would.
    async fn fail_sync(&mut self) -> Result<(), RunError> {
        self.cluster.server.disk.disk.fail_sync_after(0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.cluster.crash(Part::Api).await
    }

    /// There is room and the device works; a log that was given up meanwhile needs its store opened again.
    async fn mend_disk(&mut self) -> Result<(), RunError> {
        self.cluster.server.disk.disk.limit_space(None);
        self.cluster.server.disk.set_failing(false);
        if self.cluster.server.is_writable().await { Ok(()) } else { self.cluster.crash(Part::Api).await }
    }

    /// No fault any more, all clocks agree, and what an administrator was still trying is done.
    async fn settle(&mut self, end: u64) -> Result<(), RunError> {
        self.cluster.timeline.tell("calm");
        self.cluster.gate.set_faults(Faults::default());
        self.cluster.gate.network.mend_all();
        self.cluster.nodes.iter().for_each(|node| node.set_skew(0));
        self.cluster.server.set_clock_right();
        self.mend_disk().await?;
        for timed in std::mem::take(&mut self.due) {
            self.step(&timed.step, end).await?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), RunError> {
        self.cluster.server.audit().await?;
        self.cluster.observer.check();
        self.cluster.gate.ledger.forget();
        Ok(properties::addresses_unique(&self.cluster.admin, &self.cluster.timeline).await?)
    }
}
