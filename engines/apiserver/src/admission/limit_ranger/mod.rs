//! LimitRanges: what containers get where they ask for nothing, and what nobody may exceed.

mod amounts;
mod constraint;
mod defaults;

use super::{Admitting, Operation, Plugin, lookup};
use futures::future::BoxFuture;
use meta::{Gvr, Object, Status, Value};
use std::sync::Arc;

pub(super) struct LimitRanger;

impl Plugin for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        let pod = on.is_any_part("", "pods");
        let deleting = on.old.is_some_and(|old| !old.at("metadata.deletionTimestamp").is_null());
        match (on.operation, on.call.request.subresource.as_str()) {
            _ if deleting => false,
            (Operation::Create, "") => pod || on.is("", "persistentvolumeclaims"),
            (Operation::Update, "") => on.is("", "persistentvolumeclaims"), // containers do not change
            (Operation::Update, "resize") => pod,
            _ => false,
        }
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            if on.is_any_part("", "pods") {
                for range in ranges(on) {
                    defaults::apply(range.value(), object);
                }
            }
            Ok(())
        })
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(given) = object else { return Ok(()) };
            for range in ranges(on) {
                let pod = on.is_any_part("", "pods");
                let broken: Vec<String> =
                    range.value().items("spec.limits").iter().flat_map(|limit| broken(limit, given, pod)).collect();
                if let Some(why) = joined(&broken) {
                    return Err(on.forbidden(object, why));
                }
            }
            Ok(())
        })
    }
}

fn ranges(on: &Admitting<'_>) -> Vec<Arc<Object>> {
    lookup::all(on.api, &Gvr::new("", "v1", "limitranges"), &on.call.request.key.namespace)
}

fn broken(limit: &Value, object: &Value, pod: bool) -> Vec<String> {
    match (limit.str("type"), pod) {
        ("Container", true) => {
            let containers = object.items("spec.containers").iter().chain(object.items("spec.initContainers"));
            containers.flat_map(|container| constraint::broken(limit, &amounts::of_container(container))).collect()
        }
        ("Pod", true) => constraint::broken(limit, &amounts::of_pod(object)),
        ("PersistentVolumeClaim", false) => constraint::broken_by_claim(limit, &amounts::of_claim(object)),
        _ => Vec::new(),
    }
}

/// One reason as it is, several in brackets, none twice.
fn joined(reasons: &[String]) -> Option<String> {
    let mut different: Vec<&str> = Vec::new();
    for reason in reasons {
        if !different.contains(&reason.as_str()) {
            different.push(reason);
        }
    }
    match different[..] {
        [] => None,
        [one] => Some(one.to_string()),
        _ => Some(format!("[{}]", different.join(", "))),
    }
}
