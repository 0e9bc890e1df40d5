//! Ingress: routes HTTP from outside to services.

use crate::cells;
use crate::{Row, Rules, metadata};
use jiff::Timestamp;
use meta::Value;
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "Ingress", || Arc::new(Ingress));

struct Ingress;

impl Rules for Ingress {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let ports = if object.items("spec.tls").is_empty() { "80" } else { "80, 443" };
        vec![
            cells::name(object),
            cells::text_or(object, "spec.ingressClassName", "<none>"),
            hosts(object).into(),
            crate::core::service::balanced(object.at("status.loadBalancer")).into(),
            ports.into(),
            cells::age(object, now),
        ]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn metadata_of_status(&self, new: &mut Value, given: &Value) {
        metadata::carry(new, given, metadata::ALL);
    }
}

const SHOWN: usize = 3;

/// The first three hosts; rules without one count among the rest, as upstream counts.
fn hosts(ingress: &Value) -> String {
    let rules = ingress.items("spec.rules");
    let named = |rule: &&Value| !rule.str("host").is_empty();
    let hosts: Vec<&str> = rules.iter().filter(named).take(SHOWN).map(|rule| rule.str("host")).collect();
    let consumed = rules.iter().filter(named).count() >= SHOWN && {
        let third = rules.iter().enumerate().filter(|(_, rule)| named(rule)).nth(SHOWN - 1);
        third.is_some_and(|(index, _)| index + 1 < rules.len())
    };
    match (hosts.is_empty(), consumed) {
        (true, _) => "*".into(),
        (false, true) => format!("{} + {} more...", hosts.join(","), rules.len() - SHOWN),
        (false, false) => hosts.join(","),
    }
}
