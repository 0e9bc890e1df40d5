//! ResourceQuota: what an object takes is charged to the quotas of its namespace before it is written, and refused where
//! it is too much. A charge is a write of the quota's status that nobody else may have come between.

mod charge;

use super::{Admitting, Operation, Plugin, lookup};
use crate::engine::{Call, Payload};
use crate::identity::Identity;
use charge::Charge;
use client::Request;
use futures::future::BoxFuture;
use meta::{Gvr, Object, Status, Value};
use std::sync::Arc;

pub(super) struct ResourceQuota;

fn quotas() -> Gvr {
    Gvr::new("", "v1", "resourcequotas")
}

impl Plugin for ResourceQuota {
    fn name(&self) -> &'static str {
        "ResourceQuota"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        if !on.def.namespaced() {
            return false;
        }
        match (on.operation, on.call.request.subresource.as_str()) {
            (Operation::Create, "") => true,
            (Operation::Update, "") => on.is("", "services") || on.is("", "persistentvolumeclaims"),
            (Operation::Update, "resize") => on.is_any_part("", "pods"),
            _ => false,
        }
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(object) = object else { return Ok(()) };
            let all = lookup::all(on.api, &quotas(), &on.call.request.key.namespace);
            if all.is_empty() {
                return Ok(());
            }
            let charge = Charge::of(&on.def.gvr(&on.call.request.resource.version), object, on);
            self.charge(on, object, &all, &charge).await
        })
    }
}

impl ResourceQuota {
    async fn charge(
        &self,
        on: &Admitting<'_>,
        object: &Value,
        all: &[Arc<Object>],
        charge: &Charge,
    ) -> Result<(), Status> {
        let refused = |why: String| on.forbidden(Some(object), why);
        let concerned: Vec<&Arc<Object>> = all.iter().filter(|quota| charge.concerns(quota.value(), object)).collect();
        for quota in &concerned {
            charge.check(quota.value(), object).map_err(refused)?;
        }
        for quota in concerned.into_iter().filter(|_| !charge.is_free()) {
            charge.raised(quota.value()).map_err(refused)?;
            if !on.call.request.write.dry_run {
                raise(on, quota, |old| charge.raised(old).map_err(refused)).await?;
            }
        }
        Ok(())
    }
}

/// Writes what a quota's use becomes, from whatever it is when it is written.
async fn raise(
    on: &Admitting<'_>,
    quota: &Object,
    mut change: impl FnMut(&Value) -> Result<Option<Value>, Status>,
) -> Result<(), Status> {
    let request = Request::get(quotas(), quota.key()).subresource("status");
    let call = Call { identity: Arc::new(Identity::loopback()), request, payload: Payload::None };
    let raised = on.api.overwrite(&call, |old| Ok(change(&old)?.unwrap_or(old)));
    Box::pin(raised).await.map(drop)
}
