//! Kinds of the group `scheduling`.

pub mod priorityclass;
