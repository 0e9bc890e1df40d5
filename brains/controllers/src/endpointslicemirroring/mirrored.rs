//! What hand-written Endpoints look like as slices: one for each of their port lists and address families.

use super::MANAGER;
use crate::endpointslice::{MANAGED_BY, SERVICE_NAME};
use crate::template::controller_reference;
use k8s_openapi::api::core::v1::{EndpointAddress, EndpointPort as OldPort, EndpointSubset, Endpoints};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// As many addresses of one subset are mirrored at most.
const MOST: usize = 1000;
/// Annotations that say something of the Endpoints alone.
const OWN: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "endpoints.kubernetes.io/last-change-trigger-time"];

pub(super) fn slices(endpoints: &Endpoints) -> Vec<EndpointSlice> {
    let mut all: BTreeMap<(String, String), EndpointSlice> = BTreeMap::new();
    for subset in endpoints.subsets.iter().flatten() {
        let ports = ports(subset);
        let name = format!("{ports:?}");
        for (address, ready) in addresses(subset).take(MOST) {
            let Some(family) = family(&address.ip) else { continue };
            let slice = all.entry((name.clone(), family.into())).or_insert_with(|| empty(endpoints, family, &ports));
            slice.endpoints.push(endpoint(address, ready));
        }
    }
    all.into_values().collect()
}

fn addresses(subset: &EndpointSubset) -> impl Iterator<Item = (&EndpointAddress, bool)> {
    let ready = subset.addresses.iter().flatten().map(|address| (address, true));
    ready.chain(subset.not_ready_addresses.iter().flatten().map(|address| (address, false)))
}

fn family(ip: &str) -> Option<&'static str> {
    match ip.parse().ok()? {
        IpAddr::V4(_) => Some("IPv4"),
        IpAddr::V6(_) => Some("IPv6"),
    }
}

fn ports(subset: &EndpointSubset) -> Vec<EndpointPort> {
    let of = |port: &OldPort| EndpointPort {
        name: Some(port.name.clone().unwrap_or_default()),
        port: Some(port.port),
        protocol: port.protocol.clone(),
        app_protocol: port.app_protocol.clone(),
    };
    subset.ports.iter().flatten().map(of).collect()
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: Some(EndpointConditions { ready: Some(ready), ..EndpointConditions::default() }),
        hostname: address.hostname.clone().filter(|name| !name.is_empty()),
        node_name: address.node_name.clone(),
        target_ref: address.target_ref.clone(),
        ..Endpoint::default()
    }
}

fn empty(endpoints: &Endpoints, family: &str, ports: &[EndpointPort]) -> EndpointSlice {
    let metadata = &endpoints.metadata;
    let mut labels = metadata.labels.clone().unwrap_or_default();
    labels.insert(SERVICE_NAME.into(), metadata.name.clone().unwrap_or_default());
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    let mut annotations = metadata.annotations.clone().unwrap_or_default();
    annotations.retain(|name, _| !OWN.contains(&name.as_str()));
    EndpointSlice {
        address_type: family.into(),
        ports: Some(ports.to_vec()).filter(|ports| !ports.is_empty()),
        endpoints: Vec::new(),
        metadata: ObjectMeta {
            namespace: metadata.namespace.clone(),
            labels: Some(labels),
            annotations: Some(annotations).filter(|all| !all.is_empty()),
            owner_references: Some(vec![controller_reference::<Endpoints>(metadata)]),
            ..ObjectMeta::default()
        },
    }
}
