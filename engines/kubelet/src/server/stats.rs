//! `/stats/summary` and `/runningpods`: what pods use, as autoscalers and people read it.

use super::Site;
use super::answer::{Answer, Refusal, json, refuse};
use crate::node::machine::Machine;
use crate::pods::labels::{POD_NAME, POD_NAMESPACE, POD_UID};
use cri::v1::{
    ContainerFilter, ContainerState, ContainerStateValue, ContainerStats, CpuUsage, FilesystemUsage,
    ListContainerStatsRequest, ListContainersRequest, ListPodSandboxStatsRequest, MemoryUsage, NetworkUsage,
    PodSandboxStats, UInt64Value,
};
use http::StatusCode;
use jiff::Timestamp;
use k8s_openapi::List;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use podplan::spec::{api_status, name, namespace, uid};
use serde_json::{Map, Value, json as object};
use std::collections::BTreeMap;

fn refused(error: &cri::Error) -> Refusal {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// What the runtime measures, by pod.
pub struct Measured {
    pub sandboxes: BTreeMap<String, PodSandboxStats>,
    pub containers: BTreeMap<String, Vec<ContainerStats>>,
}

pub async fn measure(site: &Site) -> Result<Measured, cri::Error> {
    let runtime = &site.context.runtime;
    let label = |labels: &BTreeMap<String, String>| labels.get(POD_UID).cloned();
    let mut containers: BTreeMap<String, Vec<ContainerStats>> = BTreeMap::new();
    for stats in runtime.list_container_stats(ListContainerStatsRequest::default()).await?.stats {
        if let Some(uid) = stats.attributes.as_ref().and_then(|a| label(&a.labels)) {
            containers.entry(uid).or_default().push(stats);
        }
    }
    let sandboxes = match runtime.list_pod_sandbox_stats(ListPodSandboxStatsRequest::default()).await {
        // A runtime may know its containers only.
        Err(cri::Error::Unimplemented(_)) => Vec::new(),
        answer => answer?.stats,
    };
    let by_pod = |stats: PodSandboxStats| Some((label(&stats.attributes.as_ref()?.labels)?, stats));
    Ok(Measured { sandboxes: sandboxes.into_iter().filter_map(by_pod).collect(), containers })
}

pub async fn summary(site: &Site) -> Result<Answer, Refusal> {
    let measured = measure(site).await.map_err(|error| refused(&error))?;
    let pods: Vec<Value> = site.roster.pods().iter().map(|pod| pod_stats(pod, &measured)).collect();
    Ok(json(&object!({"node": node_stats(site), "pods": pods})))
}

fn node_stats(site: &Site) -> Value {
    let now = site.context.clock.now();
    let total = site.context.memory_capacity;
    let available = i64::try_from(Machine::available_memory()).unwrap_or(total);
    let mut node = object!({
        "nodeName": site.context.config.node_name,
        "startTime": site.context.facts.started.to_string(),
        "memory": {
            "time": now.to_string(),
            "availableBytes": available,
            "workingSetBytes": (total - available).max(0),
        },
    });
    if let Some(nanoseconds) = cpu_nanoseconds() {
        node["cpu"] = object!({"time": now.to_string(), "usageCoreNanoSeconds": nanoseconds});
    }
    if let Ok(stat) = rustix::fs::statvfs(&site.context.config.data_dir) {
        node["fs"] = object!({
            "time": now.to_string(),
            "availableBytes": stat.f_bavail * stat.f_frsize,
            "capacityBytes": stat.f_blocks * stat.f_frsize,
            "usedBytes": (stat.f_blocks - stat.f_bfree) * stat.f_frsize,
            "inodes": stat.f_files,
            "inodesFree": stat.f_ffree,
            "inodesUsed": stat.f_files - stat.f_ffree,
        });
    }
    node
}

/// All processors' busy time since the machine began; none where the kernel does not tell.
pub fn cpu_nanoseconds() -> Option<u64> {
    const NANOSECONDS_A_TICK: u64 = 10_000_000;
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let numbers: Vec<u64> = stat.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|index| numbers.get(*index)).sum::<u64>();
    Some(busy * NANOSECONDS_A_TICK)
}

fn pod_stats(pod: &Pod, measured: &Measured) -> Value {
    let sandbox = measured.sandboxes.get(uid(pod)).and_then(|s| s.linux.as_ref());
    let containers: Vec<&ContainerStats> = measured.containers.get(uid(pod)).into_iter().flatten().collect();
    let started = api_status(pod).start_time.as_ref().map(|t| t.0.to_string());
    let mut stats = Map::new();
    stats.insert("podRef".into(), object!({"name": name(pod), "namespace": namespace(pod), "uid": uid(pod)}));
    stats.insert("startTime".into(), object!(started));
    let shown: Vec<Value> = containers.iter().map(|c| container_stats(pod, c)).collect();
    stats.insert("containers".into(), Value::Array(shown));
    let cpu = sandbox.and_then(|s| s.cpu).or_else(|| sum_cpu(&containers));
    let memory = sandbox.and_then(|s| s.memory).or_else(|| sum_memory(&containers));
    stats.extend(cpu.map(|c| ("cpu".into(), cpu_stats(&c))));
    stats.extend(memory.map(|m| ("memory".into(), memory_stats(&m))));
    stats.extend(sandbox.and_then(|s| s.network.as_ref()).map(|n| ("network".into(), network_stats(n))));
    if let Some(processes) = sandbox.and_then(|s| s.process.as_ref()).and_then(|p| p.process_count.as_ref()) {
        stats.insert("process_stats".into(), object!({"process_count": processes.value}));
    }
    Value::Object(stats)
}

