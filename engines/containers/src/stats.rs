//! What containers and pods use.

use std::path::Path;

use cri::v1::*;
use linux::cgroup::Usage;
use linux::namespaces::inside_network;

use crate::Containers;
use crate::container::Container;
use crate::error::{Result, Step, blocking};
use crate::sandbox::Sandbox;

const POD_INTERFACE: &str = "eth0";
const NANOS_A_SECOND: u128 = 1_000_000_000;

fn some(value: u64) -> Option<UInt64Value> {
    Some(UInt64Value { value })
}

fn cpu(at: i64, usage: &Usage, last: Option<(i64, u64)>) -> CpuUsage {
    let rate = last.filter(|(then, _)| at > *then).map(|(then, before)| {
        let used = u128::from(usage.cpu_nanos.saturating_sub(before));
        (used * NANOS_A_SECOND / (at - then) as u128) as u64
    });
    CpuUsage {
        timestamp: at,
        usage_core_nano_seconds: some(usage.cpu_nanos),
        usage_nano_cores: rate.and_then(some),
        psi: None,
    }
}

fn memory(at: i64, usage: &Usage) -> MemoryUsage {
    let available = usage.memory_limit.map(|limit| limit.saturating_sub(usage.working_set_bytes));
    MemoryUsage {
        timestamp: at,
        working_set_bytes: some(usage.working_set_bytes),
        available_bytes: available.and_then(some),
        usage_bytes: some(usage.memory_bytes),
        rss_bytes: some(usage.rss_bytes),
        page_faults: some(usage.page_faults),
        major_page_faults: some(usage.major_page_faults),
        psi: None,
    }
}

/// Bytes on disk and number of files below a directory; what vanishes meanwhile does not count.
pub fn tree_usage(directory: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    const BLOCK: u64 = 512;
    let (mut bytes, mut files, mut ahead) = (0, 0, vec![directory.to_owned()]);
    while let Some(directory) = ahead.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(stat) = entry.metadata() else { continue };
            bytes += stat.blocks() * BLOCK;
            files += 1;
            if stat.is_dir() {
                ahead.push(entry.path());
            }
        }
    }
    (bytes, files)
}

impl Containers {
    pub(crate) async fn stats_of(&self, container: &Container) -> Result<ContainerStats> {
        let (trees, cgroup) = (self.trees.clone(), container.record.cgroup.clone());
        let upper = container.dir.join(crate::launch_order::UPPER);
        let (usage, (bytes, files)) = blocking(move || Ok((trees.usage(&cgroup), tree_usage(&upper)))).await?;
        let (now, config) = (self.now(), container.config());
        let last = container.last_cpu.lock().expect("no holder panics").replace((now, usage.cpu_nanos));
        let mountpoint = self.config.data_dir.display().to_string();
        Ok(ContainerStats {
            attributes: Some(ContainerAttributes {
                id: container.id.clone(),
                metadata: config.metadata,
                labels: config.labels,
                annotations: config.annotations,
            }),
            cpu: Some(cpu(now, &usage, last)),
            memory: Some(memory(now, &usage)),
            writable_layer: Some(FilesystemUsage {
                timestamp: now,
                fs_id: Some(FilesystemIdentifier { mountpoint }),
                used_bytes: some(bytes),
                inodes_used: some(files),
            }),
            swap: None,
            io: None,
        })
    }

    pub(crate) async fn pod_stats(&self, sandbox: &Sandbox) -> Result<PodSandboxStats> {
        let (trees, cgroup) = (self.trees.clone(), sandbox.record().cgroup);
        let usage = blocking(move || Ok(trees.usage(&cgroup))).await?;
        let (now, listed) = (self.now(), sandbox.listed());
        let mut containers = Vec::new();
        for container in self.containers_of(&sandbox.id).iter().filter(|it| it.life.borrow().is_running()) {
            containers.push(self.stats_of(container).await?);
        }
        let network = if sandbox.is_ready() { self.network_usage(sandbox, now).await? } else { None };
        Ok(PodSandboxStats {
            attributes: Some(PodSandboxAttributes {
                id: listed.id,
                metadata: listed.metadata,
                labels: listed.labels,
                annotations: listed.annotations,
            }),
            linux: Some(LinuxPodSandboxStats {
                cpu: Some(cpu(now, &usage, None)),
                memory: Some(memory(now, &usage)),
                network,
                process: Some(ProcessUsage { timestamp: now, process_count: some(usage.processes) }),
                containers,
                io: None,
            }),
            windows: None,
        })
    }

    /// The host's interfaces are not a pod's.
    async fn network_usage(&self, sandbox: &Sandbox, timestamp: i64) -> Result<Option<NetworkUsage>> {
        let Some(network) = self.pod_network(sandbox).await? else { return Ok(None) };
        let read = || std::fs::read_to_string("/proc/thread-self/net/dev");
        let text = blocking(move || inside_network(network, read).step("interfaces")).await?;
        let interfaces = parse_interfaces(&text);
        let default_interface = interfaces.iter().find(|it| it.name == POD_INTERFACE).cloned();
        Ok(Some(NetworkUsage { timestamp, default_interface, interfaces }))
    }
}

/// Eight counters received, then eight sent; the loopback is nobody's traffic.
fn parse_interfaces(text: &str) -> Vec<NetworkInterfaceUsage> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(name, _)| name.trim() != "lo").map(|(name, rest)| interface(name.trim(), rest)).collect()
}

fn interface(name: &str, counters: &str) -> NetworkInterfaceUsage {
    let counters: Vec<u64> = counters.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let counter = |place: usize| some(counters.get(place).copied().unwrap_or(0));
    NetworkInterfaceUsage {
        name: name.to_owned(),
        rx_bytes: counter(0),
        rx_errors: counter(2),
        tx_bytes: counter(8),
        tx_errors: counter(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_read_from_the_kernels_table() {
        let text = "Inter-|   Receive  |  Transmit\n face |bytes packets errs\n    lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n\
                    eth0:  100 2 3 0 0 0 0 0 500 6 7 0 0 0 0 0\n";
        let expect = NetworkInterfaceUsage {
            name: "eth0".into(),
            rx_bytes: some(100),
            rx_errors: some(3),
            tx_bytes: some(500),
            tx_errors: some(7),
        };
        assert_eq!(parse_interfaces(text), [expect]);
    }

    #[test]
    fn rates_come_from_two_samples() {
        let usage = Usage { cpu_nanos: 1_500, ..Usage::default() };
        assert_eq!(cpu(2_000, &usage, None).usage_nano_cores, None);
        assert_eq!(cpu(2_000, &usage, Some((1_000, 1_000))).usage_nano_cores, some(500_000_000));
        assert_eq!(cpu(1_000, &usage, Some((1_000, 1_000))).usage_nano_cores, None);
    }
}
