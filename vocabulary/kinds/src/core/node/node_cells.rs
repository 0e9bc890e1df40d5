//! What a node's row says of its state.

use crate::cells;
use meta::Value;
use std::collections::BTreeSet;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE: &str = "kubernetes.io/role";

/// `Ready,SchedulingDisabled`
pub fn status(node: &Value) -> String {
    let known = node.items("status.conditions").iter().any(|condition| condition.str("type") == "Ready");
    let mut words = vec![match (known, cells::condition(node, "Ready")) {
        (false, _) => "Unknown",
        (true, true) => "Ready",
        (true, false) => "NotReady",
    }];
    if node.bool("spec.unschedulable") {
        words.push("SchedulingDisabled");
    }
    words.join(",")
}

pub fn roles(node: &Value) -> String {
    let labels = node.fields("metadata.labels");
    let roles: BTreeSet<&str> = labels.filter_map(|(key, value)| role(key, value.as_str()?)).collect();
    match roles.is_empty() {
        true => "<none>".into(),
        false => roles.into_iter().collect::<Vec<_>>().join(","),
    }
}

fn role<'l>(key: &'l str, value: &'l str) -> Option<&'l str> {
    let role = key.strip_prefix(ROLE_PREFIX).or((key == ROLE).then_some(value))?;
    (!role.is_empty()).then_some(role)
}

pub fn address<'n>(node: &'n Value, kind: &str) -> &'n str {
    let mut addresses = node.items("status.addresses").iter();
    addresses.find(|address| address.str("type") == kind).map_or("<none>", |address| address.str("address"))
}
