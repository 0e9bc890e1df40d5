//! Pure: what a decision sees and what it answers. `reconcile(key, seen, moment) -> Plan` is the whole of a controller;
//! everything that touches a network, a clock or a queue is the runner's.

mod action;
mod catalog;
mod controller;
mod moment;
mod plan;
mod report;
mod resource;
mod view;

pub use action::{Action, Deletion, Fact, Propagation};
pub use catalog::{Catalog, Served};
pub use controller::{Change, Controller, Grant, Input};
pub use moment::{Moment, Refusal};
pub use plan::{Plan, with_type};
pub use report::{Event, EventType, Report, When};
pub use resource::{Resource, Told};
pub use view::{Index, KindView, View};
