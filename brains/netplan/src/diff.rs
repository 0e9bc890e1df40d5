//! Desired minus applied: one transaction.

use crate::desired::{Desired, key_of};
use crate::facts::ServiceKey;
use crate::rows::{Datagrams, Row, ServiceRules};
use std::cmp::Ordering;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Happens first: a changed value is a removal and an addition.
    pub remove: Vec<Row>,
    pub add: Vec<Row>,
    /// Affinity times, each of which has a chain of its own.
    pub start_affinities: Vec<u32>,
    pub stop_affinities: Vec<u32>,
    /// Datagram frontends whose endpoints changed: flows to anybody else must end.
    pub datagrams: Vec<Datagrams>,
}

impl Transaction {
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty()
            && self.add.is_empty()
            && self.start_affinities.is_empty()
            && self.stop_affinities.is_empty()
            && self.datagrams.is_empty()
    }
}

pub fn diff(applied: &Desired, desired: &Desired) -> Transaction {
    let mut transaction = Transaction::default();
    let nothing = ServiceRules::default();
    let keys: Vec<&ServiceKey> = applied.services.diff(&desired.services).map(|item| key_of(&item)).collect();
    for key in keys {
        let before = applied.services.get(key).map_or(&nothing, |rules| rules);
        let now = desired.services.get(key).map_or(&nothing, |rules| rules);
        diff_rows(&before.rows, &now.rows, &mut transaction);
        diff_datagrams(before, now, &mut transaction);
    }
    let (before, now) = (&applied.affinities, &desired.affinities);
    transaction.start_affinities = now.keys().filter(|seconds| !before.contains_key(seconds)).copied().collect();
    transaction.stop_affinities = before.keys().filter(|seconds| !now.contains_key(seconds)).copied().collect();
    transaction
}

/// Both are sorted by key.
fn diff_rows(before: &[Row], now: &[Row], transaction: &mut Transaction) {
    let (mut old, mut new) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.key.cmp(&b.key),
        };
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        if gone != come {
            transaction.remove.extend(gone);
            transaction.add.extend(come);
        }
    }
}

/// A service nobody serves keeps its flows: somebody may come back, and there is no better place for them.
fn diff_datagrams(before: &ServiceRules, now: &ServiceRules, transaction: &mut Transaction) {
    let changed = |one: &&Datagrams| !one.serving.is_empty() && !before.datagrams.contains(one);
    transaction.datagrams.extend(now.datagrams.iter().filter(changed).cloned());
}
