//! A pod takes its overhead, and where it may run, from its RuntimeClass.

use super::{Admitting, Operation, Plugin, lookup};
use futures::future::BoxFuture;
use meta::{Gvr, Key, Object, Status, Value};
use std::sync::Arc;

pub(super) struct RuntimeClass;

const REJECTED: &str = "pod rejected: ";

impl Plugin for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Create && on.is("", "pods")
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, pod: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(class) = class_of(on, pod).await? else { return Ok(()) };
            let settled = settle(pod, class.value());
            settled.map_err(|why| on.forbidden(Some(pod), why))
        })
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, pod: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(pod) = pod else { return Ok(()) };
            let class = class_of(on, pod).await?;
            let checked = check_overhead(pod, class.as_deref().map(|class| &**class.value()));
            checked.map_err(|why| on.forbidden(Some(pod), why))
        })
    }
}

async fn class_of(on: &Admitting<'_>, pod: &Value) -> Result<Option<Arc<Object>>, Status> {
    let name = pod.str("spec.runtimeClassName");
    if name.is_empty() {
        return Ok(None);
    }
    let classes = Gvr::new("node.k8s.io", "v1", "runtimeclasses");
    match lookup::find(on.api, &classes, &Key::cluster(name)).await? {
        Some(class) => Ok(Some(class)),
        None => Err(on.forbidden(Some(pod), format!("{REJECTED}RuntimeClass {name:?} not found"))),
    }
}

fn settle(pod: &mut Value, class: &Value) -> Result<(), String> {
    let overhead = class.at("overhead.podFixed");
    if !overhead.is_null() {
        match pod.at("spec.overhead") {
            Value::Null => pod.set("spec.overhead", overhead.clone()),
            own if same_amounts(own, overhead) => {}
            _ => return Err(format!("{REJECTED}Pod's Overhead doesn't match RuntimeClass's defined Overhead")),
        }
    }
    let scheduling = class.get("scheduling");
    for (label, value) in scheduling.fields("nodeSelector") {
        let own = pod.entry("spec").entry("nodeSelector");
        match own.get(label) {
            Value::Null => *own.entry(label) = value.clone(),
            same if same == value => {}
            other => {
                let (value, other) = (value.as_str().unwrap_or(""), other.as_str().unwrap_or(""));
                return Err(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{label}] = {value}; pod.spec.nodeSelector[{label}] = {other}"
                ));
            }
        }
    }
    tolerate(pod, scheduling.items("tolerations"));
    Ok(())
}

/// The class's tolerations beside the pod's own; none twice.
fn tolerate(pod: &mut Value, more: &[Value]) {
    let mut all = pod.items("spec.tolerations").to_vec();
    for toleration in more {
        if !all.contains(toleration) {
            all.push(toleration.clone());
        }
    }
    if !all.is_empty() {
        pod.set("spec.tolerations", Value::List(all));
    }
}

fn check_overhead(pod: &Value, class: Option<&Value>) -> Result<(), String> {
    let own = pod.at("spec.overhead");
    let given = class.map_or(&Value::Null, |class| class.at("overhead.podFixed"));
    match (own.is_empty(), given.is_empty()) {
        (true, true) => Ok(()),
        (false, true) => Err(format!("{REJECTED}Pod Overhead set without corresponding RuntimeClass defined Overhead")),
        _ if same_amounts(own, given) => Ok(()),
        _ => Err(format!("{REJECTED}Pod's Overhead doesn't match RuntimeClass's defined Overhead")),
    }
}

fn same_amounts(one: &Value, other: &Value) -> bool {
    quota::of_list(one) == quota::of_list(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn pods_take_what_their_class_says() {
        let class = value!({"overhead": {"podFixed": {"cpu": "100m"}},
            "scheduling": {"nodeSelector": {"a": "1"}, "tolerations": [{"key": "x"}]}});
        let conflict = "conflict: runtimeClass.scheduling.nodeSelector[a] = 1; pod.spec.nodeSelector[a] = 2";
        let overhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
        for (spec, expect) in [
            (value!({}), None),
            (value!({"overhead": {"cpu": "0.1"}, "nodeSelector": {"a": "1"}, "tolerations": [{"key": "x"}]}), None),
            (value!({"nodeSelector": {"a": "2"}}), Some(conflict)),
            (value!({"overhead": {"cpu": "1"}}), Some(overhead)),
        ] {
            let mut pod = value!({"spec": (spec.clone())});
            assert_eq!(settle(&mut pod, &class).err().as_deref(), expect, "{spec}");
            if expect.is_none() {
                assert_eq!(pod.str("spec.nodeSelector.a"), "1");
                assert_eq!(pod.items("spec.tolerations").len(), 1);
                assert_eq!(check_overhead(&pod, Some(&class)), Ok(()));
            }
        }
        let bare = value!({"spec": {"overhead": {"cpu": "1"}}});
        assert!(check_overhead(&bare, None).is_err());
        assert!(check_overhead(&value!({}), None).is_ok());
    }
}
