//! Pure: services, slices and pods to desired rules, links and names.
//!
//! `plan` compiles a snapshot; only what changed since the previous one is compiled again, because both are persistent
//! maps that share what they have in common. `diff` compares two results the same way and answers with one transaction.

mod addresses;
mod claim;
mod desired;
mod diff;
mod endpoints;
mod facts;
mod from_api;
mod links;
mod rows;
mod service;
mod slots;
pub mod zone;

pub use addresses::{Exhausted, NodeAddresses};
pub use desired::{Desired, plan};
pub use diff::{Transaction, diff};
pub use facts::{Endpoint, EndpointPort, Node, Port, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot};
pub use links::{LINK_PREFIX, link_macs, link_name};
pub use rows::{Backend, Datagrams, Family, Frontend, Key, MemberId, Row, Scope, ServiceRules, Target, Value};
pub use slots::{sizes as slot_sizes, slots_for};
