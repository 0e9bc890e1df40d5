//! A kubelet and Node objects.

use super::super::Operation;
use super::labels;
use meta::Value;

pub(super) fn check(
    operation: Operation,
    old: Option<&Value>,
    new: Option<&Value>,
    node: &str,
    name: &str,
) -> Result<(), String> {
    if name != node {
        return Err(format!("node {node:?} is not allowed to modify node {name:?}"));
    }
    match (operation, new, old) {
        (Operation::Create, Some(new), _) => check_new(new, node),
        (Operation::Update, Some(new), Some(old)) => check_change(new, old, node),
        _ => Ok(()),
    }
}

fn check_new(new: &Value, node: &str) -> Result<(), String> {
    if !new.at("spec.configSource").is_null() {
        return Err(format!("node {node:?} is not allowed to create pods with a non-nil configSource"));
    }
    match joined(new, None) {
        Some(labels) => Err(format!("node {node:?} is not allowed to set the following labels: {labels}")),
        None => Ok(()),
    }
}

fn check_change(new: &Value, old: &Value, node: &str) -> Result<(), String> {
    let config = new.at("spec.configSource");
    if !config.is_null() && config != old.at("spec.configSource") {
        return Err(format!("node {node:?} is not allowed to update configSource to a new non-nil configSource"));
    }
    if new.items("spec.taints") != old.items("spec.taints") {
        return Err(format!("node {node:?} is not allowed to modify taints"));
    }
    if new.items("metadata.ownerReferences") != old.items("metadata.ownerReferences") {
        return Err(format!("node {node:?} is not allowed to modify ownerReferences"));
    }
    match joined(new, Some(old)) {
        Some(labels) => Err(format!("is not allowed to modify labels: {labels}")),
        None => Ok(()),
    }
}

fn joined(new: &Value, old: Option<&Value>) -> Option<String> {
    let forbidden: Vec<String> = labels::forbidden(new, old).into_iter().collect();
    (!forbidden.is_empty()).then(|| forbidden.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_node_changes_itself_within_bounds() {
        let plain = value!({"metadata": {"name": "n1"}});
        let tainted = value!({"metadata": {"name": "n1"}, "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
        let master = value!({"metadata": {"name": "n1", "labels": {"node-role.kubernetes.io/a": "", "x": "y"}}});
        let owned = value!({"metadata": {"name": "n1", "ownerReferences": [{"name": "o"}]}});
        let set = "node \"n1\" is not allowed to set the following labels: node-role.kubernetes.io/a";
        for (operation, old, new, name, expect) in [
            (Operation::Create, None, &plain, "n1", None),
            (Operation::Create, None, &tainted, "n1", None),
            (Operation::Create, None, &plain, "n2", Some("node \"n1\" is not allowed to modify node \"n2\"")),
            (Operation::Create, None, &master, "n1", Some(set)),
            (Operation::Update, Some(&plain), &tainted, "n1", Some("node \"n1\" is not allowed to modify taints")),
            (
                Operation::Update,
                Some(&plain),
                &owned,
                "n1",
                Some("node \"n1\" is not allowed to modify ownerReferences"),
            ),
            (
                Operation::Update,
                Some(&plain),
                &master,
                "n1",
                Some("is not allowed to modify labels: node-role.kubernetes.io/a"),
            ),
            (Operation::Update, Some(&master), &master, "n1", None),
        ] {
            let refused = check(operation, old, Some(new), "n1", name).err();
            assert_eq!(refused.as_deref(), expect, "{new:?}");
        }
    }
}
