//! Pods that wait: those to be tried now, those that back off, and those for which something must happen first.

use crate::framework::Rank;
use crate::pod::PodInfo;
use jiff::{SignedDuration, Timestamp};
use meta::CompactString;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

const FIRST_BACKOFF: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_secs(10);
/// A refused pod is tried again after so long, whatever happens: an event may have been misjudged.
const LONGEST_REFUSAL: SignedDuration = SignedDuration::from_mins(5);

#[derive(Default)]
pub struct Queue {
    waiting: HashMap<CompactString, Waiting>,
    active: BTreeMap<Rank, CompactString>,
    /// Refused pods that something may have changed for: tried early when nothing else is to do.
    backing_off: BTreeMap<(Timestamp, Rank), CompactString>,
    /// Pods whose binding failed: never tried early.
    after_error: BTreeMap<(Timestamp, Rank), CompactString>,
    refused: BTreeSet<(Timestamp, CompactString)>,
    /// Makes ranks unique.
    count: u64,
}

struct Waiting {
    pod: Arc<PodInfo>,
    rank: Rank,
    place: Place,
    refusals: u32,
    /// Failures in a row that were nobody's refusal.
    errors: u32,
    refused_by: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Active,
    /// Until then.
    BackingOff(Timestamp),
    AfterError(Timestamp),
    /// Since then.
    Refused(Timestamp),
    /// A plugin does not let it into the queue.
    Gated,
    /// It was taken, and what became of it is not known yet.
    Taken,
}

impl Queue {
    pub fn place(&self, uid: &str) -> Option<Place> {
        self.waiting.get(uid).map(|waiting| waiting.place)
    }

    pub fn pod(&self, uid: &str) -> Option<&Arc<PodInfo>> {
        self.waiting.get(uid).map(|waiting| &waiting.pod)
    }

    /// Lets a pod in; `rank` is its plugin's.
    pub fn add(&mut self, pod: Arc<PodInfo>, rank: i64, gated: bool, now: Timestamp) {
        let uid = pod.uid().clone();
        self.remove(&uid);
        self.count += 1;
        let rank = (rank, now, self.count);
        let place = Place::Taken;
        self.waiting.insert(uid.clone(), Waiting { pod, rank, place, refusals: 0, errors: 0, refused_by: Vec::new() });
        self.put(&uid, if gated { Place::Gated } else { Place::Active });
    }

    /// Takes in a newer version of a pod that waits.
    pub fn update(&mut self, pod: Arc<PodInfo>, rank: i64) {
        let uid = pod.uid().clone();
        let Some(waiting) = self.waiting.get_mut(&uid) else { return };
        waiting.pod = pod;
        if waiting.rank.0 != rank {
            let place = waiting.place;
            self.put(&uid, Place::Taken);
            if let Some(waiting) = self.waiting.get_mut(&uid) {
                waiting.rank.0 = rank;
            }
            self.put(&uid, place);
        }
    }

    pub fn remove(&mut self, uid: &str) {
        self.put(uid, Place::Taken);
        self.waiting.remove(uid);
    }

    /// The pod that is next.
    pub fn take(&mut self, now: Timestamp) -> Option<Arc<PodInfo>> {
        self.ring(now);
        let first = |from: &BTreeMap<_, CompactString>| from.values().next().cloned();
        let early = || self.backing_off.values().next().cloned();
        let uid = first(&self.active).or_else(early)?;
        self.put(&uid, Place::Taken);
        self.pod(&uid).cloned()
    }

    /// A pod that was taken could not be placed: `by` these plugins.
    pub fn refuse(&mut self, uid: &str, by: Vec<&'static str>, now: Timestamp) {
        let Some(waiting) = self.waiting.get_mut(uid) else { return };
        waiting.refusals += 1;
        waiting.errors = 0;
        waiting.refused_by = by;
        waiting.rank.1 = now;
        self.put(uid, Place::Refused(now));
    }

    /// A pod that was taken could not be bound.
    pub fn fail(&mut self, uid: &str, now: Timestamp) {
        let Some(waiting) = self.waiting.get_mut(uid) else { return };
        waiting.errors += 1;
        waiting.refused_by.clear();
        waiting.rank.1 = now;
        let until = backoff_end(now, waiting.errors);
        self.put(uid, Place::AfterError(until));
    }

