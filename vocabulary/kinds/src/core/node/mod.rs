//! Node: a machine that runs pods.

use crate::cells;
use crate::{Context, Row, Rules, metadata};
use jiff::Timestamp;
use meta::{CompactString, Cursor, ErrorList, Value, value};
use std::sync::Arc;

mod node_cells;
mod node_rules;

pub const ROW: Row = Row::new("", "Node", || Arc::new(Node));

struct Node;

impl Rules for Node {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let mut row = vec![
            cells::name(object),
            node_cells::status(object).into(),
            node_cells::roles(object).into(),
            cells::age(object, now),
            object.str("status.nodeInfo.kubeletVersion").into(),
            node_cells::address(object, "InternalIP").into(),
            node_cells::address(object, "ExternalIP").into(),
        ];
        let facts = ["osImage", "kernelVersion", "containerRuntimeVersion"];
        row.extend(facts.map(|fact| cells::text_or(object.at("status.nodeInfo"), fact, "<unknown>")));
        row
    }

    fn selectable(&self) -> &[&'static str] {
        &["spec.unschedulable"]
    }

    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        if object.bool(field) { "true" } else { "false" }.into()
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }

    fn default(&self, object: &mut Value) {
        one_range_or_many(object);
        let capacity = object.at("status.capacity").clone();
        if !capacity.is_null() {
            object.set_if_absent("status.allocatable", capacity);
        }
    }

    /// A kubelet registers itself with its status.
    fn prepare_create(&self, _context: &Context<'_>, _object: &mut Value) {}

    fn judges_updates_twice(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let at = Cursor::root(new);
        node_rules::resources(&at, out);
        node_rules::taints(&at.at("spec.taints"), out);
        match old {
            None => node_rules::pod_ranges(&at.at("spec.podCIDRs"), out),
            Some(old) => node_rules::update(&at, old, out),
        }
    }
}

/// The older field holds one range and prevails; the newer one holds all.
fn one_range_or_many(node: &mut Value) {
    let one = CompactString::from(node.str("spec.podCIDR"));
    let first = node.items("spec.podCIDRs").first().and_then(Value::as_str).map(CompactString::from);
    match first {
        _ if !one.is_empty() && first.as_ref() != Some(&one) => node.set("spec.podCIDRs", value!([one])),
        Some(first) if one.is_empty() => node.set("spec.podCIDR", first),
        _ => {}
    }
}
