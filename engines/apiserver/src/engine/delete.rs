//! Deletion: preconditions, grace, finalizers, propagation; of one object or of a selection.

use super::attempt::Step;
use super::{Going, Outcome};
use crate::admission::Operation;
use client::{Answer, DeleteOptions};
use jiff::{SignedDuration, Timestamp};
use meta::{ErrorList, FieldError, Gvk, Gvr, Object, Path, Reason, Status, Time, Value};
use plan::Propagation;
use std::sync::Arc;
use store::Txn;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
const TRIES: usize = 32;

/// What a deletion asks of one object now.
enum Verdict {
    /// What was last to be seen of it.
    Now(Box<Value>),
    /// It is already being deleted, and this request changes nothing in that.
    Pending,
    Mark(Box<Value>),
}

impl Going<'_> {
    pub(super) async fn delete(&mut self) -> Result<Outcome, Status> {
        check_options(&self.call.request.delete)?;
        for _ in 0..TRIES {
            let old = self.current_for_change().await?;
            if let Some(outcome) = self.delete_once(&old).await? {
                return Ok(outcome);
            }
        }
        Err(self.modified(&self.call.request.key))
    }

    async fn delete_once(&mut self, old: &Arc<Object>) -> Result<Option<Outcome>, Status> {
        self.check_preconditions(old)?;
        self.check_admission(Operation::Delete, None, Some(old.value())).await?;
        match self.verdict(old) {
            Verdict::Pending => Ok(Some(self.deleted(old, None, old.header.resource_version).await?)),
            Verdict::Now(last) if self.call.request.write.dry_run => {
                Ok(Some(self.deleted(old, Some(&last), old.header.resource_version).await?))
            }
            Verdict::Now(last) => match self.remove(old).await? {
                Some(revision) => Ok(Some(self.deleted(old, Some(&last), revision).await?)),
                None => Ok(None),
            },
            Verdict::Mark(marked) => match self.commit_change(old, &marked, Txn::new()).await? {
                Step::Done(object) => Ok(Some(Outcome::of(Answer::Object(self.presented(object).await?)))),
                Step::Again => Ok(None),
            },
        }
    }

    async fn deleted(&self, old: &Arc<Object>, last: Option<&Value>, revision: u64) -> Result<Outcome, Status> {
        if self.row.def.rules.returns_deleted() {
            let last = match last {
                Some(last) => self.object(Object::canonical(last), revision)?,
                None => Arc::new(old.at(revision)),
            };
            return Ok(Outcome::of(Answer::Object(self.presented(last).await?)));
        }
        let (resource, header) = (&self.call.request.resource, &old.header);
        Ok(Outcome::of(Answer::Status(Status::deleted(resource, &header.name, &header.uid))))
    }

    fn check_preconditions(&self, old: &Object) -> Result<(), Status> {
        let (options, header) = (&self.call.request.delete, &old.header);
        let kind = Gvr::new(self.row.def.group.clone(), "", self.row.def.names.kind.clone());
        if let Some(uid) = options.uid.as_ref().filter(|uid| **uid != header.uid) {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                header.uid
            );
            return Err(Status::conflict(&kind, &header.name, why));
        }
        let version = header.resource_version.to_string();
        if let Some(asked) = options.resource_version.as_ref().filter(|asked| **asked != version) {
            let why = format!(
                "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({version}). The object might have been modified"
            );
            return Err(Status::conflict(&kind, &header.name, why));
        }
        Ok(())
    }

    fn verdict(&self, old: &Object) -> Verdict {
        let options = &self.call.request.delete;
        let asked = options.grace_seconds.map(|seconds| if seconds < 0 { 1 } else { seconds });
        let before = old.value();
        let mut marked = Value::clone(before);
        marked.remove("metadata.resourceVersion");
        let now = self.api.clock.now();
        let graceful = match self.row.def.rules.grace_seconds(before, asked) {
            Some(_) if old.header.deletion_timestamp.is_some() => match self.shorten(old, asked, now, &mut marked) {
                Some(graceful) => graceful,
                None => return Verdict::Pending,
            },
            Some(seconds) => {
                mark(&mut marked, now, seconds);
                raise_generation(&mut marked);
                seconds
            }
            None => 0,
        };
        settle_finalizers(&mut marked, self.finalizers(old));
        let held = !marked.items("metadata.finalizers").is_empty() || self.row.def.rules.is_held(&marked);
        if graceful == 0 && !held {
            return Verdict::Now(Box::new(marked));
        }
        if old.header.deletion_timestamp.is_none() && marked.at("metadata.deletionTimestamp").is_null() {
            match self.row.def.rules.tells_only_when() {
                true => marked.set("metadata.deletionTimestamp", Time(now).to_string()),
                false => {
                    mark(&mut marked, now, 0);
                    raise_generation(&mut marked);
                }
            }
            self.row.def.rules.mark_deleted(&mut marked, now);
        }
        Verdict::Mark(Box::new(marked))
    }

    /// A second deletion may only shorten the grace of the first. None: it changes nothing.
    fn shorten(&self, old: &Object, asked: Option<i64>, now: Timestamp, marked: &mut Value) -> Option<i64> {
        let granted = old.header.deletion_grace_period_seconds.unwrap_or(0);
        if granted == 0 {
            return Some(0);
        }
        let asked = asked.filter(|asked| *asked < granted)?;
        let moved = old.header.deletion_timestamp? - SignedDuration::from_secs(granted - asked);
        let (at, seconds) = if moved < now { (now, asked.min(1)) } else { (moved, asked) };
        marked.set("metadata.deletionTimestamp", Time(at).to_string());
        marked.set("metadata.deletionGracePeriodSeconds", seconds);
        Some(seconds)
    }

    /// The finalizers that the propagation asks for, with the object's own.
    fn finalizers(&self, old: &Object) -> Vec<Value> {
        let options = &self.call.request.delete;
        let has = |name: &str| old.header.finalizers.iter().any(|f| f == name);
        let (orphan, foreground) = match (options.orphan_dependents, options.propagation) {
            (Some(orphan), _) => (orphan, false),
            (None, Some(propagation)) => (propagation == Propagation::Orphan, propagation == Propagation::Foreground),
            (None, None) if has(ORPHAN) => (true, false),
            (None, None) if has(FOREGROUND) => (false, true),
            (None, None) => (self.row.def.rules.orphans_by_default(), false),
        };
        let own = old.header.finalizers.iter().filter(|f| **f != ORPHAN && **f != FOREGROUND).map(Value::from);
        let first = old.header.deletion_timestamp.is_none();
        let cleaning =
            self.row.def.rules.finalizers_on_delete().iter().filter(|f| first && !has(f)).map(|f| Value::from(*f));
        let added = [(orphan, ORPHAN), (foreground, FOREGROUND)];
        own.chain(cleaning)
            .chain(added.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| Value::from(name)))
            .collect()
    }

    /// Deletes what a list with the same options shows: a page of it, where a limit is asked.
    pub(super) async fn delete_collection(&mut self) -> Result<Outcome, Status> {
        check_options(&self.call.request.delete)?;
        let listed = self.list().await?;
        let Answer::List { items, .. } = &listed.answer else {
            return Err(Status::internal("a list was expected"));
        };
        for shown in items {
            let stored = self.row.hub.get(&shown.key());
            if let Some(stored) = stored.filter(|stored| stored.header.uid == shown.header.uid) {
                self.delete_member(stored).await?;
            }
        }
        Ok(listed)
    }

    /// Deletes one of a collection; that somebody else was faster is fine.
    async fn delete_member(&mut self, object: Arc<Object>) -> Result<(), Status> {
        let mut old = object;
        for _ in 0..TRIES {
            match self.delete_once(&old).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => {}
                Err(status) if status.is(Reason::NotFound) => return Ok(()),
                Err(status) => return Err(status),
            }
            self.api.fresh().await?;
            match self.row.hub.get(&old.key()) {
                Some(newer) if newer.header.uid == old.header.uid => old = newer,
                _ => return Ok(()),
            }
        }
        Err(self.modified(&old.key()))
    }
}

