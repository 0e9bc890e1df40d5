//! NetworkPolicy: which traffic reaches pods.

use crate::cells;
use crate::{Row, Rules};
use jiff::Timestamp;
use meta::Value;
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
}
