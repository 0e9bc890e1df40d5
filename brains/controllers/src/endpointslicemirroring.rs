//! Mirrors Endpoints that somebody wrote by hand into slices, for all who read only those.

mod mirrored;

use crate::endpointslice::{MANAGED_BY, SERVICE_NAME};
use crate::ownership;
use k8s_openapi::api::core::v1::{Endpoints, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use meta::{CompactString, Key};
use plan::{Change, Controller, Grant, Index, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";

/// Slices by the Service that they say they are for.
const BY_SERVICE: Index = Index {
    name: "mirrored-service",
    values: |slice| {
        let service = slice.header.labels.get(SERVICE_NAME);
        service
            .map(|service| CompactString::from(format!("{}/{service}", slice.header.namespace)))
            .into_iter()
            .collect()
    },
};

pub struct EndpointSliceMirroring;

impl Controller for EndpointSliceMirroring {
    fn name(&self) -> &'static str {
        "endpointslicemirroring-controller"
    }

    fn event_source(&self) -> &'static str {
        "endpoint-slice-mirroring-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Endpoints>(), Input::of::<Service>(), Input::indexed::<EndpointSlice>(&[BY_SERVICE])]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<EndpointSlice>(&["create", "update", "delete"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        if change.resource != EndpointSlice::gvr() {
            return vec![change.key.clone()]; // a Service and its Endpoints bear one name
        }
        let ours = change.sides().filter(|slice| slice.header.labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER));
        let names = ours.filter_map(|slice| slice.header.labels.get(SERVICE_NAME));
        names.take(1).map(|name| Key::new(change.key.namespace.clone(), name.clone())).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let found = format!("{}/{}", key.namespace, key.name);
        let ours = |slice: &Arc<EndpointSlice>| {
            label(&slice.metadata.labels, MANAGED_BY) == Some(MANAGER) && slice.metadata.deletion_timestamp.is_none()
        };
        let mut existing: Vec<Arc<EndpointSlice>> =
            seen.indexed::<EndpointSlice>(&BY_SERVICE, &found).filter(ours).collect();
        let wanted = match source(key, seen) {
            Some(endpoints) => mirrored::slices(&endpoints),
            None => Vec::new(),
        };
        for (nth, wanted) in wanted.into_iter().enumerate() {
            let same =
                |slice: &Arc<EndpointSlice>| slice.address_type == wanted.address_type && slice.ports == wanted.ports;
            match existing.iter().position(same) {
                Some(at) => update(&existing.swap_remove(at), wanted, &mut plan),
                None => create(key, wanted, nth, moment, &mut plan),
            }
        }
        for slice in existing {
            plan.delete::<EndpointSlice>(ownership::key(&slice.metadata), slice.metadata.uid.as_deref());
        }
        plan
    }
}

fn label<'a>(labels: &'a Option<std::collections::BTreeMap<String, String>>, name: &str) -> Option<&'a str> {
    labels.as_ref()?.get(name).map(String::as_str)
}

/// The Endpoints that are to be mirrored: written by hand, for a Service that selects nothing.
fn source(key: &Key, seen: &View) -> Option<Arc<Endpoints>> {
    let endpoints = seen.get::<Endpoints>(&key.namespace, &key.name)?;
    let service = seen.get::<Service>(&key.namespace, &key.name)?;
    let selects = service.spec.as_ref().and_then(|spec| spec.selector.as_ref()).is_some_and(|all| !all.is_empty());
    let skipped = label(&endpoints.metadata.labels, SKIP) == Some("true");
    let elects = label(&endpoints.metadata.annotations, LEADER).is_some();
    (!selects && !skipped && !elects).then_some(endpoints)
}

fn update(before: &EndpointSlice, wanted: EndpointSlice, plan: &mut Plan) {
    let mut after = EndpointSlice { endpoints: wanted.endpoints, ..before.clone() };
    after.metadata.labels = wanted.metadata.labels;
    after.metadata.annotations = wanted.metadata.annotations;
    if after != *before {
        plan.update(ownership::key(&before.metadata), &after);
    }
}

fn create(key: &Key, mut wanted: EndpointSlice, nth: usize, moment: &Moment, plan: &mut Plan) {
    let base = crate::template::prefix(&key.name);
    wanted.metadata.name = Some(moment.name(&base, nth).to_string());
    plan.create(&key.namespace, &wanted);
}

#[cfg(test)]
mod tests {
    #[test]
    fn mirrors() {
        crate::testing::check(&super::EndpointSliceMirroring, "endpointslicemirroring");
    }
}
