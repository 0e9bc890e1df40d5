//! Everything that decisions look at, kept up to date with every change at the cost of that change alone.

use crate::budgets::Budgets;
use crate::census::{Census, Count, Domains, Question, change};
use crate::held_terms::HeldTerms;
use crate::node::{NodeFacts, NodeInfo};
use crate::nominations::Nominations;
use crate::pod::PodInfo;
use crate::workloads::Workloads;
use meta::CompactString;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

#[derive(Default)]
pub struct Cluster {
    nodes: Vec<NodeInfo>,
    at: HashMap<CompactString, usize>,
    /// Places of nodes, zone after zone in turn; made anew after nodes came or went.
    order: Vec<usize>,
    order_is_stale: bool,
    /// Every pod that holds a place, by its uid.
    placed: HashMap<CompactString, Placed>,
    /// Pods on nodes that are not known (yet, or any more).
    strays: HashMap<CompactString, Vec<Arc<PodInfo>>>,
    /// On how many nodes each image is.
    images: HashMap<CompactString, usize>,
    census: Census,
    /// For each topology that was asked for: how many nodes are in each of its domains.
    topologies: HashMap<CompactString, Domains>,
    pub(crate) held: HeldTerms,
    pub(crate) workloads: Workloads,
    pub(crate) budgets: Budgets,
    pub(crate) nominations: Nominations,
    /// Pods that were told to leave and do not show it yet.
    pub(crate) preempted: HashSet<CompactString>,
}

struct Placed {
    node: CompactString,
    /// Decided here and not yet seen to be so.
    assumed: bool,
}

impl Cluster {
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub fn node(&self, name: &str) -> Option<&NodeInfo> {
        self.at.get(name).map(|at| &self.nodes[*at])
    }

