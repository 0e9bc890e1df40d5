//! One service to its rows.

use crate::claim::{Claim, Rank};
use crate::endpoints::{Chosen, Uses, choose};
use crate::facts::{Node, Port, Protocol, Service, ServiceKey, Slice};
use crate::rows::{
    Backend, Datagrams, Family, Frontend, Group, GroupId, Key, MemberId, Row, Scope, ServiceRules, Target, Value,
};
use crate::slots::assign;
use ipnet::IpNet;
use std::net::IpAddr;

/// Where a service asks to be reached.
pub fn claims(service: &Service, node: &Node) -> Vec<Claim> {
    if !is_proxied(service) {
        return Vec::new();
    }
    let mut all: Vec<_> = service
        .ports
        .iter()
        .flat_map(|port| {
            let internal = internal_frontends(service, port).map(|frontend| Claim { frontend, rank: Rank::Cluster });
            internal
                .chain(external_frontends(service, port, node).map(|frontend| Claim { frontend, rank: Rank::External }))
        })
        .collect();
    // Named twice by one service (a cluster address that is also an external one), the better rank stays.
    all.sort_unstable();
    all.dedup_by_key(|claim| claim.frontend);
    all
}

fn is_proxied(service: &Service) -> bool {
    !service.foreign && !service.headless && service.external_name.is_none() && !service.cluster_ips.is_empty()
}

fn internal_frontends<'a>(service: &'a Service, port: &'a Port) -> impl Iterator<Item = Frontend> + 'a {
    let at = |address: &IpAddr| Frontend { address: *address, protocol: port.protocol, port: port.port };
    service.cluster_ips.iter().map(at)
}

fn external_frontends<'a>(service: &'a Service, port: &'a Port, node: &'a Node) -> impl Iterator<Item = Frontend> + 'a {
    let addressed = service.external_ips.iter().chain(&service.ingress_ips).map(|address| (*address, port.port));
    let on_nodes =
        port.node_port.into_iter().flat_map(|number| node.addresses.iter().map(move |address| (*address, number)));
    addressed.chain(on_nodes).map(|(address, number)| Frontend { address, protocol: port.protocol, port: number })
}

/// Rows for the frontends that the node answers by itself, whatever any service says.
pub fn own_rules(node: &Node) -> ServiceRules {
    let frontends = || {
        node.own_services.iter().map(|(address, protocol, port)| Frontend {
            address: *address,
            protocol: *protocol,
            port: *port,
        })
    };
    let row = |frontend| Row { key: Key::Service(Scope::Anyone, frontend), value: Value::Target(Target::Here) };
    let mut rows: Vec<_> = frontends().map(row).collect();
    rows.sort_unstable();
    rows.dedup();
    let claims = frontends().map(|frontend| Claim { frontend, rank: Rank::Node }).collect();
    ServiceRules { rows, claims, ..ServiceRules::default() }
}

/// `owns` tells which of its claims the service won; `before` is only asked which endpoint had which slot.
pub fn compile(
    key: &ServiceKey,
    service: &Service,
    slices: &[&Slice],
    node: &Node,
    before: Option<&ServiceRules>,
    owns: impl Fn(&Frontend) -> bool,
) -> ServiceRules {
    let mut compiler = Compiler { key, service, before, owns, rules: ServiceRules::default() };
    compiler.rules.claims = claims(service, node);
    if is_proxied(service) {
        for port in &service.ports {
            for family in [Family::V4, Family::V6] {
                compiler.port(port, family, slices, node);
            }
        }
        compiler.cluster_ips();
    }
    compiler.rules.rows.sort_unstable();
    compiler.rules.rows.dedup_by_key(|row| row.key);
    compiler.rules
}

struct Compiler<'a, Owns> {
    key: &'a ServiceKey,
    service: &'a Service,
    before: Option<&'a ServiceRules>,
    owns: Owns,
    rules: ServiceRules,
}

