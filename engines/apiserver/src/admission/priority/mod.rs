//! A pod's priority comes from its PriorityClass, and of those one at most is the default.

use super::{Admitting, Operation, Plugin, lookup};
use futures::future::BoxFuture;
use meta::{Gvr, Key, Status, Value};

pub(super) struct Priority;

const PREEMPT: &str = "PreemptLowerPriority";

fn classes() -> Gvr {
    Gvr::new("scheduling.k8s.io", "v1", "priorityclasses")
}

impl Plugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation != Operation::Delete && (on.is("", "pods") || on.is("scheduling.k8s.io", "priorityclasses"))
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            match on.operation {
                Operation::Create if on.is("", "pods") => {
                    let given = class_of(on, object).await?;
                    give(object, &given).map_err(|why| on.forbidden(Some(object), why))
                }
                Operation::Update if on.is("", "pods") => {
                    keep(object, on.old.unwrap_or(&Value::Null));
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(class) = object.filter(|object| !on.is("", "pods") && object.bool("globalDefault")) else {
                return Ok(());
            };
            match default_class(on) {
                Some(held)
                    if on.operation == Operation::Create || held.str("metadata.name") != class.str("metadata.name") =>
                {
                    let name = held.str("metadata.name");
                    let why = format!("PriorityClass {name} is already marked as default. Only one default can exist");
                    Err(on.forbidden(object, why))
                }
                _ => Ok(()),
            }
        })
    }
}

async fn class_of(on: &Admitting<'_>, pod: &Value) -> Result<Value, Status> {
    let name = pod.str("spec.priorityClassName");
    if name.is_empty() {
        return Ok(default_class(on).unwrap_or_else(|| meta::value!({"value": 0i64, "preemptionPolicy": PREEMPT})));
    }
    match lookup::find(on.api, &classes(), &Key::cluster(name)).await? {
        Some(class) => Ok(Value::clone(class.value())),
        None => Err(on.forbidden(Some(pod), format!("no PriorityClass with name {name} was found"))),
    }
}

/// Of several defaults, which only a race can make, the lowest.
fn default_class(on: &Admitting<'_>) -> Option<Value> {
    let all = lookup::all(on.api, &classes(), "");
    let defaults = all.iter().map(|class| class.value()).filter(|class| class.bool("globalDefault"));
    defaults.min_by_key(|class| class.int("value")).map(|class| Value::clone(class))
}

fn give(pod: &mut Value, class: &Value) -> Result<(), String> {
    let priority = class.int("value");
    if let Some(own) = pod.at("spec.priority").as_int().filter(|own| *own != priority) {
        return Err(format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        ));
    }
    let (own, policy) = (pod.str("spec.preemptionPolicy"), class.str("preemptionPolicy"));
    if !own.is_empty() && !policy.is_empty() && own != policy {
        return Err(format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        ));
    }
    pod.set("spec.priority", priority);
    if !policy.is_empty() {
        pod.set("spec.preemptionPolicy", policy);
    }
    let name = class.str("metadata.name");
    if !name.is_empty() {
        pod.set("spec.priorityClassName", name);
    }
    Ok(())
}

/// An update that leaves out what admission once set does not take it away.
fn keep(pod: &mut Value, old: &Value) {
    for field in ["spec.priority", "spec.preemptionPolicy"] {
        if pod.at(field).is_null() && !old.at(field).is_null() {
            pod.set(field, old.at(field).clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_priority_is_given() {
        let class = value!({"metadata": {"name": "high"}, "value": 7i64, "preemptionPolicy": "Never"});
        for (spec, expect) in [
            (value!({}), Ok(())),
            (value!({"priority": 7i64}), Ok(())),
            (
                value!({"priority": 8i64}),
                Err(
                    "the integer value of priority (8) must not be provided in pod spec; priority admission controller computed 7 from the given PriorityClass name",
                ),
            ),
            (
                value!({"preemptionPolicy": "PreemptLowerPriority"}),
                Err(
                    "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name",
                ),
            ),
        ] {
            let mut pod = value!({"spec": spec});
            assert_eq!(give(&mut pod, &class), expect.map_err(str::to_string), "{pod:?}");
            if expect.is_ok() {
                let spec = value!({"priority": 7i64, "preemptionPolicy": "Never", "priorityClassName": "high"});
                assert_eq!(pod.get("spec"), &spec);
            }
        }
    }

    #[test]
    fn a_priority_stays() {
        let old = value!({"spec": {"priority": 7i64, "preemptionPolicy": "Never"}});
        let mut pod = value!({"spec": {"priority": 8i64}});
        keep(&mut pod, &old);
        assert_eq!(pod, value!({"spec": {"priority": 8i64, "preemptionPolicy": "Never"}}));
    }
}
