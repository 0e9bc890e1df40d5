//! The names of a cluster: services, endpoints and pods, as the DNS specification of Kubernetes has them.
//!
//! Answers are computed from facts when a question comes. A service costs the same however many names it has, and a
//! change replaces one entry; the map is persistent, so a new zone is published by exchanging one pointer.

mod answer;
mod named;

pub use answer::{Answer, Data, Kind, Record};
use named::Named;

use crate::facts::{ServiceKey, Snapshot};
use imbl::{OrdMap, OrdSet};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Zone {
    domain: Arc<str>,
    services: OrdMap<ServiceKey, Arc<Named>>,
    /// Which services an address stands for or behind.
    reverse: OrdMap<IpAddr, OrdSet<ServiceKey>>,
    namespaces: OrdSet<Arc<str>>,
    serial: u32,
}

impl Zone {
    pub(crate) fn new(domain: &str, after: u32) -> Self {
        Self { domain: domain.to_ascii_lowercase().into(), serial: after, ..Self::default() }
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Grows with every change.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    pub(crate) fn update(&mut self, now: &Snapshot, changed: &BTreeSet<ServiceKey>) {
        if !changed.is_empty() || !self.namespaces.ptr_eq(&now.namespaces) {
            self.serial = self.serial.wrapping_add(1);
        }
        self.namespaces = now.namespaces.clone();
        for key in changed {
            let named = now.services.get(key).map(|service| Arc::new(Named::new(service, &now.slices_of(key))));
            let before = self.services.get(key).cloned();
            self.point_back(key, before.as_deref(), named.as_deref());
            match named {
                Some(named) => self.services.insert(key.clone(), named),
                None => self.services.remove(key),
            };
        }
    }

    fn point_back(&mut self, key: &ServiceKey, before: Option<&Named>, now: Option<&Named>) {
        let old: BTreeSet<_> = before.into_iter().flat_map(Named::all_addresses).collect();
        let new: BTreeSet<_> = now.into_iter().flat_map(Named::all_addresses).collect();
        for address in old.difference(&new) {
            let mut rest = self.reverse.get(address).cloned().unwrap_or_default();
            rest.remove(key);
            if rest.is_empty() {
                self.reverse.remove(address);
            } else {
                self.reverse.insert(*address, rest);
            }
        }
        for address in new.difference(&old) {
            self.reverse.entry(*address).or_default().insert(key.clone());
        }
    }
}
