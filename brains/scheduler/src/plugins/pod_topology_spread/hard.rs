//! Constraints that keep pods away from domains that already have too many more than the least.

use super::tally::{self, Eligible};
use crate::census::Domains;
use crate::cluster::Cluster;
use crate::framework::{Filter, Refusal};
use crate::node::NodeInfo;
use crate::pod::{PodInfo, SpreadConstraint};
use meta::CompactString;
use std::borrow::Cow;

const SKEWED: &str = "node(s) didn't match pod topology spread constraints";
const NO_DOMAIN: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

pub(super) struct Skews<'a>(Vec<Skew<'a>>);

struct Skew<'a> {
    topology: &'a CompactString,
    counted: Cow<'a, Domains>,
    /// The most that a domain may have before the pod comes; none where no domain sets a limit.
    most: Option<i64>,
}

impl<'a> Skews<'a> {
    pub(super) fn new(pod: &'a PodInfo, cluster: &'a Cluster, constraints: &[&'a SpreadConstraint]) -> Skews<'a> {
        let topologies: Vec<CompactString> = constraints.iter().map(|of| of.topology_key.clone()).collect();
        Skews(constraints.iter().map(|of| Skew::new(pod, cluster, of, &topologies)).collect())
    }
}

impl<'a> Skew<'a> {
    fn new(pod: &'a PodInfo, cluster: &'a Cluster, of: &'a SpreadConstraint, topologies: &[CompactString]) -> Skew<'a> {
        let eligible = Eligible::new(pod, of, topologies);
        let counted = tally::counted(cluster, of, &eligible);
        let (domains, least) = tally::least(cluster, of, &eligible, &counted);
        // Too few domains: what is not there yet has none.
        let least = if domains < of.min_domains { Some(0) } else { least };
        let itself = i64::from(of.selector.matches(pod.labels()));
        Skew { topology: &of.topology_key, counted, most: least.map(|least| least + of.max_skew - itself) }
    }

    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let Some(domain) = node.facts.label(self.topology) else { return Err(Refusal::hopeless(NO_DOMAIN)) };
        let here = self.counted.get(domain).copied().unwrap_or(0);
        if self.most.is_none_or(|most| here <= most) { Ok(()) } else { Err(Refusal::hopeful(SKEWED)) }
    }
}

impl Filter for Skews<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        self.0.iter().try_for_each(|skew| skew.check(node))
    }
}