fn mark(object: &mut Value, now: Timestamp, seconds: i64) {
    let at = now + SignedDuration::from_secs(seconds);
    object.set("metadata.deletionTimestamp", Time(at).to_string());
    object.set("metadata.deletionGracePeriodSeconds", seconds);
}

fn raise_generation(object: &mut Value) {
    let generation = object.int("metadata.generation");
    if generation > 0 {
        object.set("metadata.generation", generation + 1);
    }
}

fn settle_finalizers(object: &mut Value, finalizers: Vec<Value>) {
    match finalizers.is_empty() {
        true => drop(object.remove("metadata.finalizers")),
        false => object.set("metadata.finalizers", Value::List(finalizers)),
    }
}

fn check_options(options: &DeleteOptions) -> Result<(), Status> {
    if options.orphan_dependents.is_none() || options.propagation.is_none() {
        return Ok(());
    }
    let mut errors = ErrorList::default();
    let why = "orphanDependents and deletionPropagation cannot be both set";
    errors.push(FieldError::invalid(&Path::new("propagationPolicy"), word(options.propagation), why));
    Err(Status::invalid(&Gvk::new("meta.k8s.io", "", "DeleteOptions"), "", &errors))
}

fn word(propagation: Option<Propagation>) -> &'static str {
    match propagation {
        Some(Propagation::Orphan) => "Orphan",
        Some(Propagation::Background) => "Background",
        Some(Propagation::Foreground) => "Foreground",
        None => "",
    }
}
