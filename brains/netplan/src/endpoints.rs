//! Which endpoints of a service port take traffic on this node.

use crate::facts::{Endpoint, Node, Port, Slice};
use crate::rows::{Backend, Family};
use std::collections::BTreeMap;

/// The choice for one port and family.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// For traffic of policy Cluster.
    pub all: Vec<Backend>,
    /// For traffic of policy Local.
    pub local: Vec<Backend>,
    /// Somewhere in the cluster somebody could answer.
    pub any: bool,
    /// Those whose flows go on, whatever the policies say.
    pub serving: Vec<Backend>,
}

/// Which of the two lists a service port ever uses.
#[derive(Clone, Copy, Debug)]
pub struct Uses {
    pub all: bool,
    pub local: bool,
}

type Candidates<'a> = BTreeMap<Backend, (&'a Endpoint, bool)>;

pub fn choose(slices: &[&Slice], port: &Port, family: Family, node: &Node, uses: Uses) -> Chosen {
    let candidates = candidates(slices, port, family, node);
    let serving = select(&candidates, |endpoint, _| endpoint.serving);
    let mut chosen = Chosen { serving, ..Chosen::default() };
    if uses.all {
        chosen.all = cluster_wide(&candidates, node);
        chosen.any = !chosen.all.is_empty();
    }
    if uses.local {
        chosen.local = on_this_node(&candidates);
        chosen.any |= candidates.values().any(|(endpoint, _)| endpoint.ready || fading(endpoint));
    }
    chosen
}

/// An endpoint may stand in two slices while it moves; if they disagree about its node, being local wins.
fn candidates<'a>(slices: &[&'a Slice], port: &Port, family: Family, node: &Node) -> Candidates<'a> {
    let mut found = Candidates::new();
    for slice in slices {
        let matching = slice.ports.iter().filter(|one| one.name == port.name && one.protocol == port.protocol);
        for number in matching.map(|one| one.port) {
            for endpoint in slice.endpoints.iter().filter(|one| Family::of(one.address) == family) {
                let local = endpoint.node.as_deref().is_some_and(|name| name == node.name && !name.is_empty());
                let backend = Backend { address: endpoint.address, port: number };
                if local || !found.contains_key(&backend) {
                    found.insert(backend, (endpoint, local));
                }
            }
        }
    }
    found
}

fn select(candidates: &Candidates<'_>, take: impl Fn(&Endpoint, bool) -> bool) -> Vec<Backend> {
    candidates.iter().filter(|(_, (endpoint, local))| take(endpoint, *local)).map(|(backend, _)| *backend).collect()
}

fn fading(endpoint: &Endpoint) -> bool {
    endpoint.serving && endpoint.terminating
}

/// Ready ones, near ones if every hint allows it; when nobody is ready, those that still serve while they end.
fn cluster_wide(candidates: &Candidates<'_>, node: &Node) -> Vec<Backend> {
    let near = nearness(candidates, node);
    let ready = select(candidates, |endpoint, _| endpoint.ready && near.allows(endpoint, node));
    if ready.is_empty() { select(candidates, |endpoint, _| fading(endpoint)) } else { ready }
}