    /// All nodes, in no order that means anything.
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }

    /// Nodes in the order in which they are tried, beginning anywhere.
    pub fn nodes_from(&self, start: usize) -> impl Iterator<Item = &NodeInfo> {
        let (before, after) = self.order.split_at(start.min(self.order.len()));
        after.iter().chain(before).map(|at| &self.nodes[*at])
    }

    pub fn nodes_with_image(&self, image: &str) -> usize {
        self.images.get(image).copied().unwrap_or(0)
    }

    pub fn node_of(&self, uid: &str) -> Option<&CompactString> {
        self.placed.get(uid).map(|placed| &placed.node)
    }

    pub fn is_assumed(&self, uid: &str) -> bool {
        self.placed.get(uid).is_some_and(|placed| placed.assumed)
    }

    /// Where a waiting pod was promised a place.
    pub fn nominated_node(&self, uid: &str) -> Option<&CompactString> {
        self.nominations.node_of(uid)
    }

    /// Whether a pod was told to leave for a more important one.
    pub fn is_preempted(&self, uid: &str) -> bool {
        self.preempted.contains(uid)
    }

    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Takes in what a node is now; answers what it was.
    pub(crate) fn put_node(&mut self, facts: Arc<NodeFacts>) -> Option<Arc<NodeFacts>> {
        self.count_images(&facts, |nodes| nodes + 1);
        let Some(at) = self.at.get(&facts.name).copied() else {
            self.add_node(facts);
            return None;
        };
        let old = self.nodes[at].change(facts);
        if old.labels() != self.nodes[at].facts.labels() {
            self.relabel(at, &old);
        }
        self.count_images(&old, |nodes| nodes - 1);
        self.order_is_stale |= old.zone() != self.nodes[at].facts.zone();
        Some(old)
    }

    fn add_node(&mut self, facts: Arc<NodeFacts>) {
        let name = facts.name.clone();
        let mut node = NodeInfo::new(facts);
        count_domains(&mut self.topologies, &node.facts, 1);
        for pod in self.strays.remove(&name).unwrap_or_default() {
            self.census.add(&pod, &node.facts, 1);
            self.held.add(&pod, &node.facts, 1);
            node.add(pod);
        }
        self.at.insert(name, self.nodes.len());
        self.nodes.push(node);
        self.order_is_stale = true;
    }

    /// Forgets a node; its pods remain known in case it comes back.
    pub(crate) fn remove_node(&mut self, name: &str) -> Option<Arc<NodeFacts>> {
        let at = self.at.remove(name)?;
        let node = self.nodes.swap_remove(at);
        if let Some(moved) = self.nodes.get(at) {
            self.at.insert(moved.name().clone(), at);
        }
        self.count_pods(&node.pods, &node.facts, -1);
        count_domains(&mut self.topologies, &node.facts, -1);
        if !node.pods.is_empty() {
            self.strays.insert(name.into(), node.pods);
        }
        self.count_images(&node.facts, |nodes| nodes - 1);
        self.order_is_stale = true;
        Some(node.facts)
    }

    /// Counts what is on a node under its new labels, and no longer under its old ones.
    fn relabel(&mut self, at: usize, old: &NodeFacts) {
        let NodeInfo { pods, facts, .. } = self.nodes[at].clone();
        self.count_pods(&pods, old, -1);
        self.count_pods(&pods, &facts, 1);
        count_domains(&mut self.topologies, old, -1);
        count_domains(&mut self.topologies, &facts, 1);
    }

    fn count_pods(&mut self, pods: &[Arc<PodInfo>], node: &NodeFacts, by: i64) {
        for pod in pods {
            self.census.add(pod, node, by);
            self.held.add(pod, node, by);
        }
    }

    fn count_images(&mut self, facts: &NodeFacts, count: fn(usize) -> usize) {
        for (image, _) in &facts.images {
            let nodes = self.images.get(image).copied().unwrap_or(0);
            match count(nodes) {
                0 => drop(self.images.remove(image)),
                nodes => drop(self.images.insert(image.clone(), nodes)),
            }
        }
    }

    /// Takes in that a pod is on a node, as the server says.
    pub(crate) fn put_pod(&mut self, pod: Arc<PodInfo>) {
        let node = pod.node.clone();
        self.place(pod, node, false);
    }

    /// Counts a pod as being on a node before the server says so.
    pub(crate) fn assume(&mut self, pod: Arc<PodInfo>, node: CompactString) {
        self.place(pod, node, true);
    }

    pub(crate) fn place(&mut self, pod: Arc<PodInfo>, node: CompactString, assumed: bool) {
        self.remove_pod(pod.uid());
        self.placed.insert(pod.uid().clone(), Placed { node: node.clone(), assumed });
        match self.at.get(&node) {
            Some(at) => {
                let node = &mut self.nodes[*at];
                self.census.add(&pod, &node.facts, 1);
                self.held.add(&pod, &node.facts, 1);
                node.add(pod);
            }
            None => self.strays.entry(node).or_default().push(pod),
        }
    }

    pub(crate) fn remove_pod(&mut self, uid: &str) -> Option<Arc<PodInfo>> {
        let Placed { node, .. } = self.placed.remove(uid)?;
        if let Some(at) = self.at.get(&node) {
            let node = &mut self.nodes[*at];
            let pod = node.remove(uid)?;
            self.census.add(&pod, &node.facts, -1);
            self.held.add(&pod, &node.facts, -1);
            return Some(pod);
        }
        let strays = self.strays.get_mut(&node)?;
        let at = strays.iter().position(|pod| pod.uid() == uid)?;
        let pod = strays.swap_remove(at);
        if strays.is_empty() {
            self.strays.remove(&node);
        }
        Some(pod)
    }

    /// Makes sure that [`Cluster::count`] and [`Cluster::domains`] have an answer.
    pub(crate) fn ask(&mut self, question: Question, topology: &CompactString) {
        self.census.ask(question, topology, &self.nodes);
        if !self.topologies.contains_key(topology) {
            let mut domains = Domains::new();
            for value in self.nodes.iter().filter_map(|node| node.facts.label(topology)) {
                change(&mut domains, value, 1);
            }
            self.topologies.insert(topology.clone(), domains);
        }
    }

    /// The answer to a question that was asked by a plugin's [`crate::framework::Plugin::questions`].
    pub fn count(&self, question: &Question) -> Option<&Count> {
        self.census.count(question)
    }

    /// How many nodes are in each domain of a topology that was asked for.
    pub fn domains(&self, topology: &str) -> Option<&Domains> {
        self.topologies.get(topology)
    }

    /// Must be called after changes, before nodes are tried in order.
    pub(crate) fn settle(&mut self) {
        if !std::mem::take(&mut self.order_is_stale) {
            return;
        }
        let mut zones: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            zones.entry(node.facts.zone()).or_default().push(at);
        }
        let longest = zones.values().map(Vec::len).max().unwrap_or(0);
        let turn = |nth: usize| zones.values().filter_map(move |zone| zone.get(nth).copied());
        self.order = (0..longest).flat_map(turn).collect();
    }
}

fn count_domains(topologies: &mut HashMap<CompactString, Domains>, node: &NodeFacts, by: i64) {
    for (topology, domains) in topologies {
        if let Some(value) = node.label(topology) {
            change(domains, value, by);
        }
    }
}
