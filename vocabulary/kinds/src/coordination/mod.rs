//! Kinds of the group `coordination`.

pub mod lease;
