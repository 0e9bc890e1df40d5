//! Addresses packed by the ports they share, in a fixed order.

use crate::endpointslice::ports;
use crate::{pods, service_pods};
use k8s_openapi::api::core::v1::{EndpointAddress, EndpointPort, EndpointSubset, ObjectReference, Pod, Service};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What one object may hold; slices hold the rest.
const MOST_ADDRESSES: usize = 1000;

/// name, number, protocol, application protocol
type PortKey = (String, i32, String, Option<String>);
/// address, uid of the pod, ready
type Member = (IpAddr, String, bool);

/// The subsets, and whether something had to be left out.
pub(super) fn of(service: &Service, pods: &[Arc<Pod>]) -> (Vec<EndpointSubset>, bool) {
    let mut addresses: BTreeMap<Member, EndpointAddress> = BTreeMap::new();
    let mut by_port: BTreeMap<Option<PortKey>, Vec<Member>> = BTreeMap::new();
    let publishes = service.spec.as_ref().is_some_and(|spec| spec.publish_not_ready_addresses == Some(true));
    for pod in pods.iter().filter(|pod| !pods::is_terminal(pod) && (publishes || !pods::is_deleted(pod))) {
        let Some((ip, address)) = address(service, pod) else { continue };
        let member = (ip, pods::uid(pod).to_owned(), publishes || pods::is_ready(pod));
        for port in ports_of(service, pod) {
            by_port.entry(port).or_default().push(member.clone());
        }
        addresses.insert(member, address);
    }
    let mut by_members: BTreeMap<Vec<Member>, Vec<PortKey>> = BTreeMap::new();
    for (port, mut members) in by_port {
        members.sort();
        members.dedup();
        by_members.entry(members).or_default().extend(port);
    }
    let mut left = MOST_ADDRESSES;
    let total: usize = by_members.keys().map(Vec::len).sum();
    let subsets = by_members.into_iter().map(|(members, ports)| subset(&members, &ports, &addresses, &mut left));
    (subsets.collect(), total > MOST_ADDRESSES)
}

/// The address of the Service's first family.
fn address(service: &Service, pod: &Pod) -> Option<(IpAddr, EndpointAddress)> {
    let spec = service.spec.as_ref()?;
    let first = spec.ip_families.as_ref().and_then(|families| families.first()).map_or("IPv4", String::as_str);
    let parsed = service_pods::addresses(pod).into_iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
    let ip = parsed.into_iter().find(|ip| ip.is_ipv6() == (first == "IPv6"))?;
    let address = EndpointAddress {
        ip: ip.to_string(),
        hostname: service_pods::hostname(pod, service),
        node_name: Some(pods::node(pod).to_owned()).filter(|node| !node.is_empty()),
        target_ref: Some(ObjectReference {
            kind: Some("Pod".into()),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        }),
    };
    Some((ip, address))
}

/// A headless Service may have no ports: its pods are then listed without.
fn ports_of(service: &Service, pod: &Pod) -> Vec<Option<PortKey>> {
    let listed = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or(&[]);
    let headless = service.spec.as_ref().is_some_and(|spec| spec.cluster_ip.as_deref() == Some("None"));
    if listed.is_empty() && headless {
        return vec![None];
    }
    let found = listed.iter().filter_map(|port| {
        let number = ports::find(port, pod)?;
        let name = port.name.clone().unwrap_or_default();
        Some(Some((name, number, ports::protocol(port).to_owned(), port.app_protocol.clone())))
    });
    found.collect()
}

fn subset(
    members: &[Member],
    ports: &[PortKey],
    addresses: &BTreeMap<Member, EndpointAddress>,
    left: &mut usize,
) -> EndpointSubset {
    // Ready ones are the last to be left out.
    let mut take = |ready: bool| {
        let of_kind = members.iter().filter(|member| member.2 == ready).filter_map(|member| addresses.get(member));
        let taken: Vec<EndpointAddress> = of_kind.take(*left).cloned().collect();
        *left -= taken.len();
        Some(taken).filter(|taken| !taken.is_empty())
    };
    let (ready, not_ready) = (take(true), take(false));
    let ports = ports.iter().map(|(name, port, protocol, app_protocol)| EndpointPort {
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        port: *port,
        protocol: Some(protocol.clone()),
        app_protocol: app_protocol.clone(),
    });
    let ports: Vec<EndpointPort> = ports.collect();
    EndpointSubset {
        addresses: ready,
        not_ready_addresses: not_ready,
        ports: Some(ports).filter(|ports| !ports.is_empty()),
    }
}
