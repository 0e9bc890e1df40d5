//! Whether a pod may stand on a node, as far as its own wishes and the node's taints say.

use crate::taints;
use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint};
use meta::selector::Requirement;
use meta::{CompactString, Labels, Value, value};

/// Whether the pod's node selector and required node affinity name this node.
pub(crate) fn is_wanted(pod: &PodSpec, node: &Node) -> bool {
    let labels = crate::labels::labels(node.metadata.labels.as_ref());
    let selected = pod.node_selector.iter().flatten();
    if selected.into_iter().any(|(name, value)| labels.get(name.as_str()).is_none_or(|label| label != value)) {
        return false;
    }
    let affinity = pod.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    required.is_none_or(|required| required.node_selector_terms.iter().any(|term| fits(term, &labels, node)))
}

/// An empty term fits nothing.
fn fits(term: &NodeSelectorTerm, labels: &Labels, node: &Node) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or(&[]);
    let fields = term.match_fields.as_deref().unwrap_or(&[]);
    let name = Labels::from(vec![("metadata.name".into(), node.metadata.name.clone().unwrap_or_default().into())]);
    (!expressions.is_empty() || !fields.is_empty())
        && expressions.iter().all(|wanted| holds(wanted, labels))
        && fields.iter().all(|wanted| holds(wanted, &name))
}

fn holds(wanted: &NodeSelectorRequirement, labels: &Labels) -> bool {
    let key = CompactString::from(&wanted.key);
    let values = wanted.values.iter().flatten().map(CompactString::from);
    let number = || wanted.values.as_ref()?.first()?.parse::<i64>().ok();
    let requirement = match wanted.operator.as_str() {
        "In" => Some(Requirement::In(key, values.collect())),
        "NotIn" => Some(Requirement::NotIn(key, values.collect())),
        "Exists" => Some(Requirement::Exists(key)),
        "DoesNotExist" => Some(Requirement::DoesNotExist(key)),
        "Gt" => number().map(|bound| Requirement::GreaterThan(key, bound)),
        "Lt" => number().map(|bound| Requirement::LessThan(key, bound)),
        _ => None,
    };
    requirement.is_some_and(|requirement| requirement.matches(labels))
}

/// The node's first taint of these effects that the pod does not tolerate.
pub(crate) fn untolerated<'a>(pod: &PodSpec, node: &'a Node, effects: &[&str]) -> Option<&'a Taint> {
    let tolerations = pod.tolerations.as_deref().unwrap_or(&[]);
    let counts = |taint: &&Taint| effects.contains(&taint.effect.as_str());
    let tolerated = |taint: &Taint| tolerations.iter().any(|toleration| taints::tolerates(toleration, taint));
    taints::of(node).iter().filter(counts).find(|taint| !tolerated(taint))
}

/// A node affinity that names one node.
pub(crate) fn only(node: &str) -> Value {
    value!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}])
}
