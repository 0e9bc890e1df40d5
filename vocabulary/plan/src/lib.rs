//! Pure: what a decision sees and what it answers. `reconcile(key, seen, now) -> Plan` is the whole of a controller;
//! everything that touches a network, a clock or a queue is the runner's.

mod action;
mod controller;
mod resource;
mod view;

pub use action::{Action, Event, EventType, Plan, Propagation, Report};
pub use controller::{Change, Controller, Grant, Input, Moment};
pub use resource::Resource;
pub use view::{KindView, View};
