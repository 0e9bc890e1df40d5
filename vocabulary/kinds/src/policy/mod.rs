//! Kinds of the group `policy`.

pub mod poddisruptionbudget;
