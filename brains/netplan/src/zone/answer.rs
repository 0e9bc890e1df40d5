//! Questions and answers, without their wire format.

use super::Zone;
use super::named::{Host, Named, NamedPort, undashed};
use crate::facts::{Protocol, ServiceKey};
use std::net::{IpAddr, Ipv6Addr};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ipv4,
    Ipv6,
    Service,
    Pointer,
    Text,
    Start,
    NameServer,
    Any,
    /// Exists nowhere in this zone, though the name may.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    Address(IpAddr),
    Alias(String),
    Pointer(String),
    Service {
        weight: u16,
        port: u16,
        target: String,
    },
    Text(String),
    NameServer(String),
    /// The zone's own record.
    Start,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody else's name.
    NotOurs,
    /// No such name. The zone that says so.
    Missing(String),
    /// The name exists; records of that kind may not. `extra` holds the addresses of what the records point to.
    Records { zone: String, records: Vec<Record>, extra: Vec<Record> },
}

const SPECIFICATION: &str = "1.1.0";

impl Zone {
    /// `name` in lower case, without its last dot.
    pub fn answer(&self, name: &str, kind: Kind) -> Answer {
        if let Some(address) = reverse_name(name) {
            return self.pointer(name, address, kind);
        }
        let inside = name.strip_suffix(&*self.domain).filter(|_| !self.domain.is_empty());
        match inside.map(|rest| rest.strip_suffix('.').unwrap_or(rest)) {
            Some("") if name == &*self.domain => self.found(self.apex(name, kind), Vec::new()),
            Some(rest) if name.len() == rest.len() + 1 + self.domain.len() => self.forward(name, rest, kind),
            _ => Answer::NotOurs,
        }
    }

    fn found(&self, records: Vec<Record>, extra: Vec<Record>) -> Answer {
        Answer::Records { zone: self.domain.to_string(), records, extra }
    }

    fn empty(&self) -> Answer {
        self.found(Vec::new(), Vec::new())
    }

    fn missing(&self) -> Answer {
        Answer::Missing(self.domain.to_string())
    }

    fn apex(&self, name: &str, kind: Kind) -> Vec<Record> {
        let start = Record { name: name.to_owned(), data: Data::Start };
        let server = Record { name: name.to_owned(), data: Data::NameServer(format!("ns.dns.{}", self.domain)) };
        match kind {
            Kind::Start => vec![start],
            Kind::NameServer => vec![server],
            Kind::Any => vec![start, server],
            _ => Vec::new(),
        }
    }

    /// `rest` is the name without the cluster's domain: service.namespace.svc and what may stand before it.
    fn forward(&self, name: &str, rest: &str, kind: Kind) -> Answer {
        let labels: Vec<&str> = rest.rsplit('.').collect();
        match labels.as_slice() {
            ["dns-version"] => self.found(version(name, kind), Vec::new()),
            ["svc" | "pod"] => self.empty(),
            ["svc" | "pod", namespace] if self.namespaces.contains(*namespace) => self.empty(),
            ["pod", namespace, pod] => self.pod(name, namespace, pod, kind),
            ["svc", namespace, service] => self.service(name, namespace, service, &Part::Whole, kind),
            ["svc", namespace, service, host] => self.service(name, namespace, service, &Part::Host(host), kind),
            ["svc", namespace, service, protocol, port] => match Part::port(protocol, port) {
                Some(part) => self.service(name, namespace, service, &part, kind),
                None => self.missing(),
            },
            _ => self.missing(),
        }
    }

    fn pod(&self, name: &str, namespace: &str, label: &str, kind: Kind) -> Answer {
        match undashed(label).filter(|_| self.namespaces.contains(namespace)) {
            Some(address) => self.found(addresses(name, [address], kind), Vec::new()),
            None => self.missing(),
        }
    }

    fn service(&self, name: &str, namespace: &str, service: &str, part: &Part<'_>, kind: Kind) -> Answer {
        let key = ServiceKey::new(namespace, service);
        let Some(named) = self.services.get(&key) else { return self.missing() };
        if let Some(target) = &named.external {
            return match part {
                Part::Whole => {
                    self.found(vec![Record { name: name.to_owned(), data: Data::Alias(target.clone()) }], Vec::new())
                }
                _ => self.missing(),
            };
        }
        let hosts = part.hosts(named);
        if !part.exists(named) {
            return self.missing();
        }
        let whole = !named.headless && !matches!(part, Part::Host(_));
        if kind == Kind::Service {
            return self.ports(name, &key, named, part, &hosts, whole);
        }
        let all = || hosts.iter().map(|host| host.address);
        let records =
            if whole { addresses(name, named.addresses.iter().copied(), kind) } else { addresses(name, all(), kind) };
        self.found(records, Vec::new())
    }

