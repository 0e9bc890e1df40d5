//! The scopes of a quota: which pods it counts.

use meta::{Gvr, Value, value};

/// Whether a quota counts an object. Quotas with scopes count pods alone.
pub fn matches(quota: &Value, resource: &Gvr, object: &Value) -> bool {
    let is_pod = resource.group.is_empty() && resource.resource == "pods";
    let plain = quota.items("spec.scopes").iter().filter_map(Value::as_str);
    let plain = plain.map(|name| value!({"scopeName": name, "operator": "Exists"}));
    let chosen = quota.items("spec.scopeSelector.matchExpressions").iter().cloned();
    let mut all = plain.chain(chosen).peekable();
    all.peek().is_none() || (is_pod && all.all(|scope| holds(&scope, object)))
}

fn holds(scope: &Value, pod: &Value) -> bool {
    match scope.str("scopeName") {
        "Terminating" => has_deadline(pod),
        "NotTerminating" => !has_deadline(pod),
        "BestEffort" => is_best_effort(pod),
        "NotBestEffort" => !is_best_effort(pod),
        "PriorityClass" => of_priority(scope, pod),
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn has_deadline(pod: &Value) -> bool {
    pod.at("spec.activeDeadlineSeconds").as_int().is_some_and(|seconds| seconds >= 0)
}

/// No container asks for processor or memory.
fn is_best_effort(pod: &Value) -> bool {
    let spec = pod.get("spec");
    let holders = spec.items("containers").iter().chain(spec.items("initContainers")).chain([spec]);
    let asks = |holder: &Value| {
        ["resources.requests", "resources.limits"]
            .iter()
            .any(|side| holder.fields(side).any(|(name, _)| matches!(name.as_str(), "cpu" | "memory")))
    };
    !holders.into_iter().any(asks)
}

fn of_priority(scope: &Value, pod: &Value) -> bool {
    let class = pod.str("spec.priorityClassName");
    let named = scope.items("values").iter().any(|value| value.as_str() == Some(class));
    match scope.str("operator") {
        "In" => !class.is_empty() && named,
        "NotIn" => !named,
        "DoesNotExist" => class.is_empty(),
        _ => !class.is_empty(),
    }
}

fn crosses_namespaces(pod: &Value) -> bool {
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let affinity = pod.at("spec.affinity");
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = affinity.get(kind);
        let soft = terms.items(preferred).iter().map(|weighted| weighted.get("podAffinityTerm"));
        let mut all = terms.items(required).iter().chain(soft);
        all.any(|term| !term.items("namespaces").is_empty() || !term.get("namespaceSelector").is_null())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_choose_pods() {
        let (pods, maps) = (Gvr::new("", "v1", "pods"), Gvr::new("", "v1", "configmaps"));
        let plain = value!({"spec": {"containers": [{}]}});
        let ending = value!({"spec": {"containers": [{"resources": {"limits": {"cpu": "1"}}}],
            "activeDeadlineSeconds": 3i64, "priorityClassName": "high"}});
        let scopes = |name: &str| value!({"spec": {"scopes": [name]}});
        let selector = |operator: &str, values: Value| {
            value!({"spec": {"scopeSelector": {"matchExpressions": [
                {"scopeName": "PriorityClass", "operator": operator, "values": values}]}}})
        };
        for (quota, plain_fits, ending_fits) in [
            (value!({"spec": {}}), true, true),
            (scopes("Terminating"), false, true),
            (scopes("NotTerminating"), true, false),
            (scopes("BestEffort"), true, false),
            (scopes("NotBestEffort"), false, true),
            (scopes("PriorityClass"), false, true),
            (selector("In", value!(["high"])), false, true),
            (selector("NotIn", value!(["high"])), true, false),
            (selector("DoesNotExist", value!(null)), true, false),
        ] {
            assert_eq!(matches(&quota, &pods, &plain), plain_fits, "{quota}");
            assert_eq!(matches(&quota, &pods, &ending), ending_fits, "{quota}");
            let unscoped = quota == value!({"spec": {}});
            assert_eq!(matches(&quota, &maps, &plain), unscoped, "{quota}");
        }
    }
}
