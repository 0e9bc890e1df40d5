//! Only kernel parameters that stay within the pod are set.

use crate::{Pod, Violation};

/// What was found safe first, and what was added in versions 27, 29 and 32.
const SAFE: [&[&str]; 4] = [
    &[
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    ],
    &["net.ipv4.ip_local_reserved_ports"],
    &[
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    ],
    &["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
];

pub fn find_v0(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &SAFE[..1])
}

pub fn find_v27(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &SAFE[..2])
}

pub fn find_v29(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &SAFE[..3])
}

pub fn find_v32(pod: &Pod<'_>) -> Option<Violation> {
    find(pod, &SAFE)
}

fn find(pod: &Pod<'_>, safe: &[&[&str]]) -> Option<Violation> {
    let set = pod.spec.items("securityContext.sysctls").iter().map(|sysctl| sysctl.str("name"));
    let bad: Vec<&str> = set.filter(|name| !safe.iter().any(|list| list.contains(name))).collect();
    (!bad.is_empty()).then(|| Violation::new("forbidden sysctls", bad.join(", ")))
}
