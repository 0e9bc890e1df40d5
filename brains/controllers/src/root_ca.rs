//! Publishes the certificate that the API server is known by, as a ConfigMap in every namespace.

use crate::serviceaccount::is_active;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use std::collections::BTreeMap;

const NAME: &str = "kube-root-ca.crt";
const DESCRIBED: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

pub struct RootCa {
    /// PEM
    pub certificate: String,
}

impl Controller for RootCa {
    fn name(&self) -> &'static str {
        "root-ca-cert-publisher"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Namespace>(), Input::of::<ConfigMap>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<ConfigMap>(&["create", "update"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        if change.resource == Namespace::gvr() {
            return vec![change.key.clone()];
        }
        let ours = change.key.name == NAME;
        ours.then(|| Key::cluster(change.key.namespace.clone())).into_iter().collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(_) = seen.get::<Namespace>("", &key.name).filter(|namespace| is_active(namespace)) else {
            return plan;
        };
        let data = BTreeMap::from([("ca.crt".to_owned(), self.certificate.clone())]);
        let Some(published) = seen.get::<ConfigMap>(&key.name, NAME) else {
            plan.create(&key.name, &with(ConfigMap::default(), key, data));
            return plan;
        };
        let described = published.metadata.annotations.as_ref().and_then(|all| all.get(DESCRIBED));
        if published.data.as_ref() != Some(&data) || described.is_none_or(String::is_empty) {
            plan.update(Key::new(key.name.clone(), NAME), &with(ConfigMap::clone(&published), key, data));
        }
        plan
    }
}

fn with(mut published: ConfigMap, key: &Key, data: BTreeMap<String, String>) -> ConfigMap {
    published.metadata.name = Some(NAME.into());
    published.metadata.namespace = Some(key.name.to_string());
    published.metadata.annotations.get_or_insert_default().insert(DESCRIBED.into(), DESCRIPTION.into());
    published.data = Some(data);
    published
}

#[cfg(test)]
mod tests {
    #[test]
    fn root_ca() {
        crate::testing::check(&super::RootCa { certificate: "PEM".into() }, "root_ca");
    }
}
