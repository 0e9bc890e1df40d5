//! Every namespace has the service account `default`.

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};

const NAME: &str = "default";

pub struct ServiceAccounts;

impl Controller for ServiceAccounts {
    fn name(&self) -> &'static str {
        "service-account-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Namespace>(), Input::of::<ServiceAccount>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<ServiceAccount>(&["create"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        if change.resource == Namespace::gvr() {
            return vec![change.key.clone()];
        }
        let lost = change.key.name == NAME && change.new.is_none();
        lost.then(|| Key::cluster(change.key.namespace.clone())).into_iter().collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(namespace) = seen.get::<Namespace>("", &key.name) else { return plan };
        if is_active(&namespace) && seen.get::<ServiceAccount>(&key.name, NAME).is_none() {
            let mut account = ServiceAccount::default();
            account.metadata.name = Some(NAME.into());
            account.metadata.namespace = Some(key.name.to_string());
            plan.create(&key.name, &account);
        }
        plan
    }
}

/// Whether content may be made in it.
pub(crate) fn is_active(namespace: &Namespace) -> bool {
    namespace.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Active"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn service_accounts() {
        crate::testing::check(&super::ServiceAccounts, "serviceaccount");
    }
}