fn container_stats(pod: &Pod, stats: &ContainerStats) -> Value {
    let attributes = stats.attributes.clone().unwrap_or_default();
    let name = attributes.metadata.map(|m| m.name).unwrap_or_default();
    let status = api_status(pod).container_statuses.iter().flatten().find(|s| s.name == name);
    let running = status.and_then(|s| s.state.as_ref()).and_then(|s| s.running.as_ref());
    let started = running.and_then(|r| r.started_at.as_ref()).map(|t| t.0.to_string());
    let mut shown = Map::new();
    shown.insert("name".into(), object!(name));
    shown.insert("startTime".into(), object!(started));
    shown.extend(stats.cpu.as_ref().map(|c| ("cpu".into(), cpu_stats(c))));
    shown.extend(stats.memory.as_ref().map(|m| ("memory".into(), memory_stats(m))));
    shown.extend(stats.writable_layer.as_ref().map(|f| ("rootfs".into(), disk_stats(f))));
    Value::Object(shown)
}

fn number(value: Option<&UInt64Value>) -> Option<u64> {
    value.map(|v| v.value)
}

fn time(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default().to_string()
}

/// Without the fields that were not measured.
fn present(fields: Value) -> Value {
    match fields {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

fn cpu_stats(cpu: &CpuUsage) -> Value {
    present(object!({
        "time": time(cpu.timestamp),
        "usageNanoCores": number(cpu.usage_nano_cores.as_ref()),
        "usageCoreNanoSeconds": number(cpu.usage_core_nano_seconds.as_ref()),
    }))
}

fn memory_stats(memory: &MemoryUsage) -> Value {
    present(object!({
        "time": time(memory.timestamp),
        "availableBytes": number(memory.available_bytes.as_ref()),
        "usageBytes": number(memory.usage_bytes.as_ref()),
        "workingSetBytes": number(memory.working_set_bytes.as_ref()),
        "rssBytes": number(memory.rss_bytes.as_ref()),
        "pageFaults": number(memory.page_faults.as_ref()),
        "majorPageFaults": number(memory.major_page_faults.as_ref()),
    }))
}

fn disk_stats(usage: &FilesystemUsage) -> Value {
    present(object!({
        "time": time(usage.timestamp),
        "usedBytes": number(usage.used_bytes.as_ref()),
        "inodesUsed": number(usage.inodes_used.as_ref()),
    }))
}

fn network_stats(network: &NetworkUsage) -> Value {
    let own = network.default_interface.clone().unwrap_or_default();
    present(object!({
        "time": time(network.timestamp),
        "name": own.name,
        "rxBytes": number(own.rx_bytes.as_ref()),
        "rxErrors": number(own.rx_errors.as_ref()),
        "txBytes": number(own.tx_bytes.as_ref()),
        "txErrors": number(own.tx_errors.as_ref()),
    }))
}

fn sum(values: impl Iterator<Item = Option<u64>>) -> Option<UInt64Value> {
    values.flatten().reduce(|a, b| a + b).map(|value| UInt64Value { value })
}

fn sum_cpu(containers: &[&ContainerStats]) -> Option<CpuUsage> {
    let all = || containers.iter().filter_map(|c| c.cpu.as_ref());
    Some(CpuUsage {
        timestamp: all().map(|c| c.timestamp).max()?,
        usage_core_nano_seconds: sum(all().map(|c| number(c.usage_core_nano_seconds.as_ref()))),
        usage_nano_cores: sum(all().map(|c| number(c.usage_nano_cores.as_ref()))),
        psi: None,
    })
}

fn sum_memory(containers: &[&ContainerStats]) -> Option<MemoryUsage> {
    let all = || containers.iter().filter_map(|c| c.memory.as_ref());
    Some(MemoryUsage {
        timestamp: all().map(|m| m.timestamp).max()?,
        working_set_bytes: sum(all().map(|m| number(m.working_set_bytes.as_ref()))),
        usage_bytes: sum(all().map(|m| number(m.usage_bytes.as_ref()))),
        rss_bytes: sum(all().map(|m| number(m.rss_bytes.as_ref()))),
        ..MemoryUsage::default()
    })
}

/// What the runtime runs, whoever asked for it.
pub async fn running_pods(site: &Site) -> Result<Answer, Refusal> {
    let state = ContainerStateValue { state: ContainerState::ContainerRunning.into() };
    let filter = ContainerFilter { state: Some(state), ..ContainerFilter::default() };
    let request = ListContainersRequest { filter: Some(filter) };
    let listed = site.context.runtime.list_containers(request).await.map_err(|error| refused(&error))?;
    let mut pods: BTreeMap<String, Pod> = BTreeMap::new();
    for container in listed.containers {
        let label = |key: &str| container.labels.get(key).cloned();
        let pod = pods.entry(label(POD_UID).unwrap_or_default()).or_insert_with(|| Pod {
            metadata: ObjectMeta {
                name: label(POD_NAME),
                namespace: label(POD_NAMESPACE),
                uid: label(POD_UID),
                ..ObjectMeta::default()
            },
            spec: Some(PodSpec::default()),
            status: None,
        });
        let own = Container {
            name: container.metadata.map(|m| m.name).unwrap_or_default(),
            image: container.image.map(|i| i.image),
            ..Container::default()
        };
        pod.spec.get_or_insert_default().containers.push(own);
    }
    Ok(json(&List::<Pod> { items: pods.into_values().collect(), ..List::default() }))
}
