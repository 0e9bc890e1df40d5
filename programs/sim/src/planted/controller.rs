//! Controllers with the mistakes that Sieve looks for.

use crate::bug::Bug;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use meta::Key;
use plan::{Action, Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use std::sync::Arc;

struct Careless {
    inner: Arc<dyn Controller>,
    bug: Bug,
}

/// The controller itself, unless the bug is one of its kind.
pub fn plant(bug: Option<Bug>, inner: Arc<dyn Controller>) -> Arc<dyn Controller> {
    let victim = match bug {
        Some(Bug::IntermediateState) => "replicaset-controller",
        Some(Bug::StaleState) => "generic-garbage-collector",
        Some(Bug::UnobservedState) => "endpointslice-controller",
        _ => return inner,
    };
    match bug {
        Some(bug) if inner.name() == victim => Arc::new(Careless { inner, bug }),
        _ => inner,
    }
}

impl Careless {
    fn spoil(&self, plan: &mut Plan, key: &Key, seen: &View) {
        match self.bug {
            // Where there are some pods, there must be all.
            Bug::IntermediateState if has_pods(key, seen) => {
                plan.actions.retain(|action| !matches!(action, Action::Create { .. }));
                plan.report.events.clear();
            }
            // What the cache says is so.
            Bug::StaleState => plan.actions.retain(|action| !matches!(action, Action::Confirm(_))),
            _ => {}
        }
    }
}

fn has_pods(key: &Key, seen: &View) -> bool {
    let uid = seen.get::<ReplicaSet>(&key.namespace, &key.name).and_then(|set| set.metadata.uid.clone());
    uid.is_some_and(|uid| seen.owned_by::<Pod>(&uid).next().is_some())
}

impl Controller for Careless {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn identity(&self) -> &'static str {
        self.inner.identity()
    }

    fn event_source(&self) -> &'static str {
        self.inner.event_source()
    }

    fn reads(&self) -> Vec<Input> {
        self.inner.reads()
    }

    fn writes(&self) -> Vec<Grant> {
        self.inner.writes()
    }

    fn keys(&self, change: &Change, seen: &View) -> Vec<Key> {
        // A new pod is never ready: the step to readiness will surely be seen.
        let unseen = change.resource == Pod::gvr() && change.old.is_none();
        if self.bug == Bug::UnobservedState && unseen { Vec::new() } else { self.inner.keys(change, seen) }
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = self.inner.reconcile(key, seen, moment);
        self.spoil(&mut plan, key, seen);
        plan
    }
}
