//! A program: the whole cluster in one thread on a virtual clock with a seed.
//!
//! [`run`] lives through a [`Scenario`]: an API server on a simulated disk, all controllers, the scheduler, kubelets over
//! fake runtimes and the network plan over a recorder, with crashes, lost calls and disk faults that the seed throws.
//! The [`Report`] says what was broken and what happened before. Same seed, same trace.

mod cluster;
mod disk;
mod door;
mod fault;
mod gate;
mod ledger;
mod observer;
mod properties;
mod report;
mod run;
mod scenario;
mod timeline;

pub use report::Report;
pub use run::{RunError, run};
pub use scenario::{Bug, Part, Scenario, ScenarioError, Step, Timed};
