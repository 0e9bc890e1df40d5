//! Where a pod may run: tolerations, affinity, spreading, gates.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value, names};
use std::collections::BTreeSet;

pub fn judge(spec: &Cursor<'_>, out: &mut ErrorList) {
    tolerations(&spec.at("tolerations"), out);
    node_affinity(&spec.at("affinity.nodeAffinity"), out);
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.at("affinity").at(kind);
        affinity.at("requiredDuringSchedulingIgnoredDuringExecution").items().for_each(|term| pod_term(&term, out));
        for weighted in affinity.at("preferredDuringSchedulingIgnoredDuringExecution").items() {
            pod_term(&weighted.at("podAffinityTerm"), out);
        }
    }
    gates(&spec.at("schedulingGates"), out);
    spreading(&spec.at("topologySpreadConstraints"), out);
}

pub fn tolerations(at: &Cursor<'_>, out: &mut ErrorList) {
    for toleration in at.items() {
        let [key, operator, value, effect] = ["key", "operator", "value", "effect"].map(|field| toleration.at(field));
        if !key.str().is_empty() {
            check::text(&key, names::qualified_name(key.str()), out);
        } else if operator.str() != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            out.push(FieldError::invalid(&operator.path, operator.str(), why));
        }
        if !toleration.at("tolerationSeconds").is_null() && effect.str() != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            out.push(FieldError::invalid(&effect.path, effect.str(), why));
        }
        match operator.str() {
            "" | "Equal" => {
                let complaints = names::label_value(value.str());
                if !complaints.is_empty() {
                    out.push(FieldError::invalid(&operator.path, value.str(), complaints.join(";")));
                }
            }
            "Exists" if !value.str().is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                out.push(FieldError::invalid(&operator.path, value.str(), why));
            }
            "Exists" => {}
            other @ ("Lt" | "Gt") => {
                let words = ["Equal", "Exists", "Lt", "Gt"];
                out.push(FieldError::not_supported(&operator.path, other, words));
            }
            _ => check::one_of(&operator, &["Equal", "Exists"], out),
        }
        if !effect.str().is_empty() {
            check::one_of(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], out);
        }
    }
}

fn node_affinity(at: &Cursor<'_>, out: &mut ErrorList) {
    if let Some(required) = at.at("requiredDuringSchedulingIgnoredDuringExecution").present() {
        node_selector(&required, out);
    }
    for term in at.at("preferredDuringSchedulingIgnoredDuringExecution").items() {
        node_term(&term.at("preference"), false, out);
    }
}

pub fn node_selector(at: &Cursor<'_>, out: &mut ErrorList) {
    let terms = at.at("nodeSelectorTerms");
    if terms.items().next().is_none() {
        return out.push(FieldError::required(&terms.path, "must have at least one node selector term"));
    }
    terms.items().for_each(|term| node_term(&term, true, out));
}

/// Preferred terms may ask for values that no label can have.
fn node_term(term: &Cursor<'_>, strict: bool, out: &mut ErrorList) {
    term.at("matchExpressions").items().for_each(|requirement| node_requirement(&requirement, strict, out));
    term.at("matchFields").items().for_each(|requirement| node_field(&requirement, out));
}

