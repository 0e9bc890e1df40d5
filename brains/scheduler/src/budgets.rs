//! Disruption budgets: which pods should rather not be pushed out.

use crate::pod::PodInfo;
use crate::pod::manifest::Selector;
use crate::pod::selector;
use meta::selector::LabelSelector;
use meta::{CompactString, JsonError, Key, Object};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;

/// By key, so that they are asked in one order.
#[derive(Default)]
pub struct Budgets(BTreeMap<Key, Budget>);

struct Budget {
    selects: LabelSelector,
    allowed: i64,
    /// Pods whose disruption is counted already.
    disrupted: BTreeMap<CompactString, IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    spec: Spec,
    status: BudgetStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    selector: Option<Selector>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BudgetStatus {
    disruptions_allowed: i64,
    disrupted_pods: Option<BTreeMap<CompactString, IgnoredAny>>,
}

impl Budgets {
    pub(crate) fn put(&mut self, key: &Key, new: Option<&Object>) -> Result<(), JsonError> {
        let Some(new) = new else {
            self.0.remove(key);
            return Ok(());
        };
        let Manifest { spec, status } =
            serde_json::from_slice(new.body()).map_err(|error| JsonError(error.to_string()))?;
        let selects = selector(spec.selector.as_ref());
        let disrupted = status.disrupted_pods.unwrap_or_default();
        self.0.insert(key.clone(), Budget { selects, allowed: status.disruptions_allowed, disrupted });
        Ok(())
    }

    /// Those whose leaving would break a budget, and the others, each in the order in which they were given.
    pub(crate) fn split(&self, pods: Vec<Arc<PodInfo>>) -> (Vec<Arc<PodInfo>>, Vec<Arc<PodInfo>>) {
        let mut allowed: Vec<i64> = self.0.values().map(|budget| budget.allowed).collect();
        pods.into_iter().partition(|pod| self.breaks(pod, &mut allowed))
    }

    /// Takes the pod's leaving from every budget that covers it.
    fn breaks(&self, pod: &PodInfo, allowed: &mut [i64]) -> bool {
        let mut broken = false;
        for ((key, budget), left) in self.0.iter().zip(allowed) {
            if key.namespace == pod.namespace() && budget.covers(pod) {
                *left -= 1;
                broken |= *left < 0;
            }
        }
        broken
    }
}

impl Budget {
    /// A selector of everything selects nothing here, as upstream has it.
    fn covers(&self, pod: &PodInfo) -> bool {
        !pod.labels().is_empty()
            && !self.selects.is_everything()
            && self.selects.matches(pod.labels())
            && !self.disrupted.contains_key(&pod.object.header.name)
    }
}
