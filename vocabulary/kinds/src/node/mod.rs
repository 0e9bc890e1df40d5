//! Kinds of the group `node`.

pub mod runtimeclass;
