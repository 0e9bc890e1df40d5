//! A run: trouble by the seed, then calm, then the question whether everything is as wanted.

use crate::cluster::Cluster;
use crate::gate::Gate;
use crate::ledger::Ledger;
use crate::properties::{self, Survey};
use crate::report::Report;
use crate::scenario::{Part, Scenario, Step, resource_of};
use crate::timeline::Timeline;
use client::fake::Faults;
use client::{ApiClient, PatchKind, Request};
use clock::{Clock, VirtualClock};
use meta::{Gvr, Key, Reason, Status};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often an administrator tries again what an absent server did not answer.
const TRIES: usize = 60;

/// Why a run could not be made, as opposed to what it found.
#[derive(Debug)]
pub enum RunError {
    Runtime(io::Error),
    Directory(io::Error),
    Key(String),
    Store(store_disk::OpenError),
    Read(store::Error),
    Server(apiserver::StartError),
    Kubelet(kubelet::StartError),
    Network(String),
    Manifest(Status),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Runtime(why) => write!(f, "there is no runtime: {why}"),
            RunError::Directory(why) => write!(f, "a node has no directory: {why}"),
            RunError::Key(why) => write!(f, "there is no key for tokens: {why}"),
            RunError::Store(why) => write!(f, "the store cannot be opened: {why}"),
            RunError::Read(why) => write!(f, "the store cannot be read: {why}"),
            RunError::Server(why) => why.fmt(f),
            RunError::Kubelet(why) => why.fmt(f),
            RunError::Network(why) => write!(f, "a node has no network: {why}"),
            RunError::Manifest(why) => write!(f, "a manifest is refused: {why}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Lives through a scenario on a runtime of its own. What the run finds is in the report.
pub fn run(scenario: &Scenario) -> Result<Report, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(RunError::Runtime)?.block_on(live(scenario))
}

async fn live(scenario: &Scenario) -> Result<Report, RunError> {
    let dice = Arc::new(VirtualClock::new(scenario.seed));
    let timeline = Timeline::new(Arc::new(VirtualClock::new(0)));
    let gate = Gate::new(scenario.bug, Ledger::new(timeline.clone()), timeline.clone());
    let cluster = Box::pin(Cluster::start(scenario, dice.clone(), gate)).await?;
    let mut play = Play { cluster, dice, disk_fills_until: 0 };
    play.apply(scenario).await?;
    let survey = Box::pin(play.through(scenario)).await?;
    let mut outcome = properties::desired_is_actual(&survey, &timeline);
    let planned = play.cluster.nodes.iter().filter(|node| node.elements() > 0).count();
    outcome.push(format!("network: {planned} of {} nodes have rules", scenario.nodes));
    let told = timeline.told();
    let (trace_hash, commits) = (told.hash, told.commits);
    Ok(Report { seed: scenario.seed, trace_hash, commits, timeline: told.lines, violations: told.violations, outcome })
}

struct Play {
    cluster: Cluster,
    dice: Arc<VirtualClock>,
    /// The second at which there is room on the disk again.
    disk_fills_until: u64,
}

impl Play {
    async fn apply(&self, scenario: &Scenario) -> Result<(), RunError> {
        for manifest in &scenario.manifests {
            let unknown = || RunError::Manifest(Status::bad_request(format!("no kind {:?}", manifest.str("kind"))));
            let resource = resource_of(manifest).ok_or_else(unknown)?;
            let request = Request::create(resource, manifest.str("metadata.namespace"), manifest.clone());
            self.insist(request).await?;
        }
        Ok(())
    }

