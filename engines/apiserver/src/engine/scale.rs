//! The scale subresource: a view of where a kind keeps its replicas.

use super::attempt::Edit;
use super::patched::whole;
use super::{Going, Outcome};
use kinds::Scale;
use meta::selector::LabelSelector;
use meta::{ErrorList, FieldError, Gvk, Object, Path, Status, Time, Value, value};
use schema::apply::{OneVersion, Resource, ScaleOwners};
use schema::patch::Patch;
use std::sync::Arc;

impl Going<'_> {
    pub(super) async fn get_scale(&mut self) -> Result<Outcome, Status> {
        let object = self.current().await?;
        self.scale_outcome(&object)
    }

    pub(super) async fn update_scale(&mut self) -> Result<Outcome, Status> {
        let mut asked = self.scale_body()?;
        self.settle_place(&mut asked)?;
        self.change_scale(&Edit::Scale(&asked)).await
    }

    pub(super) async fn patch_scale(&mut self, patch: &Patch) -> Result<Outcome, Status> {
        self.change_scale(&Edit::PatchScale(patch)).await
    }

    pub(super) async fn scale_patched(&mut self, patch: &Patch, old: &Arc<Object>) -> Result<Value, Status> {
        let schema = scale_schema()?;
        let before = Value::clone(self.scale_of(old)?.value());
        let patched = patch.apply(&schema, before).map_err(|error| error.to_status())?;
        let whole = whole(patch, &patched);
        let mut scale = self.settled_patched(patch, &whole, schema.decode_value(patched))?;
        self.settle_place(&mut scale)?;
        self.scaled(&scale, old).await
    }

    pub(super) async fn apply_scale(&mut self) -> Result<Outcome, Status> {
        let applied = self.applied_body()?;
        self.change_scale(&Edit::ApplyScale(&applied)).await
    }

    /// A Scale is merged as the object of its own kind that it is; who owns its replicas owns the resource's.
    pub(super) async fn scale_applied(&mut self, applied: &Value, old: &Arc<Object>) -> Result<Value, Status> {
        let mut applied = applied.clone();
        self.settle_place(&mut applied)?;
        let places = self.scale_places_by_version();
        let replicas: Vec<_> = places.iter().map(|(version, path)| (version.as_str(), Some(path.as_str()))).collect();
        let stored = old.value();
        let api_version = self.row.def.gvk(&self.call.request.resource.version).group_version().api_version();
        let owners = ScaleOwners {
            entries: stored.at("metadata.managedFields"),
            api_version: &api_version,
            replicas: &replicas,
        };
        let merged = self.merged_scale(&owners, &applied, old)?;
        self.check_uid(&applied, old)?;
        self.check_version(&applied, old)?;
        self.judge_scale(&merged, old)?;
        let mut new = Value::clone(stored);
        new.remove("metadata.resourceVersion");
        new.set(&self.scale_places()?.spec_replicas, merged.int("spec.replicas"));
        match owners.to_resource(merged.at("metadata.managedFields")) {
            Some(entries) => new.set("metadata.managedFields", entries),
            None => drop(new.remove("metadata.managedFields")),
        }
        Ok(new)
    }

    fn merged_scale(&self, owners: &ScaleOwners<'_>, applied: &Value, old: &Object) -> Result<Value, Status> {
        let mut live = Value::clone(self.scale_of(old)?.value());
        live.remove("metadata.resourceVersion");
        if let Some(entries) = owners.to_scale() {
            live.set("metadata.managedFields", entries);
        }
        let (schema, gvk) = (scale_schema()?, scale_gvk());
        let versions = OneVersion { reset: None };
        let resource = Resource { schema: &schema, gvk: &gvk, subresource: "scale", versions: &versions };
        let (write, now) = (&self.call.request.write, Time(self.api.clock.now()));
        let merged = resource.apply(Some(&live), applied, &write.field_manager, write.force, now);
        let merged = merged.map_err(|error| error.to_status())?;
        schema.restore(merged).map(|restored| restored.value).map_err(|error| Status::bad_request(error.to_string()))
    }

    fn scale_places_by_version(&self) -> Vec<(String, String)> {
        let def = &self.row.def;
        let versions = def.versions.iter().filter_map(|version| {
            let scale = def.subresource("scale", &version.name)?.scale.as_ref()?;
            Some((def.gvk(&version.name).group_version().api_version().to_string(), scale.spec_replicas.to_string()))
        });
        versions.collect()
    }

    async fn change_scale(&mut self, edit: &Edit<'_>) -> Result<Outcome, Status> {
        let object = match self.change(edit).await?.answer {
            client::Answer::Object(object) => object,
            _ => return Err(Status::internal("a changed object was expected")),
        };
        self.scale_outcome(&object)
    }

    pub(super) async fn scaled(&mut self, scale: &Value, old: &Arc<Object>) -> Result<Value, Status> {
        let places = self.scale_places()?;
        self.check_uid(scale, old)?;
        self.check_version(scale, old)?;
        self.judge_scale(scale, old)?;
        let mut new = Value::clone(old.value());
        new.remove("metadata.resourceVersion");
        new.set(&places.spec_replicas, scale.int("spec.replicas"));
        self.own(Some(old.value()), &mut new).await?;
        Ok(new)
    }

    fn scale_places(&self) -> Result<Scale, Status> {
        let version = &self.call.request.resource.version;
        let places = self.row.def.subresource("scale", version).and_then(|sub| sub.scale.clone());
        places.ok_or_else(|| Status::internal("this kind does not say where it keeps its replicas"))
    }

    fn scale_body(&mut self) -> Result<Value, Status> {
        self.call.body_of(&scale_schema()?, &[scale_gvk()], &mut self.warnings)
    }

    fn judge_scale(&self, scale: &Value, old: &Object) -> Result<(), Status> {
        let replicas = scale.int("spec.replicas");
        if replicas >= 0 {
            return Ok(());
        }
        let path = Path::new("spec").field("replicas");
        let errors = ErrorList(vec![FieldError::invalid(&path, replicas, "must be greater than or equal to 0")]);
        Err(Status::invalid(&scale_gvk(), &old.header.name, &errors))
    }

    fn scale_outcome(&self, object: &Object) -> Result<Outcome, Status> {
        self.scale_of(object).map(Outcome::object)
    }

    /// The Scale of a value that may not be stored yet.
    pub(crate) fn scale_shown(&self, value: &Value) -> Result<Value, Status> {
        let object = Object::from_value(value).map_err(Status::internal)?;
        self.scale_of(&object).map(|scale| Value::clone(scale.value()))
    }

    fn scale_of(&self, object: &Object) -> Result<Arc<Object>, Status> {
        let places = self.scale_places()?;
        let (value, header) = (object.value(), &object.header);
        let mut scale = value!({
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": (&header.name), "uid": (&header.uid)},
            "spec": {},
            "status": {"replicas": (value.int(&places.status_replicas))},
        });
        if !header.namespace.is_empty() {
            scale.set("metadata.namespace", &header.namespace);
        }
        scale.set("metadata.creationTimestamp", value.at("metadata.creationTimestamp").clone());
        scale.set("metadata.resourceVersion", header.resource_version.to_string());
        match value.int(&places.spec_replicas) {
            0 => {}
            replicas => scale.set("spec.replicas", replicas),
        }
        if let Some(selector) = places.selector.as_deref().map(|path| value.at(path)) {
            let text = selector_text(selector)?;
            if !text.is_empty() {
                scale.set("status.selector", text);
            }
        }
        Object::from_value(&scale).map(Arc::new).map_err(Status::internal)
    }
}

fn scale_gvk() -> Gvk {
    Gvk::new("autoscaling", "v1", "Scale")
}

fn scale_schema() -> Result<schema::Schema, Status> {
    kinds::schema_of("autoscaling.v1.Scale").ok_or_else(|| Status::internal("the tables do not know Scale"))
}

/// A selector as text: kinds keep it as text already, as a LabelSelector, or (old ones) as a plain map.
fn selector_text(selector: &Value) -> Result<String, Status> {
    let is_selector = |map: &meta::Map| map.contains("matchLabels") || map.contains("matchExpressions");
    match selector {
        Value::Str(text) => Ok(text.to_string()),
        Value::Map(map) if is_selector(map) => {
            LabelSelector::from_value(selector).map(|s| s.to_string()).map_err(Status::internal)
        }
        Value::Map(map) => {
            let pairs = map.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
            Ok(LabelSelector::from_equal(pairs).to_string())
        }
        _ => Ok(String::new()),
    }
}
