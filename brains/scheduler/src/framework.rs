//! The extension points of scheduling, and what passes between them.
//!
//! Where upstream's plugins keep per-pod state under string keys, a plugin here answers the first question of a cycle
//! with a value that answers the later ones: [`PreFilter`] makes a [`Filter`], [`PreScore`] makes a [`Score`].

mod diagnosis;
mod event;

pub(crate) use diagnosis::counted;
pub use diagnosis::{Diagnosis, Reasons, Refusal};
pub use event::Event;

use crate::census::Question;
use crate::cluster::Cluster;
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use crate::trial::Trial;
use jiff::Timestamp;
use meta::CompactString;
use plan::Action;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The best score of a node by one plugin, before its weight.
pub const BEST_SCORE: i64 = 100;

/// A plugin names the points at which it has a say.
pub trait Plugin: Send + Sync {
    fn name(&self) -> &'static str;

    fn pre_enqueue(&self) -> Option<&dyn PreEnqueue> {
        None
    }
    fn queue_sort(&self) -> Option<&dyn QueueSort> {
        None
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        None
    }
    fn post_filter(&self) -> Option<&dyn PostFilter> {
        None
    }
    fn pre_score(&self) -> Option<&dyn PreScore> {
        None
    }
    fn reserve(&self) -> Option<&dyn Reserve> {
        None
    }
    fn permit(&self) -> Option<&dyn Permit> {
        None
    }
    fn bind(&self) -> Option<&dyn Bind> {
        None
    }

    /// What it will ask the cluster about a pod: counts, each with a topology to sum over.
    fn questions(&self, _pod: &PodInfo, _cluster: &Cluster) -> Vec<(Question, CompactString)> {
        Vec::new()
    }

    /// Whether something that happened may have made a pod schedulable that this plugin refused.
    fn is_worth_another_try(&self, _pod: &PodInfo, _event: &Event<'_>) -> bool {
        false
    }
}

/// Keeps pods out of the queue.
pub trait PreEnqueue {
    /// Says why a pod must not be tried yet.
    fn gate(&self, pod: &PodInfo) -> Option<String>;
}

/// Orders the queue: pods of a smaller rank go first, then those that came first.
pub trait QueueSort {
    fn rank(&self, pod: &PodInfo) -> i64;
}

pub trait PreFilter {
    fn prepare<'a>(&'a self, pod: &'a PodInfo, cluster: &'a Cluster) -> Prepared<'a>;
}

pub enum Prepared<'a> {
    /// The plugin has nothing to say about this pod.
    Skip,
    Filter(Box<dyn Filter + 'a>),
    /// Only these nodes come into question.
    Among(BTreeSet<CompactString>, Box<dyn Filter + 'a>),
    /// No node can do, for this reason.
    Refused(String),
}

pub trait Filter {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal>;
}

/// Runs when no node fits: the place of preemption.
pub trait PostFilter {
    /// Says what can be done about it; `random` chooses where to begin.
    fn after(&self, trial: &mut Trial<'_>, diagnosis: &Diagnosis, random: u64) -> Afterwards;
}

/// What can be done when no node fits.
pub enum Afterwards {
    /// Nothing yet, for this reason: a place that was promised stays promised.
    Wait(String),
    /// Nothing, for this reason.
    Hopeless(String),
    Preempt(Preemption),
}

/// These must leave a node, so that a pod has a place there.
#[derive(Clone, Debug)]
pub struct Preemption {
    pub node: CompactString,
    /// The most important first.
    pub victims: Vec<Arc<PodInfo>>,
}

pub trait PreScore {
    /// None where every node would score alike.
    fn prepare<'a>(
        &'a self,
        pod: &'a PodInfo,
        cluster: &'a Cluster,
        nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn Score + 'a>>;
}

pub trait Score {
    fn score(&self, node: &NodeInfo) -> i64;

    /// Brings the scores of all nodes between 0 and [`BEST_SCORE`], in the order of the nodes.
    fn normalize(&self, _scores: &mut [i64]) {}
}

/// Sets aside on the chosen node what is not counted by the cluster itself.
pub trait Reserve: Send + Sync {
    fn reserve(&self, pod: &PodInfo, node: &NodeInfo) -> Result<(), Refusal>;
    /// Gives back; called for every plugin in reverse order, also for those that did not reserve.
    fn unreserve(&self, pod: &PodInfo, node: &str);
}

/// The last word before a pod is bound.
pub trait Permit {
    fn permit(&self, pod: &PodInfo, node: &NodeInfo) -> Result<(), Refusal>;
}

pub trait Bind {
    fn bind(&self, pod: &PodInfo, node: &str) -> Option<Action>;
}

/// Scales scores so that the greatest becomes the best one, or (`reversed`) the worst.
pub fn normalize(scores: &mut [i64], reversed: bool) {
    let most = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let scaled = if most == 0 { 0 } else { BEST_SCORE * *score / most };
        *score = if reversed { BEST_SCORE - scaled } else { scaled };
    }
}

/// The rank of a waiting pod: its plugin's, then the time it came, then a number that makes it unique.
pub type Rank = (i64, Timestamp, u64);
