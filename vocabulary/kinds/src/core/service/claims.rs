//! What a service claims of the cluster's: addresses and ports of nodes.

use crate::Allocation;
use meta::Value;

pub fn of(service: &Value) -> Vec<Allocation> {
    let mut claims = addresses(service);
    claims.extend(node_ports(service));
    claims.extend(health_port(service));
    claims
}

fn addresses(service: &Value) -> Vec<Allocation> {
    let given = service.items("spec.clusterIPs");
    let headless = given.first().and_then(Value::as_str) == Some("None");
    if service.str("spec.type") == "ExternalName" || headless {
        return Vec::new();
    }
    let families = service.items("spec.ipFamilies");
    let claim = |(index, family): (usize, &Value)| Allocation::ClusterIp {
        path: format!("spec.clusterIPs.{index}"),
        wanted: given.get(index).and_then(Value::as_str).filter(|ip| !ip.is_empty()).map(Into::into),
        family: if family.as_str() == Some("IPv6") { 6 } else { 4 },
    };
    families.iter().enumerate().map(claim).collect()
}

pub fn needs_node_ports(service: &Value) -> bool {
    match service.str("spec.type") {
        "NodePort" => true,
        "LoadBalancer" => service.at("spec.allocateLoadBalancerNodePorts").as_bool().unwrap_or(true),
        _ => false,
    }
}

/// Where ports are not given out, those that are asked for by number are.
fn node_ports(service: &Value) -> Vec<Allocation> {
    let given_out = needs_node_ports(service);
    let balanced = service.str("spec.type") == "LoadBalancer";
    let ports = service.items("spec.ports").iter().enumerate();
    let claimed = ports.filter(|(_, port)| given_out || (balanced && port.int("nodePort") != 0));
    let claim = |(index, port): (usize, &Value)| Allocation::NodePort {
        path: format!("spec.ports.{index}.nodePort"),
        wanted: number(port.int("nodePort")),
        protocol: port.str("protocol").into(),
    };
    claimed.map(claim).collect()
}

pub fn needs_health_port(service: &Value) -> bool {
    service.str("spec.type") == "LoadBalancer" && service.str("spec.externalTrafficPolicy") == "Local"
}

fn health_port(service: &Value) -> Option<Allocation> {
    needs_health_port(service).then(|| Allocation::NodePort {
        path: "spec.healthCheckNodePort".into(),
        wanted: number(service.int("spec.healthCheckNodePort")),
        protocol: "TCP".into(),
    })
}

fn number(port: i64) -> Option<u16> {
    u16::try_from(port).ok().filter(|port| *port != 0)
}
