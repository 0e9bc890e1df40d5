//! CRI's resources as limits of cgroups.

use cri::v1::*;
use linux::cgroup::Limits;

pub fn limits(resources: &LinuxContainerResources) -> Limits {
    Limits {
        cpu_shares: resources.cpu_shares.max(0) as u64,
        cpu_quota: resources.cpu_quota,
        cpu_period: resources.cpu_period.max(0) as u64,
        memory: resources.memory_limit_in_bytes,
        memory_and_swap: resources.memory_swap_limit_in_bytes,
        pids: 0,
        cpuset_cpus: resources.cpuset_cpus.clone(),
        cpuset_mems: resources.cpuset_mems.clone(),
        huge_pages: resources.hugepage_limits.iter().map(|it| (it.page_size.clone(), it.limit)).collect(),
        unified: resources.unified.clone().into_iter().collect(),
    }
}

/// What the pod as a whole may use: its resources and the overhead together.
pub fn pod_limits(linux: &LinuxPodSandboxConfig) -> Option<Limits> {
    let mut sum = limits(linux.resources.as_ref()?);
    if let Some(overhead) = linux.overhead.as_ref().map(limits) {
        sum.cpu_shares += overhead.cpu_shares;
        let both = |own: &mut i64, more: i64| *own += if *own > 0 && more > 0 { more } else { 0 };
        both(&mut sum.cpu_quota, overhead.cpu_quota);
        both(&mut sum.memory, overhead.memory);
    }
    Some(sum)
}
