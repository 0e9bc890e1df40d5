//! The sets. Their number is constant; what a service adds are elements.

use kernel::net::{Family, Field, Field::*, Holds, Set};
use std::time::Duration;

/// A set that exists once a family.
#[derive(Clone, Copy)]
pub struct Pair {
    pub v4: &'static str,
    pub v6: &'static str,
    key: [&'static [Field]; 2],
    value: Option<[&'static [Field]; 2]>,
    dynamic: bool,
    ranges: bool,
}

impl Pair {
    pub fn of(&self, family: Family) -> &'static str {
        if family == Family::V4 { self.v4 } else { self.v6 }
    }

    fn sets(&self) -> [Set; 2] {
        [(self.v4, 0), (self.v6, 1)].map(|(name, index)| Set {
            name,
            key: self.key[index],
            holds: self.value.map_or(Holds::Nothing, |value| Holds::Fields(value[index])),
            dynamic: self.dynamic.then_some(UNCONFIRMED),
            ranges: self.ranges,
        })
    }

    const fn new(v4: &'static str, v6: &'static str, key: [&'static [Field]; 2]) -> Self {
        Self { v4, v6, key, value: None, dynamic: false, ranges: false }
    }

    const fn holding(self, value: [&'static [Field]; 2]) -> Self {
        Self { value: Some(value), ..self }
    }
}

/// How long an affinity lasts before the chain that knows the service's own time has renewed it.
const UNCONFIRMED: Duration = Duration::from_secs(60);

const FRONTEND: [&[Field]; 2] = [&[Ipv4, Protocol, Port], &[Ipv6, Protocol, Port]];
/// The two scopes of a frontend differ in the first word.
const SCOPED: [&[Field]; 2] = [&[Word, Ipv4, Protocol, Port], &[Word, Ipv6, Protocol, Port]];
const NUMBERED: [&[Field]; 2] = [&[Word, Ipv4, Protocol, Port, Word], &[Word, Ipv6, Protocol, Port, Word]];
const CLIENT: [&[Field]; 2] = [&[Word, Ipv4, Protocol, Port, Ipv4], &[Word, Ipv6, Protocol, Port, Ipv6]];
const BACKEND: [&[Field]; 2] = [&[Ipv4, Port], &[Ipv6, Port]];
const WORD: [&[Field]; 2] = [&[Word]; 2];

/// To a class.
pub const SERVICES: Pair = Pair::new("services4", "services6", SCOPED).holding(WORD);
pub const SLOTS: Pair = Pair::new("slots4", "slots6", NUMBERED).holding(BACKEND);
pub const SIZES: Pair = Pair::new("sizes4", "sizes6", SCOPED).holding(WORD);
/// To the name of a member.
pub const CHOICES: Pair = Pair::new("choices4", "choices6", NUMBERED).holding(WORD);
pub const MEMBERS: Pair = Pair::new("members4", "members6", NUMBERED).holding(BACKEND);
pub const OUTSIDE: Pair = Pair::new("outside4", "outside6", FRONTEND);
pub const MASQUERADED: Pair = Pair::new("masquerade4", "masquerade6", FRONTEND);
/// Frontends that not everybody may reach, and who may.
pub const GUARDED: Pair = Pair::new("guarded4", "guarded6", FRONTEND);
pub const ALLOWED: Pair = Pair {
    ranges: true,
    ..Pair::new("allowed4", "allowed6", [&[Ipv4, Protocol, Port, Ipv4], &[Ipv6, Protocol, Port, Ipv6]])
};
pub const CLUSTER_IPS: Pair = Pair::new("cluster_ips4", "cluster_ips6", [&[Ipv4], &[Ipv6]]);
pub const AFFINITY: Pair = Pair { dynamic: true, ..Pair::new("affinity4", "affinity6", CLIENT).holding(WORD) };
pub const HOST_PORTS: Pair = Pair::new("host_ports4", "host_ports6", FRONTEND).holding(BACKEND);
/// Of any address of the node.
pub const ANY_HOST_PORTS: Pair =
    Pair::new("any_host_ports4", "any_host_ports6", [&[Protocol, Port]; 2]).holding(BACKEND);
pub const HAIRPIN: Pair = Pair::new("hairpin4", "hairpin6", [&[Ipv4, Ipv4], &[Ipv6, Ipv6]]);

/// Class to chain.
pub const CLASSES: &str = "classes";
/// Number of slots to the chain that picks one and remembers it.
pub const PICKERS: &str = "pickers";

const OF_SERVICES: [Pair; 10] =
    [SERVICES, SLOTS, SIZES, CHOICES, MEMBERS, OUTSIDE, MASQUERADED, GUARDED, ALLOWED, CLUSTER_IPS];
const OF_LINKS: [Pair; 3] = [HOST_PORTS, ANY_HOST_PORTS, HAIRPIN];

pub fn all() -> Vec<Set> {
    let verdicts = |name| Set { name, key: &[Word], holds: Holds::Verdicts, dynamic: None, ranges: false };
    let pairs = OF_SERVICES.iter().chain(&OF_LINKS).chain([&AFFINITY]).flat_map(Pair::sets);
    pairs.chain([verdicts(CLASSES), verdicts(PICKERS)]).collect()
}

pub fn of_links(name: &str) -> bool {
    OF_LINKS.iter().any(|pair| pair.v4 == name || pair.v6 == name)
}

pub fn width(fields: &[Field]) -> usize {
    fields.iter().map(|field| field.width()).sum()
}
