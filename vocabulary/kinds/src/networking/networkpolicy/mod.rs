//! NetworkPolicy: which traffic reaches pods.

mod policy_rules;

use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "NetworkPolicy", || Arc::new(NetworkPolicy));

struct NetworkPolicy;

impl Rules for NetworkPolicy {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        vec![cells::name(object), cells::selector(object.at("spec.podSelector")), cells::age(object, now)]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn default(&self, object: &mut Value) {
        if !object.items("spec.policyTypes").is_empty() {
            return;
        }
        let egress = !object.items("spec.egress").is_empty();
        let types = if egress { vec!["Ingress", "Egress"] } else { vec!["Ingress"] };
        object.set("spec.policyTypes", types);
    }

    fn judges_updates_twice(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        policy_rules::check(&Cursor::root(new).at("spec"), out);
    }
}
