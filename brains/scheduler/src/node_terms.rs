//! Which nodes a pod may or would rather run on: its node selector and node affinity, parsed once.

use crate::node::NodeFacts;
use crate::pod::manifest::{Expression, NodeSelectorTerm, PodSpec};
use meta::CompactString;
use meta::selector::Requirement;
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeTerms {
    selector: Vec<Requirement>,
    /// One of these must match, where there are any.
    required: Option<Vec<Term>>,
    preferred: Vec<(i64, Term)>,
}

/// All of it must match; a term of nothing matches nothing.
#[derive(Clone, Debug, PartialEq)]
struct Term {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
    /// It could not be understood: it matches nothing.
    broken: bool,
}

impl NodeTerms {
    pub(crate) fn read(spec: &PodSpec) -> NodeTerms {
        let exactly = |(key, value): (&CompactString, &CompactString)| {
            Requirement::In(key.clone(), BTreeSet::from([value.clone()]))
        };
        let affinity = &spec.affinity.node_affinity;
        NodeTerms {
            selector: spec.node_selector.iter().map(exactly).collect(),
            required: affinity.required.as_ref().map(|any| any.node_selector_terms.iter().map(Term::read).collect()),
            preferred: affinity.preferred.iter().map(|of| (of.weight, Term::read(&of.preference))).collect(),
        }
    }

    /// Whether every node will do.
    pub fn is_anywhere(&self) -> bool {
        self.selector.is_empty() && self.required.is_none()
    }

    pub fn matches(&self, node: &NodeFacts) -> bool {
        self.selector.iter().all(|wanted| wanted.matches(node.labels()))
            && self.required.as_ref().is_none_or(|any| any.iter().any(|term| term.matches(node)))
    }

    pub fn prefers(&self) -> bool {
        !self.preferred.is_empty()
    }

    /// The weights of the preferences that a node satisfies.
    pub fn preference(&self, node: &NodeFacts) -> i64 {
        let of = |(weight, term): &(i64, Term)| if term.matches(node) { *weight } else { 0 };
        self.preferred.iter().map(of).sum()
    }

    /// The nodes that are named, where every term names some.
    pub fn named(&self) -> Option<BTreeSet<CompactString>> {
        let terms = self.required.as_ref().filter(|terms| !terms.is_empty())?;
        let mut all = BTreeSet::new();
        for term in terms {
            all.extend(term.named()?);
        }
        Some(all)
    }
}

impl Term {
    fn read(term: &NodeSelectorTerm) -> Term {
        let parse = |all: &[Expression]| all.iter().map(Expression::requirement).collect::<Option<Vec<_>>>();
        let (labels, fields) = (parse(&term.match_expressions), parse(&term.match_fields));
        let broken = labels.is_none() || fields.is_none();
        Term { labels: labels.unwrap_or_default(), fields: fields.unwrap_or_default(), broken }
    }

    fn matches(&self, node: &NodeFacts) -> bool {
        let something = !self.labels.is_empty() || !self.fields.is_empty();
        something
            && !self.broken
            && self.labels.iter().all(|wanted| wanted.matches(node.labels()))
            && self.fields.iter().all(|wanted| field_matches(wanted, &node.name))
    }

    fn named(&self) -> Option<BTreeSet<CompactString>> {
        let names = |field: &Requirement| match field {
            Requirement::In(key, names) if key == "metadata.name" => Some(names.clone()),
            _ => None,
        };
        self.fields.iter().filter_map(names).reduce(|one, other| &one & &other)
    }
}

/// The name is the only field there is.
fn field_matches(wanted: &Requirement, name: &CompactString) -> bool {
    match wanted {
        Requirement::In(key, names) => key == "metadata.name" && names.contains(name),
        Requirement::NotIn(key, names) => key != "metadata.name" || !names.contains(name),
        _ => false,
    }
}

impl Expression {
    /// None where the operator is unknown, or its value no number.
    pub(crate) fn requirement(&self) -> Option<Requirement> {
        let key = self.key.clone();
        let values = || self.values.iter().cloned().collect();
        let number = || self.values.first()?.parse().ok();
        Some(match self.operator.as_str() {
            "In" => Requirement::In(key, values()),
            "NotIn" => Requirement::NotIn(key, values()),
            "Exists" => Requirement::Exists(key),
            "DoesNotExist" => Requirement::DoesNotExist(key),
            "Gt" => Requirement::GreaterThan(key, number()?),
            "Lt" => Requirement::LessThan(key, number()?),
            _ => return None,
        })
    }
}