fn node_requirement(at: &Cursor<'_>, strict: bool, out: &mut ErrorList) {
    let (operator, values) = (at.at("operator"), at.at("values"));
    let count = values.items().count();
    match operator.str() {
        "In" | "NotIn" if count == 0 => {
            out.push(FieldError::required(&values.path, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            check::forbidden(&values.path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'", out);
        }
        "Gt" | "Lt" if count != 1 => {
            out.push(FieldError::required(
                &values.path,
                "must be specified single value when `operator` is 'Lt' or 'Gt'",
            ));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => out.push(FieldError::invalid(&operator.path, other, "not a valid selector operator")),
    }
    let key = at.at("key");
    out.extend(names::qualified_name(key.str()).into_iter().map(|why| FieldError::invalid(&key.path, key.str(), why)));
    if strict {
        values.items().for_each(|value| check::text(&value, names::label_value(value.str()), out));
    }
}

fn node_field(at: &Cursor<'_>, out: &mut ErrorList) {
    let (operator, values, key) = (at.at("operator"), at.at("values"), at.at("key"));
    match operator.str() {
        "In" | "NotIn" if values.items().count() != 1 => {
            let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            out.push(FieldError::required(&values.path, why));
        }
        "In" | "NotIn" => {}
        other => out.push(FieldError::invalid(&operator.path, other, "not a valid selector operator")),
    }
    match key.str() {
        "metadata.name" => values.items().for_each(|value| check::text(&value, names::dns_subdomain(value.str()), out)),
        other => out.push(FieldError::invalid(&key.path, other, "not a valid field selector key")),
    }
}

fn pod_term(term: &Cursor<'_>, out: &mut ErrorList) {
    let path = term.path.field("namespace");
    for name in term.at("namespaces").items() {
        out.extend(names::dns_label(name.str()).into_iter().map(|why| FieldError::invalid(&path, name.str(), why)));
    }
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.at(field);
        if term.at("labelSelector").is_null() && keys.items().next().is_some() {
            let why = "must not be specified when labelSelector is not set";
            check::forbidden(&keys.path, why, out);
        }
        keys.items().for_each(|key| check::text(&key, names::qualified_name(key.str()), out));
    }
    repeated_keys(term, out);
}

/// A pod's own labels are in the selector by now: a key that stands there twice was also the client's. Upstream counts
/// the term's keys, but names them as items of the term.
fn repeated_keys(term: &Cursor<'_>, out: &mut ErrorList) {
    let keys: Vec<&str> = term.value.items("matchLabelKeys").iter().filter_map(Value::as_str).collect();
    let mut seen: BTreeSet<&str> =
        term.value.fields("labelSelector.matchLabels").map(|(key, _)| key.as_str()).collect();
    for expression in term.value.items("labelSelector.matchExpressions") {
        let key = expression.str("key");
        let index = keys.iter().rposition(|known| *known == key);
        if let Some(index) = index.filter(|_| seen.contains(key)) {
            let why = "exists in both matchLabelKeys and labelSelector";
            out.push(FieldError::invalid(&term.path.index(index), key, why));
        }
        seen.insert(key);
    }
}

fn gates(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    for gate in at.items() {
        let name = gate.at("name").str();
        out.extend(names::qualified_name(name).into_iter().map(|why| FieldError::invalid(&gate.path, name, why)));
        if !seen.insert(name.to_string()) {
            out.push(FieldError::duplicate(&gate.path, name));
        }
    }
}

fn spreading(at: &Cursor<'_>, out: &mut ErrorList) {
    let all: Vec<Cursor<'_>> = at.items().collect();
    for (index, constraint) in all.iter().enumerate() {
        let pair =
            |of: &Cursor<'_>| (of.at("topologyKey").str().to_string(), of.at("whenUnsatisfiable").str().to_string());
        let own = pair(constraint);
        if all[index + 1..].iter().any(|later| pair(later) == own) {
            let path = constraint.path.field("{topologyKey, whenUnsatisfiable}");
            out.push(FieldError::duplicate(&path, format!("{{{}, {}}}", own.0, own.1)));
        }
        let keys = constraint.at("matchLabelKeys");
        if constraint.at("labelSelector").is_null() && keys.items().next().is_some() {
            check::forbidden(&keys.path, "must not be specified when labelSelector is not set", out);
        }
        repeated_keys(constraint, out);
        let domains = constraint.at("minDomains");
        if !domains.is_null() && own.1 != "DoNotSchedule" {
            check::invalid(
                &domains,
                format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", own.1),
                out,
            );
        }
    }
}
