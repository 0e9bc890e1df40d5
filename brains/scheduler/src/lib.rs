//! Pure: which node a pod goes to.
//!
//! A [`Scheduler`] is told every change of pods and nodes, keeps sums over them at the cost of the change, and is asked
//! for one decision after the other; time and chance are arguments. What it decides is a pipeline of plugins
//! ([`plugins::PLUGINS`]) at the extension points of [`framework`].

mod budgets;
mod census;
mod cluster;
mod cycle;
mod decision;
mod eviction;
mod held_terms;
mod node;
mod node_terms;
mod nominations;
mod pod;
mod profile;
mod queue;
mod resources;
mod scheduler;
mod taints;
mod trial;
mod workloads;

pub mod framework;
pub mod plugins;

pub use budgets::Budgets;
pub use census::{Count, Domains, Namespaces, Question};
pub use cluster::Cluster;
pub use decision::{Decision, Outcome, Promise};
pub use framework::Preemption;
pub use node::{NodeFacts, NodeInfo};
pub use node_terms::NodeTerms;
pub use pod::{HostPort, PodAffinity, PodInfo, PodTerm, SpreadConstraint};
pub use profile::Profile;
pub use queue::{Place, Queue};
pub use resources::Resources;
pub use scheduler::Scheduler;
pub use taints::{Taint, Toleration, admits};
pub use trial::Trial;
