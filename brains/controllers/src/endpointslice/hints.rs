//! Hints of `spec.trafficDistribution`: an endpoint is for its own zone, or for its own node.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hints {
    None,
    Zone,
    ZoneAndNode,
}

impl Hints {
    pub(super) fn of(service: &Service) -> Hints {
        match service.spec.as_ref().and_then(|spec| spec.traffic_distribution.as_deref()) {
            Some("PreferClose" | "PreferSameZone") => Hints::Zone,
            Some("PreferSameNode") => Hints::ZoneAndNode,
            _ => Hints::None,
        }
    }

    /// Says whether a slice's hints had to be changed.
    pub(super) fn give(self, slice: &mut EndpointSlice) -> bool {
        let mut changed = false;
        for endpoint in &mut slice.endpoints {
            let hints = self.wanted(endpoint);
            changed |= endpoint.hints != hints;
            endpoint.hints = hints;
        }
        changed
    }

    fn wanted(self, endpoint: &Endpoint) -> Option<EndpointHints> {
        let ready = endpoint.conditions.as_ref().is_some_and(|conditions| conditions.ready == Some(true));
        if self == Hints::None {
            return None;
        }
        if !ready {
            return endpoint.hints.clone();
        }
        let zones = endpoint.zone.clone().map(|name| vec![ForZone { name }]);
        let nodes =
            endpoint.node_name.clone().filter(|_| self == Hints::ZoneAndNode).map(|name| vec![ForNode { name }]);
        (zones.is_some() || nodes.is_some()).then_some(EndpointHints { for_nodes: nodes, for_zones: zones })
    }
}
