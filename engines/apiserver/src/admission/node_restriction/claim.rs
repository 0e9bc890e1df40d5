//! A kubelet grows a volume: it tells the claim's size and conditions, and nothing else of it.

use meta::Value;

const ITS_OWN: [&str; 6] = [
    "status.capacity",
    "status.conditions",
    "status.allocatedResourceStatuses",
    "status.allocatedResources",
    "metadata.resourceVersion",
    "metadata.managedFields",
];

pub(super) fn check_status(old: Option<&Value>, new: Option<&Value>, node: &str) -> Result<(), String> {
    match rest(old) == rest(new) {
        true => Ok(()),
        false => Err(format!(
            "node {node:?} is not allowed to update fields other than status.quantity and status.conditions"
        )),
    }
}

fn rest(claim: Option<&Value>) -> Option<Value> {
    let mut claim = claim?.clone();
    for field in ITS_OWN {
        claim.remove(field);
    }
    if claim.get("status").is_empty() {
        claim.remove("status");
    }
    Some(claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn size_and_conditions_are_the_nodes() {
        let old = value!({"metadata": {"name": "a"}});
        let grown = value!({"metadata": {"name": "a"}, "status": {"capacity": {"storage": "2Gi"}}});
        let bound = value!({"metadata": {"name": "a"}, "status": {"phase": "Bound"}});
        assert!(check_status(Some(&old), Some(&grown), "n").is_ok());
        assert!(check_status(Some(&old), Some(&bound), "n").is_err());
    }
}
