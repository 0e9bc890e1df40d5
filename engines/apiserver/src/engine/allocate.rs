//! Addresses and ports of Services, claimed in the very transaction that writes the object: each claim is a key that
//! must be free. ClusterIPs are claimed by upstream's own IPAddress objects, node ports by keys of ours.

use super::Going;
use crate::hub::ValuesOf;
use crate::storage;
use bytes::Bytes;
use kinds::{Allocation, Rules};
use meta::{CompactString, ErrorList, FieldError, Key, Object, Path, Status, Time, Value, value};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use store::{Expect, Txn};

const PORT_CLAIMS: &str = "/k1s/nodeports/";
/// Random picks before the range is searched from its start.
const PICKS: usize = 16;

/// Where addresses and ports are taken from.
#[derive(Clone, Debug)]
pub struct Ranges {
    pub cluster_ips: (Ipv4Addr, u8),
    pub node_ports: std::ops::RangeInclusive<u16>,
}

impl Default for Ranges {
    fn default() -> Ranges {
        Ranges { cluster_ips: (Ipv4Addr::new(10, 96, 0, 0), 12), node_ports: 30_000..=32_767 }
    }
}

impl Ranges {
    fn size(&self) -> u64 {
        1 << (32 - self.cluster_ips.1)
    }

    fn address(&self, offset: u64) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.cluster_ips.0) + offset as u32)
    }

    fn contains(&self, address: Ipv4Addr) -> bool {
        let offset = u64::from(u32::from(address)).checked_sub(u64::from(u32::from(self.cluster_ips.0)));
        offset.is_some_and(|offset| offset > 0 && offset < self.size() - 1)
    }

    /// The address of the `kubernetes` Service: the first of the range.
    pub fn first(&self) -> Ipv4Addr {
        self.address(1)
    }

    /// Automatic addresses keep clear of the lower band, which is for addresses that people choose.
    fn lower_band(&self) -> u64 {
        (self.size() / 16).clamp(16, 256).min(self.size() / 2)
    }
}

/// One thing that an object holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Address(IpAddr),
    Port(u16),
}

