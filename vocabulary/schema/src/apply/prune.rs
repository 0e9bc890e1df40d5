//! Deletes what a manager applied last time and does not apply any more, unless someone else owns it.

use super::atom::Type;
use super::owners::{Entry, Owners};
use super::remove::remove_items;
use super::resource::Resource;
use super::set::Set;
use crate::Schema;
use meta::{CompactString, Value};
use std::collections::BTreeMap;

pub(super) struct Pruning<'a, 'r> {
    pub resource: &'a Resource<'r>,
    /// As they are once the new configuration counts.
    pub owners: &'a Owners,
}

/// An object in the terms of one version.
#[derive(Clone)]
struct View {
    object: Value,
    version: CompactString,
    schema: Schema,
}

impl View {
    fn kind(&self) -> Type<'_> {
        Type::root(&self.schema)
    }

    fn fields(&self) -> Result<Set, String> {
        Ok(Set::of_value(self.kind(), &self.object)?.with_named_parents(self.kind()))
    }

    fn without(&self, gone: &Set) -> View {
        View { object: remove_items(self.kind(), &self.object, gone), ..self.clone() }
    }
}

impl Pruning<'_, '_> {
    pub fn prune(&self, merged: Value, last: Option<&Entry>) -> Result<Value, String> {
        let Some(last) = last.filter(|last| !last.fields.is_empty()) else { return Ok(merged) };
        let merged =
            View { object: merged, version: self.resource.api_version(), schema: self.resource.schema.clone() };
        let Some(there) = self.in_version(&merged, &last.api_version)? else { return Ok(merged.object) };
        let pruned = there.without(&last.fields.with_named_parents(there.kind()));
        let pruned = self.add_back_owned(&there, pruned)?;
        let pruned = self.add_back_dangling(&there, &pruned, last)?;
        let back = self.in_version(&pruned, &merged.version)?;
        back.map(|view| view.object).ok_or_else(|| format!("no version {}", merged.version))
    }

    /// What other managers, or this one's new configuration, own stays.
    fn add_back_owned(&self, merged: &View, mut pruned: View) -> Result<View, String> {
        let mut owned: BTreeMap<&CompactString, Set> = BTreeMap::new();
        for owner in &self.owners.0 {
            owned.entry(&owner.api_version).or_default().add(&owner.fields);
        }
        // First in the version of the last configuration: conversion may need what was pruned.
        let first = owned.remove_entry(&merged.version);
        for (version, fields) in first.into_iter().chain(owned) {
            let (Some(all), Some(left)) = (self.in_version(merged, version)?, self.in_version(&pruned, version)?)
            else {
                continue;
            };
            let mut gone = all.fields()?;
            gone.subtract(&left.fields()?.union(&fields.with_named_parents(all.kind())));
            pruned = all.without(&gone);
        }
        Ok(pruned)
    }

    /// What the last configuration did not own is not ours to delete.
    fn add_back_dangling(&self, merged: &View, pruned: &View, last: &Entry) -> Result<View, String> {
        let Some(pruned) = self.in_version(pruned, &last.api_version)? else { return Ok(merged.clone()) };
        let mut gone = merged.fields()?;
        gone.subtract(&pruned.fields()?);
        Ok(merged.without(&gone.intersection(&last.fields.with_named_parents(merged.kind()))))
    }

    fn in_version(&self, view: &View, version: &str) -> Result<Option<View>, String> {
        if view.version == version {
            return Ok(Some(view.clone()));
        }
        let schema = match version == self.resource.api_version() {
            true => Some(self.resource.schema.clone()),
            false => self.resource.versions.schema(version),
        };
        let Some(schema) = schema else { return Ok(None) };
        let object = self.resource.versions.convert(view.object.clone(), &view.version, version)?;
        Ok(Some(View { object, version: version.into(), schema }))
    }
}
