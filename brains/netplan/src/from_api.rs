//! API objects to facts. What the API server cannot have let through is left out, never guessed.

use crate::facts::{Endpoint, EndpointPort, Port, Protocol, Service, ServiceKey, Slice, SliceKey};
use ipnet::IpNet;
use k8s_openapi::api::core::v1::{LoadBalancerIngress, Service as ApiService, ServicePort, ServiceSpec, ServiceStatus};
use k8s_openapi::api::discovery::v1::{
    Endpoint as ApiEndpoint, EndpointHints, EndpointPort as ApiEndpointPort, EndpointSlice,
};
use std::net::IpAddr;

const OTHER_PROXY: &str = "service.kubernetes.io/service-proxy-name";
const NO_PROXY: &str = "service.kubernetes.io/headless";
const SERVICE_OF_SLICE: &str = "kubernetes.io/service-name";
const DEFAULT_AFFINITY_SECONDS: i32 = 10_800;

impl Service {
    pub fn from_api(service: &ApiService) -> Self {
        let Some(spec) = &service.spec else { return Self::default() };
        let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
        let labels = service.metadata.labels.iter().flatten();
        let exposed =
            matches!(kind, "NodePort" | "LoadBalancer") || spec.external_ips.iter().flatten().next().is_some();
        Self {
            cluster_ips: if kind == "ExternalName" { Vec::new() } else { cluster_ips(spec) },
            headless: kind != "ExternalName" && spec.cluster_ip.as_deref() == Some("None"),
            foreign: { labels }.any(|(label, _)| label == OTHER_PROXY || label == NO_PROXY),
            external_name: spec.external_name.clone().filter(|_| kind == "ExternalName"),
            external_ips: addresses(spec.external_ips.iter().flatten()),
            ingress_ips: ingress_ips(service.status.as_ref()),
            source_ranges: source_ranges(spec),
            ports: spec.ports.iter().flatten().filter_map(port).collect(),
            affinity: affinity(spec),
            external_local: exposed && spec.external_traffic_policy.as_deref() == Some("Local"),
            internal_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
            publish_not_ready: spec.publish_not_ready_addresses.unwrap_or(false),
        }
    }
}

fn cluster_ips(spec: &ServiceSpec) -> Vec<IpAddr> {
    let several = addresses(spec.cluster_ips.iter().flatten());
    if several.is_empty() { addresses(spec.cluster_ip.iter()) } else { several }
}

/// "None" and the empty string are no addresses, and fall out here.
fn addresses<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<IpAddr> {
    texts.filter_map(|text| text.parse().ok()).collect()
}

fn ingress_ips(status: Option<&ServiceStatus>) -> Vec<IpAddr> {
    let ingress =
        status.and_then(|status| status.load_balancer.as_ref()).and_then(|balancer| balancer.ingress.as_ref());
    let by_node = |ingress: &&LoadBalancerIngress| ingress.ip_mode.as_deref().unwrap_or("VIP") == "VIP";
    addresses(ingress.into_iter().flatten().filter(by_node).filter_map(|ingress| ingress.ip.as_ref()))
}

/// Each family's ranges, without overlaps; one that means everywhere takes the others with it.
fn source_ranges(spec: &ServiceSpec) -> Vec<IpNet> {
    let texts = spec.load_balancer_source_ranges.iter().flatten();
    // Validation lets blanks around a range pass.
    let parsed: Vec<IpNet> = texts.filter_map(|text| text.trim().parse().ok()).collect();
    let everywhere = |v4: bool| parsed.iter().any(|one| one.prefix_len() == 0 && one.addr().is_ipv4() == v4);
    let limited: Vec<_> = parsed.iter().copied().filter(|range| !everywhere(range.addr().is_ipv4())).collect();
    IpNet::aggregate(&limited)
}

fn affinity(spec: &ServiceSpec) -> Option<u32> {
    let config = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    let seconds = config.and_then(|client| client.timeout_seconds).unwrap_or(DEFAULT_AFFINITY_SECONDS);
    (spec.session_affinity.as_deref() == Some("ClientIP")).then(|| u32::try_from(seconds).ok()).flatten()
}

fn port(port: &ServicePort) -> Option<Port> {
    Some(Port {
        name: port.name.clone().unwrap_or_default(),
        protocol: Protocol::named(port.protocol.as_deref().unwrap_or("TCP"))?,
        port: port_number(port.port)?,
        node_port: port.node_port.and_then(port_number),
    })
}

fn port_number(number: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|number| *number != 0)
}

impl ServiceKey {
    pub fn of(service: &ApiService) -> Self {
        let meta = &service.metadata;
        Self::new(meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default())
    }
}

impl SliceKey {
    /// None: the slice belongs to no service.
    pub fn of(slice: &EndpointSlice) -> Option<Self> {
        let meta = &slice.metadata;
        let service = meta.labels.as_ref()?.get(SERVICE_OF_SLICE).filter(|name| !name.is_empty())?;
        let service = ServiceKey::new(meta.namespace.as_deref()?, service);
        Some(Self { service, slice: meta.name.as_deref()?.into() })
    }
}

impl Slice {
    pub fn from_api(slice: &EndpointSlice) -> Self {
        Self {
            ports: slice.ports.iter().flatten().filter_map(endpoint_port).collect(),
            endpoints: slice.endpoints.iter().filter_map(endpoint).collect(),
        }
    }
}

