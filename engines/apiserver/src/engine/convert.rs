//! Between the stored version and the one a client speaks. Most conversions are functions of a kind's row; those of a
//! custom kind may be a webhook's, which is asked for all objects of an answer at once.

use super::Going;
use crate::rows::Row;
use meta::{CompactString, GroupVersion, Gvr, Object, Status, Value};
use std::sync::Arc;

impl Going<'_> {
    pub(super) fn is_stored_version(&self) -> bool {
        let def = &self.row.def;
        def.stored_as.is_none() && def.storage_version().name == self.call.request.resource.version
    }

    /// Every object of the hub is in the request's version already.
    pub(super) fn needs_no_conversion(&self) -> bool {
        // A custom kind's objects keep the version that they were written in.
        self.is_stored_version() && !(self.row.def.custom && self.row.def.versions.len() > 1)
    }

    /// A stored object as the request's version shows it.
    pub(crate) async fn presented(&self, object: Arc<Object>) -> Result<Arc<Object>, Status> {
        let mut shown = self.presented_all(vec![object]).await?;
        shown.pop().ok_or_else(|| Status::internal("an object was lost in its conversion"))
    }

    pub(crate) async fn presented_all(&self, mut objects: Vec<Arc<Object>>) -> Result<Vec<Arc<Object>>, Status> {
        let wanted = self.row.def.gvk(&self.call.request.resource.version);
        let others: Vec<usize> = (0..objects.len()).filter(|at| objects[*at].gvk != wanted).collect();
        if others.is_empty() {
            return Ok(objects);
        }
        let values = others.iter().map(|at| objects[*at].decode_value()).collect();
        let shown = self.converted(&self.row, values, &self.own_api_version()).await?;
        for (at, value) in others.into_iter().zip(shown) {
            objects[at] = Object::from_value(&value).map(Arc::new).map_err(Status::internal)?;
        }
        Ok(objects)
    }

    /// The stored object in the form that is stored now: a custom kind's storage version may have changed since.
    pub(super) async fn in_storage_form(&self, object: Arc<Object>) -> Result<Arc<Object>, Status> {
        let def = &self.row.def;
        if !def.custom || object.gvk.version == def.storage_version().name {
            return Ok(object);
        }
        let value = self.to_storage(object.decode_value()).await?;
        Object::from_value(&value).map(Arc::new).map_err(Status::internal)
    }

    pub(crate) async fn to_storage(&self, value: Value) -> Result<Value, Status> {
        let def = &self.row.def;
        let stored = match &def.stored_as {
            Some(stored) => stored.group_version().api_version(),
            None => def.gvk(&def.storage_version().name).group_version().api_version(),
        };
        let mut value = self.one_converted(&self.row, value, &stored).await?;
        if let Some(stored) = &def.stored_as {
            value.set("kind", &stored.kind);
        }
        Ok(value)
    }

    fn own_api_version(&self) -> CompactString {
        self.row.def.gvk(&self.call.request.resource.version).group_version().api_version()
    }

    pub(super) async fn to_request(&self, value: Value) -> Result<Value, Status> {
        self.one_converted(&self.row, value, &self.own_api_version()).await
    }

    /// A stored value as another resource over the same objects shows it: another version or another group.
    pub(crate) async fn shown_as(&self, value: Value, resource: &Gvr) -> Result<Value, Status> {
        let row = self.table.get(&resource.group, &resource.resource).ok_or_else(Status::no_such_page)?;
        let wanted = row.def.gvk(&resource.version).group_version().api_version();
        self.one_converted(row, value, &wanted).await
    }

    async fn one_converted(&self, row: &Row, value: Value, to: &str) -> Result<Value, Status> {
        if value.str("apiVersion") == to {
            return Ok(value);
        }
        let mut converted = self.converted(row, vec![value], to).await?;
        converted.pop().ok_or_else(|| Status::internal("an object was lost in its conversion"))
    }

    async fn converted(&self, row: &Row, values: Vec<Value>, to: &str) -> Result<Vec<Value>, Status> {
        match &row.converter {
            // Rare, and large: it takes no room in every request.
            Some(webhook) => Box::pin(webhook.convert(self.api, row, values, to)).await,
            None => values.into_iter().map(|value| by_rules(row, value, to)).collect(),
        }
    }
}

/// By the kind's own function, which is told versions, or whole apiVersions where groups differ.
fn by_rules(row: &Row, value: Value, to: &str) -> Result<Value, Status> {
    let from = CompactString::from(value.str("apiVersion"));
    let mut value = match row.def.stored_as {
        Some(_) => row.def.rules.convert(value, &from, to),
        None => row.def.rules.convert(value, version_of(&from), version_of(to)),
    }
    .map_err(Status::internal)?;
    value.set("apiVersion", to);
    if row.def.stored_as.is_some() && GroupVersion::parse(to).is_some_and(|parsed| parsed.group == row.def.group) {
        value.set("kind", &row.def.names.kind);
    }
    Ok(value)
}

fn version_of(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or(api_version)
}
