//! Defaults of a pod's spec that depend on other fields.

use super::image;
use meta::{Map, Quantity, Value};

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Of every pod spec, in a pod or in a template.
pub fn of_spec(spec: &mut Value) {
    if spec.as_map().is_none() {
        return;
    }
    each(spec, "volumes", volume);
    for list in CONTAINERS {
        each(spec, list, container);
    }
    same_account(spec);
}

/// Of a pod alone: a template's pods get them when they are made.
pub fn of_pod(spec: &mut Value) {
    if spec.as_map().is_none() {
        return;
    }
    each(spec, "containers", requests_from_limits);
    each(spec, "initContainers", requests_from_limits);
    pod_requests(spec);
    spec.set_if_absent("enableServiceLinks", true);
    if spec.bool("hostNetwork") {
        each(spec, "containers", host_ports);
        each(spec, "initContainers", host_ports);
    }
}

pub fn each(parent: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    let items = parent.at_mut(list).and_then(Value::as_list_mut);
    items.into_iter().flatten().filter(|item| item.as_map().is_some()).for_each(change);
}

/// A volume of no kind is an empty folder.
fn volume(volume: &mut Value) {
    let sourceless =
        volume.as_map().is_some_and(|map| map.iter().all(|(field, value)| field == "name" || value.is_null()));
    if sourceless {
        volume.set("emptyDir", Value::map());
    }
    if !volume.get("image").is_null() {
        let policy = image::pull_policy(volume.str("image.reference"));
        default_text(volume, "image.pullPolicy", policy);
    }
}

fn container(container: &mut Value) {
    let policy = image::pull_policy(container.str("image"));
    default_text(container, "imagePullPolicy", policy);
}

fn default_text(object: &mut Value, path: &str, text: &str) {
    if object.str(path).is_empty() {
        object.set(path, text);
    }
}

/// The older name of the service account follows the newer one.
fn same_account(spec: &mut Value) {
    if spec.str("serviceAccountName").is_empty() && !spec.str("serviceAccount").is_empty() {
        let older = spec.get("serviceAccount").clone();
        spec.set("serviceAccountName", older);
    }
    match spec.get("serviceAccountName").clone() {
        Value::Null => {}
        name => spec.set("serviceAccount", name),
    }
}

fn requests_from_limits(container: &mut Value) {
    let Some(limits) = container.at("resources.limits").as_map().filter(|limits| !limits.is_empty()).cloned() else {
        return;
    };
    let mut requests = container.at("resources.requests").as_map().cloned().unwrap_or_default();
    for (resource, limit) in limits
        .iter()
        .filter(|(resource, _)| !container.at("resources.requests").as_map().is_some_and(|r| r.contains(resource)))
    {
        requests.insert(resource.clone(), limit.clone());
    }
    container.set("resources.requests", requests);
}

fn host_ports(container: &mut Value) {
    each(container, "ports", |port| {
        if port.int("hostPort") == 0 {
            let number = port.int("containerPort");
            port.set("hostPort", number);
        }
    });
}

/// Requests of a pod as a whole, where it has limits: what its containers ask for, else the limit.
fn pod_requests(spec: &mut Value) {
    let Some(limits) = spec.at("resources.limits").as_map().filter(|limits| !limits.is_empty()).cloned() else {
        return;
    };
    let mut requests = spec.at("resources.requests").as_map().cloned().unwrap_or_default();
    for resource in ["cpu", "memory"] {
        if let (false, Some(sum)) = (requests.contains(resource), asked_by_containers(spec, resource)) {
            requests.insert(resource, sum.to_string());
        }
    }
    let supported = |resource: &str| ["cpu", "memory"].contains(&resource) || resource.starts_with("hugepages-");
    let missing: Map =
        limits.into_iter().filter(|(resource, _)| supported(resource) && !requests.contains(resource)).collect();
    for (resource, limit) in missing {
        requests.insert(resource, limit);
    }
    if !requests.is_empty() {
        spec.set("resources.requests", requests);
    }
}

/// What containers need at once: the sum of the regular ones and sidecars, or the largest step of the start.
fn asked_by_containers(spec: &Value, resource: &str) -> Option<Quantity> {
    let asked = |container: &Value| Quantity::parse(container.at("resources.requests").get(resource).as_str()?).ok();
    let mut running: Option<Quantity> = spec.items("containers").iter().filter_map(asked).reduce(|a, b| a + b);
    let mut sidecars: Option<Quantity> = None;
    let mut start: Option<Quantity> = None;
    let plus = |a: Option<Quantity>, b: Quantity| Some(a.map_or(b, |a| a + b));
    for init in spec.items("initContainers") {
        let Some(own) = asked(init) else { continue };
        if init.str("restartPolicy") == "Always" {
            running = plus(running, own);
            sidecars = plus(sidecars, own);
            start = start.max(sidecars);
        } else {
            start = start.max(plus(sidecars, own));
        }
    }
    running.max(start)
}
