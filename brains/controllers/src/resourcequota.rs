//! Recounts what a ResourceQuota bounds. Admission charges as objects come; this finds what they gave back, and what
//! was charged for objects that never came to be.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ResourceQuota;
use meta::{CompactString, Gvr, Key, Object, Quantity, Value, value};
use plan::{Action, Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use quota::Amounts;

/// What nobody told of is found after this time.
const RECOUNT: SignedDuration = SignedDuration::from_mins(5);
/// Some kind has not been listed yet: nothing is counted with a part of what there is.
const LISTING_WAIT: SignedDuration = SignedDuration::from_secs(1);

pub struct ResourceQuotas;

impl Controller for ResourceQuotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<ResourceQuota>(), Input::EveryDeletable]
    }

    fn writes(&self) -> Vec<Grant> {
        let everything = Grant { group: "*".into(), resource: "*".into(), verbs: &["get", "list", "watch"] };
        vec![Grant::on_subresource::<ResourceQuota>("status", &["update", "patch"]), everything]
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        if change.resource == ResourceQuota::gvr() {
            return vec![change.key.clone()];
        }
        if !may_change_usage(change) {
            return Vec::new();
        }
        let quotas = seen.kind(&ResourceQuota::gvr());
        let here = quotas.into_iter().flat_map(|kind| kind.in_namespace(&change.key.namespace));
        here.filter(|quota| bounds(quota.value(), &change.resource)).map(|quota| quota.key()).collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(quota) = seen.object(&ResourceQuota::gvr(), key) else { return plan };
        if quota.header.deletion_timestamp.is_some() {
            return plan;
        }
        if !seen.is_whole() {
            plan.again_after(LISTING_WAIT);
            return plan;
        }
        let hard = quota.value().at("spec.hard").clone();
        let used = count(quota, seen, moment.now);
        if differs(quota.value(), &hard, &used) {
            let mut new = Value::clone(quota.value());
            new.set("metadata.resourceVersion", quota.header.resource_version.to_string());
            new.set("status", value!({"hard": (or_empty(hard)), "used": (quota::to_value(&used))}));
            let (resource, key) = (ResourceQuota::gvr(), key.clone());
            plan.actions.push(Action::Update { resource, key, subresource: "status", object: new });
        }
        plan.again_after(RECOUNT);
        plan
    }
}

fn or_empty(value: Value) -> Value {
    if value.is_null() { Value::map() } else { value }
}

/// Objects that come and go count, and those whose content does when that changes.
fn may_change_usage(change: &Change) -> bool {
    match (&change.old, &change.new) {
        (Some(_), Some(_)) => !quota::counts_only(&change.resource),
        _ => true,
    }
}

fn names(quota: &Value) -> impl Iterator<Item = &CompactString> {
    quota.fields("spec.hard").map(|(name, _)| name)
}

fn bounds(quota: &Value, resource: &Gvr) -> bool {
    names(quota).any(|name| quota::tracks(resource, name))
}

/// What is used of each bounded resource that some kind uses.
fn count(quota: &Object, seen: &View, now: Timestamp) -> Amounts {
    let value = quota.value();
    let mut used = Amounts::new();
    for resource in seen.catalog().resources.iter().map(|served| &served.resource) {
        let tracked: Vec<&CompactString> = names(value).filter(|name| quota::tracks(resource, name)).collect();
        if tracked.is_empty() {
            continue;
        }
        tracked.iter().for_each(|name| {
            used.entry(CompactString::clone(name)).or_insert(Quantity::ZERO);
        });
        let objects = seen.kind(resource).into_iter().flat_map(|kind| kind.in_namespace(&quota.header.namespace));
        for object in objects {
            let mut own = usage(value, resource, object, now);
            own.retain(|name, _| tracked.contains(&name));
            quota::sum(&mut used, &own);
        }
    }
    used
}

fn usage(quota: &Value, resource: &Gvr, object: &Object, now: Timestamp) -> Amounts {
    static NOTHING: Value = Value::Null;
    // Most kinds are counted without being decoded.
    let decoded = (!quota::counts_only(resource)).then(|| object.value().clone());
    let value = decoded.as_deref().unwrap_or(&NOTHING);
    match quota::matches(quota, resource, value) {
        true => quota::usage(resource, value, now),
        false => Amounts::new(),
    }
}

fn differs(quota: &Value, hard: &Value, used: &Amounts) -> bool {
    let same = |path: &str, wanted: &Amounts| quota::of_list(quota.at(path)) == *wanted;
    !same("status.hard", &quota::of_list(hard)) || !same("status.used", used)
}

#[cfg(test)]
mod tests {
    #[test]
    fn resource_quotas() {
        crate::testing::check(&super::ResourceQuotas, "resourcequota");
    }
}
