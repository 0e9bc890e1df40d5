//! The sign of life: a lease that others read, renewed before it runs out.

use crate::context::Context;
use client::{Api, PatchKind};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference};
use meta::{Reason, Status, Value};
use std::time::Duration;

const NAMESPACE: &str = "kube-node-lease";
const SECONDS: i32 = 40;
pub const RENEW_EVERY: Duration = Duration::from_secs(10);

pub async fn renew(context: &Context) -> Result<(), Status> {
    let api = Api::<Lease>::namespaced(context.client.clone(), NAMESPACE);
    let now = context.clock.now();
    let mut patch = Value::map();
    patch.set("spec.holderIdentity", &context.config.node_name);
    patch.set("spec.leaseDurationSeconds", SECONDS);
    patch.set("spec.renewTime", meta::Time(now).micro());
    match api.patch(&context.config.node_name, PatchKind::Merge, patch).await {
        Err(status) if status.is(Reason::NotFound) => api.create(&lease(context, now)).await.map(drop),
        result => result.map(drop),
    }
}

fn lease(context: &Context, now: Timestamp) -> Lease {
    let owner = context.node().metadata.uid.clone().map(|uid| OwnerReference {
        api_version: "v1".into(),
        kind: "Node".into(),
        name: context.config.node_name.clone(),
        uid,
        ..OwnerReference::default()
    });
    Lease {
        metadata: ObjectMeta {
            name: Some(context.config.node_name.clone()),
            namespace: Some(NAMESPACE.into()),
            owner_references: owner.map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(context.config.node_name.clone()),
            lease_duration_seconds: Some(SECONDS),
            renew_time: Some(MicroTime(now)),
            ..LeaseSpec::default()
        }),
    }
}
