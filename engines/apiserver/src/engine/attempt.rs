//! One try at changing an object: read, change, judge, write if nobody came between; again if somebody did.

use super::create::REPEATED_OWNERS_ADMITTED;
use super::{Api, Call, Going, Outcome, store_status};
use crate::admission::Operation;
use kinds::Stage;
use meta::{CompactString, Key, Object, Status, Value};
use schema::apply::keep_stamps;
use schema::patch::Patch;
use std::sync::Arc;
use store::{Expect, Txn};

/// Upstream gives up a contended patch after five tries; an unconditional update goes on for longer.
const TRIES: usize = 32;

pub(super) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// What is asked to become of an object; all of them may be tried again on a newer state.
pub(super) enum Edit<'e> {
    Replace(&'e Value),
    Patch(&'e Patch),
    Apply(&'e Value),
    Scale(&'e Value),
    PatchScale(&'e Patch),
    ApplyScale(&'e Value),
}

/// What one try found.
pub(super) enum Step {
    Done(Arc<Object>),
    /// Somebody else wrote first.
    Again,
}

impl Api {
    /// Changes the request's stored object by a function alone: what a subresource writes is not a client's update.
    pub async fn overwrite(
        &self,
        call: &Call,
        mut change: impl FnMut(Value) -> Result<Value, Status>,
    ) -> Result<Arc<Object>, Status> {
        let table = self.rows.table();
        let row = table.served(&call.request.resource).ok_or_else(Status::no_such_page)?.clone();
        let mut going = Going { api: self, call, table, row, warnings: Vec::new() };
        for _ in 0..TRIES {
            let old = going.current_for_change().await?;
            let mut new = change(old.decode_value())?;
            new.remove("metadata.resourceVersion");
            if let Step::Done(object) = going.commit_change(&old, &new, Txn::new()).await? {
                return Ok(object);
            }
        }
        Err(going.modified(&call.request.key))
    }
}

impl Going<'_> {
    /// Changes the stored object as asked, until the write meets the state it was made from.
    pub(super) async fn change(&mut self, edit: &Edit<'_>) -> Result<Outcome, Status> {
        for _ in 0..TRIES {
            let old = self.current_for_change().await?;
            let new = self.edited(edit, &old).await?;
            if let Step::Done(object) = self.write_change(&old, new).await? {
                return self.presented(object).await.map(Outcome::object);
            }
        }
        Err(Status::conflict(&self.call.request.resource, &self.call.request.key.name, MODIFIED))
    }

    async fn edited(&mut self, edit: &Edit<'_>, old: &Arc<Object>) -> Result<Value, Status> {
        match edit {
            Edit::Replace(given) => self.replacement(given, old).await,
            Edit::Patch(patch) => self.patched(patch, old).await,
            Edit::Apply(applied) => self.merged(applied, old).await,
            Edit::Scale(scale) => self.scaled(scale, old).await,
            Edit::PatchScale(patch) => self.scale_patched(patch, old).await,
            Edit::ApplyScale(applied) => self.scale_applied(applied, old).await,
        }
    }

    pub(super) async fn current_for_change(&self) -> Result<Arc<Object>, Status> {
        self.api.fresh().await?;
        let object = self.row.hub.get(&self.call.request.key).ok_or_else(|| self.not_found())?;
        self.in_storage_form(object).await
    }

    async fn write_change(&mut self, old: &Arc<Object>, mut new: Value) -> Result<Step, Status> {
        let before = old.value().clone();
        self.admit(Operation::Update, &mut new, Some(&before)).await?;
        self.prepare_update(&mut new, &before);
        self.deduplicate_owners(&mut new, REPEATED_OWNERS_ADMITTED);
        self.judge(Stage::Update, &new, Some(&before))?;
        self.check_admission(Operation::Update, Some(&new), Some(&before)).await?;
        self.row.def.storage_version().schema.forget_empties(&mut new);
        keep_stamps(&before, &mut new);
        if finished(&new, &self.row) {
            return self.remove_finished(old, &new).await;
        }
        let claims = self.claim(&mut new, Some(&before))?;
        self.commit_change(old, &new, claims).await
    }

    fn prepare_update(&self, new: &mut Value, old: &Value) {
        let context = self.context();
        let metadata = old.get("metadata");
        for field in ["generation", "creationTimestamp"] {
            keep(new, field, metadata.get(field));
        }
        // What is being deleted stays so; that another claims to be is judged.
        if !metadata.get("deletionTimestamp").is_null() {
            keep(new, "deletionTimestamp", metadata.get("deletionTimestamp"));
        }
        for field in ["uid", "deletionGracePeriodSeconds"] {
            new.set_if_absent(&format!("metadata.{field}"), metadata.get(field).clone());
        }
        new.set("metadata.name", old.str("metadata.name"));
        new.remove("metadata.selfLink");
        self.keep_other_parts(new, old);
        self.row.def.rules.prepare_update(&context, new, old);
        // What a status brings along with it, such as annotations, is no new intent.
        let intended = self.call.request.subresource != "status" && self.row.def.rules.has_generation();
        if intended && self.row.def.rules.raises_generation(new, old) {
            new.set("metadata.generation", old.int("metadata.generation") + 1);
        }
        drop_nulls(new);
    }

    /// An update changes everything but the status; one of a subresource only that.
    fn keep_other_parts(&self, new: &mut Value, old: &Value) {
        match self.call.request.subresource.as_str() {
            "" if self.row.def.has_status() => keep_top(new, "status", old.get("status")),
            "status" => {
                let given = new.remove("metadata").unwrap_or_default();
                keep_all_but(new, "status", old);
                keep(new, "managedFields", given.get("managedFields"));
                self.row.def.rules.metadata_of_status(new, &given);
            }
            _ => {}
        }
    }

    pub(super) async fn commit_change(&mut self, old: &Arc<Object>, new: &Value, claims: Txn) -> Result<Step, Status> {
        let key = old.key();
        let body = Object::canonical(new);
        if body == old.body() {
            return Ok(Step::Done(old.clone()));
        }
        if self.call.request.write.dry_run {
            return Ok(Step::Done(self.object(body, old.header.resource_version)?));
        }
        let stored = self.storage_key(&key);
        let encoded = self.api.format.encode(&self.row.def, new, &body).map_err(Status::internal)?;
        let txn = claims.expect(stored.clone(), Expect::Modified(old.header.resource_version));
        let txn = match self.row.def.rules.lifetime() {
            Some(lifetime) => txn.put_for(lifetime, stored, encoded),
            None => txn.put(stored, encoded),
        };
        let answer = self.api.store.txn(txn).await.map_err(store_status)?;
        if !answer.succeeded {
            return Ok(Step::Again);
        }
        Ok(Step::Done(self.object(body, answer.revision)?))
    }

    /// The last finalizer of an object in deletion is gone: the object goes with this very write.
    async fn remove_finished(&mut self, old: &Arc<Object>, new: &Value) -> Result<Step, Status> {
        let body = Object::canonical(new);
        if self.call.request.write.dry_run {
            return Ok(Step::Done(self.object(body, old.header.resource_version)?));
        }
        match self.remove(old).await? {
            Some(revision) => Ok(Step::Done(self.object(body, revision)?)),
            None => Ok(Step::Again),
        }
    }

    /// Removes an object with all it claimed; None when somebody wrote it meanwhile.
    pub(super) async fn remove(&self, old: &Arc<Object>) -> Result<Option<u64>, Status> {
        let stored = self.storage_key(&old.key());
        let txn = self.release(old.value())?;
        let txn = txn.expect(stored.clone(), Expect::Modified(old.header.resource_version)).delete(stored);
        let answer = self.api.store.txn(txn).await.map_err(store_status)?;
        Ok(answer.succeeded.then_some(answer.revision))
    }

    /// The version that the new object names is the one that it changes.
    pub(super) fn check_version(&self, new: &Value, old: &Object) -> Result<(), Status> {
        match new.str("metadata.resourceVersion") {
            "" | "0" => Ok(()),
            version if version == old.header.resource_version.to_string() => Ok(()),
            version if version.parse::<u64>().is_err() => {
                let message = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
                Err(Status { status: "Failure".into(), message, code: 500, ..Status::default() })
            }
            _ => Err(self.modified(&old.key())),
        }
    }

    pub(super) fn modified(&self, key: &Key) -> Status {
        Status::conflict(&self.call.request.resource, &key.name, MODIFIED)
    }

    /// A uid in the new object is a precondition.
    pub(super) fn check_uid(&self, new: &Value, old: &Object) -> Result<(), Status> {
        let uid = CompactString::from(new.str("metadata.uid"));
        if uid.is_empty() || uid == old.header.uid {
            return Ok(());
        }
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            self.storage_key(&old.key()),
            old.header.uid
        );
        Err(Status::conflict(&self.call.request.resource, &old.header.name, why))
    }
}

/// In deletion, with nothing left that holds it.
pub(super) fn finished(value: &Value, row: &crate::rows::Row) -> bool {
    !value.at("metadata.deletionTimestamp").is_null()
        && value.items("metadata.finalizers").is_empty()
        && value.int("metadata.deletionGracePeriodSeconds") == 0
        && !row.def.rules.is_held(value)
}

fn keep(new: &mut Value, field: &str, old: &Value) {
    let metadata = new.entry("metadata");
    match old {
        Value::Null => drop(metadata.as_map_mut().and_then(|map| map.remove(field))),
        old => *metadata.entry(field) = old.clone(),
    }
}

fn keep_top(new: &mut Value, field: &str, old: &Value) {
    match old {
        Value::Null => drop(new.remove(field)),
        old => new.set(field, old.clone()),
    }
}

/// Makes every field but one what it was; most are so already.
fn keep_all_but(new: &mut Value, field: &str, old: &Value) {
    if let Some(map) = new.as_map_mut() {
        map.retain(|name, _| name == field || !old.get(name).is_null());
    }
    for (name, value) in old.as_map().into_iter().flat_map(|map| map.iter()).filter(|(name, _)| *name != field) {
        if new.get(name) != value {
            *new.entry(name) = value.clone();
        }
    }
}

fn drop_nulls(new: &mut Value) {
    if let Some(metadata) = new.entry("metadata").as_map_mut() {
        metadata.retain(|_, value| !value.is_null());
    }
}
