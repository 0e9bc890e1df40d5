//! What one watch has shown so far, held against the ledger: in order, each change once, none missing, none ahead of a
//! promise.

use super::PREFIX;
use crate::gate::Gate;
use crate::timeline::digest;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Batch, Event};

pub struct Trail {
    asked: u64,
    /// Everything up to here has been shown, or so the watch says.
    pub reached: u64,
    checked: u64,
    seen: BTreeSet<(u64, Arc<str>)>,
}

impl Trail {
    /// Of a watch from this revision on.
    pub fn from(asked: u64) -> Trail {
        let reached = asked.saturating_sub(1);
        Trail { asked, reached, checked: reached, seen: BTreeSet::new() }
    }

    pub fn take(&mut self, batch: &Batch, gate: &Gate) {
        for event in &batch.events {
            self.take_event(event, gate);
        }
        if batch.revision < self.reached {
            self.object(gate, format_args!("told of {} although it had come to {}", batch.revision, self.reached));
        }
        self.reached = self.reached.max(batch.revision);
    }

    fn take_event(&mut self, event: &Event, gate: &Gate) {
        let (revision, key) = (event.revision(), event.key());
        if revision <= self.reached {
            self.object(gate, format_args!("showed {key} at {revision} although it had come to {}", self.reached));
        }
        if !self.seen.insert((revision, key.clone())) {
            self.object(gate, format_args!("showed {key} at {revision} twice"));
        }
        let shown = match event {
            Event::Put { record, .. } => Some(digest(&record.value)),
            Event::Delete { .. } => None,
        };
        if gate.ledger.told(key, revision).is_some_and(|told| told != shown) {
            self.object(gate, format_args!("showed {key} at {revision} otherwise than it was written"));
        }
    }

    /// Whether everything acknowledged was shown, up to where the watch has come.
    pub fn check(&mut self, gate: &Gate) {
        if self.reached <= self.checked {
            return;
        }
        for (revision, key) in gate.ledger.changes(PREFIX, self.checked + 1..=self.reached).into_keys() {
            if !self.seen.contains(&(revision, key.clone())) {
                self.object(gate, format_args!("missed {key} at {revision}"));
            }
        }
        self.checked = self.reached;
        self.seen.retain(|(revision, _)| *revision > self.checked);
    }

    fn object(&self, gate: &Gate, what: std::fmt::Arguments<'_>) {
        gate.timeline.violation(format_args!("a store watch from {} {what}", self.asked));
    }
}
