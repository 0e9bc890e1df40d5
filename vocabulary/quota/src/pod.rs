//! What a pod takes.

use crate::amounts::Amounts;
use crate::compute::{Side, of, total};
use jiff::{SignedDuration, Timestamp};
use meta::{CompactString, Value};
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 10] = [
    "pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];
/// A pod must say how much it takes of these where a quota bounds them.
const DEMANDED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

pub(crate) fn tracks(name: &str) -> bool {
    let asked = name.strip_prefix("requests.");
    NAMES.contains(&name)
        || name.starts_with("hugepages-")
        || asked.is_some_and(|asked| asked.starts_with("hugepages-") || is_extended(asked))
}

fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

pub(crate) fn usage(pod: &Value, now: Timestamp) -> Amounts {
    if !is_charged(pod, now) {
        return Amounts::new();
    }
    let mut used = named(&total(pod, Side::Requests), &total(pod, Side::Limits));
    used.insert("pods".into(), crate::one());
    used
}

/// Pods that have ended, or should have by now, take nothing.
fn is_charged(pod: &Value, now: Timestamp) -> bool {
    if matches!(pod.str("status.phase"), "Succeeded" | "Failed") {
        return false;
    }
    let deleted: Option<Timestamp> = pod.str("metadata.deletionTimestamp").parse().ok();
    let grace = SignedDuration::from_secs(pod.int("metadata.deletionGracePeriodSeconds"));
    deleted.is_none_or(|deleted| now <= deleted + grace)
}

/// Amounts of containers under the names that quotas bound them by.
fn named(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut used = Amounts::new();
    for (name, amount) in requests {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            used.insert(name.clone(), *amount);
            used.insert(format!("requests.{name}").into(), *amount);
        } else if is_extended(name) {
            used.insert(format!("requests.{name}").into(), *amount);
        }
    }
    for (name, amount) in limits {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            used.insert(format!("limits.{name}").into(), *amount);
        }
    }
    used
}

/// What a pod does not say although a quota bounds it, in upstream's words.
pub fn missing<'a>(pod: &Value, bounded: impl Iterator<Item = &'a str>) -> Option<String> {
    let demanded: Vec<&str> = bounded.filter(|name| DEMANDED.contains(name)).collect();
    let spec = pod.get("spec");
    let whole = named(&of(spec, Side::Requests), &of(spec, Side::Limits));
    let mut missing: BTreeMap<&str, BTreeSet<CompactString>> = BTreeMap::new();
    for container in spec.items("containers").iter().chain(spec.items("initContainers")) {
        let said = named(&of(container, Side::Requests), &of(container, Side::Limits));
        let unsaid = demanded.iter().filter(|name| !said.contains_key(**name) && !whole.contains_key(**name));
        unsaid.for_each(|name| {
            missing.entry(name).or_default().insert(container.str("name").into());
        });
    }
    let told = |(name, containers): (&&str, &BTreeSet<CompactString>)| {
        let containers: Vec<&str> = containers.iter().map(CompactString::as_str).collect();
        format!("{name} for: {}", containers.join(","))
    };
    let all: Vec<String> = missing.iter().map(told).collect();
    (!all.is_empty()).then(|| format!("must specify {}", all.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::shown;
    use meta::value;

    #[test]
    fn pods_are_charged_until_they_end() {
        let mut pod = value!({"spec": {"containers": [{"name": "a", "resources": {
            "requests": {"cpu": "1", "example.com/dongle": "2"}, "limits": {"memory": "1Gi"}}}]}});
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        let all = "cpu=1,limits.memory=1Gi,pods=1,requests.cpu=1,requests.example.com/dongle=2";
        assert_eq!(shown(&usage(&pod, now)), all);
        pod.set("metadata.deletionTimestamp", "2026-01-01T00:00:40Z");
        pod.set("metadata.deletionGracePeriodSeconds", 30i64);
        assert_eq!(shown(&usage(&pod, now)), all);
        pod.set("metadata.deletionGracePeriodSeconds", 10i64);
        assert_eq!(shown(&usage(&pod, now)), "");
        assert_eq!(shown(&usage(&value!({"status": {"phase": "Failed"}}), now)), "");
    }

    #[test]
    fn what_is_bounded_must_be_said() {
        let pod = value!({"spec": {"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "1"}}}, {"name": "b"}]}});
        for (bounded, expect) in [
            (vec!["pods"], None),
            (vec!["requests.cpu"], Some("must specify requests.cpu for: b")),
            (vec!["cpu", "limits.memory"], Some("must specify cpu for: b; limits.memory for: a,b")),
        ] {
            assert_eq!(missing(&pod, bounded.iter().copied()).as_deref(), expect, "{bounded:?}");
        }
    }
}
