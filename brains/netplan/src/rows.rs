//! What a rule table is made of, before anybody encodes it: keys and values.

use crate::facts::{Protocol, ServiceKey};
use sha2::{Digest, Sha256};
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

/// Who is asking. A frontend of policy Local looks different from outside of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Anyone,
    Outside,
}

/// Names a list of endpoints: one port of one service, all of them or those of this node. Derived from the name alone,
/// so that a restart finds the elements it wrote before, affinity included; wide enough that two never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

impl GroupId {
    pub(crate) fn new(service: &ServiceKey, port: &str, protocol: Protocol, local: bool) -> Self {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Any other port of it is refused.
    ClusterIp(IpAddr),
    /// Has a row of scope Outside.
    Outside(Frontend),
    /// The source is replaced by the node's: the endpoint may be elsewhere, the answer must come back this way.
    Masquerade(Frontend),
    Service(Scope, Frontend),
    Slot(Family, GroupId, u32),
    /// Of groups with affinity only: is the remembered endpoint still one?
    Member(GroupId, Backend),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Present,
    Target(Target),
    Backend(Backend),
}

/// What happens to a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Spread {
        group: GroupId,
        slots: u32,
    },
    Sticky {
        group: GroupId,
        slots: u32,
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

/// The endpoints of one group, in the order of their slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub family: Family,
    pub id: GroupId,
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
