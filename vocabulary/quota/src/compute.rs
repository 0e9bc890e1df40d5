//! What a pod asks of its node: regular containers and sidecars together, or the hungriest moment of initialization;
//! then its overhead.

use crate::amounts::{Amounts, of_list, sum};
use meta::Value;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Requests,
    Limits,
}

impl Side {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Side::Requests => "resources.requests",
            Side::Limits => "resources.limits",
        }
    }
}

pub(crate) fn total(pod: &Value, side: Side) -> Amounts {
    let spec = pod.get("spec");
    let mut together = Amounts::new();
    spec.items("containers").iter().for_each(|container| sum(&mut together, &of(container, side)));
    let (mut sidecars, mut hungriest) = (Amounts::new(), Amounts::new());
    for container in spec.items("initContainers") {
        let own = of(container, side);
        if container.str("restartPolicy") == "Always" {
            sum(&mut together, &own);
            sum(&mut sidecars, &own);
            most(&mut hungriest, &sidecars);
        } else {
            let mut moment = own;
            sum(&mut moment, &sidecars);
            most(&mut hungriest, &moment);
        }
    }
    most(&mut together, &hungriest);
    together.extend(of(spec, side)); // what the pod asks for as a whole stands above its containers
    let mut overhead = of_list(spec.get("overhead"));
    overhead.retain(|name, _| side == Side::Requests || together.contains_key(name));
    sum(&mut together, &overhead);
    together
}

pub(crate) fn of(holder: &Value, side: Side) -> Amounts {
    of_list(holder.at(side.path()))
}

fn most(into: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let larger = into.get(name).is_none_or(|known| known < amount);
        if larger {
            into.insert(name.clone(), *amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::shown;
    use meta::value;

    fn with(cpu: &str) -> Value {
        value!({"resources": {"requests": {"cpu": cpu}}})
    }

    #[test]
    fn pods_are_summed() {
        let mut sidecar = with("100m");
        sidecar.set("restartPolicy", "Always");
        for (spec, expect) in [
            (value!({"containers": [(with("1")), (with("500m"))]}), "cpu=1500m"),
            (value!({"containers": [(with("1"))], "initContainers": [(with("3"))]}), "cpu=3"),
            (value!({"containers": [(with("1"))], "initContainers": [(sidecar.clone()), (with("1"))]}), "cpu=1100m"),
            (
                value!({"containers": [(with("1"))], "overhead": {"cpu": "200m", "memory": "1Mi"}}),
                "cpu=1200m,memory=1Mi",
            ),
        ] {
            assert_eq!(shown(&total(&value!({"spec": (spec.clone())}), Side::Requests)), expect, "{spec}");
        }
    }
}
