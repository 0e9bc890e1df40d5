//! Resources as the kernel's numbers: shares, quotas, bytes and the order of out-of-memory kills.

use crate::resources::{Amounts, Side, of_container, of_pod, qos_class};
use crate::spec::{containers, init_containers, is_sidecar, spec};
use k8s_openapi::api::core::v1::{Container, Pod};
use meta::Quantity;

const LEAST_SHARES: i64 = 2;
const MOST_SHARES: i64 = 262_144;
const SHARES_A_CPU: i64 = 1024;
pub const QUOTA_PERIOD_MICROSECONDS: i64 = 100_000;
const LEAST_QUOTA_MICROSECONDS: i64 = 1000;
const GUARANTEED_OOM_SCORE: i64 = -997;
const BEST_EFFORT_OOM_SCORE: i64 = 1000;
/// `system-node-critical` and above.
const NODE_CRITICAL_PRIORITY: i32 = 2_000_001_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub cpu_shares: i64,
    /// 0 is no limit.
    pub cpu_quota: i64,
    pub cpu_period: i64,
    /// 0 is no limit.
    pub memory_bytes: i64,
    pub oom_score_adj: i64,
    /// Page size as the kernel names it, and bytes.
    pub huge_pages: Vec<(String, u64)>,
}

pub fn shares(milli_cpu: i64) -> i64 {
    (milli_cpu * SHARES_A_CPU / 1000).clamp(LEAST_SHARES, MOST_SHARES)
}

pub fn quota(milli_cpu: i64) -> i64 {
    if milli_cpu == 0 { 0 } else { (milli_cpu * QUOTA_PERIOD_MICROSECONDS / 1000).max(LEAST_QUOTA_MICROSECONDS) }
}

fn milli(amounts: &Amounts, name: &str) -> Option<i64> {
    amounts.get(name).map(Quantity::milli_value)
}

fn bytes(amounts: &Amounts, name: &str) -> i64 {
    amounts.get(name).map_or(0, Quantity::value)
}

fn numbers(requests: &Amounts, limits: &Amounts) -> Limits {
    let limit = milli(limits, "cpu");
    Limits {
        cpu_shares: shares(milli(requests, "cpu").or(limit).unwrap_or(0)),
        cpu_quota: quota(limit.unwrap_or(0)),
        cpu_period: QUOTA_PERIOD_MICROSECONDS,
        memory_bytes: bytes(limits, "memory"),
        oom_score_adj: 0,
        huge_pages: huge_pages(limits),
    }
}

/// `hugepages-2Mi` limits as `2MB` pages.
fn huge_pages(limits: &Amounts) -> Vec<(String, u64)> {
    let pages = limits.iter().filter_map(|(name, quantity)| {
        let size = Quantity::parse(name.strip_prefix("hugepages-")?).ok()?.value();
        Some((page_size(size), u64::try_from(quantity.value()).ok()?))
    });
    pages.collect()
}

fn page_size(bytes: i64) -> String {
    let units = ["B", "KB", "MB", "GB"];
    let power = (0..3).take_while(|power| bytes >= 1 << (10 * (power + 1))).count();
    format!("{}{}", bytes >> (10 * power), units[power])
}

/// A container's own numbers; what it does not limit is limited by the pod, if that is.
pub fn of_one(pod: &Pod, container: &Container, memory_capacity: i64) -> Limits {
    let mut limits = of_container(container, Side::Limits);
    let own = spec(pod).resources.as_ref().map(|r| crate::resources::amounts(r.limits.as_ref())).unwrap_or_default();
    for name in ["cpu", "memory"] {
        if let (false, Some(limit)) = (limits.contains_key(name), own.get(name)) {
            limits.insert(name.into(), *limit);
        }
    }
    let requests = of_container(container, Side::Requests);
    Limits { oom_score_adj: oom_score_adj(pod, container, memory_capacity), ..numbers(&requests, &limits) }
}

/// The pod's own group: limited only where all of its containers are.
pub fn of_all(pod: &Pod) -> Limits {
    let (requests, limits) = (of_pod(pod, Side::Requests), of_pod(pod, Side::Limits));
    let own = spec(pod).resources.as_ref().map(|r| crate::resources::amounts(r.limits.as_ref())).unwrap_or_default();
    let declared = |name: &str| {
        own.contains_key(name)
            || init_containers(pod)
                .iter()
                .chain(containers(pod))
                .all(|c| of_container(c, Side::Limits).contains_key(name))
    };
    let mut all = numbers(&requests, &limits);
    if qos_class(pod) == "BestEffort" {
        all.cpu_shares = LEAST_SHARES;
    }
    if !declared("cpu") {
        all.cpu_quota = 0;
    }
    if !declared("memory") {
        all.memory_bytes = 0;
    }
    all
}

