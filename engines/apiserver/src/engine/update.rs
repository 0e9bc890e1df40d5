//! Replacement, the three patches, and apply.

use super::attempt::Edit;
use super::create::REPEATED_OWNERS;
use super::{Going, Outcome};
use meta::{CompactString, Object, Reason, Status, Value};
use std::sync::Arc;

impl Going<'_> {
    pub(super) async fn update(&mut self) -> Result<Outcome, Status> {
        if self.call.request.subresource == "scale" {
            return self.update_scale().await;
        }
        let mut value = self.checked_body()?;
        self.deduplicate_owners(&mut value, REPEATED_OWNERS);
        let mut value = self.to_storage(value).await?;
        self.settle_place(&mut value)?;
        let given = value;
        let outcome = self.change(&Edit::Replace(&given)).await;
        match outcome {
            Err(status) if status.is(Reason::NotFound) && self.may_create(&given) => self.create_value(given).await,
            outcome => outcome,
        }
    }

    fn may_create(&self, given: &Value) -> bool {
        self.row.def.rules.create_on_update()
            && self.call.request.subresource.is_empty()
            && given.str("metadata.uid").is_empty()
    }

    pub(super) async fn replacement(&mut self, given: &Value, old: &Arc<Object>) -> Result<Value, Status> {
        self.check_uid(given, old)?;
        self.demand_version(given)?;
        self.check_version(given, old)?;
        let mut new = given.clone();
        new.remove("metadata.resourceVersion");
        self.row.def.rules.default(&mut new);
        self.own(Some(old.value()), &mut new).await?;
        Ok(new)
    }

    /// Some kinds are changed only by those who say what they change; "0" says nothing.
    pub(super) fn demand_version(&self, given: &Value) -> Result<(), Status> {
        let silent = matches!(given.str("metadata.resourceVersion"), "" | "0");
        match silent && self.row.def.rules.needs_version_on_update() {
            true => Err(self.version_needed(given)),
            false => Ok(()),
        }
    }

    fn version_needed(&self, given: &Value) -> Status {
        let path = meta::Path::new("metadata").field("resourceVersion");
        let mut errors = meta::ErrorList::default();
        errors.push(meta::FieldError::invalid(&path, Value::Int(0), "must be specified for an update"));
        // As upstream's store, which knows the resource and not its kind.
        let mut kind = self.row.def.gvk(&self.call.request.resource.version);
        kind.kind = self.row.def.names.plural.clone();
        Status::invalid(&kind, given.str("metadata.name"), &errors)
    }

    pub(super) async fn patch(&mut self) -> Result<Outcome, Status> {
        if self.is_apply() {
            return self.apply().await;
        }
        let patch = self.decoded_patch()?;
        if self.call.request.subresource == "scale" {
            return self.patch_scale(&patch).await;
        }
        self.change(&Edit::Patch(&patch)).await
    }

    async fn apply(&mut self) -> Result<Outcome, Status> {
        if self.call.request.write.field_manager.is_empty() {
            return Err(apply_without_manager());
        }
        if self.call.request.subresource == "scale" {
            return self.apply_scale().await;
        }
        let applied = self.applied_body()?;
        let outcome = self.change(&Edit::Apply(&applied)).await;
        match outcome {
            Err(status) if status.is(Reason::NotFound) && self.call.request.subresource.is_empty() => {
                self.demand_no_uid(&applied)?;
                let mut created = self.own_applied(None, &applied).await?;
                self.settle_place(&mut created)?;
                // The version of what does not exist is nothing that could be met.
                created.remove("metadata.resourceVersion");
                self.create_value(created).await
            }
            outcome => outcome,
        }
    }

    fn demand_no_uid(&self, applied: &Value) -> Result<(), Status> {
        match applied.str("metadata.uid") {
            "" => Ok(()),
            uid => {
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                Err(Status::conflict(&self.call.request.resource, &self.call.request.key.name, why))
            }
        }
    }

    pub(super) async fn merged(&mut self, applied: &Value, old: &Arc<Object>) -> Result<Value, Status> {
        let mut live = Value::clone(old.value());
        live.remove("metadata.resourceVersion");
        let mut new = self.own_applied(Some(&live), applied).await?;
        self.settle_place(&mut new)?;
        self.check_version(applied, old)?;
        self.row.def.rules.default(&mut new);
        Ok(new)
    }
}

fn apply_without_manager() -> Status {
    let path = meta::Path::new("fieldManager");
    let mut errors = meta::ErrorList::default();
    errors.push(meta::FieldError::required(&path, "is required for apply patch"));
    Status::invalid(&meta::Gvk::new("meta.k8s.io", "", "PatchOptions"), "", &errors)
}

/// The manager that upstream derives from a client's name: `kubectl/v1.35` is `kubectl`.
pub fn manager_of_agent(agent: &str) -> CompactString {
    let name: String = agent.split('/').next().unwrap_or("").chars().filter(|c| !c.is_control()).take(128).collect();
    if name.is_empty() { "unknown".into() } else { name.into() }
}
