//! What a write changes, in the terms of every version in which someone owns something.

use super::atom::Type;
use super::compare::Comparison;
use super::owners::{Entry, Owners};
use super::resource::Resource;
use super::set::Set;
use meta::{CompactString, Value};

pub(super) struct Changes {
    version: CompactString,
    /// In the version of the write.
    own: Comparison,
    /// In other versions: each is converted to once, which may mean a call over the network. None: it is gone.
    others: Vec<(CompactString, Option<Comparison>)>,
}

impl Changes {
    /// `own` are the changes in the version of the write.
    pub fn of(
        own: Comparison,
        resource: &Resource<'_>,
        owners: &Owners,
        live: &Value,
        new: &Value,
    ) -> Result<Changes, String> {
        let mut changes = Changes { version: resource.api_version(), own, others: Vec::new() };
        for owner in &owners.0 {
            let version = &owner.api_version;
            if *version != changes.version && changes.others.iter().all(|(known, _)| known != version) {
                changes.others.push((version.clone(), compare_in(resource, version, live, new)?));
            }
        }
        Ok(changes)
    }

    /// None when the version in which `owner` wrote is gone.
    pub fn seen_by(&self, owner: &Entry) -> Option<&Comparison> {
        if owner.api_version == self.version {
            return Some(&self.own);
        }
        let known = self.others.iter().find(|(version, _)| *version == owner.api_version);
        known.and_then(|(_, changes)| changes.as_ref())
    }

    pub fn into_written(self) -> Set {
        self.own.into_written()
    }
}

fn compare_in(resource: &Resource<'_>, version: &str, live: &Value, new: &Value) -> Result<Option<Comparison>, String> {
    let Some(schema) = resource.versions.schema(version) else { return Ok(None) };
    let convert = |object: &Value| resource.versions.convert(object.clone(), &resource.api_version(), version);
    let comparison = Comparison::of(Type::root(&schema), &convert(live)?, &convert(new)?)?;
    Ok(Some(comparison.without(resource.versions.reset(version))))
}