fn on_this_node(candidates: &Candidates<'_>) -> Vec<Backend> {
    let ready = select(candidates, |endpoint, local| local && endpoint.ready);
    if ready.is_empty() { select(candidates, |endpoint, local| local && fading(endpoint)) } else { ready }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nearness {
    Anywhere,
    SameNode,
    SameZone,
}

impl Nearness {
    fn allows(self, endpoint: &Endpoint, node: &Node) -> bool {
        match self {
            Self::Anywhere => true,
            Self::SameNode => endpoint.for_nodes.contains(&node.name),
            Self::SameZone => endpoint.for_zones.contains(&node.zone),
        }
    }
}

/// Hints count only if every ready endpoint has one and one of them points here.
fn nearness(candidates: &Candidates<'_>, node: &Node) -> Nearness {
    let ready = || candidates.values().map(|(endpoint, _)| *endpoint).filter(|endpoint| endpoint.ready);
    let hinted = |hints: fn(&Endpoint) -> &Vec<String>, here: &String| {
        ready().all(|endpoint| !hints(endpoint).is_empty()) && ready().any(|endpoint| hints(endpoint).contains(here))
    };
    if hinted(|endpoint| &endpoint.for_nodes, &node.name) {
        Nearness::SameNode
    } else if hinted(|endpoint| &endpoint.for_zones, &node.zone) {
        Nearness::SameZone
    } else {
        Nearness::Anywhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{EndpointPort, Protocol};

    /// `1` ready, `1!` not ready, `1-` terminating and serving, `1x` terminating only; `@` here, `:z` for zone z,
    /// `;n` for node n.
    fn endpoint(text: &str) -> Endpoint {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let after = |mark: char| text.split(mark).nth(1).map(|rest| vec![rest[..1].to_owned()]).unwrap_or_default();
        let ending = text.contains('-') || text.contains('x');
        Endpoint {
            address: format!("10.0.0.{digits}").parse().unwrap(),
            ready: !text.contains('!') && !ending,
            serving: !text.contains('!') && !text.contains('x'),
            terminating: ending,
            hostname: None,
            node: Some(if text.contains('@') { "h" } else { "other" }.to_owned()),
            for_zones: after(':'),
            for_nodes: after(';'),
        }
    }

    fn chosen(endpoints: &str, uses: Uses) -> Chosen {
        let port = Port { name: "p".into(), protocol: Protocol::Tcp, port: 80, node_port: None };
        let slice = Slice {
            ports: vec![EndpointPort { name: "p".into(), protocol: Protocol::Tcp, port: 8080 }],
            endpoints: endpoints.split_whitespace().map(endpoint).collect(),
        };
        let node = Node { name: "h".into(), zone: "z".into(), ..Node::default() };
        choose(&[&slice], &port, Family::V4, &node, uses)
    }

    fn numbers(backends: &[Backend]) -> String {
        let last = |backend: &Backend| backend.address.to_string().rsplit('.').next().unwrap().to_owned();
        backends.iter().map(last).collect::<Vec<_>>().join(" ")
    }

    fn check(endpoints: &str, all: &str, local: &str, any: bool) {
        let chosen = chosen(endpoints, Uses { all: true, local: true });
        assert_eq!(
            (numbers(&chosen.all), numbers(&chosen.local), chosen.any),
            (all.into(), local.into(), any),
            "{endpoints}"
        );
    }

    #[test]
    fn choices() {
        check("", "", "", false);
        check("1 2", "1 2", "", true);
        check("1 2@", "1 2", "2", true);
        check("1 2!", "1", "", true);
        check("1! 2!", "", "", false);
        check("1 2-", "1", "", true);
        check("1- 2x", "1", "", true);
        check("1x 2x", "", "", false);
        check("1-@ 2", "2", "1", true);
        check("1-@ 2@", "2", "2", true);
    }

    #[test]
    fn hints() {
        check("1:z 2:y", "1", "", true);
        check("1:z 2", "1 2", "", true);
        check("1:y 2:w", "1 2", "", true);
        check("1:z;h 2:z;o", "1", "", true);
        check("1:z;o 2:z;o 3:y;o", "1 2", "", true);
        check("1:z 2:y 3!", "1", "", true);
        check("1!:z 2:y", "2", "", true);
    }

    #[test]
    fn a_list_that_is_not_used_is_not_made() {
        let all = chosen("1@ 2", Uses { all: true, local: false });
        assert_eq!((numbers(&all.all), numbers(&all.local)), ("1 2".into(), String::new()));
        let local = chosen("1 2", Uses { all: false, local: true });
        assert_eq!((local.all.len(), local.local.len(), local.any), (0, 0, true));
        assert_eq!(numbers(&local.serving), "1 2");
    }
}
