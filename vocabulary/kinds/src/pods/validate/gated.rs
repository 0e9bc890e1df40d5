//! A pod that waits for scheduling gates may still narrow down where it will run.

use super::update::restore;
use meta::{Cursor, ErrorList, FieldError, Value};

const TERMS: &str = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";

pub fn judge(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    if old.items("schedulingGates").is_empty() {
        return;
    }
    node_selector(&new.at("nodeSelector"), old.get("nodeSelector"), out);
    node_affinity(&new.at(TERMS), old.items(TERMS), out);
}

/// Sets back in `copy` what such a pod may change.
pub fn settle(copy: &mut Value, old: &Value) {
    if old.items("schedulingGates").is_empty() {
        return;
    }
    restore(copy, old, "nodeSelector");
    let before = old.at("affinity.nodeAffinity");
    match before {
        Value::Null => _ = copy.remove("affinity.nodeAffinity"),
        before => copy.set("affinity.nodeAffinity", before.clone()),
    }
    if old.get("affinity").is_null() && copy.get("affinity").as_map().is_some_and(|map| map.is_empty()) {
        copy.remove("affinity");
    }
}

fn node_selector(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let mut before = old.as_map().into_iter().flat_map(|map| map.iter());
    if before.any(|(key, value)| new.value.get(key) != value) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        out.push(FieldError::invalid(&new.path, new.value.clone(), why));
    }
}

fn node_affinity(new: &Cursor<'_>, old: &[Value], out: &mut ErrorList) {
    let terms: Vec<Cursor<'_>> = new.items().collect();
    if !old.is_empty() && terms.len() != old.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        return out.push(FieldError::invalid(&new.path, new.value.clone(), why));
    }
    for (term, _) in terms.iter().zip(old).filter(|(term, old)| !only_adds(term.value, old)) {
        let why = "only additions are allowed (no mutations or deletions)";
        out.push(FieldError::invalid(&term.path, term.value.clone(), why));
    }
}

fn only_adds(new: &Value, old: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    if lists.iter().all(|list| old.items(list).is_empty()) {
        return lists.iter().all(|list| new.items(list).is_empty());
    }
    lists.iter().all(|list| new.items(list).starts_with(old.items(list)))
}
