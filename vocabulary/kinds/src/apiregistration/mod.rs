//! Kinds of the group `apiregistration`.

pub mod apiservice;
