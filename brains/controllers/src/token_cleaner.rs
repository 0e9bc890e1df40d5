//! Deletes bootstrap tokens that have ended.

use bootstrap::{End, NAMESPACE, TokenSecret};
use k8s_openapi::api::core::v1::Secret;
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};

pub struct TokenCleaner;

impl Controller for TokenCleaner {
    fn name(&self) -> &'static str {
        "token-cleaner-controller"
    }

    fn identity(&self) -> &'static str {
        "token-cleaner"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<Secret>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<Secret>(&["delete"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        (change.key.namespace == NAMESPACE).then(|| change.key.clone()).into_iter().collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(secret) = seen.object(&Secret::gvr(), key) else { return plan };
        let Some(token) = TokenSecret::read(&secret.decode_value()) else { return plan };
        match token.end() {
            end if end.has_come(moment.now) => plan.delete::<Secret>(key.clone(), Some(&secret.header.uid)),
            End::At(end) => plan.again_after(end.duration_since(moment.now)),
            End::Never | End::Unreadable => {}
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn token_cleaner() {
        crate::testing::check(&super::TokenCleaner, "token_cleaner");
    }
}