/// A port without a number means "all", which no proxy supports.
fn endpoint_port(port: &ApiEndpointPort) -> Option<EndpointPort> {
    Some(EndpointPort {
        name: port.name.clone().unwrap_or_default(),
        protocol: Protocol::named(port.protocol.as_deref().unwrap_or("TCP"))?,
        port: port_number(port.port?)?,
    })
}

/// Only the first address counts; a slice of names has none that parses.
fn endpoint(endpoint: &ApiEndpoint) -> Option<Endpoint> {
    let conditions = endpoint.conditions.as_ref();
    let (for_zones, for_nodes) = endpoint.hints.as_ref().map(hints).unwrap_or_default();
    Some(Endpoint {
        address: endpoint.addresses.first()?.parse().ok()?,
        ready: conditions.and_then(|conditions| conditions.ready).unwrap_or(true),
        serving: conditions.and_then(|conditions| conditions.serving).unwrap_or(true),
        terminating: conditions.and_then(|conditions| conditions.terminating).unwrap_or(false),
        hostname: endpoint.hostname.clone().filter(|hostname| !hostname.is_empty()),
        node: endpoint.node_name.clone(),
        for_zones,
        for_nodes,
    })
}

fn hints(hints: &EndpointHints) -> (Vec<String>, Vec<String>) {
    let zones = hints.for_zones.iter().flatten().map(|zone| zone.name.clone()).collect();
    (zones, hints.for_nodes.iter().flatten().map(|node| node.name.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::serde_json::{Value, from_value, json};

    fn service(spec: impl Into<Value>) -> Service {
        Service::from_api(&from_value(json!({ "metadata": { "name": "a" }, "spec": spec.into() })).unwrap())
    }

    #[test]
    fn services() {
        let plain = service(json!({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"],
            "ports": [{"port": 80, "nodePort": 0}, {"port": 70000}, {"port": 53, "protocol": "UDP", "name": "dns"}]}));
        assert_eq!(plain.cluster_ips.len(), 2);
        assert_eq!(plain.ports.iter().map(|port| port.port).collect::<Vec<_>>(), [80, 53]);
        assert_eq!(plain.ports[0].node_port, None);
        assert!(!plain.headless && plain.affinity.is_none());

        assert!(service(json!({"clusterIP": "None"})).headless);
        let named = service(json!({"type": "ExternalName", "externalName": "example.com", "clusterIP": "None"}));
        assert_eq!((named.external_name.as_deref(), named.headless), (Some("example.com"), false));
        assert_eq!(service(json!({"sessionAffinity": "ClientIP"})).affinity, Some(10_800));
        let local = json!({"externalTrafficPolicy": "Local"});
        assert!(!service(local).external_local, "nothing external to be local about");
        assert!(service(json!({"type": "NodePort", "externalTrafficPolicy": "Local"})).external_local);
    }

    #[test]
    fn ingress_of_a_proxying_balancer_is_not_ours() {
        let object = json!({"spec": {}, "status": {"loadBalancer": {"ingress": [
            {"ip": "1.1.1.1"}, {"ip": "1.1.1.2", "ipMode": "Proxy"}, {"hostname": "x"}, {"ip": "1.1.1.3", "ipMode": "VIP"}]}}});
        let ips = Service::from_api(&from_value(object).unwrap()).ingress_ips;
        assert_eq!(ips, ["1.1.1.1".parse::<IpAddr>().unwrap(), "1.1.1.3".parse().unwrap()]);
    }

    #[test]
    fn source_ranges() {
        let check = |texts: &[&str], expect: &[&str]| {
            let ranges = service(json!({"loadBalancerSourceRanges": texts})).source_ranges;
            assert_eq!(ranges.iter().map(ToString::to_string).collect::<Vec<_>>(), expect, "{texts:?}");
        };
        check(&[], &[]);
        check(&[" 10.1.0.0/16 ", "10.1.2.0/24", "x"], &["10.1.0.0/16"]);
        check(&["0.0.0.0/0", "10.0.0.0/8", "fd00::/8"], &["fd00::/8"]);
    }

    #[test]
    fn slices() {
        let object = json!({"metadata": {"name": "a-x", "namespace": "n", "labels": {SERVICE_OF_SLICE: "a"}},
            "addressType": "IPv4", "ports": [{"name": "", "port": 80}, {"name": "all"}],
            "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["not-an-address"]},
                {"addresses": ["10.0.0.3"], "conditions": {"ready": false, "serving": true, "terminating": true},
                 "hints": {"forZones": [{"name": "z"}]}}]});
        let api: EndpointSlice = from_value(object).unwrap();
        assert_eq!(SliceKey::of(&api).unwrap().service, ServiceKey::new("n", "a"));
        let slice = Slice::from_api(&api);
        assert_eq!((slice.ports.len(), slice.endpoints.len()), (1, 2));
        assert!(slice.endpoints[0].ready && slice.endpoints[0].serving && !slice.endpoints[0].terminating);
        assert!(!slice.endpoints[1].ready && slice.endpoints[1].terminating);
        assert_eq!(slice.endpoints[1].for_zones, ["z"]);
    }
}
