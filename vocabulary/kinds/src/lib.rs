//! Pure: THE TABLE. One folder per group and kind holds one row and its rules; there is no second list of kinds.
//!
//! Facts (names, fields, numbers, list types, columns) come from `facts/`, which a program makes and upstream confirms.
//! A row adds what is Go code upstream: conditional defaults, cross-field validation, update rules, selectable fields.

mod cells;
mod check;
pub mod conditions;
mod declared;
mod descriptions;
mod facts;
mod formats;
mod fresh;
pub mod go_form;
mod pods;
mod row;
mod rules;
mod table;
mod version_order;
mod volumes;
mod workload;

mod admissionregistration;
mod apiextensions;
mod apiregistration;
mod apps;
mod authentication;
mod authorization;
mod autoscaling;
mod batch;
mod certificates;
mod coordination;
mod core;
mod discovery;
mod events;
mod flowcontrol;
mod networking;
mod node;
mod policy;
mod rbac;
mod resource;
mod scheduling;
mod storage;

pub mod metadata;

pub use admissionregistration::expressions;
pub use cells::since as age;
pub use descriptions::{described_types, description, description_of};
pub use facts::{schema_of, types};
pub use row::{Column, KindDef, Names, Scale, Scope, Subresource, Verb, Version};
pub use rules::{Allocation, Context, Rules, Stage};
pub use table::{Row, TABLE, builtin};
pub use version_order::version_priority;
