//! Kinds of the group `discovery`.

pub mod endpointslice;
