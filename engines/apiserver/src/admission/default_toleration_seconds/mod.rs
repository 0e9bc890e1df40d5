//! Pods stay for five minutes on a node that is not ready or not reachable, unless they say otherwise.

use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Status, Value, value};

pub(super) struct DefaultTolerationSeconds;

const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SECONDS: i64 = 300;

impl Plugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation != Operation::Delete && on.is("", "pods")
    }

    fn mutate<'a>(&'a self, _on: &'a Admitting<'a>, pod: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            tolerate(pod);
            Ok(())
        })
    }
}

fn tolerate(pod: &mut Value) {
    let mut tolerations = pod.items("spec.tolerations").to_vec();
    let before = tolerations.len();
    for taint in TAINTS {
        if !tolerations.iter().any(|toleration| covers(toleration, taint)) {
            let added =
                value!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS});
            tolerations.push(added);
        }
    }
    if tolerations.len() > before {
        pod.set("spec.tolerations", tolerations);
    }
}

fn covers(toleration: &Value, taint: &str) -> bool {
    matches!(toleration.str("effect"), "" | "NoExecute")
        && matches!(toleration.str("key"), key if key.is_empty() || key == taint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerations_are_added_where_none_covers() {
        for (given, expect) in [
            (value!([]), 2),
            (value!([{"operator": "Exists"}]), 1),
            (value!([{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]), 2),
            (value!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]), 3),
            (value!([{"key": "a"}]), 3),
        ] {
            let mut pod = value!({"spec": {"tolerations": (given.clone())}});
            tolerate(&mut pod);
            assert_eq!(pod.items("spec.tolerations").len(), expect, "{given:?}");
        }
    }
}