    fn ports(
        &self,
        name: &str,
        key: &ServiceKey,
        named: &Named,
        part: &Part<'_>,
        hosts: &[&Host],
        whole: bool,
    ) -> Answer {
        let base = format!("{}.{}.svc.{}", key.name, key.namespace, self.domain);
        let mut targets: Vec<(u16, String)> = Vec::new();
        let mut extra = Vec::new();
        if whole {
            targets.extend(part.ports(&named.ports).map(|port| (port, base.clone())));
            extra = addresses(&base, named.addresses.iter().copied(), Kind::Any);
        } else {
            for host in hosts {
                let target = format!("{}.{base}", host.label);
                targets.extend(part.ports(&host.ports).map(|port| (port, target.clone())));
                extra.extend(addresses(&target, [host.address], Kind::Any));
            }
        }
        if targets.is_empty() {
            return self.empty();
        }
        let weight = (100 / targets.len().clamp(1, 100)) as u16;
        let record = |(port, target)| Record { name: name.to_owned(), data: Data::Service { weight, port, target } };
        self.found(targets.into_iter().map(record).collect(), extra)
    }

    /// An address that no service knows is somebody else's business.
    fn pointer(&self, name: &str, address: IpAddr, kind: Kind) -> Answer {
        let Some(services) = self.reverse.get(&address) else { return Answer::NotOurs };
        let names = services.iter().flat_map(|key| self.names_of(key, address));
        let record = |target| Record { name: name.to_owned(), data: Data::Pointer(target) };
        let records = if matches!(kind, Kind::Pointer | Kind::Any) { names.map(record).collect() } else { Vec::new() };
        let zone = if address.is_ipv4() { "in-addr.arpa" } else { "ip6.arpa" };
        Answer::Records { zone: zone.to_owned(), records, extra: Vec::new() }
    }

    /// Of a cluster address the service's name; of an endpoint its own name within the service.
    fn names_of(&self, key: &ServiceKey, address: IpAddr) -> Vec<String> {
        let base = format!("{}.{}.svc.{}", key.name, key.namespace, self.domain);
        let Some(named) = self.services.get(key) else { return Vec::new() };
        if named.addresses.contains(&address) {
            return vec![base];
        }
        let hosts = named.hosts.iter().filter(|host| host.address == address);
        hosts.map(|host| format!("{}.{base}", host.label)).collect()
    }
}

/// Which part of a service is asked for.
enum Part<'a> {
    Whole,
    Host(&'a str),
    Port { name: &'a str, protocol: Protocol },
}

impl<'a> Part<'a> {
    fn port(protocol: &str, port: &'a str) -> Option<Self> {
        let label = protocol.strip_prefix('_')?;
        let known = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter();
        let protocol = { known }.find(|protocol| protocol.label() == label)?;
        Some(Self::Port { name: port.strip_prefix('_')?, protocol })
    }

    fn hosts<'n>(&self, named: &'n Named) -> Vec<&'n Host> {
        let wanted = |host: &&Host| match self {
            Self::Host(label) => host.label == *label,
            Self::Whole => true,
            Self::Port { .. } => self.ports(&host.ports).next().is_some(),
        };
        named.hosts.iter().filter(wanted).collect()
    }

    /// A headless service without endpoints has a name that leads nowhere: upstream's server calls it missing.
    fn exists(&self, named: &Named) -> bool {
        match self {
            Self::Whole => !named.headless || !named.hosts.is_empty(),
            Self::Port { .. } if !named.headless => self.ports(&named.ports).next().is_some(),
            _ => !self.hosts(named).is_empty(),
        }
    }

    fn ports<'p>(&self, ports: &'p [NamedPort]) -> impl Iterator<Item = u16> + use<'_, 'p, 'a> {
        let wanted = move |port: &&NamedPort| match self {
            Self::Port { name, protocol } => port.name == *name && port.protocol == *protocol,
            _ => true,
        };
        ports.iter().filter(wanted).map(|port| port.port)
    }
}

fn version(name: &str, kind: Kind) -> Vec<Record> {
    let record = Record { name: name.to_owned(), data: Data::Text(SPECIFICATION.to_owned()) };
    if matches!(kind, Kind::Text | Kind::Any) { vec![record] } else { Vec::new() }
}

fn addresses(name: &str, all: impl IntoIterator<Item = IpAddr>, kind: Kind) -> Vec<Record> {
    let wanted = |address: &IpAddr| match kind {
        Kind::Ipv4 => address.is_ipv4(),
        Kind::Ipv6 => address.is_ipv6(),
        Kind::Any => true,
        _ => false,
    };
    let record = |address| Record { name: name.to_owned(), data: Data::Address(address) };
    all.into_iter().filter(wanted).map(record).collect()
}

/// `4.3.2.1.in-addr.arpa` is 1.2.3.4; likewise 32 nibbles under ip6.arpa.
fn reverse_name(name: &str) -> Option<IpAddr> {
    if let Some(digits) = name.strip_suffix(".in-addr.arpa") {
        let forward: Vec<&str> = digits.rsplit('.').collect();
        return (forward.len() == 4).then(|| forward.join(".").parse().ok()).flatten();
    }
    let nibbles = name.strip_suffix(".ip6.arpa")?;
    let digits: Vec<u128> = nibbles
        .rsplit('.')
        .map(|nibble| u8::from_str_radix(nibble, 16).ok().filter(|_| nibble.len() == 1).map(u128::from))
        .collect::<Option<_>>()?;
    (digits.len() == 32).then(|| Ipv6Addr::from(digits.iter().fold(0, |all, nibble| all << 4 | nibble)).into())
}
