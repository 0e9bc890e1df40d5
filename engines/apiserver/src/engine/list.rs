//! Lists: exact snapshots, whole from memory or page by page from the store at the first page's revision.

use super::{Going, Outcome, Token, store_status};
use crate::hub::Wanted;
use crate::storage;
use client::{Answer, VersionMatch};
use meta::{Key, Object, Status};
use std::sync::Arc;
use store::{Range, Ranged, Record};

/// Records read from the store for one step of a page: selectors may refuse many of them.
const STEP: usize = 1_000;

pub(super) const CONTINUE_EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// What the request's versions ask for.
enum Snapshot {
    /// At least as new as this; 0 is anything.
    AtLeast(u64),
    Exactly(u64),
}

impl Going<'_> {
    pub(super) async fn list(&mut self) -> Result<Outcome, Status> {
        let list = &self.call.request.list;
        if !list.continue_token.is_empty() {
            let token = self.continued()?;
            return self.page(Some(token)).await;
        }
        match self.snapshot()? {
            Snapshot::Exactly(revision) => self.page_at(revision).await,
            Snapshot::AtLeast(revision) => {
                self.reach(revision).await?;
                if list.limit == 0 { self.whole().await } else { self.page(None).await }
            }
        }
    }

    fn continued(&self) -> Result<Token, Status> {
        let list = &self.call.request.list;
        if !list.resource_version.is_empty() && list.resource_version != "0" {
            return Err(Status::bad_request("specifying resource version is not allowed when using continue"));
        }
        Token::parse(&list.continue_token)
    }

    fn snapshot(&self) -> Result<Snapshot, Status> {
        let list = &self.call.request.list;
        let revision = match list.resource_version.as_str() {
            "" => return Ok(Snapshot::AtLeast(u64::MAX)),
            text => parse_revision(text).map_err(|status| Status {
                message: format!("invalid resource version: {}", status.message),
                ..status
            })?,
        };
        let exact = match list.version_match {
            Some(wanted) => wanted == VersionMatch::Exact,
            None => list.limit > 0 && revision > 0,
        };
        Ok(if exact { Snapshot::Exactly(revision) } else { Snapshot::AtLeast(revision) })
    }

    /// Waits until what is shown is as new as was asked for.
    pub(super) async fn reach(&self, revision: u64) -> Result<u64, Status> {
        if revision == 0 {
            return Ok(self.api.hub.shown().revision());
        }
        let newest = self.api.fresh().await?;
        if revision != u64::MAX && revision > newest {
            return Err(too_new(revision, newest));
        }
        Ok(newest)
    }

    async fn whole(&mut self) -> Result<Outcome, Status> {
        let selection = self.selection()?;
        let request = &self.call.request;
        let wanted = Wanted { namespace: &request.key.namespace, exact: self.exact(&selection.fields) };
        let mut listing = self.row.hub.list_wanted(&wanted, &selection.labels);
        listing.objects = self.askable(&selection.fields, listing.objects).await?;
        if !selection.fields.is_everything() {
            listing.objects.retain(|object| selection.holds(&self.row.def, object));
        }
        self.listed(listing.revision, String::new(), None, listing.objects).await
    }

    async fn page_at(&mut self, revision: u64) -> Result<Outcome, Status> {
        let newest = self.api.fresh().await?;
        if revision > newest {
            return Err(too_new(revision, newest));
        }
        let prefix = self.prefix();
        self.collect(Range::prefix(&prefix).at(revision), false).await
    }

    async fn page(&mut self, token: Option<Token>) -> Result<Outcome, Status> {
        let prefix = self.prefix();
        let range = Range::prefix(&prefix);
        match token {
            None => self.collect(range, false).await,
            Some(token) => {
                let all = storage::key(&self.row.def, &Key::default());
                let start = format!("{all}{}", token.start);
                if !start.starts_with(&*prefix) {
                    return Err(Status::bad_request("continue key is not valid: the start key is outside its prefix"));
                }
                let range = Range { start: start.into(), ..range };
                match token.revision {
                    ..0 => self.collect(range, true).await, // an inconsistent continuation at the newest revision
                    revision => self.collect(range.at(revision as u64), true).await,
                }
            }
        }
    }

    fn prefix(&self) -> Arc<str> {
        storage::key(&self.row.def, &Key::new(self.call.request.key.namespace.clone(), ""))
    }

    /// Reads records until the page is full or the range is at its end.
    async fn collect(&mut self, mut range: Range, continued: bool) -> Result<Outcome, Status> {
        let selection = self.selection()?;
        let limit = match self.call.request.list.limit as usize {
            0 => usize::MAX,
            limit => limit,
        };
        let mut found: Vec<Arc<Object>> = Vec::new();
        loop {
            let step = range.clone().limit(limit.saturating_sub(found.len()).saturating_add(1).clamp(2, STEP));
            let Ranged { revision, records, more, count } =
                self.api.store.range(step).await.map_err(|error| self.range_status(error, continued, &range))?;
            let read = records.len() as u64;
            let objects = records.iter().map(|record| self.read(record)).collect::<Result<_, _>>()?;
            for (taken, object) in self.askable(&selection.fields, objects).await?.into_iter().enumerate() {
                if !selection.holds(&self.row.def, &object) {
                    continue;
                }
                found.push(object);
                if found.len() == limit && (more || (taken as u64) + 1 < read) {
                    let plain = selection.labels.is_everything() && selection.fields.is_everything();
                    let remaining = plain.then(|| count - taken as u64 - 1);
                    let token = Token::after(&found[limit - 1].key(), revision);
                    return self.listed(revision, token, remaining, found).await;
                }
            }
            match records.last() {
                Some(last) if more => range = range.after(&last.key).at(revision),
                _ => return self.listed(revision, String::new(), None, found).await,
            }
        }
    }

    /// A record as an object: the one in memory, where nothing has happened to it since.
    fn read(&self, record: &Record) -> Result<Arc<Object>, Status> {
        let all = storage::key(&self.row.def, &Key::default());
        let key = record.key.strip_prefix(&*all).and_then(|key| storage::parse_key(self.row.def.namespaced(), key));
        let known = key.and_then(|key| self.row.hub.get(&key));
        match known.filter(|known| known.header.resource_version == record.modified) {
            Some(known) => Ok(known),
            None => self.api.format.decode(&self.row.def, record).map(Arc::new).map_err(Status::internal),
        }
    }

    fn range_status(&self, error: store::Error, continued: bool, range: &Range) -> Status {
        match error {
            store::Error::Compacted { .. } if continued => {
                let mut status = Status::expired(CONTINUE_EXPIRED);
                let all = storage::key(&self.row.def, &Key::default());
                status.continue_token = Token::inconsistent(range.start.strip_prefix(&*all).unwrap_or("")).into();
                status
            }
            store::Error::Compacted { oldest } => Status::expired(format!(
                "The resourceVersion for the provided list is too old: it was compacted, the oldest kept is {oldest}."
            )),
            other => store_status(other),
        }
    }

    async fn listed(
        &self,
        revision: u64,
        continue_token: String,
        remaining: Option<u64>,
        objects: Vec<Arc<Object>>,
    ) -> Result<Outcome, Status> {
        let items = if self.needs_no_conversion() { objects } else { self.presented_all(objects).await? };
        Ok(Outcome::of(Answer::List { resource_version: revision, continue_token, remaining, items }))
    }
}

pub(super) fn parse_revision(text: &str) -> Result<u64, Status> {
    text.parse().map_err(|_| {
        let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
        Status::bad_request(format!("resourceVersion: Invalid value: {text:?}: {why}"))
    })
}

/// What upstream says of a version to a watch, or to the reader of one object, is no answer of the API's own.
pub(super) fn without_reason(status: Status) -> Status {
    Status { status: "Failure".into(), message: status.message, code: 500, ..Status::default() }
}

pub(super) fn too_new(asked: u64, newest: u64) -> Status {
    let mut status = Status::timeout(format!("Too large resource version: {asked}, current: {newest}"), 1);
    if let Some(details) = &mut status.details {
        let message = "Too large resource version".into();
        details.causes.push(meta::Cause { reason: "ResourceVersionTooLarge".into(), message, field: String::new() });
    }
    status
}
