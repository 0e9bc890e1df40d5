//! Names inside a pod: its hostname and its hosts file.

use crate::spec::{name, namespace, spec};
use k8s_openapi::api::core::v1::{HostAlias, Pod};

/// A kernel's hostname is no longer.
const LONGEST_HOSTNAME: usize = 63;

/// What a pod is called inside, and the domain that makes it a full name; an empty domain is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub hostname: String,
    pub domain: String,
}

pub fn names(pod: &Pod, cluster_domain: &str) -> Names {
    let spec = spec(pod);
    if let Some(whole) = spec.hostname_override.as_deref().filter(|h| !h.is_empty()) {
        return Names { hostname: whole.into(), domain: String::new() };
    }
    let own = spec.hostname.as_deref().filter(|h| !h.is_empty()).unwrap_or(name(pod));
    let short: String = own.chars().take(LONGEST_HOSTNAME).collect();
    let hostname = short.trim_end_matches(['-', '.']).to_owned();
    let subdomain = spec.subdomain.as_deref().filter(|s| !s.is_empty());
    let domain = subdomain.map(|s| format!("{s}.{}.svc.{cluster_domain}", namespace(pod))).unwrap_or_default();
    Names { hostname, domain }
}

/// What the kernel is told.
pub fn kernel_hostname(pod: &Pod, names: &Names) -> String {
    match spec(pod).set_hostname_as_fqdn {
        Some(true) if !names.domain.is_empty() => format!("{}.{}", names.hostname, names.domain),
        _ => names.hostname.clone(),
    }
}

pub fn hosts_file(ips: &[String], names: &Names, aliases: &[HostAlias]) -> String {
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n\
         127.0.0.1\tlocalhost\n\
         ::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\n\
         fe00::0\tip6-mcastprefix\n\
         fe00::1\tip6-allnodes\n\
         fe00::2\tip6-allrouters\n",
    );
    for ip in ips {
        let Names { hostname, domain } = names;
        let full = if domain.is_empty() { String::new() } else { format!("{hostname}.{domain}\t") };
        text.push_str(&format!("{ip}\t{full}{hostname}\n"));
    }
    text + &alias_lines(aliases)
}

/// The node's own file, for pods in the node's network.
pub fn node_hosts_file(node_file: &str, aliases: &[HostAlias]) -> String {
    format!("# Kubernetes-managed hosts file (host network).\n{node_file}{}", alias_lines(aliases))
}

fn alias_lines(aliases: &[HostAlias]) -> String {
    if aliases.is_empty() {
        return String::new();
    }
    let line = |a: &HostAlias| format!("{}\t{}\n", a.ip, a.hostnames.as_deref().unwrap_or_default().join("\t"));
    format!("\n# Entries added by HostAliases.\n{}", aliases.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, hostname: &str, domain: &str) {
        let json = format!(r#"{{"metadata":{{"name":"pod","namespace":"ns"}},"spec":{spec}}}"#);
        let names = names(&serde_json::from_str(&json).unwrap(), "cluster.local");
        assert_eq!((names.hostname.as_str(), names.domain.as_str()), (hostname, domain));
    }

    #[test]
    fn names_of_pods() {
        check(r#"{"containers":[]}"#, "pod", "");
        check(r#"{"containers":[],"hostname":"h","subdomain":"s"}"#, "h", "s.ns.svc.cluster.local");
        check(r#"{"containers":[],"hostnameOverride":"x.y"}"#, "x.y", "");
    }

    #[test]
    fn a_hosts_file_names_the_pod_and_its_aliases() {
        let names = Names { hostname: "h".into(), domain: "s.ns.svc".into() };
        let aliases = [HostAlias { ip: "1.2.3.4".into(), hostnames: Some(vec!["a".into(), "b".into()]) }];
        let file = hosts_file(&["10.0.0.1".into()], &names, &aliases);
        let end: Vec<&str> = file.lines().skip(7).collect();
        assert_eq!(end, ["10.0.0.1\th.s.ns.svc\th", "", "# Entries added by HostAliases.", "1.2.3.4\ta\tb"]);
    }
}