    /// Asks until there is an answer that says something about the request.
    async fn insist(&self, request: Request) -> Result<(), RunError> {
        let mut last = Status::unavailable("nothing was asked");
        for _ in 0..TRIES {
            match self.cluster.admin.call(request.clone()).await {
                Ok(_) => return Ok(()),
                Err(status) if status.is(Reason::AlreadyExists) => return Ok(()),
                Err(status) if status.code < 500 => return Err(RunError::Manifest(status)),
                Err(status) => last = status,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(RunError::Manifest(last))
    }

    /// Trouble, then calm; at the end, what there is.
    async fn through(&mut self, scenario: &Scenario) -> Result<Survey, RunError> {
        self.cluster.gate.set_faults(scenario.faults);
        for second in 0..scenario.minutes * 60 {
            self.second(scenario, second).await?;
        }
        self.settle(scenario).await?;
        tokio::time::sleep(Duration::from_secs(scenario.calm * 60)).await;
        self.check().await
    }

    async fn second(&mut self, scenario: &Scenario, second: u64) -> Result<(), RunError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let due = scenario.steps.iter().filter(|timed| timed.second == second);
        for timed in due {
            self.step(&timed.step, second).await?;
        }
        if scenario.crash_every.is_some_and(|every| self.dice.random().is_multiple_of(every.max(1))) {
            let step = self.misfortune(scenario.nodes);
            self.step(&step, second).await?;
        }
        if self.disk_fills_until == second {
            self.cluster.server.disk.limit_space(None);
        }
        if second % 60 == 59 {
            self.check().await?;
        }
        Ok(())
    }

    fn misfortune(&self, nodes: usize) -> Step {
        let node = (self.dice.random() % nodes.max(1) as u64) as usize;
        match self.dice.random() % 9 {
            0..=2 => Step::Crash(Part::Api),
            3 => Step::Crash(Part::Controllers),
            4 => Step::Crash(Part::Scheduler),
            5 => Step::Crash(Part::Kubelet(node)),
            6 => Step::Crash(Part::Machine(node)),
            7 => Step::FailSync,
            _ => Step::Skew { node, seconds: (self.dice.random() % 20) as i64 - 10 },
        }
    }

    async fn step(&mut self, step: &Step, second: u64) -> Result<(), RunError> {
        match step {
            Step::Crash(part) => return Box::pin(self.cluster.crash(*part)).await,
            Step::FailSync => return Box::pin(self.fail_sync()).await,
            Step::FillDisk { seconds } => {
                self.cluster.timeline.tell("the disk is full");
                self.cluster.server.disk.limit_space(Some(0));
                self.disk_fills_until = second + seconds;
            }
            Step::Skew { node, seconds } => {
                self.cluster.timeline.tell(format_args!("node {node} runs {seconds} s ahead"));
                if let Some(node) = self.cluster.nodes.get(*node) {
                    node.set_skew(*seconds);
                }
            }
            Step::Faults(faults) => self.cluster.gate.set_faults(*faults),
            Step::Scale { namespace, name, replicas } => {
                self.cluster.timeline.tell(format_args!("scale {namespace}/{name} to {replicas}"));
                let patch = meta::value!({"spec": {"replicas": (*replicas)}});
                let key = Key::new(namespace.as_str(), name.as_str());
                let deployments = Gvr::new("apps", "v1", "deployments");
                return self.insist(Request::patch(deployments, key, PatchKind::Merge, patch)).await;
            }
        }
        Ok(())
    }

    /// After a failed sync nothing is written until the store is opened again, as a supervisor would.
    async fn fail_sync(&mut self) -> Result<(), RunError> {
        self.cluster.timeline.tell("a sync fails");
        self.cluster.server.disk.fail_sync_after(0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.cluster.crash(Part::Api).await
    }

    /// No fault any more, and all clocks agree.
    async fn settle(&mut self, scenario: &Scenario) -> Result<(), RunError> {
        self.cluster.timeline.tell("calm");
        self.cluster.gate.set_faults(Faults::default());
        self.cluster.server.disk.limit_space(None);
        self.cluster.nodes.iter().for_each(|node| node.set_skew(0));
        if scenario.bug.is_none() && !self.cluster.server.is_writable().await {
            self.cluster.crash(Part::Api).await?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<Survey, RunError> {
        self.cluster.server.audit().await?;
        self.cluster.observer.check();
        let survey = Survey::take(&self.cluster.admin).await.map_err(RunError::Manifest)?;
        properties::addresses_unique(&survey, &self.cluster.timeline);
        Ok(survey)
    }
}
