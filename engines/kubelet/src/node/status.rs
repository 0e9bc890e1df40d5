//! The node's object: its labels and taints once, its status again and again.

use super::capacity::{allocatable, capacity};
use super::machine::Machine;
use crate::context::Context;
use cri::v1::{ListImagesRequest, StatusRequest};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ContainerImage, DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints, NodeFeatures,
    NodeRuntimeHandler, NodeRuntimeHandlerFeatures, NodeSpec, NodeStatus, NodeSwapStatus, NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use podplan::resources::Amounts;
use std::collections::BTreeMap;

const MOST_IMAGES: usize = 50;
const MOST_NAMES: usize = 5;
/// Less memory than this is pressure.
const LEAST_MEMORY: u64 = 100 << 20;
const LEAST_DISK_PERCENT: u64 = 10;

/// A node of this machine, without its status.
pub fn node(context: &Context, machine: &Machine) -> Node {
    let config = &context.config;
    let own = [
        ("beta.kubernetes.io/arch", machine.architecture),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", machine.architecture),
        ("kubernetes.io/hostname", config.node_name.as_str()),
        ("kubernetes.io/os", "linux"),
    ];
    let own = own.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
    let labels: BTreeMap<String, String> = own.chain(config.labels.iter().cloned()).collect();
    let attach = ("volumes.kubernetes.io/controller-managed-attach-detach".to_owned(), "true".to_owned());
    Node {
        metadata: ObjectMeta {
            name: Some(config.node_name.clone()),
            labels: Some(labels),
            annotations: Some(BTreeMap::from([attach])),
            ..ObjectMeta::default()
        },
        spec: Some(NodeSpec {
            pod_cidr: config.pod_cidr.clone(),
            pod_cidrs: config.pod_cidr.clone().map(|cidr| vec![cidr]),
            taints: Some(config.taints.clone()).filter(|t| !t.is_empty()),
            ..NodeSpec::default()
        }),
        status: None,
    }
}

/// The status now; times of changes are taken over from what was told before.
pub async fn status(context: &Context, machine: &Machine, old: &NodeStatus) -> Result<NodeStatus, cri::Error> {
    let config = &context.config;
    let runtime = context.runtime.status(StatusRequest { verbose: false }).await?;
    let version = context.runtime.version(cri::v1::VersionRequest { version: String::new() }).await?;
    let disk = Disk::of(&config.data_dir);
    let capacity = capacity(config, machine, disk.capacity);
    let runtime_conditions = runtime.status.map(|s| s.conditions).unwrap_or_default();
    let handlers = runtime.runtime_handlers.iter().map(|handler| NodeRuntimeHandler {
        name: Some(handler.name.clone()),
        features: handler.features.as_ref().map(|f| NodeRuntimeHandlerFeatures {
            recursive_read_only_mounts: Some(f.recursive_read_only_mounts),
            user_namespaces: Some(f.user_namespaces),
        }),
    });
    let handlers: Vec<_> = handlers.collect();
    Ok(NodeStatus {
        addresses: Some(addresses(context)),
        allocatable: Some(quantities(&allocatable(config, &capacity))),
        capacity: Some(quantities(&capacity)),
        conditions: Some(conditions(&disk, &runtime_conditions, old, context.clock.now())),
        daemon_endpoints: Some(NodeDaemonEndpoints {
            kubelet_endpoint: Some(DaemonEndpoint {
                port: config.server.as_ref().map_or(0, |server| server.address.port().into()),
            }),
        }),
        features: runtime
            .features
            .map(|f| NodeFeatures { supplemental_groups_policy: Some(f.supplemental_groups_policy) }),
        images: Some(images(context).await?),
        node_info: Some(system_info(context, machine, &version)),
        runtime_handlers: Some(handlers).filter(|h| !h.is_empty()),
        ..NodeStatus::default()
    })
}

fn quantities(amounts: &Amounts) -> BTreeMap<String, Quantity> {
    amounts.iter().map(|(name, q)| (name.clone(), Quantity(q.to_string()))).collect()
}

fn addresses(context: &Context) -> Vec<NodeAddress> {
    let address = |kind: &str, address: String| NodeAddress { type_: kind.into(), address };
    let ips = context.config.node_ips.iter().map(|ip| address("InternalIP", ip.to_string()));
    ips.chain([address("Hostname", context.config.node_name.clone())]).collect()
}

