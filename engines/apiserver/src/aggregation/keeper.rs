//! Follows the APIServices, looks at who answers for them, and says in their status what it saw.

use super::Remote;
use super::availability::{Unavailable, look};
use crate::engine::{Api, Call, Payload};
use crate::hub::{Interest, KindHub};
use crate::identity::Identity;
use client::{PatchKind, Request};
use futures::future::join_all;
use kinds::{Verb, conditions};
use meta::selector::LabelSelector;
use meta::{CompactString, Gvr, Key, Object, Reason, Status, Time, Value, value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Until those that answered are looked at again.
const EVERY: Duration = Duration::from_secs(30);
/// The same while one does not answer: it may be about to begin.
const SOON: Duration = Duration::from_secs(1);

fn services() -> Gvr {
    Gvr::new("apiregistration.k8s.io", "v1", "apiservices")
}

pub(crate) fn keep(api: Arc<Api>, mut stopping: watch::Receiver<bool>) {
    let Some(hub) = api.rows.table().served(&services()).map(|row| row.hub.clone()) else { return };
    tokio::spawn(async move {
        tokio::select! {
            biased;
            _stopped = stopping.wait_for(|stopping| *stopping) => {}
            () = Keeper { api, hub }.follow() => {}
        }
    });
}

struct Keeper {
    api: Arc<Api>,
    hub: Arc<KindHub>,
}

impl Keeper {
    async fn follow(self) {
        loop {
            let listing = self.hub.list("", &LabelSelector::everything());
            self.bring_in(&listing.objects);
            let pause = self.look_at_all().await;
            let Some(mut watcher) = self.hub.watch(listing.revision, Interest::default()) else { continue };
            match pause {
                Some(pause) => drop(tokio::time::timeout(pause, watcher.next()).await),
                None => drop(watcher.next().await),
            }
        }
    }

    /// What is known of one whose APIService says the same as before stays known. Without a Service this server answers
    /// itself.
    fn bring_in(&self, objects: &[Arc<Object>]) {
        let aggregation = &self.api.aggregation;
        let known = aggregation.remotes();
        let named = objects.iter().filter(|object| !object.value().at("spec.service").is_null());
        let remotes = named.map(|object| {
            let spec = object.value().get("spec");
            let key = (spec.str("group").into(), spec.str("version").into());
            let made = || {
                let name = object.header.name.clone();
                Arc::new(Remote::new(name, spec.clone(), aggregation.front_proxy.as_ref()))
            };
            let same = known.get(&key).filter(|known| known.spec == *spec).cloned();
            (key, same.unwrap_or_else(made))
        });
        aggregation.replace(remotes.collect());
    }

    /// Says when to look again.
    async fn look_at_all(&self) -> Option<Duration> {
        let remotes = self.api.aggregation.remotes();
        join_all(remotes.values().map(|remote| self.look_at(remote))).await;
        let whole = remotes.values().all(|remote| remote.is_available());
        (!remotes.is_empty()).then_some(if whole { EVERY } else { SOON })
    }

    async fn look_at(&self, remote: &Remote) {
        let found = look(&self.api, remote).await;
        let condition = found.as_ref().map(drop).map_err(Clone::clone);
        remote.saw(found.ok());
        match self.tell(&remote.name, condition.err()).await {
            Err(status) if !status.is(Reason::NotFound) => {
                tracing::warn!(name = %remote.name, %status, "the status of an APIService cannot be written");
            }
            _ => {}
        }
    }

    async fn tell(&self, name: &CompactString, why_not: Option<Unavailable>) -> Result<(), Status> {
        let key = Key::cluster(name.clone());
        let Some(held) = self.hub.get(&key) else { return Ok(()) };
        let now = Time(self.api.clock.now()).to_string();
        let Some(condition) = condition(held.value(), why_not, &now) else { return Ok(()) };
        let mut request = Request::new(Verb::Patch, services(), key);
        request.subresource = "status".into();
        request.write.field_manager = "kube-apiserver".into();
        let patch = value!({"status": {"conditions": [condition]}});
        let payload = Payload::PatchValue(PatchKind::Merge, patch);
        let call = Call { identity: Arc::new(Identity::loopback()), request, payload };
        self.api.call(&call).await.map(drop)
    }
}

/// None: it is said already.
fn condition(held: &Value, why_not: Option<Unavailable>, now: &str) -> Option<Value> {
    let (status, reason, message) = match why_not {
        None => ("True", "Passed", "all checks passed".to_string()),
        Some(Unavailable { reason, message }) => ("False", reason, message),
    };
    let mut known = held.items("status.conditions").iter();
    let known = known.find(|condition| condition.str("type") == "Available").unwrap_or(&Value::Null);
    let wanted = conditions::after(known, "Available", status, reason, &message, now);
    (*known != wanted).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_told_once_and_keeps_its_time() {
        let absent = || Some(Unavailable { reason: "ServiceNotFound", message: "no".into() });
        let first = condition(&Value::Null, absent(), "t1").unwrap();
        assert_eq!((first.str("status"), first.str("lastTransitionTime")), ("False", "t1"));
        let held = value!({"status": {"conditions": [first]}});
        assert_eq!(condition(&held, absent(), "t2"), None);
        let other = condition(&held, Some(Unavailable { reason: "MissingEndpoints", message: "no".into() }), "t2");
        assert_eq!(other.unwrap().str("lastTransitionTime"), "t1");
        let passed = condition(&held, None, "t3").unwrap();
        assert_eq!((passed.str("status"), passed.str("lastTransitionTime")), ("True", "t3"));
    }
}
