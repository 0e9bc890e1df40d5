//! What a write does to the ownership of an object's fields, and what an applied configuration does to the object.

use super::atom::Type;
use super::check::check;
use super::compare::Comparison;
use super::conflict::{ApplyError, Conflict};
use super::element::compare_values;
use super::last_applied;
use super::merge::merge;
use super::owners::{Entry, Operation, Owners};
use super::prune::Pruning;
use super::set::Set;
use super::strip::UNOWNED;
use super::version::Versions;
use crate::Schema;
use meta::{CompactString, Gvk, Time, Value};
use std::borrow::Cow;

/// One version of a resource, or of one of its subresources, and how it is written to.
///
/// Objects are as the server keeps them: decoded, defaulted, and with every field that Go always writes.
pub struct Resource<'a> {
    pub schema: &'a Schema,
    pub gvk: &'a Gvk,
    /// "" for the resource itself.
    pub subresource: &'a str,
    pub versions: &'a dyn Versions,
}

const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Where the owners before a write come from.
enum Known<'v> {
    Stored(Cow<'v, Value>),
    /// The writer has set them.
    Given(Owners),
}

impl Resource<'_> {
    /// Makes `manager` the owner of what a write other than apply has changed, in `new`'s `managedFields`.
    ///
    /// What the writer says in `managedFields` counts: absent means as before, an empty list forgets every owner.
    pub fn update(&self, live: Option<&Value>, new: &mut Value, manager: &str, now: Time) {
        let given = new.remove("metadata.managedFields");
        let stored = live.map_or(&Value::Null, |live| live.at("metadata.managedFields"));
        let known = self.known(stored, given);
        // Upstream keeps nothing rather than something wrong when a list cannot be indexed by its keys.
        if let Ok(Some(entries)) = self.updated(live, new, known, manager, now) {
            *new.entry("metadata").entry("managedFields") = entries;
        }
    }

    fn known<'v>(&self, stored: &'v Value, given: Option<Value>) -> Known<'v> {
        let as_stored = || Known::Stored(Cow::Borrowed(stored));
        match given {
            _ if !self.subresource.is_empty() => as_stored(),
            None | Some(Value::Null) => as_stored(),
            Some(given) if given == *stored => Known::Stored(Cow::Owned(given)),
            Some(given) if resets(&given) => Known::Given(Owners::default()),
            Some(given) => match Owners::decode(&given) {
                Ok(owners) if !owners.is_empty() => Known::Given(owners),
                _ => as_stored(),
            },
        }
    }

    fn updated(
        &self,
        live: Option<&Value>,
        new: &Value,
        known: Known<'_>,
        manager: &str,
        now: Time,
    ) -> Result<Option<Value>, String> {
        if live.is_some_and(|live| !live.str("metadata.uid").is_empty()) && known.is_empty() {
            return Ok(None);
        }
        let nothing = Value::map();
        let live = live.unwrap_or(&nothing);
        let comparison = self.compare(live, new)?;
        let owners = match known {
            Known::Stored(entries) if comparison.is_same() => return Ok(Some(entries.into_owned()).filter(is_list)),
            Known::Stored(entries) => Owners::from_stored(entries.into_owned()),
            Known::Given(owners) => owners,
        };
        let mut owners = self.reconciled(owners);
        self.disown(&mut owners, live, new, &comparison, None)?;
        self.own(&mut owners, comparison.into_written(), manager, now);
        owners.cap_updaters();
        Ok(owners.into_value())
    }

    /// Changes in this version's terms, without what no one can own.
    fn compare(&self, live: &Value, new: &Value) -> Result<Comparison, String> {
        let comparison = Comparison::of(self.kind(), live, new)?;
        let mut comparison = comparison.without(self.reset());
        for set in [&mut comparison.added, &mut comparison.modified, &mut comparison.removed] {
            set.subtract(&UNOWNED);
        }
        Ok(comparison)
    }

    fn own(&self, owners: &mut Owners, fields: Set, manager: &str, now: Time) {
        if fields.is_empty() {
            return;
        }
        let mut entry = self.entry(manager, Operation::Update);
        entry.time = time_text(now);
        entry.fields = match owners.take(&entry) {
            Some(before) => before.fields.with(&fields),
            None => fields,
        };
        owners.0.push(entry);
    }

    /// The live object with `config` applied to it and `managedFields` set; not yet decoded, defaulted or validated again.
    pub fn apply(
        &self,
        live: Option<&Value>,
        config: &Value,
        manager: &str,
        force: bool,
        now: Time,
    ) -> Result<Value, ApplyError> {
        self.check_request(live, config)?;
        let mut live = live.cloned().unwrap_or_else(Value::map);
        let mut owners = Owners::from_stored(live.remove("metadata.managedFields").unwrap_or_default());
        if owners.is_empty() {
            owners = self.owned_before(&live, now)?;
        }
        let attempt = self.attempt(&live, config, owners.clone(), manager, force);
        let (object, mut owners) = match attempt {
            Err(ApplyError::Conflicts(conflicts)) if manager == last_applied::MANAGER => {
                last_applied::settle(self, &live, conflicts)?;
                self.attempt(&live, config, owners, manager, true)?
            }
            other => other?,
        };
        if let (Some(_), Some(at)) = (&object, owners.position(&self.entry(manager, Operation::Apply))) {
            owners.0[at].time = time_text(now);
        }
        let mut object = object.unwrap_or(live);
        if let Some(entries) = owners.into_value() {
            *object.entry("metadata").entry("managedFields") = entries;
        }
        if manager == last_applied::MANAGER {
            last_applied::refresh(&mut object, config);
        }
        Ok(object)
    }

    fn check_request(&self, live: Option<&Value>, config: &Value) -> Result<(), ApplyError> {
        let (api_version, kind) = (config.str("apiVersion"), config.str("kind"));
        if api_version != self.api_version() || kind != self.gvk.kind {
            let group_version = meta::GroupVersion::parse(api_version).unwrap_or_default();
            let gvk = Gvk::new(group_version.group, group_version.version, kind);
            return Err(ApplyError::BadRequest(format!("invalid object type: {gvk}")));
        }
        if matches!(config.at("metadata.managedFields"), Value::List(_)) {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil".into()));
        }
        let (namespace, name) = (config.str("metadata.namespace"), config.str("metadata.name"));
        let subject = || format!("({namespace}/{name}; {})", self.gvk);
        check(self.kind(), config)
            .map_err(|why| ApplyError::Failed(format!("failed to create typed patch object {}: {why}", subject())))?;
        let live = live.map_or(Ok(Set::default()), |live| Set::of_value(self.kind(), live));
        live.map(drop)
            .map_err(|why| ApplyError::Failed(format!("failed to create typed live object {}: {why}", subject())))
    }

    /// An object that was never applied belongs to whoever wrote it so far.
    fn owned_before(&self, live: &Value, now: Time) -> Result<Owners, ApplyError> {
        let mut owners = Owners::default();
        let comparison = self.compare(&Value::map(), live).map_err(|why| {
            ApplyError::Failed(format!(
                "failed to create manager for existing fields: failed to compare objects: {why}"
            ))
        })?;
        self.own(&mut owners, comparison.into_written(), BEFORE_FIRST_APPLY, now);
        Ok(owners)
    }

    /// The merged object, none when it is just as the live one, and the owners then.
    fn attempt(
        &self,
        live: &Value,
        config: &Value,
        owners: Owners,
        manager: &str,
        force: bool,
    ) -> Result<(Option<Value>, Owners), ApplyError> {
        let mut owners = self.reconciled(owners);
        let merged = merge(self.kind(), live, config);
        let merged = merged.map_err(|why| ApplyError::Failed(format!("failed to merge config: {why}")))?;
        let me = self.entry(manager, Operation::Apply);
        let last = owners.take(&me);
        let mut fields = Set::of_value(self.kind(), config)
            .map_err(|why| ApplyError::Failed(format!("failed to get field set: {why}")))?;
        if let Some(reset) = self.reset() {
            fields.subtract_recursively(reset);
        }
        let time = last.as_ref().map(|last| last.time.clone()).unwrap_or_default();
        owners.put(Entry { fields, time, ..me.clone() });
        let pruning = Pruning { resource: self, owners: &owners };
        let merged = pruning.prune(merged, last.as_ref());
        let merged = merged.map_err(|why| ApplyError::Failed(format!("failed to prune fields: {why}")))?;
        self.settle(&mut owners, live, &merged, &me, force)?;
        Ok((compare_values(live, &merged).is_ne().then_some(merged), owners))
    }

    fn settle(
        &self,
        owners: &mut Owners,
        live: &Value,
        merged: &Value,
        me: &Entry,
        force: bool,
    ) -> Result<(), ApplyError> {
        let failed = |why| ApplyError::Failed(format!("failed to compare objects: {why}"));
        let comparison = self.compare(live, merged).map_err(failed)?;
        if !force {
            let conflicts = self.conflicts(owners, live, merged, &comparison, me).map_err(failed)?;
            if !conflicts.is_empty() {
                return Err(ApplyError::Conflicts(conflicts));
            }
        }
        self.disown(owners, live, merged, &comparison, Some(me)).map_err(failed)?;
        if let Some(at) = owners.position(me) {
            owners.0[at].fields.subtract(&UNOWNED);
        }
        owners.drop_empty();
        Ok(())
    }

    fn conflicts(
        &self,
        owners: &Owners,
        live: &Value,
        merged: &Value,
        comparison: &Comparison,
        me: &Entry,
    ) -> Result<Vec<Conflict>, String> {
        let mut conflicts = Vec::new();
        for owner in owners.0.iter().filter(|owner| !owner.same_owner(me)) {
            let Some(changes) = self.changes_for(owner, live, merged, comparison)? else { continue };
            let mut taken = owner.fields.intersection(&changes.added);
            taken.add(&owner.fields.intersection(&changes.modified));
            conflicts.extend(Conflict::of(owner, &taken));
        }
        conflicts.sort_by(|a, b| a.identity.cmp(&b.identity)); // stable: each owner's fields stay in their order
        Ok(conflicts)
    }

    /// Takes what has changed away from its owners, and owners away who own nothing or wrote in a version that is gone.
    fn disown(
        &self,
        owners: &mut Owners,
        live: &Value,
        new: &Value,
        comparison: &Comparison,
        me: Option<&Entry>,
    ) -> Result<(), String> {
        let mut kept = Vec::with_capacity(owners.0.len());
        for mut owner in owners.0.drain(..) {
            if me.is_some_and(|me| owner.same_owner(me)) {
                kept.push(owner);
                continue;
            }
            let Some(changes) = self.changes_for(&owner, live, new, comparison)? else { continue };
            for set in [&changes.added, &changes.modified, &changes.removed] {
                owner.fields.subtract(set);
            }
            kept.push(owner);
        }
        owners.0 = kept;
        owners.drop_empty();
        Ok(())
    }

    /// The changes in the terms of the version in which `owner` wrote; none when that version is gone.
    fn changes_for<'c>(
        &self,
        owner: &Entry,
        live: &Value,
        new: &Value,
        own: &'c Comparison,
    ) -> Result<Option<Cow<'c, Comparison>>, String> {
        let version = owner.api_version.as_str();
        if version == self.api_version() {
            return Ok(Some(Cow::Borrowed(own)));
        }
        let Some(schema) = self.versions.schema(version) else { return Ok(None) };
        let convert = |object: &Value| self.versions.convert(object.clone(), &self.api_version(), version);
        let comparison = Comparison::of(Type::root(&schema), &convert(live)?, &convert(new)?)?;
        Ok(Some(Cow::Owned(comparison.without(self.versions.reset(version)))))
    }

    /// Owners in terms of today's schemas; of versions that are gone as they are.
    fn reconciled(&self, mut owners: Owners) -> Owners {
        for owner in &mut owners.0 {
            if owner.api_version == self.api_version() {
                owner.fields.reconcile(self.kind());
            } else if let Some(schema) = self.versions.schema(&owner.api_version) {
                owner.fields.reconcile(Type::root(&schema));
            }
        }
        owners
    }

    pub(super) fn kind(&self) -> Type<'_> {
        Type::root(self.schema)
    }

    pub(super) fn api_version(&self) -> CompactString {
        self.gvk.group_version().api_version()
    }

    fn reset(&self) -> Option<&Set> {
        self.versions.reset(&self.api_version())
    }

    fn entry(&self, manager: &str, operation: Operation) -> Entry {
        Entry {
            manager: if manager.is_empty() { "unknown".into() } else { manager.into() },
            operation,
            api_version: self.api_version(),
            subresource: self.subresource.into(),
            time: CompactString::default(),
            fields: Set::default(),
        }
    }
}

impl Known<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Known::Stored(entries) => entries.is_empty(),
            Known::Given(owners) => owners.is_empty(),
        }
    }
}

/// An empty list, or one entry that says nothing.
fn resets(given: &Value) -> bool {
    match given.as_list() {
        Some([]) => true,
        Some([one]) => one.as_map().is_some_and(|entry| entry.iter().all(|(_, value)| value.is_empty())),
        _ => false,
    }
}

fn is_list(entries: &Value) -> bool {
    entries.as_list().is_some_and(|entries| !entries.is_empty())
}

fn time_text(now: Time) -> CompactString {
    now.to_string().into()
}
