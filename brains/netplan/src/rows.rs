//! What a rule table is made of, before anybody encodes it: keys and values.

use crate::facts::{Protocol, ServiceKey};
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// Where packets for a service arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frontend {
    pub address: IpAddr,
    pub protocol: Protocol,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    pub address: IpAddr,
    pub port: u16,
}

impl Backend {
    fn digest(&self) -> u32 {
        let mut hasher = Sha256::new();
        match self.address {
            IpAddr::V4(address) => hasher.update(address.octets()),
            IpAddr::V6(address) => hasher.update(address.octets()),
        }
        let digest = hasher.chain_update(self.port.to_be_bytes()).finalize();
        digest[..4].iter().fold(0, |all, byte| all << 8 | u32::from(*byte))
    }
}

/// Who is asking. A frontend of policy Local looks different from outside of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Anyone,
    Outside,
}

/// Names a list of endpoints: one port of one service, all of them or those of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(u64);

impl GroupId {
    pub fn new(service: &ServiceKey, port: &str, protocol: Protocol, local: bool) -> Self {
        let mut hasher = Sha256::new();
        for part in [&*service.namespace, &*service.name, port, protocol.label(), if local { "local" } else { "all" }] {
            hasher.update(part);
            // No name contains a slash.
            hasher.update("/");
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize()[..8]);
        Self(u64::from_be_bytes(first))
    }
}

/// Names one endpoint among those of its frontend: what a client with affinity is remembered by. Derived from the
/// endpoint alone, so that what the kernel remembers still counts after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u32);

impl MemberId {
    /// One for each of the members, which are sorted. Two endpoints rarely ask for the same number; the later one then
    /// takes the next.
    pub(crate) fn of(members: &[Backend]) -> HashMap<Backend, Self> {
        let mut taken = HashSet::new();
        let mut free = |mut number: u32| {
            while !taken.insert(number) {
                number = number.wrapping_add(1);
            }
            Self(number)
        };
        members.iter().map(|backend| (*backend, free(backend.digest()))).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Any other port of it is refused.
    ClusterIp(IpAddr),
    /// Has a row of scope Outside.
    Outside(Frontend),
    /// The source is replaced by the node's: the endpoint may be elsewhere, the answer must come back this way.
    Masquerade(Frontend),
    /// Reached only from where a row allows it.
    Guarded(Frontend),
    Allowed(Frontend, IpNet),
    Service(Scope, Frontend),
    /// A slot of a frontend that spreads.
    Slot(Scope, Frontend, u32),
    /// How many slots a frontend with affinity has, and what they are.
    Size(Scope, Frontend),
    Choice(Scope, Frontend, u32),
    /// Whom the remembered name stands for, as long as it is an endpoint.
    Member(Scope, Frontend, MemberId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Present,
    Target(Target),
    Backend(Backend),
    Size(u32),
    Member(MemberId),
}

/// What happens to a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Spread {
        slots: u32,
    },
    Sticky {
        seconds: u32,
    },
    Reject,
    Drop,
    /// The node itself holds the address.
    Here,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub key: Key,
    pub value: Value,
}

/// The endpoints of one group, sorted, and in the order of their slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub family: Family,
    pub id: GroupId,
    pub members: Vec<Backend>,
    pub slots: Vec<Backend>,
}

/// A datagram frontend, and who may still be answering flows sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagrams {
    pub frontend: Frontend,
    pub serving: Vec<Backend>,
}

/// Everything that one service puts into the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRules {
    /// Sorted by key, each key once.
    pub rows: Vec<Row>,
    pub(crate) groups: Vec<Group>,
    pub(crate) claims: Vec<crate::claim::Claim>,
    pub(crate) datagrams: Vec<Datagrams>,
}

impl ServiceRules {
    /// The affinity times in use, each once.
    pub(crate) fn affinities(&self) -> Vec<u32> {
        let seconds = |row: &Row| match row.value {
            Value::Target(Target::Sticky { seconds, .. }) => Some(seconds),
            _ => None,
        };
        let mut all: Vec<_> = self.rows.iter().filter_map(seconds).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(crate) fn slots(&self, family: Family, id: GroupId) -> &[Backend] {
        let group = self.groups.iter().find(|group| group.family == family && group.id == id);
        group.map(|group| group.slots.as_slice()).unwrap_or_default()
    }
}
