//! Reading at a revision.

use super::chain::Chain;
use super::history::Change;
use super::{Machine, Restored};
use crate::{Error, Event, Range, Ranged, Record, Want};
use bytes::Bytes;
use std::ops::Bound;
use std::sync::Arc;

impl Machine {
    pub fn get(&self, key: &str, at: Option<u64>) -> Result<(u64, Option<Record>), Error> {
        let revision = self.readable(at)?;
        let found = self.index.get_key_value(key).and_then(|(key, chain)| record_at(key, chain, revision));
        Ok((revision, found))
    }

    pub fn range(&self, range: &Range) -> Result<Ranged, Error> {
        let revision = self.readable(range.at)?;
        let mut answer = Ranged { revision, records: Vec::new(), more: false, count: 0 };
        let Some(bounds) = range.bounds() else { return Ok(answer) };
        let limit = if range.limit == 0 { usize::MAX } else { range.limit };
        for (key, chain) in self.index.range::<str, _>(bounds) {
            if !chain.at(revision).is_some_and(|version| version.alive()) {
                continue;
            }
            answer.count += 1;
            if range.want != Want::Count && answer.records.len() < limit {
                answer.records.extend(record_at(key, chain, revision).map(|record| shaped(record, range.want)));
            }
        }
        answer.more = range.want != Want::Count && answer.count > answer.records.len() as u64;
        Ok(answer)
    }

    fn readable(&self, at: Option<u64>) -> Result<u64, Error> {
        match at {
            None => Ok(self.published),
            Some(asked) if asked < self.oldest => Err(Error::Compacted { oldest: self.oldest }),
            Some(asked) if asked > self.published => Err(Error::FutureRevision { asked, newest: self.published }),
            Some(asked) => Ok(asked),
        }
    }

    pub(super) fn event(&self, change: &Change, with_previous: bool) -> Event {
        let Change { revision, key } = change;
        let chain = self.index.get(key).expect("pruning takes the history away before the versions");
        let previous = if with_previous { record_at(key, chain, revision - 1) } else { None };
        match record_at(key, chain, *revision) {
            Some(record) => Event::Put { record, previous },
            None => Event::Delete { key: key.clone(), revision: *revision, previous },
        }
    }

    /// A part of the state at `revision` for a snapshot: living keys after `after`, up to the one that fills `bytes`.
    /// The caller keeps a pin.
    pub fn page(&self, after: Option<&str>, revision: u64, bytes: usize) -> Vec<Restored> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.index.range::<str, _>((start, Bound::Unbounded));
        let mut room = bytes;
        rest.filter_map(|(key, chain)| Restored::of(key, chain.at(revision)?))
            .take_while(|restored| {
                let fits = room > 0;
                room = room.saturating_sub(restored.record.key.len() + restored.record.value.len() + 1);
                fits
            })
            .collect()
    }
}

fn record_at(key: &Arc<str>, chain: &Chain, revision: u64) -> Option<Record> {
    chain.at(revision)?.record(key)
}

fn shaped(record: Record, want: Want) -> Record {
    match want {
        Want::Keys => Record { value: Bytes::new(), ..record },
        Want::Records | Want::Count => record,
    }
}
