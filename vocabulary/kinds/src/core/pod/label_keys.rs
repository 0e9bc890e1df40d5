//! `matchLabelKeys`: a new pod's own labels become part of its selectors.

use crate::pods::defaults::each;
use meta::{Value, value};

pub fn apply(pod: &mut Value) {
    let labels = pod.at("metadata.labels").clone();
    for affinity in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = pod.at_mut(&format!("spec.affinity.{affinity}")) else { continue };
        each(affinity, "requiredDuringSchedulingIgnoredDuringExecution", |term| apply_term(term, &labels));
        each(affinity, "preferredDuringSchedulingIgnoredDuringExecution", |weighted| {
            if let Some(term) = weighted.at_mut("podAffinityTerm") {
                apply_term(term, &labels);
            }
        });
    }
    if let Some(spec) = pod.at_mut("spec") {
        each(spec, "topologySpreadConstraints", |constraint| apply_keys(constraint, "matchLabelKeys", "In", &labels));
    }
}

fn apply_term(term: &mut Value, labels: &Value) {
    apply_keys(term, "matchLabelKeys", "In", labels);
    apply_keys(term, "mismatchLabelKeys", "NotIn", labels);
}

/// A term without a selector matches nothing, and keys do not change that.
fn apply_keys(term: &mut Value, keys: &str, operator: &str, labels: &Value) {
    if term.get("labelSelector").is_null() {
        return;
    }
    let keys = term.items(keys).iter().filter_map(Value::as_str);
    let known = keys.filter_map(|key| Some((key, labels.get(key).as_str()?)));
    let added: Vec<Value> =
        known.map(|(key, label)| value!({"key": key, "operator": operator, "values": [label]})).collect();
    if added.is_empty() {
        return;
    }
    let mut expressions = term.items("labelSelector.matchExpressions").to_vec();
    expressions.extend(added);
    term.set("labelSelector.matchExpressions", Value::List(expressions));
}