pub fn oom_score_adj(pod: &Pod, container: &Container, memory_capacity: i64) -> i64 {
    if spec(pod).priority.is_some_and(|p| p >= NODE_CRITICAL_PRIORITY) {
        return GUARANTEED_OOM_SCORE;
    }
    match qos_class(pod) {
        "Guaranteed" => return GUARANTEED_OOM_SCORE,
        "BestEffort" => return BEST_EFFORT_OOM_SCORE,
        _ => {}
    }
    let request = |c: &Container| bytes(&of_container(c, Side::Requests), "memory");
    let spare = spare_request(pod);
    let score = |request: i64| 1000 - 1000 * (request + spare) / memory_capacity.max(1);
    let mut adjusted = score(request(container));
    if init_containers(pod).iter().any(|c| c.name == container.name && is_sidecar(c)) {
        // A sidecar is not killed before those that it serves.
        let least = containers(pod).iter().map(request).min().unwrap_or(0);
        adjusted = adjusted.min(score(least));
    }
    match adjusted {
        BEST_EFFORT_OOM_SCORE => BEST_EFFORT_OOM_SCORE - 1,
        score => score.max(1000 + GUARANTEED_OOM_SCORE),
    }
}

/// What the pod requests beyond its containers, as a share of each.
fn spare_request(pod: &Pod) -> i64 {
    let own = spec(pod).resources.as_ref().map(|r| crate::resources::amounts(r.requests.as_ref())).unwrap_or_default();
    let Some(whole) = own.get("memory").map(Quantity::value) else { return 0 };
    let sidecars = init_containers(pod).iter().filter(|c| is_sidecar(c));
    let parts: Vec<i64> =
        sidecars.chain(containers(pod)).map(|c| bytes(&of_container(c, Side::Requests), "memory")).collect();
    (whole - parts.iter().sum::<i64>()).max(0) / i64::try_from(parts.len().max(1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(json: &str) -> Pod {
        serde_json::from_str(json).unwrap()
    }

    fn check(resources: &str, qos: &str, container: (i64, i64, i64, i64)) {
        let json = format!(r#"{{"spec":{{"containers":[{{"name":"a","resources":{resources}}}]}}}}"#);
        let pod = pod(&json);
        assert_eq!(qos_class(&pod), qos, "{resources}");
        let one = of_one(&pod, &containers(&pod)[0], 1 << 30);
        assert_eq!((one.cpu_shares, one.cpu_quota, one.memory_bytes, one.oom_score_adj), container, "{resources}");
    }

    #[test]
    fn numbers_follow_requests_and_limits() {
        check("{}", "BestEffort", (2, 0, 0, 1000));
        check(r#"{"requests":{"cpu":"100m","memory":"512Mi"}}"#, "Burstable", (102, 0, 0, 500));
        check(r#"{"requests":{"cpu":"1"}}"#, "Burstable", (1024, 0, 0, 999));
        check(r#"{"limits":{"cpu":"2","memory":"1Gi"}}"#, "Guaranteed", (2048, 200_000, 1 << 30, -997));
        check(r#"{"limits":{"cpu":"1m"}}"#, "Burstable", (2, 1000, 0, 999));
        check(
            r#"{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"250m","memory":"1Gi"}}"#,
            "Burstable",
            (256, 50_000, 1 << 30, 3),
        );
    }

    #[test]
    fn a_pod_without_all_limits_has_none() {
        let both = pod(r#"{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}},
                {"name":"b","resources":{"limits":{"cpu":"1"}}}]}}"#);
        let all = of_all(&both);
        assert_eq!((all.cpu_quota, all.memory_bytes), (200_000, 0));
    }

    #[test]
    fn huge_pages_are_named_by_the_kernel() {
        let limits = Amounts::from([("hugepages-2Mi".to_owned(), Quantity::parse("4Mi").unwrap())]);
        assert_eq!(huge_pages(&limits), [("2MB".to_owned(), 4 << 20)]);
    }
}
