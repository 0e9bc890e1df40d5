//! Why something was or was not done: lines for people who ask, and events for people who look.

use meta::{CompactString, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    Normal,
    Warning,
}

impl EventType {
    pub fn word(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}

/// When an event is told: an action is named by its place in the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    #[default]
    Always,
    Done(usize),
    /// The server's complaint is appended to the message.
    Refused(usize),
}

/// Something to tell users about an object, as `kubectl describe` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// An ObjectReference
    pub about: Value,
    pub kind: EventType,
    pub reason: CompactString,
    pub message: String,
    pub when: When,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub lines: Vec<String>,
    pub events: Vec<Event>,
}
