//! Gathers into a ClusterRole the rules of all whose labels its aggregation rule selects.

use crate::labels::{matches, selector};
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use meta::{Key, Value};
use plan::{Change, Controller, Grant, Input, Moment, Plan, View};

pub struct ClusterRoleAggregation;

impl Controller for ClusterRoleAggregation {
    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<ClusterRole>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<ClusterRole>(&["patch"])]
    }

    /// Any role may have come into, or gone out of, any that aggregates.
    fn keys(&self, _change: &Change, seen: &View) -> Vec<Key> {
        let aggregating = seen.all::<ClusterRole>().filter(|role| role.aggregation_rule.is_some());
        aggregating.filter_map(|role| role.metadata.name.as_deref().map(Key::cluster)).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, _moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(role) = seen.get::<ClusterRole>("", &key.name) else { return plan };
        if role.aggregation_rule.is_none() {
            return plan;
        }
        let rules = gathered(&role, seen);
        if role.rules.as_deref().unwrap_or(&[]) == rules {
            return plan;
        }
        match Value::encode(&rules) {
            Ok(rules) => plan.merge::<ClusterRole>(key.clone(), "", meta::value!({"rules": rules})),
            Err(why) => plan.say(format!("the rules of {} cannot be written: {why}", key.name)),
        }
        plan
    }
}

/// By selector, then by name of the role; none twice.
fn gathered(role: &ClusterRole, seen: &View) -> Vec<PolicyRule> {
    let selectors = role.aggregation_rule.iter().flat_map(|rule| rule.cluster_role_selectors.iter().flatten());
    let mut rules: Vec<PolicyRule> = Vec::new();
    for chosen in selectors.map(|typed| selector(Some(typed))) {
        let others = seen.all::<ClusterRole>().filter(|other| other.metadata.name != role.metadata.name);
        let mut others: Vec<_> = others.filter(|other| matches(&chosen, &other.metadata)).collect();
        others.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        for rule in others.iter().flat_map(|other| other.rules.iter().flatten()) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    #[test]
    fn clusterrole_aggregation() {
        crate::testing::check(&super::ClusterRoleAggregation, "clusterrole_aggregation");
    }
}
