//! The quality of service that a pod's requests and limits amount to.

use meta::{Quantity, Value};
use std::collections::BTreeMap;

const COUNTED: [&str; 2] = ["cpu", "memory"];

type Sums = BTreeMap<&'static str, Quantity>;

pub fn class(spec: &Value) -> &'static str {
    let (mut requests, mut limits) = (Sums::new(), Sums::new());
    let mut limited = true;
    for resources in accounts(spec) {
        add(&mut requests, resources.get("requests"));
        limited &= add(&mut limits, resources.get("limits")) == COUNTED.len();
    }
    match () {
        _ if requests.is_empty() && limits.is_empty() => "BestEffort",
        _ if limited && requests == limits => "Guaranteed",
        _ => "Burstable",
    }
}

/// The pod's own resources where it states them, else those of its containers.
fn accounts(spec: &Value) -> Vec<&Value> {
    match spec.get("resources") {
        Value::Null => {
            let containers = spec.items("containers").iter().chain(spec.items("initContainers"));
            containers.map(|container| container.get("resources")).collect()
        }
        own => vec![own],
    }
}

/// Adds what is more than nothing; how many resources that were.
fn add(sums: &mut Sums, list: &Value) -> usize {
    let counted = COUNTED.into_iter().filter_map(|name| {
        let quantity = Quantity::parse(list.get(name).as_str()?).ok()?;
        (!quantity.is_zero() && !quantity.is_negative()).then_some((name, quantity))
    });
    let mut count = 0;
    for (name, quantity) in counted {
        count += 1;
        sums.entry(name).and_modify(|sum| *sum = *sum + quantity).or_insert(quantity);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn class_follows_requests_and_limits() {
        let both = || value!({"cpu": "1", "memory": "1Gi"});
        for (resources, expect) in [
            (value!({}), "BestEffort"),
            (value!({"requests": {"cpu": "1"}}), "Burstable"),
            (value!({"requests": {"ephemeral-storage": "1Gi"}}), "BestEffort"),
            (value!({"requests": (both()), "limits": (both())}), "Guaranteed"),
            (value!({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": (both())}), "Burstable"),
            (value!({"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": (both())}), "Guaranteed"),
        ] {
            let spec = value!({"containers": [{"resources": (resources.clone())}]});
            assert_eq!(class(&spec), expect, "{resources:?}");
        }
    }
}
