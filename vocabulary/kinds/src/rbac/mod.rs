//! Kinds of the group `rbac`.

pub mod clusterrole;
pub mod clusterrolebinding;
pub mod role;
pub mod rolebinding;
mod subjects;
