//! What a request takes, and what that makes of a quota.

use crate::admission::{Admitting, Operation};
use jiff::Timestamp;
use meta::{CompactString, Gvr, Value};
use quota::Amounts;

pub(super) struct Charge {
    resource: Gvr,
    taken: Amounts,
    creates: bool,
}

impl Charge {
    pub fn of(resource: &Gvr, object: &Value, on: &Admitting<'_>) -> Charge {
        Charge::between(resource, object, on.old, on.operation == Operation::Create, on.api.clock.now())
    }

    fn between(resource: &Gvr, object: &Value, old: Option<&Value>, creates: bool, now: Timestamp) -> Charge {
        let new = quota::usage(resource, object, now);
        let before = old.map(|old| quota::usage(resource, old, now)).unwrap_or_default();
        let taken = if creates { new } else { quota::surplus(&new, &before) };
        Charge { resource: resource.clone(), taken, creates }
    }

    pub fn is_free(&self) -> bool {
        self.taken.values().all(|amount| amount.is_zero())
    }

    /// Whether the quota bounds something that objects of this kind take, and counts this one.
    pub fn concerns(&self, quota: &Value, object: &Value) -> bool {
        self.bounded(quota).next().is_some() && quota::matches(quota, &self.resource, object)
    }

    /// What the quota bounds of what this kind may take.
    fn bounded<'q>(&'q self, quota: &'q Value) -> impl Iterator<Item = &'q CompactString> {
        let hard = if quota.at("status.hard").is_null() { "spec.hard" } else { "status.hard" };
        quota.fields(hard).map(|(name, _)| name).filter(|name| quota::tracks(&self.resource, name))
    }

    /// What must be so before anything is charged.
    pub fn check(&self, quota: &Value, object: &Value) -> Result<(), String> {
        let name = quota.str("metadata.name");
        let of_pods = self.resource.group.is_empty() && self.resource.resource == "pods";
        let missing = quota::missing_in_pod(object, self.bounded(quota).map(CompactString::as_str));
        if let Some(why) = missing.filter(|_| of_pods && self.creates) {
            return Err(format!("failed quota: {name}: {why}"));
        }
        let known = quota.at("status.used");
        if self.bounded(quota).all(|resource| !known.get(resource).is_null()) {
            return Ok(());
        }
        let mut all: Vec<&str> = self.bounded(quota).map(CompactString::as_str).collect();
        all.sort_unstable();
        Err(format!("status unknown for quota: {name}, resources: {}", all.join(",")))
    }

    /// The quota with the charge in its status; none where it bounds nothing of it.
    pub fn raised(&self, quota: &Value) -> Result<Option<Value>, String> {
        let (hard, used) = (quota::of_list(quota.at("status.hard")), quota::of_list(quota.at("status.used")));
        let mut asked = self.taken.clone();
        asked.retain(|name, amount| hard.contains_key(name) && !amount.is_zero());
        if asked.is_empty() {
            return Ok(None);
        }
        let over = quota::exceeded(&asked, &used, &hard);
        if !over.is_empty() {
            let of = |amounts: &Amounts| {
                let named = amounts.iter().filter(|(name, _)| over.contains(name));
                quota::shown(&named.map(|(name, amount)| (name.clone(), *amount)).collect())
            };
            let name = quota.str("metadata.name");
            let (asked, used, hard) = (of(&asked), of(&used), of(&hard));
            return Err(format!("exceeded quota: {name}, requested: {asked}, used: {used}, limited: {hard}"));
        }
        let mut total = used;
        quota::sum(&mut total, &asked);
        let mut new = quota.clone();
        new.set("status.used", quota::to_value(&total));
        Ok(Some(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn quota(used: Value) -> Value {
        value!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "2", "requests.cpu": "1"}},
            "status": {"hard": {"pods": "2", "requests.cpu": "1"}, "used": used}})
    }

    fn check(cpu: &str, used: Value, expect: Result<&str, &str>) {
        let pod = value!({"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}});
        let charge = Charge::between(&Gvr::new("", "v1", "pods"), &pod, None, true, Timestamp::UNIX_EPOCH);
        let quota = quota(used);
        let raised = charge.check(&quota, &pod).and_then(|()| charge.raised(&quota));
        let shown = raised.map(|new| quota::shown(&quota::of_list(new.unwrap_or_default().at("status.used"))));
        assert_eq!(shown, expect.map(String::from).map_err(String::from));
    }

    #[test]
    fn quotas_are_charged() {
        let half = || value!({"pods": "1", "requests.cpu": "500m"});
        check("500m", half(), Ok("pods=2,requests.cpu=1"));
        let over = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=500m, limited: requests.cpu=1";
        check("600m", half(), Err(over));
        let unknown = "status unknown for quota: q, resources: pods,requests.cpu";
        check("600m", value!({"pods": "1"}), Err(unknown));
    }

    #[test]
    fn a_pod_says_what_it_takes() {
        let pod = value!({"spec": {"containers": [{"name": "c"}]}});
        let charge = Charge::between(&Gvr::new("", "v1", "pods"), &pod, None, true, Timestamp::UNIX_EPOCH);
        let why = charge.check(&quota(value!({"pods": "0", "requests.cpu": "0"})), &pod).unwrap_err();
        assert_eq!(why, "failed quota: q: must specify requests.cpu for: c");
    }

    #[test]
    fn an_update_that_takes_no_more_is_free() {
        let service = value!({"spec": {"type": "NodePort", "ports": [{}]}});
        let resource = Gvr::new("", "v1", "services");
        let charge = Charge::between(&resource, &service, Some(&service), false, Timestamp::UNIX_EPOCH);
        assert!(charge.is_free());
    }
}
