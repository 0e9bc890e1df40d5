//! What an update of a pod's status leaves as it was.

use meta::Value;

pub fn prepare(new: &mut Value, old: &Value) {
    if new.str("status.qosClass").is_empty() {
        let class = old.at("status.qosClass").clone();
        new.set("status.qosClass", class);
    }
}
