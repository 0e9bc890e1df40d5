//! Who owns which field: managedFields on every write, and the merge of server-side apply. Ownership is told in the
//! terms of the version that the request speaks.

use super::{Going, body::Payload};
use client::PatchKind;
use kinds::KindDef;
use meta::{GroupVersion, Gvk, Status, Time, Value};
use schema::Schema;
use schema::apply::{ApplyError, Resource, Set, Versions};

impl Going<'_> {
    /// Makes the request's manager the owner of what it changes. An apply has settled that itself.
    pub(super) async fn own(&self, old: Option<&Value>, new: &mut Value) -> Result<(), Status> {
        if self.is_apply() {
            return Ok(());
        }
        let manager = self.call.request.write.field_manager.clone();
        if let (None, Some(mut whole)) = (old, self.row.def.rules.owned_at_creation(new)) {
            self.with_resource(|resource, now| resource.update(None, &mut whole, &manager, now))?;
            set_owners(new, whole.remove("metadata.managedFields"));
            return Ok(());
        }
        if self.is_stored_version() {
            return self.with_resource(|resource, now| resource.update(old, new, &manager, now));
        }
        let old = self.shown_before(old).await?;
        let mut shown = self.to_request(new.clone()).await?;
        self.with_resource(|resource, now| resource.update(old.as_ref(), &mut shown, &manager, now))?;
        set_owners(new, shown.remove("metadata.managedFields"));
        Ok(())
    }

    /// The live object (in storage form; none where it does not exist) with a configuration applied to it.
    pub(super) async fn own_applied(&mut self, live: Option<&Value>, applied: &Value) -> Result<Value, Status> {
        let live = self.shown_before(live).await?;
        let write = &self.call.request.write;
        let merged = self.with_resource(|resource, now| {
            resource.apply(live.as_ref(), applied, &write.field_manager, write.force, now)
        })?;
        let merged = merged.map_err(|error| error.to_status())?;
        let (schema, gvk) = self.own_version()?;
        let restored = schema.restore(merged).map_err(|error| unrestorable(applied, &gvk, &error.to_string()))?;
        let checked = self.typed_and_defaulted(restored.value, &gvk)?;
        self.to_storage(checked).await
    }

    fn with_resource<T>(&self, act: impl FnOnce(&Resource<'_>, Time) -> T) -> Result<T, Status> {
        let (schema, gvk) = self.own_version()?;
        let subresource = self.call.request.subresource.as_str();
        let def = &self.row.def;
        let reset = Set::of_fields(def.rules.resets(def, subresource).iter().copied());
        let versions = RowVersions { def, reset };
        let resource = Resource { schema: &schema, gvk: &gvk, subresource, versions: &versions };
        Ok(act(&resource, Time(self.api.clock.now())))
    }

    async fn shown_before(&self, old: Option<&Value>) -> Result<Option<Value>, Status> {
        match old {
            Some(old) => self.to_request(old.clone()).await.map(Some),
            None => Ok(None),
        }
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

fn set_owners(object: &mut Value, owners: Option<Value>) {
    match owners {
        Some(owners) => object.set("metadata.managedFields", owners),
        None => drop(object.remove("metadata.managedFields")),
    }
}

/// What an apply made is no object of its kind: upstream answers as if the fault were its own.
fn unrestorable(applied: &Value, gvk: &Gvk, why: &str) -> Status {
    let subject = format!("({}/{}; {gvk})", applied.str("metadata.namespace"), applied.str("metadata.name"));
    let unable = format!("unable to convert unstructured object to {gvk}: {why}");
    ApplyError::Failed(format!("failed to convert new object {subject} to proper version: {unable}")).to_status()
}

/// The versions of a row, for owners who wrote in another one.
struct RowVersions<'a> {
    def: &'a KindDef,
    reset: Set,
}

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
        (!self.reset.is_empty()).then_some(&self.reset)
    }
}
