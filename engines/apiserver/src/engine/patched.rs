//! A patched object: what the patch made of the stored one must still be an object of its kind.

use super::Going;
use super::body::{FieldValidation, effective, fits, type_of};
use super::custom_type::kind_missing;
use meta::{ErrorList, FieldError, Gvk, Object, Path, Status, Value};
use schema::decode::{DecodeError, Decoded};
use schema::patch::Patch;
use std::sync::Arc;

impl Going<'_> {
    pub(super) async fn patched(&mut self, patch: &Patch, old: &Arc<Object>) -> Result<Value, Status> {
        let before = self.to_request(Value::clone(old.value())).await?;
        let schema =
            self.row.version(&self.call.request.resource.version).ok_or_else(Status::no_such_page)?.schema.clone();
        let patched = patch.apply(&schema, before).map_err(|error| error.to_status())?;
        let checked = self.checked_patched(patch, patched)?;
        let mut new = self.to_storage(checked).await?;
        self.settle_place(&mut new)?;
        self.demand_version(&new)?;
        self.check_version(&new, old)?;
        new.remove("metadata.resourceVersion");
        self.row.def.rules.default(&mut new);
        self.own(Some(old.value()), &mut new).await?;
        Ok(new)
    }

    fn checked_patched(&mut self, patch: &Patch, patched: Value) -> Result<Value, Status> {
        let wanted = self.row.def.gvk(&self.call.request.resource.version);
        let whole = whole(patch, &patched);
        let decoded = self.decoded_patched(patch, patched, &wanted, &whole);
        let value = self.settled_patched(patch, &whole, decoded)?;
        self.typed_and_defaulted(value, &wanted)
    }

    /// What could not be read is refused, and what no schema knows is refused or told as asked.
    pub(super) fn settled_patched(
        &mut self,
        patch: &Patch,
        whole: &str,
        decoded: Result<Decoded, DecodeError>,
    ) -> Result<Value, Status> {
        let refused = |why: &str| unpatchable(&patch.shown(whole), why);
        let decoded = decoded.map_err(|error| refused(&error.to_string()))?;
        let strict: Vec<String> = patch.warnings.iter().chain(&decoded.strict).cloned().collect();
        match self.field_validation()? {
            FieldValidation::Strict if !strict.is_empty() => {
                return Err(refused(&format!("strict decoding error: {}", strict.join(", "))));
            }
            FieldValidation::Warn => self.warnings.extend(strict),
            _ => {}
        }
        Ok(decoded.value)
    }

    /// As upstream: what a strategic patch made goes straight into Go's type, all else through JSON, which `whole` is.
    fn decoded_patched(
        &self,
        patch: &Patch,
        patched: Value,
        wanted: &Gvk,
        whole: &str,
    ) -> Result<Decoded, DecodeError> {
        let unknown = || DecodeError::Unreadable("the version is not served".into());
        let schema = &self.row.version(&wanted.version).ok_or_else(unknown)?.schema;
        if patch.is_strategic() {
            return schema.restore_touched(patched, |field| patch.touches(field));
        }
        if patched.str("apiVersion").is_empty() && !matches!(patched.get("apiVersion"), Value::Int(_)) {
            return Ok(versionless(&patched));
        }
        let given = type_of(&patched);
        if self.row.def.custom && given.kind.is_empty() {
            return Err(DecodeError::Unreadable(kind_missing(whole)));
        }
        let decoded = schema.decode_value(patched)?;
        if self.row.def.custom || fits(&given, wanted) {
            return Ok(decoded);
        }
        Err(DecodeError::Mismatch(self.type_mismatch(&effective(given, wanted), wanted, whole.as_bytes())))
    }
}

/// What a patch made, where complaints show that rather than the patch.
pub(super) fn whole(patch: &Patch, patched: &Value) -> String {
    if patch.is_strategic() { String::new() } else { patched.to_string() }
}

/// Upstream reads an object without a version as its own internal form, which has none of these names.
fn versionless(patched: &Value) -> Decoded {
    let names = patched.as_map().into_iter().flat_map(|map| map.iter()).map(|(name, _)| name.as_str());
    let unknown = names.filter(|name| !["apiVersion", "kind"].contains(name));
    Decoded { value: Value::map(), strict: unknown.map(|name| format!("unknown field {name:?}")).collect() }
}

fn unpatchable(shown: &str, why: &str) -> Status {
    let errors = ErrorList(vec![FieldError::invalid(&Path::new("patch"), shown, why)]);
    Status::invalid(&Gvk::default(), "", &errors)
}