impl Going<'_> {
    /// Settles what the new object claims and the old one held, as part of the transaction to come.
    pub(super) fn claim(&self, new: &mut Value, old: Option<&Value>) -> Result<Txn, Status> {
        let rules = self.row.def.rules.clone();
        let asked = rules.allocations(new, old);
        let held = old.map(|old| self.held(old)).unwrap_or_default();
        if asked.is_empty() && held.is_empty() {
            return Ok(Txn::new());
        }
        let mut wanted = BTreeSet::new();
        for allocation in &asked {
            let claim = self.settle(new, allocation, &held, &wanted)?;
            wanted.insert(claim);
        }
        rules.allocated(new);
        let mut txn = Txn::new();
        for claim in wanted.difference(&held) {
            let key = self.claim_key(claim)?;
            txn = txn.expect(key.clone(), Expect::Absent).put(key, self.claim_body(claim, new)?);
        }
        for claim in held.difference(&wanted) {
            txn = txn.delete(self.claim_key(claim)?);
        }
        Ok(txn)
    }

    /// Gives back all that an object holds.
    pub(super) fn release(&self, old: &Value) -> Result<Txn, Status> {
        self.held(old).iter().try_fold(Txn::new(), |txn, claim| Ok(txn.delete(self.claim_key(claim)?)))
    }

    fn held(&self, object: &Value) -> BTreeSet<Claim> {
        let named = |allocation: &Allocation| match allocation {
            Allocation::ClusterIp { wanted, .. } => wanted.as_ref()?.parse().ok().map(Claim::Address),
            Allocation::NodePort { wanted, .. } => wanted.map(Claim::Port),
        };
        self.row.def.rules.allocations(object, None).iter().filter_map(named).collect()
    }

    fn settle(
        &self,
        new: &mut Value,
        allocation: &Allocation,
        held: &BTreeSet<Claim>,
        taken: &BTreeSet<Claim>,
    ) -> Result<Claim, Status> {
        match allocation {
            Allocation::ClusterIp { path, wanted, family } => {
                let address = match wanted {
                    Some(text) => self.chosen_address(new, text, held)?,
                    None => self.pick_address(new, path, *family)?,
                };
                set_at(new, path, Value::from(address.to_string()));
                Ok(Claim::Address(address))
            }
            Allocation::NodePort { path, wanted, .. } => {
                let port = match wanted {
                    Some(port) => self.chosen_port(new, path, *port, held, taken)?,
                    None => self.pick_port(new, path, taken)?,
                };
                set_at(new, path, Value::Int(port.into()));
                Ok(Claim::Port(port))
            }
        }
    }

    fn chosen_address(&self, new: &Value, text: &str, held: &BTreeSet<Claim>) -> Result<IpAddr, Status> {
        let refuse = |why: String| {
            let shown = Value::List(vec![Value::from(text)]);
            self.refused(new, FieldError::invalid(&Path::new("spec").field("clusterIPs"), shown, why))
        };
        let address: IpAddr =
            text.parse().map_err(|_| refuse(format!("failed to allocate IP {text}: not a valid IP")))?;
        let inside = matches!(address, IpAddr::V4(v4) if self.api.ranges.contains(v4));
        if !inside {
            let range = format!("{}/{}", self.api.ranges.cluster_ips.0, self.api.ranges.cluster_ips.1);
            return Err(refuse(format!(
                "failed to allocate IP {text}: the provided IP ({text}) is not in the valid range. The range of valid IPs is {range}"
            )));
        }
        if !held.contains(&Claim::Address(address)) && self.is_taken(address) {
            return Err(refuse(format!("failed to allocate IP {text}: provided IP is already allocated")));
        }
        Ok(address)
    }

    fn pick_address(&self, new: &Value, path: &str, family: u8) -> Result<IpAddr, Status> {
        let ranges = &self.api.ranges;
        let exhausted = || {
            let why = "failed to allocate a serviceIP: range is full";
            self.refused(new, FieldError::internal(&to_path(path), why))
        };
        if family != 4 {
            return Err(exhausted());
        }
        let (low, size) = (ranges.lower_band(), ranges.size() - 1);
        let random = (0..PICKS).map(|_| low + self.api.clock.random() % (size - low));
        let rest = (low..size).chain(1..low);
        let free = random.chain(rest).map(|offset| IpAddr::V4(ranges.address(offset))).find(|ip| !self.is_taken(*ip));
        free.ok_or_else(exhausted)
    }

    fn is_taken(&self, address: IpAddr) -> bool {
        let row = self.table.get("networking.k8s.io", "ipaddresses");
        row.is_some_and(|row| row.hub.get(&Key::cluster(address.to_string())).is_some())
    }

    fn chosen_port(
        &self,
        new: &Value,
        path: &str,
        port: u16,
        held: &BTreeSet<Claim>,
        taken: &BTreeSet<Claim>,
    ) -> Result<u16, Status> {
        let refuse = |why: String| self.refused(new, FieldError::invalid(&to_path(path), i64::from(port), why));
        let range = &self.api.ranges.node_ports;
        if !range.contains(&port) {
            let (first, last) = (range.start(), range.end());
            return Err(refuse(format!(
                "provided port is not in the valid range. The range of valid ports is {first}-{last}"
            )));
        }
        let claim = Claim::Port(port);
        // One Service may use a port under several protocols.
        if !held.contains(&claim) && !taken.contains(&claim) && self.is_in_use(port) {
            return Err(refuse("provided port is already allocated".into()));
        }
        Ok(port)
    }

    fn pick_port(&self, new: &Value, path: &str, taken: &BTreeSet<Claim>) -> Result<u16, Status> {
        let range = self.api.ranges.node_ports.clone();
        let size = u64::from(range.end() - range.start()) + 1;
        let random = (0..PICKS).map(|_| range.start() + (self.api.clock.random() % size) as u16);
        let free = |port: &u16| !taken.contains(&Claim::Port(*port)) && !self.is_in_use(*port);
        random.chain(range.clone()).find(free).ok_or_else(|| {
            let why = "failed to allocate a nodePort: range is full";
            self.refused(new, FieldError::internal(&to_path(path), why))
        })
    }

    fn is_in_use(&self, port: u16) -> bool {
        static NAME: &str = "node ports";
        let rules = self.row.def.rules.clone();
        let ports: ValuesOf = Arc::new(move |object| node_ports(&*rules, &object.decode_value()));
        !self.row.hub.with_value(NAME, &ports, &port.to_string()).is_empty()
    }

    fn refused(&self, object: &Value, error: FieldError) -> Status {
        let errors = ErrorList(vec![error]);
        Status::invalid(&self.row.def.gvk(&self.call.request.resource.version), object.str("metadata.name"), &errors)
    }

    fn claim_key(&self, claim: &Claim) -> Result<Arc<str>, Status> {
        match claim {
            Claim::Port(port) => Ok(format!("{PORT_CLAIMS}{port}").into()),
            Claim::Address(address) => {
                let row = self.addresses()?;
                Ok(storage::key(&row.def, &Key::cluster(address.to_string())))
            }
        }
    }

    fn addresses(&self) -> Result<&crate::rows::Row, Status> {
        let row = self.table.get("networking.k8s.io", "ipaddresses");
        row.map(|row| &**row).ok_or_else(|| Status::internal("IP addresses are not served"))
    }

    fn claim_body(&self, claim: &Claim, owner: &Value) -> Result<Bytes, Status> {
        match claim {
            Claim::Port(_) => Ok(Bytes::from(storage::value_key(owner).to_string())),
            Claim::Address(address) => {
                let object = self.address_object(*address, owner);
                let body = Object::canonical(&object);
                self.api.format.encode(&self.addresses()?.def, &object, &body).map_err(Status::internal)
            }
        }
    }

    fn address_object(&self, address: IpAddr, owner: &Value) -> Value {
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        value!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IPAddress",
            "metadata": {
                "name": (address.to_string()),
                "uid": (self.api.clock.uuid()),
                "creationTimestamp": (Time(self.api.clock.now()).to_string()),
                "labels": {
                    "ipaddress.kubernetes.io/ip-family": family,
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                },
            },
            "spec": {"parentRef": {
                "resource": (CompactString::from(&*self.row.def.names.plural)),
                "namespace": (owner.str("metadata.namespace")),
                "name": (owner.str("metadata.name")),
            }},
        })
    }
}

fn node_ports(rules: &dyn Rules, object: &Value) -> Vec<CompactString> {
    let port = |allocation: &Allocation| match allocation {
        Allocation::NodePort { wanted, .. } => wanted.map(|port| port.to_string().into()),
        Allocation::ClusterIp { .. } => None,
    };
    rules.allocations(object, None).iter().filter_map(port).collect()
}

/// Sets the value at a dotted path whose numbers are indexes; a list grows by one where it must.
fn set_at(object: &mut Value, path: &str, new: Value) {
    let mut here = object;
    for part in path.split('.') {
        here = match part.parse::<usize>() {
            Err(_) => here.entry(part),
            Ok(index) => {
                if here.as_list().is_none() {
                    *here = Value::List(Vec::new());
                }
                let Some(items) = here.as_list_mut() else { return };
                if items.len() <= index {
                    items.resize(index + 1, Value::Null);
                }
                &mut items[index]
            }
        };
    }
    *here = new;
}

fn to_path(path: &str) -> Path {
    path.split('.').fold(Path::root(), |here, part| match part.parse() {
        Ok(index) => here.index(index),
        Err(_) => here.field(part),
    })
}
