//! Kinds of the group `resource`.

pub mod deviceclass;
mod requests;
pub mod resourceclaim;
pub mod resourceclaimtemplate;
pub mod resourceslice;
