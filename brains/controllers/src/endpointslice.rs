//! Tells who answers for a Service: EndpointSlices of at most a hundred pods each, changed as little as possible.

mod endpoint;
mod hints;
pub(crate) mod ports;
mod slices;
mod step;

use crate::ownership;
use crate::service_pods::{self, POD_LABELS};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use meta::{CompactString, Key};
use plan::{Change, Controller, Grant, Index, Input, Moment, Plan, Resource, View};

pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";
pub(crate) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
/// How long a pod on a node that has not been seen is waited for.
const NODE_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// Slices by the Service that they say they are for.
const BY_SERVICE: Index = Index {
    name: "service-name",
    values: |slice| {
        let service = slice.header.labels.get(SERVICE_NAME);
        service
            .map(|service| CompactString::from(format!("{}/{service}", slice.header.namespace)))
            .into_iter()
            .collect()
    },
};

pub struct EndpointSlices;

impl Controller for EndpointSlices {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn event_source(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![
            Input::of::<Service>(),
            Input::indexed::<Pod>(&[POD_LABELS]),
            Input::indexed::<EndpointSlice>(&[BY_SERVICE]),
            Input::of::<Node>(),
        ]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<EndpointSlice>(&["create", "update", "delete"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Pod::gvr() {
            return service_pods::services_of(change, seen);
        }
        if change.resource == EndpointSlice::gvr() {
            return services_named(change);
        }
        if change.resource == Service::gvr() { vec![change.key.clone()] } else { Vec::new() }
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(service) = seen.get::<Service>(&key.namespace, &key.name) else { return plan };
        let spec = service.spec.clone().unwrap_or_default();
        if spec.type_.as_deref() == Some("ExternalName") || spec.selector.as_ref().is_none_or(|s| s.is_empty()) {
            return plan;
        }
        let pods = service_pods::pods_of(&service, seen);
        let found = format!("{}/{}", key.namespace, key.name);
        let existing: Vec<EndpointSlice> = seen
            .indexed::<EndpointSlice>(&BY_SERVICE, &found)
            .filter(|slice| is_managed(slice) && slice.metadata.deletion_timestamp.is_none())
            .map(|slice| EndpointSlice::clone(&slice))
            .collect();
        let mut desired = slices::Desired::new(&service, &existing, moment);
        for family in endpoint::families(&service) {
            let skipped = desired.reconcile(family, &pods, seen);
            if skipped {
                plan.again_after(NODE_WAIT);
            }
        }
        desired.finish(&mut plan);
        plan
    }
}

fn is_managed(slice: &EndpointSlice) -> bool {
    slice.metadata.labels.as_ref().is_some_and(|labels| labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER))
}

/// The Services of slices that are, or were, this controller's.
fn services_named(change: &Change) -> Vec<Key> {
    let mut keys = Vec::new();
    for side in change.sides() {
        let labels = &side.header.labels;
        let ours = labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER);
        if let Some(service) = labels.get(SERVICE_NAME).filter(|_| ours) {
            keys.push(Key::new(change.key.namespace.clone(), service.clone()));
        }
    }
    keys.dedup();
    keys
}

fn owns(service: &Service, slice: &EndpointSlice) -> bool {
    let owners = slice.metadata.owner_references.iter().flatten();
    owners.into_iter().any(|owner| {
        owner.uid == ownership::uid(&service.metadata) && owner.kind == "Service" && owner.api_version == "v1"
    })
}

#[cfg(test)]
mod tests;
