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
    let single = new.str("status.podIP").to_string();
    let first = new.items("status.podIPs").first().map_or("", |address| address.str("ip")).to_string();
    match (single.as_str(), first.as_str()) {
        (single, first) if single == first => {}
        ("", first) => new.set("status.podIP", first),
        (single, _) => new.set("status.podIPs", value!([{"ip": single}])),
    }
}
