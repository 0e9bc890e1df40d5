//! Settings of the kernel that a pod asks for: those that concern nobody else, and those that a node refuses.

use crate::spec::spec;
use k8s_openapi::api::core::v1::Pod;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Belongs {
    Ipc,
    Net,
}

/// Each belongs to a namespace, and does no harm to another pod. All are there since Linux 4.15.
const SAFE: [(&str, Belongs); 12] = [
    ("kernel.shm_rmid_forced", Belongs::Ipc),
    ("net.ipv4.ip_local_port_range", Belongs::Net),
    ("net.ipv4.tcp_syncookies", Belongs::Net),
    ("net.ipv4.ping_group_range", Belongs::Net),
    ("net.ipv4.ip_unprivileged_port_start", Belongs::Net),
    ("net.ipv4.ip_local_reserved_ports", Belongs::Net),
    ("net.ipv4.tcp_keepalive_time", Belongs::Net),
    ("net.ipv4.tcp_fin_timeout", Belongs::Net),
    ("net.ipv4.tcp_keepalive_intvl", Belongs::Net),
    ("net.ipv4.tcp_keepalive_probes", Belongs::Net),
    ("net.ipv4.tcp_rmem", Belongs::Net),
    ("net.ipv4.tcp_wmem", Belongs::Net),
];

/// With dots between its parts. Where slashes stand between them, a dot is part of a link's name.
pub fn dotted(name: &str) -> String {
    match name.find(['.', '/']).map(|first| &name[first..=first]) {
        Some("/") => name
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if c == '.' {
                    '/'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    }
}

/// Why a node does not take the pod.
pub fn complaint(pod: &Pod) -> Option<String> {
    let asked = spec(pod).security_context.as_ref().and_then(|context| context.sysctls.as_deref());
    asked.unwrap_or_default().iter().find_map(|sysctl| forbidden(pod, &dotted(&sysctl.name)))
}

fn forbidden(pod: &Pod, name: &str) -> Option<String> {
    let shares = |whole: &str| Some(format!("\"{name}\" not allowed with host {whole} enabled"));
    match SAFE.iter().find(|(safe, _)| *safe == name) {
        None => Some(format!("\"{name}\" not allowlisted")),
        Some((_, Belongs::Ipc)) if spec(pod).host_ipc == Some(true) => shares("IPC"),
        Some((_, Belongs::Net)) if spec(pod).host_network == Some(true) => shares("Net"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, more: &str, expect: Option<&str>) {
        let json = format!(
            r#"{{"spec":{{{more}"containers":[],"securityContext":{{"sysctls":[{{"name":"{name}","value":"1"}}]}}}}}}"#
        );
        let pod: Pod = serde_json::from_str(&json).unwrap();
        assert_eq!(complaint(&pod).as_deref(), expect, "{name}");
    }

    #[test]
    fn only_harmless_ones_are_taken() {
        check("kernel.shm_rmid_forced", "", None);
        check("kernel/shm_rmid_forced", "", None);
        check("kernel.msgmax", "", Some(r#""kernel.msgmax" not allowlisted"#));
        let shared = Some(r#""kernel.shm_rmid_forced" not allowed with host IPC enabled"#);
        check("kernel.shm_rmid_forced", r#""hostIPC":true,"#, shared);
        check("net.ipv4.tcp_rmem", r#""hostIPC":true,"#, None);
        let shared = Some(r#""net.ipv4.tcp_rmem" not allowed with host Net enabled"#);
        check("net.ipv4.tcp_rmem", r#""hostNetwork":true,"#, shared);
    }

    #[test]
    fn the_first_separator_says_which_one_it_is() {
        for (name, expect) in [
            ("net/ipv4/conf/eth0.1/x", "net.ipv4.conf.eth0/1.x"),
            ("net.ipv4.conf.eth0/1.x", "net.ipv4.conf.eth0/1.x"),
            ("plain", "plain"),
        ] {
            assert_eq!(dotted(name), expect);
        }
    }
}
