//! Applies a configuration: merges it, deletes what its manager gave up, and settles with the other owners.

use super::changes::Changes;
use super::check::check;
use super::conflict::{ApplyError, Conflict};
use super::element::compare_values;
use super::last_applied;
use super::merge::merge;
use super::owners::{Entry, Operation, Owners};
use super::prune::Pruning;
use super::resource::{Resource, time_text};
use super::set::Set;
use super::strip::UNOWNED;
use meta::{Gvk, Time, Value};

const BEFORE_FIRST_APPLY: &str = "before-first-apply";

impl Resource<'_> {
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
        let comparison = self.compare(live, merged);
        let changes = comparison.and_then(|own| Changes::of(own, self, owners, live, merged));
        let changes = changes.map_err(|why| ApplyError::Failed(format!("failed to compare objects: {why}")))?;
        if !force {
            let conflicts = conflicts(owners, &changes, me);
            if !conflicts.is_empty() {
                return Err(ApplyError::Conflicts(conflicts));
            }
        }
        owners.disown(&changes, Some(me));
        if let Some(at) = owners.position(me) {
            owners.0[at].fields.subtract(&UNOWNED);
        }
        owners.drop_empty();
        Ok(())
    }
}

/// What `me` would take from others, owner by owner.
fn conflicts(owners: &Owners, changes: &Changes, me: &Entry) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for owner in owners.0.iter().filter(|owner| !owner.same_owner(me)) {
        let Some(changes) = changes.seen_by(owner) else { continue };
        let mut taken = owner.fields.intersection(&changes.added);
        taken.add(&owner.fields.intersection(&changes.modified));
        conflicts.extend(Conflict::of(owner, &taken));
    }
    conflicts.sort_by(|a, b| a.identity.cmp(&b.identity)); // stable: each owner's fields stay in their order
    conflicts
}
