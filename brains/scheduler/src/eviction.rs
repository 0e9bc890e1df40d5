//! How a victim of a preemption is told to leave: a condition that says why, a deletion, and an event.

use crate::decision::Decision;
use crate::pod::PodInfo;
use jiff::Timestamp;
use meta::{Gvr, Time, Value, value};
use plan::{Action, Deletion, Event, EventType, When};

impl Decision {
    /// The strategic patch of a victim's status.
    pub fn eviction_patch(&self, victim: &PodInfo, now: Timestamp) -> Value {
        let message = format!("{}: preempting to accommodate a higher priority pod", self.pod.scheduler);
        let condition = value!({
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "PreemptionByScheduler",
            "message": message,
            "observedGeneration": (victim.object.header.generation),
            "lastTransitionTime": (Time(now).to_string()),
        });
        value!({
            "metadata": {"uid": (victim.uid())},
            "status": {"conditions": [condition]},
        })
    }

    pub fn eviction(&self, victim: &PodInfo) -> Action {
        let options = Deletion { uid: Some(victim.uid().clone()), ..Deletion::default() };
        Action::Delete { resource: Gvr::new("", "v1", "pods"), key: victim.key(), options }
    }

    pub fn eviction_event(&self, victim: &PodInfo, node: &str) -> Event {
        let message = format!("Preempted by pod {} on node {node}", self.pod.uid());
        event_about(victim, EventType::Normal, "Preempted", message, When::Always)
    }
}

pub(crate) fn event_about(pod: &PodInfo, kind: EventType, reason: &str, message: String, when: When) -> Event {
    let header = &pod.object.header;
    let about = value!({
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": (&header.namespace),
        "name": (&header.name),
        "uid": (&header.uid),
        "resourceVersion": (header.resource_version.to_string()),
    });
    Event { about, kind, reason: reason.into(), message, when }
}