impl<Owns: Fn(&Frontend) -> bool> Compiler<'_, Owns> {
    fn port(&mut self, port: &Port, family: Family, slices: &[&Slice], node: &Node) {
        let ours = |frontend: &Frontend| Family::of(frontend.address) == family && (self.owns)(frontend);
        let external: Vec<_> = external_frontends(self.service, port, node).filter(ours).collect();
        let internal: Vec<_> = internal_frontends(self.service, port).filter(ours).collect();
        if internal.is_empty() && external.is_empty() {
            return;
        }
        let uses = self.uses(!external.is_empty());
        let chosen = choose(slices, port, family, node, uses);
        let routes = self.routes(port, family, &chosen);
        internal.iter().for_each(|frontend| self.route(Scope::Anyone, *frontend, routes.internal));
        external.iter().for_each(|frontend| self.external(*frontend, &routes));
        let ingress = |frontend: &&Frontend| self.service.ingress_ips.contains(&frontend.address);
        for frontend in external.iter().filter(ingress).copied().collect::<Vec<_>>() {
            self.guard(frontend, node);
        }
        if port.protocol == Protocol::Udp {
            let datagrams = |frontend| Datagrams { frontend, serving: chosen.serving.clone() };
            self.rules.datagrams.extend(internal.into_iter().chain(external).map(datagrams));
        }
    }

    /// Even under policy Local all endpoints are needed if the service is reachable from outside: what comes from
    /// inside of the cluster to an external address is treated as if it had gone out and come back.
    fn uses(&self, reachable_from_outside: bool) -> Uses {
        Uses {
            all: !self.service.internal_local || reachable_from_outside,
            local: self.service.internal_local || (self.service.external_local && reachable_from_outside),
        }
    }

    fn routes(&mut self, port: &Port, family: Family, chosen: &Chosen) -> Routes {
        let all = self.group(port, family, false, &chosen.all).unwrap_or(Route::Nowhere(Target::Reject));
        // Endpoints exist, only not here: silence, so that a client tries again instead of giving up.
        let elsewhere = Route::Nowhere(if chosen.any { Target::Drop } else { Target::Reject });
        let local = self.group(port, family, true, &chosen.local).unwrap_or(elsewhere);
        let internal = if self.service.internal_local { local } else { all };
        Routes { internal, all, outside: (self.service.external_local && chosen.any).then_some(local) }
    }

    /// Gives the members their slots.
    fn group(&mut self, port: &Port, family: Family, local: bool, members: &[Backend]) -> Option<Route> {
        if members.is_empty() {
            return None;
        }
        let id = GroupId::new(self.key, &port.name, port.protocol, local);
        let slots = assign(self.before.map(|before| before.slots(family, id)).unwrap_or_default(), members);
        self.rules.groups.push(Group { family, id, members: members.to_vec(), slots });
        Some(Route::Group(self.rules.groups.len() - 1))
    }

    fn external(&mut self, frontend: Frontend, routes: &Routes) {
        self.route(Scope::Anyone, frontend, routes.all);
        if let Some(outside) = routes.outside {
            self.add(Key::Outside(frontend), Value::Present);
            self.route(Scope::Outside, frontend, outside);
        } else {
            self.add(Key::Masquerade(frontend), Value::Present);
        }
    }

    fn route(&mut self, scope: Scope, frontend: Frontend, route: Route) {
        let target = match route {
            Route::Nowhere(target) => target,
            Route::Group(index) => self.slots(scope, frontend, index),
        };
        self.add(Key::Service(scope, frontend), Value::Target(target));
    }

    fn slots(&mut self, scope: Scope, frontend: Frontend, group: usize) -> Target {
        let group = &self.rules.groups[group];
        let numbered = (0_u32..).zip(&group.slots);
        let slots = group.slots.len() as u32;
        let mut add = |key, value| self.rules.rows.push(Row { key, value });
        let Some(seconds) = self.service.affinity else {
            numbered.for_each(|(slot, to)| add(Key::Slot(scope, frontend, slot), Value::Backend(*to)));
            return Target::Spread { slots };
        };
        let names = MemberId::of(&group.members);
        numbered.for_each(|(slot, to)| add(Key::Choice(scope, frontend, slot), Value::Member(names[to])));
        for (backend, name) in names {
            add(Key::Member(scope, frontend, name), Value::Backend(backend));
        }
        add(Key::Size(scope, frontend), Value::Size(slots));
        Target::Sticky { seconds }
    }

    /// Node ports of the same service stay open to everybody.
    fn guard(&mut self, frontend: Frontend, node: &Node) {
        let same_family = |range: &&IpNet| range.addr().is_ipv4() == frontend.address.is_ipv4();
        let ranges: Vec<IpNet> = self.service.source_ranges.iter().filter(same_family).copied().collect();
        if ranges.is_empty() {
            return;
        }
        self.add(Key::Guarded(frontend), Value::Present);
        // A node that holds the address speaks from it.
        let from_node = ranges.iter().any(|range| node.addresses.iter().any(|own| range.contains(own)));
        let own = from_node.then(|| IpNet::from(frontend.address));
        for range in IpNet::aggregate(&ranges.into_iter().chain(own).collect()) {
            self.add(Key::Allowed(frontend, range), Value::Present);
        }
    }

    fn cluster_ips(&mut self) {
        let service = self.service;
        service.cluster_ips.iter().for_each(|address| self.add(Key::ClusterIp(*address), Value::Present));
    }

    fn add(&mut self, key: Key, value: Value) {
        self.rules.rows.push(Row { key, value });
    }
}

/// Where a frontend leads: to the endpoints of a group, or to an end.
#[derive(Clone, Copy)]
enum Route {
    Group(usize),
    Nowhere(Target),
}

struct Routes {
    internal: Route,
    all: Route,
    /// None: from outside it looks no different.
    outside: Option<Route>,
}
