//! Before v1.30 a container's AppArmor profile was an annotation: what a new pod's say becomes the field, and is told.

use crate::pods::app_armor::{PREFIX, of_annotation};
use meta::{Path, Value};

/// What becomes of a container whose annotation is all that it has.
struct Change {
    list: &'static str,
    index: usize,
    annotation: String,
    /// None: the annotation says nothing that a field could.
    profile: Option<Value>,
}

pub fn follow_annotations(pod: &mut Value) {
    for change in changes(pod) {
        let container =
            pod.at_mut("spec").and_then(|spec| spec.get_mut(change.list)?.as_list_mut()?.get_mut(change.index));
        if let (Some(container), Some(profile)) = (container, change.profile) {
            container.set("securityContext.appArmorProfile", profile);
        }
    }
}

pub fn warnings(pod: &Value) -> Vec<String> {
    let annotations = Path::new("metadata").field("annotations");
    let told = |change: Change| {
        format!(
            "{}: deprecated since v1.30; use the \"appArmorProfile\" field instead",
            annotations.key(&change.annotation)
        )
    };
    changes(pod).into_iter().map(told).collect()
}

fn changes(pod: &Value) -> Vec<Change> {
    let annotations = pod.at("metadata.annotations");
    let is_annotated = annotations.as_map().is_some_and(|map| map.keys().any(|name| name.starts_with(PREFIX)));
    if !is_annotated || pod.str("spec.os.name") == "windows" {
        return Vec::new();
    }
    let common = pod.at("spec.securityContext.appArmorProfile");
    let mut changes = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in pod.get("spec").items(list).iter().enumerate() {
            let annotation = format!("{PREFIX}{}", container.str("name"));
            let Some(said) = annotations.get(&annotation).as_str() else { continue };
            let profile = of_annotation(said);
            let is_said_otherwise =
                !container.at("securityContext.appArmorProfile").is_null() || profile.as_ref() == Some(common);
            if !is_said_otherwise {
                changes.push(Change { list, index, annotation, profile });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    /// Of a pod with this profile and a container `a` with that one; `expect` is the container's afterwards.
    fn check(annotation: &str, common: Value, own: Value, expect: &Value, is_told: bool) {
        let mut pod = value!({
            "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": annotation}},
            "spec": {"securityContext": {"appArmorProfile": common},
                "containers": [{"name": "b"}, {"name": "a", "securityContext": {"appArmorProfile": own}}]},
        });
        let told = "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since v1.30; use the \"appArmorProfile\" field instead";
        assert_eq!(warnings(&pod), is_told.then_some(told).into_iter().collect::<Vec<_>>(), "{annotation}");
        follow_annotations(&mut pod);
        let containers = pod.items("spec.containers");
        assert_eq!(containers[1].at("securityContext.appArmorProfile"), expect, "{annotation}");
        assert!(containers[0].get("securityContext").is_null());
    }

    #[test]
    fn annotations_become_fields() {
        let unconfined = || value!({"type": "Unconfined"});
        let default = || value!({"type": "RuntimeDefault"});
        let local = value!({"type": "Localhost", "localhostProfile": "x"});
        check("unconfined", value!(null), value!(null), &unconfined(), true);
        check("runtime/default", unconfined(), value!(null), &default(), true);
        check("localhost/x", value!(null), value!(null), &local, true);
        check("localhost/", value!(null), value!(null), &value!(null), true);
        check("localhost/ x", value!(null), value!(null), &value!(null), true);
        check("", value!(null), value!(null), &value!(null), true);
        check("unconfined", unconfined(), value!(null), &value!(null), false);
        check("unconfined", value!(null), default(), &default(), false);
    }
}
