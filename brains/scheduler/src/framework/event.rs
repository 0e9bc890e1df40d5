//! What happens in a cluster that may make a pod schedulable.

use crate::node::NodeFacts;
use crate::pod::PodInfo;

#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    NodeAdded(&'a NodeFacts),
    NodeChanged {
        old: &'a NodeFacts,
        new: &'a NodeFacts,
    },
    NodeRemoved(&'a NodeFacts),
    /// A pod has come to a node.
    PodAdded(&'a PodInfo),
    /// A pod on a node has changed.
    PodChanged {
        old: &'a PodInfo,
        new: &'a PodInfo,
    },
    /// A pod has left its node, or ended.
    PodRemoved(&'a PodInfo),
    /// The waiting pod itself has changed.
    ItselfChanged {
        old: &'a PodInfo,
        new: &'a PodInfo,
    },
}

impl<'a> Event<'a> {
    /// The node that came or changed.
    pub fn node(&self) -> Option<&'a NodeFacts> {
        match self {
            Event::NodeAdded(new) | Event::NodeChanged { new, .. } => Some(new),
            _ => None,
        }
    }

    /// Whether a node came for which something holds, or changed so that it now does.
    pub fn node_begins(&self, holds: impl Fn(&NodeFacts) -> bool) -> bool {
        match self {
            Event::NodeAdded(new) => holds(new),
            Event::NodeChanged { old, new } => !holds(old) && holds(new),
            _ => false,
        }
    }
}
