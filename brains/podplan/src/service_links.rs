//! The environment that tells containers where the services of their namespace are.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use std::collections::BTreeMap;

/// The API's own service is told to everyone.
const ALWAYS: (&str, &str) = ("default", "kubernetes");

pub fn service_environment<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    namespace: &str,
    links: bool,
) -> BTreeMap<String, String> {
    let mut chosen: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in services {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let at = service.metadata.namespace.as_deref().unwrap_or_default();
        if cluster_ip(service).is_none() {
            continue;
        }
        if links && at == namespace {
            chosen.insert(name, service);
        } else if (at, name) == ALWAYS {
            chosen.entry(name).or_insert(service);
        }
    }
    let mut environment = BTreeMap::new();
    for (name, service) in chosen {
        let ports = service.spec.as_ref().and_then(|s| s.ports.as_deref()).unwrap_or_default();
        if let (Some(ip), false) = (cluster_ip(service), ports.is_empty()) {
            add(&mut environment, name, ip, ports);
        }
    }
    environment
}

fn cluster_ip(service: &Service) -> Option<&str> {
    service.spec.as_ref()?.cluster_ip.as_deref().filter(|ip| !ip.is_empty() && *ip != "None")
}

fn add(environment: &mut BTreeMap<String, String>, name: &str, ip: &str, ports: &[ServicePort]) {
    let prefix = variable(name);
    environment.insert(format!("{prefix}_SERVICE_HOST"), ip.into());
    environment.insert(format!("{prefix}_SERVICE_PORT"), ports[0].port.to_string());
    for port in ports {
        if let Some(name) = port.name.as_deref().filter(|n| !n.is_empty()) {
            environment.insert(format!("{prefix}_SERVICE_PORT_{}", variable(name)), port.port.to_string());
        }
    }
    for (index, port) in ports.iter().enumerate() {
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        let host = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
        let url = format!("{}://{host}:{}", protocol.to_lowercase(), port.port);
        if index == 0 {
            environment.insert(format!("{prefix}_PORT"), url.clone());
        }
        let prefix = format!("{prefix}_PORT_{}_{}", port.port, protocol.to_uppercase());
        environment.insert(format!("{prefix}_PROTO"), protocol.to_lowercase());
        environment.insert(format!("{prefix}_PORT"), port.port.to_string());
        environment.insert(format!("{prefix}_ADDR"), ip.into());
        environment.insert(prefix, url);
    }
}

fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(namespace: &str, name: &str, ip: &str) -> Service {
        let json = format!(
            r#"{{"metadata":{{"namespace":"{namespace}","name":"{name}"}},"spec":{{"clusterIP":"{ip}",
               "ports":[{{"name":"web-ui","port":80}},{{"name":"dns","port":53,"protocol":"UDP"}}]}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn every_port_is_told_in_each_way() {
        let services =
            [service("a", "my-svc", "10.0.0.1"), service("b", "other", "10.0.0.2"), service("a", "head", "None")];
        let environment = service_environment(&services, "a", true);
        let lines: Vec<String> = environment.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let expect = [
            "MY_SVC_PORT=tcp://10.0.0.1:80",
            "MY_SVC_PORT_53_UDP=udp://10.0.0.1:53",
            "MY_SVC_PORT_53_UDP_ADDR=10.0.0.1",
            "MY_SVC_PORT_53_UDP_PORT=53",
            "MY_SVC_PORT_53_UDP_PROTO=udp",
            "MY_SVC_PORT_80_TCP=tcp://10.0.0.1:80",
            "MY_SVC_PORT_80_TCP_ADDR=10.0.0.1",
            "MY_SVC_PORT_80_TCP_PORT=80",
            "MY_SVC_PORT_80_TCP_PROTO=tcp",
            "MY_SVC_SERVICE_HOST=10.0.0.1",
            "MY_SVC_SERVICE_PORT=80",
            "MY_SVC_SERVICE_PORT_DNS=53",
            "MY_SVC_SERVICE_PORT_WEB_UI=80",
        ];
        assert_eq!(lines, expect);
    }

    #[test]
    fn without_links_only_the_api_is_told() {
        let services = [service("default", "kubernetes", "10.0.0.1"), service("a", "mine", "10.0.0.2")];
        let hosts = |links| {
            let environment = service_environment(&services, "a", links);
            environment.keys().filter(|k| k.ends_with("_SERVICE_HOST")).cloned().collect::<Vec<_>>()
        };
        assert_eq!(hosts(false), ["KUBERNETES_SERVICE_HOST"]);
        assert_eq!(hosts(true), ["KUBERNETES_SERVICE_HOST", "MINE_SERVICE_HOST"]);
    }
}
