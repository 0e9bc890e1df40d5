//! A pod as its sandbox is told of it.

use super::labels;
use crate::context::Context;
use cri::v1::{
    DnsConfig, LinuxContainerResources, LinuxPodSandboxConfig, LinuxSandboxSecurityContext, NamespaceMode,
    NamespaceOption, PodSandboxConfig, PodSandboxMetadata, PortMapping, Protocol, SecurityProfile,
    SupplementalGroupsPolicy, security_profile,
};
use k8s_openapi::api::core::v1::{Container, Pod};
use plan::EventType;
use podplan::cgroup::{self, Limits};
use podplan::dns::{Dns, Resolver, dns};
use podplan::hosts::{kernel_hostname, names};
use podplan::security::{has_privileged, security};
use podplan::spec::{containers, init_containers, is_host_network, is_sidecar, name, namespace, spec, uid};
use podplan::sysctls::dotted;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub fn log_directory(context: &Context, pod: &Pod) -> PathBuf {
    context.config.log_dir.join(format!("{}_{}_{}", namespace(pod), name(pod), uid(pod)))
}

pub fn sandbox_config(context: &Context, pod: &Pod, attempt: u32) -> PodSandboxConfig {
    let hostname = match is_host_network(pod) {
        true => String::new(),
        false => kernel_hostname(pod, &names(pod, &context.config.cluster_domain)),
    };
    PodSandboxConfig {
        metadata: Some(PodSandboxMetadata {
            name: name(pod).into(),
            uid: uid(pod).into(),
            namespace: namespace(pod).into(),
            attempt,
        }),
        hostname,
        log_directory: log_directory(context, pod).to_string_lossy().into_owned(),
        dns_config: Some(resolver(context, pod)),
        port_mappings: port_mappings(pod),
        labels: labels::of_pod(pod),
        annotations: labels::annotations_of_pod(pod),
        linux: Some(linux(pod)),
        windows: None,
    }
}

fn resolver(context: &Context, pod: &Pod) -> DnsConfig {
    // A machine without the file has nothing to pass on.
    let node = std::fs::read_to_string(&context.config.resolver_file).unwrap_or_default();
    let resolver = Resolver {
        node: Dns::parse(&node),
        cluster_servers: context.config.cluster_dns.iter().map(ToString::to_string).collect(),
        cluster_domain: context.config.cluster_domain.clone(),
    };
    let (dns, complaints) = dns(pod, &resolver);
    for complaint in complaints {
        let reason = if complaint.contains("ClusterDNS") { "MissingClusterDNS" } else { "DNSConfigForming" };
        context.events.pod(pod, None, EventType::Warning, reason, complaint);
    }
    DnsConfig { servers: dns.servers, searches: dns.searches, options: dns.options }
}

fn port_mappings(pod: &Pod) -> Vec<PortMapping> {
    if is_host_network(pod) {
        return Vec::new();
    }
    let all = init_containers(pod).iter().filter(|c| is_sidecar(c)).chain(containers(pod));
    let ports = all.flat_map(|c: &Container| c.ports.iter().flatten());
    let mapped = ports.filter_map(|port| {
        let protocol = match port.protocol.as_deref() {
            Some("UDP") => Protocol::Udp,
            Some("SCTP") => Protocol::Sctp,
            _ => Protocol::Tcp,
        };
        Some(PortMapping {
            protocol: protocol.into(),
            container_port: port.container_port,
            host_port: port.host_port.filter(|p| *p > 0)?,
            host_ip: port.host_ip.clone().unwrap_or_default(),
        })
    });
    mapped.collect()
}

pub fn namespaces(pod: &Pod) -> NamespaceOption {
    let spec = spec(pod);
    let node_or =
        |on_node: Option<bool>, other: NamespaceMode| if on_node == Some(true) { NamespaceMode::Node } else { other };
    let shared = spec.share_process_namespace == Some(true);
    let pid = if shared { NamespaceMode::Pod } else { NamespaceMode::Container };
    NamespaceOption {
        network: node_or(spec.host_network, NamespaceMode::Pod).into(),
        pid: node_or(spec.host_pid, pid).into(),
        ipc: node_or(spec.host_ipc, NamespaceMode::Pod).into(),
        target_id: String::new(),
        userns_options: None,
    }
}

fn linux(pod: &Pod) -> LinuxPodSandboxConfig {
    let common = spec(pod).security_context.clone().unwrap_or_default();
    let merged = security(pod, &Container::default());
    let number = |value: Option<i64>| value.map(|value| cri::v1::Int64Value { value });
    let profile = security_profile::ProfileType::RuntimeDefault;
    let sysctls: BTreeMap<String, String> =
        common.sysctls.iter().flatten().map(|s| (dotted(&s.name), s.value.clone())).collect();
    LinuxPodSandboxConfig {
        cgroup_parent: cgroup_parent(pod),
        security_context: Some(LinuxSandboxSecurityContext {
            namespace_options: Some(namespaces(pod)),
            run_as_user: number(common.run_as_user),
            run_as_group: number(common.run_as_group),
            supplemental_groups: merged.supplemental_groups,
            supplemental_groups_policy: groups_policy(merged.strict_groups).into(),
            privileged: has_privileged(pod),
            seccomp: Some(SecurityProfile { profile_type: profile.into(), localhost_ref: String::new() }),
            ..LinuxSandboxSecurityContext::default()
        }),
        sysctls,
        overhead: None,
        resources: Some(resources(&cgroup::of_all(pod))),
    }
}

pub fn groups_policy(strict: bool) -> SupplementalGroupsPolicy {
    if strict { SupplementalGroupsPolicy::Strict } else { SupplementalGroupsPolicy::Merge }
}

/// One group a pod, below one a quality of service.
fn cgroup_parent(pod: &Pod) -> String {
    let own = format!("pod{}", uid(pod));
    match podplan::resources::qos_class(pod) {
        "Guaranteed" => format!("/kubepods/{own}"),
        "Burstable" => format!("/kubepods/burstable/{own}"),
        _ => format!("/kubepods/besteffort/{own}"),
    }
}

pub fn resources(limits: &Limits) -> LinuxContainerResources {
    LinuxContainerResources {
        cpu_period: limits.cpu_period,
        cpu_quota: limits.cpu_quota,
        cpu_shares: limits.cpu_shares,
        memory_limit_in_bytes: limits.memory_bytes,
        oom_score_adj: limits.oom_score_adj,
        hugepage_limits: limits
            .huge_pages
            .iter()
            .map(|(page_size, limit)| cri::v1::HugepageLimit { page_size: page_size.clone(), limit: *limit })
            .collect(),
        ..LinuxContainerResources::default()
    }
}
