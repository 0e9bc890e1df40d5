//! Pure: what a pod does that a level of the Pod Security Standards forbids, and what a namespace's labels ask for.

mod checks;
mod existing;
mod level;
mod pod;
mod policy;
mod setters;
mod update;
mod violation;
mod wording;

pub use existing::{Survey, prioritized};
pub use level::{Level, Standard, Version};
pub use pod::Pod;
pub use policy::Policy;
pub use update::is_significant;
pub use violation::{Violation, Violations};

/// What a pod does that this level, as it was in that version, forbids.
pub fn evaluate(standard: Standard, pod: &Pod<'_>) -> Violations {
    Violations(checks::of(standard).filter_map(|check| check.find(pod)).collect())
}
