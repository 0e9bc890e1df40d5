//! A decision, and how it is told: as actions, as an event, as the pod's condition.

use crate::eviction::event_about;
use crate::framework::Preemption;
use crate::pod::PodInfo;
use jiff::Timestamp;
use meta::{CompactString, Time, Value, value};
use plan::{Action, Event, EventType, Plan, When};
use std::sync::Arc;

/// Events longer than this are cut.
const LONGEST_NOTE: usize = 1024;
const UNSCHEDULABLE: &str = "Unschedulable";

#[derive(Clone, Debug)]
pub struct Decision {
    pub pod: Arc<PodInfo>,
    pub outcome: Outcome,
    /// What becomes of the place that a refused pod was promised.
    pub promise: Promise,
    /// Who has to leave for it.
    pub preemption: Option<Preemption>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Promise {
    /// As it is, if there is one.
    Stands,
    Made(CompactString),
    Taken,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Placed {
        node: CompactString,
        bind: Option<Action>,
    },
    Refused {
        message: String,
    },
    /// It is being deleted.
    Leaving,
}

impl Decision {
    pub(crate) fn of(pod: Arc<PodInfo>, outcome: Outcome) -> Decision {
        Decision { pod, outcome, promise: Promise::Stands, preemption: None }
    }

    /// What to do, and what to tell when it is done.
    pub fn plan(&self) -> Plan {
        let mut plan = Plan::nothing();
        let key = self.pod.key();
        let name = format!("{}/{}", key.namespace, key.name);
        match &self.outcome {
            Outcome::Placed { node, bind } => {
                plan.actions.extend(bind.clone());
                let message = format!("Successfully assigned {name} to {node}");
                plan.report.events.push(self.event(EventType::Normal, "Scheduled", message, When::Done(0)));
            }
            Outcome::Refused { message } => plan.report.events.push(self.failed(cut(message))),
            Outcome::Leaving => plan.report.events.push(self.failed(format!("skip schedule deleting pod: {name}"))),
        }
        plan
    }

    fn failed(&self, message: String) -> Event {
        self.event(EventType::Warning, "FailedScheduling", message, When::Always)
    }

    fn event(&self, kind: EventType, reason: &str, message: String, when: When) -> Event {
        event_about(&self.pod, kind, reason, message, when)
    }

    /// The strategic patch of the pod's status that says why it has no node; none where it says so already.
    pub fn status_patch(&self, now: Timestamp) -> Option<Value> {
        let Outcome::Refused { message } = &self.outcome else { return None };
        let known = self.pod.waits.as_ref();
        let said = known.is_some_and(|waits| waits.reason == UNSCHEDULABLE && waits.message == *message);
        if said && self.promise == Promise::Stands {
            return None;
        }
        let mut condition = value!({
            "type": "PodScheduled",
            "status": "False",
            "reason": UNSCHEDULABLE,
            "message": message,
            "observedGeneration": (self.pod.object.header.generation),
        });
        if known.is_none() {
            condition.set("lastTransitionTime", Time(now).to_string());
        }
        let mut patch = value!({
            "metadata": {"uid": (self.pod.uid())},
            "status": {"conditions": [condition]},
        });
        match &self.promise {
            Promise::Stands => {}
            Promise::Made(node) => patch.set("status.nominatedNodeName", node),
            Promise::Taken => patch.set("status.nominatedNodeName", Value::Null),
        }
        Some(patch)
    }
}

fn cut(message: &str) -> String {
    const MORE: &str = " ...";
    if message.len() <= LONGEST_NOTE {
        return message.into();
    }
    let end = message.floor_char_boundary(LONGEST_NOTE - MORE.len());
    format!("{}{MORE}", &message[..end])
}
