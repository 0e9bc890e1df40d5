//! The table in the kernel, and what is known about it.

use super::{NAME, elements, rules, sets, sticky};
use crate::config::Config;
use kernel::net::{Batch, Element, Flows, Holds, NetError, Rules, Set, StaleFlows, Table, TableImage, Value};
use netplan::{Datagrams, Desired, Transaction, diff};
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use tokio::sync::Mutex;

pub type TableError = NetError;

pub struct RuleTable<K> {
    kernel: K,
    known: Mutex<Known>,
}

/// What the kernel holds for services. Nothing is known after a start, and after a commit that failed.
enum Known {
    Nothing,
    Applied(Box<Desired>),
}

impl<K: Rules + Flows> RuleTable<K> {
    /// Finds or makes the table. One that was built differently is rebuilt in the same instant, with what it held.
    pub async fn open(kernel: K, config: &Config) -> Result<Self, TableError> {
        let table = rules::table(config);
        let image = kernel.image(NAME, sets::all()).await?;
        if image.as_ref().and_then(|image| image.fingerprint) != Some(table.fingerprint()) {
            kernel.commit(NAME, rebuilt(table, image.unwrap_or_default())).await?;
        }
        Ok(Self { kernel, known: Mutex::new(Known::Nothing) })
    }

    pub async fn apply(&self, desired: &Desired) -> Result<(), TableError> {
        let mut known = self.known.lock().await;
        let (batch, datagrams) = match &*known {
            Known::Applied(applied) => {
                let transaction = diff(applied, desired);
                (change(&transaction), transaction.datagrams)
            }
            Known::Nothing => {
                let image = self.kernel.image(NAME, sets::all()).await?.unwrap_or_default();
                let transaction = diff(&Desired::default(), desired);
                (difference(image, &transaction), transaction.datagrams)
            }
        };
        // Until the answer is here, nothing is known: a caller that is dropped while waiting leaves it so.
        *known = Known::Nothing;
        if !batch.is_empty() {
            self.kernel.commit(NAME, batch).await?;
        }
        *known = Known::Applied(Box::new(desired.clone()));
        self.forget(datagrams.iter().map(stale).collect()).await
    }

    /// Elements that belong to links, not to services. They change in the same table, never in the same batch.
    pub async fn change_links(&self, remove: Vec<Element>, add: Vec<Element>) -> Result<(), TableError> {
        let _turn = self.known.lock().await;
        self.kernel.commit(NAME, Batch { remove, add, ..Batch::default() }).await
    }

    pub async fn link_elements(&self) -> Result<Vec<Element>, TableError> {
        let of_links = sets::all().into_iter().filter(|set| sets::of_links(set.name)).collect();
        Ok(self.kernel.image(NAME, of_links).await?.unwrap_or_default().elements)
    }

    pub async fn remove(&self) -> Result<(), TableError> {
        *self.known.lock().await = Known::Nothing;
        self.kernel.remove_table(NAME).await.map(drop)
    }

    /// Ends flows that are not where they should be any more.
    pub async fn forget(&self, stale: Vec<StaleFlows>) -> Result<(), TableError> {
        if stale.is_empty() {
            return Ok(());
        }
        let forgotten = self.kernel.forget(stale).await?;
        tracing::debug!(forgotten, "ended datagram flows to endpoints that are gone");
        Ok(())
    }
}

fn stale(datagrams: &Datagrams) -> StaleFlows {
    let frontend = datagrams.frontend;
    StaleFlows {
        protocol: frontend.protocol.number(),
        address: Some(frontend.address),
        port: frontend.port,
        keep: datagrams.serving.iter().map(|backend| SocketAddr::new(backend.address, backend.port)).collect(),
    }
}

/// A fresh table with the old one's elements, as far as they fit.
fn rebuilt(table: Table, image: TableImage) -> Batch {
    let add: Vec<_> = image.elements.into_iter().filter(|element| fits(element, &table.sets)).collect();
    let times: BTreeSet<u32> = add.iter().filter_map(elements::affinity_of).collect();
    let mut batch = Batch { table: Some(table), add, ..Batch::default() };
    start_affinities(&mut batch, times);
    batch
}

fn fits(element: &Element, sets: &[Set]) -> bool {
    let Some(set) = sets.iter().find(|set| set.name == element.set) else { return false };
    let value = match (&set.holds, &element.value) {
        (Holds::Fields(fields), Value::Bytes(bytes)) => sets::width(fields) == bytes.len(),
        (Holds::Nothing, Value::Nothing) => !set.ranges,
        (Holds::Nothing, Value::Until(last)) => set.ranges && last.len() == element.key.len(),
        _ => false,
    };
    value && sets::width(set.key) == element.key.len()
}

fn change(transaction: &Transaction) -> Batch {
    let mut batch = Batch {
        remove: transaction.remove.iter().map(elements::element).collect(),
        add: transaction.add.iter().map(elements::element).collect(),
        ..Batch::default()
    };
    start_affinities(&mut batch, transaction.start_affinities.iter().copied());
    stop_affinities(&mut batch, transaction.stop_affinities.iter().copied());
    by_set(&mut batch);
    batch
}

/// What the kernel holds, against everything that is wanted.
fn difference(image: TableImage, wanted: &Transaction) -> Batch {
    let times = times_of(&image);
    let mut found: HashMap<&'static str, HashMap<Vec<u8>, Value>> = HashMap::new();
    for Element { set, key, value } in image.elements.into_iter().filter(|element| !sets::of_links(element.set)) {
        found.entry(set).or_default().insert(key, value);
    }
    let mut batch = Batch::default();
    for element in wanted.add.iter().map(elements::element) {
        match found.get_mut(element.set).and_then(|set| set.remove(&element.key)) {
            Some(value) if value == element.value => continue,
            Some(value) => batch.remove.push(Element { value, ..element.clone() }),
            None => {}
        }
        batch.add.push(element);
    }
    for (set, gone) in found {
        batch.remove.extend(gone.into_iter().map(|(key, value)| Element { set, key, value }));
    }
    let wanted: BTreeSet<u32> = wanted.start_affinities.iter().copied().collect();
    start_affinities(&mut batch, wanted.difference(&times).copied());
    stop_affinities(&mut batch, times.difference(&wanted).copied());
    by_set(&mut batch);
    batch
}

/// The affinity times that have a chain.
fn times_of(image: &TableImage) -> BTreeSet<u32> {
    let time = |name: &String| name.strip_prefix("sticky-")?.parse().ok();
    image.chains.iter().filter_map(time).collect()
}

fn start_affinities(batch: &mut Batch, times: impl IntoIterator<Item = u32>) {
    for seconds in times {
        batch.add_chains.push(sticky::sticky(seconds));
        batch.add.push(sticky::class_element(seconds));
    }
}

fn stop_affinities(batch: &mut Batch, times: impl IntoIterator<Item = u32>) {
    for seconds in times {
        batch.remove.push(sticky::class_element(seconds));
        batch.remove_chains.push(sticky::chain_name(seconds));
    }
}

/// Neighbours of one set share a message.
fn by_set(batch: &mut Batch) {
    batch.remove.sort_by_key(|element| element.set);
    batch.add.sort_by_key(|element| element.set);
}
