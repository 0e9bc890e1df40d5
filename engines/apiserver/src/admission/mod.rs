//! Admission: what may change or refuse a request after it is allowed and before it is judged. One folder a plugin.

mod namespace_lifecycle;

use crate::engine::{Api, Going};
use futures::future::BoxFuture;
use meta::{Status, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
}

/// A request as a plugin sees it.
pub(crate) struct Admitting<'a> {
    pub api: &'a Api,
    pub call: &'a crate::engine::Call,
    pub def: &'a kinds::KindDef,
    pub operation: Operation,
    pub old: Option<&'a Value>,
}

impl Admitting<'_> {
    /// The object's own resource, not one of its subresources.
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.is_any_part(group, resource) && self.call.request.subresource.is_empty()
    }

    pub fn is_any_part(&self, group: &str, resource: &str) -> bool {
        self.def.group == group && self.def.names.plural == resource
    }
}

pub(crate) trait Plugin: Send + Sync {
    fn name(&self) -> &'static str;

    fn handles(&self, on: &Admitting<'_>) -> bool;

    /// May change the object.
    fn mutate<'a>(&'a self, _on: &'a Admitting<'a>, _object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async { Ok(()) })
    }

    /// May only refuse. There is no object in a deletion.
    fn validate<'a>(&'a self, _on: &'a Admitting<'a>, _object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async { Ok(()) })
    }
}

/// The plugins in upstream's order.
pub(crate) static PLUGINS: &[&dyn Plugin] = &[&namespace_lifecycle::NamespaceLifecycle];

impl Going<'_> {
    pub(crate) async fn admit(
        &self,
        operation: Operation,
        object: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let on = self.admitting(operation, old);
        for plugin in PLUGINS.iter().filter(|plugin| plugin.handles(&on)) {
            plugin.mutate(&on, object).await?;
        }
        Ok(())
    }

    pub(crate) async fn check_admission(
        &self,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let on = self.admitting(operation, old);
        for plugin in PLUGINS.iter().filter(|plugin| plugin.handles(&on)) {
            plugin.validate(&on, object).await?;
        }
        Ok(())
    }

    fn admitting<'a>(&'a self, operation: Operation, old: Option<&'a Value>) -> Admitting<'a> {
        Admitting { api: self.api, call: self.call, def: &self.row.def, operation, old }
    }
}
