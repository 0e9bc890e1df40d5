//! The Endpoints object of a Service, for those who still read it: what its slices say, in one object.

mod subsets;

use crate::ownership;
use crate::service_pods::{self, POD_LABELS};
use k8s_openapi::api::core::v1::{Endpoints, Pod, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use std::collections::BTreeMap;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
const HEADLESS: &str = "service.kubernetes.io/headless";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

pub struct LegacyEndpoints;

impl Controller for LegacyEndpoints {
    fn name(&self) -> &'static str {
        "endpoints-controller"
    }

    fn identity(&self) -> &'static str {
        "endpoint-controller"
    }

    fn event_source(&self) -> &'static str {
        "endpoint-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Service>(), Input::indexed::<Pod>(&[POD_LABELS]), Input::of::<Endpoints>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<Endpoints>(&["create", "update", "delete"])]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == Pod::gvr() { service_pods::services_of(change, seen) } else { vec![change.key.clone()] }
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let present = seen.get::<Endpoints>(&key.namespace, &key.name);
        let Some(service) = seen.get::<Service>(&key.namespace, &key.name) else {
            if let Some(left) = present.filter(|endpoints| is_managed(endpoints)) {
                plan.delete::<Endpoints>(key.clone(), left.metadata.uid.as_deref());
            }
            return plan;
        };
        let spec = service.spec.clone().unwrap_or_default();
        if spec.type_.as_deref() == Some("ExternalName") || spec.selector.as_ref().is_none_or(BTreeMap::is_empty) {
            return plan;
        }
        let pods = service_pods::pods_of(&service, seen);
        let (subsets, truncated) = subsets::of(&service, &pods);
        let before = present.as_deref().cloned().unwrap_or_else(|| new(key));
        let mut after = Endpoints { subsets: Some(subsets).filter(|subsets| !subsets.is_empty()), ..before.clone() };
        after.metadata.labels = Some(labels(&service));
        mark_capacity(&mut after.metadata, truncated);
        write(&service, key, present.is_some().then_some(&before), &after, &mut plan);
        plan
    }
}

fn is_managed(endpoints: &Endpoints) -> bool {
    endpoints.metadata.labels.as_ref().is_some_and(|labels| labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER))
}

fn new(key: &Key) -> Endpoints {
    let (name, namespace) = (Some(key.name.to_string()), Some(key.namespace.to_string()));
    Endpoints { metadata: ObjectMeta { name, namespace, ..ObjectMeta::default() }, subsets: None }
}

fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = service.metadata.labels.clone().unwrap_or_default();
    let address = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()).unwrap_or("");
    if address.is_empty() || address == "None" {
        labels.insert(HEADLESS.into(), String::new());
    } else {
        labels.remove(HEADLESS);
    }
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

fn mark_capacity(metadata: &mut ObjectMeta, truncated: bool) {
    if truncated {
        metadata.annotations.get_or_insert_default().insert(OVER_CAPACITY.into(), "truncated".into());
    } else if let Some(annotations) = &mut metadata.annotations {
        annotations.remove(OVER_CAPACITY);
    }
}

fn write(service: &Service, key: &Key, before: Option<&Endpoints>, after: &Endpoints, plan: &mut Plan) {
    match before {
        Some(before) if before == after => {}
        Some(_) => {
            plan.update(key.clone(), after);
            plan.event_if_refused(after, "FailedToUpdateEndpoint", format!("Failed to update endpoint {key}: "));
        }
        None if service.metadata.deletion_timestamp.is_some() => {}
        None => {
            plan.create(&key.namespace, after);
            let message = format!("Failed to create endpoint for service {}: ", ownership::key(&service.metadata));
            plan.event_if_refused(after, "FailedToCreateEndpoint", message);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn endpoints() {
        crate::testing::check(&super::LegacyEndpoints, "endpoints");
    }
}
