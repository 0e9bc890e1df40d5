//! The desired state of a node, compiled from a snapshot; and only as much of it as changed.

use crate::claim::Claims;
use crate::facts::{Node, ServiceKey, Snapshot};
use crate::rows::ServiceRules;
use crate::service;
use crate::zone::Zone;
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Desired {
    pub(crate) services: OrdMap<ServiceKey, Arc<ServiceRules>>,
    /// How many services ask for each affinity time.
    pub(crate) affinities: OrdMap<u32, usize>,
    claims: Claims,
    pub zone: Zone,
    from: Snapshot,
}

impl Desired {
    pub fn rules(&self) -> impl Iterator<Item = (&ServiceKey, &ServiceRules)> {
        self.services.iter().map(|(key, rules)| (key, rules.as_ref()))
    }
}

/// No service has this key: the rows that belong to the node itself.
fn node_key() -> ServiceKey {
    ServiceKey::new("", "")
}

pub fn plan(before: &Desired, now: &Snapshot) -> Desired {
    let fresh = before.from.node != now.node;
    let start = if fresh { Desired::for_node(&now.node, before) } else { before.clone() };
    let mut changed = changed_services(&start.from, now);
    let mut desired = Desired { from: now.clone(), ..start };
    desired.zone.update(now, &changed);
    desired.claim(&mut changed);
    for key in &changed {
        desired.compile(before, key);
    }
    desired
}

impl Desired {
    /// Everything depends on the node; nothing of an older plan stands when it changes, except who had which slot.
    fn for_node(node: &Arc<Node>, before: &Self) -> Self {
        let zone = Zone::new(&node.cluster_domain, before.zone.serial());
        let mut desired = Self { zone, ..Self::default() };
        let own = service::own_rules(node);
        desired.claims.replace(&node_key(), &[], &own.claims);
        desired.services.insert(node_key(), Arc::new(own));
        desired
    }

    /// Settles who owns which frontend, and adds those to `changed` who won or lost one.
    fn claim(&mut self, changed: &mut BTreeSet<ServiceKey>) {
        let mut affected = Vec::new();
        for key in changed.iter() {
            let now = self.from.services.get(key).map(|one| service::claims(one, &self.from.node)).unwrap_or_default();
            let before = self.services.get(key).map(|rules| rules.claims.as_slice()).unwrap_or_default();
            affected.extend(self.claims.replace(key, before, &now));
        }
        changed.extend(affected.into_iter().filter(|key| *key != node_key()));
    }

    fn compile(&mut self, before: &Self, key: &ServiceKey) {
        let Some(facts) = self.from.services.get(key) else {
            let gone = self.services.remove(key);
            return self.count_affinities(gone.as_deref(), None);
        };
        let slices = self.from.slices_of(key);
        let previous = before.services.get(key).map(Arc::as_ref);
        let owns = |frontend: &_| self.claims.owns(key, frontend);
        let rules = Arc::new(service::compile(key, facts, &slices, &self.from.node, previous, owns));
        let replaced = self.services.insert(key.clone(), rules.clone());
        self.count_affinities(replaced.as_deref(), Some(&rules));
    }

    fn count_affinities(&mut self, before: Option<&ServiceRules>, now: Option<&ServiceRules>) {
        for seconds in now.map(ServiceRules::affinities).unwrap_or_default() {
            *self.affinities.entry(seconds).or_insert(0) += 1;
        }
        for seconds in before.map(ServiceRules::affinities).unwrap_or_default() {
            let left = self.affinities.get(&seconds).map_or(0, |count| count.saturating_sub(1));
            if left == 0 {
                self.affinities.remove(&seconds);
            } else {
                self.affinities.insert(seconds, left);
            }
        }
    }
}

/// The maps share what did not change, so this costs what did.
fn changed_services(before: &Snapshot, now: &Snapshot) -> BTreeSet<ServiceKey> {
    let mut changed = BTreeSet::new();
    for item in before.services.diff(&now.services) {
        changed.insert(key_of(&item).clone());
    }
    for item in before.slices.diff(&now.slices) {
        changed.insert(key_of(&item).service.clone());
    }
    changed
}

pub(crate) fn key_of<'a, K, V>(item: &DiffItem<'a, 'a, K, V>) -> &'a K {
    match item {
        DiffItem::Add(key, _) | DiffItem::Remove(key, _) | DiffItem::Update { new: (key, _), .. } => key,
    }
}
