//! Counts of pods that decisions ask for again and again: how many pods of some labels are on each node, and in each
//! domain of a topology. A count is made when it is first asked for, and kept up with every pod that comes or goes.

use crate::node::{NodeFacts, NodeInfo};
use crate::pod::PodInfo;
use meta::CompactString;
use meta::selector::LabelSelector;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

/// Counts that are kept; the one that was not asked for the longest makes room.
const COUNTS_KEPT: usize = 256;

pub type Domains = HashMap<CompactString, i64>;

/// Which pods to count: those that every part means.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    parts: Vec<(Namespaces, LabelSelector)>,
    /// Whether pods that are being deleted count.
    leaving: bool,
    /// What tells questions apart.
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Namespaces {
    All,
    Of(BTreeSet<CompactString>),
}

#[derive(Default)]
pub(crate) struct Census {
    counts: HashMap<String, Count>,
    asked: u64,
}

pub struct Count {
    question: Question,
    by_node: HashMap<CompactString, i64>,
    by_topology: Vec<(CompactString, Domains)>,
    asked: u64,
}

impl Question {
    pub fn new(parts: Vec<(Namespaces, LabelSelector)>, leaving: bool) -> Question {
        let mut text = String::from(if leaving { "all" } else { "staying" });
        for (namespaces, selector) in &parts {
            match namespaces {
                Namespaces::All => text.push_str(" *"),
                Namespaces::Of(names) => names.iter().for_each(|name| text.extend([" ", name.as_str()])),
            }
            let _always = write!(text, "/{selector}"); // a String takes everything
        }
        Question { parts, leaving, text }
    }

    pub fn means(&self, pod: &PodInfo) -> bool {
        let here = |namespaces: &Namespaces| match namespaces {
            Namespaces::All => true,
            Namespaces::Of(names) => names.contains(pod.namespace()),
        };
        let part =
            |(namespaces, selector): &(Namespaces, LabelSelector)| here(namespaces) && selector.matches(pod.labels());
        (self.leaving || !pod.is_leaving()) && self.parts.iter().all(part)
    }
}

impl Census {
    pub(crate) fn count(&self, question: &Question) -> Option<&Count> {
        self.counts.get(&question.text)
    }

    /// Makes sure that a count is there, with sums over the domains of a topology.
    pub(crate) fn ask(&mut self, question: Question, topology: &CompactString, nodes: &[NodeInfo]) {
        self.asked += 1;
        let asked = self.asked;
        if !self.counts.contains_key(&question.text) {
            self.make_room();
        }
        let count = self.counts.entry(question.text.clone()).or_insert_with(|| Count::begin(question, nodes));
        count.asked = asked;
        count.sum_up(topology, nodes);
    }

    fn make_room(&mut self) {
        if self.counts.len() < COUNTS_KEPT {
            return;
        }
        let oldest = self.counts.values().min_by_key(|count| count.asked).map(|count| count.question.text.clone());
        if let Some(oldest) = oldest {
            self.counts.remove(&oldest);
        }
    }

    pub(crate) fn add(&mut self, pod: &PodInfo, node: &NodeFacts, by: i64) {
        for count in self.counts.values_mut() {
            if count.question.means(pod) {
                count.add(node, by);
            }
        }
    }
}

impl Count {
    fn begin(question: Question, nodes: &[NodeInfo]) -> Count {
        let mut by_node = HashMap::new();
        for node in nodes {
            let here = node.pods.iter().filter(|pod| question.means(pod)).count() as i64;
            if here > 0 {
                by_node.insert(node.name().clone(), here);
            }
        }
        Count { question, by_node, by_topology: Vec::new(), asked: 0 }
    }

    fn sum_up(&mut self, topology: &CompactString, nodes: &[NodeInfo]) {
        if self.domains(topology).is_some() {
            return;
        }
        let mut domains = Domains::new();
        for node in nodes {
            if let (Some(value), here @ 1..) = (node.facts.label(topology), self.on(node.name())) {
                *domains.entry(value.clone()).or_default() += here;
            }
        }
        self.by_topology.push((topology.clone(), domains));
    }

    fn add(&mut self, node: &NodeFacts, by: i64) {
        change(&mut self.by_node, &node.name, by);
        for (topology, domains) in &mut self.by_topology {
            if let Some(value) = node.label(topology) {
                change(domains, value, by);
            }
        }
    }

    pub fn on(&self, node: &str) -> i64 {
        self.by_node.get(node).copied().unwrap_or(0)
    }

    /// Nodes with at least one.
    pub fn nodes(&self) -> impl Iterator<Item = (&CompactString, i64)> {
        self.by_node.iter().map(|(node, here)| (node, *here))
    }

    /// Sums over the domains of a topology that was asked for; domains with none are absent.
    pub fn domains(&self, topology: &str) -> Option<&Domains> {
        self.by_topology.iter().find(|(key, _)| key == topology).map(|(_, domains)| domains)
    }
}

/// Adds to a sum; none is kept as absent.
pub(crate) fn change(sums: &mut Domains, of: &CompactString, by: i64) {
    if let Some(sum) = sums.get_mut(of) {
        *sum += by;
        if *sum == 0 {
            sums.remove(of);
        }
    } else if by != 0 {
        sums.insert(of.clone(), by);
    }
}
