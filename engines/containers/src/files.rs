//! The small files that a sandbox gives its containers.

use std::path::Path;

use cri::v1::{DnsConfig, PodSandboxConfig};

use crate::error::{Result, Step};

pub const HOSTNAME: &str = "hostname";
pub const HOSTS: &str = "hosts";
pub const RESOLV_CONF: &str = "resolv.conf";

/// With the host's network, the host's own names hold.
pub fn write(directory: &Path, config: &PodSandboxConfig, host_network: bool) -> Result<()> {
    let put = |name: &str, text: String| write_readable(&directory.join(name), &text).step(name);
    if host_network {
        put(HOSTNAME, std::fs::read_to_string("/proc/sys/kernel/hostname").step(HOSTNAME)?)?;
        put(HOSTS, std::fs::read_to_string("/etc/hosts").unwrap_or_default())?;
    } else {
        put(HOSTNAME, format!("{}\n", config.hostname))?;
        put(HOSTS, hosts(&config.hostname))?;
    }
    match &config.dns_config {
        Some(dns) => put(RESOLV_CONF, resolv_conf(dns)),
        None => put(RESOLV_CONF, std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()),
    }
}

/// Every user of a container reads these, whatever mask this process runs under.
fn write_readable(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

fn hosts(hostname: &str) -> String {
    format!("127.0.0.1\tlocalhost {hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n")
}

fn resolv_conf(dns: &DnsConfig) -> String {
    let mut text = String::new();
    for server in &dns.servers {
        text += &format!("nameserver {server}\n");
    }
    for (word, values) in [("search", &dns.searches), ("options", &dns.options)] {
        if !values.is_empty() {
            text += &format!("{word} {}\n", values.join(" "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(servers: &[&str], searches: &[&str], options: &[&str], expect: &str) {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let dns = DnsConfig { servers: all(servers), searches: all(searches), options: all(options) };
        assert_eq!(resolv_conf(&dns), expect);
    }

    #[test]
    fn resolv_conf_says_what_the_config_says() {
        check(&[], &[], &[], "");
        check(
            &["10.96.0.10"],
            &["a.svc.cluster.local", "cluster.local"],
            &["ndots:5"],
            "nameserver 10.96.0.10\nsearch a.svc.cluster.local cluster.local\noptions ndots:5\n",
        );
    }
}
