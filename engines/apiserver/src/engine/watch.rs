//! Watches: initial events where they are asked for, then the ring.

use super::list::{parse_revision, too_new, without_reason};
use super::{Api, Call, Going};
use crate::hub::{Change, Encoding, FieldMatch, Watcher};
use client::VersionMatch;
use kinds::Verb;
use meta::{Object, Status};
use std::sync::Arc;

/// A watch on its way: what exists first, then what happens.
pub struct Following {
    pub initial: Vec<Arc<Object>>,
    /// A bookmark that closes the initial events.
    pub announce_end: bool,
    pub bookmarks: bool,
    pub watcher: Watcher,
    /// Objects must be converted from the stored version to the request's.
    pub converted: bool,
    /// What only converted objects can be asked for.
    pub fields: Option<FieldMatch>,
}

impl Following {
    /// What a change is to this watch. One that selects by fields of a converted version sees objects come and go where
    /// the hub sees them change.
    pub async fn event(
        &self,
        api: &Api,
        call: &Call,
        event: Encoding,
        change: &Change,
    ) -> Result<Option<Encoding>, Status> {
        let Some(fields) = &self.fields else { return Ok(Some(event)) };
        let holds = async |object: &Option<Arc<Object>>| match object {
            Some(object) => Ok::<_, Status>(fields(&*api.presented(call, object.clone()).await?)),
            None => Ok(false),
        };
        let old = event != Encoding::Added && holds(&change.old).await?;
        let new = event != Encoding::Deleted && holds(&change.new).await?;
        Ok(Encoding::seen(old, new))
    }
}

impl Api {
    pub async fn watch(&self, call: &Call) -> Result<Following, Status> {
        debug_assert_eq!(call.request.verb, Verb::Watch);
        self.authorize(call)?;
        let table = self.rows.table();
        let row = self.row(&table, &call.request)?;
        let going = Going { api: self, call, table, row, warnings: Vec::new() };
        going.follow().await
    }

    /// An object of a watch as the watch's version shows it.
    pub async fn presented(&self, call: &Call, object: Arc<Object>) -> Result<Arc<Object>, Status> {
        let table = self.rows.table();
        let row = table.served(&call.request.resource).ok_or_else(Status::no_such_page)?.clone();
        Going { api: self, call, table, row, warnings: Vec::new() }.presented(object).await
    }
}

impl Going<'_> {
    async fn follow(&self) -> Result<Following, Status> {
        let list = &self.call.request.list;
        self.check_initial()?;
        let (interest, fields) = self.interest()?;
        let asked =
            if list.resource_version.is_empty() { None } else { Some(watched_revision(&list.resource_version)?) };
        let wants_initial = list.send_initial_events.unwrap_or(matches!(asked, None | Some(0)));
        let start =
            if wants_initial { self.snapshot_revision(asked).await? } else { self.resume_revision(asked).await? };
        let (initial, revision) = match wants_initial {
            true => {
                let listing = self.row.hub.list(&interest.namespace, &interest.labels);
                let mut objects: Vec<_> = listing.objects.into_iter().filter(|o| interest.holds(o)).collect();
                if let Some(fields) = &fields {
                    objects = self.presented_all(objects).await?;
                    objects.retain(|object| fields(object));
                }
                (objects, listing.revision)
            }
            false => (Vec::new(), start),
        };
        let watcher = self.row.hub.watch(revision, interest).ok_or_else(|| too_old(revision))?;
        Ok(Following {
            initial,
            announce_end: list.send_initial_events == Some(true),
            bookmarks: list.bookmarks,
            watcher,
            converted: !self.needs_no_conversion(),
            fields,
        })
    }

    fn check_initial(&self) -> Result<(), Status> {
        let list = &self.call.request.list;
        let path = meta::Path::new("resourceVersionMatch");
        let mut errors = meta::ErrorList::default();
        let mut forbid = |why: &str| errors.push(meta::FieldError::forbidden(&path, why));
        match (list.send_initial_events, list.version_match) {
            (None, Some(_)) => {
                forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            }
            (Some(_), Some(VersionMatch::NotOlderThan)) | (None, None) => {}
            (Some(_), _) => forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        }
        if !list.continue_token.is_empty() {
            forbid("resourceVersionMatch is forbidden when continue is provided");
        }
        if list.version_match == Some(VersionMatch::Exact) {
            errors.push(meta::FieldError::not_supported(&path, "Exact", ["NotOlderThan"]));
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Status::invalid(&meta::Gvk::new("meta.k8s.io", "v1", "ListOptions"), "", &errors))
    }

    /// A fresh enough moment to begin with what exists.
    async fn snapshot_revision(&self, asked: Option<u64>) -> Result<u64, Status> {
        self.reach(asked.unwrap_or(u64::MAX)).await
    }

    async fn resume_revision(&self, asked: Option<u64>) -> Result<u64, Status> {
        let Some(revision) = asked.filter(|revision| *revision > 0) else {
            return self.reach(u64::MAX).await;
        };
        if revision > self.api.hub.shown().revision() {
            let newest = self.api.fresh().await?;
            if revision > newest {
                return Err(too_new(revision, newest));
            }
        }
        Ok(revision)
    }
}

/// Upstream's store complains here, and is not asked in time for a better code.
fn watched_revision(text: &str) -> Result<u64, Status> {
    parse_revision(text).map_err(without_reason)
}

pub(crate) fn too_old(revision: u64) -> Status {
    Status::expired(format!("too old resource version: {revision}"))
}
