//! The network as a model in memory: what was asked for is what is there, and it can be looked at.

use super::{
    Batch, Element, Flows, Holds, KnownLink, Links, NetError, PodLink, Rules, Set, StaleFlows, TableImage, Value,
};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Model>>);

#[derive(Debug, Default)]
struct Model {
    table: Option<TableModel>,
    links: BTreeMap<String, PodLink>,
    held: BTreeSet<IpAddr>,
    routed: BTreeSet<IpNet>,
    forgotten: Vec<StaleFlows>,
    commits: usize,
    forwarding: bool,
    refuse: Option<ErrorKind>,
}

#[derive(Clone, Debug, Default)]
struct TableModel {
    fingerprint: Option<u64>,
    elements: BTreeMap<(&'static str, Vec<u8>), Value>,
    chains: BTreeSet<String>,
}

impl Recorder {
    fn model(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next commits and link operations fail with `kind`, until told None.
    pub fn refuse(&self, kind: Option<ErrorKind>) {
        self.model().refuse = kind;
    }

    pub fn commits(&self) -> usize {
        self.model().commits
    }

    pub fn elements(&self) -> Vec<Element> {
        self.model().table.as_ref().map(TableModel::list).unwrap_or_default()
    }

    pub fn chains(&self) -> Vec<String> {
        self.model().table.iter().flat_map(|table| table.chains.iter().cloned()).collect()
    }

    pub fn pod_links(&self) -> Vec<PodLink> {
        self.model().links.values().cloned().collect()
    }

    pub fn held(&self) -> Vec<IpAddr> {
        self.model().held.iter().copied().collect()
    }

    pub fn routed(&self) -> Vec<IpNet> {
        self.model().routed.iter().copied().collect()
    }

    pub fn forgotten(&self) -> Vec<StaleFlows> {
        self.model().forgotten.clone()
    }

    pub fn forwards(&self) -> bool {
        self.model().forwarding
    }
}

impl Model {
    fn check(&self, doing: &str) -> Result<(), NetError> {
        self.refuse.map_or(Ok(()), |kind| Err(NetError::new(doing, Error::from(kind))))
    }
}

impl TableModel {
    fn list(&self) -> Vec<Element> {
        let element = |((set, key), value): (&(&'static str, Vec<u8>), &Value)| Element {
            set,
            key: key.clone(),
            value: value.clone(),
        };
        self.elements.iter().map(element).collect()
    }

    /// As strict as the kernel: removing what is absent and adding another value to a present key both fail.
    fn apply(&mut self, batch: Batch) -> Result<(), NetError> {
        self.chains.extend(batch.add_chains.into_iter().map(|chain| chain.name));
        for element in batch.remove {
            let gone = self.elements.remove(&(element.set, element.key));
            gone.ok_or_else(|| {
                NetError::new(format!("remove from {}", element.set), Error::from(ErrorKind::NotFound))
            })?;
        }
        for element in batch.add {
            self.insert(element)?;
        }
        for name in batch.remove_chains {
            self.chains.remove(&name);
        }
        Ok(())
    }

    fn insert(&mut self, element: Element) -> Result<(), NetError> {
        let Element { set, key, value } = element;
        match self.elements.insert((set, key), value.clone()) {
            Some(other) if other != value => {
                Err(NetError::new(format!("add to {set}"), Error::from(ErrorKind::AlreadyExists)))
            }
            _ => Ok(()),
        }
    }
}

impl Rules for Recorder {
    async fn commit(&self, table: &'static str, mut batch: Batch) -> Result<(), NetError> {
        let mut model = self.model();
        model.check(table)?;
        let mut next = match batch.table.take() {
            Some(fresh) => {
                let fingerprint = Some(fresh.fingerprint());
                let chains = fresh.chains.iter().map(|chain| chain.name.clone()).collect();
                let mut next = TableModel { fingerprint, chains, ..TableModel::default() };
                fresh.fixed.into_iter().try_for_each(|element| next.insert(element))?;
                next
            }
            None => model
                .table
                .clone()
                .ok_or_else(|| NetError::new(format!("commit to {table}"), Error::from(ErrorKind::NotFound)))?,
        };
        next.apply(batch)?;
        model.table = Some(next);
        model.commits += 1;
        Ok(())
    }

    async fn image(&self, _table: &'static str, sets: Vec<Set>) -> Result<Option<TableImage>, NetError> {
        let model = self.model();
        let readable = |name: &str| {
            sets.iter().any(|set| set.name == name && set.dynamic.is_none() && !matches!(set.holds, Holds::Verdicts))
        };
        Ok(model.table.as_ref().map(|table| TableImage {
            fingerprint: table.fingerprint,
            elements: table.list().into_iter().filter(|element| readable(element.set)).collect(),
            chains: table.chains.iter().cloned().collect(),
        }))
    }

    async fn remove_table(&self, _table: &'static str) -> Result<bool, NetError> {
        Ok(self.model().table.take().is_some())
    }
}

impl Links for Recorder {
    async fn create_link(&self, link: PodLink) -> Result<(), NetError> {
        let mut model = self.model();
        model.check("create link")?;
        if model.links.contains_key(&link.name) {
            return Err(NetError::new("create link", Error::from(ErrorKind::AlreadyExists)));
        }
        model.links.insert(link.name.clone(), link);
        Ok(())
    }

    async fn remove_link(&self, name: String) -> Result<bool, NetError> {
        let mut model = self.model();
        model.check("remove link")?;
        Ok(model.links.remove(&name).is_some())
    }

    async fn links(&self, prefix: &str) -> Result<Vec<KnownLink>, NetError> {
        let known = |link: &PodLink| KnownLink {
            name: link.name.clone(),
            owner: link.owner.clone(),
            addresses: link.addresses.clone(),
        };
        Ok(self.model().links.values().filter(|link| link.name.starts_with(prefix)).map(known).collect())
    }

    async fn enable_forwarding(&self, _v6: bool) -> Result<(), NetError> {
        self.model().forwarding = true;
        Ok(())
    }

    async fn hold_address(&self, address: IpAddr) -> Result<(), NetError> {
        self.model().held.insert(address);
        Ok(())
    }

    async fn release_address(&self, address: IpAddr) -> Result<(), NetError> {
        self.model().held.remove(&address);
        Ok(())
    }

    async fn route_to_rules(&self, range: IpNet, _source: IpAddr) -> Result<(), NetError> {
        self.model().routed.insert(range);
        Ok(())
    }

    async fn unroute(&self, range: IpNet) -> Result<(), NetError> {
        self.model().routed.remove(&range);
        Ok(())
    }
}

impl Flows for Recorder {
    async fn forget(&self, stale: Vec<StaleFlows>) -> Result<usize, NetError> {
        let count = stale.len();
        self.model().forgotten.extend(stale);
        Ok(count)
    }
}
