//! Admission: what may change or refuse a request after it is allowed and before it is judged. One folder a plugin.

mod default_toleration_seconds;
mod limit_ranger;
pub(crate) mod lookup;
mod namespace_lifecycle;
pub(crate) mod node_restriction;
mod priority;
mod rbac_escalation;
mod service_account;
mod taint_nodes_by_condition;

use crate::engine::{Api, Going};
use futures::future::BoxFuture;
use meta::{Gvr, Status, Value};

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

    /// The name of what the request is about; a created object may say it in its body alone.
    pub fn object_name<'a>(&'a self, object: Option<&'a Value>) -> &'a str {
        let of = |value: Option<&'a Value>| value.map_or("", |value| value.str("metadata.name"));
        match self.call.request.key.name.as_str() {
            "" if object.is_some() => of(object),
            "" => of(self.old),
            name => name,
        }
    }

    /// The refusal of a plugin. Where the server makes up the name, upstream refuses before it has done so.
    pub fn forbidden(&self, object: Option<&Value>, why: impl std::fmt::Display) -> Status {
        let resource = Gvr::new(self.def.group.clone(), "", self.def.names.plural.clone());
        let base = object.map_or("", |object| object.str("metadata.generateName"));
        let name = match (self.operation, self.object_name(object)) {
            (Operation::Create, name) if !base.is_empty() && name.starts_with(base) => base,
            (_, name) => name,
        };
        Status::forbidden(&resource, name, why)
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
pub(crate) static PLUGINS: &[&dyn Plugin] = &[
    &namespace_lifecycle::NamespaceLifecycle,
    &limit_ranger::LimitRanger,
    &service_account::ServiceAccount,
    &node_restriction::NodeRestriction,
    &taint_nodes_by_condition::TaintNodesByCondition,
    &priority::Priority,
    &default_toleration_seconds::DefaultTolerationSeconds,
    &rbac_escalation::RbacEscalation,
];

impl Going<'_> {
    pub(crate) async fn admit(
        &self,
        operation: Operation,
        object: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let on = self.admitting(operation, old);
        for plugin in PLUGINS.iter().filter(|plugin| plugin.handles(&on)) {
            plugin.mutate(&on, object).await.inspect_err(|status| refused(*plugin, status))?;
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
            plugin.validate(&on, object).await.inspect_err(|status| refused(*plugin, status))?;
        }
        Ok(())
    }

    fn admitting<'a>(&'a self, operation: Operation, old: Option<&'a Value>) -> Admitting<'a> {
        Admitting { api: self.api, call: self.call, def: &self.row.def, operation, old }
    }
}

fn refused(plugin: &dyn Plugin, status: &Status) {
    tracing::debug!(plugin = plugin.name(), why = %status.message, "a request was refused");
}
