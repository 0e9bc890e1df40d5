//! What an update of a pod's status leaves as it was, and what is made agree in it.

use meta::{Value, value};

pub fn prepare(new: &mut Value, old: &Value) {
    if new.str("status.qosClass").is_empty() {
        let class = old.at("status.qosClass").clone();
        new.set("status.qosClass", class);
    }
}

/// The single address is the first of all; where the two differ, as an old kubelet would have it, the single one counts.
pub fn settle_addresses(new: &mut Value) {
    let single = new.str("status.podIP");
    let first = new.items("status.podIPs").first().map_or("", |address| address.str("ip"));
    if single == first {
        return;
    }
    match single.is_empty() {
        true => new.set("status.podIP", Value::from(first)),
        false => new.set("status.podIPs", value!([{"ip": single}])),
    }
}
