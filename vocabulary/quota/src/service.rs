//! What a Service takes.

use crate::amounts::Amounts;
use crate::{one, whole};
use meta::Value;

pub(crate) fn tracks(name: &str) -> bool {
    matches!(name, "services" | "services.nodeports" | "services.loadbalancers")
}

pub(crate) fn usage(service: &Value) -> Amounts {
    let spec = service.get("spec");
    let ports = spec.items("ports");
    let given = ports.iter().filter(|port| port.int("nodePort") != 0).count();
    let (node_ports, balancers) = match spec.str("type") {
        "NodePort" => (ports.len(), 0),
        "LoadBalancer" if spec.get("allocateLoadBalancerNodePorts") == &Value::Bool(false) => (given, 1),
        "LoadBalancer" => (ports.len(), 1),
        _ => (0, 0),
    };
    Amounts::from([
        ("services".into(), one()),
        ("services.nodeports".into(), whole(node_ports as i64)),
        ("services.loadbalancers".into(), whole(balancers)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::shown;
    use meta::value;

    #[test]
    fn services_are_charged_by_their_type() {
        for (spec, ports, balancers) in [
            (value!({"type": "ClusterIP", "ports": [{}]}), 0, 0),
            (value!({"type": "NodePort", "ports": [{}, {}]}), 2, 0),
            (value!({"type": "LoadBalancer", "ports": [{}]}), 1, 1),
            (value!({"type": "LoadBalancer", "ports": [{}], "allocateLoadBalancerNodePorts": false}), 0, 1),
        ] {
            let expect = format!("services=1,services.loadbalancers={balancers},services.nodeports={ports}");
            assert_eq!(shown(&usage(&value!({"spec": (spec.clone())}))), expect, "{spec}");
        }
    }
}
