//! A pod with scheduling gates waits until all of them are removed.

use crate::framework::{Event, Plugin, PreEnqueue};
use crate::pod::PodInfo;

pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn pre_enqueue(&self) -> Option<&dyn PreEnqueue> {
        Some(self)
    }

    fn is_worth_another_try(&self, _pod: &PodInfo, event: &Event<'_>) -> bool {
        matches!(event, Event::ItselfChanged { old, new } if !old.gates.is_empty() && new.gates.is_empty())
    }
}

impl PreEnqueue for SchedulingGates {
    fn gate(&self, pod: &PodInfo) -> Option<String> {
        (!pod.gates.is_empty()).then(|| format!("waiting for scheduling gates: [{}]", pod.gates.join(" ")))
    }
}
