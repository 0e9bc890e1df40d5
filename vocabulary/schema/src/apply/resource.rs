//! What a write does to the ownership of an object's fields, and what an applied configuration does to the object.

use super::atom::Type;
use super::changes::Changes;
use super::compare::Comparison;
use super::owners::{Entry, Operation, Owners};
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
        let changes = Changes::of(comparison, self, &owners, live, new)?;
        owners.disown(&changes, None);
        self.own(&mut owners, changes.into_written(), manager, now);
        owners.cap_updaters();
        Ok(owners.into_value())
    }

    /// Changes in this version's terms, without what no one can own.
    pub(super) fn compare(&self, live: &Value, new: &Value) -> Result<Comparison, String> {
        let comparison = Comparison::of(self.kind(), live, new)?;
        let mut comparison = comparison.without(self.reset());
        for set in [&mut comparison.added, &mut comparison.modified, &mut comparison.removed] {
            set.subtract(&UNOWNED);
        }
        Ok(comparison)
    }

    pub(super) fn own(&self, owners: &mut Owners, fields: Set, manager: &str, now: Time) {
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

    /// Owners in terms of today's schemas; of versions that are gone as they are.
    pub(super) fn reconciled(&self, mut owners: Owners) -> Owners {
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

    pub(super) fn reset(&self) -> Option<&Set> {
        self.versions.reset(&self.api_version())
    }

    pub(super) fn entry(&self, manager: &str, operation: Operation) -> Entry {
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

pub(super) fn time_text(now: Time) -> CompactString {
    now.to_string().into()
}
