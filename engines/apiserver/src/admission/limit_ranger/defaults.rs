//! What a LimitRange gives to containers that ask for nothing.

use meta::{Map, Value};

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

pub(super) fn apply(range: &Value, pod: &mut Value) {
    let (mut limits, mut requests) = (Map::default(), Map::default());
    for limit in range.items("spec.limits").iter().filter(|limit| limit.str("type") == "Container") {
        for (into, field) in [(&mut limits, "default"), (&mut requests, "defaultRequest")] {
            for (resource, amount) in limit.fields(field) {
                into.insert(resource.clone(), amount.clone());
            }
        }
    }
    let mut notes = Vec::new();
    for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
        let Some(containers) = pod.at_mut("spec").and_then(|spec| spec.as_map_mut()?.get_mut(list)?.as_list_mut())
        else {
            continue;
        };
        for container in containers {
            let name = container.str("name").to_string();
            notes.extend(give(container, "requests", &requests).map(|set| format!("{set} request for {word} {name}")));
            notes.extend(give(container, "limits", &limits).map(|set| format!("{set} limit for {word} {name}")));
        }
    }
    if !notes.is_empty() {
        let note = format!("LimitRanger plugin set: {}", notes.join("; "));
        *pod.entry("metadata").entry("annotations").entry(ANNOTATION) = Value::from(note);
    }
}

/// The resources that were set, by name.
fn give(container: &mut Value, field: &str, amounts: &Map) -> Option<String> {
    let mut set = Vec::new();
    for (resource, amount) in amounts.iter() {
        if container.at("resources").get(field).get(resource).is_null() {
            *container.entry("resources").entry(field).entry(resource) = amount.clone();
            set.push(resource.as_str());
        }
    }
    (!set.is_empty()).then(|| set.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn silent_containers_get_defaults() {
        let range = value!({"spec": {"limits": [{"type": "Container", "default": {"cpu": "1", "memory": "1Gi"},
            "defaultRequest": {"cpu": "100m"}}]}});
        let mut pod = value!({"spec": {"containers": [
            {"name": "a"}, {"name": "b", "resources": {"limits": {"cpu": "2", "memory": "2Gi"}, "requests": {"cpu": "1"}}},
        ]}});
        apply(&range, &mut pod);
        let resources = value!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}});
        assert_eq!(pod.items("spec.containers")[0].get("resources"), &resources);
        assert_eq!(pod.items("spec.containers")[1].str("resources.limits.cpu"), "2");
        let note = "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a";
        assert_eq!(pod.at("metadata.annotations").get(ANNOTATION).as_str(), Some(note));
    }
}