    /// Something may have changed for a pod that was refused, or its gate has opened.
    pub fn wake(&mut self, uid: &str, now: Timestamp) {
        let Some(waiting) = self.waiting.get(uid) else { return };
        let place = match waiting.place {
            Place::Gated => Place::Active,
            Place::Refused(since) => {
                let until = backoff_end(since, waiting.refusals);
                if until < window(now) { Place::Active } else { Place::BackingOff(until) }
            }
            _ => return,
        };
        self.put(uid, place);
    }

    /// A gate has closed before the pod was tried.
    pub fn gate(&mut self, uid: &str) {
        if !matches!(self.place(uid), None | Some(Place::Taken)) {
            self.put(uid, Place::Gated);
        }
    }

    /// Refused pods, with the plugins that refused them.
    pub fn refused(&self) -> impl Iterator<Item = (&Arc<PodInfo>, &[&'static str])> {
        let of = |(_, uid): &(Timestamp, CompactString)| self.waiting.get(uid);
        self.refused.iter().filter_map(of).map(|waiting| (&waiting.pod, &waiting.refused_by[..]))
    }

    /// The plugins that refused this pod, if it waits for what they may have missed.
    pub fn refused_by(&self, uid: &str) -> Option<&[&'static str]> {
        let waiting = self.waiting.get(uid)?;
        matches!(waiting.place, Place::Refused(_)).then_some(&waiting.refused_by)
    }

    pub fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// When to look again even if nothing happens; pods that are ready count as now.
    pub fn next_alarm(&self) -> Option<Timestamp> {
        if !self.active.is_empty() || !self.backing_off.is_empty() {
            return Some(Timestamp::MIN);
        }
        let after_error = self.after_error.keys().next().map(|(until, _)| next_window(*until));
        let refused = self.refused.first().map(|(since, _)| *since + LONGEST_REFUSAL);
        [after_error, refused].into_iter().flatten().min()
    }

    /// Lets in those whose time has come.
    fn ring(&mut self, now: Timestamp) {
        let over = |from: &BTreeMap<(Timestamp, Rank), CompactString>| {
            from.iter().next().filter(|((until, _), _)| *until < window(now)).map(|(_, uid)| uid.clone())
        };
        while let Some(uid) = over(&self.after_error).or_else(|| over(&self.backing_off)) {
            self.put(&uid, Place::Active);
        }
        while let Some((since, uid)) = self.refused.first().cloned()
            && since + LONGEST_REFUSAL <= now
        {
            self.put(&uid, Place::Active);
        }
    }

    fn put(&mut self, uid: &str, place: Place) {
        let Some((uid, waiting)) = self.waiting.get_key_value(uid) else { return };
        let (uid, rank) = (uid.clone(), waiting.rank);
        self.leave(&uid);
        match place {
            Place::Active => drop(self.active.insert(rank, uid.clone())),
            Place::BackingOff(until) => drop(self.backing_off.insert((until, rank), uid.clone())),
            Place::AfterError(until) => drop(self.after_error.insert((until, rank), uid.clone())),
            Place::Refused(since) => drop(self.refused.insert((since, uid.clone()))),
            Place::Gated | Place::Taken => {}
        }
        if let Some(waiting) = self.waiting.get_mut(&uid) {
            waiting.place = place;
        }
    }

    fn leave(&mut self, uid: &CompactString) {
        let Some(Waiting { rank, place, .. }) = self.waiting.get(uid) else { return };
        match *place {
            Place::Active => drop(self.active.remove(rank)),
            Place::BackingOff(until) => drop(self.backing_off.remove(&(until, *rank))),
            Place::AfterError(until) => drop(self.after_error.remove(&(until, *rank))),
            Place::Refused(since) => drop(self.refused.remove(&(since, uid.clone()))),
            Place::Gated | Place::Taken => {}
        }
    }
}

/// Backoffs end in windows of a second: within one, pods of a higher priority go first.
fn window(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn next_window(time: Timestamp) -> Timestamp {
    window(time) + SignedDuration::from_secs(1)
}

fn backoff_end(since: Timestamp, failures: u32) -> Timestamp {
    let doubled = FIRST_BACKOFF.checked_mul(1 << failures.saturating_sub(1).min(10));
    window(since + doubled.unwrap_or(LONGEST_BACKOFF).min(LONGEST_BACKOFF))
}
