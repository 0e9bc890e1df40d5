//! What a node's fields must satisfy.

use crate::pods::validate::resources;
use crate::{check, formats, go_form, schema_of};
use meta::{Cursor, ErrorList, FieldError, Path, Problem, Value, names};
use std::collections::BTreeSet;

/// Upstream writes the resource's name as a field here.
pub fn resources(node: &Cursor<'_>, out: &mut ErrorList) {
    for list in ["capacity", "allocatable"] {
        for (name, quantity) in node.at("status").at(list).entries() {
            let path = Path::new("status").field(list).field(name);
            resources::value(name, &Cursor::new(quantity.value, path), out);
        }
    }
}

/// Upstream names the metadata in what it says of taints.
pub fn taints(at: &Cursor<'_>, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    let Some(form) = schema_of("core.v1.Taint") else { return };
    for (index, taint) in at.items().enumerate() {
        let taint = Cursor::new(taint.value, Path::new("metadata").field("taints").index(index));
        self::taint(&taint, out);
        if !seen.insert((taint.at("key").str().to_string(), taint.at("effect").str().to_string())) {
            let shown =
                go_form::invalid(&form.types, form.root, &taint, "taints must be unique by key and effect pair");
            let error = FieldError { problem: Problem::Duplicate, ..shown };
            out.push(error);
        }
    }
}

fn taint(taint: &Cursor<'_>, out: &mut ErrorList) {
    let (key, value) = (taint.at("key"), taint.at("value"));
    out.extend(names::qualified_name(key.str()).into_iter().map(|why| FieldError::invalid(&key.path, key.str(), why)));
    let complaints = names::label_value(value.str());
    if !complaints.is_empty() {
        out.push(FieldError::invalid(&value.path, value.str(), complaints.join(";")));
    }
    check::required_one_of(&taint.at("effect"), &["NoSchedule", "PreferNoSchedule", "NoExecute"], out);
}

pub fn pod_ranges(at: &Cursor<'_>, out: &mut ErrorList) {
    let ranges: Vec<Cursor<'_>> = at.items().collect();
    ranges.iter().for_each(|range| check::text(range, formats::cidr(range.str()), out));
    let six = ranges.iter().filter(|range| range.str().contains(':')).count();
    if ranges.len() > 2 || (ranges.len() == 2 && six != 1) {
        check::invalid(at, "may specify no more than one CIDR for each IP family", out);
    }
}

pub fn update(node: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let ranges = node.at("spec.podCIDRs");
    if !old.items("spec.podCIDRs").is_empty() && ranges.value != old.at("spec.podCIDRs") {
        check::forbidden(&ranges.path, "node updates may not change podCIDR except from \"\" to valid", out);
    }
    let provider = node.at("spec.providerID");
    if !old.str("spec.providerID").is_empty() && provider.str() != old.str("spec.providerID") {
        check::forbidden(&provider.path, "node updates may not change providerID except from \"\" to valid", out);
    }
    let mut seen = BTreeSet::new();
    for address in node.at("status.addresses").items() {
        if !seen.insert(address.value.to_string()) {
            out.push(FieldError::duplicate(&address.path, address.value.clone()));
        }
    }
}
