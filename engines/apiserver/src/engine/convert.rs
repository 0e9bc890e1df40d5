//! Between the stored version and the one a client speaks.

use super::Going;
use meta::{Object, Status, Value};
use std::sync::Arc;

impl Going<'_> {
    pub(super) fn is_stored_version(&self) -> bool {
        let def = &self.row.def;
        def.stored_as.is_none() && def.storage_version().name == self.call.request.resource.version
    }

    /// A stored object as the request's version shows it.
    pub(crate) fn presented(&self, object: Arc<Object>) -> Result<Arc<Object>, Status> {
        if self.is_stored_version() {
            return Ok(object);
        }
        let value = self.to_request(object.decode_value())?;
        Object::from_value(&value).map(Arc::new).map_err(Status::internal)
    }

    pub(super) fn to_storage(&self, value: Value) -> Result<Value, Status> {
        if let Some(stored) = &self.row.def.stored_as {
            let mut value =
                self.between_kinds(value, &self.own_api_version(), &stored.group_version().api_version())?;
            value.set("kind", &stored.kind);
            return Ok(value);
        }
        let storage = self.row.def.storage_version().name.clone();
        self.convert(value, &self.call.request.resource.version, &storage)
    }

    fn own_api_version(&self) -> meta::CompactString {
        self.row.def.gvk(&self.call.request.resource.version).group_version().api_version()
    }

    fn between_kinds(&self, value: Value, from: &str, to: &str) -> Result<Value, Status> {
        let mut value = self.row.def.rules.convert(value, from, to).map_err(Status::internal)?;
        value.set("apiVersion", to);
        Ok(value)
    }

    pub(super) fn to_request(&self, value: Value) -> Result<Value, Status> {
        if let Some(stored) = &self.row.def.stored_as {
            let mut value =
                self.between_kinds(value, &stored.group_version().api_version(), &self.own_api_version())?;
            value.set("kind", &self.row.def.names.kind);
            return Ok(value);
        }
        let storage = self.row.def.storage_version().name.clone();
        self.convert(value, &storage, &self.call.request.resource.version)
    }

    pub(super) fn convert(&self, value: Value, from: &str, to: &str) -> Result<Value, Status> {
        if from == to {
            return Ok(value);
        }
        let mut value = self.row.def.rules.convert(value, from, to).map_err(Status::internal)?;
        value.set("apiVersion", self.row.def.gvk(to).group_version().api_version());
        Ok(value)
    }
}
