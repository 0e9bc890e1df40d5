//! Kinds of the group `rbac`.

pub mod clusterrole;
pub mod clusterrolebinding;
mod policy;
pub mod role;
pub mod rolebinding;
mod subjects;
