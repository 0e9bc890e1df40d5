//! A pod's eviction: its deletion, if the disruption budgets that cover it allow one more to be gone.

mod budget;

use self::budget::Spending;
use super::{Answering, Told, Virtual, body, put_condition};
use crate::admission::{lookup, node_restriction};
use crate::engine::{Api, Call, Outcome, Payload};
use crate::identity::Identity;
use client::{Answer, PatchKind, Request};
use meta::selector::LabelSelector;
use meta::{CompactString, Gvr, Object, Reason, Status, Time, Value, value};
use std::sync::Arc;

/// Upstream gives up a contended budget after this many tries.
const TRIES: usize = 20;

pub(super) struct PodEviction;

impl Virtual for PodEviction {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("", "pods", "eviction")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(evict(api, call, told))
    }
}

fn pods() -> Gvr {
    Gvr::new("", "v1", "pods")
}

fn budgets() -> Gvr {
    Gvr::new("policy", "v1", "poddisruptionbudgets")
}

async fn evict(api: &Api, call: &Call, told: &mut Told) -> Result<Outcome, Status> {
    let eviction = body(call, told, "policy.v1.Eviction", &["policy/v1", "policy/v1beta1"])?;
    let (name, key) = (eviction.str("metadata.name"), &call.request.key);
    if name != key.name {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    node_restriction::admit_eviction(api, call).await?;
    let pod = lookup::must_find(api, &pods(), key).await?;
    let evicting = Evicting { api, call, options: eviction.get("deleteOptions"), pod: &pod };
    if !ignores_budgets(pod.value()) {
        evicting.spend().await?;
    }
    evicting.delete().await?;
    let success = Status { status: "Success".into(), code: 201, ..Status::default() };
    Ok(Outcome { created: true, ..Outcome::of(Answer::Status(success)) })
}

/// Pods that run no more, or not yet, are no loss.
fn ignores_budgets(pod: &Value) -> bool {
    matches!(pod.str("status.phase"), "Succeeded" | "Failed" | "Pending")
        || !pod.at("metadata.deletionTimestamp").is_null()
}

struct Evicting<'a> {
    api: &'a Api,
    call: &'a Call,
    options: &'a Value,
    pod: &'a Arc<Object>,
}

impl Evicting<'_> {
    /// Takes one disruption from the budget of the pod.
    async fn spend(&self) -> Result<(), Status> {
        for _ in 0..TRIES {
            let Some(budget) = self.budget()? else { return Ok(()) };
            let spent = match budget::spend(budget.value(), self.pod.value(), self.api.clock.now()) {
                Spending::Free => return Ok(()),
                Spending::Refused(status) => return Err(*status),
                Spending::Spent(patch) => patch,
            };
            match self.write(&budget, spent).await {
                Err(status) if status.is(Reason::Conflict) => drop(self.api.fresh().await?),
                written => return written,
            }
        }
        Err(Status::timeout("couldn't update PodDisruptionBudget due to conflicts", 10))
    }

    fn budget(&self) -> Result<Option<Arc<Object>>, Status> {
        let all = lookup::all(self.api, &budgets(), &self.pod.header.namespace);
        let mut covering = all.into_iter().filter(|budget| {
            let selector = LabelSelector::from_value(budget.value().at("spec.selector"));
            selector.is_ok_and(|selector| selector.matches(&self.pod.header.labels))
        });
        match (covering.next(), covering.next()) {
            (found, None) => Ok(found),
            _ => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                Err(Status { status: "Failure".into(), message: message.into(), code: 500, ..Status::default() })
            }
        }
    }

    async fn write(&self, budget: &Object, patch: Value) -> Result<(), Status> {
        if self.dry_run() {
            return Ok(());
        }
        let request = Request::patch(budgets(), budget.key(), PatchKind::Merge, Value::Null).subresource("status");
        self.own(request, Payload::PatchValue(PatchKind::Merge, patch)).await
    }

    async fn delete(&self) -> Result<(), Status> {
        if !self.dry_run() {
            let now = Time(self.api.clock.now()).to_string();
            self.api.overwrite(self.call, |pod| Ok(marked(pod, &now))).await?;
        }
        let mut request = Request::delete(pods(), self.pod.key());
        request.delete = crate::http::delete_body(self.options)?;
        request.delete.uid.get_or_insert_with(|| self.pod.header.uid.clone());
        request.write.dry_run = self.dry_run();
        self.own(request, Payload::None).await
    }

    fn dry_run(&self) -> bool {
        let asked = self.options.items("dryRun").iter().any(|value| value.as_str() == Some("All"));
        asked || self.call.request.write.dry_run
    }

    /// Who may create an eviction needs no right to what it comes to.
    async fn own(&self, mut request: Request, payload: Payload) -> Result<(), Status> {
        request.write.field_manager = CompactString::from("kube-apiserver");
        let call = Call { identity: Arc::new(Identity::loopback()), request, payload };
        Box::pin(self.api.call(&call)).await.map(drop)
    }
}

/// The pod with the condition that says why it goes.
fn marked(mut pod: Value, now: &str) -> Value {
    let evicting = value!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastProbeTime": null, "lastTransitionTime": now});
    put_condition(&mut pod, evicting);
    pod
}