fn system_info(context: &Context, machine: &Machine, version: &cri::v1::VersionResponse) -> NodeSystemInfo {
    NodeSystemInfo {
        architecture: machine.architecture.into(),
        boot_id: machine.boot_id.clone(),
        container_runtime_version: format!("{}://{}", version.runtime_name, version.runtime_version),
        kernel_version: machine.kernel_version.clone(),
        kube_proxy_version: String::new(),
        kubelet_version: context.config.version.clone(),
        machine_id: machine.machine_id.clone(),
        operating_system: "linux".into(),
        os_image: machine.os_image.clone(),
        swap: Some(NodeSwapStatus { capacity: i64::try_from(machine.swap_bytes).ok().filter(|b| *b > 0) })
            .filter(|s| s.capacity.is_some()),
        system_uuid: machine.system_uuid.clone(),
    }
}

/// The largest images, for the scheduler to prefer nodes that have them.
async fn images(context: &Context) -> Result<Vec<ContainerImage>, cri::Error> {
    let mut images = context.images.list_images(ListImagesRequest::default()).await?.images;
    images.sort_by_key(|image| std::cmp::Reverse(image.size));
    let told = images.into_iter().take(MOST_IMAGES).map(|image| {
        let names = image.repo_digests.into_iter().chain(image.repo_tags).take(MOST_NAMES);
        ContainerImage { names: Some(names.collect()), size_bytes: i64::try_from(image.size).ok() }
    });
    Ok(told.collect())
}

struct Disk {
    capacity: u64,
    available: u64,
}

impl Disk {
    /// A directory that cannot be asked is on no disk at all: pressure says so.
    fn of(path: &std::path::Path) -> Disk {
        match rustix::fs::statvfs(path) {
            Ok(stat) => Disk { capacity: stat.f_blocks * stat.f_frsize, available: stat.f_bavail * stat.f_frsize },
            Err(_) => Disk { capacity: 0, available: 0 },
        }
    }

    fn is_short(&self) -> bool {
        self.available * 100 < self.capacity * LEAST_DISK_PERCENT || self.capacity == 0
    }
}

struct Finding {
    kind: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

fn conditions(
    disk: &Disk,
    runtime: &[cri::v1::RuntimeCondition],
    old: &NodeStatus,
    now: Timestamp,
) -> Vec<NodeCondition> {
    let pressure = |kind, holds, bad: (&'static str, &str), good: (&'static str, &str)| {
        let (reason, message) = if holds { bad } else { good };
        Finding { kind, holds, reason, message: message.into() }
    };
    let findings = [
        pressure(
            "MemoryPressure",
            Machine::available_memory() < LEAST_MEMORY,
            ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
            ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ),
        pressure(
            "DiskPressure",
            disk.is_short(),
            ("KubeletHasDiskPressure", "kubelet has disk pressure"),
            ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ),
        pressure(
            "PIDPressure",
            false,
            ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
            ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ),
        ready(runtime),
    ];
    findings.into_iter().map(|finding| condition(finding, old, now)).collect()
}

fn ready(runtime: &[cri::v1::RuntimeCondition]) -> Finding {
    let problems: Vec<String> = ["RuntimeReady", "NetworkReady"]
        .into_iter()
        .filter_map(|wanted| match runtime.iter().find(|c| c.r#type == wanted) {
            None => Some(format!("{wanted} is not reported")),
            Some(c) if !c.status => Some(format!(
                "container runtime {} not ready: {wanted}=false reason:{} message:{}",
                if wanted == "NetworkReady" { "network" } else { "status" },
                c.reason,
                c.message
            )),
            Some(_) => None,
        })
        .collect();
    match problems.is_empty() {
        true => Finding {
            kind: "Ready",
            holds: true,
            reason: "KubeletReady",
            message: "kubelet is posting ready status".into(),
        },
        false => Finding { kind: "Ready", holds: false, reason: "KubeletNotReady", message: problems.join(", ") },
    }
}

fn condition(finding: Finding, old: &NodeStatus, now: Timestamp) -> NodeCondition {
    let status = if finding.holds { "True" } else { "False" };
    let before = old.conditions.iter().flatten().find(|c| c.type_ == finding.kind && c.status == status);
    NodeCondition {
        type_: finding.kind.into(),
        status: status.into(),
        reason: Some(finding.reason.into()),
        message: Some(finding.message),
        last_heartbeat_time: Some(Time(now)),
        last_transition_time: Some(before.and_then(|c| c.last_transition_time.clone()).unwrap_or(Time(now))),
    }
}
