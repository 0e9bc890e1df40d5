//! Admission: what may change or refuse a request after it is allowed and before it is judged. One folder a plugin.

mod certificate_approval;
mod certificate_signing;
mod certificate_subject_restriction;
mod default_toleration_seconds;
mod expressions;
mod limit_ranger;
pub(crate) mod lookup;
mod namespace_lifecycle;
pub(crate) mod node_restriction;
mod pod_security;
mod priority;
mod rbac_escalation;
mod resource_quota;
mod runtime_class;
mod service_account;
mod signers;
mod storage_protection;
mod taint_nodes_by_condition;
pub(crate) mod validating_policies;
mod webhooks;

use crate::engine::{Api, Going};
use futures::future::BoxFuture;
use meta::{Gvk, Gvr, Status, Value};
use std::sync::{Mutex, PoisonError};
use webhooks::Reinvocation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
    /// A stream to what the object stands for: exec, attach, a proxy.
    Connect,
}

impl Operation {
    pub fn word(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// A request as a plugin sees it.
pub(crate) struct Admitting<'a> {
    pub api: &'a Api,
    pub call: &'a crate::engine::Call,
    pub def: &'a kinds::KindDef,
    pub operation: Operation,
    pub old: Option<&'a Value>,
    pub going: &'a Going<'a>,
    pub effects: &'a Effects,
    /// The kind of the options that open a stream.
    pub connecting: Option<Gvk>,
}

/// What plugins leave behind besides the object.
#[derive(Default)]
pub(crate) struct Effects {
    warnings: Mutex<Vec<String>>,
    reinvocation: Mutex<Reinvocation>,
}

impl Effects {
    pub fn warn(&self, told: Vec<String>) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
    }

    pub fn reinvocation<T>(&self, about: impl FnOnce(&mut Reinvocation) -> T) -> T {
        about(&mut self.reinvocation.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
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
    &pod_security::PodSecurity,
    &priority::Priority,
    &default_toleration_seconds::DefaultTolerationSeconds,
    &storage_protection::StorageObjectInUseProtection,
    &runtime_class::RuntimeClass,
    &certificate_approval::CertificateApproval,
    &certificate_signing::CertificateSigning,
    &certificate_subject_restriction::CertificateSubjectRestriction,
    &rbac_escalation::RbacEscalation,
    &webhooks::MutatingWebhooks,
    &validating_policies::ValidatingPolicies,
    &webhooks::ValidatingWebhooks,
    &resource_quota::ResourceQuota,
];

impl Going<'_> {
    /// Lets the plugins change the object; says whether somebody outside this server did.
    pub(crate) async fn admit(
        &mut self,
        operation: Operation,
        object: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let effects = Effects::default();
        let outcome = self.mutate(operation, object, old, &effects).await;
        self.warnings.extend(effects.into_warnings());
        outcome
    }

    async fn mutate(
        &self,
        operation: Operation,
        object: &mut Value,
        old: Option<&Value>,
        effects: &Effects,
    ) -> Result<(), Status> {
        let on = self.admitting(operation, old, effects);
        loop {
            for plugin in PLUGINS.iter().filter(|plugin| plugin.handles(&on)) {
                plugin.mutate(&on, object).await.inspect_err(|status| refused(*plugin, status))?;
            }
            if !effects.reinvocation(Reinvocation::next_round) {
                return Ok(());
            }
        }
    }

    pub(crate) async fn check_admission(
        &mut self,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let effects = Effects::default();
        let on = self.admitting(operation, old, &effects);
        let outcome = validate(&on, object).await;
        self.warnings.extend(effects.into_warnings());
        outcome
    }

    /// Whether a stream may be opened; `options` say how, and are of that kind.
    pub(crate) async fn check_connect(&mut self, options: &Value, kind: Gvk) -> Result<(), Status> {
        let effects = Effects::default();
        let on = Admitting { connecting: Some(kind), ..self.admitting(Operation::Connect, None, &effects) };
        let outcome = validate(&on, Some(options)).await;
        self.warnings.extend(effects.into_warnings());
        outcome
    }

    fn admitting<'a>(&'a self, operation: Operation, old: Option<&'a Value>, effects: &'a Effects) -> Admitting<'a> {
        let (api, call, def) = (self.api, self.call, &*self.row.def);
        Admitting { api, call, def, operation, old, going: self, effects, connecting: None }
    }
}

async fn validate(on: &Admitting<'_>, object: Option<&Value>) -> Result<(), Status> {
    for plugin in PLUGINS.iter().filter(|plugin| plugin.handles(on)) {
        plugin.validate(on, object).await.inspect_err(|status| refused(*plugin, status))?;
    }
    Ok(())
}

fn refused(plugin: &dyn Plugin, status: &Status) {
    tracing::debug!(plugin = plugin.name(), why = %status.message, "a request was refused");
}
