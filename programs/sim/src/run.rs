//! A run: trouble by the seed, then calm, then the question whether everything is as wanted.

mod create;
mod error;
mod misfortune;
mod play;

use crate::cluster::Cluster;
use crate::gate::Gate;
use crate::ledger::Ledger;
use crate::properties;
use crate::report::Report;
use crate::scenario::Scenario;
use crate::timeline::Timeline;
use clock::VirtualClock;
pub use error::RunError;
use play::Play;
use std::sync::Arc;

/// Lives through a scenario on a runtime of its own. What the run finds is in the report.
pub fn run(scenario: &Scenario) -> Result<Report, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(RunError::Runtime)?.block_on(live(scenario))
}

async fn live(scenario: &Scenario) -> Result<Report, RunError> {
    let dice = Arc::new(VirtualClock::new(scenario.seed));
    let timeline = Timeline::new(Arc::new(VirtualClock::new(0)));
    let gate = Gate::new(scenario.bug, Ledger::new(timeline.clone()), timeline.clone());
    let cluster = Box::pin(Cluster::start(scenario, dice.clone(), gate.clone())).await?;
    let mut play = Play::new(cluster, dice);
    let survey = Box::pin(play.through(scenario)).await?;
    let mut outcome = survey.map_or_else(Vec::new, |survey| properties::desired_is_actual(&survey, &timeline));
    let planned = play.nodes_with_rules();
    outcome.push(format!("network: {planned} of {} nodes have rules", scenario.nodes));
    Ok(Report::of(scenario, timeline.told(), gate.calls(), outcome))
}
