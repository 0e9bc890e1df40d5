//! What plugins read: objects as this server sees them, and as they are now where they are not seen yet.

use crate::engine::Api;
use meta::selector::LabelSelector;
use meta::{Gvr, Key, Object, Status};
use std::sync::Arc;

/// None: it does not exist, even in the newest state.
pub(crate) async fn find(api: &Api, resource: &Gvr, key: &Key) -> Result<Option<Arc<Object>>, Status> {
    let table = api.rows.table();
    let Some(row) = table.get(&resource.group, &resource.resource) else { return Ok(None) };
    if let Some(found) = row.hub.get(key) {
        return Ok(Some(found));
    }
    api.fresh().await?;
    Ok(row.hub.get(key))
}

pub(crate) async fn must_find(api: &Api, resource: &Gvr, key: &Key) -> Result<Arc<Object>, Status> {
    find(api, resource, key).await?.ok_or_else(|| Status::not_found(resource, &key.name))
}

/// All of a namespace, or of all with an empty one.
pub(crate) fn all(api: &Api, resource: &Gvr, namespace: &str) -> Vec<Arc<Object>> {
    let table = api.rows.table();
    let row = table.get(&resource.group, &resource.resource);
    row.map(|row| row.hub.list(namespace, &LabelSelector::everything()).objects).unwrap_or_default()
}
