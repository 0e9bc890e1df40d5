//! A new node is not ready until it has said that it is: until then nothing is scheduled to it.

use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Status, Value, value};

pub(super) struct TaintNodesByCondition;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const EFFECT: &str = "NoSchedule";

impl Plugin for TaintNodesByCondition {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Create && on.is("", "nodes")
    }

    fn mutate<'a>(&'a self, _on: &'a Admitting<'a>, node: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            taint(node);
            Ok(())
        })
    }
}

fn taint(node: &mut Value) {
    let mut taints = node.items("spec.taints").to_vec();
    let has = taints.iter().any(|taint| (taint.str("key"), taint.str("effect")) == (NOT_READY, EFFECT));
    if !has {
        taints.push(value!({"key": NOT_READY, "effect": EFFECT}));
        node.set("spec.taints", taints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_node_is_tainted_once() {
        for (given, expect) in [
            (value!([]), 1),
            (value!([{"key": "a", "effect": "NoSchedule"}]), 2),
            (value!([{"key": NOT_READY, "effect": "NoExecute"}]), 2),
            (value!([{"key": NOT_READY, "effect": "NoSchedule"}]), 1),
        ] {
            let mut node = value!({"spec": {"taints": (given.clone())}});
            taint(&mut node);
            assert_eq!(node.items("spec.taints").len(), expect, "{given:?}");
        }
    }
}
