//! A pod's resolver settings.

use crate::spec::{is_host_network, namespace, spec};
use k8s_openapi::api::core::v1::{Pod, PodDNSConfig};

const MOST_SERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;
const MOST_SEARCH_CHARACTERS: usize = 2048;
const LONGEST_SEARCH: usize = 253;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dns {
    pub servers: Vec<String>,
    pub searches: Vec<String>,
    pub options: Vec<String>,
}

/// The node's side of it.
#[derive(Clone, Debug, Default)]
pub struct Resolver {
    pub node: Dns,
    pub cluster_servers: Vec<String>,
    pub cluster_domain: String,
}

impl Dns {
    /// A resolver file's settings: servers add up, the last search line holds.
    pub fn parse(text: &str) -> Dns {
        let mut dns = Dns::default();
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => dns.servers.extend(words.next().map(str::to_owned)),
                Some("search") => {
                    let domains = words.filter(|s| *s != ".").map(|s| s.trim_end_matches('.').to_owned());
                    dns.searches = domains.collect();
                }
                Some("options") => words.for_each(|option| set_option(&mut dns.options, option.to_owned())),
                _ => {}
            }
        }
        dns
    }
}

fn set_option(options: &mut Vec<String>, option: String) {
    let key = |o: &str| o.split(':').next().unwrap_or_default().to_owned();
    options.retain(|standing| key(standing) != key(&option));
    options.push(option);
}

/// The settings, and what had to be left out of them.
pub fn dns(pod: &Pod, resolver: &Resolver) -> (Dns, Vec<String>) {
    let policy = spec(pod).dns_policy.as_deref().unwrap_or("ClusterFirst");
    let cluster = match policy {
        "None" | "Default" => false,
        "ClusterFirst" => !is_host_network(pod),
        _ => true,
    };
    let mut complaints = Vec::new();
    let mut dns = match (policy, cluster) {
        ("None", _) => Dns::default(),
        (_, true) if !resolver.cluster_servers.is_empty() => cluster_first(pod, resolver),
        (_, true) => {
            complaints.push(format!(
                "pod: \"{}\". kubelet does not have ClusterDNS IP configured and cannot create Pod using \
                 \"ClusterFirst\" policy. Falling back to \"Default\" policy.",
                crate::spec::long_name(pod)
            ));
            resolver.node.clone()
        }
        (_, false) => resolver.node.clone(),
    };
    if let Some(extra) = &spec(pod).dns_config {
        add(&mut dns, extra);
    }
    fit(&mut dns, &mut complaints);
    (dns, complaints)
}

fn cluster_first(pod: &Pod, resolver: &Resolver) -> Dns {
    let domain = &resolver.cluster_domain;
    let mut searches = Vec::new();
    if !domain.is_empty() {
        searches.extend([format!("{}.svc.{domain}", namespace(pod)), format!("svc.{domain}"), domain.clone()]);
    }
    searches.extend(resolver.node.searches.iter().cloned());
    Dns { servers: resolver.cluster_servers.clone(), searches: unique(searches), options: vec!["ndots:5".into()] }
}

fn add(dns: &mut Dns, extra: &PodDNSConfig) {
    dns.servers.extend(extra.nameservers.iter().flatten().cloned());
    dns.servers = unique(std::mem::take(&mut dns.servers));
    dns.searches.extend(extra.searches.iter().flatten().cloned());
    dns.searches = unique(std::mem::take(&mut dns.searches));
    for option in extra.options.iter().flatten() {
        let name = option.name.clone().unwrap_or_default();
        let value = option.value.as_deref().filter(|v| !v.is_empty());
        set_option(&mut dns.options, value.map_or_else(|| name.clone(), |value| format!("{name}:{value}")));
    }
}

fn unique(list: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(list.len());
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// Resolvers stop reading at some point: better to know where.
fn fit(dns: &mut Dns, complaints: &mut Vec<String>) {
    if dns.servers.len() > MOST_SERVERS {
        dns.servers.truncate(MOST_SERVERS);
        complaints.push(format!(
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: {}",
            dns.servers.join(" ")
        ));
    }
    let before = dns.searches.len();
    dns.searches.truncate(MOST_SEARCHES);
    dns.searches.retain(|search| search.len() <= LONGEST_SEARCH);
    while dns.searches.join(" ").len() > MOST_SEARCH_CHARACTERS {
        dns.searches.pop();
    }
    if dns.searches.len() < before {
        complaints.push(format!(
            "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: {}",
            dns.searches.join(" ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, expect: &str) {
        let json = format!(r#"{{"metadata":{{"name":"p","namespace":"ns"}},"spec":{spec}}}"#);
        let resolver = Resolver {
            node: Dns::parse(
                "# mine\nnameserver 8.8.8.8\nsearch old\nsearch corp.example. .\noptions ndots:1 rotate\n",
            ),
            cluster_servers: vec!["10.96.0.10".into()],
            cluster_domain: "cluster.local".into(),
        };
        let (dns, _) = dns(&serde_json::from_str(&json).unwrap(), &resolver);
        let text = format!("{} | {} | {}", dns.servers.join(" "), dns.searches.join(" "), dns.options.join(" "));
        assert_eq!(text, expect, "{spec}");
    }

    #[test]
    fn policies() {
        let cluster = "10.96.0.10 | ns.svc.cluster.local svc.cluster.local cluster.local corp.example | ndots:5";
        let node = "8.8.8.8 | corp.example | ndots:1 rotate";
        check(r#"{"containers":[]}"#, cluster);
        check(r#"{"containers":[],"dnsPolicy":"ClusterFirst","hostNetwork":true}"#, node);
        check(r#"{"containers":[],"dnsPolicy":"ClusterFirstWithHostNet","hostNetwork":true}"#, cluster);
        check(r#"{"containers":[],"dnsPolicy":"Default"}"#, node);
        check(
            r#"{"containers":[],"dnsPolicy":"None","dnsConfig":{"nameservers":["1.1.1.1"],"searches":["x"],
                "options":[{"name":"ndots","value":"2"},{"name":"edns0"}]}}"#,
            "1.1.1.1 | x | ndots:2 edns0",
        );
        check(
            r#"{"containers":[],"dnsConfig":{"nameservers":["1.1.1.1","10.96.0.10","2","3"],"options":[{"name":"ndots","value":"2"}]}}"#,
            "10.96.0.10 1.1.1.1 2 | ns.svc.cluster.local svc.cluster.local cluster.local corp.example | ndots:2",
        );
    }
}
