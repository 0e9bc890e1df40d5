//! The tables of facts, as committed text, and what is made of them at the first question.

mod columns;
pub mod forms;
mod names;
mod types;
mod words;

pub use columns::columns;
pub use names::{Fact, facts};
pub use types::{schema_of, types};

/// One file a package; `cargo xtask tables` writes them.
const TYPES: &[&str] = &[
    include_str!("../../facts/types/admissionregistration.v1.txt"),
    include_str!("../../facts/types/apiextensions.v1.txt"),
    include_str!("../../facts/types/apiregistration.v1.txt"),
    include_str!("../../facts/types/apps.v1.txt"),
    include_str!("../../facts/types/authentication.v1.txt"),
    include_str!("../../facts/types/authorization.v1.txt"),
    include_str!("../../facts/types/autoscaling.v1.txt"),
    include_str!("../../facts/types/autoscaling.v2.txt"),
    include_str!("../../facts/types/batch.v1.txt"),
    include_str!("../../facts/types/certificates.v1.txt"),
    include_str!("../../facts/types/coordination.v1.txt"),
    include_str!("../../facts/types/core.v1.txt"),
    include_str!("../../facts/types/discovery.v1.txt"),
    include_str!("../../facts/types/events.v1.txt"),
    include_str!("../../facts/types/flowcontrol.v1.txt"),
    include_str!("../../facts/types/intstr.txt"),
    include_str!("../../facts/types/meta.v1.txt"),
    include_str!("../../facts/types/networking.v1.txt"),
    include_str!("../../facts/types/node.v1.txt"),
    include_str!("../../facts/types/policy.v1.txt"),
    include_str!("../../facts/types/rbac.v1.txt"),
    include_str!("../../facts/types/resource.txt"),
    include_str!("../../facts/types/resource.v1.txt"),
    include_str!("../../facts/types/runtime.txt"),
    include_str!("../../facts/types/scheduling.v1.txt"),
    include_str!("../../facts/types/storage.v1.txt"),
    include_str!("../../facts/types/version.txt"),
];

/// Defaults that upstream writes in Go: `type field value`, the value in JSON.
const DEFAULTS: &str = include_str!("../../facts/defaults.txt");
const KINDS: &str = include_str!("../../facts/kinds.txt");
/// The fields of Go's internal types, a line a type.
const FORMS: &str = include_str!("../../facts/forms.txt");
const COLUMNS: &str = include_str!("../../facts/columns.txt");
