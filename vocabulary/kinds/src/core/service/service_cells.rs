//! What a service's row says of its addresses and ports.

use crate::cells;
use meta::Value;
use std::collections::BTreeSet;

pub fn external_address(service: &Value) -> String {
    let external = cells::joined(service.at("spec.externalIPs"), ",");
    match service.str("spec.type") {
        "ClusterIP" | "NodePort" if external.is_empty() => "<none>".into(),
        "ClusterIP" | "NodePort" => external,
        "LoadBalancer" => match (balanced(service.at("status.loadBalancer")), external) {
            (balanced, external) if balanced.is_empty() && external.is_empty() => "<pending>".into(),
            (balanced, external) if external.is_empty() => balanced,
            (balanced, external) if balanced.is_empty() => external,
            (balanced, external) => format!("{balanced},{external}"),
        },
        "ExternalName" => service.str("spec.externalName").into(),
        _ => "<unknown>".into(),
    }
}

/// The addresses that a load balancer gave: in order of their text.
pub fn balanced(status: &Value) -> String {
    let given = status.items("ingress").iter().map(|ingress| match ingress.str("ip") {
        "" => ingress.str("hostname"),
        ip => ip,
    });
    let given: BTreeSet<&str> = given.filter(|address| !address.is_empty()).collect();
    given.into_iter().collect::<Vec<_>>().join(",")
}

pub fn ports(service: &Value) -> String {
    let ports: Vec<String> = service.items("spec.ports").iter().map(port).collect();
    if ports.is_empty() { "<none>".into() } else { ports.join(",") }
}

fn port(port: &Value) -> String {
    match port.int("nodePort") {
        node_port if node_port > 0 => format!("{}:{node_port}/{}", port.int("port"), port.str("protocol")),
        _ => format!("{}/{}", port.int("port"), port.str("protocol")),
    }
}
