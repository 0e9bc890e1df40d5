//! The plugins, in the order in which they run, with the weights of their scores: upstream's default profile.

mod default_binder;
mod default_preemption;
mod image_locality;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_balanced_allocation;
mod node_resources_fit;
mod node_unschedulable;
mod pod_topology_spread;
mod priority_sort;
mod scheduling_gates;
mod taint_toleration;

pub use node_resources_fit::{ResourceWeight, ShapePoint, Strategy};

use crate::framework::Plugin;

/// What can be set of plugins.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub fit: Strategy,
}

pub struct Entry {
    pub make: fn(&Settings) -> Box<dyn Plugin>,
    pub weight: i64,
}

const fn plugin(make: fn(&Settings) -> Box<dyn Plugin>) -> Entry {
    Entry { make, weight: 0 }
}

const fn scoring(weight: i64, make: fn(&Settings) -> Box<dyn Plugin>) -> Entry {
    Entry { make, weight }
}

pub const PLUGINS: &[Entry] = &[
    plugin(|_| Box::new(scheduling_gates::SchedulingGates)),
    plugin(|_| Box::new(priority_sort::PrioritySort)),
    plugin(|_| Box::new(node_unschedulable::NodeUnschedulable)),
    plugin(|_| Box::new(node_name::NodeName)),
    scoring(3, |_| Box::new(taint_toleration::TaintToleration)),
    scoring(2, |_| Box::new(node_affinity::NodeAffinity)),
    plugin(|_| Box::new(node_ports::NodePorts)),
    scoring(1, |settings| Box::new(node_resources_fit::NodeResourcesFit::new(&settings.fit))),
    scoring(2, |_| Box::new(pod_topology_spread::PodTopologySpread)),
    scoring(2, |_| Box::new(inter_pod_affinity::InterPodAffinity)),
    plugin(|_| Box::new(default_preemption::DefaultPreemption)),
    scoring(1, |_| Box::new(node_resources_balanced_allocation::NodeResourcesBalancedAllocation)),
    scoring(1, |_| Box::new(image_locality::ImageLocality)),
    plugin(|_| Box::new(default_binder::DefaultBinder)),
];
