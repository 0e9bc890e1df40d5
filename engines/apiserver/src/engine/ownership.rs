//! Who owns which field: managedFields on every write, and the merge of server-side apply. Ownership is told in the
//! terms of the version that the request speaks.

use super::{Going, body::Payload};
use client::PatchKind;
use kinds::KindDef;
use meta::{GroupVersion, Gvk, Status, Time, Value};
use schema::Schema;
use schema::apply::{Resource, Set, Versions};
use std::sync::LazyLock;

impl Going<'_> {
    /// Makes the request's manager the owner of what it changes. An apply has settled that itself.
    pub(super) fn own(&self, old: Option<&Value>, new: &mut Value) -> Result<(), Status> {
        if self.is_apply() {
            return Ok(());
        }
        let (manager, now) = (self.call.request.write.field_manager.clone(), Time(self.api.clock.now()));
        let (schema, gvk) = self.own_version()?;
        let versions = RowVersions { def: &self.row.def, subresource: &self.call.request.subresource };
        let subresource = self.call.request.subresource.as_str();
        let resource = Resource { schema: &schema, gvk: &gvk, subresource, versions: &versions };
        if self.is_stored_version() {
            resource.update(old, new, &manager, now);
            return Ok(());
        }
        let old = old.map(|old| self.to_request(old.clone())).transpose()?;
        let mut shown = self.to_request(new.clone())?;
        resource.update(old.as_ref(), &mut shown, &manager, now);
        match shown.remove("metadata.managedFields") {
            Some(owners) => new.set("metadata.managedFields", owners),
            None => drop(new.remove("metadata.managedFields")),
        }
        Ok(())
    }

    /// The live object (in storage form; none where it does not exist) with a configuration applied to it.
    pub(super) fn own_applied(&mut self, live: Option<&Value>, applied: &Value) -> Result<Value, Status> {
        let live = live.map(|live| self.to_request(live.clone())).transpose()?;
        let write = &self.call.request.write;
        let (schema, gvk) = self.own_version()?;
        let versions = RowVersions { def: &self.row.def, subresource: &self.call.request.subresource };
        let subresource = self.call.request.subresource.as_str();
        let resource = Resource { schema: &schema, gvk: &gvk, subresource, versions: &versions };
        let now = Time(self.api.clock.now());
        let merged = resource.apply(live.as_ref(), applied, &write.field_manager, write.force, now);
        let merged = merged.map_err(|error| error.to_status())?;
        let checked = self.checked_value(merged)?;
        self.to_storage(checked)
    }

    pub(super) fn is_apply(&self) -> bool {
        matches!(self.call.payload, Payload::Patch(PatchKind::Apply, _) | Payload::PatchValue(PatchKind::Apply, _))
    }

    fn own_version(&self) -> Result<(Schema, Gvk), Status> {
        let version = &self.call.request.resource.version;
        let row = self.row.version(version).ok_or_else(Status::no_such_page)?;
        Ok((row.schema.clone(), self.row.def.gvk(version)))
    }
}

/// The versions of a row, for owners who wrote in another one.
struct RowVersions<'a> {
    def: &'a KindDef,
    subresource: &'a str,
}

static STATUS: LazyLock<Set> = LazyLock::new(|| Set::of_fields(["status"]));
static SPEC: LazyLock<Set> = LazyLock::new(|| Set::of_fields(["spec"]));

impl RowVersions<'_> {
    fn name(api_version: &str) -> Option<String> {
        GroupVersion::parse(api_version).map(|parsed| parsed.version.to_string())
    }
}

impl Versions for RowVersions<'_> {
    fn schema(&self, api_version: &str) -> Option<Schema> {
        self.def.version(&Self::name(api_version)?).map(|version| version.schema.clone())
    }

    fn convert(&self, object: Value, from: &str, to: &str) -> Result<Value, String> {
        let name = |text: &str| Self::name(text).ok_or_else(|| format!("unexpected apiVersion: {text}"));
        let mut converted = self.def.rules.convert(object, &name(from)?, &name(to)?)?;
        converted.set("apiVersion", to);
        Ok(converted)
    }

    fn reset(&self, _: &str) -> Option<&Set> {
        match self.subresource {
            "status" => Some(&SPEC),
            "" if self.def.has_status() => Some(&STATUS),
            _ => None,
        }
    }
}
