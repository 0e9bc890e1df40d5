//! The scale subresource is an object of its own kind over one field of its resource: their owners are translated.

use super::element;
use super::owners::{Entry, Owners};
use super::set::Set;
use meta::{CompactString, Value};

const SCALE_VERSION: &str = "autoscaling/v1";

/// The owners of a resource that can be scaled.
pub struct ScaleOwners<'a> {
    /// The resource's `managedFields`.
    pub entries: &'a Value,
    /// The version in which the scale is asked for.
    pub api_version: &'a str,
    /// Each version's path to its replicas; none where a version cannot be scaled.
    pub replicas: &'a [(&'a str, Option<&'a str>)],
}

impl ScaleOwners<'_> {
    /// The scale's `managedFields`: everyone who owns the replicas.
    pub fn to_scale(&self) -> Option<Value> {
        let parents = Owners::from_stored(self.entries.clone()).0.into_iter();
        let owners = parents.filter(|owner| self.owns_replicas(owner)).map(|owner| Entry {
            api_version: SCALE_VERSION.into(),
            fields: Set::of_fields(["spec.replicas"]),
            ..owner
        });
        Owners(owners.collect()).into_value()
    }

    /// The resource's `managedFields` after the scale's have become `scale`.
    pub fn to_resource(&self, scale: &Value) -> Option<Value> {
        let parents = Owners::from_stored(self.entries.clone());
        let mut scalers = Owners::from_stored(scale.clone());
        let mut owners = Vec::new();
        for owner in parents.0.iter().filter(|owner| self.path(owner).is_some()) {
            let shared = self.owns_replicas(owner) && scalers.take(owner).is_none();
            let mut owner = owner.clone();
            if shared {
                owner.fields.subtract(&self.replicas_in(&owner.api_version));
            }
            owners.extend((!owner.fields.is_empty()).then_some(owner));
        }
        let replicas = Set::of_fields(["spec.replicas"]);
        for scaler in scalers.0.into_iter().filter(|scaler| scaler.fields.overlaps(&replicas)) {
            let time = parents.position(&scaler).map(|at| parents.0[at].time.clone()).unwrap_or_default();
            let fields = self.replicas_in(self.api_version);
            owners.push(Entry { api_version: self.api_version.into(), fields, time, ..scaler });
        }
        Owners(owners).into_value()
    }

    fn path(&self, owner: &Entry) -> Option<Option<&str>> {
        self.replicas.iter().find(|(version, _)| *version == owner.api_version).map(|(_, path)| *path)
    }

    fn owns_replicas(&self, owner: &Entry) -> bool {
        let Some(Some(path)) = self.path(owner) else { return false };
        let steps: Vec<CompactString> = path.split('.').map(element::field).collect();
        owner.fields.has(&steps)
    }

    fn replicas_in(&self, api_version: &str) -> Set {
        let path = self.replicas.iter().find(|(version, _)| *version == api_version).and_then(|(_, path)| *path);
        path.map_or_else(Set::default, |path| Set::of_fields([path]))
    }
}
