//! Where a Service's port is answered: the endpoints of its slices.

use crate::engine::Api;
use meta::selector::LabelSelector;
use meta::{Gvr, Key, Status, Value};
use std::net::{IpAddr, SocketAddr};

const SERVICE_LABEL: &str = "kubernetes.io/service-name";

fn services() -> Gvr {
    Gvr::new("", "v1", "services")
}

/// The addresses behind one port of a Service; none is an error that says why.
pub(crate) fn endpoints(api: &Api, namespace: &str, name: &str, port: u16) -> Result<Vec<SocketAddr>, Status> {
    let table = api.rows.table();
    let key = Key::new(namespace, name);
    let service = table.get("", "services").and_then(|row| row.hub.get(&key));
    let service = service.ok_or_else(|| Status::not_found(&services(), name))?;
    let ports = service.value().items("spec.ports");
    let found = ports.iter().find(|known| known.int("port") == i64::from(port));
    let found =
        found.ok_or_else(|| Status::unavailable(format!("no service port {port} found for service {name:?}")))?;
    let slices = slices(api, namespace, name);
    let all: Vec<SocketAddr> = slices.iter().flat_map(|slice| of_slice(slice.value(), found.str("name"))).collect();
    match all.is_empty() {
        true => Err(Status::unavailable(format!("no endpoints available for service {name:?}"))),
        false => Ok(all),
    }
}

pub(crate) fn slices(api: &Api, namespace: &str, service: &str) -> Vec<std::sync::Arc<meta::Object>> {
    let table = api.rows.table();
    let of_service = LabelSelector::from_equal([(SERVICE_LABEL, service)]);
    let row = table.get("discovery.k8s.io", "endpointslices");
    row.map(|row| row.hub.list(namespace, &of_service).objects).unwrap_or_default()
}

/// The ready addresses of a slice under the port of that name.
pub(crate) fn of_slice(slice: &Value, port_name: &str) -> Vec<SocketAddr> {
    let ports = slice.items("ports").iter();
    let port = ports.filter(|port| port.str("name") == port_name).find_map(|port| u16::try_from(port.int("port")).ok());
    let Some(port) = port else { return Vec::new() };
    let ready =
        slice.items("endpoints").iter().filter(|endpoint| endpoint.at("conditions.ready") != &Value::Bool(false));
    let addresses = ready.flat_map(|endpoint| endpoint.items("addresses")).filter_map(Value::as_str);
    addresses.filter_map(|text| text.parse::<IpAddr>().ok()).map(|ip| SocketAddr::new(ip, port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn ready_endpoints_of_the_named_port_are_taken() {
        let slice = value!({
            "ports": [{"name": "", "port": 8443i64}, {"name": "web", "port": 80i64}],
            "endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
                {"addresses": ["10.0.0.3"]},
            ],
        });
        for (name, expect) in [("", "10.0.0.1:8443 10.0.0.3:8443"), ("web", "10.0.0.1:80 10.0.0.3:80"), ("x", "")] {
            let found: Vec<String> = of_slice(&slice, name).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expect, "{name}");
        }
    }
}
