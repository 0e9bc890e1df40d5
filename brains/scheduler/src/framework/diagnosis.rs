//! Why a pod could not be placed, in upstream's words.

use crate::node::NodeInfo;
use meta::CompactString;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Reason = Cow<'static, str>;

/// Why one node does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reasons: Reasons,
    /// Nothing that could be done to the node's other pods would help.
    pub hopeless: bool,
}

/// Mostly there is one, and it is known beforehand: nodes are many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reasons {
    One(&'static str),
    Many(Vec<Reason>),
}

/// Why no node did.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    nodes: usize,
    /// How many nodes each reason holds for.
    reasons: BTreeMap<Reason, usize>,
    /// The nodes where another pod's leaving could help.
    hopeful: Vec<CompactString>,
    refused: usize,
    /// What refuses every node without looking at one.
    of_all: Option<String>,
    /// Why nodes were not even looked at.
    of_others: Option<String>,
    plugins: BTreeSet<&'static str>,
    afterwards: Option<String>,
}

impl Refusal {
    pub fn hopeless(reason: &'static str) -> Refusal {
        Refusal { reasons: Reasons::One(reason), hopeless: true }
    }

    pub fn hopeful(reason: &'static str) -> Refusal {
        Refusal { reasons: Reasons::One(reason), hopeless: false }
    }
}

impl Diagnosis {
    pub(crate) fn new(nodes: usize) -> Diagnosis {
        Diagnosis { nodes, ..Diagnosis::default() }
    }

    pub(crate) fn refuse(&mut self, plugin: &'static str, node: &NodeInfo, refusal: Refusal) {
        self.plugins.insert(plugin);
        self.refused += 1;
        if !refusal.hopeless {
            self.hopeful.push(node.name().clone());
        }
        let mut count = |reason: Reason| *self.reasons.entry(reason).or_default() += 1;
        match refusal.reasons {
            Reasons::One(reason) => count(Cow::Borrowed(reason)),
            Reasons::Many(reasons) => reasons.into_iter().for_each(count),
        }
    }

    pub(crate) fn refuse_all(&mut self, plugin: &'static str, reason: String) {
        self.plugins.insert(plugin);
        self.of_all = Some(reason);
    }

    /// These plugins have named the nodes that come into question; it was none of the others.
    pub(crate) fn restrict(&mut self, plugins: &[&'static str]) {
        self.plugins.extend(plugins);
        self.of_others = Some(format!("node(s) didn't satisfy plugin(s) [{}]", plugins.join(" ")));
    }

    pub(crate) fn after(&mut self, message: Option<String>) {
        self.afterwards = message;
    }

    /// The plugins that refused some node: they say what is worth another try.
    pub fn plugins(&self) -> impl Iterator<Item = &'static str> {
        self.plugins.iter().copied()
    }

    /// How many nodes were looked at.
    pub(crate) fn looked_at(&self) -> usize {
        self.refused
    }

    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Nodes that could do if pods left them.
    pub fn hopeful(&self) -> impl Iterator<Item = &CompactString> {
        self.hopeful.iter()
    }

    pub fn message(&self) -> String {
        if self.nodes == 0 {
            return "no nodes available to schedule pods".into();
        }
        let mut message = format!("0/{} nodes are available:", self.nodes);
        match &self.of_all {
            Some(reason) => message += &format!(" {reason}."),
            None => message += &counted(self.counts()),
        }
        if let Some(afterwards) = &self.afterwards {
            message += &format!(" {afterwards}");
        }
        message
    }

    fn counts(&self) -> HashMap<&str, usize> {
        let mut counts: HashMap<&str, usize> =
            self.reasons.iter().map(|(reason, count)| (reason.as_ref(), *count)).collect();
        if let (Some(reason), rest @ 1..) = (&self.of_others, self.nodes - self.refused) {
            *counts.entry(reason).or_default() += rest;
        }
        counts
    }
}

/// ` 1 of this, 2 of that.`, sorted as texts, as upstream does.
pub(crate) fn counted(counts: HashMap<&str, usize>) -> String {
    let mut texts: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.sort();
    if texts.is_empty() { String::new() } else { format!(" {}.", texts.join(", ")) }
}
