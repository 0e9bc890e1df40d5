//! Taints and who tolerates them.

use k8s_openapi::api::core::v1::{Node, Pod, Taint, Toleration};

pub(crate) const NO_EXECUTE: &str = "NoExecute";
pub(crate) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(crate) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

pub(crate) fn of(node: &Node) -> &[Taint] {
    node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or(&[])
}

pub(crate) fn tolerations(pod: &Pod) -> &[Toleration] {
    pod.spec.as_ref().and_then(|spec| spec.tolerations.as_deref()).unwrap_or(&[])
}

pub(crate) fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let given = |field: &Option<String>| field.clone().unwrap_or_default();
    let (effect, key) = (given(&toleration.effect), given(&toleration.key));
    if !effect.is_empty() && effect != taint.effect || !key.is_empty() && key != taint.key {
        return false;
    }
    match toleration.operator.as_deref().unwrap_or("") {
        "" | "Equal" => given(&toleration.value) == given(&taint.value),
        "Exists" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerations_match_as_upstream_says() {
        let taint = |key: &str, value: &str, effect: &str| Taint {
            key: key.into(),
            value: Some(value.into()),
            effect: effect.into(),
            time_added: None,
        };
        let toleration = |key: &str, operator: &str, value: &str, effect: &str| Toleration {
            key: Some(key.into()),
            operator: Some(operator.into()),
            value: Some(value.into()),
            effect: Some(effect.into()),
            toleration_seconds: None,
        };
        let cases = [
            (toleration("a", "Exists", "", "NoExecute"), true),
            (toleration("a", "Exists", "", ""), true),
            (toleration("", "Exists", "", ""), true),
            (toleration("a", "Equal", "b", "NoExecute"), true),
            (toleration("a", "", "b", ""), true),
            (toleration("a", "Equal", "c", "NoExecute"), false),
            (toleration("a", "Exists", "", "NoSchedule"), false),
            (toleration("b", "Exists", "", ""), false),
        ];
        for (toleration, expected) in cases {
            assert_eq!(tolerates(&toleration, &taint("a", "b", NO_EXECUTE)), expected, "{toleration:?}");
        }
    }
}
