//! What a container, a pod or a claim asks for.

use meta::{Quantity, Value};
use std::collections::BTreeMap;

pub(super) type List = BTreeMap<String, Quantity>;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Amounts {
    pub requests: List,
    pub limits: List,
}

pub(super) fn of_container(container: &Value) -> Amounts {
    Amounts { requests: list(container, "resources.requests"), limits: list(container, "resources.limits") }
}

/// Of a claim only what it requests counts.
pub(super) fn of_claim(claim: &Value) -> Amounts {
    Amounts { requests: list(claim, "spec.resources.requests"), limits: List::new() }
}

pub(super) fn of_pod(pod: &Value) -> Amounts {
    Amounts { requests: total(pod, "requests"), limits: total(pod, "limits") }
}

pub(super) fn list(owner: &Value, path: &str) -> List {
    let amount = |value: &Value| match value {
        Value::Int(units) => Some(Quantity::units(*units, Default::default())),
        value => Quantity::parse(value.as_str()?).ok(),
    };
    owner.fields(path).filter_map(|(name, value)| Some((name.to_string(), amount(value)?))).collect()
}

/// Containers and sidecars run together; another init container runs beside the sidecars before it. What the pod says
/// of itself counts instead.
fn total(pod: &Value, field: &str) -> List {
    let of = |container: &Value| list(container, &format!("resources.{field}"));
    let mut sum = List::new();
    for container in pod.items("spec.containers") {
        add(&mut sum, &of(container));
    }
    let (mut sidecars, mut most) = (List::new(), List::new());
    for container in pod.items("spec.initContainers") {
        let own = of(container);
        if container.str("restartPolicy") == "Always" {
            add(&mut sum, &own);
            add(&mut sidecars, &own);
            raise(&mut most, &sidecars);
        } else {
            let mut together = own;
            add(&mut together, &sidecars);
            raise(&mut most, &together);
        }
    }
    raise(&mut sum, &most);
    let own = list(pod, &format!("spec.resources.{field}"));
    let whole = |name: &str| matches!(name, "cpu" | "memory") || name.starts_with("hugepages-");
    sum.extend(own.into_iter().filter(|(name, _)| whole(name)));
    sum
}

fn add(sum: &mut List, more: &List) {
    for (name, amount) in more {
        let held = sum.entry(name.clone()).or_insert(Quantity::ZERO);
        *held = *held + *amount;
    }
}

fn raise(most: &mut List, other: &List) {
    for (name, amount) in other {
        let held = most.entry(name.clone()).or_insert(*amount);
        *held = (*held).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_pod_is_the_most_that_runs_together() {
        let cpu = |cpu: &str| value!({"requests": {"cpu": cpu}});
        for (spec, expect) in [
            (value!({"containers": [{"resources": (cpu("1"))}, {"resources": (cpu("500m"))}]}), "1500m"),
            (value!({"containers": [{"resources": (cpu("1"))}], "initContainers": [{"resources": (cpu("3"))}]}), "3"),
            (
                value!({"containers": [{"resources": (cpu("1"))}],
                    "initContainers": [{"resources": (cpu("2")), "restartPolicy": "Always"}, {"resources": (cpu("3"))}]}),
                "5",
            ),
            (value!({"containers": [{"resources": (cpu("1"))}], "resources": (cpu("7"))}), "7"),
        ] {
            let total = of_pod(&value!({"spec": (spec.clone())}));
            assert_eq!(total.requests["cpu"].to_string(), expect, "{spec:?}");
        }
    }
}
