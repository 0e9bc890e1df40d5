//! A program: the whole cluster in one thread on a virtual clock with a seed.
//!
//! [`run`] lives through a [`Scenario`]: an API server on a simulated disk, all controllers, the scheduler, kubelets over
//! fake runtimes and the network plan over a recorder, with crashes, partitions, lost, late and delayed messages, stale
//! caches, clock jumps and disk faults that the seed throws. The [`Report`] says what was broken and what happened
//! before. Same seed, same trace. [`KNOWN`] lists the bugs that are planted to prove that the net catches them.

mod bug;
mod cluster;
mod disk;
mod door;
mod fault;
mod gate;
mod ledger;
mod network;
mod observer;
mod planted;
mod prober;
mod properties;
mod report;
mod run;
mod scenario;
mod timeline;

pub use bug::{Bug, KNOWN, Known};
pub use fault::{TROUBLES, Trouble, parse as parse_troubles};
pub use report::Report;
pub use run::{RunError, run};
pub use scenario::{Part, Scenario, ScenarioError, Step, Timed, read_manifests};
