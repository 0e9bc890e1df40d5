//! Which labels a kubelet may set on its own Node: those that describe a machine, none that steer workloads to it.

use meta::Value;
use std::collections::BTreeSet;

const ALLOWED: [&str; 11] = [
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
];
const ALLOWED_DOMAINS: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const RESTRICTED_DOMAIN: &str = "node-restriction.kubernetes.io";
const SYSTEM_DOMAINS: [&str; 2] = ["kubernetes.io", "k8s.io"];

/// The labels that differ and that a kubelet may not touch, sorted.
pub(super) fn forbidden(new: &Value, old: Option<&Value>) -> BTreeSet<String> {
    let path = "metadata.labels";
    let held = old.map_or(&Value::Null, |old| old.at(path));
    let given = new.at(path);
    let names = new.fields(path).chain(old.into_iter().flat_map(|old| old.fields(path))).map(|(name, _)| name.as_str());
    names.filter(|name| given.get(name) != held.get(name) && is_forbidden(name)).map(str::to_string).collect()
}

fn is_forbidden(label: &str) -> bool {
    let domain = label.split_once('/').map_or("", |(domain, _)| domain);
    let system = SYSTEM_DOMAINS.iter().any(|of| is_within(domain, of));
    let allowed = ALLOWED.contains(&label) || ALLOWED_DOMAINS.iter().any(|of| is_within(domain, of));
    is_within(domain, RESTRICTED_DOMAIN) || (system && !allowed)
}

fn is_within(domain: &str, of: &str) -> bool {
    domain == of || domain.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn labels_of_the_system_are_not_for_kubelets() {
        for (label, expect) in [
            ("kubernetes.io/hostname", false),
            ("example.com/x", false),
            ("plain", false),
            ("a.node.kubernetes.io/x", false),
            ("kubelet.kubernetes.io/x", false),
            ("node-role.kubernetes.io/master", true),
            ("x.k8s.io/y", true),
            ("notk8s.io/y", false),
            ("node-restriction.kubernetes.io/x", true),
            ("a.node-restriction.kubernetes.io/x", true),
        ] {
            assert_eq!(is_forbidden(label), expect, "{label}");
        }
    }

    #[test]
    fn only_what_differs_counts() {
        let node = |zone: &str| value!({"metadata": {"labels": {"a.k8s.io/zone": zone}}});
        assert!(forbidden(&node("a"), Some(&node("a"))).is_empty());
        assert_eq!(forbidden(&node("a"), Some(&node("b"))).len(), 1);
        assert_eq!(forbidden(&value!({}), Some(&node("b"))).len(), 1);
        assert_eq!(forbidden(&node("a"), None).len(), 1);
    }
}
