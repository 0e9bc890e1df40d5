//! Pods behind other objects, and the containers in them.

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Value, quote};

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

pub const CONTAINER_LISTS: [(&str, &str); 3] =
    [("initContainers", "init"), ("containers", ""), ("ephemeralContainers", "ephem")];

/// The label selector of what runs pods.
pub fn selector_of(object: &Value) -> Option<String> {
    let spec = object.get("spec");
    let labels = match object.str("kind") {
        "Service" | "ReplicationController" => spec.get("selector"),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => spec.at("selector.matchLabels"),
        _ => return None,
    };
    let words = labels.as_map()?.iter().map(|(key, text)| format!("{key}={}", text.as_str().unwrap_or("")));
    let mut words: Vec<String> = words.collect();
    if object.str("kind") != "Service" {
        words.extend(spec.items("selector.matchExpressions").iter().map(expression));
    }
    Some(words.join(","))
}

fn expression(expression: &Value) -> String {
    let key = expression.str("key");
    let values: Vec<&str> = expression.items("values").iter().filter_map(Value::as_str).collect();
    match expression.str("operator") {
        "In" => format!("{key} in ({})", values.join(",")),
        "NotIn" => format!("{key} notin ({})", values.join(",")),
        "Exists" => key.to_string(),
        _ => format!("!{key}"),
    }
}

pub fn matching(session: &Session<'_>, namespace: &str, selector: &str) -> Result<Vec<Value>, Failure> {
    let request = Request::get(format!("/api/v1/namespaces/{namespace}/pods")).with("labelSelector", selector);
    let list = session.door()?.call(request)?;
    Ok(list.items("items").iter().map(typed).collect())
}

fn typed(pod: &Value) -> Value {
    let mut pod = pod.clone();
    pod.set_if_absent("apiVersion", "v1");
    pod.set_if_absent("kind", "Pod");
    pod
}

/// The pod that an argument means: itself, or the best one behind a controller or a service.
pub fn named(session: &Session<'_>, argument: &str) -> Result<Value, Failure> {
    let word = if argument.contains('/') { argument.to_string() } else { format!("pods/{argument}") };
    let query = Query { arguments: vec![word], latest: true, ..Query::default() };
    let mut found = query.all(session)?;
    let target = found.pop().ok_or_else(|| Failure::text("expected a resource"))?;
    of(session, &target)
}

pub fn of(session: &Session<'_>, target: &Target) -> Result<Value, Failure> {
    if target.resource.is("", "Pod") {
        return Ok(target.object.clone());
    }
    let selector = selector_of(&target.object).ok_or_else(|| {
        let kind = &target.resource.kind;
        Failure::text(format!("cannot attach to *v1.{kind}: selector for *v1.{kind} not implemented"))
    })?;
    let mut pods = matching(session, &target.namespace, &selector)?;
    pods.sort_by_key(|pod| {
        (!is_ready(pod), pod.str("status.phase") != "Running", pod.str("metadata.creationTimestamp").to_string())
    });
    let first = pods.into_iter().next();
    first.ok_or_else(|| Failure::text("timed out waiting for the condition"))
}

fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod.items("status.conditions").iter();
    conditions.any(|one| one.str("type") == "Ready" && one.str("status") == "True")
}

/// Every container's name in a pod, init containers first.
pub fn container_names(pod: &Value) -> Vec<&str> {
    let lists = CONTAINER_LISTS.iter().flat_map(|(list, _)| pod.get("spec").items(list));
    lists.map(|container| container.str("name")).collect()
}

/// The container that is meant where none is named; says which one that is when there are several.
pub fn default_container(session: &Session<'_>, pod: &Value, quiet: bool) -> Result<String, Failure> {
    let names = container_names(pod);
    let annotated = pod.at("metadata.annotations").get(DEFAULT_CONTAINER).as_str().unwrap_or("");
    if names.contains(&annotated) && !annotated.is_empty() {
        return Ok(annotated.to_string());
    }
    let Some(first) = pod.items("spec.containers").first().map(|container| container.str("name")) else {
        let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
        return Err(Failure::text(format!("pod {namespace}/{name} does not have any containers")));
    };
    if names.len() > 1 && !quiet {
        session.warn(format!("Defaulted container {} out of: {}", quote(first), all_names(pod)));
    }
    Ok(first.to_string())
}

fn all_names(pod: &Value) -> String {
    let order = [("containers", ""), ("ephemeralContainers", " (ephem)"), ("initContainers", " (init)")];
    let names = order.iter().flat_map(|(list, mark)| {
        pod.get("spec").items(list).iter().map(move |container| format!("{}{mark}", container.str("name")))
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn selectors_are_written_out() {
        let expressions =
            value!([{"key": "a", "operator": "In", "values": ["x", "y"]}, {"key": "b", "operator": "DoesNotExist"}]);
        for (object, expect) in [
            (value!({"kind": "Service", "spec": {"selector": {"app": "web"}}}), Some("app=web")),
            (
                value!({"kind": "Job", "spec": {"selector": {"matchLabels": {"j": "1"}, "matchExpressions": expressions}}}),
                Some("j=1,a in (x,y),!b"),
            ),
            (value!({"kind": "ConfigMap"}), None),
        ] {
            assert_eq!(selector_of(&object).as_deref(), expect);
        }
    }
}
