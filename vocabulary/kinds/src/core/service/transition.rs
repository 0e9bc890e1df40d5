//! From one type of service to another: what was given out stays, what is no longer needed goes.

use super::addresses::copy;
use super::claims::needs_health_port;
use super::service_defaults::externally_accessible;
use meta::Value;
use std::collections::BTreeMap;

const HEALTH: &str = "spec.healthCheckNodePort";

fn needs_address(service: &Value) -> bool {
    service.str("spec.type") != "ExternalName"
}

fn needs_node_port(service: &Value) -> bool {
    ["NodePort", "LoadBalancer"].contains(&service.str("spec.type"))
}

/// A client that leaves out what was given to the service does not mean to give it back.
pub fn keep_allocated(new: &mut Value, old: &Value) {
    if needs_address(old) && needs_address(new) {
        if new.str("spec.clusterIP").is_empty() {
            copy(new, old, "spec.clusterIP");
        }
        if new.items("spec.clusterIPs").is_empty() {
            copy(new, old, "spec.clusterIPs");
        }
    }
    if needs_node_port(old) && needs_node_port(new) {
        keep_node_ports(new, old);
    }
    if needs_health_port(old) && needs_health_port(new) && new.int(HEALTH) == 0 {
        copy(new, old, HEALTH);
    }
}

fn keep_node_ports(new: &mut Value, old: &Value) {
    let used = |port: &Value| new.items("spec.ports").iter().any(|p| p.int("nodePort") == port.int("nodePort"));
    let named: BTreeMap<String, i64> = old
        .items("spec.ports")
        .iter()
        .filter(|port| port.int("nodePort") != 0 && !used(port))
        .map(|port| (port.str("name").to_string(), port.int("nodePort")))
        .collect();
    let ports = new.at_mut("spec.ports").and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter(|port| port.int("nodePort") == 0) {
        if let Some(number) = named.get(port.str("name")) {
            port.set("nodePort", *number);
        }
    }
}

/// Wipes what the new type has no use for, unless the client changed it too: then validation speaks.
pub fn drop_unneeded(new: &mut Value, old: &Value) {
    let same = |new: &Value, path: &str| new.at(path) == old.at(path);
    if needs_address(old) && !needs_address(new) {
        let unchanged = same(new, "spec.clusterIP") && same(new, "spec.clusterIPs");
        remove_if(new, unchanged, &["spec.clusterIP", "spec.clusterIPs"]);
        for path in ["spec.ipFamilies", "spec.ipFamilyPolicy"] {
            remove_if(new, same(new, path), &[path]);
        }
    }
    if needs_node_port(old) && !needs_node_port(new) && node_ports(new) == node_ports(old) {
        let ports = new.at_mut("spec.ports").and_then(Value::as_list_mut);
        ports.into_iter().flatten().for_each(|port| _ = port.remove("nodePort"));
    }
    remove_if(new, needs_health_port(old) && !needs_health_port(new) && same(new, HEALTH), &[HEALTH]);
    let unbalanced = old.str("spec.type") == "LoadBalancer" && new.str("spec.type") != "LoadBalancer";
    for path in ["spec.allocateLoadBalancerNodePorts", "spec.loadBalancerClass"] {
        remove_if(new, unbalanced && same(new, path), &[path]);
    }
    const POLICY: &str = "spec.externalTrafficPolicy";
    remove_if(new, externally_accessible(old) && !externally_accessible(new) && same(new, POLICY), &[POLICY]);
    if new.str("spec.type") != "LoadBalancer" {
        new.set("status.loadBalancer", Value::map());
    }
}

fn node_ports(service: &Value) -> Vec<i64> {
    let mut ports: Vec<i64> = service.items("spec.ports").iter().map(|port| port.int("nodePort")).collect();
    ports.sort_unstable();
    ports
}

fn remove_if(service: &mut Value, wanted: bool, paths: &[&str]) {
    if wanted {
        paths.iter().for_each(|path| _ = service.remove(path));
    }
}
