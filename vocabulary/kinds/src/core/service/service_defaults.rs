//! A service's defaults that depend on its type.

use meta::Value;

/// Three hours, in seconds.
const AFFINITY_SECONDS: i64 = 10800;

pub fn fill(service: &mut Value) {
    let kind = service.str("spec.type").to_string();
    affinity(service);
    let ports = service.at_mut("spec.ports").and_then(Value::as_list_mut);
    ports.into_iter().flatten().for_each(target_port);
    if externally_accessible(service) && service.str("spec.externalTrafficPolicy").is_empty() {
        service.set("spec.externalTrafficPolicy", "Cluster");
    }
    if ["NodePort", "LoadBalancer", "ClusterIP"].contains(&kind.as_str()) {
        service.set_if_absent("spec.internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        service.set_if_absent("spec.allocateLoadBalancerNodePorts", true);
        let ingress = service.at_mut("status.loadBalancer.ingress").and_then(Value::as_list_mut);
        let addressed = ingress.into_iter().flatten().filter(|ingress| !ingress.str("ip").is_empty());
        addressed.for_each(|ingress| ingress.set_if_absent("ipMode", "VIP"));
    }
}

fn affinity(service: &mut Value) {
    const SECONDS: &str = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
    match service.str("spec.sessionAffinity") {
        "None" => _ = service.remove("spec.sessionAffinityConfig"),
        "ClientIP" => service.set_if_absent(SECONDS, AFFINITY_SECONDS),
        _ => {}
    }
}

fn target_port(port: &mut Value) {
    let unset = match port.get("targetPort") {
        Value::Int(number) => *number == 0,
        Value::Str(name) => name.is_empty(),
        _ => true,
    };
    if unset {
        let number = port.int("port");
        port.set("targetPort", number);
    }
}

/// Reached from outside the cluster by a port of nodes, a load balancer or addresses of its own.
pub fn externally_accessible(service: &Value) -> bool {
    match service.str("spec.type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !service.items("spec.externalIPs").is_empty(),
        _ => false,
    }
}
