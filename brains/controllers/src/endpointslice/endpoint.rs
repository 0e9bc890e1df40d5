//! A pod as one endpoint.

use crate::{pods, service_pods};
use k8s_openapi::api::core::v1::{Node, ObjectReference, Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions};
use std::net::IpAddr;

/// The address types of a Service: those of its families.
pub(super) fn families(service: &Service) -> Vec<&'static str> {
    let spec = service.spec.clone().unwrap_or_default();
    let named: Vec<&str> = spec
        .ip_families
        .iter()
        .flatten()
        .filter_map(|family| match family.as_str() {
            "IPv4" => Some("IPv4"),
            "IPv6" => Some("IPv6"),
            _ => None,
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    match spec.cluster_ip.as_deref().and_then(|ip| ip.parse().ok()) {
        Some(IpAddr::V4(_)) => vec!["IPv4"],
        Some(IpAddr::V6(_)) => vec!["IPv6"],
        None => vec!["IPv4", "IPv6"],
    }
}

/// Whether a pod answers, or did so until it began to end.
pub(super) fn may_answer(pod: &Pod) -> bool {
    !pods::is_terminal(pod) && !service_pods::addresses(pod).is_empty()
}

pub(super) fn of(pod: &Pod, node: Option<&Node>, service: &Service, family: &str) -> Endpoint {
    let (serving, terminating) = (pods::is_ready(pod), pods::is_deleted(pod));
    let publish = service.spec.as_ref().is_some_and(|spec| spec.publish_not_ready_addresses == Some(true));
    let ready = publish || serving && !terminating;
    let zone = node.and_then(|node| node.metadata.labels.as_ref()?.get("topology.kubernetes.io/zone"));
    Endpoint {
        addresses: addresses(pod, family),
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        hostname: service_pods::hostname(pod, service),
        node_name: Some(pods::node(pod).to_owned()).filter(|node| !node.is_empty()),
        zone: zone.filter(|zone| !zone.is_empty()).cloned(),
        target_ref: Some(ObjectReference {
            kind: Some("Pod".into()),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        }),
        ..Endpoint::default()
    }
}

fn addresses(pod: &Pod, family: &str) -> Vec<String> {
    let all = service_pods::addresses(pod).into_iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
    all.filter(|ip| ip.is_ipv6() == (family == "IPv6")).map(|ip| ip.to_string()).collect()
}

/// What makes two endpoints the same one.
pub(super) fn identity(endpoint: &Endpoint) -> (Vec<String>, Option<String>) {
    let mut addresses = endpoint.addresses.clone();
    addresses.sort();
    (addresses, endpoint.hostname.clone())
}

/// Whether two endpoints of one identity say the same; hints are not compared, for they follow from the rest.
pub(super) fn says_the_same(a: &Endpoint, b: &Endpoint) -> bool {
    let target = |endpoint: &Endpoint| {
        endpoint.target_ref.clone().map(|target| ObjectReference { resource_version: None, ..target })
    };
    a.node_name == b.node_name && a.zone == b.zone && a.conditions == b.conditions && target(a) == target(b)
}
