//! Parts of a kind's changes that are followed alone: those of a namespace, of one object, of one value of a field (the
//! pods of a node). A watcher in a lane is neither woken by other changes nor reads them, and no number of them makes it
//! late.

use super::bell::Bell;
use super::field::field;
use super::ring::Ring;
use super::{Change, Interest};
use kinds::Rules;
use meta::{CompactString, Key, Object};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    All,
    Namespace(CompactString),
    Object(Key),
    Value(&'static str, CompactString),
}

#[derive(Default)]
pub(super) struct Lanes {
    all: Arc<Bell>,
    parts: BTreeMap<Lane, Part>,
    /// How many lanes there are of each field.
    fields: BTreeMap<&'static str, usize>,
}

#[derive(Default)]
struct Part {
    bell: Arc<Bell>,
    /// Numbers of changes in the ring.
    numbers: VecDeque<u64>,
    /// The changes of this lane from this number on are all noted.
    complete_from: u64,
}

/// What a follower reads at once, and where it goes on.
pub(super) struct Taken {
    pub changes: Vec<Arc<Change>>,
    pub next: u64,
}

impl Lane {
    /// The narrowest lane in which everything of an interest comes by.
    pub fn of(interest: &Interest, namespaced: bool, rules: &dyn Rules) -> Lane {
        let namespace = CompactString::from(&interest.namespace);
        match (&interest.name, &interest.exact) {
            (Some(name), _) if namespaced != namespace.is_empty() => Lane::Object(Key::new(namespace, name.as_str())),
            (_, Some((field, value))) if rules.selectable().contains(field) => Lane::Value(field, value.clone()),
            _ if !namespace.is_empty() => Lane::Namespace(namespace),
            _ => Lane::All,
        }
    }

    /// What is still to be asked of a change that comes by in this lane.
    pub fn remaining(&self, interest: Interest) -> Interest {
        match self {
            Lane::Namespace(_) => Interest { namespace: String::new(), ..interest },
            Lane::Object(_) => Interest { namespace: String::new(), name: None, ..interest },
            Lane::All | Lane::Value(..) => interest,
        }
    }

    fn holds(&self, object: &Object, rules: &dyn Rules) -> bool {
        match self {
            Lane::All => true,
            Lane::Namespace(namespace) => object.header.namespace == *namespace,
            Lane::Object(key) => object.header.name == key.name && object.header.namespace == key.namespace,
            Lane::Value(name, value) => field(rules, object, name) == value.as_str(),
        }
    }
}

impl Lanes {
    /// Notes a change, and returns the bells of all whom it concerns.
    pub fn note(&mut self, number: u64, change: &Change, ring: &Ring, rules: &dyn Rules) -> Vec<Arc<Bell>> {
        self.all.extend(number + 1);
        let mut bells = vec![self.all.clone()];
        if self.parts.is_empty() {
            return bells;
        }
        for lane in self.lanes_of(change, rules) {
            if let Some(part) = self.parts.get_mut(&lane) {
                part.push(number, ring);
                bells.push(part.bell.clone());
            }
        }
        bells
    }

    fn lanes_of(&self, change: &Change, rules: &dyn Rules) -> Vec<Lane> {
        let sides = [change.old.as_ref(), change.new.as_ref()];
        let Some(either) = change.new.as_ref().or(change.old.as_ref()) else { return Vec::new() };
        let key = either.key();
        let mut lanes = vec![Lane::Namespace(key.namespace.clone()), Lane::Object(key)];
        for name in self.fields.keys() {
            let values = sides.iter().flatten().map(|object| CompactString::from(field(rules, object, name)));
            let mut values: Vec<CompactString> = values.collect();
            values.dedup();
            lanes.extend(values.into_iter().map(|value| Lane::Value(name, value)));
        }
        lanes
    }

    /// Makes the lane where there is none; the changes from a number on will all be found in it.
    pub fn follow(&mut self, lane: &Lane, from: u64, ring: &Ring, rules: &dyn Rules) -> Arc<Bell> {
        let bell = match lane {
            Lane::All => self.all.clone(),
            part => self.part(part, from, ring, rules).bell.clone(),
        };
        bell.follow();
        bell
    }

    fn part(&mut self, lane: &Lane, from: u64, ring: &Ring, rules: &dyn Rules) -> &Part {
        let fresh = !self.parts.contains_key(lane);
        if let (true, Lane::Value(name, _)) = (fresh, lane) {
            *self.fields.entry(name).or_default() += 1;
        }
        let part = self.parts.entry(lane.clone()).or_default();
        if fresh || from < part.complete_from {
            let concerns = |change: &Change| {
                [&change.old, &change.new].into_iter().flatten().any(|object| lane.holds(object, rules))
            };
            let found = ring.from(from).into_iter().flatten().filter(|(_, change)| concerns(change));
            part.numbers = found.map(|(number, _)| number).collect();
            part.bell.extend(part.numbers.back().map_or(from, |last| last + 1));
            part.complete_from = from;
        }
        part
    }

    pub fn leave(&mut self, lane: &Lane) {
        let bell = match lane {
            Lane::All => &self.all,
            part => match self.parts.get(part) {
                Some(part) => &part.bell,
                None => return,
            },
        };
        if bell.leave() && self.parts.remove(lane).is_some() {
            self.forget_field(lane);
        }
    }

    fn forget_field(&mut self, lane: &Lane) {
        let Lane::Value(name, _) = lane else { return };
        if let Some(count) = self.fields.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.fields.remove(name);
            }
        }
    }

    /// Whether somebody lives on the values of this field.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The changes from a number on, up to the first that is not wanted any more; None when some of them are gone.
    pub fn take(&self, lane: &Lane, from: u64, ring: &Ring, mut wanted: impl FnMut(&Change) -> bool) -> Option<Taken> {
        let Some(part) = self.parts.get(lane) else {
            let changes = ring.from(from)?.map(|(_, change)| change).take_while(|change| wanted(change));
            let changes: Vec<_> = changes.cloned().collect();
            return Some(Taken { next: from + changes.len() as u64, changes });
        };
        if from < part.complete_from {
            return None;
        }
        let begin = part.numbers.partition_point(|number| *number < from);
        let mut changes = Vec::new();
        for number in part.numbers.range(begin..) {
            let change = ring.get(*number)?;
            if !wanted(change) {
                return Some(Taken { changes, next: *number });
            }
            changes.push(change.clone());
        }
        Some(Taken { changes, next: ring.end() })
    }

    /// The ring was cut: who was on the way finds out.
    pub fn cut(&mut self, ring: &Ring) -> Vec<Arc<Bell>> {
        for part in self.parts.values_mut() {
            part.numbers.clear();
            part.complete_from = ring.end();
        }
        let bells = self.parts.values().map(|part| &part.bell).chain([&self.all]);
        bells.inspect(|bell| bell.extend(ring.end())).cloned().collect()
    }
}

impl Part {
    /// What the ring has lost is lost here, too.
    fn push(&mut self, number: u64, ring: &Ring) {
        while let Some(first) = self.numbers.front().copied().filter(|first| ring.get(*first).is_none()) {
            self.numbers.pop_front();
            self.complete_from = first + 1;
        }
        self.numbers.push_back(number);
        self.bell.extend(number + 1);
    }
}
